//! What is wrong with an `exports.toml`: all errors together, so that they can be fixed in one go.

use std::fmt;

use crate::message::{Coded, codes};

/// Why `exports.toml` is not valid. Nothing is delivered until it is fixed.
///
/// The texts never show the line itself, because it may contain a key or a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The text is not TOML, so nothing after this place can be checked yet.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// Keys or values are not allowed. The message lists all of them, one per line, in the order of the file.
    ///
    /// Fix: correct each line; `docs/configuration.md` describes all keys.
    #[error("{}", lines(.0))]
    Mistakes(Vec<Mistake>),
}

codes!(ConfigError wraps Syntax { Mistakes = "ITB-C12" });

impl Coded for SyntaxError {
    fn code(&self) -> &'static str {
        "ITB-C11"
    }
}

/// `exports.toml` is not valid TOML.
///
/// Fix: correct the line that the message names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line}, column {column}: not valid TOML: {problem}\n{advice} The rest of the file is checked after this is fixed."
)]
pub struct SyntaxError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What the TOML parser says.
    pub problem: String,
    /// What to do about it.
    pub advice: &'static str,
}

/// One error: where it is, what was found there and what is allowed there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The table, written as in its header without the brackets: `exports.loyalty`. Empty at the top level.
    pub table: String,
    /// The key in the table, written as in TOML. Empty where the file as a whole is meant.
    pub key: String,
    /// What was found. Never a secret: texts that may be one are described instead of shown.
    pub found: String,
    /// What is allowed.
    pub allowed: String,
    /// What was probably meant, or what else to do.
    pub advice: Option<String>,
    /// The line, from 1; of a missing key, the line of its table.
    pub line: usize,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.table.as_str(), self.key.as_str()) {
            ("", "") => f.write_str("the file")?,
            ("", key) => f.write_str(key)?,
            (table, "") => write!(f, "[{table}]")?,
            (table, key) => write!(f, "[{table}] {key}")?,
        }
        write!(f, " (line {}): found {}; allowed: {}", self.line, self.found, self.allowed)?;
        match &self.advice {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}

fn lines(mistakes: &[Mistake]) -> String {
    let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

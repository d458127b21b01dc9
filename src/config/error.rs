//! What is wrong with an `exports.toml`, said so that it can be mended in one go.

use std::fmt;

/// Why an `exports.toml` was refused. Nothing is delivered under a refused file.
///
/// Neither form shows the line itself, because a line may hold a key or a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The text is not TOML, so that nothing behind this place can be checked yet.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// The text is TOML; here is every mistake in it, in the order of the file, one line each.
    #[error("{}", lines(.0))]
    Mistakes(Vec<Mistake>),
}

/// The first place where the text stops being TOML.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line}, column {column}: not valid TOML: {problem}. {advice} The rest of the file is checked once this place is mended."
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

/// One mistake: where it is, what was found there and what may stand there.
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

//! `path` of an export: how its keys are read where the known layouts do not fit.
//!
//! A pattern describes the complete key below the export's folder. Text matches literally; placeholders match the parts
//! that vary:
//!
//! | placeholder | reads |
//! | --- | --- |
//! | `{segment}` | the segment, without slashes. Required |
//! | `{run}` | the run in one of the common forms: `20261123010203`, `2026-11-23T01:02:03Z`, `20261123_0102`, `2026/11/23/0102`, `20261123`, `1613059542` and their like |
//! | `{run:FORMAT}` | the run in one form. `%Y %m %d %H %M %S` are the parts of date and time, `%s` is Unix seconds, `%L` milliseconds (read, not kept), `%%` a percent sign |
//! | `{part}` | what distinguishes the files of one run, without slashes |
//! | `{export}` | the export's name in Customer Insights, without slashes |
//! | `{any}` | any text, also with slashes, also none |
//!
//! Without `{run}` the file is overwritten at each run, and its run is the time at which the object was last modified. Such
//! a segment has one file, so `{part}` and `{any}` are refused there: each of several files would look like a complete run.
//!
//! If a key can be read in several ways, listed segments and the known names of the export win, then the shortest
//! `{export}`, the longest `{segment}` and the longest form of `{run}`.

mod compile;
mod error;
mod matching;
mod run_format;
mod run_id;
mod token;

pub use error::PatternError;
pub(crate) use matching::{Field, Reading};
use run_format::RunFormat;
pub use run_id::{RunId, RunIdError};
use token::Token;

/// A compiled `path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    text: String,
    tokens: Vec<Token>,
}

impl PathPattern {
    /// Reads a pattern.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        Ok(Self { text: text.to_owned(), tokens: compile::compile(text)? })
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the key names the run. Otherwise the run is the object's last-modified time.
    pub fn names_run(&self) -> bool {
        self.tokens.iter().any(|token| matches!(token, Token::Run(_)))
    }

    /// Whether a run has one file: nothing but segment, run and export varies.
    pub fn one_file_per_run(&self) -> bool {
        !self.tokens.iter().any(|token| matches!(token, Token::Part | Token::Any))
    }

    /// The name of a flat file without its extension: `<export>_<segment>_<unix seconds>`.
    pub(super) fn flat_name() -> Self {
        Self {
            text: "{export}_{segment}_{run:%s}".to_owned(),
            tokens: vec![
                Token::Export,
                Token::Literal("_".to_owned()),
                Token::Segment,
                Token::Literal("_".to_owned()),
                Token::Run(vec![RunFormat::unix_seconds()]),
            ],
        }
    }
}

#[cfg(test)]
mod tests;

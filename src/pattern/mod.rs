//! `path` of an export: how its keys are read where the known layouts do not fit.
//!
//! A pattern describes the whole key below the export's folder. Text stands for itself; placeholders
//! stand for the parts that vary:
//!
//! | placeholder | reads |
//! | --- | --- |
//! | `{segment}` | the segment, without slashes. Required |
//! | `{run}` | the run in one of the common forms: `20261123010203`, `2026-11-23T01:02:03Z`, `20261123_0102`, `2026/11/23/0102`, `20261123`, `1613059542` and their like |
//! | `{run:FORMAT}` | the run in one form. `%Y %m %d %H %M %S` are the parts of date and time, `%s` is Unix seconds, `%L` milliseconds (read, not kept), `%%` a percent sign |
//! | `{part}` | what tells the files of one run apart, without slashes |
//! | `{export}` | the export's name in Customer Insights, without slashes |
//! | `{any}` | any text, also with slashes, also none |
//!
//! Without `{run}` the file is one that is overwritten at each run, and its run is the time at which
//! the object was last modified. Such a segment has one file, so `{part}` and `{any}` are refused there:
//! with several files every single one would look like a whole refresh.
//!
//! Where a key can be read in several ways, listed segments and the known names of the export win, then the
//! shortest `{export}`, the longest `{segment}` and the longest form of `{run}`.

mod compile;
mod matching;
mod run_format;
mod run_id;

pub(crate) use matching::{Field, Reading};
use run_format::RunFormat;
pub use run_id::{RunId, RunIdError};

use crate::message::codes;

/// A compiled `path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    text: String,
    tokens: Vec<Token>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Literal(String),
    Export,
    Segment,
    Run(Vec<RunFormat>),
    Part,
    Any,
}

/// Why `path` is not a valid pattern. Every text ends with examples of valid patterns.
///
/// Fix: correct `path` in `exports.toml`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// The pattern is empty.
    #[error("the pattern is empty{EXAMPLES}")]
    Empty,
    /// The pattern is longer than an S3 key.
    #[error("the pattern has {found} bytes, but an S3 key has at most 1,024{EXAMPLES}")]
    TooLong {
        /// Its bytes.
        found: usize,
    },
    /// The pattern starts with a slash or with the folder of the bucket.
    #[error("the pattern starts with \"{found}\", but it is relative to the export's `folder`{EXAMPLES}")]
    NotBelowFolder {
        /// The beginning.
        found: &'static str,
    },
    /// A brace is not closed or not opened.
    #[error("unmatched brace at character {at}{EXAMPLES}")]
    Brace {
        /// The character's place, from 1.
        at: usize,
    },
    /// The placeholder does not exist.
    #[error(
        "{{{found}}} is not a placeholder; allowed: {{segment}}, {{run}}, {{run:FORMAT}}, {{part}}, {{export}} and {{any}}{EXAMPLES}"
    )]
    UnknownPlaceholder {
        /// What stands between the braces.
        found: String,
    },
    /// A placeholder occurs twice.
    #[error("{placeholder} occurs twice{EXAMPLES}")]
    Repeated {
        /// The placeholder.
        placeholder: &'static str,
    },
    /// `{any}` occurs too often to be matched in reasonable time.
    #[error("{{any}} occurs {found} times; at most 8 are allowed{EXAMPLES}")]
    TooManyAny {
        /// How many there are.
        found: usize,
    },
    /// `{segment}` is missing.
    #[error("{{segment}} is missing, so files can't be assigned to segments{EXAMPLES}")]
    NoSegment,
    /// Two placeholders follow each other without text between them, so it is ambiguous where the first ends.
    #[error(
        "nothing separates {left} and {right}, so it is ambiguous where {left} ends; put text between them, or give {{run}} a format{EXAMPLES}"
    )]
    Adjacent {
        /// The first placeholder.
        left: &'static str,
        /// The second.
        right: &'static str,
    },
    /// `{part}` or `{any}` is used without `{run}`.
    #[error(
        "{placeholder} is not allowed without {{run}}: the run would be the time of each file, and several files would look like several runs; add {{run}}, or remove {placeholder}{EXAMPLES}"
    )]
    SeveralFilesWithoutRun {
        /// The placeholder.
        placeholder: &'static str,
    },
    /// The date format of `{run}` is not valid.
    #[error(
        "{{run:{format}}}: {problem}; allowed: %Y %m %d %H %M %S (parts of date and time), %s (Unix seconds), %L (milliseconds) and %%, as in {{run:%Y%m%d%H%M%S}}{EXAMPLES}"
    )]
    RunFormat {
        /// The format.
        format: String,
        /// What is wrong.
        problem: &'static str,
    },
}

codes!(PatternError {
    Empty = "ITB-C21",
    TooLong = "ITB-C22",
    NotBelowFolder = "ITB-C23",
    Brace = "ITB-C24",
    UnknownPlaceholder = "ITB-C25",
    Repeated = "ITB-C26",
    TooManyAny = "ITB-C27",
    NoSegment = "ITB-C28",
    Adjacent = "ITB-C29",
    SeveralFilesWithoutRun = "ITB-C30",
    RunFormat = "ITB-C31",
});

/// How every error ends.
const EXAMPLES: &str = "; patterns look like \"{segment}_{run}_{part}.csv.gz\", \"{export}/{segment}/{run:%Y%m%d%H%M}/{part}.csv\" or \"{segment}.csv\"";

impl PathPattern {
    /// Reads a pattern. The error names what is wrong and shows patterns that are right.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        Ok(Self { text: text.to_owned(), tokens: compile::compile(text)? })
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the key names the run. Where it does not, the run is the object's last-modified time.
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

impl Token {
    /// The placeholder as it is written; `None` for text.
    fn placeholder(&self) -> Option<&'static str> {
        match self {
            Self::Literal(_) => None,
            Self::Export => Some("{export}"),
            Self::Segment => Some("{segment}"),
            Self::Run(_) => Some("{run}"),
            Self::Part => Some("{part}"),
            Self::Any => Some("{any}"),
        }
    }

    /// Whether it takes a fixed number of bytes, so that its neighbour needs no separator.
    fn has_fixed_width(&self) -> bool {
        match self {
            Self::Literal(_) => true,
            Self::Run(formats) => formats.len() == 1,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;

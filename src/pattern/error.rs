use crate::message::codes;

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
        /// The text between the braces.
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
pub(super) const EXAMPLES: &str = "; patterns look like \"{segment}_{run}_{part}.csv.gz\", \"{export}/{segment}/{run:%Y%m%d%H%M}/{part}.csv\" or \"{segment}.csv\"";

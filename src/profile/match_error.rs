//! Why an export's configuration does not fit a file's header.

use std::fmt;

use crate::names::ExportName;

/// So many of the columns found are listed in a message.
const MAX_COLUMNS_LISTED: usize = 50;
/// A name with as many digits is more likely a value than a column's name.
const DIGITS_OF_A_VALUE: usize = 3;

/// Everything about an export that does not fit a file, in one message that says what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("export {:?} does not fit this file: {}; {}; {}", export.as_str(), list(problems), describe_columns(columns), self.advice())]
pub struct MatchError {
    /// The export.
    pub export: ExportName,
    /// Every problem, in the order of the configuration.
    pub problems: Vec<MatchProblem>,
    /// The columns found, in the order of the file.
    pub columns: ColumnsFound,
}

/// The columns of a file as far as they may be shown: the values of a first row that was taken for a header are
/// personal data and belong in no message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnsFound {
    /// Their names.
    Names(Vec<String>),
    /// How many there are, where the first row does not look like a header.
    NotAHeader(usize),
}

/// One thing about an export that does not fit a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MatchProblem {
    /// The file has no such column.
    #[error("{key} = {column:?}: no such column")]
    Missing {
        /// The key in the export's table, such as `data_matching.customer_id`.
        key: String,
        /// The column that it names.
        column: String,
    },
    /// Several columns of the file could be meant.
    #[error("{key} = {column:?}: {} columns could be meant (number {})", positions.len(), numbers(positions))]
    Ambiguous {
        /// The key in the export's table.
        key: String,
        /// The column that it names.
        column: String,
        /// The columns that could be meant, counted from 0.
        positions: Vec<usize>,
    },
    /// The name of a further field cannot be used.
    #[error("{key}: {reason}")]
    FieldName {
        /// The key in the export's table.
        key: String,
        /// Why not, and what to do.
        reason: &'static str,
    },
    /// The segment's attribute cannot have its name.
    #[error("the segment's attribute {attribute:?}: {reason}; give it another name under attribute_names")]
    AttributeName {
        /// The attribute's name.
        attribute: String,
        /// Why not.
        reason: &'static str,
    },
}

impl MatchError {
    /// `any_found`: whether a configured column is in the header, which then surely is one.
    pub(super) fn new(export: &ExportName, problems: Vec<MatchProblem>, header: &[String], any_found: bool) -> Self {
        let columns = if any_found || !header.iter().any(|name| looks_like_value(name)) {
            ColumnsFound::Names(header.to_vec())
        } else {
            ColumnsFound::NotAHeader(header.len())
        };
        Self { export: export.clone(), problems, columns }
    }

    fn advice(&self) -> String {
        let table = toml_key(self.export.as_str());
        match self.columns {
            ColumnsFound::Names(_) => format!(
                "correct [exports.{table}] in exports.toml, or have the export write the columns (for a file without a \
                 header name its columns under [exports.{table}.csv] columns)"
            ),
            ColumnsFound::NotAHeader(_) => format!(
                "for a file without a header and without a model.json name its columns under [exports.{table}.csv] columns"
            ),
        }
    }
}

fn looks_like_value(name: &str) -> bool {
    name.trim().is_empty() || name.contains('@') || name.chars().filter(|c| c.is_numeric()).count() >= DIGITS_OF_A_VALUE
}

fn list(problems: &[MatchProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn describe_columns(columns: &ColumnsFound) -> String {
    match columns {
        ColumnsFound::Names(names) if names.is_empty() => "it has no columns".to_owned(),
        ColumnsFound::Names(names) => {
            let listed: Vec<_> = names.iter().take(MAX_COLUMNS_LISTED).map(|name| format!("{name:?}")).collect();
            let more = names.len() - listed.len();
            let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("its columns are {}{tail}", listed.join(", "))
        }
        ColumnsFound::NotAHeader(count) => {
            format!("its first row, of {count} columns, looks like data and not like a header")
        }
    }
}

fn numbers(positions: &[usize]) -> String {
    positions.iter().map(|at| (at + 1).to_string()).collect::<Vec<_>>().join(", ")
}

/// `name` as a key of TOML: bare, or in quotes where it has to be.
pub(super) fn toml_key(name: &str) -> impl fmt::Display {
    let bare = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if bare { name.to_owned() } else { format!("{name:?}") }
}

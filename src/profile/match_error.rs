//! Why an export's configuration does not match a file's header.

use std::fmt;

use crate::masked::masked;
use crate::message::{Coded, codes};
use crate::names::ExportName;

/// The most columns that a message lists.
const MAX_COLUMNS_LISTED: usize = 50;

/// The export's configuration does not match the columns of the file. The message lists all problems.
///
/// Fix: correct the columns in `exports.toml`, or include them in the export.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the export {:?} does not match this file: {}\nNothing is lost. {}; {}.", export.as_str(), list(problems), describe_columns(columns), self.advice())]
pub struct MatchError {
    /// The export.
    pub export: ExportName,
    /// Every problem, in the order of the configuration.
    pub problems: Vec<MatchProblem>,
    /// The columns found, in the order of the file.
    pub columns: ColumnsFound,
}

impl Coded for MatchError {
    fn code(&self) -> &'static str {
        "ITB-F21"
    }
}

/// The columns of a file as far as they may be shown: the values of a first row that was taken for a header are
/// personal data and belong in no message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnsFound {
    /// Their names.
    Names(Vec<String>),
    /// The shapes of the first row's cells, where none of them is a configured column: it may be a person's row.
    NotAHeader(Vec<String>),
}

/// A problem of the previous message.
///
/// Fix: correct the columns in `exports.toml`, or include them in the export.
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
    /// Several columns of the file match.
    #[error("{key} = {column:?}: {} columns match (number {numbers})", positions.len(), numbers = numbers(positions))]
    Ambiguous {
        /// The key in the export's table.
        key: String,
        /// The column that it names.
        column: String,
        /// The columns that could be meant, counted from 0.
        positions: Vec<usize>,
    },
    /// The name of an additional field can't be used.
    ///
    /// Fix: rename the field under `attributes`.
    #[error("{key}: {reason}")]
    FieldName {
        /// The key in the export's table.
        key: String,
        /// Why not, and what to do.
        reason: &'static str,
    },
    /// The segment's name can't be used for an attribute.
    ///
    /// Fix: choose another name under `attribute_names`.
    #[error("the segment's attribute {attribute:?}: {reason}; choose another name under attribute_names")]
    AttributeName {
        /// The attribute's name.
        attribute: String,
        /// Why not.
        reason: &'static str,
    },
}

codes!(MatchProblem { Missing = "ITB-F22", Ambiguous = "ITB-F23", FieldName = "ITB-F24", AttributeName = "ITB-F25" });

impl MatchError {
    /// `any_found`: whether a configured column is in the header. Otherwise the first row may be a person's, and is shown by
    /// its shapes alone.
    pub(super) fn new(export: &ExportName, problems: Vec<MatchProblem>, header: &[String], any_found: bool) -> Self {
        let columns = if any_found || header.is_empty() {
            ColumnsFound::Names(header.to_vec())
        } else {
            ColumnsFound::NotAHeader(header.iter().map(|cell| masked(cell)).collect())
        };
        Self { export: export.clone(), problems, columns }
    }

    fn advice(&self) -> String {
        let table = toml_key(self.export.as_str());
        match self.columns {
            ColumnsFound::Names(_) => format!(
                "correct [exports.{table}] in exports.toml, or include the columns in the export (for a file without a header, \
                 list its columns in [exports.{table}.csv] columns)"
            ),
            ColumnsFound::NotAHeader(_) => format!(
                "correct [exports.{table}] in exports.toml; for a file without a header and without a model.json, list its \
                 columns in [exports.{table}.csv] columns"
            ),
        }
    }
}

fn list(problems: &[MatchProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// A name in quotes. Marks that Rust's own form shows as numbers, such as that of half-width kana, are ordinary text.
fn quoted(name: &str) -> String {
    let escaped: String = name
        .chars()
        .flat_map(|c| {
            if matches!(c, '\u{ff9e}' | '\u{ff9f}' | '\u{3099}' | '\u{309a}') {
                vec![c]
            } else {
                c.escape_debug().collect()
            }
        })
        .collect();
    format!("\"{escaped}\"")
}

fn describe_columns(columns: &ColumnsFound) -> String {
    match columns {
        ColumnsFound::Names(names) if names.is_empty() => "The file has no columns".to_owned(),
        ColumnsFound::Names(names) => format!("Its columns are {}", listed(names, quoted)),
        ColumnsFound::NotAHeader(shapes) => format!(
            "Its first row has none of the configured columns, so only the shapes of its cells are shown: {}",
            listed(shapes, str::to_owned)
        ),
    }
}

fn listed(texts: &[String], shown: impl Fn(&str) -> String) -> String {
    let listed: Vec<_> = texts.iter().take(MAX_COLUMNS_LISTED).map(|text| shown(text)).collect();
    let more = texts.len() - listed.len();
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{tail}", listed.join(", "))
}

fn numbers(positions: &[usize]) -> String {
    positions.iter().map(|at| (at + 1).to_string()).collect::<Vec<_>>().join(", ")
}

/// `name` as a key of TOML: bare, or in quotes where it has to be.
pub(super) fn toml_key(name: &str) -> impl fmt::Display {
    let bare = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if bare { name.to_owned() } else { format!("{name:?}") }
}

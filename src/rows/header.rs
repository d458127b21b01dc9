//! What the beginning of a file says about the rest.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::dialect::Dialect;
use super::guard::{are_added, own_columns};
use crate::message::{Coded, codes};

/// What the beginning of a file says about the rest. It can be stored, so that reading resumes later without looking again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The columns in their order: as the header row writes them, or as given for a file without one. None if the file is empty.
    pub columns: Vec<String>,
    /// How the file writes its records.
    pub dialect: Dialect,
    /// Whether the file has a header row.
    pub in_file: bool,
    /// Whether the file holds nothing: no byte, only a byte-order mark, or only blank lines. A file with a header row and no
    /// data row is not empty.
    pub empty: bool,
}

/// What a report says about the names of a file's columns.
#[derive(Clone, Debug, PartialEq, Eq)]
enum HeaderNote {
    /// Columns have no name, so that no key of `exports.toml` can name them.
    ///
    /// Fix: nothing to do if none of them is needed.
    Nameless { columns: String },
    /// A name occurs more than once, so that no key of `exports.toml` can name these columns.
    ///
    /// Fix: nothing to do if none of them is needed; otherwise rename them in the export.
    Repeated { name: String, times: usize, columns: String },
}

codes!(HeaderNote {
    Nameless = "ITB-M01",
    Repeated = "ITB-M02",
});

impl fmt::Display for HeaderNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nameless { columns } => write!(f, "columns without a name: {columns}"),
            Self::Repeated { name, times, columns } => {
                write!(f, "the column name {name:?} occurs {times} times: columns {columns}")
            }
        }
    }
}

impl Header {
    /// Whether the file is a `rejected.csv` that comes back: its cells have their guards against spreadsheets.
    pub fn is_of_rejected_rows(&self) -> bool {
        self.in_file && are_added(&self.columns)
    }

    /// The columns without those that a `rejected.csv` has after the file's own.
    pub fn own_columns(&self) -> &[String] {
        own_columns(&self.columns)
    }

    /// What a report should say about the column names: names that occur twice, columns without a name.
    pub fn notes(&self) -> Vec<String> {
        let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, name) in self.columns.iter().enumerate() {
            places.entry(name.trim().to_lowercase()).or_default().push(index);
        }
        let mut notes: Vec<(usize, HeaderNote)> = Vec::new();
        for (name, indices) in places {
            let numbers = indices.iter().map(|index| (index + 1).to_string()).collect::<Vec<_>>().join(", ");
            let Some(&first) = indices.first() else {
                continue;
            };
            if name.is_empty() {
                notes.push((first, HeaderNote::Nameless { columns: numbers }));
            } else if indices.len() > 1 {
                let name = self.columns.get(first).map_or("", |name| name.trim()).to_owned();
                notes.push((first, HeaderNote::Repeated { name, times: indices.len(), columns: numbers }));
            }
        }
        notes.sort_by_key(|(first, _)| *first);
        notes.into_iter().map(|(_, note)| note.with_code()).collect()
    }
}

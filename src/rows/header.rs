//! What the beginning of a file says about the rest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::dialect::Dialect;
use super::guard::{are_added, own_columns};

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
        let mut notes: Vec<(usize, String)> = Vec::new();
        for (name, indices) in places {
            let numbers = indices.iter().map(|index| (index + 1).to_string()).collect::<Vec<_>>().join(", ");
            let Some(&first) = indices.first() else {
                continue;
            };
            if name.is_empty() {
                notes.push((first, format!("columns without a name: {numbers}")));
            } else if indices.len() > 1 {
                let name = self.columns.get(first).map_or("", |name| name.trim());
                notes.push((
                    first,
                    format!("the column name {name:?} occurs {} times: columns {numbers}", indices.len()),
                ));
            }
        }
        notes.sort();
        notes.into_iter().map(|(_, note)| note).collect()
    }
}

//! Examples of rejected rows for people who may not see customers' data: where the row is and what its fields look like.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::rejected::RejectedRows;
use crate::config::Export;
use crate::masked::masked;
use crate::rows::{Header, ReadSettings, Row, RowReader};

/// Examples of one reason.
const EACH: usize = 2;
/// Examples in all.
const MOST: usize = 40;
/// Fields of one example.
const FIELDS: usize = 5;
/// The most rejected rows that are read.
const ROWS: usize = 2_000;

/// A rejected row without personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedExample {
    /// Why it was rejected, as the report's `rejected_reasons` has it.
    pub reason: String,
    /// The key of its file.
    pub file: String,
    /// The line where it begins, in the file.
    pub line: u64,
    /// Columns and their values, masked: first the identifiers, then what else is filled.
    pub values: Vec<(String, String)>,
}

/// Collects examples from the pieces of `rejected.csv`.
#[derive(Debug, Default)]
pub struct Examples {
    found: Vec<RejectedExample>,
    by_reason: BTreeMap<String, usize>,
    rows: usize,
}

impl Examples {
    /// Looks through the rejected rows in `piece`, of a file with this header.
    ///
    /// A piece that was cut in the middle is fine. At most 2,000 rows are looked at, two of each reason are kept, and 40
    /// in all.
    pub async fn look_through(&mut self, export: &Export, header: &Header, piece: &[u8]) {
        let text = [RejectedRows::header_line(header), Bytes::copy_from_slice(piece)].concat();
        let settings = ReadSettings {
            delimiter: Some(header.dialect.delimiter),
            quoting: Some(header.dialect.quoting),
            header: Some(true),
            ..ReadSettings::default()
        };
        let Ok(mut reader) = RowReader::open(text.as_slice(), settings).await else {
            return;
        };
        let columns = header.own_columns();
        let shown = shown_columns(export, columns);
        while self.rows < ROWS && self.found.len() < MOST {
            let Ok(Some(row)) = reader.next_row().await else {
                return;
            };
            self.rows += 1;
            self.take(&row, columns, &shown);
        }
    }

    /// The examples, in the order of the rows.
    pub fn found(self) -> Vec<RejectedExample> {
        self.found
    }

    fn take(&mut self, row: &Row<'_>, columns: &[String], shown: &[usize]) {
        let further = |place: usize| row.field(columns.len() + place);
        let (Some(reason), Some(Ok(line)), Some(file)) = (further(0), further(1).map(str::parse), further(2)) else {
            return;
        };
        let met = self.by_reason.entry(reason.to_owned()).or_default();
        if *met >= EACH {
            return;
        }
        *met += 1;
        let value = |place: usize| row.field(place).map_or_else(|| "not UTF-8".to_owned(), masked);
        let (always, if_filled) = shown.split_at(shown.len().min(2));
        let filled = if_filled.iter().filter(|place| row.field(**place).is_none_or(|value| !value.is_empty()));
        let places = always.iter().chain(filled).take(FIELDS);
        let values = places.filter_map(|place| Some((columns.get(*place)?.clone(), value(*place)))).collect();
        self.found.push(RejectedExample { reason: reason.to_owned(), file: file.to_owned(), line, values });
    }
}

/// The columns that the export uses: the identifiers first.
fn shown_columns(export: &Export, columns: &[String]) -> Vec<usize> {
    let matching = &export.data_matching;
    let identifiers = [&matching.customer_id, &matching.email].into_iter().flatten();
    let wanted = identifiers.chain(export.attributes.iter().map(|field| &field.column));
    let mut places = Vec::new();
    for name in wanted {
        let is_it = |column: &String| column.trim().eq_ignore_ascii_case(name.trim());
        if let Some(place) = columns.iter().position(is_it)
            && !places.contains(&place)
        {
            places.push(place);
        }
    }
    places
}

//! Finds the rows of one person in a CSV text, in bounded memory, as ranges of bytes to leave out.

use std::collections::BTreeSet;
use std::ops::Range;

use tokio::io::AsyncRead;

use super::person::Person;
use crate::report::rejected::FURTHER_COLUMNS;
use crate::rows::{ReadError, ReadSettings, Row, RowProblem, RowReader};

/// Looks for one person in rows.
#[derive(Debug)]
pub(super) struct RowSearch<'a> {
    pub(super) person: &'a Person,
    /// The columns that hold customer IDs, as any export names them, folded.
    columns: BTreeSet<String>,
}

/// Where a person is in a text.
#[derive(Debug, Default)]
pub(super) struct FoundRows {
    /// The number of rows.
    pub(super) rows: u64,
    /// Their bytes in the uncompressed text, in order; adjacent rows are one range.
    pub(super) bytes: Vec<Range<u64>>,
    /// The length of the text.
    pub(super) end: u64,
}

/// The columns of the current row that have a meaning.
#[derive(Debug, Default)]
struct Layout {
    width: usize,
    customer_id: Option<usize>,
    /// The first of the columns that a `rejected.csv` adds.
    reason: Option<usize>,
}

impl<'a> RowSearch<'a> {
    pub(super) fn new(person: &'a Person, columns: BTreeSet<&str>) -> Self {
        Self { person, columns: columns.into_iter().map(folded).collect() }
    }

    /// Searches a text. With `columns`, the text has no header, and these are its columns.
    ///
    /// If the column of the customer ID is not known, or the row is malformed, the ID is looked for in every cell.
    pub(super) async fn find<S: AsyncRead + Unpin>(
        &self,
        source: S,
        settings: ReadSettings,
        columns: Option<&[String]>,
    ) -> Result<FoundRows, ReadError> {
        let mut reader = RowReader::open(source, settings).await?;
        let mut found = FoundRows::default();
        let header = reader.header().clone();
        let mut layout = self.layout(columns.unwrap_or(&header.columns).iter().map(String::as_str));
        let mut start = reader.position().byte;
        // What was taken for a header may be a person's row.
        if header.in_file && header.columns.iter().any(|cell| self.is_about(cell)) {
            found.add(0..start);
        }
        while let Some(row) = reader.next_row().await? {
            let cells: Vec<_> = (0..row.len()).map(|at| cell_of(&row, at)).collect();
            let about = if is_further_header(&cells) {
                layout = self.layout(cells.iter().map(AsRef::as_ref));
                false
            } else {
                self.is_row_about(&row, &cells, &layout)
            };
            let end = reader.position().byte;
            if about {
                found.add(start..end);
            }
            start = end;
        }
        found.end = start;
        Ok(found)
    }

    fn layout<'c>(&self, columns: impl Iterator<Item = &'c str>) -> Layout {
        let columns: Vec<&str> = columns.collect();
        let of_file = columns.len().saturating_sub(FURTHER_COLUMNS.len());
        let reason = columns.get(of_file..).is_some_and(|last| last == FURTHER_COLUMNS).then_some(of_file);
        Layout {
            width: columns.len(),
            customer_id: columns.iter().position(|column| self.columns.contains(&folded(column))),
            reason,
        }
    }

    fn is_row_about<C: AsRef<str>>(&self, row: &Row<'_>, cells: &[C], layout: &Layout) -> bool {
        let reason = layout.reason.and_then(|at| cells.get(at)).map_or("", AsRef::as_ref);
        let displaced = cells.len() != layout.width
            || matches!(row.problem(), Some(RowProblem::StrayQuote { .. }))
            || ["too few fields", "too many fields", "a quotation mark"].iter().any(|start| reason.starts_with(start));
        let id_in = |at| match layout.customer_id {
            Some(column) if !displaced => at == column,
            _ => layout.reason.is_none_or(|reason| !(reason..reason + FURTHER_COLUMNS.len()).contains(&at)),
        };
        cells.iter().enumerate().any(|(at, cell)| {
            let cell = cell.as_ref();
            self.person.is_address_in(cell) || (id_in(at) && self.person.is_their_id(cell))
        })
    }

    fn is_about(&self, cell: &str) -> bool {
        self.person.is_address_in(cell) || self.person.is_their_id(cell)
    }
}

impl FoundRows {
    fn add(&mut self, bytes: Range<u64>) {
        self.rows += 1;
        match self.bytes.last_mut() {
            Some(last) if last.end == bytes.start => last.end = bytes.end,
            _ => self.bytes.push(bytes),
        }
    }

    /// The remaining text, in ranges of at most `longest` bytes.
    pub(super) fn remaining(&self, longest: u64) -> Vec<Range<u64>> {
        let mut remaining = Vec::new();
        let mut from = 0;
        let ends = self.bytes.iter().cloned().chain(std::iter::once(self.end..self.end));
        for taken in ends {
            while from < taken.start {
                let to = (from + longest).min(taken.start);
                remaining.push(from..to);
                from = to;
            }
            from = taken.end;
        }
        remaining
    }
}

/// A cell as text; invalid bytes are replaced.
fn cell_of<'r>(row: &Row<'r>, at: usize) -> std::borrow::Cow<'r, str> {
    row.field(at)
        .map_or_else(|| String::from_utf8_lossy(row.field_bytes(at).unwrap_or_default()), std::borrow::Cow::Borrowed)
}

/// A `rejected.csv` has one header for each kind of file in it.
fn is_further_header<C: AsRef<str>>(cells: &[C]) -> bool {
    let last = cells.get(cells.len().saturating_sub(FURTHER_COLUMNS.len())..).unwrap_or_default();
    last.iter().map(AsRef::as_ref).eq(FURTHER_COLUMNS)
}

fn folded(column: &str) -> String {
    column.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    async fn left_of(text: &str, person: &Person) -> String {
        let search = RowSearch::new(person, BTreeSet::from(["LoyaltyId"]));
        let found = search.find(text.as_bytes(), ReadSettings::default(), None).await.unwrap();
        assert_eq!(found.end, text.len() as u64);
        let remaining = found.remaining(7);
        assert!(remaining.iter().all(|bytes| bytes.end - bytes.start <= 7));
        let bytes = remaining.into_iter().flat_map(|bytes| {
            let (start, end) = (usize::try_from(bytes.start).unwrap(), usize::try_from(bytes.end).unwrap());
            text.as_bytes()[start..end].to_vec()
        });
        String::from_utf8(bytes.collect()).unwrap()
    }

    #[tokio::test]
    async fn rows_are_removed_completely_and_the_rest_stays_byte_for_byte() {
        let person = Person::new(Some("7"), Some("mia@example.com")).unwrap();
        let text = "\u{feff}LoyaltyId;EMail;Points\r\n7;x;1\r\n8;\"two\r\nlines\";7\r\n\r\n9;\"to mia@example.com, she says\r\n\";3\r\n10;;7";
        let left = left_of(text, &person).await;
        assert_eq!(
            left, "\u{feff}LoyaltyId;EMail;Points\r\n8;\"two\r\nlines\";7\r\n10;;7",
            "an ID in another column is none"
        );
    }

    #[tokio::test]
    async fn a_rejected_csv_is_read_by_its_headers_and_reasons() {
        let person = Person::new(Some("-7"), None).unwrap();
        let header = "LoyaltyId,EMail,reason,line,file\n";
        let other = "EMail,loyaltyid ,reason,line,file\n";
        let text = format!(
            "{header}'-7,,no,2,f\n8,'-7,no,3,f\nx,'-7,too few fields: 2 instead of 3,4,f\n9,,no,-7,f\n{other}'-7,8,no,2,g\n8,'-7,no,3,g\n"
        );
        let left = left_of(&text, &person).await;
        assert_eq!(left, format!("{header}8,'-7,no,3,f\n9,,no,-7,f\n{other}'-7,8,no,2,g\n"));
    }

    #[tokio::test]
    async fn without_a_header_any_cell_may_be_the_id() {
        let person = Person::new(Some("L-7"), None).unwrap();
        assert_eq!(left_of("a,L-7\nb,L-8\n", &person).await, "b,L-8\n", "the first row was no header");
        assert_eq!(left_of("a,b\nL-7,c\nd,L-77\n", &person).await, "a,b\nd,L-77\n");
        assert_eq!(left_of("", &person).await, "");
    }
}

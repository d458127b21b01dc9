//! Which delimiter and line ending a file uses, judged by its first records.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use memchr::{memchr, memchr2_iter, memmem};

use super::dialect::{Dialect, LineEnding, Quoting};
use super::line::{LineEnd, line_end, lines};
use super::quotes::{Marks, QuoteOrder, quote_order};

/// The delimiters that are looked for, the likelier first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The most line endings that are checked.
const SAMPLE_LINES: usize = 40;

/// The most bytes that are checked.
const SAMPLE_BYTES: usize = 64 << 10;

/// A reader of csv-core that reads as the rest of this module does.
pub(super) fn csv_core_reader(delimiter: u8, quoting: Quoting) -> Reader {
    ReaderBuilder::new().delimiter(delimiter).quoting(quoting.reads_quotes()).build()
}

/// The beginning of a text.
#[derive(Clone, Copy)]
pub(super) struct Sample<'a> {
    /// Its bytes, from the first record on.
    pub(super) text: &'a [u8],
    /// Whether this is all of it, as far as it is known.
    pub(super) whole: bool,
}

impl<'a> Sample<'a> {
    /// The sample of a text whose beginning is `text`. It does not depend on how much more of it there is.
    pub(super) fn of(text: &'a [u8]) -> Self {
        let lines = memchr2_iter(b'\n', b'\r', text).nth(SAMPLE_LINES - 1);
        let end = lines.map_or(SAMPLE_BYTES, |at| at + 1).min(SAMPLE_BYTES);
        match text.get(..end) {
            Some(text) => Self { text, whole: false },
            None => Self { text, whole: true },
        }
    }

    /// The first record's fields, if all of it is in the sample.
    pub(super) fn first_record(self, delimiter: u8, quoting: Quoting) -> Option<Vec<Vec<u8>>> {
        self.records(delimiter, quoting, 1).pop()
    }

    /// The delimiter that splits the first records best; a comma if nothing splits them.
    ///
    /// A candidate has to occur in the first record. Among these the one wins that gives as many fields as there are known
    /// columns; then the one whose records agree on their number of fields; then the one with most fields.
    pub(super) fn delimiter(self, quoting: Quoting, columns: Option<usize>) -> u8 {
        let mut best = (DELIMITERS[0], (false, 0, 1));
        let beginning = self.beginning();
        // For one that does not occur there, csv-core need not be prepared, which takes longer than reading a few lines.
        for delimiter in DELIMITERS.into_iter().filter(|delimiter| memchr(*delimiter, beginning).is_some()) {
            let counts: Vec<usize> = self.records(delimiter, quoting, usize::MAX).iter().map(Vec::len).collect();
            let Some(&first) = counts.first() else {
                continue;
            };
            let agreeing = counts.iter().filter(|count| **count == first).count() * 10 / counts.len();
            let agreement = match agreeing {
                9.. => 2,
                5.. => 1,
                _ => 0,
            };
            let score = (columns == Some(first), agreement, first);
            if first > 1 && score > best.1 {
                best = (delimiter, score);
            }
        }
        best.0
    }

    /// What surely holds the first record: the first line, if no quotation mark can make the record longer.
    fn beginning(self) -> &'a [u8] {
        match line_end(self.text, 0, self.whole) {
            LineEnd::Found { content, .. } => match self.text.get(..content) {
                Some(line) if !line.is_empty() && memchr(b'"', line).is_none() => line,
                _ => self.text,
            },
            LineEnd::Unknown { .. } => self.text,
        }
    }

    /// Whether rows have one field more than there are columns, which is empty: their lines end with a delimiter. Some may do
    /// without, but not most: a single such row may have a delimiter in a field. `rows_from` is the first record that is a row.
    pub(super) fn has_surplus_field(self, dialect: Dialect, columns: usize, rows_from: usize) -> bool {
        if dialect.backslash_escapes || columns == 0 {
            return false;
        }
        let records = self.records(dialect.delimiter, dialect.quoting, usize::MAX);
        let rows = records.get(rows_from..).unwrap_or_default();
        let ends_so = |row: &&Vec<Vec<u8>>| row.len() == columns + 1 && row.last().is_some_and(Vec::is_empty);
        let ending_so = rows.iter().filter(ends_so).count();
        let without = rows.iter().filter(|row| row.len() == columns && !row.last().is_some_and(Vec::is_empty)).count();
        ending_so + without == rows.len() && ending_so > without
    }

    /// Whether the quotation marks inside quoted fields have a backslash in front: read so, every record is in order, and
    /// read otherwise, some are not.
    pub(super) fn has_backslash_escapes(self, delimiter: u8) -> bool {
        memmem::find(self.text, b"\\\"").is_some()
            && self.is_in_order(Marks { delimiter, backslash_escapes: true })
            && !self.is_in_order(Marks { delimiter, backslash_escapes: false })
    }

    /// Whether the quotation marks of every record are in order. The last may be cut off.
    fn is_in_order(self, marks: Marks) -> bool {
        let mut record: Vec<u8> = Vec::new();
        for line in lines(self.text) {
            if !record.is_empty() {
                record.push(b'\n');
            }
            record.extend_from_slice(line);
            match quote_order(&record, marks) {
                QuoteOrder::InOrder { .. } => record.clear(),
                QuoteOrder::Unclosed => {}
                QuoteOrder::Misplaced | QuoteOrder::TextAfterMark => return false,
            }
        }
        record.is_empty() || !self.whole
    }

    /// What ends the first line; LF if nothing does.
    pub(super) fn line_ending(self) -> LineEnding {
        match line_end(self.text, 0, self.whole) {
            LineEnd::Found { content, next } => match self.text.get(content..next) {
                Some(b"\r\n") => LineEnding::CrLf,
                Some(b"\r") => LineEnding::Cr,
                _ => LineEnding::Lf,
            },
            LineEnd::Unknown { .. } => LineEnding::Lf,
        }
    }

    /// The first records, `most` at most. One that the sample cuts off counts only if there is no other.
    fn records(self, delimiter: u8, quoting: Quoting, most: usize) -> Vec<Vec<Vec<u8>>> {
        let mut reader = csv_core_reader(delimiter, quoting);
        let mut text = vec![0; self.text.len() + 1];
        let mut ends = vec![0; self.text.len() + 1];
        let mut records = Vec::new();
        let (mut read, mut written, mut fields) = (0, 0, 0);
        while records.len() < most {
            let (result, bytes_in, bytes_out, ends_out) =
                reader.read_record(&self.text[read..], &mut text[written..], &mut ends[fields..]);
            read += bytes_in;
            written += bytes_out;
            fields += ends_out;
            match result {
                ReadRecordResult::Record => {
                    records.push(cut(&text, &ends[..fields]));
                    (written, fields) = (0, 0);
                }
                // An empty input means the end of the text to csv-core.
                ReadRecordResult::InputEmpty if self.whole || records.is_empty() => {}
                _ => break,
            }
        }
        records
    }
}

fn cut(text: &[u8], ends: &[usize]) -> Vec<Vec<u8>> {
    let mut start = 0;
    ends.iter()
        .map(|&end| {
            let field = text.get(start..end).unwrap_or_default().to_vec();
            start = end;
            field
        })
        .collect()
}

//! `rejected.csv`: rejected rows with the columns and the dialect of their file, plus the reason and the line number, so
//! that they can be fixed and uploaded again.

use bytes::Bytes;

use crate::rows::{Header, Quoting, Record, RecordWriter};

/// The columns that are added after the file's own.
pub const FURTHER_COLUMNS: [&str; 3] = crate::rows::ADDED_COLUMNS;

/// Collects rows for `rejected.csv`.
#[derive(Debug)]
pub struct RejectedRows {
    writer: RecordWriter,
    columns: usize,
    /// Columns of the file that it has from an earlier `rejected.csv`: the rows rejected of it get new ones.
    left_out: usize,
    text: Vec<u8>,
}

impl RejectedRows {
    /// No rows, of a file with this header.
    pub fn new(header: &Header) -> Self {
        let columns = header.own_columns().len();
        let left_out = header.columns.len() - columns;
        Self { writer: RecordWriter::new(header.dialect).guarding(), columns, left_out, text: Vec::new() }
    }

    /// The first line of `rejected.csv`.
    pub fn header_line(header: &Header) -> Bytes {
        let mut text = Vec::new();
        RecordWriter::new(header.dialect).guarding().write_header(header.own_columns(), &FURTHER_COLUMNS, &mut text);
        text.into()
    }

    /// Whether rows of files with these headers make one table: the same columns, delimited and quoted alike. Compression,
    /// byte-order mark and line endings do not matter.
    pub fn make_one_table(one: &Header, other: &Header) -> bool {
        let never = |header: &Header| header.dialect.quoting == Quoting::Never;
        one.own_columns() == other.own_columns()
            && one.dialect.delimiter == other.dialect.delimiter
            && never(one) == never(other)
    }

    /// Adds a row with the reason and the line where it begins in the file with this key.
    pub fn push(&mut self, record: &Record, reason: &str, line: u64, key: &str) {
        let line = line.to_string();
        self.writer.write_aligned(record, self.columns, self.left_out, &[reason, &line, key], &mut self.text);
    }

    /// The rows as text.
    pub fn finish(self) -> Bytes {
        self.text.into()
    }
}

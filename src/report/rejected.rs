//! `rejected.csv`: rejected rows in the columns and the dialect of their file, with the reason and where they stand, so
//! that they can be mended and dropped in again.

use bytes::Bytes;

use crate::rows::{Header, Record, RecordWriter};

/// The columns that are added after the file's own.
pub const FURTHER_COLUMNS: [&str; 3] = crate::rows::ADDED_COLUMNS;

/// Rows on their way into `rejected.csv`.
#[derive(Debug)]
pub struct RejectedRows {
    writer: RecordWriter,
    columns: usize,
    text: Vec<u8>,
}

impl RejectedRows {
    /// No rows, of a file with this header.
    pub fn new(header: &Header) -> Self {
        Self { writer: RecordWriter::new(header.dialect).guarding(), columns: header.columns.len(), text: Vec::new() }
    }

    /// The first line of `rejected.csv`.
    pub fn header_line(header: &Header) -> Bytes {
        let mut text = Vec::new();
        RecordWriter::new(header.dialect).guarding().write_header(&header.columns, &FURTHER_COLUMNS, &mut text);
        text.into()
    }

    /// Adds a row with the reason and the line where it begins in the file with this key.
    pub fn push(&mut self, record: &Record, reason: &str, line: u64, key: &str) {
        let line = line.to_string();
        self.writer.write_aligned(record, self.columns, &[reason, &line, key], &mut self.text);
    }

    /// The rows as text.
    pub fn finish(self) -> Bytes {
        self.text.into()
    }
}

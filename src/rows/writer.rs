//! Writes records in the dialect of their file, so that a file of rejected rows can be fixed and uploaded again.

use memchr::{memchr, memchr3};

use super::dialect::{Dialect, Quoting};
use super::encoding::BYTE_ORDER_MARK;
use super::guard::needs_guard;
use super::quotes::{ESCAPE, QUOTE};
use super::row::Record;

/// Writes records in a dialect. The text is never compressed.
#[derive(Clone, Copy, Debug)]
pub struct RecordWriter {
    dialect: Dialect,
    guards: bool,
}

impl RecordWriter {
    /// A writer in `dialect`.
    pub fn new(dialect: Dialect) -> Self {
        Self { dialect, guards: false }
    }

    /// The same, with an apostrophe before each cell that a spreadsheet would take for a formula. A reader takes it away
    /// again where the file ends with the columns of [`ADDED_COLUMNS`](super::ADDED_COLUMNS).
    #[must_use]
    pub fn guarding(mut self) -> Self {
        self.guards = true;
        self
    }

    /// Appends what a file begins with: the byte-order mark if the source has one, and a header of `columns` and `further` columns.
    pub fn write_header(&self, columns: &[String], further: &[&str], text: &mut Vec<u8>) {
        if self.dialect.byte_order_mark {
            text.extend_from_slice(BYTE_ORDER_MARK);
        }
        let columns = columns.iter().map(String::as_bytes);
        self.write_fields(columns.chain(further.iter().map(|field| field.as_bytes())), text);
    }

    /// Appends `record` as one line, with `further` fields after its own.
    ///
    /// A record shorter or longer than the header stays so; [`RecordWriter::write_aligned`] keeps `further` in its columns.
    pub fn write(&self, record: &Record, further: &[&str], text: &mut Vec<u8>) {
        self.write_fields(record.fields().chain(further.iter().map(|field| field.as_bytes())), text);
    }

    /// Appends `record` as one line of `columns` fields and the `further` ones. The fields of `left_out` columns, which come
    /// next in the record, are not written. Empty fields fill up a short record, and fields beyond all these columns come last,
    /// after the further ones, so that each further field stays in its column.
    pub fn write_aligned(
        &self,
        record: &Record,
        columns: usize,
        left_out: usize,
        further: &[&str],
        text: &mut Vec<u8>,
    ) {
        let own = (0..columns).map(|index| record.field_bytes(index).unwrap_or_default());
        let beyond = (columns + left_out..record.len()).filter_map(|index| record.field_bytes(index));
        self.write_fields(own.chain(further.iter().map(|field| field.as_bytes())).chain(beyond), text);
    }

    fn write_fields<'a>(self, fields: impl Iterator<Item = &'a [u8]>, text: &mut Vec<u8>) {
        let start = text.len();
        for (index, field) in fields.enumerate() {
            if index > 0 {
                text.push(self.dialect.delimiter);
            }
            self.write_field(field, index == 0, text);
        }
        // A line with nothing on it is no record: one empty field has to be quoted.
        if text.len() == start && self.dialect.quoting.reads_quotes() {
            text.extend_from_slice(&[QUOTE, QUOTE]);
        }
        text.extend_from_slice(self.dialect.line_ending.as_bytes());
    }

    fn write_field(self, field: &[u8], first: bool, text: &mut Vec<u8>) {
        let guard: &[u8] = if self.guards && needs_guard(field) { b"'" } else { b"" };
        match self.dialect.quoting {
            Quoting::Always => self.quote(guard, field, text),
            Quoting::Minimal if self.needs_quotes(field, first) => self.quote(guard, field, text),
            Quoting::Minimal => {
                text.extend_from_slice(guard);
                text.extend_from_slice(field);
            }
            // Nothing can be quoted here, so what would end the field becomes a space.
            Quoting::Never => {
                text.extend_from_slice(guard);
                text.extend(field.iter().map(|&byte| {
                    if byte == self.dialect.delimiter || byte == b'\n' || byte == b'\r' { b' ' } else { byte }
                }));
            }
        }
    }

    fn needs_quotes(self, field: &[u8], first: bool) -> bool {
        memchr3(QUOTE, b'\n', b'\r', field).is_some()
            || memchr(self.dialect.delimiter, field).is_some()
            || (first && field.starts_with(BYTE_ORDER_MARK))
    }

    fn quote(self, guard: &[u8], field: &[u8], text: &mut Vec<u8>) {
        text.push(QUOTE);
        text.extend_from_slice(guard);
        let escapes = self.dialect.backslash_escapes;
        for &byte in field {
            if byte == QUOTE || (byte == ESCAPE && escapes) {
                text.push(if escapes { ESCAPE } else { QUOTE });
            }
            text.push(byte);
        }
        text.push(QUOTE);
    }
}

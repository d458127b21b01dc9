//! Bytes to rows: gunzip, byte-order mark, dialect, header, and then one [`Row`] after the other.
//!
//! Microsoft does not document the CSV files of Customer Insights closely: delimiter, quoting, line ending, header row
//! and compression are therefore recognised from the content, and each can be set where the guess is wrong.
//! The memory used does not grow with the file, whatever is in it: one record, one read and the header are held.
//!
//! ```text
//! source -> gunzip -> UTF-8 -> window of the text -> records (split in place, or through csv-core) -> rows
//! ```
//!
//! A row that cannot be delivered is still given, with its [`RowProblem`]. Only what spoils the whole file is a [`ReadError`].

mod decoding;
mod detect;
mod dialect;
mod encoding;
mod error;
mod escapes;
mod fields;
mod guard;
mod header;
mod kept;
mod line;
mod open;
mod parser;
mod quotes;
mod reader;
mod row;
mod source;
mod unescape;
mod window;
mod writer;

#[cfg(test)]
mod tests;

pub use dialect::{Dialect, LineEnding, Quoting};
pub use encoding::{Encoding, TextEncoding};
pub use error::ReadError;
pub use guard::ADDED_COLUMNS;
pub use header::Header;
pub use kept::Kept;
pub use reader::{Position, RowReader};
pub use row::{Record, Row, RowProblem};
pub use writer::RecordWriter;

/// What is known about a file before it is read. The default knows nothing and detects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadSettings {
    /// The field delimiter, an ASCII character; `None` detects comma, semicolon, tab or pipe.
    pub delimiter: Option<u8>,
    /// The columns in their order, from `model.json` or the configuration.
    pub columns: Option<Vec<String>>,
    /// Whether the first record is a header. `None` finds out: without `columns` it is one; with `columns` it is one if it names
    /// all of them, or at least two and half of them in their places (case and surrounding space aside).
    pub header: Option<bool>,
    /// How fields are quoted; `None` reads quotes, and chooses [`Quoting::Always`] or [`Quoting::Minimal`] by the first field.
    pub quoting: Option<Quoting>,
    /// Whether a backslash escapes a quotation mark inside a quoted field; `None` detects it.
    pub backslash_escapes: Option<bool>,
    /// The encoding that is set. A file that begins with a byte-order mark goes by that.
    pub encoding: Option<TextEncoding>,
    /// The encoding that `model.json` declares. It is that of a file that is not UTF-8.
    pub declared_encoding: Option<String>,
    /// Where reading stops trusting a file.
    pub limits: ReadLimits,
}

/// Where reading stops trusting a file. A message about a limit names the field of this type, which is also the key under
/// `[exports.NAME.csv]` that sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// The largest record, in bytes of its text without the line ending (default 1 MiB). It also bounds how far one
    /// stray quotation mark is followed. A larger record is a problem of that row alone.
    pub max_record_bytes: usize,
    /// The largest header, in bytes of its text (default 256 KiB).
    pub max_header_bytes: usize,
    /// The most columns (default 1,000).
    pub max_columns: usize,
    /// The most bytes of text in one file, after gunzip (default 64 GiB): a guard against gzip bombs.
    pub max_text_bytes: u64,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self { max_record_bytes: 1 << 20, max_header_bytes: 256 << 10, max_columns: 1_000, max_text_bytes: 64 << 30 }
    }
}

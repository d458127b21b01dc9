//! What spoils a whole file.

use std::io;

use super::encoding::Encoding;

/// Why a file cannot be read on. Messages hold no value of any row.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The source failed; reading again may help.
    #[error("the file could not be read: {0}")]
    Source(#[source] io::Error),
    /// The file ends inside a gzip member.
    #[error("the gzip data is truncated: the file ends before its compressed data does; upload the whole file again")]
    GzipTruncated,
    /// The compressed data is wrong.
    #[error("the gzip data is damaged ({0}); upload the file again")]
    GzipDamaged(#[source] io::Error),
    /// The text is not UTF-8.
    #[error("the file is encoded in {0}, not in UTF-8; export it as UTF-8")]
    Encoding(Encoding),
    /// The rows are not UTF-8, though the header is.
    #[error(
        "{rows} rows up to line {line} have characters beyond ASCII, and none of them is UTF-8: the file is encoded in {}, not in UTF-8; export it as UTF-8",
        Encoding::EightBit
    )]
    RowsNotUtf8 {
        /// The rows.
        rows: u32,
        /// Where the last of them begins.
        line: u64,
    },
    /// The file is no text.
    #[error("the file is {found}, not CSV text; export it as CSV, plain or compressed once with gzip")]
    NotText {
        /// What it is.
        found: &'static str,
    },
    /// The delimiter that was set cannot be one.
    #[error(
        "delimiter is the byte {0}, but must be an ASCII character other than the quotation mark and the line ending"
    )]
    Delimiter(u8),
    /// The file has no header and the columns are not known.
    #[error(
        "the file is read without a header row, but its columns are not known: give `columns`, or the model.json beside the file"
    )]
    NoColumns,
    /// The header is too large.
    #[error(
        "the header is larger than {limit} bytes (max_header_bytes); if the file has no line breaks, it is not CSV"
    )]
    HeaderTooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// There are too many columns.
    #[error(
        "the file has {found} columns, more than the {limit} allowed (max_columns); export only the columns that are needed"
    )]
    TooManyColumns {
        /// The columns found.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// A quotation mark of the header is not closed.
    #[error(
        "the header in line {line} has a quotation mark that is out of place or not closed; mend the line, or set the quoting to never"
    )]
    HeaderQuote {
        /// The header's line.
        line: u64,
    },
    /// The header holds a NUL byte.
    #[error("the header in line {line} has a NUL byte in the name of column {column}; the file is damaged or not text")]
    HeaderNul {
        /// The header's line.
        line: u64,
        /// The column's number, from 1.
        column: usize,
    },
    /// The text is longer than any export.
    #[error(
        "the text is longer than {limit} bytes (max_text_bytes), after gunzip if it is compressed; split the file, or raise the limit if it is no gzip bomb"
    )]
    TextTooLong {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The text ends in the middle of a record.
    #[error(
        "the file ends in the middle of the record in line {line}: the rest is missing; upload the whole file again"
    )]
    EndsInRecord {
        /// Where the record begins.
        line: u64,
    },
    /// Reading went on after an error.
    #[error("reading this file failed before; open it again")]
    AfterError,
}

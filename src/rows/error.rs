//! Errors that stop reading a file.

use std::io;

use super::encoding::Encoding;
use crate::message::codes;

/// Why a file can't be read. The texts contain no values of rows.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Reading from S3 or from the disk failed.
    ///
    /// Fix: nothing to do if it is temporary; the next attempt reads the file again.
    #[error("can't read the file: {0}")]
    Source(#[source] io::Error),
    /// The file ends in the middle of its gzip data.
    ///
    /// Fix: upload the complete file again.
    #[error("the gzip data is truncated\nUpload the complete file again.")]
    GzipTruncated,
    /// The gzip data is damaged.
    ///
    /// Fix: upload the file again.
    #[error("the gzip data is damaged ({0})\nUpload the file again.")]
    GzipDamaged(#[source] io::Error),
    /// The file is not UTF-8.
    ///
    /// Fix: export the file as UTF-8, or set `encoding`.
    #[error("the file is in {0}, not UTF-8\n{advice}.", advice = advice(*.0))]
    Encoding(Encoding),
    /// None of the first rows with non-ASCII characters is valid UTF-8.
    ///
    /// Fix: export the file as UTF-8.
    #[error(
        "the file is in {encoding}, not UTF-8\n\
         None of the {rows} rows with non-ASCII characters up to line {line} is valid UTF-8. {advice}.",
        advice = advice(*encoding)
    )]
    RowsNotUtf8 {
        /// The rows.
        rows: u32,
        /// Where the last of them begins.
        line: u64,
        /// What they are encoded in, as far as it shows.
        encoding: Encoding,
    },
    /// The file is not a text file.
    ///
    /// Fix: export it as CSV, plain or compressed once with gzip.
    #[error("the file is {found}, not CSV\nExport it as CSV, plain or compressed once with gzip.")]
    NotText {
        /// What it is.
        found: &'static str,
    },
    /// The configured delimiter is not allowed.
    ///
    /// Fix: use an ASCII character other than the quotation mark and line breaks.
    #[error("delimiter is the byte {0}; allowed: ASCII other than the quotation mark and line breaks")]
    Delimiter(u8),
    /// The file has no header row, and its columns are not known.
    ///
    /// Fix: set `columns` under `csv`, or provide the `model.json`.
    #[error(
        "the file has no header row, and its columns are not known\nSet `columns` in exports.toml, or provide the model.json."
    )]
    NoColumns,
    /// The header is too large.
    ///
    /// Fix: check that the file is CSV with line breaks, or increase `max_header_bytes`.
    #[error(
        "the header is larger than {limit} bytes (max_header_bytes)\n\
         Check that the file is CSV with line breaks, or increase the limit."
    )]
    HeaderTooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The file has too many columns.
    ///
    /// Fix: export only the columns you need, or increase `max_columns`.
    #[error(
        "the file has {found} columns, the limit is {limit} (max_columns)\n\
         Export only the columns you need, or increase the limit."
    )]
    TooManyColumns {
        /// The columns found.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// The header has a misplaced or unclosed quotation mark.
    ///
    /// Fix: fix the header line.
    #[error(
        "the header in line {line} has a misplaced or unclosed quotation mark\nFix the line and upload the file again."
    )]
    HeaderQuote {
        /// The header's line.
        line: u64,
    },
    /// The header contains a NUL byte: the file is damaged or not text.
    ///
    /// Fix: upload the file again.
    #[error(
        "the header in line {line} has a NUL byte in the name of column {column}\n\
         The file is damaged or not text: upload it again."
    )]
    HeaderNul {
        /// The header's line.
        line: u64,
        /// The column's number, from 1.
        column: usize,
    },
    /// The uncompressed text is too long; it may be a compression bomb.
    ///
    /// Fix: split the file, or increase `max_text_bytes` if the file is legitimate.
    #[error(
        "the uncompressed text is longer than {limit} bytes (max_text_bytes)\n\
         Split the file, or increase the limit if the file is legitimate."
    )]
    TextTooLong {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The file ends in the middle of a record.
    ///
    /// Fix: upload the complete file again.
    #[error("the file ends in the middle of the record in line {line}\nUpload the complete file again.")]
    EndsInRecord {
        /// Where the record begins.
        line: u64,
    },
    /// The file was read further after an error. This is a bug.
    ///
    /// Fix: please report it.
    #[error("internal error: reading continued after an error\nThis is a bug: please report it.")]
    AfterError,
}

codes!(ReadError {
    Source = "ITB-F01",
    GzipTruncated = "ITB-F02",
    GzipDamaged = "ITB-F03",
    Encoding = "ITB-F04",
    RowsNotUtf8 = "ITB-F05",
    NotText = "ITB-F06",
    Delimiter = "ITB-F07",
    NoColumns = "ITB-F08",
    HeaderTooLarge = "ITB-F09",
    TooManyColumns = "ITB-F10",
    HeaderQuote = "ITB-F11",
    HeaderNul = "ITB-F12",
    TextTooLong = "ITB-F13",
    AfterError = "ITB-F14",
    EndsInRecord = "ITB-F15",
});

/// What to do about a file in another encoding.
fn advice(encoding: Encoding) -> String {
    match encoding {
        Encoding::Utf32Le | Encoding::Utf32Be => "Export it as UTF-8".to_owned(),
        other => format!(
            "Export it as UTF-8 (Excel: Save As, CSV UTF-8), or set encoding = {:?} under [exports.NAME.csv]",
            other.setting()
        ),
    }
}

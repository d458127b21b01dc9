//! How a file writes its records.

use serde::{Deserialize, Serialize};

use super::encoding::TextEncoding;

/// How a file writes its records, as found or as set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of its own")]
pub struct Dialect {
    /// The field delimiter, an ASCII character.
    pub delimiter: u8,
    /// How fields are quoted.
    pub quoting: Quoting,
    /// What ends a line.
    pub line_ending: LineEnding,
    /// Whether the file is compressed with gzip.
    pub gzip: bool,
    /// Whether the text begins with a UTF-8 byte-order mark, or gets one when rows are written back, because it was read from
    /// another encoding.
    pub byte_order_mark: bool,
    /// Whether a backslash escapes a quotation mark inside a quoted field, as Spark writes it.
    #[serde(default)]
    pub backslash_escapes: bool,
    /// Whether rows have one more field than there are columns, which is empty: their lines end with a delimiter.
    #[serde(default)]
    pub surplus_field: bool,
    /// How the text is encoded.
    #[serde(default)]
    pub encoding: TextEncoding,
}

impl Dialect {
    /// Whether a place in the text says nothing of a place in the file, so that reading resumes from the file's beginning.
    pub fn reads_from_beginning(self) -> bool {
        self.gzip || self.encoding != TextEncoding::default()
    }
}

/// How fields are quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quoting {
    /// Fields that need it.
    Minimal,
    /// Every field (`CsvStyle.QuoteAlways` of the Common Data Model).
    Always,
    /// None: a quotation mark is a character like any other (`QuoteStyle.None` of the Common Data Model).
    Never,
}

impl Quoting {
    /// Whether a quotation mark at the start of a field opens a quoted field.
    pub(super) fn reads_quotes(self) -> bool {
        self != Self::Never
    }
}

/// What ends a line. Reading accepts all three in any mixture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineEnding {
    /// Line feed.
    Lf,
    /// Carriage return and line feed.
    CrLf,
    /// Carriage return alone.
    Cr,
}

impl LineEnding {
    /// The ending's bytes.
    pub fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::Lf => b"\n",
            Self::CrLf => b"\r\n",
            Self::Cr => b"\r",
        }
    }
}

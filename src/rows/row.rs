//! One data row, and what can be wrong with it.

use std::fmt;

use crate::message::codes;

use super::encoding::Encoding;
use super::fields::Field;
use super::guard::{unguarded, unguarded_text};

/// One data row of a file. It borrows from the reader and copies nothing.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    pub(super) data: &'a [u8],
    /// The data as text, if all of it is UTF-8.
    pub(super) text: Option<&'a str>,
    pub(super) fields: &'a [Field],
    pub(super) line: u64,
    pub(super) number: u64,
    pub(super) problem: Option<&'a RowProblem>,
    /// Whether cells that could run as formulas have an apostrophe in front.
    pub(super) guarded: bool,
}

impl<'a> Row<'a> {
    /// The physical line of the file where the row begins; the file's first line is 1. Line breaks inside quoted fields and
    /// blank lines count.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The row's number among the data rows, from 1. A repeated header is no data row and has the number of the row before it.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// How many fields the row has. A row with a problem may have another number than there are columns.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether the row has no field, which only an overlong row can be.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The field of column `index`, from 0; `None` if the row is too short or the field is not UTF-8.
    pub fn field(&self, index: usize) -> Option<&'a str> {
        let &(start, end) = self.fields.get(index)?;
        let field = match self.text.and_then(|text| text.get(start..end)) {
            Some(field) => field,
            None => std::str::from_utf8(self.data.get(start..end)?).ok()?,
        };
        Some(if self.guarded { unguarded_text(field) } else { field })
    }

    /// The bytes of the field of column `index`, from 0; `None` if the row is too short.
    pub fn field_bytes(&self, index: usize) -> Option<&'a [u8]> {
        let &(start, end) = self.fields.get(index)?;
        let field = self.data.get(start..end)?;
        Some(if self.guarded { unguarded(field) } else { field })
    }

    /// The row's data in one piece, and where each field begins and ends in it, in order; `None` if the fields differ from the
    /// data because apostrophes have to be removed.
    pub(crate) fn in_one_piece(&self) -> Option<(&'a [u8], &'a [Field])> {
        (!self.guarded).then_some((self.data, self.fields))
    }

    /// Why the row cannot be delivered, if so. Its fields may be displaced then.
    pub fn problem(&self) -> Option<&'a RowProblem> {
        self.problem
    }

    /// A compact copy that outlives the reader's next step.
    pub fn to_record(&self) -> Record {
        (0..self.fields.len()).map(|index| self.field_bytes(index).unwrap_or_default()).collect()
    }
}

/// Shows no field: they are a person's data.
impl fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row")
            .field("line", &self.line)
            .field("number", &self.number)
            .field("fields", &self.fields.len())
            .field("problem", &self.problem)
            .finish()
    }
}

/// Why a row can't be read. The text is the reason in the report, and contains no value of the row.
///
/// Fix: fix the row in the source data; the next run includes it. Or fix it in `rejected.csv` and upload that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowProblem {
    /// The row has fewer fields than the file has columns.
    TooShort {
        /// The fields of the row.
        found: usize,
        /// The columns of the file.
        expected: usize,
    },
    /// The row has more fields than the file has columns.
    TooLong {
        /// The fields of the row.
        found: usize,
        /// The columns of the file.
        expected: usize,
    },
    /// A cell is not UTF-8.
    InvalidUtf8 {
        /// The column's name, or its number if it has no name.
        column: String,
    },
    /// A cell contains a NUL byte.
    NulByte {
        /// The column's name, or its number if it has no name.
        column: String,
    },
    /// A quotation mark is misplaced or not closed. The following lines are read as separate rows.
    StrayQuote {
        /// The line of the mark, which is lost.
        from_line: u64,
        /// The last line that the mark would have made part of its field; lines after `from_line` are read again as rows.
        to_line: u64,
    },
    /// The row is longer than `max_record_bytes`. The rest of its line is skipped.
    RecordTooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The header occurs again, as in concatenated files. It is skipped and not counted as a row.
    RepeatedHeader,
}

codes!(RowProblem {
    TooShort = "ITB-J11",
    TooLong = "ITB-J12",
    InvalidUtf8 = "ITB-J13",
    NulByte = "ITB-J14",
    StrayQuote = "ITB-J15",
    RecordTooLarge = "ITB-J16",
    RepeatedHeader = "ITB-J17",
});

impl RowProblem {
    /// The same for rows in other places: without the line.
    pub fn without_place(&self) -> String {
        match self {
            Self::StrayQuote { .. } => "a quotation mark is misplaced or not closed".to_owned(),
            problem => problem.to_string(),
        }
    }
}

impl fmt::Display for RowProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { found, expected } => {
                write!(f, "too few fields: {found} instead of {expected}")
            }
            Self::TooLong { found, expected } => {
                write!(f, "too many fields: {found} instead of {expected}")
            }
            Self::InvalidUtf8 { column } => write!(
                f,
                "column {column} is not valid UTF-8; if the file is in {}, export it as UTF-8 or set `encoding`",
                Encoding::EightBit
            ),
            Self::NulByte { column } => write!(f, "column {column} contains a NUL byte"),
            Self::StrayQuote { from_line, to_line } if from_line == to_line => {
                write!(f, "a quotation mark in line {from_line} is misplaced or not closed")
            }
            Self::StrayQuote { from_line, to_line } => write!(
                f,
                "a quotation mark in line {from_line} is misplaced or not closed; lines {next} to {to_line} are read as separate rows",
                next = from_line + 1
            ),
            Self::RecordTooLarge { limit } => {
                write!(f, "the row is longer than {limit} bytes (max_record_bytes); the rest of its line was skipped")
            }
            Self::RepeatedHeader => f.write_str("repeated header row"),
        }
    }
}

/// An owned row: its fields' bytes, one after the other, and where each ends.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    bytes: Box<[u8]>,
    ends: Box<[usize]>,
}

impl<'a> FromIterator<&'a [u8]> for Record {
    fn from_iter<I: IntoIterator<Item = &'a [u8]>>(fields: I) -> Self {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for field in fields {
            bytes.extend_from_slice(field);
            ends.push(bytes.len());
        }
        Self { bytes: bytes.into_boxed_slice(), ends: ends.into_boxed_slice() }
    }
}

impl Record {
    /// How many fields it has.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it has no field.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes of a field, by its index from 0.
    pub fn field_bytes(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.bytes.get(start..end)
    }

    /// How much memory it takes, in bytes.
    pub fn size(&self) -> usize {
        self.bytes.len() + self.ends.len() * size_of::<usize>()
    }

    /// The bytes of every field, in order.
    pub fn fields(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).filter_map(|index| self.field_bytes(index))
    }
}

/// Shows no field: they are a person's data.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").field("fields", &self.ends.len()).field("bytes", &self.bytes.len()).finish()
    }
}

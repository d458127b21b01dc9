//! The reader: rows in the order of the file, from its beginning or from where an earlier reader stopped.

use std::fmt;

use memchr::memchr;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncRead;

use super::ReadSettings;
use super::encoding::{Encoding, TextEncoding};
use super::error::ReadError;
use super::fields::Field;
use super::header::Header;
use super::parser::{Fault, Parser, Shape, Step};
use super::row::{Row, RowProblem};
use super::source::Source;
use super::window::{Blank, Window};

/// A place between two rows of a file, to resume reading from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Bytes of the (uncompressed) text before it, the byte-order mark included.
    pub byte: u64,
    /// Its physical line, from 1.
    pub line: u64,
    /// Data rows before it.
    pub row: u64,
    /// Rows that begin before this byte of the text come after a stray quotation mark and are read strictly; 0 if there are none.
    #[serde(default)]
    pub strict_until: u64,
    /// Data rows before it that are not UTF-8, as long as no row with a character beyond ASCII was; `None` once one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_utf8: Option<u32>,
}

/// If this many rows with non-ASCII characters are not UTF-8 before the first one that is, the file is not UTF-8.
const ROWS_NOT_UTF8: u32 = 100;

/// Reads the rows of one file.
pub struct RowReader<S> {
    pub(super) window: Window<S>,
    pub(super) parser: Parser,
    pub(super) header: Header,
    /// The physical line at the start of the window.
    pub(super) line: u64,
    row: u64,
    strict_until: u64,
    not_utf8: Option<u32>,
    max_record_bytes: usize,
    /// Whether the file is a `rejected.csv` that comes back.
    pub(super) guarded: bool,
    /// What the file is encoded in if it is not UTF-8, as far as its beginning shows.
    pub(super) legacy: Encoding,
    problem: Option<RowProblem>,
}

/// The place of the data of the last record.
pub(super) struct Found {
    shape: Shape,
    /// Where it begins in the window's bytes.
    start: usize,
    line: u64,
    may_hold_nul: bool,
}

impl Found {
    pub(super) fn shape(&self) -> &Shape {
        &self.shape
    }
}

impl<S: AsyncRead + Unpin> RowReader<S> {
    /// A reader before the first line; `open` and `resume` move it to the first row.
    pub(super) fn start(window: Window<S>, header: Header, settings: &ReadSettings) -> Self {
        let limits = &settings.limits;
        Self {
            parser: Parser::new(header.dialect, limits.max_record_bytes, limits.max_columns),
            guarded: header.is_of_rejected_rows(),
            window,
            header,
            line: 1,
            row: 0,
            strict_until: 0,
            not_utf8: Some(0),
            legacy: Encoding::EightBit,
            max_record_bytes: limits.max_record_bytes,
            problem: None,
        }
    }

    /// Resumes where an earlier reader of the same file stopped.
    ///
    /// `source` begins at `from.byte`, or at the file's beginning if
    /// [`Dialect::reads_from_beginning`](super::Dialect::reads_from_beginning): then the text before is decompressed and
    /// skipped. Of `settings` only the limits count; `header` says the rest.
    pub async fn resume(source: S, settings: ReadSettings, header: Header, from: Position) -> Result<Self, ReadError> {
        let dialect = header.dialect;
        let base = if dialect.reads_from_beginning() { 0 } else { from.byte };
        let source = Source::known(source, dialect.gzip);
        let source =
            if dialect.encoding == TextEncoding::default() { source } else { source.decoded(dialect.encoding, &[]) };
        let window = Window::new(source, base, settings.limits.max_text_bytes);
        let mut reader = Self::start(window, header, &settings);
        reader.parser.expected = Some(reader.fields_of_a_row());
        reader.line = from.line;
        reader.row = from.row;
        reader.strict_until = from.strict_until;
        reader.not_utf8 = from.not_utf8;
        reader.window.skip_to(from.byte).await?;
        Ok(reader)
    }

    /// How many fields a row has: one for each column, and the empty one behind the last delimiter where lines end with one.
    pub(super) fn fields_of_a_row(&self) -> usize {
        self.header.columns.len() + usize::from(self.header.dialect.surplus_field)
    }

    /// What the beginning of the file said.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The place after the last row given; after `open`, the place of the first.
    pub fn position(&self) -> Position {
        let byte = self.window.offset();
        let strict_until = if self.strict_until > byte { self.strict_until } else { 0 };
        Position { byte, line: self.line, row: self.row, strict_until, not_utf8: self.not_utf8 }
    }

    /// The next row, with its problem if it has one; `None` after the last. Without waiting if it is in memory.
    pub async fn next_row(&mut self) -> Result<Option<Row<'_>>, ReadError> {
        if let Some(rows) = self.not_utf8.filter(|rows| *rows >= ROWS_NOT_UTF8) {
            return Err(ReadError::RowsNotUtf8 { rows, line: self.line.saturating_sub(1), encoding: self.legacy });
        }
        let found = loop {
            match self.look() {
                Look::Found(found) => break found,
                Look::NeedMore => self.window.fill().await?,
                Look::End => return Ok(None),
            }
        };
        if self.is_cut_off(&found) {
            return Err(ReadError::EndsInRecord { line: found.line });
        }
        Ok(Some(self.give(&found)))
    }

    /// Whether the text ends in the middle of a record: the last one lacks fields or a closing quotation mark, and its line end.
    fn is_cut_off(&self, found: &Found) -> bool {
        if !self.window.ended() || !self.window.unread().is_empty() {
            return false;
        }
        let record = self.window.bytes().get(found.start..found.start + found.shape.length).unwrap_or_default();
        let has_line_end = matches!(record.last(), None | Some(b'\n' | b'\r'));
        let lacks_something = found.shape.found < self.header.columns.len()
            || matches!(found.shape.fault, Some(Fault::StrayQuote { .. }));
        !has_line_end && lacks_something
    }

    /// Looks for the next record in what is in memory and leaves it behind.
    pub(super) fn look(&mut self) -> Look {
        if !self.parser.is_skipping() {
            let strict = self.window.offset() < self.strict_until;
            let blank = self.window.pass_blank_lines(&mut self.line);
            if strict {
                // The first record after the blank lines is meant.
                self.strict_until = self.strict_until.max(self.window.offset() + 1);
            }
            match blank {
                Blank::Passed => {}
                Blank::NeedMore => return Look::NeedMore,
                Blank::End => return Look::End,
            }
        }
        let offset = self.window.offset();
        let strict = offset < self.strict_until;
        match self.parser.step(self.window.unread(), self.window.ended(), strict) {
            Step::NeedMore => Look::NeedMore,
            Step::Discard(count) => {
                self.window.consume(count);
                Look::NeedMore
            }
            Step::Record(shape) => {
                if shape.strict_until > 0 {
                    self.strict_until = self.strict_until.max(offset + shape.strict_until as u64);
                }
                let (start, line) = (self.window.start(), self.line);
                let may_hold_nul = self.window.may_hold_nul();
                self.line += shape.lines;
                self.window.consume(shape.length);
                Look::Found(Found { shape, start, line, may_hold_nul })
            }
        }
    }

    /// The data and the fields of the record just found.
    pub(super) fn contents(&self, found: &Found) -> (&[u8], &[Field]) {
        (data_of(found, &self.window, &self.parser), self.parser.fields())
    }

    fn give(&mut self, found: &Found) -> Row<'_> {
        let Self { window, parser, header, row, problem, not_utf8, max_record_bytes, guarded, .. } = self;
        let data = data_of(found, window, parser);
        let fields = parser.fields();
        let columns = &header.columns;
        *problem = problem_of(found, header, data, fields, *max_record_bytes);
        let text = std::str::from_utf8(data).ok();
        // Unescaped fields are adjacent, so two broken characters may look like a valid one.
        let whole = |text: &str| !found.shape.unescaped || fields.iter().all(|&(_, end)| text.is_char_boundary(end));
        if problem.is_none() && !text.is_some_and(whole) {
            *problem = first_field(data, fields, |field| std::str::from_utf8(field).is_err())
                .map(|index| RowProblem::InvalidUtf8 { column: column_name(columns, index) });
        }
        if let Some(rows) = not_utf8 {
            if matches!(problem, Some(RowProblem::InvalidUtf8 { .. })) {
                *rows += 1;
            } else if text.is_some_and(|text| !text.is_ascii()) {
                *not_utf8 = None;
            }
        }
        if *problem != Some(RowProblem::RepeatedHeader) {
            *row += 1;
        }
        // The empty field behind the last delimiter is none of the row's.
        let kept = if problem.is_none() { fields.len().min(columns.len()) } else { fields.len() };
        let fields = &fields[..kept];
        Row { data, text, fields, line: found.line, number: *row, problem: problem.as_ref(), guarded: *guarded }
    }
}

/// What is wrong with a record, apart from its encoding.
fn problem_of(
    found: &Found,
    header: &Header,
    data: &[u8],
    fields: &[Field],
    max_record_bytes: usize,
) -> Option<RowProblem> {
    let columns = &header.columns;
    let (count, expected) = (found.shape.found, columns.len() + usize::from(header.dialect.surplus_field));
    let ends_empty = || fields.last().is_some_and(|(start, end)| start == end);
    match found.shape.fault {
        Some(Fault::TooLarge) => Some(RowProblem::RecordTooLarge { limit: max_record_bytes }),
        Some(Fault::StrayQuote { lines }) => {
            Some(RowProblem::StrayQuote { from_line: found.line, to_line: found.line + lines.saturating_sub(1) })
        }
        None if repeats(columns, data, fields) => Some(RowProblem::RepeatedHeader),
        // Where lines end with a delimiter, a row without it is whole, unless a field is missing before it.
        None if count < columns.len() || (count < expected && ends_empty()) => {
            Some(RowProblem::TooShort { found: count.min(columns.len() - 1), expected: columns.len() })
        }
        None if count > expected || (count > columns.len() && !ends_empty()) => {
            Some(RowProblem::TooLong { found: count, expected: columns.len() })
        }
        None if found.may_hold_nul => first_field(data, fields, |field| memchr(0, field).is_some())
            .map(|index| RowProblem::NulByte { column: column_name(columns, index) }),
        None => None,
    }
}

/// Shows nothing of the file's content.
impl<S> fmt::Debug for RowReader<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowReader").field("header", &self.header).field("line", &self.line).finish_non_exhaustive()
    }
}

/// What a look at the text in memory gave.
pub(super) enum Look {
    Found(Found),
    NeedMore,
    End,
}

fn data_of<'a, S: AsyncRead + Unpin>(found: &Found, window: &'a Window<S>, parser: &'a Parser) -> &'a [u8] {
    let end = parser.fields().last().map_or(0, |&(_, end)| end);
    if found.shape.unescaped { &parser.unescaped()[..end] } else { &window.bytes()[found.start..found.start + end] }
}

/// Whether a row is the header again.
fn repeats(columns: &[String], data: &[u8], fields: &[Field]) -> bool {
    columns.len() == fields.len()
        && columns
            .iter()
            .zip(fields)
            .all(|(column, &(start, end))| column.as_bytes().eq_ignore_ascii_case(&data[start..end]))
}

fn first_field(data: &[u8], fields: &[Field], is_wrong: impl Fn(&[u8]) -> bool) -> Option<usize> {
    fields.iter().position(|&(start, end)| is_wrong(&data[start..end]))
}

/// How a message names the column of an index from 0.
fn column_name(columns: &[String], index: usize) -> String {
    match columns.get(index) {
        Some(name) if !name.trim().is_empty() => format!("{:?}", name.trim()),
        _ => format!("{}", index + 1),
    }
}

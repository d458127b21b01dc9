//! One record at a time from the start of a text that arrives in pieces.
//!
//! Most records are one line without anything to unescape, and are split without copying. The others go through csv-core, line
//! by line, so that an unclosed quotation mark is noticed and its record read again as separate lines.

use memchr::memchr;

use super::detect::csv_core_reader;
use super::dialect::Dialect;
use super::fields::{Field, Fields};
use super::line::{LineEnd, ending, line_end};
use super::quotes::{ESCAPE, Marks, QUOTE, QuoteOrder, holds_rows, quote_order};
use super::unescape::Unescape;

/// A record that is still open after this many lines and has more fields than a row may have is not followed further.
const LINES_BEYOND_COLUMNS: u64 = 16;

/// As much of an overlong record is kept, at most, so that its first fields can be read.
const KEPT_OF_OVERLONG: usize = 64 << 10;

/// What the next look at the text gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// More text is needed.
    NeedMore,
    /// More text is needed, and this many bytes at the start can be discarded.
    Discard(usize),
    /// A record.
    Record(Shape),
}

/// A record that was found at the start of the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Its bytes in the text, with the line ending.
    pub(super) length: usize,
    /// The line endings among them.
    pub(super) lines: u64,
    /// Its number of fields; more than [`Parser::fields`] has if these are too many to keep.
    pub(super) found: usize,
    /// Whether the fields' data is in [`Parser::unescaped`]; otherwise it is the text itself.
    pub(super) unescaped: bool,
    /// What makes it no row.
    pub(super) fault: Option<Fault>,
    /// Records that begin before this byte of the text are to be read strictly; 0 for none.
    pub(super) strict_until: usize,
}

/// What makes a record no row, whatever its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A quotation mark out of place. The record is the first line of what the mark would have made one record of `lines` lines.
    StrayQuote { lines: u64 },
    /// The record is longer than a record may be.
    TooLarge,
}

/// A record that goes through csv-core and has not ended yet.
#[derive(Clone, Copy)]
struct Open {
    fed: usize,
    lines: u64,
}

/// Finds records at the start of a text.
pub(super) struct Parser {
    marks: Marks,
    reads_quotes: bool,
    /// How many fields a row has, once that is known.
    pub(super) expected: Option<usize>,
    /// The largest record, in bytes.
    pub(super) max_bytes: usize,
    /// There is no line ending before this byte of the text, counted from the start of the search.
    scanned: usize,
    open: Option<Open>,
    skipping: bool,
    fields: Fields,
    unescape: Unescape,
}

impl Parser {
    pub(super) fn new(dialect: Dialect, max_bytes: usize, max_columns: usize) -> Self {
        let most = max_columns.saturating_add(1);
        Self {
            marks: Marks { delimiter: dialect.delimiter, backslash_escapes: dialect.backslash_escapes },
            reads_quotes: dialect.quoting.reads_quotes(),
            expected: None,
            max_bytes,
            scanned: 0,
            open: None,
            skipping: false,
            fields: Fields::new(dialect.delimiter, most),
            unescape: Unescape::new(
                csv_core_reader(dialect.delimiter, dialect.quoting),
                most,
                dialect.backslash_escapes.then_some(dialect.delimiter),
            ),
        }
    }

    /// The fields of the last record.
    pub(super) fn fields(&self) -> &[Field] {
        self.fields.kept()
    }

    /// The data of the last record, if it is not the text itself.
    pub(super) fn unescaped(&self) -> &[u8] {
        self.unescape.text()
    }

    /// Whether the text begins inside a record, the first part of which was discarded.
    pub(super) fn is_skipping(&self) -> bool {
        self.skipping
    }

    /// Looks for a record at the start of `text`, which is not blank. After [`Step::NeedMore`] the same text comes again, longer.
    /// `strict`: the record must have its quotation marks in order, even if it is one line.
    pub(super) fn step(&mut self, text: &[u8], ended: bool, strict: bool) -> Step {
        if self.open.is_some() {
            return self.follow(text, ended, strict);
        }
        if let Some((found, next)) = self.plain_line(text, ended) {
            return Step::Record(self.plain(found, next, strict));
        }
        let (content, next) = match line_end(text, self.scanned, ended) {
            LineEnd::Found { content, next } => (content, next),
            LineEnd::Unknown { scanned } => return self.unfinished_line(text, scanned),
        };
        self.scanned = 0;
        if self.skipping {
            self.skipping = false;
            return self.overlong(next);
        }
        let line = &text[..content];
        if content > self.max_bytes {
            self.keep_beginning(line);
            return self.overlong(next);
        }
        let quotes = self.reads_quotes && memchr(QUOTE, line).is_some();
        if !quotes {
            let found = self.fields.split_plain(line);
            return Step::Record(self.plain(found, next, strict));
        }
        let is_escaped = self.marks.backslash_escapes && memchr(ESCAPE, line).is_some();
        if let Some(found) = if is_escaped { None } else { self.fields.split_quoted(line) } {
            let shape = Shape { length: next, lines: 1, found, unescaped: false, fault: None, strict_until: 0 };
            return Step::Record(self.doubt(line, shape, strict));
        }
        self.unescape.begin();
        self.open = Some(Open { fed: 0, lines: 0 });
        self.follow(text, ended, strict)
    }

    /// Splits a line without quotation marks where it is read for the first time: the number of fields, and where the next
    /// line begins. This is what nearly every row of nearly every file comes to; whatever else there is, the slower way finds.
    fn plain_line(&mut self, text: &[u8], ended: bool) -> Option<(usize, usize)> {
        if self.scanned > 0 || self.skipping {
            return None;
        }
        let (found, end) = self.fields.split_to_line_end(text, self.reads_quotes)?;
        match ending(text, end, ended) {
            LineEnd::Found { content, next } if content <= self.max_bytes => Some((found, next)),
            _ => None,
        }
    }

    fn plain(&self, found: usize, next: usize, strict: bool) -> Shape {
        // Where marks are out of order, order is back with the first whole row.
        let strict_until = if strict && self.expected != Some(found) { next + 1 } else { 0 };
        Shape { length: next, lines: 1, found, unescaped: false, fault: None, strict_until }
    }

    fn unfinished_line(&mut self, text: &[u8], scanned: usize) -> Step {
        self.scanned = 0;
        if self.skipping {
            return Step::Discard(scanned);
        }
        if scanned > self.max_bytes {
            self.keep_beginning(&text[..scanned]);
            self.skipping = true;
            return Step::Discard(scanned);
        }
        self.scanned = scanned;
        Step::NeedMore
    }

    /// Keeps the first whole fields of a line that is too long to keep.
    fn keep_beginning(&mut self, line: &[u8]) {
        let kept = &line[..line.len().min(KEPT_OF_OVERLONG).min(self.max_bytes)];
        self.unescape.put(kept);
        self.fields.split_beginning(kept);
    }

    fn overlong(&self, next: usize) -> Step {
        let found = self.fields.kept().len();
        let fault = Some(Fault::TooLarge);
        Step::Record(Shape { length: next, lines: 1, found, unescaped: true, fault, strict_until: 0 })
    }

    /// Continues a record that csv-core reads, one physical line after the other.
    fn follow(&mut self, text: &[u8], ended: bool, strict: bool) -> Step {
        let mut open = self.open.take().unwrap_or(Open { fed: 0, lines: 0 });
        loop {
            let (content, next) = match line_end(text, self.scanned.max(open.fed), ended) {
                LineEnd::Found { content, next } if content <= self.max_bytes => (content, next),
                LineEnd::Unknown { scanned } if scanned <= self.max_bytes => {
                    self.scanned = scanned;
                    self.open = Some(open);
                    return Step::NeedMore;
                }
                _ => return self.stray_quote(text, open),
            };
            // A last line without an ending gets one, to find out whether a quoted field is still open.
            let complete = self.unescape.feed(&text[open.fed..next]) || (content == next && self.unescape.feed(b"\n"));
            open.lines += u64::from(next > open.fed);
            open.fed = next;
            if complete {
                return self.complete(text, content, open, strict);
            }
            let at_end = ended && next == text.len();
            if at_end || !self.worth_following(&text[..content], open.lines) {
                return self.stray_quote(text, open);
            }
        }
    }

    /// Whether a record that is open after `lines` lines may still be one.
    fn worth_following(&self, record: &[u8], lines: u64) -> bool {
        if lines == 1 {
            return !quote_order(record, self.marks).is_out_of_order();
        }
        let too_many = self.expected.is_some_and(|expected| self.unescape.found() >= expected);
        !(too_many && lines >= LINES_BEYOND_COLUMNS)
    }

    fn complete(&mut self, text: &[u8], content: usize, open: Open, strict: bool) -> Step {
        let record = &text[..content];
        let found = self.unescape.found();
        let believed = open.lines <= 1
            || match (quote_order(record, self.marks), self.expected) {
                (QuoteOrder::InOrder { .. }, Some(expected)) => {
                    found == expected || !holds_rows(record, self.marks, expected)
                }
                (order, _) => matches!(order, QuoteOrder::InOrder { .. }),
            };
        if !believed {
            return self.stray_quote(text, open);
        }
        self.scanned = 0;
        self.fields.take_ends(self.unescape.ends());
        let shape = Shape { length: open.fed, lines: open.lines, found, unescaped: true, fault: None, strict_until: 0 };
        Step::Record(self.doubt(record, shape, strict))
    }

    /// Looks twice at a record with quotation marks that is whole. A mark inside an unquoted field is let pass in a row with
    /// the right number of fields, unless it has to be strict; in another row marks out of place make the next record
    /// suspicious. Text behind a closing mark is let pass nowhere: the field may have begun elsewhere.
    fn doubt(&self, record: &[u8], mut shape: Shape, strict: bool) -> Shape {
        let wrong_count = self.expected.is_some_and(|expected| expected != shape.found);
        let order = if shape.unescaped || strict || wrong_count {
            quote_order(record, self.marks)
        } else {
            QuoteOrder::InOrder { fields: shape.found }
        };
        if order == QuoteOrder::TextAfterMark || (strict || wrong_count) && order == QuoteOrder::Misplaced {
            if !wrong_count {
                shape.fault = Some(Fault::StrayQuote { lines: shape.lines });
            }
            shape.strict_until = shape.length + 1;
        } else if strict && wrong_count {
            shape.strict_until = shape.length + 1;
        }
        shape
    }

    /// Gives the first line as a record of its own; what followed it so far is to be read again.
    fn stray_quote(&mut self, text: &[u8], open: Open) -> Step {
        self.scanned = 0;
        let (content, next) = match line_end(text, 0, true) {
            LineEnd::Found { content, next } => (content, next),
            LineEnd::Unknown { scanned } => (scanned, scanned),
        };
        let found = self.fields.split_broken(&text[..content]);
        let fault = Some(Fault::StrayQuote { lines: open.lines.max(1) });
        let strict_until = open.fed.max(next + 1);
        Step::Record(Shape { length: next, lines: 1, found, unescaped: false, fault, strict_until })
    }
}

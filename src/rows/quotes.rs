//! Whether the quotation marks of a record are where RFC 4180 allows them.
//!
//! Reading is lenient with a record of one line. A record that runs over several lines is believed only if its quotation marks
//! are in order: otherwise one stray mark would swallow every row up to the next mark.

use memchr::{memchr, memchr2};

use super::line::lines;

pub(super) const QUOTE: u8 = b'"';

/// The character that Spark writes in front of a quotation mark inside a quoted field, and of itself.
pub(super) const ESCAPE: u8 = b'\\';

/// What the quotation marks of a record look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QuoteOrder {
    /// Each opens at the start of a field and closes at its end.
    InOrder {
        /// The fields counted on the way.
        fields: usize,
    },
    /// The last quoted field is not closed.
    Unclosed,
    /// A mark inside an unquoted field.
    Misplaced,
    /// Text after a closing mark.
    TextAfterMark,
}

impl QuoteOrder {
    /// Whether a mark is where none may be.
    pub(super) fn is_out_of_order(self) -> bool {
        matches!(self, Self::Misplaced | Self::TextAfterMark)
    }
}

/// What a record is split by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks {
    pub(super) delimiter: u8,
    /// Whether a backslash escapes a quotation mark inside a quoted field.
    pub(super) backslash_escapes: bool,
}

/// Looks at the quotation marks of one record, given without its line ending.
pub(super) fn quote_order(record: &[u8], marks: Marks) -> QuoteOrder {
    let delimiter = marks.delimiter;
    let mut rest = record;
    let mut fields = 1;
    loop {
        let quoted = rest.strip_prefix(&[QUOTE]);
        let after = if let Some(quoted) = quoted {
            match after_quoted(quoted, marks.backslash_escapes) {
                None => return QuoteOrder::Unclosed,
                Some(after) => after,
            }
        } else {
            match memchr2(delimiter, QUOTE, rest) {
                None => return QuoteOrder::InOrder { fields },
                Some(at) => &rest[at..],
            }
        };
        match after.split_first() {
            None => return QuoteOrder::InOrder { fields },
            Some((&byte, following)) if byte == delimiter => {
                rest = following;
                fields += 1;
            }
            Some(_) if quoted.is_some() => return QuoteOrder::TextAfterMark,
            Some(_) => return QuoteOrder::Misplaced,
        }
    }
}

/// What follows the closing mark, given what follows the opening one.
fn after_quoted(mut rest: &[u8], backslash_escapes: bool) -> Option<&[u8]> {
    loop {
        let at = memchr(QUOTE, rest)?;
        let is_escaped =
            backslash_escapes && rest[..at].iter().rev().take_while(|byte| **byte == ESCAPE).count() % 2 == 1;
        rest = &rest[at + 1..];
        if is_escaped {
            continue;
        }
        match rest.strip_prefix(&[QUOTE]) {
            Some(doubled) => rest = doubled,
            None => return Some(rest),
        }
    }
}

/// Whether what looks like one record over several lines, with a wrong number of fields, is rather a run of whole rows between
/// two stray quotation marks: every line between its first and its last is a row of `expected` fields.
pub(super) fn holds_rows(record: &[u8], marks: Marks, expected: usize) -> bool {
    let whole = QuoteOrder::InOrder { fields: expected };
    let mut between = lines(record).skip(1).peekable();
    let mut found = false;
    while let Some(line) = between.next() {
        if between.peek().is_none() {
            break;
        }
        if quote_order(line, marks) != whole {
            return false;
        }
        found = true;
    }
    found && expected > 1
}

//! Whether the quotation marks of a record stand where RFC 4180 lets them stand.
//!
//! Reading is lenient with a record of one line. A record that runs over several lines is believed only if its quotation marks
//! are in order: otherwise one stray mark would swallow every row up to the next mark.

use memchr::{memchr, memchr2};

use super::line::lines;

pub(super) const QUOTE: u8 = b'"';

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
    /// A mark inside an unquoted field, or text after a closing mark.
    Misplaced,
}

/// Looks at the quotation marks of one record, given without its line ending.
pub(super) fn quote_order(record: &[u8], delimiter: u8) -> QuoteOrder {
    let mut rest = record;
    let mut fields = 1;
    loop {
        let after = if let Some(quoted) = rest.strip_prefix(&[QUOTE]) {
            match after_quoted(quoted) {
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
            Some(_) => return QuoteOrder::Misplaced,
        }
    }
}

/// What follows the closing mark, given what follows the opening one.
fn after_quoted(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        let at = memchr(QUOTE, rest)?;
        rest = &rest[at + 1..];
        match rest.strip_prefix(&[QUOTE]) {
            Some(doubled) => rest = doubled,
            None => return Some(rest),
        }
    }
}

/// Whether what looks like one record over several lines, with a wrong number of fields, is rather a run of whole rows between
/// two stray quotation marks: every line between its first and its last is a row of `expected` fields.
pub(super) fn holds_rows(record: &[u8], delimiter: u8, expected: usize) -> bool {
    let whole = QuoteOrder::InOrder { fields: expected };
    let mut between = lines(record).skip(1).peekable();
    let mut found = false;
    while let Some(line) = between.next() {
        if between.peek().is_none() {
            break;
        }
        if quote_order(line, delimiter) != whole {
            return false;
        }
        found = true;
    }
    found && expected > 1
}

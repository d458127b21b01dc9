//! A row of a segment file becomes one attribute object for Braze's `/users/track`, or a rejection.
//!
//! What Braze would refuse or silently ignore is found here, before anything is sent. A field that Braze would not
//! take is *dropped* and counted, and the rest of the row is sent. A row without a usable identifier is *rejected*.
//!
//! Decisions that a reader of the data should know:
//!
//! - The customer ID is text and is never read as a number: leading zeros and case stay. White space around it and
//!   around the email is cut off, because it is never part of an identity and Braze answers 400 to it in an email.
//! - A cell that is empty, holds nothing but white space or is one of `null_values` is an empty cell. In the place of an
//!   identifier, such a word in any case, an error of a spreadsheet and a GUID of zeros are none either.
//! - Text of an additional field is sent exactly as in the file, spaces included. Too long a text is dropped, not cut: half
//!   a value is a wrong value.
//! - Nothing is guessed. A type is the one that `exports.toml` declares, else the one of `model.json`, else text. Day and
//!   month of dates have one order in a column: the declared one, or the one that its cells show.
//!
//! The parts: [`Matcher`] ties one export to one file's header; [`ColumnTypes`] carries what `model.json` says of the
//! columns; [`DroppedFields`] counts what was left out.

mod columns;
mod configured;
mod date_cursor;
mod date_time;
mod dropped_fields;
mod email;
mod excel_serial;
mod field;
mod field_type;
pub(crate) mod json;
mod look;
mod match_error;
mod matcher;
mod note;
mod null_words;
mod number;
mod setup;
mod time_zone;

#[cfg(test)]
mod mixtures;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod value_table;

use std::fmt;

use crate::message::codes;
use crate::rows::Row;

pub use columns::{ColumnTypes, TypesDigest};
pub use configured::{ColumnFound, ConfiguredColumn, TypeFrom};
pub use dropped_fields::{DropReason, DroppedFields};
pub(crate) use email::is_address;
pub use field_type::ValueKind;
pub use look::{Doubt, DoubtfulIdentifiers, FirstLook, ROWS_LOOKED_AT};
pub use match_error::{ColumnsFound, MatchError, MatchProblem};
pub use matcher::Matcher;

/// The cells of one row, by position.
///
/// `'r` is the lifetime of the text itself, which outlives the value that gives it.
pub trait Fields<'r> {
    /// The cell of column `i`, counted from 0. `None` when the row has no such column or the cell is not UTF-8.
    fn field(&self, i: usize) -> Option<&'r str>;
}

impl<'r> Fields<'r> for [&'r str] {
    fn field(&self, i: usize) -> Option<&'r str> {
        self.get(i).copied()
    }
}

impl<'r> Fields<'r> for Row<'r> {
    fn field(&self, i: usize) -> Option<&'r str> {
        Row::field(self, i)
    }
}

/// What identifies a member to Braze.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Identifier<'r> {
    /// The customer ID, sent as `external_id`.
    ExternalId(&'r str),
    /// The email address, of a row without a customer ID.
    Email(&'r str),
}

impl fmt::Debug for Identifier<'_> {
    /// Shows only the kind: the value is personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ExternalId(_) => "ExternalId(…)",
            Self::Email(_) => "Email(…)",
        })
    }
}

/// A row that became an attribute object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Matched<'r> {
    /// What identifies the member in the object.
    pub identifier: Identifier<'r>,
    /// The row's email address where it has a valid one, also when the customer ID identifies.
    pub email: Option<&'r str>,
    /// Data points that the object costs where the contract counts them (Braze, "Data points"): one for each
    /// attribute set or removed, custom or standard. The customer ID and the subscription states are free. Fields
    /// that Braze's list does not name are counted, so that an estimate is never below the bill.
    pub attributes: u32,
    /// Where the members begin, at the end of the object, that are sent for people who enter only: subscription states
    /// that would make one looser.
    pub for_new_only: Option<usize>,
}

impl fmt::Debug for Matched<'_> {
    /// Leaves the values out: they are personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Matched")
            .field("identifier", &self.identifier)
            .field("email", &self.email.map(|_| "…"))
            .field("attributes", &self.attributes)
            .finish()
    }
}

/// A row that cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection<'r> {
    /// Why.
    pub reason: RejectionReason,
    /// Whom the row is about, where it still holds an identifier that Braze could know: a rejected row is still a
    /// member.
    pub identifier: Option<Identifier<'r>>,
}

/// Why a row can't be sent. The text is the reason in the report and in `rejected.csv`, and contains no cell's value.
///
/// Fix: fix the row in the source data; the next run includes it. Or fix it in `rejected.csv` and upload that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RejectionReason {
    /// The cells of the customer ID and of the email address are empty.
    NoIdentifier,
    /// The customer ID is longer than Braze allows.
    CustomerIdTooLong,
    /// The customer ID contains a control character, such as a line break, a tab or NUL.
    CustomerIdControlCharacter,
    /// The customer ID is a number in exponent form: a spreadsheet has cut its last digits off.
    CustomerIdInExponentForm,
    /// The customer ID is not UTF-8, or the row is too short to contain it.
    CustomerIdUnreadable,
    /// There is no customer ID, and the email is not an address.
    EmailNotAnAddress,
}

codes!(RejectionReason {
    NoIdentifier = "ITB-J01",
    CustomerIdTooLong = "ITB-J02",
    CustomerIdControlCharacter = "ITB-J03",
    CustomerIdUnreadable = "ITB-J04",
    EmailNotAnAddress = "ITB-J05",
    CustomerIdInExponentForm = "ITB-J06",
});

impl RejectionReason {
    /// Whether the row has an identifier that cannot be read: it may be of a member.
    pub fn hides_the_identifier(self) -> bool {
        matches!(self, Self::CustomerIdControlCharacter | Self::CustomerIdUnreadable)
    }
}

impl fmt::Display for RejectionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoIdentifier => "no customer ID and no email",
            Self::CustomerIdTooLong => "customer ID longer than 987 bytes",
            Self::CustomerIdControlCharacter => "control character in the customer ID",
            Self::CustomerIdInExponentForm => {
                "customer ID in exponent form (1.23E+11): a spreadsheet has cut its digits off"
            }
            Self::CustomerIdUnreadable => "customer ID not readable",
            Self::EmailNotAnAddress => "no customer ID, and the email is not an address",
        })
    }
}

/// The longest `external_id` that Braze takes, in bytes (Braze, "Track users": `EXTERNAL_USER_ID_TOO_LARGE`).
pub const EXTERNAL_ID_MAX_BYTES: usize = 987;

/// The longest text that Braze keeps in an attribute, in Unicode characters (Braze, "Custom attribute data types").
pub const TEXT_MAX_CHARACTERS: usize = 255;

/// `text` without white space around it. Nearly every cell begins and ends with a character that is none.
fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

/// Whether `text` is within [`TEXT_MAX_CHARACTERS`].
fn fits_attribute(text: &str) -> bool {
    text.len() <= TEXT_MAX_CHARACTERS || text.chars().count() <= TEXT_MAX_CHARACTERS
}

//! Whether the identifying columns identify people.
//!
//! A column that is picked wrongly, or a file that went through a spreadsheet, merges thousands of people into a few
//! profiles, and nothing takes that back. So the first rows are judged before anything is sent:
//!
//! | doubt | held, on the first delivery of a segment | later |
//! | --- | --- | --- |
//! | customer IDs in exponent form (each such row is rejected anyway) | from 10 % of the rows on | 50 % |
//! | customer IDs with decimals, such as `123.0` | 50 % | 50 % |
//! | one customer ID in rows with different emails | 10 % | 50 % |
//! | the same one in [`MANY`] such rows | any | any |
//! | identifiers in several rows each, without an email that shows whether they are one person, from 50 % on | 90 % | noted |
//! | emails in the column of the customer ID | 50 % | noted |
//! | other texts than addresses in the column of the email | 50 % | noted |
//! | rows of a change feed, such as Synapse Link's | any | any |
//! | null words and GUIDs of zeros, unusual characters, numbers of different lengths | noted | noted |
//!
//! At most [`NEVER_HELD`] rows are never held, but for a change feed.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;

use xxhash_rust::xxh3::xxh3_64;

use super::super::matcher::Identity;
use super::super::{Fields, Identifier, Matcher, RejectionReason, email, trimmed};
use crate::message::{Coded, codes, count, counted};
use crate::values::composed;

/// This many people with one customer ID are certainly not one person.
const MANY: u64 = 50;

/// In a small file, a few rows are a large share.
const NEVER_HELD: u64 = 5;

/// Something doubtful about the identifiers of a file: what some of its rows do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// The rows are changes of a table, of which some delete.
    ///
    /// Fix: export the segment itself, not the changes of its table.
    Increments,
    /// One customer ID is in rows with different emails.
    ///
    /// Fix: check which column `data_matching.customer_id` names.
    SharedCustomerIds,
    /// One and the same customer ID is in very many rows with different emails.
    ///
    /// Fix: add the value to `null_values` if it represents an unknown person.
    OneForMany,
    /// Identifiers are in several rows each, and nothing shows that these are one person.
    ///
    /// Fix: check which column `data_matching` names.
    Repeated,
    /// Customer IDs are numbers with decimals, as data frames write whole numbers.
    ///
    /// Fix: export the column as text.
    Decimals,
    /// Customer IDs are numbers whose last digits a spreadsheet cut off.
    ///
    /// Fix: export the file again, and do not save it from a spreadsheet.
    ExponentForm,
    /// Customer IDs are email addresses.
    ///
    /// Fix: check which column `data_matching.customer_id` names.
    EmailsAsCustomerIds,
    /// The email column holds other texts.
    ///
    /// Fix: check which column `data_matching.email` names.
    OtherTextsAsEmails,
    /// Customer IDs are words for nothing.
    ///
    /// Fix: nothing to do if these people have no customer ID; they are identified by their email.
    NullWords,
    /// Customer IDs have characters that look like others, or like none.
    ///
    /// Fix: compare such a customer ID with the one that Braze has.
    UnusualCharacters,
    /// Customer IDs are numbers of different lengths, as if zeros in front were lost.
    ///
    /// Fix: if customer IDs have a fixed length, export the column as text.
    LostZeros,
}

codes!(Doubt {
    Increments = "ITB-M12",
    SharedCustomerIds = "ITB-M13",
    OneForMany = "ITB-M14",
    Repeated = "ITB-M15",
    Decimals = "ITB-M16",
    ExponentForm = "ITB-M17",
    EmailsAsCustomerIds = "ITB-M18",
    OtherTextsAsEmails = "ITB-M19",
    NullWords = "ITB-M20",
    UnusualCharacters = "ITB-M21",
    LostZeros = "ITB-M22",
});

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Increments => {
                "are read as members, also those that were deleted: the file holds changes of a table (IsDelete), not the \
                 members of a segment"
            }
            Self::SharedCustomerIds => {
                "share a customer ID with rows that have another email: the column of the customer ID may be the wrong one"
            }
            Self::OneForMany => {
                "have the same customer ID and different emails: it identifies no one; if it represents an unknown person, \
                 add it to null_values"
            }
            Self::Repeated => "share their identifier with other rows: its column may be the wrong one",
            Self::Decimals => {
                "have a customer ID with decimals (123.0): a program has read whole numbers as decimal numbers; export them \
                 as text"
            }
            Self::ExponentForm => {
                "have a customer ID in exponent form (1.23E+11): a spreadsheet has cut digits off; export the file again, \
                 and do not save it from a spreadsheet"
            }
            Self::EmailsAsCustomerIds => "have an email address in the column of the customer ID",
            Self::OtherTextsAsEmails => "have another text than an address in the column of the email",
            Self::NullWords => "have a word for nothing, such as NULL, or a GUID of zeros as customer ID, which is none",
            Self::UnusualCharacters => {
                "have a customer ID with unusual characters (full-width, invisible, not composed, or marks of a \
                 spreadsheet); it is sent as it is"
            }
            Self::LostZeros => {
                "have a shorter number as customer ID than most: if customer IDs have a fixed length, a spreadsheet has \
                 removed zeros in front"
            }
        })
    }
}

impl Doubt {
    /// The share of rows, in per cent, from which on a file is held.
    fn held_from(self, first_delivery: bool) -> Option<u64> {
        match (self, first_delivery) {
            (Self::Increments | Self::OneForMany, _) => Some(0),
            (Self::Repeated, true) => Some(90),
            (Self::SharedCustomerIds | Self::ExponentForm, true) => Some(10),
            (Self::Decimals, _)
            | (Self::SharedCustomerIds | Self::ExponentForm, false)
            | (Self::EmailsAsCustomerIds | Self::OtherTextsAsEmails, true) => Some(50),
            _ => None,
        }
    }
}

/// One doubt, and how many of the rows it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Finding {
    doubt: Doubt,
    rows: u64,
    looked_at: u64,
}

/// What is doubtful about the identifiers of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DoubtfulIdentifiers {
    findings: Vec<Finding>,
}

impl DoubtfulIdentifiers {
    /// Each doubt in a sentence, without any value.
    pub fn sentences(&self) -> impl Iterator<Item = String> {
        self.findings.iter().map(Finding::to_string)
    }

    /// The same with the codes.
    pub fn notes(&self) -> impl Iterator<Item = String> {
        self.findings.iter().map(Coded::with_code)
    }

    /// Why the file is held before anything of it is sent, and the number of rows that a person has to name to let it
    /// through. `allowed` is the number that was named.
    pub fn reason_to_hold(&self, first_delivery: bool, allowed: Option<u64>) -> Option<(String, u64)> {
        let held = self.findings.iter().filter(|finding| {
            let few = finding.rows <= NEVER_HELD && finding.doubt != Doubt::Increments;
            let from = finding.doubt.held_from(first_delivery);
            !few && from.is_some_and(|percent| finding.rows * 100 >= finding.looked_at * percent)
        });
        let worst = held.max_by_key(|finding| finding.rows)?;
        let is_allowed = allowed.is_some_and(|allowed| worst.rows <= allowed);
        (!is_allowed).then(|| (worst.to_string(), worst.rows))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of the {} checked {}", count(self.rows), counted(self.looked_at, "row", "rows"), self.doubt)
    }
}

impl Coded for Finding {
    fn code(&self) -> &'static str {
        self.doubt.code()
    }
}

/// What is counted while rows are checked.
#[derive(Debug, Default)]
pub(super) struct IdentifierCounts {
    /// The column that says whether a row was deleted, and whether another sign of a change feed is there.
    deleted: Option<usize>,
    is_increment: bool,
    with_id: u64,
    exponents: u64,
    decimals: u64,
    null_words: u64,
    emails_as_ids: u64,
    not_emails: u64,
    unusual: u64,
    emails_of_id: HashMap<u64, EmailsOfId>,
    rows_of_identifier: HashMap<u64, u64>,
    numbers: NumberLengths,
}

/// The rows of one customer ID.
#[derive(Debug)]
struct EmailsOfId {
    first: u64,
    rows: u64,
    differ: bool,
}

impl IdentifierCounts {
    pub(super) fn new(columns: &[String], is_increment: bool) -> Self {
        let place = |name: &str| columns.iter().position(|column| column.trim().eq_ignore_ascii_case(name));
        let deleted = place("IsDelete");
        let of_synapse_link = place("SinkCreatedOn").or_else(|| place("SinkModifiedOn")).is_some();
        Self { deleted, is_increment: is_increment || (deleted.is_some() && of_synapse_link), ..Self::default() }
    }

    pub(super) fn see<'r, R: Fields<'r> + ?Sized>(
        &mut self,
        matcher: &Matcher,
        row: &R,
        result: &Result<Identity<'r>, RejectionReason>,
    ) {
        let deleted = self.deleted.and_then(|column| row.field(column)).map(trimmed);
        self.is_increment |= deleted.is_some_and(|text| text.eq_ignore_ascii_case("true") || text == "1");
        let address = matcher.email_cell(row);
        let is_address = address.is_some_and(email::is_address);
        self.not_emails += u64::from(address.is_some() && !is_address);
        match result {
            Ok(Identity { identifier: Identifier::ExternalId(id), .. }) => {
                self.with_id += 1;
                self.see_id(id, address.filter(|_| is_address), matcher.has_email());
            }
            Ok(Identity { identifier: Identifier::Email(address), .. }) => {
                self.null_words += u64::from(matcher.holds_null_word(row));
                self.see_again(address);
            }
            Err(RejectionReason::CustomerIdInExponentForm) => self.exponents += 1,
            Err(_) => self.null_words += u64::from(matcher.holds_null_word(row)),
        }
    }

    fn see_id(&mut self, id: &str, address: Option<&str>, has_email: bool) {
        self.emails_as_ids += u64::from(has_email && email::is_address(id) && address.is_none_or(|a| a != id));
        self.unusual += u64::from(is_unusual(id));
        self.decimals += u64::from(is_decimal(id));
        self.numbers.see(id);
        let Some(address) = address else { return self.see_again(id) };
        let address = xxh3_64(address.to_ascii_lowercase().as_bytes());
        match self.emails_of_id.entry(xxh3_64(id.as_bytes())) {
            Entry::Vacant(free) => {
                free.insert(EmailsOfId { first: address, rows: 1, differ: false });
            }
            Entry::Occupied(mut known) => {
                let known = known.get_mut();
                known.rows += 1;
                known.differ |= known.first != address;
            }
        }
    }

    /// Counts an identifier that no email shows to be one person's.
    fn see_again(&mut self, identifier: &str) {
        *self.rows_of_identifier.entry(xxh3_64(identifier.as_bytes())).or_default() += 1;
    }

    pub(super) fn doubts(&self, looked_at: u64) -> DoubtfulIdentifiers {
        let shared = || self.emails_of_id.values().filter(|id| id.differ).map(|id| id.rows);
        let one_for_many = shared().max().filter(|rows| *rows >= MANY).unwrap_or(0);
        let repeated: u64 = self.rows_of_identifier.values().filter(|rows| **rows > 1).sum();
        // One person on a few rows is nothing unusual.
        let repeated = if repeated * 2 >= looked_at { repeated } else { 0 };
        let counted = [
            (Doubt::Increments, if self.is_increment { looked_at } else { 0 }),
            (Doubt::SharedCustomerIds, shared().sum()),
            (Doubt::OneForMany, one_for_many),
            (Doubt::Repeated, repeated),
            (Doubt::Decimals, self.decimals),
            (Doubt::ExponentForm, self.exponents),
            (Doubt::EmailsAsCustomerIds, self.emails_as_ids),
            (Doubt::OtherTextsAsEmails, self.not_emails),
            (Doubt::NullWords, self.null_words),
            (Doubt::UnusualCharacters, self.unusual),
            (Doubt::LostZeros, self.numbers.lost_zeros(self.with_id)),
        ];
        let found = counted.into_iter().filter(|&(_, rows)| rows > 0);
        DoubtfulIdentifiers { findings: found.map(|(doubt, rows)| Finding { doubt, rows, looked_at }).collect() }
    }
}

/// How many customer IDs are numbers of each length.
#[derive(Default)]
struct NumberLengths {
    by_length: [u64; 32],
    others: u64,
    with_zero: u64,
}

impl NumberLengths {
    fn see(&mut self, id: &str) {
        match self.by_length.get_mut(id.len()).filter(|_| id.bytes().all(|byte| byte.is_ascii_digit())) {
            Some(count) => *count += 1,
            None => self.others += 1,
        }
        self.with_zero += u64::from(id.starts_with('0'));
    }

    /// How many are shorter than nearly all others, which are of one length.
    fn lost_zeros(&self, ids: u64) -> u64 {
        /// Of fewer rows nothing can be said.
        const LEAST: u64 = 20;
        let (length, &most) = self.by_length.iter().enumerate().max_by_key(|(_, count)| **count).unwrap_or((0, &0));
        let shorter: u64 = self.by_length[..length].iter().sum();
        let alike = most * 10 >= ids * 8 || (self.with_zero > 0 && most * 2 >= ids);
        let fits = self.others == 0 && ids >= LEAST && most + shorter == ids && alike;
        if fits { shorter } else { 0 }
    }
}

impl fmt::Debug for NumberLengths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NumberLengths").finish_non_exhaustive()
    }
}

/// `123.0`, as data frames write whole numbers of a column with gaps.
fn is_decimal(id: &str) -> bool {
    id.strip_suffix(".0").is_some_and(|whole| !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether an identifier has characters that are invisible, have another width, or are not composed, or marks that
/// spreadsheets write around a text.
fn is_unusual(id: &str) -> bool {
    if id.is_ascii() {
        return id.starts_with(['=', '\'', '"']);
    }
    matches!(composed(id), std::borrow::Cow::Owned(_))
        || id.chars().any(|c| {
            matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ff01}'..='\u{ff5e}' | '\u{ff61}'..='\u{ff9f}')
        })
}

#[cfg(test)]
mod tests;

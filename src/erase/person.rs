//! The person whom a request is about, and how their lines and cells are recognised.

use std::fmt;

use thiserror::Error;

use crate::message::codes;
use crate::profile::{Identifier, is_address};
use crate::state::{EmailHash, MemberKey, PartRow, ValuesRow};

/// One person, by customer ID, by email address, or by both. `Debug` shows neither.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    customer_id: Option<Box<str>>,
    email: Option<Email>,
}

#[derive(Clone, PartialEq, Eq)]
struct Email {
    key: MemberKey,
    hash: EmailHash,
    /// In lower case.
    lower: Box<str>,
}

/// Why a request to erase does not identify a person. The text shows nothing of what was given.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum PersonError {
    /// Neither `customer_id` nor `email` is given.
    ///
    /// Fix: give at least one of them.
    #[error("neither a customer ID nor an email address")]
    Missing,
    /// `email` is not an email address.
    ///
    /// Fix: check the address.
    #[error("a text that is not an email address (not shown)")]
    NotAnAddress,
}

codes!(PersonError { Missing = "ITB-E21", NotAnAddress = "ITB-E22" });

impl Person {
    /// The person with these identifiers, trimmed as in files.
    pub fn new(customer_id: Option<&str>, email: Option<&str>) -> Result<Self, PersonError> {
        let customer_id = customer_id.map(str::trim).filter(|id| !id.is_empty());
        let email = email.map(str::trim).filter(|email| !email.is_empty());
        if customer_id.is_none() && email.is_none() {
            return Err(PersonError::Missing);
        }
        if email.is_some_and(|email| !is_address(email)) {
            return Err(PersonError::NotAnAddress);
        }
        Ok(Self {
            customer_id: customer_id.map(Box::from),
            email: email.map(|email| Email {
                key: MemberKey::of(Identifier::Email(email)),
                hash: EmailHash::of(email),
                lower: email.to_ascii_lowercase().into(),
            }),
        })
    }

    /// Under which key the state lists them: by customer ID if one is given.
    pub fn member_key(&self) -> Option<MemberKey> {
        let id = self.customer_id.as_deref().map(|id| MemberKey::of(Identifier::ExternalId(id)));
        id.or_else(|| self.email.as_ref().map(|email| email.key))
    }

    /// Which identifiers are given, by the names of the request's fields.
    pub fn given(&self) -> Vec<&'static str> {
        let id = self.customer_id.as_ref().map(|_| "customer_id");
        id.into_iter().chain(self.email.as_ref().map(|_| "email")).collect()
    }

    /// Whether a line of the state is about them: under their customer ID, under their address, or under another customer
    /// ID with their address.
    pub(super) fn is(&self, row: &PartRow<'_>) -> bool {
        match row.identifier {
            Identifier::ExternalId(id) => {
                self.customer_id.as_deref() == Some(id)
                    || self.email.as_ref().is_some_and(|email| row.email == Some(email.hash))
            }
            Identifier::Email(_) => self.email.as_ref().is_some_and(|email| row.key() == email.key),
        }
    }

    /// The same for a line of a list of sent values.
    pub(super) fn is_of(&self, row: &ValuesRow<'_>) -> bool {
        let id = self.customer_id.as_deref().map(|id| MemberKey::of(Identifier::ExternalId(id)));
        id == Some(row.member) || self.email.as_ref().is_some_and(|email| row.email == Some(email.hash))
    }

    /// Whether a cell is their customer ID and nothing else.
    pub(super) fn is_their_id(&self, cell: &str) -> bool {
        let cell = cell.trim();
        self.customer_id.as_deref().is_some_and(|id| cell == id || cell.strip_prefix('\'') == Some(id))
    }

    /// Whether a cell holds their email address, alone or among other text.
    pub(super) fn is_address_in(&self, cell: &str) -> bool {
        let Some(Email { lower: email, .. }) = &self.email else {
            return false;
        };
        if cell.len() < email.len() || !cell.contains('@') {
            return false;
        }
        let cell = cell.to_ascii_lowercase();
        let is_part = |character: char| character.is_alphanumeric() || "._%+-@".contains(character);
        let mut from = 0;
        while let Some(found) = cell.get(from..).and_then(|rest| rest.find(&**email)) {
            let (start, end) = (from + found, from + found + email.len());
            let mut before = cell.get(..start).unwrap_or_default().chars();
            let begins_before = match before.next_back() {
                // An apostrophe may be part of a name; elsewhere it guards a cell or quotes an address.
                Some('\'') => before.next_back().is_some_and(char::is_alphanumeric),
                Some(character) => is_part(character),
                None => false,
            };
            // A full stop after an address ends a sentence; one before a letter belongs to the domain.
            let mut after = cell.get(end..).unwrap_or_default().chars();
            let continues = match after.next() {
                Some('.' | '-') => after.next().is_some_and(char::is_alphanumeric),
                Some(character) => is_part(character),
                None => false,
            };
            if !continues && !begins_before {
                return true;
            }
            from = start + email.chars().next().map_or(1, char::len_utf8);
        }
        false
    }
}

/// Shows nothing of the person.
impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person").field("given", &self.given()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::state::Fingerprint;

    fn line<'a>(identifier: Identifier<'a>, email: Option<&str>) -> PartRow<'a> {
        let email = email.map(EmailHash::of);
        PartRow::member(identifier, email, Fingerprint::UNKNOWN)
    }

    #[test]
    fn no_one_and_no_address_are_refused_without_being_shown() {
        assert_eq!(Person::new(None, None), Err(PersonError::Missing));
        assert_eq!(Person::new(Some("  "), Some("")), Err(PersonError::Missing));
        let error = Person::new(Some("L-1"), Some("canary at example")).unwrap_err();
        assert!(!error.to_string().contains("canary"));
        let person = Person::new(Some("canary-1"), Some("canary@example.com")).unwrap();
        assert!(!format!("{person:?} {person:#?}").contains("canary"), "{person:?}");
        assert_eq!(person.given(), ["customer_id", "email"]);
    }

    #[test]
    fn a_line_of_the_state_is_theirs_under_either_identifier() {
        let by_id = Person::new(Some(" L-1 "), None).unwrap();
        let by_email = Person::new(None, Some("Kaito@example.jp")).unwrap();
        let with_address = line(Identifier::ExternalId("L-1"), Some("kaito@example.jp"));
        let under_address = line(Identifier::Email("KAITO@example.jp"), None);
        assert!(by_id.is(&with_address) && by_email.is(&with_address));
        assert!(!by_id.is(&under_address) && by_email.is(&under_address));
        assert!(!by_id.is(&line(Identifier::ExternalId("l-1"), None)), "customer IDs keep their case");
        assert!(!by_id.is(&line(Identifier::ExternalId("L-11"), None)));
    }

    #[test]
    fn an_address_is_found_among_text_and_never_inside_another_one() {
        let person = Person::new(None, Some("mia@example.com")).unwrap();
        for cell in
            ["mia@example.com", " MIA@Example.com ", "Mia <mia@example.com>", "'mia@example.com", "to mia@example.com."]
        {
            assert!(person.is_address_in(cell), "{cell}");
        }
        for cell in [
            "xmia@example.com",
            "o'mia@example.com",
            "mia@example.com.au",
            "a.mia@example.com",
            "mia@example.community",
            "mia",
        ] {
            assert!(!person.is_address_in(cell), "{cell}");
        }
        let person = Person::new(Some("42"), None).unwrap();
        assert!(person.is_their_id(" 42") && person.is_their_id("'42") && !person.is_their_id("420"));
    }
}

//! The members of a run, against whom the state is compared to find who left.

use super::member_key::{EmailHash, MemberKey};
use super::part::{PartRow, Standing};
use crate::profile::Identifier;

/// The member was in the last complete run as well.
const STAYED: u128 = 0b1;

/// Who is in a run: 16 bytes a member, and 8 for the email address of one with a customer ID.
#[derive(Debug, Default)]
pub struct RunMembers {
    keys: Vec<u128>,
    emails: Vec<u64>,
}

/// What becomes of someone in the state who is in no file of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaver {
    /// Left: the attribute is unset.
    Gone,
    /// In the run under another identifier, so the profile may be the same: nothing is unset before that one leaves.
    Renamed,
}

impl RunMembers {
    /// Nobody, with room for `members`.
    pub fn with_capacity(members: usize) -> Self {
        Self { keys: Vec::with_capacity(members), emails: Vec::new() }
    }

    /// Adds a line of one of the run's parts.
    pub fn push(&mut self, row: &PartRow<'_>) {
        if row.standing == Standing::Member {
            self.push_member(row.key(), row.email);
        }
    }

    /// Adds a member.
    pub fn push_member(&mut self, key: MemberKey, email: Option<EmailHash>) {
        self.keys.push(key.bits());
        if let Some(email) = email {
            self.emails.push(email.0);
        }
    }

    /// Makes it ready for questions, after the last member.
    pub fn seal(&mut self) {
        self.keys.sort_unstable();
        self.keys.dedup();
        self.emails.sort_unstable();
        self.emails.dedup();
    }

    /// How many different members there are.
    pub fn len(&self) -> u64 {
        self.keys.len() as u64
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Marks a member of the last complete run that is in this one too.
    pub fn mark_stayed(&mut self, key: MemberKey) {
        if let Some(key) = self.place(key).and_then(|place| self.keys.get_mut(place)) {
            *key |= STAYED;
        }
    }

    /// How many have been marked.
    pub fn stayed(&self) -> u64 {
        self.keys.iter().filter(|key| **key & STAYED != 0).count() as u64
    }

    /// Whether someone from the state left, or `None` if they are in the run.
    pub fn leaver(&self, row: &PartRow<'_>) -> Option<Leaver> {
        let key = row.key();
        if self.place(key).is_some() {
            return None;
        }
        let under_another = match row.identifier {
            // Someone whom the address identified now has a customer ID.
            Identifier::Email(_) => self.emails.binary_search(&EmailHash::of_key(key).0).is_ok(),
            // Someone with a customer ID is now identified by the address alone.
            Identifier::ExternalId(_) => row.email.is_some_and(|email| self.has_email_member(email)),
        };
        Some(if under_another { Leaver::Renamed } else { Leaver::Gone })
    }

    fn has_email_member(&self, email: EmailHash) -> bool {
        let lowest = u128::from(email.0) << 64;
        let place = self.keys.partition_point(|key| *key < lowest);
        self.keys.get(place).is_some_and(|key| key >> 64 == u128::from(email.0))
    }

    fn place(&self, key: MemberKey) -> Option<usize> {
        self.keys.binary_search_by(|other| (other & !0b11).cmp(&key.bits())).ok()
    }
}

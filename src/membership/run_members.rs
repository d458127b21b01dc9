//! The members of a run, against whom the state is compared to find who left.

use super::spread::{Spread, upper_half};
use crate::profile::Identifier;
use crate::state::{EmailHash, MemberKey, PartRow, Standing};

/// The member was in the last complete run as well.
const STAYED: u128 = 0b01;
/// The run does not say for certain which address the member's profile has in Braze: the row had none, or was refused.
const ADDRESS_OPEN: u128 = 0b10;
const MARKS: u128 = 0b11;

/// Who is in a run: 16 bytes a member, and 8 for the email address of one with a customer ID.
///
/// # Who may be set to `false` by an address
///
/// Braze looks up the profile of an address, and prefers one with a customer ID. So no one is set to `false` by an address
/// that the profile of a member may have. That is the address in the member's row; and if the row has none, or Braze
/// refused it, every address that an earlier row had. Conversely, a customer ID is not set to `false` while its address
/// alone is in the run.
///
/// [`RunMembers::mark_seen`] must be called with every line of the state before [`RunMembers::leaver`].
#[derive(Debug, Default)]
pub struct RunMembers {
    keys: Vec<u128>,
    spread: Spread,
    /// Addresses that profiles of the run's members with customer IDs may have.
    emails: Vec<u64>,
    /// The same, learnt from the state.
    former_emails: Vec<u64>,
    /// Customer IDs of the state whose address alone is in the run.
    renamed: Vec<u128>,
    /// Whether an address may identify someone, now or later.
    by_email: bool,
    /// Whether the address of any member is open.
    any_open: bool,
    /// Whether lines about addresses are kept by other means.
    addresses_are_kept: bool,
}

/// What becomes of someone in the state who is in no file of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaver {
    /// Left: the attribute is set to `false` or removed.
    Gone,
    /// In the run under another identifier, so the profile may be the same: nothing is set before that one leaves.
    Renamed,
    /// The same, but according to another line of the state.
    RenamedElsewhere,
}

impl RunMembers {
    /// No members, with room for `members`.
    pub fn with_capacity(members: usize) -> Self {
        Self { keys: Vec::with_capacity(members), ..Self::default() }
    }

    /// Adds a line of one of the run's parts.
    pub fn push(&mut self, row: &PartRow<'_>) {
        if row.standing != Standing::Member {
            return;
        }
        let mut key = row.key().bits();
        match row.identifier {
            Identifier::Email(_) => self.by_email = true,
            Identifier::ExternalId(_) => {
                if row.email.is_none() || !row.fingerprint.is_known() {
                    key |= ADDRESS_OPEN;
                }
                if let Some(email) = row.email {
                    if self.emails.is_empty() {
                        self.emails.reserve_exact(self.keys.capacity());
                    }
                    self.emails.push(email.0);
                }
            }
        }
        self.keys.push(key);
    }

    /// Addresses may identify members of later runs, so what is known of addresses has to be kept.
    pub fn expect_addresses(&mut self) {
        self.by_email = true;
    }

    /// Lines about addresses of members are kept by other means.
    pub fn keep_no_addresses(&mut self) {
        self.addresses_are_kept = true;
    }

    /// Makes it ready for questions, after the last member.
    pub fn seal(&mut self) {
        self.keys.sort_unstable();
        self.keys.dedup_by(|later, earlier| {
            let same = (*later | MARKS) == (*earlier | MARKS);
            if same {
                *earlier |= *later & MARKS;
            }
            same
        });
        self.spread = Spread::of(self.keys.iter().map(|key| upper_half(*key)));
        self.any_open = self.keys.iter().any(|key| key & ADDRESS_OPEN != 0);
        self.emails.sort_unstable();
        self.emails.dedup();
    }

    /// Takes in a line of the state, and marks its member as stayed if the line is about a member of the last complete run.
    /// Returns what [`RunMembers::leaver`] will return unless later lines change it.
    pub fn mark_seen(&mut self, row: &PartRow<'_>, in_last_run: bool) -> Option<Leaver> {
        let key = row.key();
        let email = match row.identifier {
            Identifier::ExternalId(_) => row.email,
            Identifier::Email(_) => {
                self.by_email = true;
                None
            }
        };
        if let Some(member) = self.place(key).and_then(|place| self.keys.get_mut(place)) {
            if in_last_run {
                *member |= STAYED;
            }
            if let (Some(email), true) = (email, *member & ADDRESS_OPEN != 0) {
                self.former_emails.push(email.0);
            }
            return None;
        }
        let leaver = self.absent(key, row);
        if email.is_some() && leaver == Leaver::Renamed {
            self.renamed.push(key.bits());
        }
        Some(leaver)
    }

    /// Ends the lines of the state. Returns whether [`RunMembers::leaver`] may return something else than
    /// [`RunMembers::mark_seen`] did.
    pub fn end_meeting(&mut self) -> bool {
        let learnt = !self.renamed.is_empty() || !self.former_emails.is_empty();
        self.renamed.sort_unstable();
        self.renamed.dedup();
        if !self.former_emails.is_empty() {
            self.emails.append(&mut self.former_emails);
            self.former_emails = Vec::new();
            self.emails.sort_unstable();
            self.emails.dedup();
        }
        learnt
    }

    /// How many different members there are.
    pub fn len(&self) -> u64 {
        self.keys.len() as u64
    }

    /// Whether the run has no members.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// How many have been marked.
    pub fn stayed(&self) -> u64 {
        self.keys.iter().filter(|key| **key & STAYED != 0).count() as u64
    }

    /// Whether a line is about a member who has not been marked as stayed.
    pub fn has_not_stayed(&self, key: MemberKey) -> bool {
        let member = self.place(key).and_then(|place| self.keys.get(place));
        member.is_some_and(|member| member & STAYED == 0)
    }

    /// Whether someone is a member.
    pub fn contains(&self, key: MemberKey) -> bool {
        self.place(key).is_some()
    }

    /// Whether someone from the state left, or `None` if they are in the run.
    pub fn leaver(&self, row: &PartRow<'_>) -> Option<Leaver> {
        let key = row.key();
        if self.place(key).is_some() { None } else { Some(self.absent(key, row)) }
    }

    /// What becomes of someone who is in no file of the run.
    fn absent(&self, key: MemberKey, row: &PartRow<'_>) -> Leaver {
        match row.identifier {
            _ if crate::planted::planted("other-identifiers-ignored") => Leaver::Gone,
            // Someone whom the address identified now has a customer ID.
            Identifier::Email(_) if self.emails.binary_search(&EmailHash::of_key(key).0).is_ok() => Leaver::Renamed,
            // Someone with a customer ID is now identified by the address alone.
            Identifier::ExternalId(_) if row.email.is_some_and(|email| self.has_email_member(email)) => Leaver::Renamed,
            Identifier::ExternalId(_) if self.renamed.binary_search(&key.bits()).is_ok() => Leaver::RenamedElsewhere,
            Identifier::Email(_) | Identifier::ExternalId(_) => Leaver::Gone,
        }
    }

    /// Whether a line of the state has to be kept for the address in it, although its member is in the run: the profile may
    /// still have that address, and the next run could not know it otherwise.
    pub fn keeps_address(&self, row: &PartRow<'_>) -> bool {
        self.by_email
            && !self.addresses_are_kept
            && self.any_open
            && row.email.is_some()
            && matches!(row.identifier, Identifier::ExternalId(_))
            && self.place(row.key()).and_then(|place| self.keys.get(place)).is_some_and(|key| key & ADDRESS_OPEN != 0)
    }

    fn has_email_member(&self, email: EmailHash) -> bool {
        self.keys.get(self.spread.rows(email.0)).is_some_and(|keys| keys.iter().any(|key| upper_half(*key) == email.0))
    }

    fn place(&self, key: MemberKey) -> Option<usize> {
        let among = self.spread.rows(upper_half(key.bits()));
        let keys = self.keys.get(among.clone())?;
        keys.iter().position(|other| other & !MARKS == key.bits()).map(|place| among.start + place)
    }
}

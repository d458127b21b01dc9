//! What is known of every member before a delivery: the last complete run, and what was sent since.

use std::sync::Arc;

use super::last_run::LastRun;
use super::sent_since::SentSince;
use crate::state::{BaseId, EmailHash, Fingerprint, MemberKey};

/// The members of the last complete run and of everything that was sent since, with what Braze accepted of them.
#[derive(Debug, Default)]
pub struct Known {
    last: Arc<LastRun>,
    /// Where the next row's member is in the last run if the file continues as the last run did: where it stopped, or after the
    /// row that came in between.
    expected: [usize; 2],
    /// Of the last run's members: who has had a row in this delivery.
    met: Marks,
    /// Of the last run's members: of whom it is no longer known what Braze accepted.
    forgotten: Marks,
    /// What came after the last run; it wins over that.
    since: Arc<SentSince>,
    /// The same of those in it: who has had a row in this delivery.
    met_since: Marks,
    /// Of whom it is no longer known what Braze accepted.
    forgotten_since: Marks,
    /// Which numbers name the lines of unchanged members; `None` if they get lines of their own.
    base: Option<BaseId>,
    all_forgotten: bool,
}

/// What the table knows of a row's member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sighting {
    /// The state does not know the member.
    New,
    /// The delivery has had a row of the member before: this row repeats it.
    Again,
    /// Known, with its first row of the delivery.
    Known {
        /// What Braze accepted last; [`Fingerprint::UNKNOWN`] if that is not certain.
        fingerprint: Fingerprint,
        /// Whether the member was in the last complete run.
        in_last_run: bool,
        /// Whether a later file of the run has the member; that file wins.
        in_later_file: bool,
        /// The line of the last complete run that says all this, if it can be named.
        line: Option<u32>,
    },
}

impl Known {
    /// The members of the last complete run, and what was sent since. With `base`, unchanged members are named by their lines in
    /// the last complete run.
    pub fn new(last: Arc<LastRun>, base: Option<BaseId>, since: Arc<SentSince>) -> Self {
        Self { last, since, base, ..Self::default() }
    }

    /// Which numbers [`Sighting::Known`] gives.
    pub fn base(&self) -> Option<BaseId> {
        self.base
    }

    /// Whether no member is known.
    pub fn is_empty(&self) -> bool {
        self.last.is_empty() && self.since.len() == 0
    }

    /// Whether the member is known, without marking it as seen.
    pub fn contains(&self, key: MemberKey) -> bool {
        self.since.find(key).is_some() || self.last.find(key).is_some()
    }

    /// Whether a member is known whom the address alone identifies.
    pub fn contains_address(&self, email: EmailHash) -> bool {
        self.last.of_address(email).next().is_some() || self.since.of_address(email).next().is_some()
    }

    /// Forgets what Braze accepted of every member.
    pub fn forget_all(&mut self) {
        self.all_forgotten = true;
    }

    /// Marks a member as seen; the second time, the answer is [`Sighting::Again`].
    pub fn mark_seen(&mut self, key: MemberKey) -> Sighting {
        let since = self.since.find(key);
        let last = self.find_in_order(key);
        let (fingerprint, in_later_file, line) = match (since, last) {
            (None, None) => return Sighting::New,
            (Some(place), _) => {
                if self.met_since.set(place, self.since.len()) {
                    return Sighting::Again;
                }
                let (fingerprint, in_later_file) = self.since.at(place);
                let forgotten = self.forgotten_since.contains(place);
                (if forgotten { Fingerprint::UNKNOWN } else { fingerprint }, in_later_file, None)
            }
            (None, Some(place)) => {
                if self.met.set(place, self.last.len()) {
                    return Sighting::Again;
                }
                let found = self.last.at(place);
                let forgotten = self.forgotten.contains(place);
                let fingerprint = if forgotten { Fingerprint::UNKNOWN } else { found.fingerprint };
                (fingerprint, false, found.line.filter(|_| self.base.is_some()))
            }
        };
        let last = last.map(|place| self.last.at(place));
        let named_later = || last.and_then(|last| last.line).is_some_and(|line| self.since.is_named_later(line));
        Sighting::Known {
            fingerprint: if self.all_forgotten { Fingerprint::UNKNOWN } else { fingerprint },
            in_last_run: last.is_some_and(|last| last.was_member),
            in_later_file: in_later_file || named_later(),
            line,
        }
    }

    /// The member's row of the last run; at once if it is where it is expected.
    fn find_in_order(&mut self, key: MemberKey) -> Option<usize> {
        let expected = self.expected.into_iter().find(|place| self.last.is_at(key, *place));
        if let Some(place) = expected {
            self.expected = [place + 1, place + 1];
            return expected;
        }
        let found = self.last.find(key)?;
        self.expected[1] = found + 1;
        Some(found)
    }

    /// Forgets what Braze accepted of the member: the profile may have been changed since, under another identifier.
    pub fn forget(&mut self, key: MemberKey) {
        if let Some(place) = self.since.find(key) {
            self.forgotten_since.set(place, self.since.len());
        } else if let Some(place) = self.last.find(key) {
            self.forgotten.set(place, self.last.len());
        }
    }

    /// The same for the member whom the address identifies.
    pub fn forget_address(&mut self, email: EmailHash) {
        for place in self.last.of_address(email) {
            self.forgotten.set(place, self.last.len());
        }
        for place in self.since.of_address(email) {
            self.forgotten_since.set(place, self.since.len());
        }
    }
}

/// One bit for each row of a table; no memory before the first.
#[derive(Debug, Default)]
struct Marks(Vec<u64>);

impl Marks {
    /// Marks a row of a table of `rows`. Returns whether it was marked.
    fn set(&mut self, row: usize, rows: usize) -> bool {
        if self.0.is_empty() {
            self.0 = vec![0; rows / 64 + 1];
        }
        let bit = 1 << (row % 64);
        let Some(word) = self.0.get_mut(row / 64) else { return false };
        let was = *word & bit != 0;
        *word |= bit;
        was
    }

    fn contains(&self, row: usize) -> bool {
        self.0.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 != 0)
    }
}

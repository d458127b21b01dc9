//! What is known of every member before a delivery: the last complete run, and what was sent since.

use std::sync::Arc;

use super::last_run::LastRun;
use super::part_number::PartNumber;
use crate::state::{BaseId, EmailHash, Fingerprint, LineSet, MemberKey};

/// Which line wins where several name one member: the one from the later part.
const ORDER_SHIFT: u32 = Fingerprint::BITS;
/// The line is of a file that comes after the current one.
const LATER_FILE: u64 = 1 << 63;

/// Three words: the two halves of the key, and order with fingerprint.
type Row = [u64; 3];

/// The members of the last complete run and of everything that was sent since, with what Braze accepted of them.
#[derive(Debug, Default)]
pub struct Known {
    last: Arc<LastRun>,
    /// Of the last run's members: who has had a row in this delivery.
    met: Marks,
    /// Of the last run's members: of whom it is no longer known what Braze accepted.
    forgotten: Marks,
    /// Lines of the last run that files name which come after the current one.
    in_later_files: LineSet,
    /// Lines that came after the last run, sorted by key; they win over its own.
    since: Vec<Row>,
    /// Who of them has had a row in this delivery.
    met_since: Marks,
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

/// Collects a [`Known`] from parts of the state that came after the last complete run, in their order.
#[derive(Debug, Default)]
pub struct KnownBuilder {
    known: Known,
    part: PartNumber,
}

impl KnownBuilder {
    /// A builder above the members of the last complete run. With `base`, unchanged members are named by their lines in it.
    pub fn above(last: Arc<LastRun>, base: Option<BaseId>) -> Self {
        Self { known: Known { last, base, ..Known::default() }, part: PartNumber::default() }
    }

    /// From here on, lines come from a later part.
    pub fn next_part(&mut self) {
        self.part.next();
    }

    /// Adds a line of the current part, which may be of a file of the current run that comes after the current one.
    pub fn push(&mut self, key: MemberKey, fingerprint: Fingerprint, in_later_file: bool) {
        let later = if in_later_file { LATER_FILE } else { 0 };
        let [high, low] = halves(key);
        self.known.since.push([high, low, self.part.bits() << ORDER_SHIFT | later | fingerprint.bits()]);
    }

    /// Adds lines of the last run that a file of the current run names which comes after the current one.
    pub fn in_later_file(&mut self, lines: &LineSet) {
        self.known.in_later_files.add(lines);
    }

    /// What is known: each member once, as the last line about it says.
    pub fn finish(self) -> Known {
        let mut known = self.known;
        known.since.sort_unstable();
        known.since.dedup_by(|later, earlier| {
            let same = later[..2] == earlier[..2];
            if same {
                earlier[2] = later[2];
            }
            same
        });
        known
    }
}

impl Known {
    /// Which numbers [`Sighting::Known`] gives.
    pub fn base(&self) -> Option<BaseId> {
        self.base
    }

    /// Whether no member is known.
    pub fn is_empty(&self) -> bool {
        self.last.is_empty() && self.since.is_empty()
    }

    /// Whether the member is known, without marking it as seen.
    pub fn contains(&self, key: MemberKey) -> bool {
        self.find_since(key).is_some() || self.last.find(key).is_some()
    }

    /// Whether a member is known whom the address alone identifies.
    pub fn contains_address(&self, email: EmailHash) -> bool {
        !self.last.of_address(email).is_empty() || !self.since_of_address(email).is_empty()
    }

    /// Forgets what Braze accepted of every member.
    pub fn forget_all(&mut self) {
        self.all_forgotten = true;
    }

    /// Marks a member as seen; the second time, the answer is [`Sighting::Again`].
    pub fn mark_seen(&mut self, key: MemberKey) -> Sighting {
        let since = if self.since.is_empty() { None } else { self.find_since(key) };
        let last = self.last.find(key);
        let (fingerprint, in_later_file, line) = match (since, last) {
            (None, None) => return Sighting::New,
            (Some(place), _) => {
                if self.met_since.set(place, self.since.len()) {
                    return Sighting::Again;
                }
                let word = self.since.get(place).map_or(0, |row| row[2]);
                (Fingerprint::from_bits(word), word & LATER_FILE != 0, None)
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
        let named_later = || last.and_then(|last| last.line).is_some_and(|line| self.in_later_files.contains(line));
        Sighting::Known {
            fingerprint: if self.all_forgotten { Fingerprint::UNKNOWN } else { fingerprint },
            in_last_run: last.is_some_and(|last| last.was_member),
            in_later_file: in_later_file || !self.in_later_files.is_empty() && named_later(),
            line,
        }
    }

    /// Forgets what Braze accepted of the member: the profile may have been changed since, under another identifier.
    pub fn forget(&mut self, key: MemberKey) {
        if let Some(place) = self.find_since(key) {
            self.forget_since(place);
        } else if let Some(place) = self.last.find(key) {
            self.forgotten.set(place, self.last.len());
        }
    }

    /// The same for the member whom the address identifies.
    pub fn forget_address(&mut self, email: EmailHash) {
        for place in self.last.of_address(email) {
            self.forgotten.set(place, self.last.len());
        }
        for place in self.since_of_address(email) {
            self.forget_since(place);
        }
    }

    fn forget_since(&mut self, place: usize) {
        if let Some(row) = self.since.get_mut(place) {
            row[2] &= LATER_FILE;
        }
    }

    fn find_since(&self, key: MemberKey) -> Option<usize> {
        self.since.binary_search_by_key(&halves(key), |[high, low, _]| [*high, *low]).ok()
    }

    fn since_of_address(&self, email: EmailHash) -> std::ops::Range<usize> {
        let first = self.since.partition_point(|row| row[0] < email.0);
        let same = self.since.iter().skip(first).take_while(|row| row[0] == email.0).count();
        first..first + same
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the two halves of 128 bits")]
fn halves(key: MemberKey) -> [u64; 2] {
    [(key.bits() >> 64) as u64, key.bits() as u64]
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

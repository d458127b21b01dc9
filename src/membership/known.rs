//! What is known of every member before a delivery: a sorted table of 24 bytes a member.

use crate::state::{EmailHash, Fingerprint, MemberKey};

/// The member was in the last complete run.
const IN_LAST_RUN: u64 = 0b01;
/// The current delivery has had a row of the member.
const MET: u64 = 0b10;
const MARKS: u64 = 0b11;

/// Which line of the state wins where several name one member: the one from the later part.
const ORDER_SHIFT: u32 = Fingerprint::BITS;
const LAST_ORDER: u64 = (1 << 15) - 1;
/// The line is of a file that comes after the current one.
const LATER_FILE: u64 = 1 << 63;

/// Three words: the upper half of the key, the lower half with two marks, and order with fingerprint.
type Row = [u64; 3];

/// The members of the last complete run and of everything that was sent since, with what Braze accepted of them.
#[derive(Debug, Default)]
pub struct Known {
    rows: Vec<Row>,
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
    },
}

/// Collects a [`Known`] from the parts of the state, in their order.
#[derive(Debug)]
pub struct KnownBuilder {
    rows: Vec<Row>,
    part: u64,
}

impl KnownBuilder {
    /// A builder with room for `members`.
    pub fn with_capacity(members: usize) -> Self {
        Self { rows: Vec::with_capacity(members), part: 0 }
    }

    /// From here on, lines come from a later part.
    pub fn next_part(&mut self) {
        // Fifteen bits of order: with more parts, the last ones share a place and the larger fingerprint wins there.
        self.part = (self.part + 1).min(LAST_ORDER);
    }

    /// Adds a line of the current part.
    pub fn push(&mut self, key: MemberKey, fingerprint: Fingerprint, in_last_run: bool) {
        self.add(key, fingerprint, if in_last_run { IN_LAST_RUN } else { 0 }, self.part << ORDER_SHIFT);
    }

    /// Adds a line of another file of the current run, which may come after the current file.
    pub fn push_of_run(&mut self, key: MemberKey, fingerprint: Fingerprint, in_later_file: bool) {
        let order = self.part << ORDER_SHIFT | if in_later_file { LATER_FILE } else { 0 };
        self.add(key, fingerprint, 0, order);
    }

    #[expect(clippy::cast_possible_truncation, reason = "the two halves of 128 bits")]
    fn add(&mut self, key: MemberKey, fingerprint: Fingerprint, mark: u64, order: u64) {
        self.rows.push([(key.bits() >> 64) as u64, key.bits() as u64 | mark, order | fingerprint.bits()]);
    }

    /// The table: each member once, as the last line about it says.
    pub fn finish(mut self) -> Known {
        self.rows.sort_unstable_by_key(|[high, low, word]| (*high, low & !MARKS, *word));
        // dedup_by keeps the earlier of two equal rows, and hands it over as the second argument.
        self.rows.dedup_by(|later, earlier| {
            let same = later[0] == earlier[0] && (later[1] | MARKS) == (earlier[1] | MARKS);
            if same {
                earlier[1] |= later[1] & IN_LAST_RUN;
                earlier[2] = later[2];
            }
            same
        });
        Known { rows: self.rows }
    }
}

impl Known {
    /// The number of members.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether no member is known.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether the member is known, without marking it as seen.
    pub fn contains(&self, key: MemberKey) -> bool {
        self.find(key).is_some()
    }

    /// Whether a member is known whom the address alone identifies.
    pub fn contains_address(&self, email: EmailHash) -> bool {
        self.rows.get(self.rows.partition_point(|row| row[0] < email.0)).is_some_and(|row| row[0] == email.0)
    }

    /// Forgets what Braze accepted of every member.
    pub fn forget_all(&mut self) {
        for row in &mut self.rows {
            row[2] &= LATER_FILE;
        }
    }

    /// Marks a member as seen; the second time, the answer is [`Sighting::Again`].
    pub fn mark_seen(&mut self, key: MemberKey) -> Sighting {
        let Some(row) = self.find(key).and_then(|place| self.rows.get_mut(place)) else {
            return Sighting::New;
        };
        if row[1] & MET != 0 {
            return Sighting::Again;
        }
        row[1] |= MET;
        Sighting::Known {
            fingerprint: Fingerprint::from_bits(row[2]),
            in_last_run: row[1] & IN_LAST_RUN != 0,
            in_later_file: row[2] & LATER_FILE != 0,
        }
    }

    /// Forgets what Braze accepted of the member: the profile may have been changed since, under another identifier.
    pub fn forget(&mut self, key: MemberKey) {
        if let Some(row) = self.find(key).and_then(|place| self.rows.get_mut(place)) {
            row[2] &= LATER_FILE;
        }
    }

    /// The same for the member whom the address identifies.
    pub fn forget_address(&mut self, email: EmailHash) {
        let first = self.rows.partition_point(|row| row[0] < email.0);
        for row in self.rows.iter_mut().skip(first).take_while(|row| row[0] == email.0) {
            row[2] &= LATER_FILE;
        }
    }

    /// Keys are evenly spread, so the place can be guessed to within a few rows; the search widens from there.
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of 128 bits")]
    fn find(&self, key: MemberKey) -> Option<usize> {
        let (high, low) = ((key.bits() >> 64) as u64, key.bits() as u64);
        let order = |row: &Row| (row[0], row[1] & !MARKS).cmp(&(high, low));
        let length = self.rows.len();
        let guess = ((u128::from(high) * length as u128) >> 64) as usize;
        let (mut from, mut to) = (guess, guess);
        let mut step = 8;
        while from > 0 && self.rows.get(from).is_none_or(|row| order(row).is_gt()) {
            from = from.saturating_sub(step);
            step *= 2;
        }
        step = 8;
        while to < length && self.rows.get(to).is_some_and(|row| order(row).is_lt()) {
            to = (to + step).min(length);
            step *= 2;
        }
        let window = self.rows.get(from..(to + 1).min(length))?;
        window.binary_search_by(order).ok().map(|place| from + place)
    }
}

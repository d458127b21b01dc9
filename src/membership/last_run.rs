//! The members of the last complete run: a table of 22 bytes a member. It is built once, and every file of a run is compared
//! with it.
//!
//! The table has the order in which the last run's files had their rows. Most files have the same order again, and then the next
//! row of a file is about the next row of the table. An index, 4.5 bytes a member, is made at the first row that is not.

use std::sync::OnceLock;

use super::spread::Spread;
use crate::profile::Identifier;
use crate::state::{EmailHash, Fingerprint, MemberKey, PartRow, Standing};

/// One line. Among 100 million members, two have the same 95 bits of a key with a probability of about 10⁻¹³.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed(2))]
struct Row {
    /// The upper half of the key.
    upper: u64,
    /// 31 more bits of it, and lowest whether the member was a member of the run, not only listed with it.
    next: u32,
    /// The number of the line.
    line: u32,
    /// The fingerprint, the lowest byte first.
    accepted: [u8; FINGERPRINT],
}

/// The bytes of a fingerprint.
const FINGERPRINT: usize = Fingerprint::BITS as usize / 8;

/// The lowest bit of [`Row::next`].
const MEMBER: u32 = 1;

/// The line has no number.
const NO_LINE: u32 = u32::MAX;

impl Row {
    fn new(key: MemberKey, was_member: bool, line: Option<u32>, fingerprint: Fingerprint) -> Self {
        let (upper, next) = start_of(key);
        let mut accepted = [0; FINGERPRINT];
        accepted.copy_from_slice(&fingerprint.bits().to_le_bytes()[..FINGERPRINT]);
        Self { upper, next: next | u32::from(was_member), line: line.unwrap_or(NO_LINE), accepted }
    }

    /// The bits of the key.
    fn key(&self) -> (u64, u32) {
        (self.upper, self.next & !MEMBER)
    }

    fn was_member(&self) -> bool {
        self.next & MEMBER != 0
    }

    fn fingerprint(&self) -> Fingerprint {
        let mut bits = [0; size_of::<u64>()];
        bits[..FINGERPRINT].copy_from_slice(&self.accepted);
        Fingerprint::from_bits(u64::from_le_bytes(bits))
    }
}

/// The bits of a key that a row has.
fn start_of(key: MemberKey) -> (u64, u32) {
    let [upper, lower] = key.halves();
    let next = (lower >> 32) as u32;
    (upper, next & !MEMBER)
}

/// Who is listed with the last complete run.
#[derive(Debug, Default)]
pub struct LastRun {
    rows: Vec<Row>,
    /// Where to find a row, and the rows in that order.
    index: OnceLock<(Spread, Vec<u32>)>,
    by_address: bool,
}

/// What the table says of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LastSeen {
    /// What Braze accepted; unknown if that is not certain.
    pub(super) fingerprint: Fingerprint,
    /// Whether it was a member.
    pub(super) was_member: bool,
    /// The number of its line, if it has one.
    pub(super) line: Option<u32>,
}

/// Collects a [`LastRun`] from its parts, in their order.
#[derive(Debug)]
pub struct LastRunBuilder {
    rows: Vec<Row>,
    /// Where each part begins.
    parts: Vec<usize>,
    by_address: bool,
}

impl LastRunBuilder {
    /// A builder with room for this many lines.
    pub fn with_capacity(lines: usize) -> Self {
        Self { rows: Vec::with_capacity(lines), parts: Vec::new(), by_address: false }
    }

    /// From here on, lines come from a later part.
    pub fn next_part(&mut self) {
        self.parts.push(self.rows.len());
    }

    /// Adds a line of the current part, with what is certain of its fingerprint; `line` is its number, if later parts may name
    /// it.
    pub fn push(&mut self, row: &PartRow<'_>, fingerprint: Fingerprint, line: Option<u32>) {
        self.by_address |= matches!(row.identifier, Identifier::Email(_));
        self.rows.push(Row::new(row.key(), row.standing == Standing::Member, line, fingerprint));
    }

    /// The table: each member once, as the last line about it says. `members` is how many different ones there are.
    pub fn finish(mut self, members: u64) -> LastRun {
        // As many lines as members: no one has two.
        let each_once = self.rows.len() as u64 == members && self.rows.iter().all(Row::was_member);
        if !each_once {
            self.keep_the_last_line_of_each();
        }
        LastRun { rows: self.rows, index: OnceLock::new(), by_address: self.by_address }
    }

    /// The line from the later part wins; within one part, one with a fingerprint. Who was a member in any of them was one.
    fn keep_the_last_line_of_each(&mut self) {
        let row_at = |place: u32| self.rows[place as usize];
        let part_of = |place: u32| self.parts.partition_point(|begin| *begin <= place as usize);
        let by_member = |one: &u32, other: &u32| row_at(*one).key().cmp(&row_at(*other).key());
        let by_part = |one: &u32, other: &u32| part_of(*one).cmp(&part_of(*other));
        let fingerprint = |place: &u32| (row_at(*place).fingerprint().bits(), *place);
        let mut places: Vec<u32> = (0..).take(self.rows.len()).collect();
        places.sort_unstable_by(|one, other| {
            let order = by_member(one, other).then_with(|| by_part(one, other));
            order.then_with(|| fingerprint(one).cmp(&fingerprint(other)))
        });
        let mut replaced = Vec::new();
        for pair in places.windows(2) {
            let earlier = self.rows[pair[0] as usize];
            let later = &mut self.rows[pair[1] as usize];
            if earlier.key() == later.key() {
                later.next |= earlier.next;
                replaced.push(pair[0]);
            }
        }
        drop(places);
        replaced.sort_unstable();
        let (mut place, mut replaced) = (0.., replaced.into_iter().peekable());
        self.rows.retain(|_| place.next().is_none_or(|place| replaced.next_if_eq(&place).is_none()));
    }
}

impl LastRun {
    /// The number of people listed.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether no one is listed.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether the address alone identifies anyone.
    pub fn has_any_by_address(&self) -> bool {
        self.by_address
    }

    /// What the row at `place` says.
    pub(super) fn at(&self, place: usize) -> LastSeen {
        let row = self.rows.get(place);
        LastSeen {
            fingerprint: row.map_or(Fingerprint::UNKNOWN, Row::fingerprint),
            was_member: row.is_some_and(Row::was_member),
            line: row.map(|row| row.line).filter(|line| *line != NO_LINE),
        }
    }

    /// The rows whose keys begin with the hash of the address.
    pub(super) fn of_address(&self, email: EmailHash) -> impl Iterator<Item = usize> {
        self.among(email.0).filter(move |place| self.rows.get(*place).is_some_and(|row| row.upper == email.0))
    }

    pub(super) fn find(&self, key: MemberKey) -> Option<usize> {
        self.among(key.halves()[0]).filter(|place| self.is_at(key, *place)).last()
    }

    /// Whether the row at `place` is about this member.
    pub(super) fn is_at(&self, key: MemberKey, place: usize) -> bool {
        self.rows.get(place).is_some_and(|row| row.key() == start_of(key))
    }

    /// The rows among which all are whose keys have this upper half.
    fn among(&self, upper: u64) -> impl Iterator<Item = usize> {
        let (spread, rows) = self.index.get_or_init(|| Spread::of_unsorted(self.rows.iter().map(|row| row.upper)));
        rows.get(spread.rows(upper)).unwrap_or_default().iter().map(|row| *row as usize)
    }
}

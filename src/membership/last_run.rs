//! The members of the last complete run: a table of 24 bytes a member. It is built once, and every file of a run is compared
//! with it.
//!
//! The table has the order in which the last run's files had their rows. Most files have the same order again, and then the next
//! row of a file is about the next row of the table. An index, 4.5 bytes a member, is made at the first row that is not.

use std::sync::OnceLock;

use super::part_number::PartNumber;
use super::spread::Spread;
use crate::profile::Identifier;
use crate::state::{EmailHash, Fingerprint, MemberKey, PartRow, Standing};

/// Three words: the upper half of the key; 32 more bits of it, and the number of the line; order or marks, and fingerprint.
///
/// Among 100 million members, two have the same 96 bits with a probability of about 10⁻¹³.
type Row = [u64; 3];

/// The member was a member of the run, not only listed with it.
const MEMBER: u64 = 1 << Fingerprint::BITS;

/// Which line wins where several are about one member: the one from the later part.
const ORDER_SHIFT: u32 = Fingerprint::BITS + 1;

const LINE_BITS: u32 = 32;
const LINE: u64 = (1 << LINE_BITS) - 1;

/// The line has no number.
const NO_LINE: u32 = u32::MAX;

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
    part: PartNumber,
    by_address: bool,
}

impl LastRunBuilder {
    /// A builder with room for this many lines.
    pub fn with_capacity(lines: usize) -> Self {
        Self { rows: Vec::with_capacity(lines), part: PartNumber::default(), by_address: false }
    }

    /// From here on, lines come from a later part.
    pub fn next_part(&mut self) {
        self.part.next();
    }

    /// Adds a line of the current part, with what is certain of its fingerprint; `line` is its number, if later parts may name
    /// it.
    pub fn push(&mut self, row: &PartRow<'_>, fingerprint: Fingerprint, line: Option<u32>) {
        self.by_address |= matches!(row.identifier, Identifier::Email(_));
        let [high, low] = above_the_line(row.key());
        let member = if row.standing == Standing::Member { MEMBER } else { 0 };
        let word = self.part.bits() << ORDER_SHIFT | member | fingerprint.bits();
        self.rows.push([high, low | u64::from(line.unwrap_or(NO_LINE)), word]);
    }

    /// The table: each member once, as the last line about it says. `members` is how many different ones there are.
    pub fn finish(mut self, members: u64) -> LastRun {
        // As many lines as members: no one has two.
        let each_once = self.rows.len() as u64 == members && self.rows.iter().all(|[.., word]| word & MEMBER != 0);
        if !each_once {
            self.rows.sort_unstable_by_key(|[high, low, word]| (*high, low & !LINE, *word));
            // dedup_by keeps the earlier of two equal rows, and hands it over as the second argument.
            self.rows.dedup_by(|later, earlier| {
                let same = later[0] == earlier[0] && (later[1] | LINE) == (earlier[1] | LINE);
                if same {
                    earlier[1] = later[1];
                    earlier[2] = later[2] | earlier[2] & MEMBER;
                }
                same
            });
        }
        LastRun { rows: self.rows, index: OnceLock::new(), by_address: self.by_address }
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
        let [_, low, word] = self.rows.get(place).copied().unwrap_or_default();
        #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
        let line = low as u32;
        LastSeen {
            fingerprint: Fingerprint::from_bits(word),
            was_member: word & MEMBER != 0,
            line: (line != NO_LINE).then_some(line),
        }
    }

    /// The rows whose keys begin with the hash of the address.
    pub(super) fn of_address(&self, email: EmailHash) -> impl Iterator<Item = usize> {
        self.among(email.0).filter(move |place| self.rows.get(*place).is_some_and(|row| row[0] == email.0))
    }

    pub(super) fn find(&self, key: MemberKey) -> Option<usize> {
        self.among(key.halves()[0]).filter(|place| self.is_at(key, *place)).last()
    }

    /// Whether the row at `place` is about this member.
    pub(super) fn is_at(&self, key: MemberKey, place: usize) -> bool {
        let [high, low] = above_the_line(key);
        self.rows.get(place).is_some_and(|row| row[0] == high && row[1] & !LINE == low)
    }

    /// The rows among which all are whose keys have this upper half.
    fn among(&self, upper: u64) -> impl Iterator<Item = usize> {
        let (spread, rows) = self.index.get_or_init(|| Spread::of_unsorted(self.rows.iter().map(|[high, ..]| *high)));
        rows.get(spread.rows(upper)).unwrap_or_default().iter().map(|row| *row as usize)
    }
}

/// The upper half of a key, and the 32 bits that follow, above room for the number of a line.
fn above_the_line(key: MemberKey) -> [u64; 2] {
    let [high, low] = key.halves();
    [high, low & !LINE]
}

//! What was sent since the last complete run: a sorted table of 24 bytes a member.

use super::part_number::PartNumber;
use super::spread::Spread;
use crate::state::{EmailHash, Fingerprint, LineSet, MemberKey};

/// Which line wins where several name one member: the one from the later part.
const ORDER_SHIFT: u32 = Fingerprint::BITS;
/// The line is of a file that comes after the current one.
const LATER_FILE: u64 = 1 << 63;

/// Three words: the two halves of the key, and order with fingerprint.
type Row = [u64; 3];

/// What was sent since the last complete run. It grows by the files that are delivered; after lines have been added, it has to
/// be [sealed](SentSince::seal).
#[derive(Clone, Debug, Default)]
pub struct SentSince {
    rows: Vec<Row>,
    spread: Spread,
    part: PartNumber,
    /// Addresses that alone identify someone, in order.
    addresses: Vec<EmailHash>,
    /// Lines of the last run that files name which come after the current one.
    named_later: LineSet,
}

impl SentSince {
    /// From here on, lines come from a later part.
    pub fn next_part(&mut self) {
        self.part.next();
    }

    /// Adds a line of the current part, which may be of a file of the current run that comes after the current one.
    pub fn push(&mut self, key: MemberKey, fingerprint: Fingerprint, in_later_file: bool) {
        let later = if in_later_file { LATER_FILE } else { 0 };
        let [high, low] = key.halves();
        self.rows.push([high, low, self.part.bits() << ORDER_SHIFT | later | fingerprint.bits()]);
    }

    /// Adds lines of the last run that a file of the current run names which comes after the current one.
    pub fn add_named_later(&mut self, lines: &LineSet) {
        self.named_later.add(lines);
    }

    /// Takes note of an address that alone identifies someone.
    pub fn push_address(&mut self, address: EmailHash) {
        self.addresses.push(address);
    }

    /// Makes it ready for questions: each member once, as the last line about it says.
    pub fn seal(&mut self) {
        #[expect(
            clippy::stable_sort_primitive,
            reason = "most of it is in order already, which this sort makes use of"
        )]
        self.rows.sort();
        self.rows.dedup_by(|later, earlier| {
            let same = later[..2] == earlier[..2];
            if same {
                earlier[2] = later[2];
            }
            same
        });
        self.spread = Spread::of(self.rows.iter().map(|[high, ..]| *high));
        self.addresses.sort_unstable();
        self.addresses.dedup();
    }

    /// Addresses that alone identify someone, in order.
    pub fn addresses(&self) -> &[EmailHash] {
        &self.addresses
    }

    /// The number of people.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether a later file names the line of the last run.
    pub(super) fn is_named_later(&self, line: u32) -> bool {
        self.named_later.contains(line)
    }

    /// What Braze accepted, and whether a later file has the member.
    pub(super) fn at(&self, place: usize) -> (Fingerprint, bool) {
        let word = self.rows.get(place).map_or(0, |row| row[2]);
        (Fingerprint::from_bits(word), word & LATER_FILE != 0)
    }

    pub(super) fn find(&self, key: MemberKey) -> Option<usize> {
        let [high, low] = key.halves();
        let among = self.spread.rows(high);
        let rows = self.rows.get(among.clone())?;
        rows.iter().position(|row| row[..2] == [high, low]).map(|place| among.start + place)
    }

    /// The rows whose keys begin with the hash of the address.
    pub(super) fn of_address(&self, email: EmailHash) -> impl Iterator<Item = usize> {
        let is = move |place: &usize| self.rows.get(*place).is_some_and(|row| row[0] == email.0);
        self.spread.rows(email.0).filter(is)
    }
}

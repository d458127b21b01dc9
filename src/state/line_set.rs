//! Sets of lines of parts, by number: which lines of the last complete run a file has again, and which of them are still true.

use roaring::RoaringBitmap;

/// A set of numbers of lines. Neighbours take next to nothing, and other lines two bytes each (a Roaring bitmap).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LineSet(RoaringBitmap);

impl LineSet {
    /// Adds a line.
    pub fn insert(&mut self, line: u32) {
        self.0.insert(line);
    }

    /// Whether the line is in the set.
    pub fn contains(&self, line: u32) -> bool {
        self.0.contains(line)
    }

    /// Adds the `lines` lines from `first` on.
    pub fn insert_all(&mut self, first: u32, lines: u64) {
        self.0.insert_range(range(first, lines));
    }

    /// Adds those of the `lines` lines from `first` on that another set has.
    pub fn add_in(&mut self, other: &Self, first: u32, lines: u64) {
        self.0.extend(other.0.range(range(first, lines)));
    }

    /// Adds all lines of another set.
    pub fn add(&mut self, other: &Self) {
        self.0 |= &other.0;
    }

    /// How many lines there are.
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many of the `lines` lines from `first` on are in the set.
    pub fn count_in(&self, first: u32, lines: u64) -> u64 {
        self.0.range_cardinality(range(first, lines))
    }

    /// The set as it is stored: the portable format of Roaring bitmaps.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut set = self.0.clone();
        set.optimize();
        let mut bytes = Vec::with_capacity(set.serialized_size());
        // Writing into memory does not fail.
        let _ = set.serialize_into(&mut bytes);
        bytes
    }

    /// The set that was stored; `None` if the bytes are none.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        RoaringBitmap::deserialize_from(bytes).ok().map(Self)
    }
}

fn range(first: u32, lines: u64) -> std::ops::Range<u32> {
    first..first.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX))
}

impl FromIterator<u32> for LineSet {
    fn from_iter<I: IntoIterator<Item = u32>>(lines: I) -> Self {
        Self(lines.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::LineSet;

    #[test]
    fn a_set_is_the_same_however_it_was_made() {
        let single: LineSet = (10..70_000).collect();
        let mut range = LineSet::default();
        range.insert_all(10, 69_990);
        assert_eq!(single, range);
        let stored = LineSet::from_bytes(&range.to_bytes()).unwrap();
        assert_eq!((&stored, stored.len()), (&single, 69_990));
        assert!(range.to_bytes().len() < 100, "neighbours take next to nothing");
        assert_eq!([range.count_in(0, 20), range.count_in(69_999, 5), range.count_in(u32::MAX - 1, 9)], [10, 1, 0]);
        let mut part = LineSet::default();
        part.add_in(&range, 0, 12);
        assert_eq!(part, [10, 11].into_iter().collect());
        part.add(&[u32::MAX].into_iter().collect());
        assert!(part.contains(u32::MAX) && !part.contains(12) && !part.is_empty());
        assert_eq!(LineSet::from_bytes(b"no set"), None);
    }
}

//! Where keys begin in a sorted table. Keys are hashes, so they are evenly spread, and a few bits of one say nearly where it is.

use std::ops::Range;

/// Rows that share a place, on average: few enough to fit in three lines of the processor's cache.
const TOGETHER: usize = 8;

/// The first row of each place: half a byte for each row of the table.
///
/// A search by halves reads some twenty places of a table of a million rows, most of which are in no cache; this reads two.
#[derive(Clone, Debug, Default)]
pub(super) struct Spread(Vec<u32>);

impl Spread {
    /// Of a table whose keys have these upper halves.
    pub(super) fn of(upper: impl ExactSizeIterator<Item = u64>) -> Self {
        let places = upper.len() / TOGETHER + 1;
        let mut firsts = vec![0; places + 1];
        for upper in upper {
            firsts[place(upper, places) + 1] += 1;
        }
        for place in 1..firsts.len() {
            firsts[place] += firsts[place - 1];
        }
        Self(firsts)
    }

    /// Of a table in any order, with its rows in the order of their places.
    pub(super) fn of_unsorted(upper: impl ExactSizeIterator<Item = u64> + Clone) -> (Self, Vec<u32>) {
        let spread = Self::of(upper.clone());
        let (mut next, mut rows) = (spread.0.clone(), vec![0; upper.len()]);
        let places = next.len() - 1;
        for (row, upper) in (0..).zip(upper) {
            let next = &mut next[place(upper, places)];
            rows[*next as usize] = row;
            *next += 1;
        }
        (spread, rows)
    }

    /// The rows among which all are whose keys have this upper half.
    pub(super) fn rows(&self, upper: u64) -> Range<usize> {
        let Some(places) = self.0.len().checked_sub(1) else { return 0..0 };
        let place = place(upper, places);
        let first = |place: usize| self.0.get(place).map_or(0, |row| *row as usize);
        first(place)..first(place + 1)
    }
}

/// The upper half of a key.
pub(super) fn upper_half(key: u128) -> u64 {
    (key >> 64) as u64
}

#[expect(clippy::cast_possible_truncation, reason = "less than the number of places")]
fn place(upper: u64, places: usize) -> usize {
    ((u128::from(upper) * places as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn every_key_is_among_its_rows_and_they_are_few() {
        let mut random = fastrand::Rng::with_seed(3);
        for size in [0, 1, 7, 8, 9, 1_000, 20_000] {
            let mut keys: Vec<u64> = (0..size).map(|_| random.u64(..)).collect();
            keys.extend([0, u64::MAX]);
            keys.sort_unstable();
            let spread = Spread::of(keys.iter().copied());
            for (row, key) in keys.iter().enumerate() {
                let rows = spread.rows(*key);
                assert!(rows.contains(&row), "{row} in {rows:?} of {size}");
                assert!(rows.len() < 40, "{rows:?} of {size}");
            }
            random.shuffle(&mut keys);
            let (spread, rows) = Spread::of_unsorted(keys.iter().copied());
            for (row, key) in (0..).zip(&keys) {
                assert!(rows[spread.rows(*key)].contains(&row), "{row} of {size}");
            }
        }
        assert!(Spread::default().rows(5).is_empty());
        assert!(Spread::of([].into_iter()).rows(5).is_empty());
    }

    #[test]
    fn equal_halves_are_together() {
        let keys = [5, 5, 5, 1 << 40, u64::MAX, u64::MAX];
        let spread = Spread::of(keys.into_iter());
        assert!(spread.rows(5).start == 0 && spread.rows(5).end >= 3);
        assert_eq!(spread.rows(u64::MAX).end, keys.len());
    }
}

//! Counts the different members of a segment's first run. There is nothing to compare them with, so 8 bytes a member are
//! enough.

use super::spread::upper_half;
use crate::state::{PartRow, Standing};

/// Counts the different members among the lines of a run's parts, exactly.
///
/// At first only half of each member's key is compared. Where two lines have the same half, they are most likely about one
/// member, but may be about two; then the parts are read a second time, and the whole keys of these lines decide.
#[derive(Debug, Default)]
pub struct DistinctMembers {
    halves: Vec<u64>,
    /// Halves that occur once.
    alone: u64,
    /// Halves that occur more than once, sorted.
    repeated: Vec<u64>,
    /// The whole keys of the lines that have one of these.
    keys: Vec<u128>,
}

impl DistinctMembers {
    /// None yet, with room for `lines`.
    pub fn with_capacity(lines: usize) -> Self {
        Self { halves: Vec::with_capacity(lines), ..Self::default() }
    }

    /// Takes a line of the first reading.
    pub fn push(&mut self, row: &PartRow<'_>) {
        if row.standing == Standing::Member {
            self.halves.push(upper_half(row.key().bits()));
        }
    }

    /// Ends the first pass. Returns whether a second one is needed.
    pub fn seal(&mut self) -> bool {
        self.halves.sort_unstable();
        for same in self.halves.chunk_by(|one, other| one == other) {
            match same {
                [_] => self.alone += 1,
                [half, ..] => self.repeated.push(*half),
                [] => {}
            }
        }
        self.halves = Vec::new();
        !self.repeated.is_empty()
    }

    /// Takes a line of the second reading.
    pub fn push_again(&mut self, row: &PartRow<'_>) {
        let key = row.key().bits();
        if row.standing == Standing::Member && self.repeated.binary_search(&upper_half(key)).is_ok() {
            self.keys.push(key);
        }
    }

    /// How many different members there are.
    pub fn count(mut self) -> u64 {
        self.keys.sort_unstable();
        self.keys.dedup();
        self.alone + self.keys.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::profile::Identifier;
    use crate::state::Fingerprint;

    fn count(identifiers: &[String], standing: Standing) -> u64 {
        let rows: Vec<_> = identifiers
            .iter()
            .map(|id| PartRow::new(Identifier::ExternalId(id), None, Fingerprint::UNKNOWN, standing))
            .collect();
        let mut members = DistinctMembers::with_capacity(rows.len());
        for row in &rows {
            members.push(row);
        }
        if members.seal() {
            for row in &rows {
                members.push_again(row);
            }
        }
        members.count()
    }

    #[test]
    fn every_member_counts_once() {
        let mut random = fastrand::Rng::with_seed(7);
        for most in [1, 10, 1_000, 1_000_000] {
            let identifiers: Vec<String> = (0..5_000).map(|_| format!("会員 {}", random.u32(0..most))).collect();
            let different: HashSet<&String> = identifiers.iter().collect();
            assert_eq!(count(&identifiers, Standing::Member), different.len() as u64, "of {most}");
            assert_eq!(count(&identifiers, Standing::Left), 0);
        }
        assert_eq!(count(&[], Standing::Member), 0);
    }
}

//! The new members that a delivery met lately, so that a row which repeats one of them is known as a duplicate.

use super::member_key::MemberKey;

/// How many new members a generation holds: seven eighths of its places.
const GENERATION: usize = 229_376;

const BUCKETS: usize = 1 << 15;

/// A cache line of members: half of each one's key, or zero. The lowest bit, which no key uses, tells them from zero.
type Bucket = [u64; 8];

/// Remembers at least the last 229,376 new members in 4 MB, however large the file is.
///
/// A member that repeats one from further back is sent again, which sets the same attribute once more. Members that the
/// state knows are not counted here: their repeats are found at any distance.
///
/// One half of a key is stored, the other chooses the bucket: of 100 million different members, one is taken for another
/// with a probability of about 10⁻¹⁰. Every row looks here, and most of the time is spent waiting for the memory: so the
/// buckets of both generations lie side by side.
#[derive(Debug, Default)]
pub struct RecentMembers {
    /// Empty until somebody is met.
    buckets: Vec<[Bucket; 2]>,
    young: usize,
    young_members: usize,
}

/// Where a member is, or could be put.
enum Place {
    Taken,
    Free { bucket: usize, slot: usize },
}

impl RecentMembers {
    /// Remembers a member and tells whether it is new here.
    #[expect(clippy::cast_possible_truncation, reason = "parts of 128 bits")]
    pub fn insert(&mut self, key: MemberKey) -> bool {
        if self.buckets.is_empty() {
            self.buckets = vec![[[0; 8]; 2]; BUCKETS];
        }
        let (home, half) = ((key.bits() >> 64) as usize % BUCKETS, key.bits() as u64 | 1);
        let Place::Free { bucket, slot } = self.place(self.young, home, half) else {
            return false;
        };
        if let Place::Taken = self.place(1 - self.young, home, half) {
            return false;
        }
        self.buckets[bucket][self.young][slot] = half;
        self.young_members += 1;
        if self.young_members == GENERATION {
            self.young = 1 - self.young;
            self.young_members = 0;
            for generations in &mut self.buckets {
                generations[self.young] = [0; 8];
            }
        }
        true
    }

    /// Buckets are filled from their first slot; what finds its bucket full goes into the next one with room.
    fn place(&self, generation: usize, home: usize, half: u64) -> Place {
        let mut bucket = home;
        loop {
            let slots = &self.buckets[bucket][generation];
            if slots.contains(&half) {
                return Place::Taken;
            }
            let slot = slots.iter().filter(|slot| **slot != 0).count();
            if slot < slots.len() {
                return Place::Free { bucket, slot };
            }
            bucket = (bucket + 1) % BUCKETS;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Identifier;

    fn key(number: usize) -> MemberKey {
        MemberKey::of(Identifier::ExternalId(&format!("顧客-{number}")))
    }

    #[test]
    fn the_last_members_are_known_and_new_ones_are_new() {
        let mut recent = RecentMembers::default();
        let all = 3 * GENERATION + 1_000;
        for number in 0..all {
            assert!(recent.insert(key(number)), "{number} is new");
            assert!(!recent.insert(key(number)), "{number} was met just now");
            if let Some(earlier) = number.checked_sub(GENERATION - 1)
                && number % 1_000 == 0
            {
                assert!(!recent.insert(key(earlier)), "{earlier} was met {} members ago", GENERATION - 1);
            }
        }
        assert!(recent.insert(key(0)), "whoever was met long ago is forgotten, so that memory stays bounded");
    }
}

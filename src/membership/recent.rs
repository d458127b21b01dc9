//! The latest new members of a delivery, so that a row which repeats one of them is known as a duplicate.

use crate::state::MemberKey;

/// How many members a generation holds unless it is said otherwise.
const GENERATION: usize = 150_000;

/// Remembers at least the last new members that fill a generation, and at most those of two, in 7.5 bytes each, however
/// large the file is.
///
/// A member that repeats one from further back is sent again, which sets the same attribute again. Members that the
/// state knows are not counted here: their repeats are found at any distance.
///
/// One half of a key chooses the place, and 47 bits of the other are stored: of 100 million different members, one is taken
/// for another with a probability of about 10⁻⁵.
///
/// The table does not fit into the CPU's caches. If members are looked up together, the memory accesses overlap; one by one,
/// with other work in between, they take three times as long.
#[derive(Debug)]
pub struct RecentMembers {
    /// How many members a generation holds.
    generation: usize,
    young: Generation,
    old: Generation,
    forgotten: bool,
}

/// Members in an open hash table that never is full.
#[derive(Debug, Default)]
struct Generation {
    /// Empty until the first member.
    slots: Vec<Mark>,
    members: usize,
}

/// The stored part of a member's key. Zero is an empty place; the lowest bit of all others is set.
type Mark = [u16; 3];

const NOBODY: Mark = [0; 3];

/// Where a member is, or could be put.
enum Place {
    Taken,
    Free(usize),
}

impl Default for RecentMembers {
    fn default() -> Self {
        Self::with_generations_of(GENERATION)
    }
}

impl RecentMembers {
    /// An empty table with generations of this many members. Memory is allocated with the first member.
    pub fn with_generations_of(members: usize) -> Self {
        Self { generation: members.max(1), young: Generation::default(), old: Generation::default(), forgotten: false }
    }

    /// How many different members there were in all; `None` once some of them are forgotten.
    pub fn met(&self) -> Option<u64> {
        (!self.forgotten).then_some((self.young.members + self.old.members) as u64)
    }

    /// Remembers members, and returns whether each is new.
    pub fn insert_all(&mut self, keys: impl Iterator<Item = MemberKey> + Clone) -> Vec<bool> {
        // Nothing that is done depends on what is read here, so the processor reads on while it waits.
        let at_home: Vec<_> = keys.clone().map(|key| [&self.young, &self.old].map(|some| some.at_home(key))).collect();
        let is_new = |(key, found): (MemberKey, [Mark; 2])| !found.contains(&mark(key)) && self.insert(key);
        keys.zip(at_home).map(is_new).collect()
    }

    /// Remembers a member, and returns whether it is new.
    pub fn insert(&mut self, key: MemberKey) -> bool {
        if self.young.slots.is_empty() {
            // A fifth stays free.
            self.young.slots = vec![NOBODY; self.generation + self.generation / 4 + 1];
        }
        if self.old.members > 0 && matches!(self.old.place(key), Place::Taken) {
            return false;
        }
        let Place::Free(slot) = self.young.place(key) else {
            return false;
        };
        self.young.slots[slot] = mark(key);
        self.young.members += 1;
        if self.young.members == self.generation {
            self.forgotten = self.old.members > 0;
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.slots.fill(NOBODY);
            self.young.members = 0;
        }
        true
    }
}

impl Generation {
    /// The place that the highest bits of the key choose.
    #[expect(clippy::cast_possible_truncation, reason = "less than the number of slots")]
    fn home(&self, key: MemberKey) -> usize {
        (((key.bits() >> 64) * self.slots.len() as u128) >> 64) as usize
    }

    /// Who is there.
    fn at_home(&self, key: MemberKey) -> Mark {
        self.slots.get(self.home(key)).copied().unwrap_or(NOBODY)
    }

    /// What finds its place taken goes into the next one that is free.
    fn place(&self, key: MemberKey) -> Place {
        let mark = mark(key);
        let mut slot = self.home(key);
        loop {
            match self.slots[slot] {
                NOBODY => return Place::Free(slot),
                taken if taken == mark => return Place::Taken,
                _ => slot = if slot + 1 == self.slots.len() { 0 } else { slot + 1 },
            }
        }
    }
}

/// What is stored of a member. Its lowest bit is no part of the key.
#[expect(clippy::cast_possible_truncation, reason = "three parts of a number")]
fn mark(key: MemberKey) -> Mark {
    let half = key.bits() as u64;
    [(half >> 16) as u16 | 1, (half >> 32) as u16, (half >> 48) as u16]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Identifier;

    fn key(number: usize) -> MemberKey {
        MemberKey::of(Identifier::ExternalId(&format!("顧客-{number}")))
    }

    #[test]
    fn members_who_come_together_are_distinguished() {
        let (mut together, mut alone) = (RecentMembers::default(), RecentMembers::default());
        let mut random = fastrand::Rng::with_seed(11);
        for _ in 0..300 {
            let numbers: Vec<usize> = (0..random.usize(0..90)).map(|_| random.usize(0..20_000)).collect();
            let expected: Vec<bool> = numbers.iter().map(|number| alone.insert(key(*number))).collect();
            assert_eq!(together.insert_all(numbers.iter().map(|number| key(*number))), expected, "{numbers:?}");
        }
    }

    #[test]
    fn the_last_members_are_known_and_new_ones_are_new() {
        for generation in [1, 50, 1_000, GENERATION] {
            let mut recent = RecentMembers::with_generations_of(generation);
            let all = 3 * generation + 1_000;
            for number in 0..all {
                assert!(recent.insert(key(number)), "{number} is new");
                assert!(!recent.insert(key(number)), "{number} was met just now");
                if let Some(earlier) = number.checked_sub(generation - 1)
                    && (generation < GENERATION || number % 1_000 == 0)
                {
                    assert!(!recent.insert(key(earlier)), "{earlier} was met {} members ago", generation - 1);
                }
                let met = (number < 2 * generation - 1).then_some(number as u64 + 1);
                assert_eq!(recent.met(), met, "after {number}");
            }
            assert!(recent.insert(key(0)), "whoever was met long ago is forgotten, so that memory stays bounded");
        }
    }
}

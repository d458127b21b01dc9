//! The new members that a delivery met lately, so that a row which repeats one of them is known as a duplicate.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use super::member_key::MemberKey;

/// How many new members a generation holds: as many as fit a table of 2¹⁸ places without growing.
const GENERATION: usize = 229_376;

/// Remembers at least the last 229,376 new members in some 10 MB, however large the file is.
///
/// A member that repeats one from further back is sent again, which sets the same attribute once more. Members that the
/// state knows are not counted here: their repeats are found at any distance.
#[derive(Debug, Default)]
pub struct RecentMembers {
    young: HashSet<u128, BuildHasherDefault<AlreadyHashed>>,
    old: HashSet<u128, BuildHasherDefault<AlreadyHashed>>,
}

impl RecentMembers {
    /// Remembers a member and tells whether it is new here.
    pub fn insert(&mut self, key: MemberKey) -> bool {
        if self.old.contains(&key.bits()) || !self.young.insert(key.bits()) {
            return false;
        }
        if self.young.len() == GENERATION {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        true
    }
}

/// Member keys are hashes already: their upper half serves as it stands.
#[derive(Debug, Default)]
struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    #[expect(clippy::cast_possible_truncation, reason = "the two halves of 128 bits")]
    fn write_u128(&mut self, key: u128) {
        self.0 = (key >> 64) as u64 ^ key as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

//! Sixteen bytes that identify a member, and six that identify what Braze accepted about them.

use xxhash_rust::xxh3::{xxh3_64, xxh3_128_with_seed};

use crate::profile::Identifier;

/// Different seeds keep a customer ID apart from an email address of the same letters.
const EXTERNAL_ID_SEED: u64 = 1;
const EMAIL_SEED: u64 = 2;

/// A 126-bit hash of a member's identifier.
///
/// Among 100 million members, two share a key with a probability of about 10⁻²². The two lowest bits are zero: tables
/// of members keep their marks there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberKey(u128);

impl MemberKey {
    /// The key of an identifier. Email addresses that differ in ASCII case alone are one member.
    pub fn of(identifier: Identifier<'_>) -> Self {
        let hash = match identifier {
            Identifier::ExternalId(id) => xxh3_128_with_seed(id.as_bytes(), EXTERNAL_ID_SEED),
            Identifier::Email(email) => {
                // An address has at most 254 bytes; a longer text is no address, but may still name a member.
                let mut lower = [0; 256];
                if let Some(lower) = lower.get_mut(..email.len()) {
                    lower.copy_from_slice(email.as_bytes());
                    lower.make_ascii_lowercase();
                    xxh3_128_with_seed(lower, EMAIL_SEED)
                } else {
                    xxh3_128_with_seed(email.to_ascii_lowercase().as_bytes(), EMAIL_SEED)
                }
            }
        };
        Self(hash & !0b11)
    }

    /// The key of the member together with an address.
    #[must_use]
    pub fn with_email(self, email: EmailHash) -> Self {
        Self((self.0 ^ u128::from(email.0).rotate_left(32)) & !0b11)
    }

    /// The key with these bits, as the state holds it.
    pub(super) fn from_bits(bits: u128) -> Self {
        Self(bits & !0b11)
    }

    /// The hash as a number; the two lowest bits are zero.
    pub fn bits(self) -> u128 {
        self.0
    }

    /// The upper and the lower half of the hash.
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of 128 bits")]
    pub fn halves(self) -> [u64; 2] {
        [(self.0 >> 64) as u64, self.0 as u64]
    }
}

/// Half of the [`MemberKey`] of an email address: enough to see that a leaver's address is still in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailHash(pub(crate) u64);

impl EmailHash {
    /// The hash of an email address, ASCII case apart.
    pub fn of(email: &str) -> Self {
        Self::of_key(MemberKey::of(Identifier::Email(email)))
    }

    /// The hash as a number.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// The hash of the member with `key`, if an email address identifies it.
    pub fn of_key(key: MemberKey) -> Self {
        Self(key.halves()[0])
    }
}

/// 48 bits of a hash of the attribute object that Braze accepted for a member.
///
/// Everything that is sent goes into it, so that a changed cell, another column mapping and another attribute name all
/// show. A change stays unnoticed with a probability of about 4 · 10⁻¹⁵.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The bits that a fingerprint uses.
    pub const BITS: u32 = 48;

    /// Nothing is known of what Braze holds: the member is sent again.
    pub const UNKNOWN: Self = Self(0);

    /// The fingerprint of an attribute object as it is sent.
    pub fn of(object: &[u8]) -> Self {
        // Zero means unknown, so the one object in 2⁴⁸ that hashes to it takes another value.
        Self((xxh3_64(object) >> (64 - Self::BITS)).max(1))
    }

    /// The fingerprint with these bits, as the state holds it.
    pub(crate) fn from_bits(bits: u64) -> Self {
        Self(bits & ((1 << Self::BITS) - 1))
    }

    /// Whether anything is known of what Braze holds.
    pub fn is_known(self) -> bool {
        self != Self::UNKNOWN
    }

    /// The 48 bits as a number; zero is unknown.
    pub fn bits(self) -> u64 {
        self.0
    }
}

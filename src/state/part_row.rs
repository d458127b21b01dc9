//! One line of a part.

use xxhash_rust::xxh3::xxh3_64;

use super::member_key::{EmailHash, Fingerprint, MemberKey};
use crate::profile::Identifier;

/// What someone in a part is to the segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A member.
    Member,
    /// A former member, whose attribute may still be set.
    Left,
    /// A member with another line; this one only keeps an address that the profile may still have.
    Address,
}

/// One line of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartRow<'a> {
    pub(super) key: MemberKey,
    /// Who it is.
    pub identifier: Identifier<'a>,
    /// The hash of the email address of a member with a customer ID.
    pub email: Option<EmailHash>,
    /// The fingerprint of what Braze accepted.
    pub fingerprint: Fingerprint,
    /// Member or not.
    pub standing: Standing,
}

impl<'a> PartRow<'a> {
    /// A line.
    pub fn new(
        identifier: Identifier<'a>,
        email: Option<EmailHash>,
        fingerprint: Fingerprint,
        standing: Standing,
    ) -> Self {
        Self { key: MemberKey::of(identifier), identifier, email, fingerprint, standing }
    }

    /// The line of a member.
    pub fn member(identifier: Identifier<'a>, email: Option<EmailHash>, fingerprint: Fingerprint) -> Self {
        Self::new(identifier, email, fingerprint, Standing::Member)
    }

    /// The line of a member whose key is known.
    pub fn keyed(
        key: MemberKey,
        identifier: Identifier<'a>,
        email: Option<EmailHash>,
        fingerprint: Fingerprint,
    ) -> Self {
        Self { key, identifier, email, fingerprint, standing: Standing::Member }
    }

    /// The same person with another standing, when it is not certain what Braze holds.
    #[must_use]
    pub fn uncertain(self, standing: Standing) -> Self {
        Self { fingerprint: Fingerprint::UNKNOWN, standing, ..self }
    }

    /// The key of the member that the line is about.
    pub fn key(&self) -> MemberKey {
        self.key
    }
}

/// What ties a part to the key that it is stored under.
pub(super) fn hash_of(key: &str) -> u64 {
    xxh3_64(key.as_bytes())
}

//! Leases: who works on something, and until when no one else may.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The right to work on something until a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// A random number that only the owner knows. A function that finds another one in the ledger has lost the lease.
    pub owner: String,
    /// When it ends unless renewed. Never later than its owner's own end.
    pub until: Timestamp,
}

/// How long a lease keeps others away unless it is renewed. Its owner renews it every few seconds.
const LEASE: SignedDuration = SignedDuration::from_secs(30);

impl Lease {
    /// When a lease ends that is taken or renewed now by a function whose invocation ends at `owner_ends`.
    pub fn end(now: Timestamp, owner_ends: Timestamp) -> Timestamp {
        now.checked_add(LEASE).unwrap_or(now).min(owner_ends)
    }

    /// Whether it still keeps others away.
    pub fn holds(&self, now: Timestamp) -> bool {
        now < self.until
    }
}

//! Exact membership: what has been delivered of a segment, and who entered, stayed and left.
//!
//! # What is kept
//!
//! ```text
//! state/<export>/<segment>/ledger.json                          what stands, and who is at work: the one object in contention
//! state/<export>/<segment>/runs/<run>/<file>/<attempt>-<n>.csv.gz   parts: the members of one stretch of a file
//! ```
//!
//! A part is stored *before* the rows it lists are sent, and becomes certain when the ledger names it, *after* Braze has
//! answered. So whatever a killed function may have sent is on record, and what is not certain is sent again.
//!
//! # States of a file
//!
//! ```text
//!              claim                     last row has its fate
//!  (unknown) ─────────▶ Working ───────────────────────────────▶ Delivered
//!                        │  ▲  │ cannot be read, Braze refuses the key
//!    out of time,        │  │  └──────────────▶ Failed ──┐
//!    newer run, outage   ▼  │ claim                      │ claim
//!                    Unfinished ◀───────────────────────┘
//! ```
//!
//! `claim` needs that nobody holds a lease on the file, and that no newer run has begun. A claim on a new content of the
//! file starts anew; what was delivered of the earlier content stays on record in the run. Only the owner of the lease
//! takes a file out of `Working`: every write demands the owner's random number in the ledger, so an owner that has lost
//! its lease cannot write.
//!
//! # States of a run
//!
//! ```text
//!         all files delivered,          few enough leavers
//!         evidence of completeness      or a person allowed them      leavers told
//!  Open ────────────────────────▶ (check) ─────────────────▶ Completing ──────────▶ Complete
//!   ▲                               │                                                  │
//!   │                               └──────▶ Held ── allowed ──▶ Completing            │
//!   └───────────────────────── a new file, or new content ─────────────────────────────┘
//! ```
//!
//! Any function may take any of these steps; each is one conditional write. A run that is `Completing` is finished before
//! any file of the segment is touched, by whoever comes first after its lease has ended. When a newer run begins, an
//! older one that is not complete is not sent any more. What was sent of it counts as known when the newer one is
//! compared, so that whoever only the older run had is unset as well.
//!
//! # The end of a segment
//!
//! ```text
//!             retire, nobody at work           all members unset
//!  (delivered) ─────────────────────▶ Retiring ─────────────────▶ (no ledger, nothing is known)
//!       ▲                              │    ▲ │ out of time, killed
//!       │                              │    └─┘ retire again
//!       └──────────────────────────────┘
//!         a file is delivered again, after the lease has ended: everybody is sent anew
//! ```

mod distinct;
mod known;
mod lease;
mod ledger;
mod ledger_store;
mod member_key;
mod part;
mod part_store;
mod recent;
mod retirement;
mod run_members;
mod sealed;
mod state_keys;
mod stored_gzip;
#[cfg(test)]
mod tests;

use thiserror::Error;

pub use self::distinct::DistinctMembers;
pub use self::known::{Known, KnownBuilder, Meeting};
pub use self::lease::Lease;
pub use self::ledger::{
    Checkpoint, CompleteRun, FORMAT, FileRecord, Ledger, OlderConfiguration, Phase, Progress, RunRecord,
};
pub use self::ledger_store::LedgerStore;
pub use self::member_key::{EmailHash, Fingerprint, MemberKey};
pub use self::part::{Part, PartRow, PartWriter, Standing, read_part};
pub use self::part_store::{PartStore, StoredPart};
pub use self::recent::RecentMembers;
pub use self::retirement::Retirement;
pub use self::run_members::{Leaver, RunMembers};
pub use self::sealed::{SHORTEST_STATE_KEY, StateKey};
pub use self::state_keys::StateKeys;
use crate::bucket::BucketError;
use crate::secrets::SecretError;

/// Why the state could not be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StateError {
    /// The bucket failed.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// Too many functions write the same ledger.
    #[error("{key} was changed by others again and again; the next attempt continues")]
    Contended {
        /// The ledger's key.
        key: String,
    },
    /// The ledger is not what this application writes.
    #[error(
        "{key} cannot be read: {reason}. Restore an earlier version of the object; \
         without it, delete it and everything beside it: the next run then sends all members again"
    )]
    Unreadable {
        /// The ledger's key.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// The ledger was written by another version of the application.
    #[error("{key} has format {found}; this version reads format {FORMAT}. Deploy the version that wrote it")]
    Format {
        /// The ledger's key.
        key: String,
        /// The format found.
        found: u32,
    },
    /// A part is damaged.
    #[error("{key}, line {line}: {found}. Restore an earlier version of the object")]
    Damaged {
        /// The part's key.
        key: String,
        /// The line in its uncompressed text.
        line: u64,
        /// What is wrong.
        found: &'static str,
    },
    /// A part that the ledger names is gone.
    #[error("{key} is missing, though the ledger names it. Restore it from an earlier version of the object")]
    PartMissing {
        /// The part's key.
        key: String,
    },
    /// The secret with the state keys could not be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The state is to be encrypted, and there is no key for it.
    #[error(
        "state_identifiers is \"encrypted\", and the secret {secret} has no \"state_key\". Put one beside \"api_key\", \
         for instance what `openssl rand -base64 32` prints"
    )]
    NoStateKey {
        /// Name or ARN of the secret.
        secret: String,
    },
    /// A part is encrypted with a key that no secret holds.
    #[error(
        "{key} is encrypted with the state key {id}, which is neither \"state_key\" nor among \"former_state_keys\" in {secrets}. \
         Put it back there. If it is lost for good, delete everything of the segment below state/: the next run then sends all \
         members again, and whoever left meanwhile keeps the attribute"
    )]
    OtherStateKey {
        /// The part's key in the bucket.
        key: String,
        /// The state key's id, which says nothing of it.
        id: String,
        /// The secrets that were looked into.
        secrets: String,
    },
    /// A part does not open with its key.
    #[error(
        "{key} cannot be decrypted: it was changed, or put there from another key. Restore an earlier version of the object"
    )]
    NotOpened {
        /// The part's key in the bucket.
        key: String,
    },
    /// A part could not be encrypted.
    #[error("{key} could not be encrypted: the system gave no random numbers")]
    NotSealed {
        /// The part's key in the bucket.
        key: String,
    },
}

//! Errors of the state.

use thiserror::Error;

use crate::bucket::BucketError;
use crate::message::{codes, counted};
use crate::secrets::SecretError;

/// Errors of the state.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StateError {
    /// The bucket failed.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// Too many functions write the same ledger at the same time.
    ///
    /// Fix: nothing to do; the next attempt continues.
    #[error("{key} is being changed by other functions\nNothing is lost: the next attempt continues.")]
    Contended {
        /// The ledger's key.
        key: String,
    },
    /// The ledger is damaged or was not written by this application.
    ///
    /// Fix: restore an earlier version of the object, see "Repairing" in `docs/state.md`.
    #[error(
        "can't read {key}: {reason}\n\
         Nothing is delivered to the attribute until it is repaired. Restore an earlier version of the object, or run the action \
         rebuild."
    )]
    Unreadable {
        /// The ledger's key.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// The ledger was written by another version of the application.
    ///
    /// Fix: deploy the version that wrote it.
    #[error(
        "{key} has format {found}, but this version supports format {supported}\nDeploy the version that wrote it."
    )]
    Format {
        /// The ledger's key.
        key: String,
        /// The format found.
        found: u32,
        /// The format that this version writes.
        supported: u32,
    },
    /// A part of the state is damaged.
    ///
    /// Fix: restore an earlier version of the object, see "Repairing" in `docs/state.md`.
    #[error(
        "{key} is damaged in line {line}: {found}\nRestore an earlier version of the object, or run the action rebuild."
    )]
    Damaged {
        /// The part's key.
        key: String,
        /// The line in its uncompressed text.
        line: u64,
        /// What is wrong.
        found: &'static str,
    },
    /// A part of the state is missing.
    ///
    /// Fix: restore an earlier version of the object, see "Repairing" in `docs/state.md`.
    #[error(
        "{key} is missing, although the ledger names it\nRestore an earlier version of the object, or run the action rebuild."
    )]
    PartMissing {
        /// The part's key.
        key: String,
    },
    /// A part has another number of lines than the ledger says.
    ///
    /// Fix: restore an earlier version of the object, see "Repairing" in `docs/state.md`.
    #[error(
        "{key} has {}, but the ledger counts {expected}\n\
         Restore an earlier version of the object, or run the action rebuild.",
        counted(*found, "line", "lines")
    )]
    OtherRows {
        /// The part's key.
        key: String,
        /// The lines found.
        found: u64,
        /// The lines that the ledger counts.
        expected: u64,
    },
    /// There are parts, but no ledger that names them.
    ///
    /// Fix: restore an earlier version of the object, see "Repairing" in `docs/state.md`.
    #[error(
        "{key} is missing, although members are on record beside it\n\
         Nothing is delivered to the attribute until it is repaired. Restore an earlier version of the object, or run the action \
         rebuild."
    )]
    LedgerMissing {
        /// The ledger's key.
        key: String,
    },
    /// State of format 1 is to be moved, but a function of the earlier version works on it.
    ///
    /// Fix: nothing to do; the next attempt moves it.
    #[error(
        "{key} has an earlier format, and a function of the earlier version is working on it\n\
         Nothing is lost: the next attempt moves it."
    )]
    FormerAtWork {
        /// The ledger's key.
        key: String,
    },
    /// The secret with the state keys could not be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The state is configured to be encrypted, but the secret has no key for it.
    ///
    /// Fix: add a `state_key` to the secret, for example the output of `openssl rand -base64 32`.
    #[error(
        "state_identifiers is \"encrypted\", but the secret {secret} has no \"state_key\"\n\
         Nothing was sent. Add one next to \"api_key\", for example the output of `openssl rand -base64 32`."
    )]
    NoStateKey {
        /// Name or ARN of the secret.
        secret: String,
    },
    /// A part of the state is encrypted with a key that is not in the secret.
    ///
    /// Fix: add the key to `former_state_keys` in the secret. If it is permanently lost, see "Repairing" in
    /// `docs/state.md`.
    #[error(
        "{key} is encrypted with the state key {id}, which is not in {secrets}\n\
         Nothing was sent. Add the key to \"former_state_keys\". If it is permanently lost, delete everything of the segment \
         below state/: the next run then sends all members again, and people who left in the meantime keep the attribute."
    )]
    OtherStateKey {
        /// The part's key in the bucket.
        key: String,
        /// The state key's id, which says nothing of it.
        id: String,
        /// The secrets that were looked into.
        secrets: String,
    },
    /// A part of the state can't be decrypted: it was changed, or copied from another key.
    ///
    /// Fix: restore an earlier version of the object, see "Repairing" in `docs/state.md`.
    #[error(
        "can't decrypt {key}: it was changed, or copied from another key\nRestore an earlier version of the object."
    )]
    NotOpened {
        /// The part's key in the bucket.
        key: String,
    },
    /// A part of the state can't be encrypted, because the system provides no random numbers.
    ///
    /// Fix: nothing to do; the next attempt continues.
    #[error("can't encrypt {key}: no random numbers from the system\nNothing is lost: the next attempt continues.")]
    NotSealed {
        /// The part's key in the bucket.
        key: String,
    },
}

impl StateError {
    /// Whether the attribute's own objects are the cause, so that work on other attributes can continue.
    pub fn is_about_one_attribute(&self) -> bool {
        !matches!(self, Self::Bucket(_) | Self::Secret(_) | Self::NoStateKey { .. } | Self::NotSealed { .. })
    }
}

codes!(StateError wraps Bucket, Secret {
    Contended = "ITB-S11",
    Unreadable = "ITB-S12",
    Format = "ITB-S13",
    Damaged = "ITB-S14",
    PartMissing = "ITB-S15",
    NoStateKey = "ITB-S16",
    OtherStateKey = "ITB-S17",
    NotOpened = "ITB-S18",
    NotSealed = "ITB-S19",
    OtherRows = "ITB-S20",
    LedgerMissing = "ITB-S28",
    FormerAtWork = "ITB-S29",
});

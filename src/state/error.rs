//! Why the state could not be read or written.

use thiserror::Error;

use super::ledger::FORMAT;
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
        "{key} cannot be read: {reason}. Nothing is delivered to the attribute until it is repaired: restore an earlier version \
         of the object, or run the action rebuild"
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
    #[error("{key}, line {line}: {found}. Restore an earlier version of the object, or run the action rebuild")]
    Damaged {
        /// The part's key.
        key: String,
        /// The line in its uncompressed text.
        line: u64,
        /// What is wrong.
        found: &'static str,
    },
    /// A part that the ledger names is gone.
    #[error(
        "{key} is missing, though the ledger names it. Restore it from an earlier version of the object, or run the action rebuild"
    )]
    PartMissing {
        /// The part's key.
        key: String,
    },
    /// A part has another number of lines than the ledger says.
    #[error(
        "{key} has {found} lines, and the ledger counts {expected}. Restore an earlier version of the object, or run the action rebuild"
    )]
    OtherRows {
        /// The part's key.
        key: String,
        /// The lines found.
        found: u64,
        /// The lines that the ledger counts.
        expected: u64,
    },
    /// There are parts, and no ledger that names them.
    #[error(
        "{key} is missing, though members are on record beside it. Nothing is delivered to the attribute until it is repaired: \
         restore the object from an earlier version, or run the action rebuild"
    )]
    LedgerMissing {
        /// The ledger's key.
        key: String,
    },
    /// State of format 1 is to be moved, and a function of the earlier version works on it.
    #[error(
        "{key} is of an earlier format, and a function of the earlier version is at work on it; the next attempt moves it"
    )]
    FormerAtWork {
        /// The ledger's key.
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

use crate::bucket::BucketError;
use crate::message::codes;
use crate::run::ModelReadError;

/// Why `inspect` failed. Problems of single files are part of [`Inspection`](super::Inspection).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InspectError {
    /// `exports.toml` has no such export.
    ///
    /// Fix: use one of the existing names.
    #[error("the export {name:?} does not exist; existing: {existing}")]
    NoSuchExport {
        /// The name asked for.
        name: String,
        /// Those that exist.
        existing: String,
    },
    /// The bucket failed.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// A `model.json` could not be read.
    #[error(transparent)]
    Model(#[from] ModelReadError),
}

codes!(InspectError wraps Bucket, Model { NoSuchExport = "ITB-E09" });

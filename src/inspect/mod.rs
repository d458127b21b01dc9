//! Says what a new tenant's files are, before anything is delivered: the first thing that one runs on them.
//!
//! For each object: which export, segment, run and file it is read as, or why it is ignored. For a few files of each
//! segment: dialect, header, columns, types and the first values, masked. For each `model.json`: what it says, and which
//! key each of its partitions means. Nothing is written and nothing is sent.

mod file;
mod message;
mod model;
mod objects;
mod values;

use std::collections::BTreeMap;

use serde::Serialize;

pub use file::{InspectedColumn, InspectedFile};
pub use model::{InspectedEntity, InspectedModel, InspectedPartition};
pub use objects::{InspectedObject, ReadAs};
pub use values::Kind;

use crate::bucket::{Bucket, BucketError};
use crate::config::Config;
use crate::message::{Message, codes};
use crate::names::ExportName;
use crate::run::{ModelReadError, Models};
use objects::Found;

/// As many objects are told one by one.
const OBJECTS_TOLD: usize = 200;
/// As many objects are listed at all.
const OBJECTS_LISTED: usize = 20_000;
/// As many files are opened for each segment.
const FILES_PER_SEGMENT: usize = 2;
/// As many files are opened altogether.
const FILES_OPENED: usize = 20;
/// As many models are read.
const MODELS_READ: usize = 5;

/// What is inspected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An object, or a folder with everything below it.
    Key(String),
    /// The folder of an export.
    Export(ExportName),
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Inspection {
    /// How each object is read, in the order of their keys.
    pub objects: Vec<InspectedObject>,
    /// How many objects are ignored, by export and reason.
    pub ignored: BTreeMap<String, u64>,
    /// What is in the files: of each segment's newest run, a few.
    pub files: Vec<InspectedFile>,
    /// What the descriptions beside the files say.
    pub models: Vec<InspectedModel>,
    /// The outcome in words, and what to do next.
    pub message: String,
    /// The code of the message.
    pub code: String,
}

/// Why `inspect` failed. Problems of single files are part of [`Inspection`].
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

/// Inspects `subject` in `bucket`. Reads at most a few megabytes of each file that it opens, and writes nothing.
pub async fn inspect(bucket: &Bucket, config: &Config, subject: &Subject) -> Result<Inspection, InspectError> {
    let models = Models::new(bucket.clone());
    let found = Found::of(bucket, config, subject).await?;
    let mut files = Vec::new();
    for chosen in found.files_to_open() {
        files.push(file::inspect_file(bucket, &models, chosen).await?);
    }
    let mut inspected_models = Vec::new();
    for (key, exports) in found.models_with(&files, config).iter().take(MODELS_READ) {
        let beside = keys_beside(bucket, key).await?;
        inspected_models.push(model::inspect_model(&models, key, exports, &beside).await?);
    }
    let Message { text: message, code } = found.message(&files, &inspected_models);
    Ok(Inspection { objects: found.objects, ignored: found.ignored, files, models: inspected_models, message, code })
}

/// The keys in the folder of a description and below it, as many as are listed at all.
async fn keys_beside(bucket: &Bucket, key: &str) -> Result<Vec<String>, BucketError> {
    let prefix = key.rsplit_once('/').map_or_else(String::new, |(folder, _)| format!("{folder}/"));
    let mut keys = Vec::new();
    let mut pages = bucket.pages(prefix);
    while keys.len() < OBJECTS_LISTED
        && let Some(page) = pages.next().await?
    {
        keys.extend(page.into_iter().map(|object| object.key));
    }
    Ok(keys)
}

//! Shows how a new export's files would be read, before anything is delivered.
//!
//! For each object: which export, segment, run and file it is read as, or why it is ignored. For a few files of each
//! segment: dialect, header, columns, types and the first values, masked. For each `model.json`: its content, and the key
//! of each partition. Nothing is written or sent.

mod error;
mod file;
mod message;
mod model;
mod objects;
mod subject;
mod values;

use std::collections::BTreeMap;

use serde::Serialize;

pub use error::InspectError;
pub use file::{InspectedColumn, InspectedFile};
pub use model::{InspectedEntity, InspectedModel, InspectedPartition};
pub use objects::{InspectedObject, ReadAs};
pub use subject::Subject;
pub use values::Kind;

use crate::bucket::{Bucket, BucketError};
use crate::config::Config;
use crate::message::Message;
use crate::run::Models;
use objects::{Found, OBJECTS_LISTED};

/// Most models read.
const MODELS_READ: usize = 5;

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

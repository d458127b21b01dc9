//! The `model.json` files beside the files of an export, each read at most once in an invocation.

use std::collections::HashMap;
use std::sync::Arc;

use futures::lock::Mutex;
use thiserror::Error;

use super::model::{Model, ModelError};
use crate::bucket::{Bucket, BucketError};
use crate::config::Export;
use crate::message::codes;
use crate::names::SegmentName;
use crate::values::composed;

/// The largest `model.json` that is read into memory, in bytes.
const MODEL_LIMIT: u64 = 32 * 1024 * 1024;

/// Errors of a `model.json`.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ModelReadError {
    /// The bucket failed.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// The document is not a valid model.
    #[error("{key}: {source}")]
    Model {
        /// The key of the document.
        key: String,
        /// What is wrong with it.
        source: ModelError,
    },
}

codes!(ModelReadError wraps Bucket source Model {});

/// The descriptions beside the files, each read at most once in an invocation. Cheap to clone; clones share them.
#[derive(Clone, Debug)]
pub struct Models {
    bucket: Bucket,
    read: Arc<Mutex<HashMap<String, Option<Arc<Model>>>>>,
}

impl Models {
    /// The descriptions in `bucket`, read when needed.
    pub fn new(bucket: Bucket) -> Self {
        Self { bucket, read: Arc::default() }
    }

    /// The nearest description in a folder above the file `key`, with its own key.
    pub async fn describing(
        &self,
        export: &Export,
        segment: &SegmentName,
        key: &str,
    ) -> Result<Option<(String, Arc<Model>)>, ModelReadError> {
        for folder in folders_above(export, segment, key) {
            for name in ["model.json", "default.manifest.cdm.json"] {
                let model_key = format!("{folder}/{name}");
                if let Some(model) = self.read(&model_key).await? {
                    return Ok(Some((model_key, model)));
                }
            }
        }
        Ok(None)
    }

    /// The same as it is at this moment: before a run is completed, what has been read earlier in the invocation may be old.
    pub async fn describing_now(
        &self,
        export: &Export,
        segment: &SegmentName,
        key: &str,
    ) -> Result<Option<(String, Arc<Model>)>, ModelReadError> {
        self.read.lock().await.clear();
        self.describing(export, segment, key).await
    }

    /// The description with exactly this key.
    pub async fn read(&self, key: &str) -> Result<Option<Arc<Model>>, ModelReadError> {
        let mut read = self.read.lock().await;
        if let Some(model) = read.get(key) {
            return Ok(model.clone());
        }
        let model = match self.bucket.read(key, MODEL_LIMIT).await? {
            None => None,
            Some((bytes, _)) => Some(Arc::new(
                Model::parse(&bytes).map_err(|source| ModelReadError::Model { key: key.to_owned(), source })?,
            )),
        };
        read.insert(key.to_owned(), model.clone());
        Ok(model)
    }
}

/// The folders that may contain a description of the file, the nearest first. The folder of the segment and those of its
/// runs contain none.
fn folders_above<'k>(export: &Export, segment: &SegmentName, key: &'k str) -> Vec<&'k str> {
    let mut folders = Vec::new();
    let mut folder = key;
    while let Some((above, _)) = folder.rsplit_once('/') {
        folder = above;
        folders.push(folder);
    }
    let segment_folder =
        folders.iter().rposition(|folder| folder.len() > export.folder.len() && is_folder_of(folder, segment));
    folders.split_off(segment_folder.map_or(0, |place| place + 1))
}

fn is_folder_of(folder: &str, segment: &SegmentName) -> bool {
    folder.rsplit('/').next().is_some_and(|name| composed(name) == composed(segment.as_str()))
}

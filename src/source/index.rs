//! Which content of each blob is in the bucket: saves a `HEAD` request for each object. Nothing is lost with it.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::bucket::{Bucket, Condition, ETag};
use crate::names::SourceName;

const LARGEST: u64 = 256 * 1024 * 1024;

/// The key of an object of a source's state.
pub(super) fn key(source: &SourceName, name: &str) -> String {
    format!("state/.sources/{source}/{name}")
}

/// The contents, by the key of the object.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Index {
    copies: HashMap<String, Copy>,
    #[serde(skip)]
    changed: bool,
}

/// The content of a blob, and the object that is a copy of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Copy {
    blob: String,
    object: ETag,
}

impl Index {
    pub(super) async fn read(bucket: &Bucket, source: &SourceName) -> Self {
        match bucket.read(&key(source, "index.json"), LARGEST).await {
            Ok(stored) => stored.and_then(|(bytes, _)| serde_json::from_slice(&bytes).ok()).unwrap_or_default(),
            Err(error) => {
                tracing::warn!(%error, "the index of a source can't be read; every object is asked instead");
                Self::default()
            }
        }
    }

    /// Whether the object with this tag is a copy of the blob with that one.
    pub(super) fn has(&self, key: &str, blob: &str, object: &ETag) -> bool {
        self.copies.get(key).is_some_and(|copy| copy.blob == blob && copy.object == *object)
    }

    pub(super) fn insert(&mut self, key: &str, blob: &str, object: ETag) {
        let copy = Copy { blob: blob.to_owned(), object };
        self.changed |= self.copies.insert(key.to_owned(), copy.clone()).as_ref() != Some(&copy);
    }

    /// Forgets what is no longer in the container, and stores the rest if it has changed.
    pub(super) async fn store(&mut self, bucket: &Bucket, source: &SourceName, listed: impl Fn(&str) -> bool) {
        let before = self.copies.len();
        self.copies.retain(|key, _| listed(key));
        if !self.changed && self.copies.len() == before {
            return;
        }
        if let Err(error) = bucket.write_json(&key(source, "index.json"), self, &Condition::Any).await {
            tracing::warn!(%error, "the index of a source can't be stored; the next fetch asks every object instead");
        }
        self.changed = false;
    }
}

//! Keeps small parts of the state in memory: each file of a run is compared with the same ones.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::state::StoredPart;

/// A larger part takes longer to be read than to be fetched, in bytes.
const SMALL: usize = 64 * 1024;

/// How much is kept together, in bytes.
const MOST: usize = 16 * 1024 * 1024;

/// The small parts that a delivery has read.
#[derive(Debug, Default)]
pub(super) struct SmallParts(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    parts: HashMap<String, StoredPart>,
    bytes: usize,
}

impl SmallParts {
    /// The part `key`, if it is kept.
    pub(super) fn get(&self, key: &str) -> Option<StoredPart> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).parts.get(key).cloned()
    }

    /// Keeps the part `key` as long as there is room.
    pub(super) fn keep(&self, key: &str, part: &StoredPart) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if part.bytes.len() <= SMALL && kept.bytes + part.bytes.len() <= MOST {
            kept.bytes += part.bytes.len();
            kept.parts.insert(key.to_owned(), part.clone());
        }
    }

    /// Drops all: the parts may have been rewritten.
    pub(super) fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Kept::default();
    }
}

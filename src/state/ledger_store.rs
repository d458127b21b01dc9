//! Reads and writes ledgers: each step a conditional write, so that no step is taken twice or on old knowledge.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::StateError;
use super::ledger::{FORMAT, Ledger};
use crate::bucket::{Bucket, BucketError, Condition, ETag};
use crate::randomness::Randomness;

/// A ledger is small; larger objects are refused.
const SIZE_LIMIT: u64 = 64 * 1024 * 1024;

/// The oldest format that is read as it is.
const OLDEST_FORMAT: u32 = 2;

/// How often a step is tried against others who write at the same time.
pub(super) const TRIES: u32 = 24;

/// The ledger of one attribute, where it is kept.
#[derive(Clone, Debug)]
pub struct LedgerStore {
    bucket: Bucket,
    key: String,
    randomness: Randomness,
    /// As it was when it was last read or written here. A step may begin with it: if it is no longer so, the conditional
    /// write fails and the ledger is read.
    remembered: Arc<Mutex<Option<(Ledger, ETag)>>>,
}

impl LedgerStore {
    /// The ledger at `key`.
    pub fn new(bucket: Bucket, key: String) -> Self {
        Self { bucket, key, randomness: Randomness::new(), remembered: Arc::default() }
    }

    /// The same with waits drawn from `randomness`.
    #[must_use]
    pub fn with(mut self, randomness: Randomness) -> Self {
        self.randomness = randomness;
        self
    }

    /// Its key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The ledger as it is now, or `None` before the first delivery.
    pub async fn read(&self) -> Result<Option<Ledger>, StateError> {
        let read = self.read_tagged().await?;
        self.remember(read.clone());
        Ok(read.map(|(ledger, _)| ledger))
    }

    /// The ledger as last read or written here, or read now. Use it only if a conditional write decides in the end, or if a
    /// later write corrects it.
    pub async fn last_seen(&self) -> Result<Option<Ledger>, StateError> {
        let remembered = self.remembered().as_ref().map(|(ledger, _)| ledger.clone());
        match remembered {
            Some(ledger) => Ok(Some(ledger)),
            None => self.read().await,
        }
    }

    /// Takes one step: `step` gets the current ledger (`None` before the first delivery), may change it, and returns an answer.
    /// If another function wrote in the meantime, `step` is called again with the new ledger.
    ///
    /// Returns the answer of `step` after its change has been stored. A `step` that leaves `None` deletes the ledger. An
    /// answer without a change is based on the stored ledger, not on a remembered one.
    pub async fn update<T>(&self, mut step: impl FnMut(&mut Option<Ledger>) -> T) -> Result<T, StateError> {
        let mut remembered = self.remembered().take();
        for attempt in 0..TRIES {
            let from_memory = remembered.is_some();
            let known = match remembered.take() {
                Some(known) => Some(known),
                None => self.read_tagged().await?,
            };
            let condition = known.as_ref().map_or(Condition::Absent, |(_, etag)| Condition::Unchanged(etag.clone()));
            let mut ledger = known.as_ref().map(|(ledger, _)| ledger.clone());
            let answer = step(&mut ledger);
            if ledger.as_ref() == known.as_ref().map(|(ledger, _)| ledger) {
                if from_memory {
                    continue;
                }
                self.remember(known);
                return Ok(answer);
            }
            match self.store(ledger.as_ref(), &condition).await {
                Ok(etag) => {
                    self.remember(ledger.zip(etag));
                    return Ok(answer);
                }
                // Another function wrote first, and may do so again: a random wait lets them take turns.
                Err(BucketError::Changed { .. }) => {
                    let longest = 20_u64 << attempt.min(6);
                    let wait = self.randomness.below(longest);
                    tokio::time::sleep(Duration::from_millis(wait)).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(StateError::Contended { key: self.key.clone() })
    }

    /// Stores a ledger in place of one that is missing or cannot be read.
    pub async fn replace(&self, ledger: Ledger) -> Result<(), StateError> {
        let condition = self.bucket.summary(&self.key).await?;
        let condition = condition.map_or(Condition::Absent, |known| Condition::Unchanged(known.etag));
        let etag = self.store(Some(&ledger), &condition).await?;
        self.remember(Some(ledger).zip(etag));
        Ok(())
    }

    fn remember(&self, ledger: Option<(Ledger, ETag)>) {
        *self.remembered() = ledger;
    }

    fn remembered(&self) -> MutexGuard<'_, Option<(Ledger, ETag)>> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the tag of what was written; a deletion leaves none.
    async fn store(&self, ledger: Option<&Ledger>, condition: &Condition) -> Result<Option<ETag>, BucketError> {
        match ledger {
            None => match condition {
                Condition::Unchanged(etag) => self.bucket.delete_unchanged(&self.key, etag).await.map(|()| None),
                Condition::Any | Condition::Absent => Ok(None),
            },
            Some(ledger) => self.bucket.write_json(&self.key, ledger, condition).await.map(Some),
        }
    }

    async fn read_tagged(&self) -> Result<Option<(Ledger, ETag)>, StateError> {
        let Some((bytes, etag)) = self.bucket.read(&self.key, SIZE_LIMIT).await? else {
            return Ok(None);
        };
        Ok(Some((parse(&self.key, &bytes)?, etag)))
    }
}

/// Reads only the format, to distinguish a ledger of another version from a damaged one.
#[derive(serde::Deserialize)]
struct FormatOnly {
    format: u32,
}

fn parse(key: &str, bytes: &[u8]) -> Result<Ledger, StateError> {
    let unreadable =
        |error: serde_json::Error| StateError::Unreadable { key: key.to_owned(), reason: error.to_string() };
    let FormatOnly { format } = serde_json::from_slice(bytes).map_err(unreadable)?;
    if !(OLDEST_FORMAT..=FORMAT).contains(&format) {
        return Err(StateError::Format { key: key.to_owned(), found: format, supported: FORMAT });
    }
    // Format 2 has the same fields, without those that came later.
    let ledger: Ledger = serde_json::from_slice(bytes).map_err(unreadable)?;
    Ok(Ledger { format: FORMAT, ..ledger })
}

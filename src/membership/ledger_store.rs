//! Reads and writes ledgers: each step a conditional write, so that no step is taken twice or on old knowledge.

use std::ops::ControlFlow;
use std::time::Duration;

use super::StateError;
use super::ledger::{FORMAT, Ledger};
use crate::bucket::{Bucket, BucketError, Condition, ETag};
use crate::randomness::Randomness;

/// A ledger is small; one this large is none.
const SIZE_LIMIT: u64 = 64 * 1024 * 1024;

/// How often a step is tried against others who write at the same time.
const TRIES: u32 = 24;

/// The ledger of one segment, where it is kept.
#[derive(Clone, Debug)]
pub struct LedgerStore {
    bucket: Bucket,
    key: String,
    randomness: Randomness,
}

impl LedgerStore {
    /// The ledger at `key`.
    pub fn new(bucket: Bucket, key: String) -> Self {
        Self { bucket, key, randomness: Randomness::new() }
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
        Ok(self.read_tagged().await?.map(|(ledger, _)| ledger))
    }

    /// Takes one step: `step` sees the ledger as it is (`None` before the first delivery) and either changes it or
    /// breaks off with its own answer. If somebody else wrote meanwhile, it is asked again on the new ledger.
    ///
    /// Gives the answer of `step`, after its change has been stored. A `step` that leaves `None` deletes the ledger.
    pub async fn update<T, B>(
        &self,
        mut step: impl FnMut(&mut Option<Ledger>) -> ControlFlow<B, T>,
    ) -> Result<ControlFlow<B, T>, StateError> {
        for attempt in 0..TRIES {
            let (mut ledger, condition) = match self.read_tagged().await? {
                Some((ledger, etag)) => (Some(ledger), Condition::Unchanged(etag)),
                None => (None, Condition::Absent),
            };
            let before = ledger.clone();
            let answer = match step(&mut ledger) {
                ControlFlow::Continue(answer) => answer,
                ControlFlow::Break(answer) => return Ok(ControlFlow::Break(answer)),
            };
            if ledger == before {
                return Ok(ControlFlow::Continue(answer));
            }
            match self.store(ledger.as_ref(), &condition).await {
                Ok(()) => return Ok(ControlFlow::Continue(answer)),
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

    async fn store(&self, ledger: Option<&Ledger>, condition: &Condition) -> Result<(), BucketError> {
        match ledger {
            None => match condition {
                Condition::Unchanged(etag) => self.bucket.delete_unchanged(&self.key, etag).await,
                Condition::Any | Condition::Absent => Ok(()),
            },
            Some(ledger) => {
                let body = serde_json::to_vec_pretty(ledger).map_err(|error| BucketError::Failed {
                    operation: "PutObject",
                    bucket: self.bucket.name().to_owned(),
                    key: self.key.clone(),
                    reason: error.to_string(),
                })?;
                self.bucket.write(&self.key, body, "application/json", condition).await.map(drop)
            }
        }
    }

    async fn read_tagged(&self) -> Result<Option<(Ledger, ETag)>, StateError> {
        let Some((bytes, etag)) = self.bucket.read(&self.key, SIZE_LIMIT).await? else {
            return Ok(None);
        };
        let ledger: Ledger = serde_json::from_slice(&bytes)
            .map_err(|error| StateError::Unreadable { key: self.key.clone(), reason: error.to_string() })?;
        if ledger.format != FORMAT {
            return Err(StateError::Format { key: self.key.clone(), found: ledger.format });
        }
        Ok(Some((ledger, etag)))
    }
}

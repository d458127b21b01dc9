//! Stores and reads parts, encrypted where the connection says so.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use super::StateError;
use super::line_set::LineSet;
use crate::bucket::{Bucket, Condition, ETag};
use crate::names::SecretName;
use crate::secrets::state_key::{SealError, StateKey};
use crate::secrets::{ApiKeys, state_key};

/// No part is larger; a whole one is in memory while it is read.
const PART_LIMIT: u64 = 64 * 1024 * 1024;

/// The parts of the state, and the keys that they may be encrypted with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct PartStore {
    bucket: Bucket,
    api_keys: ApiKeys,
    /// The secrets whose state keys may open a part; the first one's seals.
    secrets: Vec<SecretName>,
    seals: bool,
}

/// A part as it is stored.
#[derive(Clone, Debug)]
pub struct StoredPart {
    /// Its bytes, decrypted.
    pub bytes: Bytes,
    /// What it was encrypted with, if it was.
    pub sealed_with: Option<StateKey>,
    etag: ETag,
}

impl PartStore {
    /// Parts in `bucket`, with the state keys in `secrets`. With `seals`, new parts are encrypted with the first one's.
    pub fn new(bucket: Bucket, api_keys: ApiKeys, secrets: Vec<SecretName>, seals: bool) -> Self {
        Self { bucket, api_keys, secrets, seals }
    }

    /// What new parts are encrypted with, if they are.
    pub async fn sealing(&self) -> Result<Option<StateKey>, StateError> {
        if self.seals { self.sealing_key().await.map(Some) } else { Ok(None) }
    }

    /// Stores a part.
    pub async fn write(&self, key: &str, bytes: Bytes) -> Result<(), StateError> {
        let bytes = match self.sealing().await? {
            Some(state_key) => seal(&state_key, key, &bytes)?,
            None => bytes,
        };
        self.store(key, bytes, &Condition::Any).await
    }

    /// Replaces the content of a part, encrypted as before, if it has not been changed since.
    pub async fn replace(&self, key: &str, part: &StoredPart, bytes: Bytes) -> Result<(), StateError> {
        let bytes = match &part.sealed_with {
            Some(state_key) => seal(state_key, key, &bytes)?,
            None => bytes,
        };
        self.store(key, bytes, &Condition::Unchanged(part.etag.clone())).await
    }

    /// The part under `key`, or `None` if there is none.
    pub async fn read(&self, key: &str) -> Result<Option<StoredPart>, StateError> {
        let Some((bytes, etag)) = self.bucket.read(key, PART_LIMIT).await? else {
            return Ok(None);
        };
        if !state_key::is_sealed(&bytes) {
            return Ok(Some(StoredPart { bytes, etag, sealed_with: None }));
        }
        let mut opened = state_key::open(&self.keys(false).await?, key, &bytes).map(owned);
        if matches!(opened, Err(SealError::OtherKey(_))) {
            // The key may have been put into the secret since.
            opened = state_key::open(&self.keys(true).await?, key, &bytes).map(owned);
        }
        match opened {
            Ok((bytes, state_key)) => Ok(Some(StoredPart { bytes, etag, sealed_with: Some(state_key) })),
            Err(error) => Err(self.failure(key, error)),
        }
    }

    /// Stores which lines of parts are still true. The numbers say nothing about anyone, so they are never encrypted.
    pub async fn write_lines(&self, key: &str, lines: &LineSet) -> Result<(), StateError> {
        self.store(key, lines.to_bytes().into(), &Condition::Any).await
    }

    /// The sets of lines under `keys`, each read once.
    pub async fn true_lines<'k>(
        &self,
        keys: impl Iterator<Item = &'k String>,
    ) -> Result<HashMap<String, Arc<LineSet>>, StateError> {
        let mut sets = HashMap::new();
        for key in keys {
            if !sets.contains_key(key) {
                sets.insert(key.clone(), Arc::new(self.read_lines(key).await?));
            }
        }
        Ok(sets)
    }

    async fn read_lines(&self, key: &str) -> Result<LineSet, StateError> {
        let Some((bytes, _)) = self.bucket.read(key, PART_LIMIT).await? else {
            return Err(StateError::PartMissing { key: key.to_owned() });
        };
        LineSet::from_bytes(&bytes).ok_or_else(|| StateError::Damaged {
            key: key.to_owned(),
            line: 1,
            found: "it is no set of lines",
        })
    }

    async fn store(&self, key: &str, bytes: Bytes, condition: &Condition) -> Result<(), StateError> {
        self.bucket.write(key, bytes, "application/octet-stream", condition).await?;
        Ok(())
    }

    async fn sealing_key(&self) -> Result<StateKey, StateError> {
        let secret = self.secrets.first().unwrap_or(&SecretName::OfStack);
        let keys = self.api_keys.state_keys(secret, false).await?;
        keys.first().cloned().ok_or_else(|| StateError::NoStateKey { secret: secret.to_string() })
    }

    async fn keys(&self, again: bool) -> Result<Vec<StateKey>, StateError> {
        let mut keys = Vec::new();
        for secret in &self.secrets {
            match self.api_keys.state_keys(secret, again).await {
                Ok(of_secret) => keys.extend(of_secret),
                // Of several secrets, another one may hold the key.
                Err(error) if self.secrets.len() == 1 => return Err(error.into()),
                Err(error) => tracing::warn!(%error, "can't read the state keys of a secret"),
            }
        }
        Ok(keys)
    }

    fn failure(&self, key: &str, error: SealError) -> StateError {
        let key = key.to_owned();
        match error {
            SealError::OtherKey(id) => {
                let secrets: Vec<String> = self.secrets.iter().map(ToString::to_string).collect();
                StateError::OtherStateKey { key, id: state_key::shown(id), secrets: secrets.join(", ") }
            }
            SealError::Changed | SealError::Refused => StateError::NotOpened { key },
        }
    }
}

fn seal(state_key: &StateKey, key: &str, bytes: &[u8]) -> Result<Bytes, StateError> {
    state_key.seal(key, bytes).map(Bytes::from).map_err(|_| StateError::NotSealed { key: key.to_owned() })
}

fn owned((bytes, state_key): (Vec<u8>, &StateKey)) -> (Bytes, StateKey) {
    (bytes.into(), state_key.clone())
}

//! The attributes of a workspace that a feeder has fed, recorded in an object, to find those that it no longer feeds.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::StateError;
use super::feeder::Feeder;
use super::keys::StateKeys;
use super::ledger_store::TRIES;
use crate::bucket::{Bucket, BucketError, Condition, ETag};
use crate::names::{AttributeName, WorkspaceName};

/// The object is small; larger ones are refused.
const SIZE_LIMIT: u64 = 1024 * 1024;

/// The attributes of one workspace that a feeder has fed so far.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Fed {
    attributes: BTreeSet<AttributeName>,
}

impl Fed {
    /// Reads the record.
    pub async fn read(bucket: &Bucket, workspace: &WorkspaceName, feeder: &Feeder) -> Result<Self, StateError> {
        Ok(Self::read_tagged(bucket, &StateKeys::fed(workspace, feeder)).await?.0)
    }

    /// Records `attribute`.
    pub async fn add(
        bucket: &Bucket,
        workspace: &WorkspaceName,
        feeder: &Feeder,
        attribute: &AttributeName,
    ) -> Result<Self, StateError> {
        Self::change(bucket, workspace, feeder, |attributes| attributes.insert(attribute.clone())).await
    }

    /// Removes `attribute` from the record, when its state is deleted.
    pub async fn remove(
        bucket: &Bucket,
        workspace: &WorkspaceName,
        feeder: &Feeder,
        attribute: &AttributeName,
    ) -> Result<Self, StateError> {
        Self::change(bucket, workspace, feeder, |attributes| attributes.remove(attribute)).await
    }

    /// Changes the record. `change` returns whether it changed anything.
    async fn change(
        bucket: &Bucket,
        workspace: &WorkspaceName,
        feeder: &Feeder,
        change: impl Fn(&mut BTreeSet<AttributeName>) -> bool,
    ) -> Result<Self, StateError> {
        let key = StateKeys::fed(workspace, feeder);
        for _ in 0..TRIES {
            let (mut fed, etag) = Self::read_tagged(bucket, &key).await?;
            if !change(&mut fed.attributes) {
                return Ok(fed);
            }
            let written = match etag {
                Some(etag) if fed.attributes.is_empty() => bucket.delete_unchanged(&key, &etag).await,
                etag => {
                    let condition = etag.map_or(Condition::Absent, Condition::Unchanged);
                    bucket.write_json(&key, &fed, &condition).await.map(drop)
                }
            };
            match written {
                Ok(()) => return Ok(fed),
                // Another function changed it at the same time.
                Err(BucketError::Changed { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StateError::Contended { key })
    }

    /// All but `attribute`.
    pub fn others<'a>(&'a self, attribute: &'a AttributeName) -> impl Iterator<Item = &'a AttributeName> {
        self.attributes.iter().filter(move |other| *other != attribute)
    }

    async fn read_tagged(bucket: &Bucket, key: &str) -> Result<(Self, Option<ETag>), StateError> {
        match bucket.read(key, SIZE_LIMIT).await? {
            None => Ok((Self::default(), None)),
            Some((bytes, etag)) => match serde_json::from_slice(&bytes) {
                Ok(fed) => Ok((fed, Some(etag))),
                Err(error) => Err(StateError::Unreadable { key: key.to_owned(), reason: error.to_string() }),
            },
        }
    }
}

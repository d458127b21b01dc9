//! Moves state of format 1 to where it belongs now: by workspace and attribute.
//!
//! ```text
//! state/<export>/<segment>/ledger.json        becomes   state/<workspace>/<attribute>/ledger.json
//! ```
//!
//! Parts stay where they are until the first complete run. What remains in the place of a ledger keeps versions away that know
//! format 1 alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::OnceCell;

use super::StateError;
use super::feeder::Feeder;
use super::format_1::{self, FormerLedger, Stored};
use super::keys::StateKeys;
use super::ledger::Ledger;
use super::part::{Part, PartWriter, part_key, read_part};
use super::part_store::PartStore;
use super::sent::Sent;
use crate::bucket::{Bucket, BucketError, Condition};
use crate::config::{Config, Connection, Export, StateIdentifiers};
use crate::names::{AttributeName, ExportName, SegmentName};
use crate::secrets::ApiKeys;

/// A ledger is small; larger objects are refused.
const SIZE_LIMIT: u64 = 64 * 1024 * 1024;

/// What has to be known to move state of format 1. Clones share whether it has been looked for: once in an invocation.
#[derive(Clone, Debug)]
pub struct FormerState {
    exports: BTreeMap<ExportName, Arc<Export>>,
    connections: Vec<Arc<Connection>>,
    looked: Arc<OnceCell<()>>,
}

/// One ledger of format 1.
struct Found {
    key: String,
    folder: String,
    feeder: Feeder,
    bytes: bytes::Bytes,
    etag: crate::bucket::ETag,
    ledger: FormerLedger,
    connection: Arc<Connection>,
}

impl FormerState {
    /// State that was kept for the exports of `config`.
    pub fn new(config: &Config) -> Self {
        let connections = config.connections.values().cloned().collect();
        Self { exports: config.exports.clone(), connections, looked: Arc::default() }
    }

    /// Moves all state that no function works on. State that belongs to no connection stays where it is.
    pub async fn move_all(&self, bucket: &Bucket, api_keys: &ApiKeys, now: Timestamp) -> Result<(), StateError> {
        self.looked.get_or_try_init(|| Box::pin(self.move_found(bucket, api_keys, now))).await.copied()
    }

    async fn move_found(&self, bucket: &Bucket, api_keys: &ApiKeys, now: Timestamp) -> Result<(), StateError> {
        for found in self.find(bucket).await? {
            if found.ledger.is_worked_on(now) {
                return Err(StateError::FormerAtWork { key: found.key });
            }
            self.move_one(bucket, api_keys, found, now).await?;
        }
        Ok(())
    }

    /// The ledger that would be at `attribute` of the connection's workspace if all were moved.
    pub async fn preview(
        &self,
        bucket: &Bucket,
        connection: &Connection,
        attribute: &AttributeName,
        now: Timestamp,
    ) -> Result<Option<Ledger>, StateError> {
        let found =
            self.find(bucket).await?.into_iter().find(|found| {
                found.connection.workspace == connection.workspace && found.ledger.attribute == *attribute
            });
        Ok(found.map(|found| {
            let zone = self.zone(&found.feeder);
            found.ledger.into_ledger(found.feeder, &zone, &found.folder, now)
        }))
    }

    async fn find(&self, bucket: &Bucket) -> Result<Vec<Found>, StateError> {
        let mut all = Vec::new();
        for export_folder in bucket.folders(StateKeys::ROOT).await? {
            let name = below(StateKeys::ROOT, &export_folder);
            if StateKeys::workspace_of_folder(&export_folder).is_some() || name.starts_with('.') {
                continue;
            }
            let export = ExportName::from(name);
            for folder in bucket.folders(&export_folder).await? {
                let segment = below(&export_folder, &folder);
                let segment = percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned();
                let feeder = Feeder::new(&export, &SegmentName::new(segment));
                all.extend(self.read(bucket, folder, feeder).await?);
            }
        }
        Ok(all)
    }

    async fn read(&self, bucket: &Bucket, folder: String, feeder: Feeder) -> Result<Option<Found>, StateError> {
        let key = format!("{folder}ledger.json");
        let Some((bytes, etag)) = bucket.read(&key, SIZE_LIMIT).await? else {
            return Ok(None);
        };
        let ledger = match format_1::read(&bytes) {
            Ok(Stored::Former(ledger)) => *ledger,
            Ok(Stored::Moved) => return Ok(None),
            Err(error) => return Err(StateError::Unreadable { key, reason: error.to_string() }),
        };
        let own = self.exports.get(&feeder.export).map(|export| &export.connection);
        let leads_there = |connection: &&Arc<Connection>| connection.hostname.authority() == ledger.destination;
        let connection = own.filter(leads_there).or_else(|| self.connections.iter().find(leads_there));
        Ok(connection.cloned().map(|connection| Found { key, folder, feeder, bytes, etag, ledger, connection }))
    }

    fn zone(&self, feeder: &Feeder) -> TimeZone {
        self.exports.get(&feeder.export).map_or(TimeZone::UTC, |export| export.time_zone.clone())
    }

    /// Writes the new ledger first: if the function is killed before the old one is marked, the next one repeats the move.
    async fn move_one(
        &self,
        bucket: &Bucket,
        api_keys: &ApiKeys,
        found: Found,
        now: Timestamp,
    ) -> Result<(), StateError> {
        let Found { key, folder, feeder, bytes, etag, ledger, connection } = found;
        tracing::info!(from = key, attribute = %ledger.attribute, "state of format 1 is moved");
        let zone = self.zone(&feeder);
        let keys = StateKeys::new(&connection.workspace, &ledger.attribute);
        for former in ledger.former_attributes.clone() {
            let seals = connection.state_identifiers == StateIdentifiers::Encrypted;
            let parts = PartStore::new(bucket.clone(), api_keys.clone(), vec![connection.secret.clone()], seals);
            copy(bucket, &parts, &connection, &former, &feeder, ledger.everyone()).await?;
        }
        let moved = format_1::moved(&bytes, keys.everything());
        let new = ledger.into_ledger(feeder, &zone, &folder, now);
        let store = keys.ledger(bucket);
        if store.read().await?.is_none() {
            store.update(|ledger| _ = ledger.get_or_insert_with(|| new.clone())).await?;
        }
        let moved = moved.map_err(|error| StateError::Unreadable { key: key.clone(), reason: error.to_string() })?;
        match bucket.write(&key, moved, "application/json", &Condition::Unchanged(etag)).await {
            // Another function moved it at the same time.
            Ok(_) | Err(BucketError::Changed { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The name of `folder`, which is directly in `parent`.
fn below<'a>(parent: &str, folder: &'a str) -> &'a str {
    folder.strip_prefix(parent).unwrap_or(folder).trim_end_matches('/')
}

/// Members may still be marked under a former name: it becomes an attribute of its own that nothing feeds.
async fn copy(
    bucket: &Bucket,
    parts: &PartStore,
    connection: &Connection,
    attribute: &AttributeName,
    feeder: &Feeder,
    everyone: Sent,
) -> Result<(), StateError> {
    let keys = StateKeys::new(&connection.workspace, attribute);
    let store = keys.ledger(bucket);
    if store.read().await?.is_some() {
        return Ok(());
    }
    let mut named: Vec<String> = everyone.parts.into_iter().map(|part| part.key).collect();
    for folder in everyone.folders {
        let found = bucket.keys(&folder).await?;
        named.extend(found.into_iter().filter(|key| Part::is_one(key)));
    }
    named.sort();
    named.dedup();
    let mut ledger = Ledger::new(attribute.clone(), feeder.clone());
    for (number, from) in named.iter().enumerate() {
        let Some(part) = parts.read(from).await? else { continue };
        let mut writer = PartWriter::new();
        read_part(from, &part.bytes, |_, row| writer.push(row))?;
        let (bytes, part) = writer.finish(&part_key(&format!("{}moved/{number:06}", keys.everything())));
        parts.write(&part.key, bytes).await?;
        ledger.earlier.parts.push(Part { outdated: true, ..part });
    }
    store.update(|stored| _ = stored.get_or_insert_with(|| ledger.clone())).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_may_have_the_name_of_the_folder_that_it_is_in() {
        assert_eq!(below("state/", "state/loyalty/"), "loyalty");
        assert_eq!(below("state/", "state/state/"), "state");
        assert_eq!(below("state/state/", "state/state/%2Fstate/"), "%2Fstate");
    }
}

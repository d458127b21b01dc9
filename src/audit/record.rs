//! What the state says of an audit: how far it is, and what it has found.
//!
//! ```text
//! state/<workspace>/<attribute>/audit/record.json           the audit that is in progress, or the last one
//! state/<workspace>/<attribute>/audit/<id>-found-*.part     the profiles of the export
//! state/<workspace>/<attribute>/audit/<id>-missing-*.part   members who lack the attribute
//! state/<workspace>/<attribute>/audit/<id>-extra-*.part     others who have it
//! state/<workspace>/<attribute>/audit/<id>-address          where the export can be downloaded
//! ```

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::receipt::{ExportFile, Extra, Missing};
use crate::bucket::{Bucket, BucketError, Condition};
use crate::names::SegmentName;
use crate::pattern::RunId;
use crate::report::Counts;
use crate::state::{Feeder, Lease, Part, StateError};

/// A record is small, even with thousands of files.
const LARGEST: u64 = 16 * 1024 * 1024;

/// How often a step is tried against others who write at the same time.
const TRIES: u32 = 10;

/// How far an audit is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum AuditStage {
    /// Braze is to be asked for the export.
    #[default]
    Asking,
    /// Braze prepares the export, or its files are being read.
    Asked {
        /// When it was asked.
        at: Timestamp,
        /// The folder of its files in the company's bucket.
        folder: String,
        /// Whether it can be downloaded from the address that is stored beside.
        has_address: bool,
    },
    /// All files are read.
    Read,
    /// The differences are known.
    Compared,
    /// A person has to allow the repair.
    Held,
    /// The differences are being sent.
    Repairing,
    /// It is over, and nothing of it is kept.
    Ended,
}

/// People whose attribute is to be set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToSend {
    /// Where they are listed, in the order in which they are sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// How many of them are done.
    #[serde(default)]
    pub done: u64,
    /// Those whom Braze rejected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Part>,
}

impl ToSend {
    /// How many people they are.
    pub fn people(&self) -> u64 {
        self.parts.iter().map(|part| part.rows).sum()
    }

    /// How many Braze rejected.
    pub fn refused(&self) -> u64 {
        self.refused.iter().map(|part| part.rows).sum()
    }
}

/// An audit of one attribute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// Distinguishes its objects from those of other audits.
    pub id: String,
    /// Whose attribute it is.
    pub feeder: Feeder,
    /// The last complete run, which Braze is compared with.
    pub run: RunId,
    /// The segment in Braze.
    pub segment_id: String,
    /// Whether the differences are sent.
    pub repair: bool,
    /// How many people the repair may change, because a person has said that it is right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_differences: Option<u64>,
    /// When it began.
    pub begun_at: Timestamp,
    /// When the differences were known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared_at: Option<Timestamp>,
    /// Who works on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// How far it is.
    pub stage: AuditStage,
    /// The files of the export that are read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<ExportFile>,
    /// The parts that list their profiles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<Part>,
    /// Profiles that were read.
    #[serde(default)]
    pub profiles: u64,
    /// Of those: without a customer ID and without an address.
    #[serde(default)]
    pub unknown: u64,
    /// Of those: whose attribute is not `true`.
    #[serde(default)]
    pub others: u64,
    /// Lines that are no profile.
    #[serde(default)]
    pub unreadable: u64,
    /// Members of the run.
    #[serde(default)]
    pub members: u64,
    /// A digest of them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub members_digest: String,
    /// Members who lack the attribute.
    #[serde(default)]
    pub missing: Missing,
    /// Others who have it.
    #[serde(default)]
    pub extra: Extra,
    /// People who were sent since the run.
    #[serde(default)]
    pub unsettled: u64,
    /// Members whose attribute is to be set to `true`.
    #[serde(default)]
    pub to_members: ToSend,
    /// Others whose attribute is to be set to `false` or removed.
    #[serde(default)]
    pub to_others: ToSend,
    /// What sending them took.
    #[serde(default)]
    pub counts: Counts,
}

impl AuditRecord {
    /// An audit that begins now.
    pub fn new(id: String, feeder: Feeder, run: RunId, segment_id: String, now: Timestamp) -> Self {
        Self {
            id,
            feeder,
            run,
            segment_id,
            repair: false,
            allow_differences: None,
            begun_at: now,
            compared_at: None,
            lease: None,
            stage: AuditStage::Asking,
            files: Vec::new(),
            found: Vec::new(),
            profiles: 0,
            unknown: 0,
            others: 0,
            unreadable: 0,
            members: 0,
            members_digest: String::new(),
            missing: Missing::default(),
            extra: Extra::default(),
            unsettled: 0,
            to_members: ToSend::default(),
            to_others: ToSend::default(),
            counts: Counts::default(),
        }
    }

    /// Whether it has to be continued.
    pub fn is_in_progress(&self) -> bool {
        match self.stage {
            AuditStage::Asking | AuditStage::Asked { .. } | AuditStage::Read | AuditStage::Repairing => true,
            AuditStage::Compared => self.repair,
            AuditStage::Held | AuditStage::Ended => false,
        }
    }

    /// Whether its differences can still be sent: they are known, and are about this run.
    pub fn is_about(&self, run: RunId, segment: &SegmentName) -> bool {
        matches!(self.stage, AuditStage::Compared | AuditStage::Held)
            && self.run == run
            && self.feeder.segment == *segment
    }

    /// How many people the repair changes.
    pub fn to_send(&self) -> u64 {
        self.to_members.people() + self.to_others.people()
    }

    /// Whether another function works on it.
    pub fn is_leased(&self, owner: &str, now: Timestamp) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.owner != owner && lease.holds(now))
    }
}

/// The record of the audits of one attribute.
#[derive(Clone, Debug)]
pub struct AuditStore {
    bucket: Bucket,
    key: String,
}

impl AuditStore {
    /// The record in a folder.
    pub fn new(bucket: Bucket, folder: &str) -> Self {
        Self { bucket, key: format!("{folder}record.json") }
    }

    /// Its key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The record as it is now.
    pub async fn read(&self) -> Result<Option<AuditRecord>, StateError> {
        Ok(self.read_tagged().await?.map(|(record, _)| record))
    }

    async fn read_tagged(&self) -> Result<Option<(AuditRecord, Condition)>, StateError> {
        let Some((bytes, etag)) = self.bucket.read(&self.key, LARGEST).await? else {
            return Ok(None);
        };
        let record = serde_json::from_slice(&bytes)
            .map_err(|error| StateError::Unreadable { key: self.key.clone(), reason: error.to_string() })?;
        Ok(Some((record, Condition::Unchanged(etag))))
    }

    /// Takes one step, by a conditional write; as often as others write in the meantime.
    pub async fn update<T>(&self, mut step: impl FnMut(&mut Option<AuditRecord>) -> T) -> Result<T, StateError> {
        for _ in 0..TRIES {
            let (known, condition) = self.read_tagged().await?.unzip();
            let mut record = known.clone();
            let answer = step(&mut record);
            let Some(record) = record.filter(|record| known.as_ref() != Some(record)) else {
                return Ok(answer);
            };
            let condition = condition.unwrap_or(Condition::Absent);
            match self.bucket.write_json(&self.key, &record, &condition).await {
                Ok(_) => return Ok(answer),
                Err(BucketError::Changed { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StateError::Contended { key: self.key.clone() })
    }

    /// Replaces what the record says, but for its lease. Returns whether `owner` still holds it.
    pub async fn put(&self, owner: &str, record: &AuditRecord) -> Result<bool, StateError> {
        self.change(owner, |stored| {
            *stored = AuditRecord { lease: stored.lease.take(), ..record.clone() };
        })
        .await
    }

    /// Renews or releases the lease. Returns whether it was still ours.
    pub async fn renew(&self, owner: &str, until: Option<Timestamp>) -> Result<bool, StateError> {
        self.change(owner, |stored| stored.lease = until.map(|until| Lease { owner: owner.to_owned(), until })).await
    }

    async fn change(&self, owner: &str, mut change: impl FnMut(&mut AuditRecord)) -> Result<bool, StateError> {
        self.update(|stored| match stored {
            Some(stored) if stored.lease.as_ref().is_some_and(|lease| lease.owner == owner) => {
                change(stored);
                true
            }
            _ => false,
        })
        .await
    }
}

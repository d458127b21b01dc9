//! The receipt of an audit, which is returned and stored: counts and digests, no personal data.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::message::AuditMessage;
use crate::braze::Requests;
use crate::message::{Coded, Message, hexadecimal};
use crate::names::{AttributeName, ExportName, SegmentName};
use crate::pattern::RunId;

/// How an audit ended, or how far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditOutcome {
    /// Nothing was done.
    DryRun,
    /// Braze prepares the export.
    Waiting,
    /// It continues.
    Unfinished,
    /// Braze and the last complete run are the same.
    Equal,
    /// They differ, and nothing was sent.
    Differs,
    /// A person has to allow the repair.
    Held,
    /// The differences were sent.
    Repaired,
    /// The export is about a run that is no longer the last complete one.
    Superseded,
    /// It failed.
    Failed,
}

/// Members who lack the attribute in Braze.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// How many.
    pub people: u64,
    /// Of those: how many Braze had accepted, as far as is known.
    pub accepted: u64,
    /// What the profiles of some of them show: how many for each cause, and `not read` for the others.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub causes: BTreeMap<String, u64>,
}

/// People who have the attribute in Braze and are no members.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extra {
    /// How many.
    pub people: u64,
    /// What is known of them: how many for each cause.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub causes: BTreeMap<String, u64>,
    /// How many of them a repair cannot set.
    pub not_repairable: u64,
}

/// What a repair has sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repair {
    /// Members whose attribute was set to `true`.
    pub members: u64,
    /// Others whose attribute was set to `false` or removed.
    pub others: u64,
    /// People whom Braze rejected.
    pub refused: u64,
    /// Requests to Braze.
    pub requests: Requests,
    /// Data points.
    pub data_points: u64,
}

/// A file of the export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportFile {
    /// Its key in the company's bucket; `download` if it was downloaded.
    pub key: String,
    /// The SHA-256 of it.
    pub sha256: String,
    /// How many profiles it has.
    pub profiles: u64,
}

/// Proves that the state key's owner wrote the receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Which state key, as messages name it.
    pub key: String,
    /// HMAC with SHA-256 of the receipt without this field, as JSON without spaces, with a key that is derived from it.
    pub hmac_sha256: String,
}

impl Signature {
    /// A signature with the state key of this ID.
    pub fn new(key: String, hmac: &[u8]) -> Self {
        Self { key, hmac_sha256: hexadecimal(hmac) }
    }
}

/// The receipt.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Audited {
    /// Always `audit`.
    pub action: &'static str,
    /// The export.
    pub export: ExportName,
    /// The segment.
    pub segment: SegmentName,
    /// The attribute.
    pub attribute: AttributeName,
    /// The last complete run, which Braze was compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// How it ended, or how far it is.
    pub outcome: AuditOutcome,
    /// Members of the run.
    pub members: u64,
    /// Profiles in the export.
    pub profiles: u64,
    /// Members who lack the attribute.
    pub missing: Missing,
    /// Others who have it.
    pub extra: Extra,
    /// Profiles without a customer ID and without an address, so that they cannot be compared.
    pub unknown: u64,
    /// Profiles of people who were sent since the run: the next one decides.
    pub unsettled: u64,
    /// What a repair has sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<Repair>,
    /// A digest of the members' identifiers that does not depend on their order: the same for the same members.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub members_digest: String,
    /// The files of the export, at most 1,000 of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub export_files: Vec<ExportFile>,
    /// When Braze was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Timestamp>,
    /// When this was written.
    pub written_at: Timestamp,
    /// The outcome in words.
    pub message: String,
    /// The code of the message.
    pub code: String,
    /// The key under which the receipt is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stored_as: Option<String>,
    /// Who wrote it, if the connection's secret has a state key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
}

impl Audited {
    /// The same with an outcome and its message.
    #[must_use]
    pub fn ended(mut self, outcome: AuditOutcome, message: &AuditMessage) -> Self {
        let Message { text, code } = message.to_message();
        (self.outcome, self.message, self.code) = (outcome, text, code);
        self
    }

    /// The same, failed.
    #[must_use]
    pub fn failed(mut self, error: &impl Coded) -> Self {
        let Message { text, code } = error.to_message();
        (self.outcome, self.message, self.code) = (AuditOutcome::Failed, text, code);
        self
    }
}

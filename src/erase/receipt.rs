//! The receipt of an erasure, which is returned and stored: counts and keys, no personal data.

use jiff::Timestamp;
use serde::Serialize;

use super::message::ReceiptMessage;
use super::request::Request;
use crate::message::{Coded, counted};
use crate::names::{AttributeName, WorkspaceName};

/// A receipt lists at most this many keys of each kind, and counts the others.
const LISTED: usize = 1_000;

/// How an erasure ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing of the person is left in state and reports.
    Erased,
    /// Something remains; see `left` and `unsearched`. Repeat the request.
    Unfinished,
    /// Nothing was changed; the receipt says where the person is.
    DryRun,
}

/// An object that the person was removed from, or would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErasedObject {
    /// Its key.
    pub key: String,
    /// How many rows or lines were about the person.
    pub rows: u64,
}

/// An exported file that holds the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HoldingFile {
    /// Its key.
    pub key: String,
    /// How many rows are about the person.
    pub rows: u64,
}

/// An attribute that was skipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttributeLeft {
    /// The workspace.
    pub workspace: WorkspaceName,
    /// The attribute.
    pub attribute: AttributeName,
    /// Why.
    pub reason: String,
}

/// An object that was not searched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unsearched {
    /// Its key.
    pub key: String,
    /// Why.
    pub reason: String,
}

impl Unsearched {
    pub(super) fn because(key: &str, error: &dyn std::error::Error) -> Self {
        Self { key: key.to_owned(), reason: error.to_string() }
    }

    pub(super) fn out_of_time(key: &str) -> Self {
        Self { key: key.to_owned(), reason: "the time limit was reached before it was searched".to_owned() }
    }
}

/// The receipt.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Receipt {
    /// Always `erase`.
    pub action: &'static str,
    /// The caller's name for the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// Which identifiers were given; never their values.
    pub given: Vec<&'static str>,
    /// How many memberships of last complete runs ended: one for each segment and identifier.
    pub memberships: u64,
    /// Lines and rows below `state/`.
    pub state_rows: u64,
    /// Rows below `reports/`.
    pub report_rows: u64,
    /// Rows in files below `incoming/`, which are not changed.
    pub incoming_rows: u64,
    /// The objects below `state/` that were rewritten.
    pub state: Vec<ErasedObject>,
    /// The files below `reports/` that were rewritten.
    pub reports: Vec<ErasedObject>,
    /// The files below `incoming/` that contain the person.
    pub incoming: Vec<HoldingFile>,
    /// Attributes that were skipped.
    pub left: Vec<AttributeLeft>,
    /// Files that were not searched.
    pub unsearched: Vec<Unsearched>,
    /// What an erasure does not change, and what to do about it.
    pub not_touched: Vec<&'static str>,
    /// The outcome in words.
    pub message: String,
    /// What else has to be done: the files below `incoming/` that contain the person, or were not searched.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub remark: String,
    /// The code of the message.
    pub code: &'static str,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// The key under which the receipt is stored; `None` for a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stored_as: Option<String>,
}

/// What the receipt says each time.
const NOT_TOUCHED: [&str; 4] = [
    "Braze: the profile and its attributes are not changed. Delete the user there (POST /users/delete, or the dashboard) if \
     the request covers Braze. If you erase someone here but not in Braze, no later run sets their attribute to `false`, \
     because there is no longer a record that they were sent.",
    "incoming/: exported files are not changed. Delete those listed under `incoming`, or let them expire.",
    "Earlier versions of the objects: if the bucket keeps versions, its lifecycle removes them (the template's bucket: after \
     14 days below state/, after 7 days below reports/ and incoming/).",
    "The source: a person whom Customer Insights still exports comes back with the next run, as someone who entered. Erase \
     them there first.",
];

impl Receipt {
    pub(super) fn new(request: &Request, now: Timestamp) -> Self {
        Self {
            action: "erase",
            reference: request.reference.clone(),
            outcome: if request.dry_run { Outcome::DryRun } else { Outcome::Erased },
            given: request.person.given(),
            memberships: 0,
            state_rows: 0,
            report_rows: 0,
            incoming_rows: 0,
            state: Vec::new(),
            reports: Vec::new(),
            incoming: Vec::new(),
            left: Vec::new(),
            unsearched: Vec::new(),
            not_touched: NOT_TOUCHED.to_vec(),
            message: String::new(),
            remark: String::new(),
            code: "",
            started_at: now,
            finished_at: now,
            stored_as: None,
        }
    }

    pub(super) fn take_state(&mut self, objects: Vec<ErasedObject>, members: u64) {
        self.memberships += members;
        self.state_rows += objects.iter().map(|object| object.rows).sum::<u64>();
        self.state.extend(objects);
        self.state.truncate(LISTED);
    }

    pub(super) fn take_report(&mut self, object: ErasedObject) {
        self.report_rows += object.rows;
        self.reports.push(object);
        self.reports.truncate(LISTED);
    }

    pub(super) fn take_incoming(&mut self, file: HoldingFile) {
        self.incoming_rows += file.rows;
        self.incoming.push(file);
        self.incoming.truncate(LISTED);
    }

    pub(super) fn finish(&mut self, now: Timestamp) {
        self.finished_at = now;
        self.unsearched.sort_by(|one, other| one.key.cmp(&other.key));
        self.unsearched.dedup();
        let of_ours = self.unsearched.iter().any(|file| !file.key.starts_with("incoming/"));
        if self.outcome == Outcome::Erased && (!self.left.is_empty() || of_ours) {
            self.outcome = Outcome::Unfinished;
        }
        let (rows, objects) = (self.state_rows + self.report_rows, (self.state.len() + self.reports.len()) as u64);
        let message = match self.outcome {
            Outcome::DryRun => ReceiptMessage::WouldErase { rows, objects },
            Outcome::Erased if rows == 0 => ReceiptMessage::NothingFound,
            Outcome::Erased => ReceiptMessage::Erased { rows, objects },
            Outcome::Unfinished => ReceiptMessage::NotEverything { rows, objects },
        };
        self.code = message.code();
        self.message = message.to_string();
        let mut remarks = Vec::new();
        if !self.incoming.is_empty() {
            remarks.push("Files below incoming/ still contain the person: see `incoming`.".to_owned());
        }
        let unsearched = self.unsearched.iter().filter(|file| file.key.starts_with("incoming/")).count();
        if unsearched > 0 {
            let files = counted(unsearched as u64, "file", "files");
            remarks.push(format!("Not searched: {files} below incoming/, see `unsearched`."));
        }
        self.remark = remarks.join(" ");
        self.unsearched.truncate(LISTED);
    }

    /// The receipt as it is stored.
    pub fn to_json(&self) -> Vec<u8> {
        // Serialising fails only for maps whose keys are not strings.
        let mut json = serde_json::to_vec_pretty(self).unwrap_or_default();
        json.push(b'\n');
        json
    }
}

//! What a run report says: the answer of an on-demand run, the log line and `report.json` are this one object.

mod allowance;
mod comparison;
mod counts;
pub mod examples;
mod gauges;
mod hold_reason;
mod message;
pub mod metrics;
mod outcome;
mod problems;
mod proof;
pub mod rejected;
mod standard_output;
mod undo_message;
mod warning;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::allowance::Allowance;
pub use self::comparison::Compared;
pub use self::counts::{Counts, Rows};
pub use self::gauges::Gauges;
pub use self::hold_reason::HoldReason;
pub use self::message::ReportMessage;
pub use self::outcome::{Outcome, Tone};
pub use self::problems::{MOST_LEFT_OUT, MOST_REJECTED, Problem};
pub use self::proof::{Difference, MembersRead, Proof, ReadBack};
pub(crate) use self::standard_output::write_line;
pub use self::undo_message::{UndoMessage, UndoNote};
pub use self::warning::{Check, MOST_DATA_POINTS, MOST_DUPLICATES, Warning};
use crate::braze::Requests;
use crate::message::Message;
use crate::names::{AttributeName, ExportName, SegmentName};
use crate::pattern::RunId;

/// What brought a delivery about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// A file landed in the bucket.
    ObjectCreated,
    /// The schedule.
    Scheduled,
    /// A person or program asked.
    OnDemand,
}

/// How many members a run has, against the last complete one. `before - left + entered = after`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Members {
    /// Members of the last complete run.
    pub before: u64,
    /// Members that the last complete run had not.
    pub entered: u64,
    /// Members of both runs.
    pub stayed: u64,
    /// Members of the last complete run that this one has not; zero as long as the run is not complete.
    pub left: u64,
    /// Members of this run; as long as it is not complete, those of the last one count as well.
    pub after: u64,
}

impl Members {
    /// Whether the figures add up.
    pub fn add_up(&self) -> bool {
        self.before + self.entered == self.after + self.left && self.before >= self.left
    }
}

/// One file in a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedFile {
    /// Its key in the bucket.
    pub key: String,
    /// Which content of it.
    pub etag: String,
    /// The rows read of it.
    pub rows: u64,
}

/// The state of a run of one segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The export.
    pub export: ExportName,
    /// The segment.
    pub segment: SegmentName,
    /// The custom attribute of the segment in Braze.
    pub attribute: AttributeName,
    /// The run; `None` if none was found.
    pub run: Option<RunId>,
    /// What started the delivery.
    pub trigger: Trigger,
    /// The outcome of the run so far.
    pub outcome: Outcome,
    /// The files of the run that have been received.
    pub files: Vec<ReportedFile>,
    /// The results of the rows: `read = accepted + unchanged + duplicate + rejected`.
    pub rows: Rows,
    /// The members.
    pub members: Members,
    /// Fields that were left out of rows because Braze would refuse or ignore them, by field and reason.
    pub dropped_fields: BTreeMap<String, u64>,
    /// Rejected rows by reason.
    pub rejected_reasons: BTreeMap<String, u64>,
    /// Accepted rows that may have no profile in Braze, because `create_profiles` is false.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unconfirmed: u64,
    /// Requests to Braze.
    pub requests: Requests,
    /// How many requests were left in the clock hour when this report was made, where there is an hourly limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_left_in_hour: Option<u64>,
    /// Data points that Braze counts for what was sent, in contracts that are priced by them.
    pub data_points: u64,
    /// When the first delivery of the run began.
    pub started_at: Timestamp,
    /// When this report was made.
    pub finished_at: Timestamp,
    /// The time that functions worked on it, in seconds.
    pub seconds: f64,
    /// The outcome in words, and what to do if there is something to do.
    pub message: String,
    /// The code of the message, as `docs/messages.md` lists it.
    #[serde(default)]
    pub code: String,
    /// What releases the run, if it is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_by: Option<Allowance>,
    /// Notes about the files, such as a difference from the configuration.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub notes: BTreeSet<String>,
    /// What was read in Braze, and what could not be read.
    #[serde(default, skip_serializing_if = "Proof::is_empty")]
    pub proof: Proof,
    /// What a dry run found beyond the counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<Preview>,
}

/// What a dry run would send.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    /// What to check before the delivery.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub check_first: Vec<Check>,
    /// The requests that it would take.
    pub requests: u64,
    /// The shortest time that they take at the connection's rate, in seconds.
    pub seconds_at_the_limit: f64,
    /// The first attribute objects, personal values masked.
    pub objects: Vec<serde_json::Value>,
    /// How many members left, so that their attribute would be set to `false` or removed; zero if `on_leave` keeps it.
    #[serde(default)]
    pub unset: u64,
    /// Why the run would be held, if it would.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub would_be_held: Option<String>,
    /// The last complete run, for comparison.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_run: Option<RunSummary>,
}

/// The line that the ledger keeps of a run that ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// The run.
    pub run: RunId,
    /// How it ended.
    pub outcome: Outcome,
    /// Its rows.
    pub rows: Rows,
    /// Its members.
    pub members: Members,
    /// When its first delivery began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// The time that functions worked on it, in seconds.
    pub seconds: f64,
    /// Whether the run was undone with this, and not delivered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undo: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde hands over")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Report {
    /// The largest report that is read.
    pub const SIZE_LIMIT: u64 = 16 * 1024 * 1024;

    /// Its message.
    pub fn as_message(&self) -> Message {
        Message { text: self.message.clone(), code: self.code.clone() }
    }

    /// The report as `report.json` holds it.
    pub fn to_json(&self) -> Vec<u8> {
        // Serialising fails only for maps whose keys are not strings.
        let mut json = serde_json::to_vec_pretty(self).unwrap_or_default();
        json.push(b'\n');
        json
    }

    /// Writes the report as one line to standard output, where AWS Lambda takes it into the function's log.
    pub fn log(&self) {
        write_line("the report", &serde_json::to_string(self).unwrap_or_default());
    }
}

//! Delivers a run of a segment: reads its files, compares them with the state, sends what changed, and, when the run is
//! complete, unsets the attribute of those who left.
//!
//! | step | module |
//! | --- | --- |
//! | take the file, so that no other function works on it | `claim` |
//! | load what is known of the members | `load`, `loaded`, `small_parts` |
//! | load which values of additional fields other segments sent | `elsewhere` |
//! | open the file as its `model.json` or header describes it | `open` |
//! | ignore a file that is no part of the run | `stray` |
//! | send one person of a run, and no one else | `only` |
//! | ask Braze whether it holds what was sent and keeps what would be sent | `prove` |
//! | turn rows into requests, chunk by chunk | `chunk`, `filling`, `batch` |
//! | send them, many in flight | `pump`, `outstanding` |
//! | send a few people first, and read them back | `trial`, `read_back` |
//! | write down what is certain | `progress` |
//! | find out whether the run is complete | `evidence` |
//! | compare its members with those before | `compare` |
//! | set the attribute of members who left to `false`, or remove it | `complete`, `leavers` |
//! | read files again that are described differently since | `late_model` |
//! | say what happened | `report` |
//! | compare a segment with Braze, and send the differences | `audit` |
//! | undo the last complete run | `undo` |
//! | remove an attribute that is no longer delivered from everyone | `retire` |

mod audit;
mod batch;
mod chunk;
mod claim;
mod compare;
mod complete;
mod deliver;
mod dry_run;
mod elsewhere;
mod evidence;
mod filling;
mod late_model;
mod leavers;
mod load;
mod loaded;
mod named;
mod note;
mod only;
mod open;
mod outstanding;
mod progress;
mod prove;
mod pump;
mod read_back;
mod rebuild;
mod refresh;
mod report;
mod retire;
mod row_fields;
mod sample;
mod secret_retry;
mod segment;
mod small_parts;
mod sources;
mod stray;
mod take_over;
mod trial;
mod tried;
mod undo;

use thiserror::Error;

pub use self::audit::{AuditEnd, AuditOptions};
pub use self::deliver::DeliveryEnd;
pub use self::late_model::described_differently;
pub use self::loaded::LoadedRun;
pub(crate) use self::open::look_at;
pub use self::rebuild::Rebuilt;
pub use self::retire::RetirementEnd;
pub use self::segment::{Release, RunOptions, SegmentDelivery};
pub use self::undo::{UndoEnd, UndoOptions};
use crate::audit::AuditError;
use crate::braze::StopReason;
use crate::bucket::BucketError;
use crate::message::{Coded, Message, codes, counted};
use crate::names::{AttributeName, ConnectionName, SegmentName};
use crate::pattern::RunId;
use crate::profile::MatchError;
use crate::proof::ProofHold;
use crate::report::{Allowance, Proof};
use crate::rows::ReadError;
use crate::run::ModelReadError;
use crate::secrets::SecretError;
use crate::state::{Feeder, Progress, StateError};

/// Why a delivery stopped. The next attempt resumes from the last checkpoint.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DeliveryError {
    /// The connection has no consent to send customer data.
    ///
    /// Fix: set `agree_to_data_transfer = true` in the connection, once your organisation has approved the transfer.
    #[error(
        "nothing was sent: agree_to_data_transfer is not true for the connection {connection}\n\
         Set it to true in exports.toml once your organisation has approved sending customer data to Braze."
    )]
    NoConsent {
        /// The connection.
        connection: ConnectionName,
    },
    /// The bucket failed.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// The state failed.
    #[error(transparent)]
    State(#[from] StateError),
    /// The key could not be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The segment can't be audited.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The file can't be read.
    #[error("{key}: {source}")]
    Read {
        /// The file.
        key: String,
        /// What is wrong with it.
        source: ReadError,
    },
    /// The file does not have the columns that the export names.
    #[error("{key}: {source}")]
    Match {
        /// The file.
        key: String,
        /// What is wrong with it.
        source: MatchError,
    },
    /// The `model.json` of the file is not valid, or could not be read.
    #[error(transparent)]
    Model(#[from] ModelReadError),
    /// The identifying columns may not identify people. Nothing was sent.
    ///
    /// Fix: correct the export or `data_matching`; if the identifiers are right, run the export with `allow_identifiers`.
    #[error(
        "{key} is held: {reason}\nNothing of it was sent. Correct the export or data_matching; if the identifiers are \
         right, run the export on demand with \"allow_identifiers\": {rows}."
    )]
    DoubtfulIdentifiers {
        /// The file.
        key: String,
        /// What is doubtful.
        reason: String,
        /// In how many rows.
        rows: u64,
    },
    /// Every row of the file is rejected for the same reason.
    ///
    /// Fix: correct the file or `exports.toml`.
    #[error(
        "{key}: every row is rejected for the same reason: {reason}\nNothing was sent. Correct the file or exports.toml."
    )]
    EveryRowRejected {
        /// The file.
        key: String,
        /// The reason.
        reason: String,
    },
    /// Braze does not hold what it should, or would not keep what would be sent.
    ///
    /// Fix: see the message.
    #[error("{key} is held: {source}")]
    NotProven {
        /// The file.
        key: String,
        /// Why.
        source: ProofHold,
        /// What was read in Braze; `None` if that is recorded already.
        proof: Option<Box<Proof>>,
    },
    /// Braze rejected the connection, or can't be reached.
    #[error(transparent)]
    Refused(StopReason),
    /// Another function is working on the same file or on an older run of the segment.
    ///
    /// Fix: nothing to do; the file is delivered afterwards.
    #[error("another invocation is working on {what}\nNothing is lost: this file is delivered afterwards.")]
    Busy {
        /// What it works on.
        what: String,
    },
    /// `exports.toml` changed during the invocation.
    ///
    /// Fix: nothing to do; the next attempt uses the new configuration.
    #[error(
        "exports.toml changed during this invocation\nNothing is lost: the next attempt uses the new configuration."
    )]
    ConfigurationChanged,
    /// Another segment feeds the attribute.
    ///
    /// Fix: give one of the two segments another name under `attribute_names`.
    #[error(
        "nothing was sent: the attribute \"{attribute}\" is fed by {owner}\n\
         An attribute of a workspace has one feeder. Give one of the two segments another name under attribute_names. To hand the \
         attribute over, give the other segment another name, or remove it from `segments`."
    )]
    Owned {
        /// The attribute.
        attribute: AttributeName,
        /// Who feeds it.
        owner: Feeder,
    },
    /// The run is named after a time that is more than 24 hours away.
    ///
    /// Fix: delete or rename the folder, or set `time_zone` if the names are in local time.
    #[error(
        "run {run} is later than now by more than a day, so its name is wrong\n\
         Nothing of it is sent, and other runs are delivered. Delete or rename the folder, or set `time_zone` if the names are in \
         local time."
    )]
    InFuture {
        /// The run.
        run: RunId,
    },
    /// Another number of people would leave than was released.
    ///
    /// Fix: release the run with the number in the message, if it is right.
    #[error(
        "run {run} is held because {} would leave, not {asked}\n\
         Nothing was sent. If that is right, release it with \"run\": \"{run}\", \"allow_leavers\": {held}.",
        counted(*held, "person", "people")
    )]
    NotReleased {
        /// The run.
        run: RunId,
        /// How many would leave.
        held: u64,
        /// How many were released.
        asked: u64,
    },
    /// No run of the segment is complete.
    ///
    /// Fix: nothing to do: nothing was changed.
    #[error("{segment}: no run is complete, so there is nothing to undo\nNothing was changed.")]
    NothingToUndo {
        /// The segment.
        segment: SegmentName,
    },
    /// Only the last complete run can be undone, and another one was named.
    ///
    /// Fix: name the run in the message, if it is the one.
    #[error(
        "{segment}: only the last complete run can be undone, and that is {last}\n\
         Nothing was changed. If it is the one, ask for undo with \"run\": \"{last}\"."
    )]
    NotTheLastRun {
        /// The segment.
        segment: SegmentName,
        /// The last complete run.
        last: RunId,
    },
    /// A newer run is being delivered, or the run is being delivered again.
    ///
    /// Fix: wait until it is complete and undo that one; or drop it with `forget` first.
    #[error(
        "{segment}: run {newer} is being delivered, so the one before it can't be undone\n\
         Nothing was changed. Wait until it is complete and undo that one, or drop it with the action forget first."
    )]
    NewerRunBegan {
        /// The segment.
        segment: SegmentName,
        /// The run that is being delivered.
        newer: RunId,
    },
    /// The run was undone before.
    ///
    /// Fix: nothing to do. To deliver the run after all, run the export with `"send": "all"`.
    #[error(
        "run {run} is undone already\n\
         Nothing was changed. To deliver it after all, run the export with \"send\": \"all\"."
    )]
    UndoneAlready {
        /// The run.
        run: RunId,
    },
    /// The run became complete with an earlier version, or after the state was rebuilt, so its members before are not known.
    ///
    /// Fix: deliver a run with the right members instead.
    #[error(
        "the members before run {run} are not known\n\
         Nothing was changed. An earlier version completed the run, or the state was rebuilt before it. Export the right members \
         again instead."
    )]
    BeforeNotKnown {
        /// The run.
        run: RunId,
    },
    /// The rows of the report don't add up. This is a bug, not a problem with the file.
    ///
    /// Fix: keep the report and the file, and report the bug.
    #[error(
        "{} of run {run} unaccounted for\nThis is a bug: keep the report and the file, and report it.",
        counted(*rows, "row", "rows")
    )]
    Unaccounted {
        /// The run.
        run: RunId,
        /// How many rows.
        rows: u64,
    },
}

codes!(DeliveryError wraps Audit, Bucket, State, Secret, Refused, Model source Read, Match, NotProven {
    NoConsent = "ITB-D01",
    Busy = "ITB-D02",
    ConfigurationChanged = "ITB-D03",
    Unaccounted = "ITB-D04",
    DoubtfulIdentifiers = "ITB-D05",
    EveryRowRejected = "ITB-D06",
    Owned = "ITB-D07",
    InFuture = "ITB-D08",
    NotReleased = "ITB-D09",
    NothingToUndo = "ITB-D10",
    NotTheLastRun = "ITB-D11",
    NewerRunBegan = "ITB-D12",
    UndoneAlready = "ITB-D13",
    BeforeNotKnown = "ITB-D14",
});

impl DeliveryError {
    /// What releases it, if a person has to decide first.
    fn released_by(&self) -> Option<Allowance> {
        match self {
            Self::DoubtfulIdentifiers { rows, .. } => Some(Allowance::Identifiers(*rows)),
            Self::NotProven { source, .. } => Some(Allowance::Differences(source.number())),
            _ => None,
        }
    }

    /// Whether a person has to decide first.
    fn is_hold(&self) -> bool {
        self.released_by().is_some()
    }

    /// How far the file is that it has stopped.
    fn to_progress(&self) -> Progress {
        let Message { text: message, code } = self.to_message();
        match self.released_by() {
            None => Progress::Failed { message, code },
            released_by => Progress::Held { message, code, released_by },
        }
    }

    /// Whether the same may succeed later, or after something other than the name of a folder has been fixed.
    fn may_pass(&self) -> bool {
        !matches!(self, Self::InFuture { .. })
    }

    /// Whether it would be the same with the other files of the run.
    fn is_about_everything(&self) -> bool {
        use StopReason::{EverythingRefused, NotBraze, NotFound, Redirected};
        matches!(
            self,
            Self::NotProven { .. }
                | Self::Refused(EverythingRefused { .. } | NotBraze { .. } | NotFound { .. } | Redirected { .. })
        )
    }

    /// Whether Braze does not answer at the moment, so that the same will succeed later without any action.
    fn is_outage(&self) -> bool {
        matches!(self, Self::Refused(StopReason::Outage { .. }))
    }
}

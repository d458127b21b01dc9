//! Delivers a run of a segment: reads its files, compares them with the state, sends what changed, and, when the run is
//! complete, unsets the attribute of those who left.
//!
//! | step | module |
//! | --- | --- |
//! | take the file, so that no other function works on it | `claim` |
//! | load what is known of the members | `load` |
//! | open the file as its `model.json` or header describes it | `open` |
//! | turn rows into requests, chunk by chunk | `chunk`, `filling`, `batch` |
//! | send them, many in flight | `pump`, `outstanding` |
//! | write down what is certain | `progress` |
//! | find out whether the run is complete | `evidence` |
//! | compare its members with those before | `compare` |
//! | unset the attribute of those who left | `complete`, `leavers` |
//! | read files again that are described otherwise by now | `late_model` |
//! | say what happened | `report` |
//! | unset the attribute of everybody of a segment that is delivered no more | `retire` |

mod batch;
mod chunk;
mod claim;
mod compare;
mod complete;
mod deliver;
mod dry_run;
mod evidence;
mod filling;
mod late_model;
mod leavers;
mod load;
mod open;
mod outstanding;
mod progress;
mod pump;
mod rebuild;
mod report;
mod retire;
mod secret_retry;
mod segment;

use thiserror::Error;

pub use self::deliver::DeliveryEnd;
pub use self::late_model::described_otherwise;
pub use self::rebuild::Rebuilt;
pub use self::retire::RetirementEnd;
pub use self::segment::{Release, RunOptions, SegmentDelivery};
use crate::braze::StopReason;
use crate::bucket::BucketError;
use crate::names::{AttributeName, ConnectionName};
use crate::pattern::RunId;
use crate::profile::MatchError;
use crate::rows::ReadError;
use crate::run::ModelReadError;
use crate::secrets::SecretError;
use crate::state::{Feeder, StateError};

/// Whether the bug `name` is planted, to prove that the simulation finds it (`tests/simulation/bugs`). Never in a function.
#[cfg(feature = "planted-bugs")]
pub(crate) fn planted(name: &str) -> bool {
    std::env::var("PLANTED_BUG").is_ok_and(|planted| planted == name)
}

/// No bug is planted.
#[cfg(not(feature = "planted-bugs"))]
pub(crate) const fn planted(_name: &str) -> bool {
    false
}

/// Why a delivery stopped. The file that it was about is delivered by the next attempt, from its last checkpoint.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DeliveryError {
    /// Nobody agreed that data is sent through this connection.
    #[error(
        "nothing is sent through the connection {connection}: its agree_to_data_transfer is not true. \
         Set it in exports.toml once someone who may decide so agrees that customer data goes to Braze"
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
    /// The file could not be read.
    #[error("{key}: {source}")]
    Read {
        /// The file.
        key: String,
        /// What is wrong with it.
        source: ReadError,
    },
    /// The file has not the columns that the export names.
    #[error("{key}: {source}")]
    Match {
        /// The file.
        key: String,
        /// What is wrong with it.
        source: MatchError,
    },
    /// The `model.json` beside the file could not be read.
    #[error(transparent)]
    Model(#[from] ModelReadError),
    /// Braze cannot be used as it is configured.
    #[error("{0}")]
    Refused(StopReason),
    /// Another function works on the same file or on an older run of the segment.
    #[error("another function is at work on {what}; this file is delivered after it")]
    Busy {
        /// What it works on.
        what: String,
    },
    /// The configuration changed after this invocation had read it.
    #[error("exports.toml was changed after this invocation had read it. The next attempt goes by the new file")]
    ConfigurationChanged,
    /// Another segment feeds the attribute.
    #[error(
        "nothing is sent: the attribute \"{attribute}\" is fed by {owner}, and an attribute of a workspace has one feeder. Give one of \
         the two another name under attribute_names; to hand the attribute over, lead the other segment to another attribute or \
         take it out of `segments`"
    )]
    Owned {
        /// The attribute.
        attribute: AttributeName,
        /// Who feeds it.
        owner: Feeder,
    },
    /// The run's name stands for a time that is more than a day away.
    #[error(
        "run {run} is later than now by more than a day, so its name is a mistake: nothing of it is sent, and earlier runs go on. \
         Delete or rename the folder, or set `time_zone` if the name is in local time"
    )]
    InFuture {
        /// The run.
        run: RunId,
    },
    /// Another number of people would leave than was released.
    #[error("{0}")]
    NotReleased(String),
    /// A report whose rows do not add up. It is a mistake of this application, never of the file.
    #[error(
        "{rows} rows of run {run} have no known fate. This is a mistake of insights-to-braze: \
         keep the report and the file, and report it"
    )]
    Unaccounted {
        /// The run.
        run: RunId,
        /// How many rows.
        rows: u64,
    },
}

impl DeliveryError {
    /// Whether the same may succeed later, or once somebody has corrected something that is not the name of a folder.
    fn may_pass(&self) -> bool {
        !matches!(self, Self::InFuture { .. })
    }

    /// Whether Braze does not answer at the moment, so that the same will succeed later without anybody's doing.
    fn is_outage(&self) -> bool {
        matches!(self, Self::Refused(StopReason::Outage { .. }))
    }
}

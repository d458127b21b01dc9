//! What the ledger says of an undo, and what it needs for one.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::part::Part;
use crate::config::DataMatching;
use crate::report::{Counts, Members};

/// Who the members were before the last complete run became complete. Kept until the next run is complete, so that the last one
/// can be undone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BeforeLast {
    /// Where they are listed; nowhere if no run was complete before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// The columns that identified them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<DataMatching>,
}

/// What undoing a run changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Undo {
    /// Where those are listed who left with the run and get the attribute again; empty once it has ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restored: Vec<Part>,
    /// The figures: `before` are the members of the run that is undone.
    pub members: Members,
    /// How many people are set to `false`, or removed: those who entered with the run, and others who may have the attribute.
    pub removed: u64,
    /// How many people Braze refused.
    #[serde(default)]
    pub refused: u64,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended, once it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Requests and data points so far.
    #[serde(default)]
    pub counts: Counts,
}

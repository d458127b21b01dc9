//! The end of a segment: its members are unset, and nothing of it is delivered meanwhile.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::lease::Lease;

use crate::report::Counts;

/// A retirement that has begun. It is over when the ledger is gone, or when something of the segment is delivered again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Retirement {
    /// Who unsets the members. None, or one that has ended: the next attempt goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// How many members are done, in the order in which the state lists them.
    pub done: u64,
    /// How many of them Braze refused.
    #[serde(default)]
    pub refused: u64,
    /// When the first attempt began.
    pub started_at: Timestamp,
    /// Requests and data points so far.
    #[serde(default)]
    pub counts: Counts,
}

impl Retirement {
    /// Whether some function is at work on it.
    pub fn is_worked_on(&self, now: Timestamp) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.holds(now))
    }
}

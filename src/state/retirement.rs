//! A retirement that has begun: what the ledger says of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::lease::Lease;
use super::part::Part;
use crate::report::Counts;

/// A retirement that has begun. It is over when the ledger is gone, or when something is delivered to the attribute again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Retirement {
    /// Who does it. None, or one that has ended: the next attempt resumes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// The parts that list everyone, in the order in which they are sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Part>,
    /// How many they are.
    #[serde(default)]
    pub members: u64,
    /// How many of them are done.
    pub done: u64,
    /// Those whom Braze refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Part>,
    /// When the first attempt began.
    pub started_at: Timestamp,
    /// Requests and data points so far.
    #[serde(default)]
    pub counts: Counts,
}

impl Retirement {
    /// Whether a function works on it.
    pub fn is_worked_on(&self, now: Timestamp) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.holds(now))
    }
}

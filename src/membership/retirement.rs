//! The end of a segment: its members are unset, and nothing of it is delivered meanwhile.

use std::ops::ControlFlow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::lease::Lease;
use super::ledger::{Ledger, Phase, Progress};
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

impl Ledger {
    /// Begins a retirement, or goes on with one whose owner has ended. Breaks with what is at work on the segment.
    ///
    /// Whoever has lost a lease on a file or a run finds that it is nobody's any more, and writes nothing.
    pub fn retire(&mut self, lease: Lease, now: Timestamp) -> ControlFlow<&'static str, Retirement> {
        if let Some(what) = self.worked_on_by(now) {
            return ControlFlow::Break(what);
        }
        self.lease = None;
        for run in self.runs.values_mut() {
            if let Phase::Completing { lease, .. } = &mut run.phase {
                *lease = None;
            }
            for file in run.files.values_mut() {
                if matches!(file.progress, Progress::Working { .. }) {
                    file.progress = Progress::Unfinished;
                }
            }
        }
        let begun = self.retirement.get_or_insert_with(|| Retirement {
            lease: None,
            done: 0,
            refused: 0,
            started_at: now,
            counts: Counts::default(),
        });
        begun.lease = Some(lease);
        ControlFlow::Continue(begun.clone())
    }

    /// Ends a retirement that was not brought to its end, because something of the segment is delivered again: nobody knows
    /// any more what Braze holds of the members, so every file is delivered anew and everybody is sent.
    pub fn abandon_retirement(&mut self) {
        if self.retirement.take().is_none() {
            return;
        }
        for run in self.runs.values_mut() {
            let keys: Vec<String> = run.files.keys().cloned().collect();
            for key in keys {
                run.forget_file(&key);
            }
            run.phase = Phase::Open;
        }
        self.forget_fingerprints();
    }
}

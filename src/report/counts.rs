//! The figures of a report, and how they add up.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::braze::{Oddities, Requests};

/// The most reasons that are counted separately.
const REASONS: usize = 50;

/// The reason under which all others are counted together.
const FURTHER_REASONS: &str = "other reasons";

/// The results of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    /// Rows read.
    pub read: u64,
    /// Rows that Braze accepted.
    pub accepted: u64,
    /// Rows that Braze already has.
    pub unchanged: u64,
    /// Rows that repeat a member of the same file.
    pub duplicate: u64,
    /// Rows that were not or could not be sent, or that Braze refused.
    pub rejected: u64,
}

impl Rows {
    /// Rows without a known result. Anything but zero is a bug.
    pub fn unaccounted(&self) -> u64 {
        self.read.abs_diff(self.accepted + self.unchanged + self.duplicate + self.rejected)
    }
}

impl AddAssign for Rows {
    fn add_assign(&mut self, other: Self) {
        self.read += other.read;
        self.accepted += other.accepted;
        self.unchanged += other.unchanged;
        self.duplicate += other.duplicate;
        self.rejected += other.rejected;
    }
}

/// The figures of a part of a file, a file, or all files of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// The rows.
    pub rows: Rows,
    /// Rejected rows whose member could not be identified. A member of such a row may look like a leaver.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub unidentified: u64,
    /// Members who were not in the last complete run.
    pub entered: u64,
    /// Members who were in the last complete run too.
    pub stayed: u64,
    /// Fields left out, by field and reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dropped_fields: BTreeMap<String, u64>,
    /// Rejected rows, by reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rejected_reasons: BTreeMap<String, u64>,
    /// Requests to Braze.
    pub requests: Requests,
    /// What was strange about Braze's answers.
    #[serde(default, skip_serializing_if = "Oddities::is_empty")]
    pub oddities: Oddities,
    /// Data points.
    pub data_points: u64,
    /// Processing time in seconds.
    pub seconds: f64,
}

impl Counts {
    /// Adds other figures to these.
    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.unidentified += other.unidentified;
        self.entered += other.entered;
        self.stayed += other.stayed;
        for (field, count) in &other.dropped_fields {
            *self.dropped_fields.entry(field.clone()).or_default() += count;
        }
        for (reason, count) in &other.rejected_reasons {
            self.count_reason(reason, *count);
        }
        self.requests += other.requests;
        self.oddities.add(&other.oddities);
        self.data_points += other.data_points;
        self.seconds += other.seconds;
    }

    /// Counts one rejected row.
    pub fn reject(&mut self, reason: &str) {
        self.rows.rejected += 1;
        self.count_reason(reason, 1);
    }

    fn count_reason(&mut self, reason: &str, count: u64) {
        let known = self.rejected_reasons.contains_key(reason) || self.rejected_reasons.len() < REASONS;
        let reason = if known { reason } else { FURTHER_REASONS };
        *self.rejected_reasons.entry(reason.to_owned()).or_default() += count;
    }
}

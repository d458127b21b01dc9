//! What a workspace counts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

/// Counts since the start or the last reset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Requests of any kind but those that read.
    pub requests: u64,
    /// Requests to `/custom_attributes`, which are not among `requests`.
    pub attribute_reads: u64,
    /// Requests to `/users/export/ids`, which are not among `requests`.
    pub profile_reads: u64,
    /// Requests to `/users/export/segment`, which are not among `requests`.
    pub segment_exports: u64,
    /// Bytes of request bodies.
    pub bytes: u64,
    /// Objects in requests that were looked into.
    pub objects: u64,
    /// Objects applied, or ignored without a word.
    pub objects_accepted: u64,
    /// Objects refused with an error.
    pub objects_refused: u64,
    /// 429 answers of the rate limit itself; those of a fault script are in `statuses` only.
    pub rate_limited: u64,
    /// Answers by status; 0 stands for connections closed without one.
    pub statuses: BTreeMap<u16, u64>,
    /// The most requests admitted in one window of 3 seconds.
    pub most_in_three_seconds: u64,
    /// The most requests admitted in one clock hour.
    pub most_in_hour: u64,
    /// The most requests being answered at the same time.
    pub most_in_flight: u64,
    /// Objects whose profile was in another request in flight when they arrived. The order of the two is then open.
    pub same_profile_in_flight: u64,
    /// Objects whose profile occurs earlier in the same request.
    pub same_profile_in_request: u64,
    /// Requests that came after a first 401 or 403 was answered.
    pub requests_after_refused_key: u64,
    /// Values and objects that Braze ignores without saying so, by reason.
    pub silently_dropped: BTreeMap<&'static str, u64>,
    /// When the first request came.
    pub first_request: Option<Timestamp>,
    /// When the last request came.
    pub last_request: Option<Timestamp>,
}

impl Counters {
    pub(super) fn answered(&mut self, status: u16) {
        *self.statuses.entry(status).or_default() += 1;
    }

    pub(super) fn drop_silently(&mut self, reason: &'static str) {
        *self.silently_dropped.entry(reason).or_default() += 1;
    }

    pub(super) fn arrived(&mut self, at: Timestamp) {
        if self.statuses.contains_key(&401) || self.statuses.contains_key(&403) {
            self.requests_after_refused_key += 1;
        }
        self.requests += 1;
        self.first_request.get_or_insert(at);
        self.last_request = Some(at);
    }
}

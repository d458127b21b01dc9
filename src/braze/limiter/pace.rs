//! When the next request may start, at a given rate.

use std::time::Duration;

use tokio::time::Instant;

/// The window in which Braze counts requests (page "API limits": 3,000 requests per 3 seconds).
pub(super) const WINDOW: Duration = Duration::from_secs(3);

/// The share of the limit that is used. With [`CATCH_UP`] it keeps every window of 3 s, wherever it begins, within
/// three times the limit: (3 s + 18 ms) × 0.9925 = 2.995 s worth of requests. The rest is for requests that come closer
/// together at Braze than they left here.
pub(super) const SHARE: f64 = 0.9925;

/// Lateness that is made up for: timers are coarser (1 ms) than the interval between requests, and a small function is
/// not given its processor all the time. It is also the burst after a time without requests.
const CATCH_UP: Duration = Duration::from_millis(18);

/// Spaces the starts of requests (the generic cell rate algorithm).
#[derive(Debug)]
pub(super) struct Pace {
    /// When the next request should start; in the past if requests are late.
    next: Instant,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { next: now }
    }

    /// When the next request may start.
    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// A request starts, at `rate` requests a second.
    pub(super) fn started(&mut self, now: Instant, rate: f64) {
        let earliest = now.checked_sub(CATCH_UP).unwrap_or(now);
        self.next = self.next.max(earliest) + Duration::from_secs_f64(1.0 / rate);
    }

    /// Nothing starts before `until`.
    pub(super) fn not_before(&mut self, until: Instant) {
        self.next = self.next.max(until);
    }
}

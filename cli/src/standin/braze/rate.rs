//! Rate limits in fixed windows (Braze: "API limits"; hourly counters reset on the clock hour).

use std::time::Duration;

/// How answers tell the state of the limit. Braze's pages describe more than one form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeaderForm {
    /// `X-RateLimit-Limit`, `-Remaining`, `-Reset` on every answer; the reset as seconds since 1970 ("API limits").
    #[default]
    Epoch,
    /// The same three; the reset as seconds left.
    SecondsLeft,
    /// The three with seconds left, but on a 429 only `X-Ratelimit-Retry-After` ("User track", contracts by active users).
    RetryAfter,
    /// No header at all.
    Absent,
}

/// Requests per window; `None` is unlimited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests per 3 seconds.
    pub per_three_seconds: Option<u64>,
    /// Requests per clock hour.
    pub per_hour: Option<u64>,
    /// The form of the headers.
    pub headers: HeaderForm,
}

impl RateLimit {
    /// So many requests in each window of 3 seconds, told as seconds since 1970.
    pub fn per_three_seconds(requests: u64) -> Self {
        Self { per_three_seconds: Some(requests), ..Self::default() }
    }
}

/// A fixed window, and how many requests it has admitted.
#[derive(Clone, Copy)]
pub(super) struct Window {
    seconds: u64,
    index: u64,
    admitted: u64,
    most: u64,
}

impl Window {
    pub(super) const fn of(seconds: u64) -> Self {
        Self { seconds, index: 0, admitted: 0, most: 0 }
    }

    fn turn_to(&mut self, now: Duration) {
        let index = now.as_secs() / self.seconds;
        if index != self.index {
            self.index = index;
            self.admitted = 0;
        }
    }

    fn admit(&mut self) {
        self.admitted += 1;
        self.most = self.most.max(self.admitted);
    }

    /// Counts a request that arrives now, if no more than `limit` have come. The headers of its answer in either case.
    pub(super) fn admit_one(&mut self, limit: u64, now: Duration) -> Result<Vec<RateHeader>, Vec<RateHeader>> {
        self.turn_to(now);
        if self.admitted >= limit {
            return Err(headers(HeaderForm::Epoch, self.state(limit), true, now));
        }
        self.admit();
        Ok(headers(HeaderForm::Epoch, self.state(limit), false, now))
    }

    fn state(&self, limit: u64) -> LimitState {
        LimitState { limit, remaining: limit.saturating_sub(self.admitted), reset: (self.index + 1) * self.seconds }
    }
}

/// The limit after a request, for its headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LimitState {
    limit: u64,
    remaining: u64,
    /// Seconds since 1970.
    reset: u64,
}

/// A header's name, in lower case, and its value.
pub(super) type RateHeader = (&'static str, String);

/// The two windows that count.
pub(super) struct RateWindows {
    limit: RateLimit,
    three_seconds: Window,
    hour: Window,
}

impl RateWindows {
    pub(super) fn new(limit: RateLimit) -> Self {
        Self { limit, three_seconds: Window::of(3), hour: Window::of(3600) }
    }

    pub(super) fn set_limit(&mut self, limit: RateLimit) {
        self.limit = limit;
    }

    /// Counts a request that arrives now. `Err` holds the limit that is used up; such a request is not counted.
    pub(super) fn admit(&mut self, now: Duration) -> Result<Option<LimitState>, LimitState> {
        self.three_seconds.turn_to(now);
        self.hour.turn_to(now);
        // The hour is looked at first: when it is used up, waiting for the next 3 seconds does not help.
        if let Some(limit) = self.limit.per_hour.filter(|limit| self.hour.admitted >= *limit) {
            return Err(self.hour.state(limit));
        }
        if let Some(limit) = self.limit.per_three_seconds.filter(|limit| self.three_seconds.admitted >= *limit) {
            return Err(self.three_seconds.state(limit));
        }
        self.three_seconds.admit();
        self.hour.admit();
        let states = [(self.limit.per_hour, &self.hour), (self.limit.per_three_seconds, &self.three_seconds)];
        Ok(states.iter().find_map(|(limit, window)| limit.map(|limit| window.state(limit))))
    }

    /// The most requests admitted in one window: 3 seconds, hour.
    pub(super) fn most(&self) -> (u64, u64) {
        (self.three_seconds.most, self.hour.most)
    }

    /// Starts the maxima anew.
    pub(super) fn reset_most(&mut self) {
        self.three_seconds.most = 0;
        self.hour.most = 0;
    }

    /// The headers that tell a limit.
    pub(super) fn headers(&self, state: LimitState, refused: bool, now: Duration) -> Vec<RateHeader> {
        headers(self.limit.headers, state, refused, now)
    }
}

/// The headers for an answer. Seconds are rounded up: whoever waits that long is admitted.
fn headers(form: HeaderForm, state: LimitState, refused: bool, now: Duration) -> Vec<RateHeader> {
    let left = Duration::from_secs(state.reset).saturating_sub(now);
    let seconds_left = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    let reset = match form {
        HeaderForm::Absent => return Vec::new(),
        HeaderForm::RetryAfter if refused => return vec![("x-ratelimit-retry-after", seconds_left.to_string())],
        HeaderForm::Epoch => state.reset,
        HeaderForm::SecondsLeft | HeaderForm::RetryAfter => seconds_left,
    };
    vec![
        ("x-ratelimit-limit", state.limit.to_string()),
        ("x-ratelimit-remaining", state.remaining.to_string()),
        ("x-ratelimit-reset", reset.to_string()),
    ]
}

/// The headers of a 429 that a fault script makes up.
pub(super) fn refusal_headers(form: HeaderForm, wait: Duration, now: Duration) -> Vec<RateHeader> {
    let reset = now + wait;
    let reset = reset.as_secs() + u64::from(reset.subsec_nanos() > 0);
    headers(form, LimitState { limit: 3000, remaining: 0, reset }, true, now)
}

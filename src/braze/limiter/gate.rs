//! Whether requests may start at all. The gate closes for all requests after a 429 and during an outage.
//!
//! Requests are numbered as they start. A 429 or a failure closes the gate only if no later request has succeeded: among
//! successes it concerns its own request alone. A success of a request that started after the last refused one proves that
//! Braze accepts requests again. With few requests in flight, a stray 429 is often the latest answer, so several in a row
//! are needed once requests were accepted. After a wait, one request goes first and the others follow once it is answered,
//! so that a wait that was too short costs one request and not hundreds.

use std::time::Duration;

use tokio::time::Instant;

/// Failures in a row after which requests wait for one that succeeds.
const MANY_FAILURES: u32 = 10;

/// How long failures in a row last before they count as an outage.
const OUTAGE_AFTER: Duration = Duration::from_secs(20);

/// How long nothing is sent once an outage was detected.
const OUTAGE_PAUSE: Duration = Duration::from_secs(10);

/// Failures further apart than this don't count as in a row.
const UNRELATED: Duration = Duration::from_secs(90);

/// How long to wait for the first request before another one is sent.
const FIRST_ALONE: Duration = Duration::from_secs(1);

/// Refusals in a row that close the gate. A stray 429 comes alone: if 5 % of the answers are stray ones, one request in
/// 8,000 is the third in a row.
const SOME_REFUSALS: u32 = 3;

/// Refusals in a row that prove that the limit was reached, even if requests are accepted again soon.
const MANY_REFUSALS: u32 = 5;

/// Refusals among the last 32 answers that close the gate: if a window allows only a few requests, no three refusals are in
/// a row.
const MANY_RECENT: u32 = 8;

/// Requests overtake each other. A success proves that Braze accepts requests again only if its request started after the
/// last refused one and after this share (one eighth) of those in flight.
const OVERTAKING: u32 = 8;

/// The wait after a 429 that does not say how long.
const BLIND_WAIT: Duration = Duration::from_secs(1);

/// The wait between attempts during an outage.
const FAILURE_WAIT: Duration = Duration::from_millis(500);

/// The longest wait between attempts during an outage.
const LONGEST_FAILURE_WAIT: Duration = Duration::from_secs(5);

/// The longest wait after a 429 that does not say how long.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// `limited` if the rate limit is why.
    Closed {
        until: Instant,
        limited: bool,
    },
    /// One request has gone first.
    First {
        number: u64,
        since: Instant,
        limited: bool,
    },
}

/// Failures in a row.
#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    since: Instant,
    last: Instant,
}

/// An outage: failures have lasted too long to continue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OutageFound {
    /// Failures in a row.
    pub(super) failures: u32,
    /// How long they have lasted.
    pub(super) lasted: Duration,
}

/// Whether a request may pass the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passage {
    Open,
    From(Instant),
    Outage(OutageFound),
}

#[derive(Debug)]
pub(super) struct Gate {
    state: State,
    /// The latest request that succeeded.
    latest_good: u64,
    /// The latest request that was refused, or failed and closed the gate.
    latest_bad: u64,
    /// Closings in a row without a success in between.
    closings: u32,
    /// Refusals in a row, in the order in which the requests started.
    refusals: u32,
    /// The last 32 answers, with a bit set for each refusal. It starts as if there had been many: before the first
    /// success, no refusal is a stray one.
    recent: u32,
    /// Whether the closing is due to the rate being too high, not to a stray refusal.
    too_fast: bool,
    failures: Option<Failures>,
    outage: Option<(Instant, OutageFound)>,
}

impl Gate {
    pub(super) fn new() -> Self {
        Self {
            state: State::Open,
            latest_good: 0,
            latest_bad: 0,
            closings: 0,
            refusals: 0,
            recent: !(u32::MAX >> MANY_RECENT),
            too_fast: false,
            failures: None,
            outage: None,
        }
    }

    /// Whether requests start freely.
    pub(super) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Whether a request may start now.
    pub(super) fn passage(&self, now: Instant) -> Passage {
        if let Some((until, found)) = self.outage
            && now < until
        {
            return Passage::Outage(found);
        }
        match self.state {
            State::Closed { until, .. } if now < until => Passage::From(until),
            State::First { since, .. } if now < since + FIRST_ALONE => Passage::From(since + FIRST_ALONE),
            _ => Passage::Open,
        }
    }

    /// Request `number` starts. If the gate was closed, this is the one that goes first.
    pub(super) fn started(&mut self, number: u64, now: Instant) {
        if let State::Closed { limited, .. } | State::First { limited, .. } = self.state {
            // No request was accepted until the wait was over: the limit was really reached.
            self.too_fast |= limited;
            self.state = State::First { number, since: now, limited };
        }
    }

    /// Request `number` succeeded as a request, while `under_way` others are in flight. Returns whether that opened a gate
    /// that was closed because the rate was too high.
    pub(super) fn answered(&mut self, number: u64, under_way: u32) -> bool {
        self.latest_good = self.latest_good.max(number);
        self.recent <<= 1;
        if number > self.latest_bad {
            self.refusals = 0;
        }
        self.failures = None;
        self.outage = None;
        let (State::Closed { limited, .. } | State::First { limited, .. }) = self.state else {
            return false;
        };
        if number <= self.latest_bad + u64::from(under_way / OVERTAKING) {
            return false;
        }
        self.state = State::Open;
        self.closings = 0;
        let too_fast = std::mem::take(&mut self.too_fast);
        limited && too_fast
    }

    /// Request `number` was answered with 429, which may say how long to wait (`announced`). Returns how long the request waits;
    /// `jitter`, from 0 to 1, spreads waits that Braze didn't set.
    pub(super) fn refused(&mut self, number: u64, announced: Option<Duration>, now: Instant, jitter: f64) -> Duration {
        let own = (BLIND_WAIT * (1 << self.closings.min(8))).min(LONGEST_WAIT).mul_f64(0.5 + jitter / 2.0);
        let wait = match (announced, self.closings) {
            (Some(announced), 0) => announced,
            // The last wait that Braze asked for was not enough.
            (Some(announced), _) => announced.max(own / 4),
            (None, _) => own,
        };
        self.recent = self.recent << 1 | 1;
        if number > self.latest_good {
            self.latest_bad = self.latest_bad.max(number);
            self.refusals += 1;
            self.too_fast |= self.refusals >= MANY_REFUSALS;
            let many = self.refusals >= SOME_REFUSALS || self.recent.count_ones() >= MANY_RECENT;
            if self.state != State::Open || many {
                self.close(number, now + wait, true);
            }
        }
        wait
    }

    /// Request `number` failed: a 5xx, a time-out, a lost connection.
    pub(super) fn failed(&mut self, number: u64, now: Instant, jitter: f64) {
        let before = self.failures.filter(|failures| now.duration_since(failures.last) < UNRELATED);
        let failures = Failures {
            count: before.map_or(0, |failures| failures.count) + 1,
            since: before.map_or(now, |failures| failures.since),
            last: now,
        };
        self.failures = Some(failures);
        let lasted = now.duration_since(failures.since);
        let many = failures.count >= MANY_FAILURES;
        let known = self.outage.is_some_and(|(until, _)| now < until);
        if many && lasted >= OUTAGE_AFTER && !known {
            let until = now + OUTAGE_PAUSE;
            self.outage = Some((until, OutageFound { failures: failures.count, lasted }));
            self.state = State::Closed { until, limited: false };
        }
        let first = matches!(self.state, State::First { number: first, .. } if number >= first);
        if number > self.latest_good && (many || first) {
            let wait = (FAILURE_WAIT * (1 << self.closings.min(8))).min(LONGEST_FAILURE_WAIT);
            self.close(number, now + wait.mul_f64(0.5 + jitter / 2.0), false);
        }
    }

    /// Request `number` was abandoned without an answer.
    pub(super) fn abandoned(&mut self, number: u64, now: Instant) {
        if let State::First { number: first, limited, .. } = self.state
            && first == number
        {
            self.state = State::Closed { until: now, limited };
        }
    }

    fn close(&mut self, number: u64, until: Instant, limited: bool) {
        self.latest_bad = self.latest_bad.max(number);
        self.state = match self.state {
            State::Open => State::Closed { until, limited },
            // Braze rounds waits up to whole seconds: of several for the same window, the earliest end is the most exact.
            State::Closed { until: before, limited: true } if limited => {
                State::Closed { until: before.min(until), limited }
            }
            State::Closed { until: before, limited: false } if limited => {
                State::Closed { until: before.max(until), limited }
            }
            State::First { number: first, .. } if number >= first => {
                self.closings += 1;
                State::Closed { until, limited }
            }
            unchanged => unchanged,
        };
    }
}

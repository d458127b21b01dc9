//! Whether requests may start at all: closed for everybody after a 429, and while Braze does not work.
//!
//! Requests are numbered as they start. An answer speaks for all requests only while none that started later has been
//! answered better: a 429 or a failure in the midst of successes is its own request's affair, and a success of a request
//! that started after the last refused one proves that Braze admits again. Where few requests are under way, a 429 that no
//! limit is behind is often the latest answer, so it takes some in a row to close the gate once requests were admitted.
//! After a wait one request goes first, and the others follow once it is answered, so that a wait that was too short costs
//! one request and not hundreds.

use std::time::Duration;

use tokio::time::Instant;

/// Failures in a row from which on requests wait for one that succeeds.
const MANY_FAILURES: u32 = 10;

/// How long failures in a row last before they are called an outage.
const OUTAGE_AFTER: Duration = Duration::from_secs(20);

/// How long nothing is tried after an outage was found.
const OUTAGE_PAUSE: Duration = Duration::from_secs(10);

/// Failures further apart than this are not in a row.
const UNRELATED: Duration = Duration::from_secs(90);

/// How long the request that goes first is waited for before another is tried.
const FIRST_ALONE: Duration = Duration::from_secs(1);

/// Refusals in a row that close the gate. A 429 that no limit is behind comes alone: where 5 % are such, one request in
/// 8,000 is the third in a row.
const SOME_REFUSALS: u32 = 3;

/// Refusals in a row that show the limit to be reached, even if requests are soon admitted again.
const MANY_REFUSALS: u32 = 5;

/// Refusals among the last 32 answers that close the gate: where a window admits only a few, no three are in a row.
const MANY_RECENT: u32 = 8;

/// Requests overtake each other on their way: one that is admitted proves that Braze admits again if it started after the
/// last refused one, and not among the first of those that were under way with it. This part of them does not count.
const OVERTAKING: u32 = 8;

/// Wait after a 429 that does not say how long.
const BLIND_WAIT: Duration = Duration::from_secs(1);

/// Wait between attempts while Braze does not work.
const FAILURE_WAIT: Duration = Duration::from_millis(500);

/// The longest such wait.
const LONGEST_FAILURE_WAIT: Duration = Duration::from_secs(5);

/// The longest wait of our own choice after a 429.
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

/// Failures that have lasted too long to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OutageFound {
    /// Failures in a row.
    pub(super) failures: u32,
    /// How long they have lasted.
    pub(super) lasted: Duration,
}

/// What a gate says to a request that wants to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passage {
    Open,
    From(Instant),
    Outage(OutageFound),
}

#[derive(Debug)]
pub(super) struct Gate {
    state: State,
    /// The latest request that was answered well.
    latest_good: u64,
    /// The latest request that was refused, or failed and closed the gate.
    latest_bad: u64,
    /// Closings in a row, without a good answer between.
    closings: u32,
    /// Refusals in a row, in the order in which the requests started.
    refusals: u32,
    /// The last 32 answers, a one for each refusal. At first it is as if there had been many: as long as nothing was
    /// admitted, a refusal is no stray one.
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

    /// Request `number` starts. After a closing it is the one that goes first.
    pub(super) fn started(&mut self, number: u64, now: Instant) {
        if let State::Closed { limited, .. } | State::First { limited, .. } = self.state {
            // Nobody was admitted until the wait was over: the limit was reached indeed.
            self.too_fast |= limited;
            self.state = State::First { number, since: now, limited };
        }
    }

    /// Request `number` was answered, whatever the answer said of its objects, while `under_way` others are not. Returns
    /// whether that opened the gate after the rate had been too high.
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

    /// Request `number` was answered with 429, and asked to wait for `told` if the answer says how long. Returns how long it
    /// waits; `jitter`, from 0 to 1, spreads waits of our own choice.
    pub(super) fn refused(&mut self, number: u64, told: Option<Duration>, now: Instant, jitter: f64) -> Duration {
        let own = (BLIND_WAIT * (1 << self.closings.min(8))).min(LONGEST_WAIT).mul_f64(0.5 + jitter / 2.0);
        let wait = match (told, self.closings) {
            (Some(told), 0) => told,
            // Told before, and it did not suffice.
            (Some(told), _) => told.max(own / 4),
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

    /// Request `number` was given up without an answer.
    pub(super) fn given_up(&mut self, number: u64, now: Instant) {
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
            // Waits are told in whole seconds, rounded up: of several for the same window the earliest is nearest.
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

//! The rate itself: the configured one, less while Braze admits less.
//!
//! Braze's own word comes first (`X-RateLimit-Limit`, on every answer). Where it says nothing, a 429 teaches: the rate
//! falls to what was admitted, stays there, and then feels its way up again by ever larger steps, first after
//! [`HOLD`], and after a longer time each time that it meets the limit again.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::pace::WINDOW;

/// How long a lowered rate stays before it is raised.
const HOLD: Duration = Duration::from_secs(16);

/// The longest such time.
const LONGEST_HOLD: Duration = Duration::from_secs(128);

/// One step up. The first adds 1 % of the configured rate, the second 2 %, and so on.
const STEP: Duration = Duration::from_secs(1);

/// What is kept below a limit that was found by meeting it.
const BELOW_FOUND: f64 = 0.975;

/// What whole seconds are rounded up by, on average.
const ROUNDING: Duration = Duration::from_millis(500);

/// One 429 lowers the rate to no less than this share of it,
const MOST_LOWERED: f64 = 0.5;

/// and to no more than this.
const LEAST_LOWERED: f64 = 0.96;

/// The lowest rate, as a share of the configured one.
const FLOOR: f64 = 0.02;

/// Answers are counted by tenths of a second, for as long as matters.
const SLOT: Duration = Duration::from_millis(100);
const SLOTS: usize = 100;

#[derive(Debug)]
pub(super) struct Ease {
    configured: f64,
    /// The share of it that this process may use.
    share: f64,
    /// What Braze says that it admits.
    told: Option<f64>,
    /// What was found by meeting the limit, while it is below the configured rate.
    found: Option<Found>,
    hold: Duration,
    /// Requests admitted, by slot, the latest last.
    admitted: VecDeque<(Instant, u32)>,
    /// Since when the admitted ones count: the last time that the rate changed.
    since: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Found {
    rate: f64,
    /// What it was before the first step up.
    base: f64,
    next_step: Instant,
    steps: u32,
}

impl Ease {
    /// `configured` requests a second.
    pub(super) fn new(configured: f64, now: Instant) -> Self {
        Self { configured, share: 1.0, told: None, found: None, hold: HOLD, admitted: VecDeque::new(), since: now }
    }

    /// Requests that Braze is thought to admit each second.
    pub(super) fn rate(&mut self, now: Instant) -> f64 {
        self.rise(now);
        let shared = self.configured.min(self.told.unwrap_or(f64::INFINITY)) * self.share;
        self.found.map_or(shared, |found| found.rate.min(shared))
    }

    /// Whether the rate was found by meeting the limit.
    pub(super) fn is_found(&self) -> bool {
        self.found.is_some()
    }

    /// This process may use `share` of what is configured and told. What it has found by meeting the limit is its own.
    pub(super) fn share(&mut self, share: f64) {
        self.share = share;
    }

    /// The share that this process may use.
    pub(super) fn shared(&self) -> f64 {
        self.share
    }

    /// Braze says that a window of [`WINDOW`] admits `limit` requests. Tells whether that is less than was thought.
    pub(super) fn told(&mut self, limit: f64, now: Instant) -> bool {
        let before = self.rate(now);
        self.told = Some((limit / WINDOW.as_secs_f64()).max(self.floor()));
        self.rate(now) < before * 0.99
    }

    /// A request was admitted.
    pub(super) fn admitted(&mut self, now: Instant) {
        match self.admitted.back_mut() {
            Some((slot, count)) if now.duration_since(*slot) < SLOT => *count += 1,
            _ => {
                if self.admitted.len() == SLOTS {
                    self.admitted.pop_front();
                }
                self.admitted.push_back((now, 1));
            }
        }
    }

    /// The limit was met at `closed`, a wait of `told` was asked for, and requests are admitted again now.
    pub(super) fn limit_met(&mut self, closed: Instant, told: Option<Duration>, now: Instant) {
        let rate = self.rate(now);
        // The window that was used up ends when the wait does, and whole seconds are half a second long on average. Once
        // the rate is about right, what looks like much too little is the rounding.
        let rounding = if self.found.is_some() { 2 * ROUNDING } else { ROUNDING };
        let used_up = told
            .filter(|told| *told <= WINDOW)
            .map_or(WINDOW, |told| (WINDOW + rounding).saturating_sub(told.max(rounding)));
        let began = closed.checked_sub(used_up).unwrap_or(closed);
        // Requests were admitted again when a window began, so within the rounding that is the better guess.
        let from = if self.since + rounding >= began { self.since } else { began };
        let admitted: u32 = self.admitted.iter().filter(|(slot, _)| *slot >= from).map(|(_, count)| count).sum();
        let seconds = closed.duration_since(from).max(WINDOW).as_secs_f64();
        let sustained = BELOW_FOUND * f64::from(admitted) / seconds;
        let mut lowered = sustained.clamp(MOST_LOWERED * rate, LEAST_LOWERED * rate).max(self.floor());
        if let Some(found) = self.found {
            self.hold = (self.hold * 2).min(LONGEST_HOLD);
            if found.steps > 0 {
                // It was the way up that met the limit; where that began had stood the test of time.
                lowered = lowered.max(found.base);
            }
        }
        self.found = Some(Found { rate: lowered, base: lowered, next_step: now + self.hold, steps: 0 });
        self.since = now;
    }

    fn floor(&self) -> f64 {
        (self.configured * FLOOR).max(0.5).min(self.configured)
    }

    fn rise(&mut self, now: Instant) {
        while let Some(found) = &mut self.found
            && now >= found.next_step
        {
            found.steps += 1;
            found.rate += self.configured * 0.01 * f64::from(found.steps);
            found.next_step += STEP;
            if found.rate >= self.configured {
                self.found = None;
                self.hold = HOLD;
            }
        }
    }
}

//! The rate itself: the configured one, less while Braze admits less.
//!
//! Braze's own word comes first (`X-RateLimit-Limit`, on every answer). Where it says nothing, a 429 teaches: the rate
//! falls to what was admitted, stays there, and then feels its way up again by ever larger steps, first after
//! [`HOLD`], and after a longer time each time that it meets the limit again. It is forgotten only when the configured
//! rate has been tried for whole windows.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::gate::Limited;
use super::pace::WINDOW;

/// How long a lowered rate stays before it is raised. Each try that meets the limit again costs some 30 requests at 500 a
/// second.
const HOLD: Duration = Duration::from_secs(20);

/// The longest such time.
const LONGEST_HOLD: Duration = Duration::from_secs(96);

/// One step up: a whole window, so that a step that is too high has met the limit before the next one,
const STEP: Duration = WINDOW;

/// and the first ones are small: what a window admits less than was sent in it is refused. The first adds this share of the
/// rate that was found, and each further one twice as much as the one before.
const FIRST_STEP: f64 = 0.01;

/// What is kept below a limit that was found by meeting it.
const BELOW_FOUND: f64 = 0.975;

/// One 429 lowers the rate to no less than this share of it,
const MOST_LOWERED: f64 = 0.5;

/// and to no more than this.
const LEAST_LOWERED: f64 = 0.96;

/// The lowest rate, as a share of the configured one.
const FLOOR: f64 = 0.02;

/// Answers are counted by parts of a second, for as long as matters: a window, and what its beginning is uncertain by.
const SLOT: Duration = Duration::from_millis(25);
const SLOTS: usize = 200;

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
    /// The rate before the first step up.
    base: f64,
    steps: u32,
    next_step: Instant,
}

impl Found {
    fn rate(&self) -> f64 {
        self.base * (1.0 + FIRST_STEP * f64::from((1_u32 << self.steps.min(31)) - 1))
    }
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
        self.found.map_or(shared, |found| found.rate().min(shared))
    }

    /// Whether the rate was found by meeting the limit.
    pub(super) fn is_found(&self) -> bool {
        self.found.is_some()
    }

    /// Whether Braze has said what it admits.
    pub(super) fn is_told(&self) -> bool {
        self.told.is_some()
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

    /// The limit was met, and requests are admitted again now.
    pub(super) fn limit_met(&mut self, limited: Limited, now: Instant) {
        let rate = self.rate(now);
        let closed = limited.since;
        // The window that was used up ended when the wait did, which was told in whole seconds, or when a request that
        // asked was admitted: on average half of that length earlier.
        let (waited, length) = match limited.told {
            Some(told) => (told, Duration::from_secs(1)),
            None => (now.duration_since(closed), limited.ask_again),
        };
        // Once the rate is about right, what looks like much too little is the rounding.
        let rounding = if self.found.is_some() { length } else { length / 2 };
        let used_up = if waited <= WINDOW { (WINDOW + rounding).saturating_sub(waited.max(rounding)) } else { WINDOW };
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
        self.found = Some(Found { base: lowered, steps: 0, next_step: now + self.hold });
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
            found.next_step += STEP;
            // At twice the configured rate, that one has stood the test.
            if found.rate() >= 2.0 * self.configured {
                self.found = None;
                self.hold = HOLD;
            }
        }
    }
}

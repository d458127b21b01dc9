//! When a request may start: at the connection's rate, within its hourly budget, and not while Braze asks to wait.
//!
//! Braze counts requests in windows of 3 s and of a clock hour (page "API limits"). Starts are spaced so that no 3 s,
//! wherever they begin, hold more than three times the rate, and at least 98.5 % of it can be used. Everything runs on
//! `tokio::time`, so that paused time moves it.
//!
//! One limiter serves all requests of a connection in this process.

mod ease;
mod gate;
mod hour_budget;
mod pace;
#[cfg(test)]
mod tests;

use std::num::{NonZeroU32, NonZeroU64};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use self::ease::Ease;
use self::gate::{Gate, Opened, Passage};
use self::hour_budget::HourBudget;
use self::pace::{Pace, SHARE, WINDOW};
use super::rate_headers::RateHeaders;
use super::wall_clock::WallClock;

/// A reset further away than this ends a longer window than [`WINDOW`]; whole seconds are rounded up.
const SHORT_WINDOW: Duration = Duration::from_secs(4);

/// Requests whose turns are closer than this start together: a wake-up for each would cost more than sending it. It is
/// made up for like any other lateness.
const TOGETHER: Duration = Duration::from_millis(6);

/// Why a request may not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoStart {
    /// Its turn comes after the deadline.
    OutOfTime,
    /// Requests have failed for too long.
    Outage {
        /// Failures in a row.
        failures: u32,
        /// How long they have lasted.
        lasted: Duration,
    },
}

/// Paces the requests of one connection.
#[derive(Debug)]
pub(super) struct Limiter {
    /// Requests queue here, first come first served; the first one waits for its turn, the others for it.
    queue: tokio::sync::Mutex<()>,
    state: Mutex<State>,
    /// Wakes the first one when it may start earlier than it thought.
    opened: Notify,
    clock: WallClock,
}

#[derive(Debug)]
struct State {
    pace: Pace,
    ease: Ease,
    gate: Gate,
    hour: Option<HourBudget>,
    next_number: u64,
    in_flight: u32,
    random: SmallRng,
}

impl Limiter {
    /// A limiter for `per_second` requests a second, and `per_hour` in a clock hour. `seed` draws the spread of waits.
    pub(super) fn new(per_second: NonZeroU32, per_hour: Option<NonZeroU64>, clock: WallClock, seed: u64) -> Self {
        let now = Instant::now();
        let state = State {
            pace: Pace::new(now),
            ease: Ease::new(f64::from(per_second.get()), now),
            gate: Gate::new(),
            hour: per_hour.map(|budget| HourBudget::new(budget.get())),
            next_number: 1,
            in_flight: 0,
            random: SmallRng::seed_from_u64(seed),
        };
        Self { queue: tokio::sync::Mutex::new(()), state: Mutex::new(state), opened: Notify::new(), clock }
    }

    /// Waits until a request may start. Fails at once when that is known to be after `deadline`.
    pub(super) async fn start(&self, deadline: Instant) -> Result<Start<'_>, NoStart> {
        self.refuse_if_late(deadline)?;
        let _first = timeout_at(deadline, self.queue.lock()).await.map_err(|_| NoStart::OutOfTime)?;
        loop {
            let now = Instant::now();
            if now >= deadline {
                return Err(NoStart::OutOfTime);
            }
            let turn = {
                let mut state = self.state();
                match state.turn(now, self.clock)? {
                    None => return Ok(Start { limiter: self, number: state.start(now, self.clock), reported: false }),
                    Some(turn) => turn,
                }
            };
            if turn >= deadline {
                return Err(NoStart::OutOfTime);
            }
            // Either the turn has come or something changed; both are looked at anew.
            let _ = timeout_at(turn.max(now + TOGETHER), self.opened.notified()).await;
        }
    }

    fn refuse_if_late(&self, deadline: Instant) -> Result<(), NoStart> {
        match self.state().turn(Instant::now(), self.clock)? {
            Some(turn) if turn >= deadline => Err(NoStart::OutOfTime),
            _ => Ok(()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// When the next request may start; `None` is now.
    fn turn(&self, now: Instant, clock: WallClock) -> Result<Option<Instant>, NoStart> {
        let mut turn = self.pace.next();
        match self.gate.passage(now) {
            Passage::Open => {}
            Passage::From(opening) => turn = turn.max(opening),
            Passage::Outage(found) => {
                return Err(NoStart::Outage { failures: found.failures, lasted: found.lasted });
            }
        }
        if let Some(wait) = self.hour.as_ref().and_then(|hour| hour.wait(clock.now())) {
            turn = turn.max(now + wait);
        }
        Ok((turn > now).then_some(turn))
    }

    fn start(&mut self, now: Instant, clock: WallClock) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        self.in_flight += 1;
        let rate = self.ease.rate(now) * SHARE;
        self.pace.started(now, rate);
        self.gate.started(number, now);
        if let Some(hour) = &mut self.hour {
            hour.started(clock.now());
        }
        number
    }

    /// What an answer says of the limit. An hourly one does not set the pace; it shows by its far reset.
    fn listen(&mut self, told: &RateHeaders, now: Instant) {
        let Some(limit) = told.limit.filter(|_| told.reset_in.is_none_or(|reset| reset <= SHORT_WINDOW)) else {
            return;
        };
        if !self.ease.told(limit, now) {
            return;
        }
        // Less than was thought: part of the window is used up already, and answers are outstanding.
        if let (Some(remaining), Some(reset)) = (told.remaining, told.reset_in) {
            let left = (remaining - f64::from(self.in_flight)).max(0.0);
            let reset = reset.min(WINDOW);
            let needed = Duration::from_secs_f64((left / (self.ease.rate(now) * SHARE)).min(WINDOW.as_secs_f64()));
            self.pace.not_before(now + reset.saturating_sub(needed));
        }
    }
}

/// A request that has started. Its answer is to be reported; one that is dropped instead was given up.
#[derive(Debug)]
pub(super) struct Start<'a> {
    limiter: &'a Limiter,
    number: u64,
    reported: bool,
}

impl Start<'_> {
    /// Braze answered, neither 429 nor with a failure.
    pub(super) fn answered(self, told: &RateHeaders) {
        self.report(|state, number, now| {
            state.listen(told, now);
            state.ease.admitted(now);
            if let Some(Opened { too_fast: Some(limited) }) = state.gate.answered(number) {
                state.ease.limit_met(limited.since, limited.told, now);
            }
        });
    }

    /// Braze answered 429. Gives how long this request waits before it asks to start again.
    pub(super) fn refused(self, told: &RateHeaders) -> Duration {
        self.report(|state, number, now| {
            state.listen(told, now);
            let luck = state.random.random();
            state.gate.refused(number, told.wait, now, luck)
        })
    }

    /// No answer, or a failure on Braze's side.
    pub(super) fn failed(self) {
        self.report(|state, number, now| {
            let luck = state.random.random();
            state.gate.failed(number, now, luck);
        });
    }

    fn report<T>(mut self, tell: impl FnOnce(&mut State, u64, Instant) -> T) -> T {
        self.reported = true;
        let mut state = self.limiter.state();
        let was_open = state.gate.is_open();
        state.in_flight = state.in_flight.saturating_sub(1);
        let told = tell(&mut state, self.number, Instant::now());
        drop(state);
        if !was_open {
            self.limiter.opened.notify_one();
        }
        told
    }
}

impl Drop for Start<'_> {
    fn drop(&mut self) {
        if !self.reported {
            let mut state = self.limiter.state();
            state.in_flight = state.in_flight.saturating_sub(1);
            state.gate.given_up(self.number, Instant::now());
            drop(state);
            self.limiter.opened.notify_one();
        }
    }
}

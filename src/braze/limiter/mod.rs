//! When a request may start: at the connection's rate, within its hourly budget, and not while Braze asks to wait.
//!
//! Braze counts requests in windows of 3 s and of a clock hour (page "API limits"). Starts are spaced and counted so that
//! no 3 s, at any offset, contain more than three times the rate, and at least 98.5 % of it can be used. All waits use
//! `tokio::time`, so that tests can pause it.
//!
//! One limiter serves all requests of a connection in this process. Where several processes send, each is given a share of
//! the rate ([`Limiter::share_rate`]).

mod gate;
mod hour_budget;
mod in_flight;
mod pace;
mod rate_estimate;
#[cfg(test)]
mod tests;

use std::num::{NonZeroU32, NonZeroU64};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout_at};

use self::gate::{Gate, Passage};
use self::hour_budget::HourBudget;
use self::in_flight::Latency;
pub(super) use self::in_flight::MOST_IN_FLIGHT;
use self::pace::{DENSITY, Pace, WINDOW};
use self::rate_estimate::RateEstimate;
use super::rate_headers::RateHeaders;
use crate::clock::WallClock;

/// A reset further away than this ends a longer window than [`WINDOW`]; whole seconds are rounded up.
const SHORT_WINDOW: Duration = Duration::from_secs(4);

/// Requests whose turns are closer than this start together: a timer for each would cost more than sending it.
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
    /// Requests queue here, first come first served; the first one waits for its turn, the others for the lock.
    queue: tokio::sync::Mutex<()>,
    state: Mutex<State>,
    /// Wakes the first one when it may start earlier than planned.
    opened: Notify,
    share: watch::Sender<Share>,
    clock: WallClock,
}

/// Whether it is known which share of the rate this process may use. Until then nothing starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Share {
    Known,
    /// No request needs it yet.
    Unknown,
    /// A request waits for it. This lasts until the share is set, even if that request is dropped.
    Wanted,
}

#[derive(Debug)]
struct State {
    pace: Pace,
    estimate: RateEstimate,
    gate: Gate,
    hour: Option<HourBudget>,
    latency: Latency,
    next_number: u64,
    in_flight: u32,
    random: SmallRng,
}

impl Limiter {
    /// A limiter for `per_second` requests a second, and `per_hour` in a clock hour. `seed` is for jitter.
    pub(super) fn new(per_second: NonZeroU32, per_hour: Option<NonZeroU64>, clock: WallClock, seed: u64) -> Self {
        let now = Instant::now();
        let state = State {
            pace: Pace::new(now),
            estimate: RateEstimate::new(f64::from(per_second.get())),
            gate: Gate::new(),
            hour: per_hour.map(|budget| HourBudget::new(budget.get())),
            latency: Latency::default(),
            next_number: 1,
            in_flight: 0,
            random: SmallRng::seed_from_u64(seed),
        };
        Self {
            queue: tokio::sync::Mutex::new(()),
            state: Mutex::new(state),
            opened: Notify::new(),
            share: watch::Sender::new(Share::Known),
            clock,
        }
    }

    /// Makes requests wait until [`share_rate`](Self::share_rate) is called.
    pub(super) fn hold_for_share(&self) {
        // A request that already waits keeps waiting.
        self.turn_share(Share::Known, Share::Unknown);
    }

    /// Returns once a request waits for the share.
    pub(super) async fn share_wanted(&self) {
        // The sender lives as long as `self`, so this can't fail.
        drop(self.share.subscribe().wait_for(|share| *share == Share::Wanted).await);
    }

    /// Sets this process's share of the connection's rate: above 0 and at most 1.
    pub(super) fn share_rate(&self, share: f64) {
        self.state().estimate.use_share(share);
        self.share.send_replace(Share::Known);
    }

    /// How many requests should be in flight to use the full rate, those that wait for their turn included.
    pub(super) fn in_flight_wanted(&self) -> usize {
        let mut state = self.state();
        let now = Instant::now();
        let rate = state.estimate.rate(now);
        state.latency.in_flight_wanted(rate * state.density())
    }

    /// How many requests are left in the clock hour; `None` without an hourly limit.
    pub(super) fn left_in_hour(&self) -> Option<u64> {
        self.state().hour.as_ref().map(|hour| hour.left(self.clock.now()))
    }

    /// Waits until a request may start. Fails at once when that is known to be after `deadline`.
    pub(super) async fn start(&self, deadline: Instant) -> Result<Start<'_>, NoStart> {
        self.refuse_if_late(deadline)?;
        let _first = timeout_at(deadline, self.queue.lock()).await.map_err(|_| NoStart::OutOfTime)?;
        self.share_known(deadline).await?;
        loop {
            let now = Instant::now();
            if now >= deadline {
                return Err(NoStart::OutOfTime);
            }
            let turn = {
                let mut state = self.state();
                match state.turn(now, self.clock)? {
                    None => {
                        let number = state.start(now, self.clock);
                        return Ok(Start { limiter: self, number, at: now, reported: false });
                    }
                    Some(turn) => turn,
                }
            };
            if turn >= deadline {
                return Err(NoStart::OutOfTime);
            }
            // Either the turn has come or something changed: check again.
            let _ = timeout_at(turn.max(now + TOGETHER), self.opened.notified()).await;
        }
    }

    async fn share_known(&self, deadline: Instant) -> Result<(), NoStart> {
        self.turn_share(Share::Unknown, Share::Wanted);
        let mut share = self.share.subscribe();
        let known = timeout_at(deadline, share.wait_for(|share| *share == Share::Known)).await;
        known.map(drop).map_err(|_| NoStart::OutOfTime)
    }

    fn turn_share(&self, from: Share, to: Share) {
        self.share.send_if_modified(|share| {
            let turns = *share == from;
            if turns {
                *share = to;
            }
            turns
        });
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
    fn turn(&mut self, now: Instant, clock: WallClock) -> Result<Option<Instant>, NoStart> {
        let rate = self.estimate.rate(now);
        let mut turn = self.pace.next(now, rate);
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

    /// How much faster than the rate requests start while the window has room. A lowered rate may still be too high, so
    /// it is not exceeded.
    fn density(&self) -> f64 {
        if self.estimate.is_lowered() { 1.0 } else { DENSITY }
    }

    fn start(&mut self, now: Instant, clock: WallClock) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        self.in_flight += 1;
        let rate = self.estimate.rate(now);
        self.pace.started(now, rate, self.density());
        self.gate.started(number, now);
        if let Some(hour) = &mut self.hour {
            hour.started(clock.now());
        }
        number
    }

    /// Takes in what an answer says about the limit. An hourly limit, recognised by its distant reset, doesn't set the pace.
    fn listen(&mut self, announced: &RateHeaders, now: Instant, clock: WallClock) {
        if announced.reset_in.is_some_and(|reset| reset > SHORT_WINDOW) {
            if let Some(remaining) = announced.remaining {
                let (left, now) = (remaining - f64::from(self.in_flight), clock.now());
                if let Some(hour) = &mut self.hour {
                    hour.announced(left, announced.limit, now);
                } else {
                    let reset_in = announced.reset_in.unwrap_or_default();
                    self.hour = HourBudget::learned(left, announced.limit, reset_in, now);
                }
            }
            return;
        }
        let Some(limit) = announced.limit else {
            return;
        };
        if !self.estimate.announce(limit, now) {
            return;
        }
        // Less than expected: part of the window is used up already, and answers are outstanding.
        if let (Some(remaining), Some(reset)) = (announced.remaining, announced.reset_in) {
            let left = (remaining * self.estimate.share() - f64::from(self.in_flight)).max(0.0);
            let reset = reset.min(WINDOW);
            let needed =
                Duration::from_secs_f64((left / (self.estimate.rate(now) * self.density())).min(WINDOW.as_secs_f64()));
            self.pace.not_before(now + reset.saturating_sub(needed));
        }
    }
}

/// A request that has started. Its answer must be reported; dropping it counts as abandoned.
#[derive(Debug)]
pub(super) struct Start<'a> {
    limiter: &'a Limiter,
    number: u64,
    at: Instant,
    reported: bool,
}

impl Start<'_> {
    /// Braze answered with neither a 429 nor a failure.
    pub(super) fn answered(self, announced: &RateHeaders) {
        let (at, clock) = (self.at, self.limiter.clock);
        self.report(|state, number, now| {
            state.latency.measured(now.duration_since(at));
            state.listen(announced, now, clock);
            if state.gate.answered(number, state.in_flight) {
                state.estimate.lower(now);
                state.pace.window_began();
            }
        });
    }

    /// Braze answered 429. Returns how long this request waits before it asks to start again.
    pub(super) fn refused(self, announced: &RateHeaders) -> Duration {
        let clock = self.limiter.clock;
        self.report(|state, number, now| {
            state.listen(announced, now, clock);
            let jitter = state.random.random();
            state.gate.refused(number, announced.wait, now, jitter)
        })
    }

    /// No answer, or a failure on Braze's side.
    pub(super) fn failed(self) {
        self.report(|state, number, now| {
            let jitter = state.random.random();
            state.gate.failed(number, now, jitter);
        });
    }

    fn report<T>(mut self, update: impl FnOnce(&mut State, u64, Instant) -> T) -> T {
        self.reported = true;
        let mut state = self.limiter.state();
        let was_open = state.gate.is_open();
        state.in_flight = state.in_flight.saturating_sub(1);
        let result = update(&mut state, self.number, Instant::now());
        drop(state);
        if !was_open {
            self.limiter.opened.notify_one();
        }
        result
    }
}

impl Drop for Start<'_> {
    fn drop(&mut self) {
        if !self.reported {
            let mut state = self.limiter.state();
            state.in_flight = state.in_flight.saturating_sub(1);
            state.gate.abandoned(self.number, Instant::now());
            drop(state);
            self.limiter.opened.notify_one();
        }
    }
}

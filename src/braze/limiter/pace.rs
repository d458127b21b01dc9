//! When the next request may start, at a given rate.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// The window in which Braze counts requests (page "API limits": 3,000 requests per 3 seconds).
pub(super) const WINDOW: Duration = Duration::from_secs(3);

/// How much faster than the rate requests start while a window has room. This makes up for a pause within the same window,
/// and the last requests of a delivery need not wait. A burst as fast as possible could put two windows' requests into one
/// of Braze's windows, which starts at another time.
pub(super) const DENSITY: f64 = 1.1;

/// Requests may arrive at Braze closer together than they left by this much.
const GUARD: Duration = Duration::from_millis(20);

/// Starts are counted by slots of this length; a slot counts until the last start that it may hold has left the window.
const SLOT: Duration = Duration::from_millis(10);

/// What the first window after a rest may use: the first requests wait for their connections, and the next ones arrive
/// close behind them.
const WHILE_CONNECTING: f64 = 0.985;

/// The lateness that may be made up for: timers are coarser (1 ms) than the interval between requests, and a small function
/// gets the processor only part of the time. It is also the burst after a time without requests.
const CATCH_UP: Duration = Duration::from_millis(18);

/// Spaces the starts of requests (the generic cell rate algorithm) and counts them, so that no 3 s, at any offset, contain
/// more than three times the rate.
#[derive(Debug)]
pub(super) struct Pace {
    /// When the next request should start; in the past if requests are late.
    next: Instant,
    /// The start of each slot and the requests in it, the oldest first, as far back as a window reaches.
    slots: VecDeque<(Instant, u32)>,
    /// The sum of `slots`.
    counted: u32,
    /// Until when less than a whole window is used.
    connecting: Instant,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { next: now, slots: VecDeque::new(), counted: 0, connecting: now }
    }

    /// When the next request may start, at `rate` requests a second.
    pub(super) fn next(&mut self, now: Instant, rate: f64) -> Instant {
        self.leave(now);
        self.next.max(self.room(now, rate).unwrap_or(now))
    }

    /// A request starts, at `rate` requests a second, `density` times as close together.
    pub(super) fn started(&mut self, now: Instant, rate: f64, density: f64) {
        self.leave(now);
        if self.slots.is_empty() {
            self.connecting = now + WINDOW;
        }
        match self.slots.back_mut() {
            Some((slot, count)) if now.duration_since(*slot) < SLOT => *count += 1,
            _ => self.slots.push_back((now, 1)),
        }
        self.counted += 1;
        let earliest = now.checked_sub(CATCH_UP).unwrap_or(now);
        self.next = self.next.max(earliest) + Duration::from_secs_f64(1.0 / (rate * density));
    }

    /// Lets nothing start before `until`.
    pub(super) fn not_before(&mut self, until: Instant) {
        self.next = self.next.max(until);
    }

    /// A new window has begun at Braze: earlier requests no longer count.
    pub(super) fn window_began(&mut self) {
        self.slots.clear();
        self.counted = 0;
    }

    /// When the window has room for one more; `None` is now.
    fn room(&self, now: Instant, rate: f64) -> Option<Instant> {
        let whole = WINDOW.as_secs_f64() * rate;
        let admitted = if now < self.connecting { whole * WHILE_CONNECTING } else { whole };
        let mut left = f64::from(self.counted);
        for (slot, count) in &self.slots {
            // One request at a time always has room: three seconds of a rate below one in three hold none.
            if left + 1.0 <= admitted.max(1.0) {
                return None;
            }
            left -= f64::from(*count);
            if left + 1.0 <= admitted.max(1.0) {
                return Some(*slot + SLOT + WINDOW + GUARD);
            }
        }
        None
    }

    fn leave(&mut self, now: Instant) {
        while let Some((slot, count)) = self.slots.front()
            && now >= *slot + SLOT + WINDOW + GUARD
        {
            self.counted -= count;
            self.slots.pop_front();
        }
    }
}

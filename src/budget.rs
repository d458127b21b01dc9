//! The time that an invocation has, and the part of it that is kept for an orderly end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::clock::WallClock;

/// The end of an invocation, and the moments before it at which work has to stop.
///
/// A fifth of the time left at the start, at most 30 seconds, is reserved: first for answers to requests in flight, then
/// for the checkpoint, the reports and the message that makes another invocation continue.
#[derive(Clone, Copy, Debug)]
pub struct TimeBudget {
    ends: Instant,
    ends_at: Timestamp,
    clock: WallClock,
    reserve: Duration,
    spent_once: Option<&'static AtomicBool>,
}

impl TimeBudget {
    /// The longest time that an invocation keeps back for its end.
    const LONGEST_RESERVE: Duration = Duration::from_secs(30);

    /// A budget that ends `left` from now.
    pub fn ending_in(left: Duration) -> Self {
        Self::ending_in_by(left, WallClock::System)
    }

    /// The same with the time of day from `clock`: leases begin and end by it, so that a simulation can let time pass.
    pub fn ending_in_by(left: Duration, clock: WallClock) -> Self {
        let reserve = (left / 5).min(Self::LONGEST_RESERVE);
        let left = left.min(Duration::from_hours(24 * 365));
        let ends_at = SignedDuration::try_from(left).ok().and_then(|left| time_of_day(clock).checked_add(left).ok());
        Self {
            ends: Instant::now() + left,
            ends_at: ends_at.unwrap_or(Timestamp::MAX),
            clock,
            reserve,
            spent_once: None,
        }
    }

    /// The budget of an invocation that AWS Lambda ends at `deadline`, milliseconds since 1970 as its Runtime API
    /// gives it.
    pub fn until_lambda_deadline(deadline: u64) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::ending_in(Duration::from_millis(deadline).saturating_sub(now))
    }

    /// The same, but spent as soon as `spent` is true: for a program whose user may end it. It is looked at once a second
    /// or more often.
    #[must_use]
    pub fn or_once(mut self, spent: &'static AtomicBool) -> Self {
        self.spent_once = Some(spent);
        self
    }

    /// The budget of a part of the work, which takes at most half of the time left.
    #[must_use]
    pub fn half(mut self) -> Self {
        let left = self.ends.saturating_duration_since(Instant::now()) / 2;
        self.ends = Instant::now() + left;
        self.reserve = (left / 5).min(Self::LONGEST_RESERVE);
        self
    }

    /// The time of day.
    pub fn now(&self) -> Timestamp {
        time_of_day(self.clock)
    }

    /// After this, no new request is sent.
    pub fn stop_sending(&self) -> Instant {
        self.before_end(self.reserve)
    }

    /// After this, no answers are awaited.
    pub fn stop_waiting(&self) -> Instant {
        self.before_end(self.reserve / 2)
    }

    /// When the invocation ends, by this machine's clock: leases never outlive it.
    pub fn ends_at(&self) -> Timestamp {
        self.ends_at
    }

    /// Whether it is too late to begin anything.
    pub fn is_spent(&self) -> bool {
        let ended = self.spent_once.is_some_and(|spent| spent.load(Ordering::Relaxed));
        ended || Instant::now() >= self.stop_sending()
    }

    fn before_end(&self, margin: Duration) -> Instant {
        self.ends.checked_sub(margin).unwrap_or(self.ends)
    }
}

fn time_of_day(clock: WallClock) -> Timestamp {
    // Fall back to the epoch if the clock is out of range.
    Timestamp::try_from(clock.now()).unwrap_or(Timestamp::UNIX_EPOCH)
}

//! The time as the stand-ins see it.
//!
//! It starts at the machine's time and then follows Tokio's clock, so that a test that pauses or advances Tokio's time moves rate windows,
//! visibility time-outs and last-modified times along with it.

use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// A clock that agrees with Tokio's.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    base: Timestamp,
    started: Instant,
}

impl Clock {
    /// A clock that shows the machine's time now.
    pub fn new() -> Self {
        Self { base: Timestamp::now(), started: Instant::now() }
    }

    /// A clock that shows `base` now: tests that need a certain date begin here.
    pub fn starting_at(base: Timestamp) -> Self {
        Self { base, started: Instant::now() }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        let elapsed = SignedDuration::try_from(self.started.elapsed()).unwrap_or(SignedDuration::MAX);
        self.base.checked_add(elapsed).unwrap_or(Timestamp::MAX)
    }

    /// The time now, since 1970.
    pub fn since_epoch(&self) -> Duration {
        since_epoch(self.now())
    }
}

/// Time since 1970; zero for earlier times.
fn since_epoch(time: Timestamp) -> Duration {
    Duration::try_from(time.as_duration()).unwrap_or_default()
}

/// The same point in time in the standard library's type.
pub(crate) fn system_time(time: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + since_epoch(time)
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

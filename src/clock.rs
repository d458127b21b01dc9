//! The time of day, which tests may tie to virtual time.

use std::time::SystemTime;

use tokio::time::Instant;

/// Where the time of day comes from.
#[derive(Clone, Copy, Debug)]
pub enum WallClock {
    /// The system's clock.
    System,
    /// A clock that showed `origin` at `started` and runs as fast as `tokio::time` does, paused or not.
    Virtual {
        /// The time of day at `started`.
        origin: SystemTime,
        /// When that was.
        started: Instant,
    },
}

impl WallClock {
    /// The time of day.
    pub fn now(&self) -> SystemTime {
        match self {
            Self::System => SystemTime::now(),
            Self::Virtual { origin, started } => *origin + started.elapsed(),
        }
    }
}

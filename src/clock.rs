//! The time of day, which tests can replace by virtual time.

use std::time::SystemTime;

use tokio::time::Instant;

/// The source of the time of day.
#[derive(Clone, Copy, Debug)]
pub enum WallClock {
    /// The system's clock.
    System,
    /// A clock that showed `origin` at `started` and runs with `tokio::time`, which may be paused.
    Virtual {
        /// The time of day at `started`.
        origin: SystemTime,
        /// The instant of `origin`.
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

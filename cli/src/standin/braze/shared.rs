use std::sync::{Mutex, MutexGuard, PoisonError};

use rand::rngs::SmallRng;

use super::counters::Counters;
use super::in_flight::InFlight;
use super::profiles::Profiles;
use super::rate::RateWindows;
use super::settings::{BrazeSettings, Latency, RestApiKey};
use super::track_call::{TrackFaultScript, TrackRecord};

/// What the requests share.
pub(crate) struct Shared {
    pub(super) settings: BrazeSettings,
    pub(super) in_flight: InFlight,
    pub(super) state: Mutex<Workspace>,
}

/// What the workspace knows.
pub(super) struct Workspace {
    pub(super) keys: Vec<RestApiKey>,
    pub(super) latency: Latency,
    pub(super) windows: RateWindows,
    pub(super) faults: Option<TrackFaultScript>,
    pub(super) profiles: Profiles,
    pub(super) counters: Counters,
    pub(super) records: Vec<TrackRecord>,
    pub(super) random: SmallRng,
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, Workspace> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

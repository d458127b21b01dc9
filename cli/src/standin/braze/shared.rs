use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::rngs::SmallRng;
use serde_json::{Map, Value};

use super::counters::Counters;
use super::in_flight::InFlight;
use super::profiles::Profiles;
use super::rate::{RateWindows, Window};
use super::rules::{self, AttributeRules};
use super::settings::{BrazeSettings, ForcedType, Latency, RestApiKey, SegmentExports};
use super::track_call::{TrackFaultScript, TrackRecord};

/// What the requests share.
pub(crate) struct Shared {
    pub(super) settings: BrazeSettings,
    pub(super) in_flight: InFlight,
    pub(super) state: Mutex<Workspace>,
}

/// An export that can be downloaded.
pub(super) struct Prepared {
    pub(super) segment: String,
    /// The path of its address.
    pub(super) path: String,
    pub(super) ready_at: Duration,
    pub(super) archive: Vec<u8>,
}

/// What the workspace knows.
pub(super) struct Workspace {
    pub(super) keys: Vec<RestApiKey>,
    pub(super) latency: Latency,
    pub(super) windows: RateWindows,
    pub(super) faults: Option<TrackFaultScript>,
    pub(super) forced_types: BTreeMap<String, ForcedType>,
    pub(super) blocklist: BTreeSet<String>,
    pub(super) profiles: Profiles,
    /// Objects that were accepted, and when each is applied.
    pub(super) pending: Vec<(Duration, Map<String, Value>)>,
    pub(super) exports: SegmentExports,
    pub(super) prepared: Vec<Prepared>,
    pub(super) attribute_reads: Window,
    pub(super) profile_reads: Window,
    pub(super) counters: Counters,
    pub(super) records: Vec<TrackRecord>,
    pub(super) random: SmallRng,
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, Workspace> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, with everything applied whose time has come.
    pub(super) fn settled(&self) -> MutexGuard<'_, Workspace> {
        let mut state = self.lock();
        state.settle(self.settings.clock.since_epoch());
        state
    }
}

impl Workspace {
    /// Accepts an object: it is applied now, or when its time has come.
    pub(super) fn accept(&mut self, object: &Map<String, Value>, lag: Latency, now: Duration) {
        let lag = self.draw(lag);
        self.profiles.now = now;
        if lag.is_zero() {
            self.apply(object);
        } else {
            self.pending.push((now + lag, object.clone()));
        }
    }

    fn settle(&mut self, now: Duration) {
        self.pending.sort_by_key(|(due, _)| *due);
        let due = self.pending.partition_point(|(due, _)| *due <= now);
        for (applied, object) in self.pending.drain(..due).collect::<Vec<_>>() {
            self.profiles.now = applied;
            self.apply(&object);
        }
    }

    fn apply(&mut self, object: &Map<String, Value>) {
        let Ok(identity) = rules::identify(object) else { return };
        let rules = AttributeRules { forced_types: &self.forced_types, blocklist: &self.blocklist };
        rules::apply(object, identity, &rules, &mut self.profiles, &mut self.counters);
    }
}

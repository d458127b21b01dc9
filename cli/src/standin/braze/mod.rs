//! A Braze workspace under Braze's documented rules, profiles kept in memory: `POST /users/track`, and, for keys with the
//! permission, `GET /custom_attributes`, `POST /users/export/ids` and `POST /users/export/segment`.
//!
//! Sources: Braze's pages "User track", "API limits", "API errors and responses", "User attributes object", "Email validation",
//! "Export custom attributes", "Export user profile by identifier" and "Export user profile by segment". What Braze refuses is refused with an indexed error; what
//! Braze ignores without a word is ignored here as well, and counted in [`Counters::silently_dropped`].

pub mod answers;
mod counters;
mod exported;
mod in_flight;
mod in_process;
mod permission;
mod profiles;
mod rate;
mod reading;
#[cfg(test)]
mod reading_tests;
mod rules;
mod segments;
mod server;
mod settings;
mod shared;
#[cfg(test)]
mod tests;
mod track_call;

use std::io;
use std::sync::{Arc, Mutex};

use rand::SeedableRng;
use rand::rngs::SmallRng;
use serde_json::Value;

use super::http::{HttpServer, TlsIdentity};
pub use counters::Counters;
use in_flight::InFlight;
pub use in_process::InProcessBraze;
pub use profiles::Profile;
use profiles::Profiles;
pub use rate::{HeaderForm, RateLimit};
use rate::{RateWindows, Window};
pub use settings::{
    BrazeSettings, ForcedType, Keep, Latency, Permission, ReadLimits, Record, RestApiKey, SegmentExports,
};
use shared::{Shared, Workspace};
pub use track_call::{TrackCall, TrackFaultScript, TrackRecord};

/// A running workspace.
pub struct Braze {
    server: Option<HttpServer>,
    certificate_pem: Option<String>,
    shared: Arc<Shared>,
}

impl Braze {
    /// Starts a workspace.
    pub async fn start(settings: BrazeSettings) -> io::Result<Self> {
        let identity = if settings.tls { Some(TlsIdentity::generate()?) } else { None };
        let mut started = Self::without_socket(settings);
        let serving = Arc::clone(&started.shared);
        let answer = move |request| server::answer(Arc::clone(&serving), request);
        started.server = Some(HttpServer::start(answer, identity.as_ref()).await?);
        started.certificate_pem = identity.map(|identity| identity.certificate_pem().to_owned());
        Ok(started)
    }

    /// The same without a socket: it is reached by [`Self::in_process`] alone.
    pub fn without_socket(settings: BrazeSettings) -> Self {
        let workspace = Workspace {
            keys: settings.keys.clone(),
            latency: settings.latency,
            windows: RateWindows::new(settings.rate_limit.clone()),
            faults: None,
            forced_types: settings.forced_types.clone(),
            blocklist: settings.blocklist.clone(),
            profiles: Profiles::default(),
            pending: Vec::new(),
            exports: SegmentExports::default(),
            prepared: Vec::new(),
            attribute_reads: Window::of(3600),
            profile_reads: Window::of(60),
            counters: Counters::default(),
            records: Vec::new(),
            random: SmallRng::seed_from_u64(settings.seed),
        };
        let shared = Arc::new(Shared { settings, in_flight: InFlight::default(), state: Mutex::new(workspace) });
        Self { server: None, certificate_pem: None, shared }
    }

    /// The way to the workspace without a socket.
    pub fn in_process(&self) -> InProcessBraze {
        InProcessBraze { shared: Arc::clone(&self.shared) }
    }

    /// Scheme, host and port: what `hostname` of a connection takes.
    pub fn url(&self) -> String {
        self.server.as_ref().map_or_else(|| super::in_process::URL.to_owned(), HttpServer::url)
    }

    /// The port on 127.0.0.1; 0 without a socket.
    pub fn port(&self) -> u16 {
        self.server.as_ref().map_or(0, HttpServer::port)
    }

    /// The certificate to trust, when the workspace serves HTTPS.
    pub fn certificate_pem(&self) -> Option<&str> {
        self.certificate_pem.as_deref()
    }

    /// Replaces the keys: a key that is not in `keys` is revoked.
    pub fn set_keys(&self, keys: Vec<RestApiKey>) {
        self.shared.lock().keys = keys;
    }

    /// Changes the rate limit; the windows begun stay counted.
    pub fn set_rate_limit(&self, limit: RateLimit) {
        self.shared.lock().windows.set_limit(limit);
    }

    /// Changes how long answers take.
    pub fn set_latency(&self, latency: Latency) {
        self.shared.lock().latency = latency;
    }

    /// Asks `script` what to do with each further request; `None` ends all faults.
    pub fn set_faults(&self, script: Option<TrackFaultScript>) {
        self.shared.lock().faults = script;
    }

    /// The profile with this external id.
    pub fn profile(&self, external_id: &str) -> Option<Profile> {
        self.shared.settled().profiles.by_external_id(external_id).cloned()
    }

    /// The profiles with this email, the oldest first.
    pub fn profiles_with_email(&self, email: &str) -> Vec<Profile> {
        self.shared.settled().profiles.by_email(email).cloned().collect()
    }

    /// Every profile, in the order of creation.
    pub fn profiles(&self) -> Vec<Profile> {
        self.shared.settled().profiles.all().to_vec()
    }

    /// How many profiles there are.
    pub fn profile_count(&self) -> usize {
        self.shared.settled().profiles.all().len()
    }

    /// How many profiles hold `value` in the custom attribute `name`.
    pub fn count_with_attribute(&self, name: &str, value: &Value) -> usize {
        let state = self.shared.settled();
        state.profiles.all().iter().filter(|profile| profile.custom_attributes.get(name) == Some(value)).count()
    }

    /// Every profile as a JSON array, as [`Profile`] serialises.
    pub fn snapshot(&self) -> Value {
        serde_json::to_value(self.shared.settled().profiles.all()).unwrap_or_default()
    }

    /// Puts a profile in place past the protocol.
    pub fn insert_profile(&self, external_id: Option<&str>, email: Option<&str>) {
        self.shared.lock().profiles.insert(external_id, email);
    }

    /// Sets or removes a custom attribute past the protocol, as another system does.
    pub fn set_attribute(&self, external_id: &str, name: &str, value: Option<&Value>) {
        let mut state = self.shared.settled();
        if let Some(index) = state.profiles.index_of(external_id) {
            state.profiles.set_custom(index, name, value);
        }
    }

    /// Sets or removes a custom attribute of every profile without a customer ID that has this address, as another system does.
    pub fn set_attribute_of_address(&self, email: &str, name: &str, value: Option<&Value>) {
        self.shared.settled().profiles.set_by_email(email, name, value);
    }

    /// Deletes a profile. Whether there was one.
    pub fn delete_profile(&self, external_id: &str) -> bool {
        self.shared.settled().profiles.remove(external_id)
    }

    /// Merges a profile into another one, which keeps its own values and gets what it lacks ("Merge users").
    pub fn merge_profiles(&self, from: &str, into: &str) {
        self.shared.settled().profiles.merge(from, into);
    }

    /// Puts a custom attribute on the blocklist, or takes it off.
    pub fn block_attribute(&self, name: &str, blocked: bool) {
        let mut state = self.shared.settled();
        if blocked {
            state.blocklist.insert(name.to_owned());
        } else {
            state.blocklist.remove(name);
        }
    }

    /// Fixes the type of a custom attribute.
    pub fn force_type(&self, name: &str, forced: ForcedType) {
        self.shared.settled().forced_types.insert(name.to_owned(), forced);
    }

    /// Sets which segments the workspace has and how they are exported.
    pub fn set_exports(&self, exports: SegmentExports) {
        self.shared.lock().exports = exports;
    }

    /// Forgets all profiles.
    pub fn forget_profiles(&self) {
        self.shared.lock().profiles = Profiles::default();
    }

    /// What was counted so far.
    pub fn counters(&self) -> Counters {
        let mut counters = self.shared.lock().counters.clone();
        self.shared.in_flight.report(&mut counters);
        counters
    }

    /// Sets every counter to zero and empties the record.
    pub fn reset_counters(&self) {
        let mut state = self.shared.lock();
        state.counters = Counters::default();
        state.windows.reset_most();
        state.records.clear();
        self.shared.in_flight.reset();
    }

    /// The requests recorded so far, in the order of arrival of their answers.
    pub fn records(&self) -> Vec<TrackRecord> {
        self.shared.lock().records.clone()
    }
}

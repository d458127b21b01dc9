//! Which profiles are in requests that are being answered.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use super::counters::Counters;

/// The requests in flight.
#[derive(Default)]
pub(super) struct InFlight {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Hash of the identifier, and in how many requests it is.
    profiles: HashMap<u64, u32>,
    requests: u64,
    most_requests: u64,
    same_profile: u64,
    same_request: u64,
}

/// One request in flight; it leaves when this is dropped, also when the caller hangs up.
pub(super) struct Flight<'f> {
    in_flight: &'f InFlight,
    profiles: Vec<u64>,
}

impl InFlight {
    /// Enters a request that is about these profiles. Objects without a readable identifier are left out.
    pub(super) fn enter<'i>(&self, identifiers: impl Iterator<Item = &'i str>) -> Flight<'_> {
        let mut profiles: Vec<u64> = identifiers
            .filter(|identifier| !identifier.is_empty())
            .map(|identifier| {
                let mut hasher = DefaultHasher::new();
                identifier.hash(&mut hasher);
                hasher.finish()
            })
            .collect();
        let objects = profiles.len();
        profiles.sort_unstable();
        profiles.dedup();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.requests += 1;
        state.most_requests = state.most_requests.max(state.requests);
        state.same_request += (objects - profiles.len()) as u64;
        for profile in &profiles {
            let requests = state.profiles.entry(*profile).or_default();
            *requests += 1;
            if *requests > 1 {
                state.same_profile += 1;
            }
        }
        Flight { in_flight: self, profiles }
    }

    pub(super) fn report(&self, counters: &mut Counters) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        counters.most_in_flight = state.most_requests;
        counters.same_profile_in_flight = state.same_profile;
        counters.same_profile_in_request = state.same_request;
    }

    pub(super) fn reset(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.most_requests = state.requests;
        state.same_profile = 0;
        state.same_request = 0;
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        let mut state = self.in_flight.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.requests -= 1;
        for profile in &self.profiles {
            if let Some(requests) = state.profiles.get_mut(profile) {
                *requests -= 1;
                if *requests == 0 {
                    state.profiles.remove(profile);
                }
            }
        }
    }
}

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::rate::RateLimit;
use crate::standin::clock::Clock;

/// A REST API key of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestApiKey {
    /// The key itself.
    pub key: String,
    /// Whether it has the permission `users.track`.
    pub may_track: bool,
}

/// How long an answer takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// Every answer takes at least this long.
    pub fixed: Duration,
    /// Plus a random share of this.
    pub jitter: Duration,
}

/// What is remembered of the objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// Every object is checked and applied to its profile.
    #[default]
    Profiles,
    /// Objects are only counted and their identifiers checked: for measurements.
    Counts,
}

/// How much is recorded of each request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Record {
    /// Nothing but the counters.
    #[default]
    Nothing,
    /// Time, status and number of objects.
    Summary,
    /// The same and the body.
    Bodies,
}

/// A type that an administrator has fixed for a custom attribute (Braze: "Managing custom data").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForcedType {
    /// Takes true, false, and the texts 1, t, true, 0, f, false.
    Boolean,
    /// Takes numbers and texts that are numbers.
    Number,
    /// Takes texts.
    Text,
}

/// How the workspace is set up.
#[derive(Clone)]
pub struct BrazeSettings {
    /// The keys it knows.
    pub keys: Vec<RestApiKey>,
    /// Requests per window, and how a 429 says when to come back.
    pub rate_limit: RateLimit,
    /// How long answers take.
    pub latency: Latency,
    /// What is kept of the objects.
    pub keep: Keep,
    /// What is recorded of the requests.
    pub record: Record,
    /// Custom attributes with a fixed type.
    pub forced_types: BTreeMap<String, ForcedType>,
    /// Custom attributes that are not collected.
    pub blocklist: BTreeSet<String>,
    /// For the latency's jitter.
    pub seed: u64,
    /// Serve HTTPS (HTTP/2 and HTTP/1.1) with a certificate of its own.
    pub tls: bool,
    /// The time.
    pub clock: Clock,
}

impl BrazeSettings {
    /// A workspace with one good key, no rate limit, no latency, profiles kept.
    pub fn with_key(key: impl Into<String>) -> Self {
        Self {
            keys: vec![RestApiKey { key: key.into(), may_track: true }],
            rate_limit: RateLimit::default(),
            latency: Latency::default(),
            keep: Keep::default(),
            record: Record::default(),
            forced_types: BTreeMap::new(),
            blocklist: BTreeSet::new(),
            seed: 1,
            tls: false,
            clock: Clock::new(),
        }
    }
}

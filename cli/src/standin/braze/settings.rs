use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::rate::RateLimit;
use crate::standin::clock::Clock;
use crate::standin::s3::Sink;

/// A permission of a REST API key ("API overview").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// `users.track`.
    UsersTrack,
    /// `users.export.ids`.
    UsersExportIds,
    /// `users.export.segment`.
    UsersExportSegment,
    /// `custom_attributes.get`.
    CustomAttributesGet,
}

/// A REST API key of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestApiKey {
    /// The key itself.
    pub key: String,
    /// What it may do.
    pub permissions: BTreeSet<Permission>,
}

impl RestApiKey {
    /// A key with the permission `users.track` alone.
    pub fn tracking(key: impl Into<String>) -> Self {
        Self::with(key, [Permission::UsersTrack])
    }

    /// A key with the permissions `users.track`, `users.export.ids` and `custom_attributes.get`.
    pub fn reading(key: impl Into<String>) -> Self {
        Self::with(key, [Permission::UsersTrack, Permission::UsersExportIds, Permission::CustomAttributesGet])
    }

    /// The same key with the permission `users.export.segment` as well.
    #[must_use]
    pub fn auditing(mut self) -> Self {
        self.permissions.insert(Permission::UsersExportSegment);
        self
    }

    /// A key with these permissions.
    pub fn with(key: impl Into<String>, permissions: impl IntoIterator<Item = Permission>) -> Self {
        Self { key: key.into(), permissions: permissions.into_iter().collect() }
    }
}

/// How often profiles and attributes may be read ("API limits").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// Requests per clock hour to `/custom_attributes`.
    pub attributes_per_hour: u64,
    /// Requests per minute to `/users/export/ids`.
    pub exports_per_minute: u64,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self { attributes_per_hour: 1000, exports_per_minute: 250 }
    }
}

/// The segments of a workspace and how they are exported.
#[derive(Clone)]
pub struct SegmentExports {
    /// By identifier, the custom attribute that is `true` for everyone in the segment.
    pub segments: BTreeMap<String, String>,
    /// The company's own bucket, if the workspace has one.
    pub bucket: Option<Sink>,
    /// How long an export takes.
    pub delay: Duration,
    /// The most profiles in a file.
    pub profiles_per_file: usize,
}

impl Default for SegmentExports {
    fn default() -> Self {
        Self { segments: BTreeMap::new(), bucket: None, delay: Duration::ZERO, profiles_per_file: 5_000 }
    }
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
    /// How often it may be read.
    pub read_limits: ReadLimits,
    /// How long answers take.
    pub latency: Latency,
    /// How long after its answer an object is applied, each by itself and so in any order.
    pub lag: Latency,
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
            keys: vec![RestApiKey::tracking(key)],
            rate_limit: RateLimit::default(),
            read_limits: ReadLimits::default(),
            latency: Latency::default(),
            lag: Latency::default(),
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

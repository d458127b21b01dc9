//! What is read of a workspace, why it was not read, and what is remembered of both.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;
use tokio::time::Instant;

use crate::message::codes;
use crate::secrets::ApiKey;

/// How long the custom attributes of a workspace are remembered, and that an endpoint may not be read.
pub(super) const REMEMBERED: Duration = Duration::from_hours(1);

/// How long it is remembered that an endpoint did not answer.
const REMEMBERED_SILENCE: Duration = Duration::from_mins(10);

/// An endpoint that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    /// `GET /custom_attributes`.
    Attributes,
    /// `POST /users/export/ids`.
    Profiles,
}

impl Endpoint {
    /// The permission that it needs.
    pub fn permission(self) -> &'static str {
        match self {
            Self::Attributes => "custom_attributes.get",
            Self::Profiles => "users.export.ids",
        }
    }

    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Attributes => "/custom_attributes",
            Self::Profiles => "/users/export/ids",
        }
    }
}

/// Why something was not read. None of them prevents a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unread {
    /// The key does not have the permission.
    ///
    /// Fix: nothing has to be done. To have it checked, create a key that has the permission as well.
    #[error("the API key has no permission {}", .0.permission())]
    Denied(Endpoint),
    /// The host does not know the endpoint, or answers something else.
    ///
    /// Fix: nothing has to be done.
    #[error("the host answered {status} to {}", .endpoint.path())]
    Absent {
        /// The endpoint.
        endpoint: Endpoint,
        /// The HTTP status.
        status: u16,
    },
    /// The rate limit of the endpoint is used up.
    ///
    /// Fix: nothing has to be done; a later run asks again.
    #[error("the rate limit of {} is used up", .0.path())]
    RateLimited(Endpoint),
    /// There is no key here, as in a dry run on one's own machine.
    ///
    /// Fix: nothing has to be done.
    #[error("there is no API key here")]
    NoKey,
    /// There was no answer in time.
    ///
    /// Fix: nothing has to be done; a later run asks again.
    #[error("{} did not answer in time", .0.path())]
    Silent(Endpoint),
}

codes!(Unread {
    Denied = "ITB-Y11",
    Absent = "ITB-Y12",
    RateLimited = "ITB-Y13",
    Silent = "ITB-Y14",
    NoKey = "ITB-Y15",
});

impl Unread {
    pub(super) fn remembered(&self) -> Duration {
        match self {
            Self::Denied(_) | Self::Absent { .. } | Self::NoKey => REMEMBERED,
            Self::RateLimited(_) | Self::Silent(_) => REMEMBERED_SILENCE,
        }
    }

    /// Whether it holds for every endpoint, so that another need not be tried.
    pub(super) fn is_about_the_host(&self) -> bool {
        matches!(self, Self::Absent { .. } | Self::Silent(_))
    }
}

/// A custom attribute as the workspace has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct WorkspaceAttribute {
    /// Its name.
    pub name: String,
    /// Its type, such as `Boolean`, or `Number (Automatically Detected)`.
    #[serde(default)]
    pub data_type: Option<String>,
    /// `Active`, `Blocklisted`.
    #[serde(default)]
    pub status: Option<String>,
    /// The most elements of an array.
    #[serde(default)]
    pub array_length: Option<u64>,
}

/// The custom attributes of a workspace.
#[derive(Clone, Debug, Default)]
pub struct WorkspaceAttributes {
    /// By name.
    pub by_name: BTreeMap<String, WorkspaceAttribute>,
    /// Whether they are all: a workspace may have more than are read.
    pub are_all: bool,
}

/// Which fields are read, beside the custom attributes: Braze's names.
pub type FieldsRead = &'static [&'static str];

/// A profile as it was read.
pub type ProfileRead = Map<String, Value>;

/// Profiles that were read.
#[derive(Clone, Debug, Default)]
pub struct ReadProfiles {
    /// By the identifier that they were asked for: customer ID or email address.
    pub by_identifier: BTreeMap<String, Vec<ProfileRead>>,
}

/// What a client remembers of reading. It is about one key: another one forgets it.
#[derive(Debug, Default)]
pub struct ReadMemory {
    key: Option<ApiKey>,
    pub(super) attributes: Option<(Arc<WorkspaceAttributes>, Instant)>,
    pub(super) unread: BTreeMap<Endpoint, (Unread, Instant)>,
    /// What has been read.
    pub(super) readable: BTreeSet<Endpoint>,
}

impl ReadMemory {
    pub(super) fn of(&mut self, key: &ApiKey) -> &mut Self {
        if self.key.as_ref() != Some(key) {
            *self = Self { key: Some(key.clone()), ..Self::default() };
        }
        self
    }

    pub(super) fn unread(&self, endpoint: Endpoint) -> Option<Unread> {
        let lasts = |(unread, since): &&(Unread, Instant)| since.elapsed() < unread.remembered();
        let of_host = self.unread.values().find(|remembered| remembered.0.is_about_the_host() && lasts(remembered));
        let own = self.unread.get(&endpoint).filter(lasts);
        own.or(of_host).map(|(unread, _)| unread.clone())
    }
}

//! The results of a request, object by object, and why to stop sending.

use std::ops::AddAssign;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::first_answers::SameRefusal;
use super::oddities::Oddities;
use crate::message::{codes, counted};

/// The result of one attribute object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectResult {
    /// Braze accepted it: it is queued, and applied within moments to minutes.
    Accepted,
    /// Braze refused it, for this reason of Braze's: bounded, without personal data.
    Rejected(String),
    /// It was sent without a usable answer: it may or may not have been applied. Sending it again is harmless, since it sets
    /// values.
    Unknown,
    /// It was not sent, or only in requests that Braze refused entirely. It has not been applied.
    NotSent,
}

/// The results of a [`TrackRequest`](super::TrackRequest).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackOutcome {
    /// The result of each object, by its index.
    pub objects: Vec<ObjectResult>,
    /// Why to stop sending, if so.
    pub stop: Option<StopReason>,
    /// The HTTP requests that were needed.
    pub requests: Requests,
    /// What was strange about the answers that accepted objects.
    pub oddities: Oddities,
}

/// HTTP requests to Braze.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// Requests sent, as Braze counts them: including retries and the parts of a divided request.
    pub sent: u64,
    /// Retries among them.
    pub retried: u64,
    /// Requests among them that were answered 429.
    pub rate_limited: u64,
}

impl AddAssign for Requests {
    fn add_assign(&mut self, other: Self) {
        self.sent += other.sent;
        self.retried += other.retried;
        self.rate_limited += other.rate_limited;
    }
}

/// Why a delivery stops sending through a connection.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StopReason {
    /// Braze rejected the key: it is wrong or was deleted, lacks the permission `users.track`, or belongs to another
    /// workspace or instance. Braze's response is never shown, because it may repeat the key.
    ///
    /// Fix: compare the key and `hostname` with Settings > API Keys in Braze, and replace the key.
    #[error(
        "Braze ({host}) rejected the API key (401)\n\
         Nothing is lost. The key is wrong or was deleted, lacks the permission users.track, or belongs to another workspace \
         or instance. Compare it with Settings > API Keys in Braze and replace it (in a deployed stack: in the connection's \
         secret), or fix `hostname` in exports.toml."
    )]
    Unauthorized {
        /// Host and port of the connection.
        host: String,
    },
    /// The key lacks the permission `users.track`, or its IP allowlist does not include the sender.
    ///
    /// Fix: create a new key at Settings > API Keys in Braze; permissions and allowlist of a key can't be changed.
    #[error(
        "Braze ({host}) does not allow this API key to update users (403)\n\
         Nothing is lost. The key needs the permission users.track; if it has an IP allowlist, the sender's address must be on \
         it. Neither can be changed later: create a new key at Settings > API Keys in Braze and replace the old one \
         (in a deployed stack: in the connection's secret)."
    )]
    Forbidden {
        /// Host and port of the connection.
        host: String,
    },
    /// The host has no such path (404, 410).
    ///
    /// Fix: set `hostname` to the REST endpoint of your Braze instance.
    #[error(
        "{host} has no /users/track ({status}), so it is not a REST endpoint of Braze\n\
         Nothing is lost. Fix `hostname` in exports.toml. Braze's API overview lists the REST endpoints by dashboard URL."
    )]
    NotFound {
        /// Host and port of the connection.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// The host redirects (3xx), which Braze's REST endpoints don't do. The key is not sent to the other host.
    ///
    /// Fix: set `hostname` to the REST endpoint of your Braze instance.
    #[error(
        "{host} redirects to another host ({status})\n\
         Nothing is lost, and the key was not sent there: Braze's REST endpoints don't redirect. Fix `hostname` in exports.toml."
    )]
    Redirected {
        /// Host and port of the connection.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// The host responds, but not like Braze.
    ///
    /// Fix: check `hostname`, and whether a proxy is in between.
    #[error(
        "{host} does not respond like Braze ({status}: {found})\n\
         Nothing is lost. Check `hostname` in exports.toml, and whether a proxy is in between."
    )]
    NotBraze {
        /// Host and port of the connection.
        host: String,
        /// The HTTP status.
        status: u16,
        /// What kind of answer it was.
        found: &'static str,
    },
    /// Braze refused every object of the first requests with one same answer, before it accepted any. That says nothing about
    /// single rows: the key, the workspace, the attribute, a field of the export or a proxy is the cause.
    ///
    /// Fix: fix what Braze's answer names; the delivery is retried automatically.
    #[error(
        "Braze ({host}) refused everything: {requests} with the same answer\n\
         {}\n\
         Nothing is lost, and no row is rejected for it. The cause is not a single row: check what the answer names, the \
         connection, and the fields of the export in exports.toml. The delivery is retried automatically.",
        same.answer,
        requests = counted(u64::from(same.requests), "request", "requests")
    )]
    EverythingRefused {
        /// Host and port of the connection.
        host: String,
        /// The refusals.
        same: SameRefusal,
    },
    /// Requests have failed for a while without a single success.
    ///
    /// Fix: nothing to do; the delivery is retried automatically. See Braze's status page if it lasts.
    #[error(
        "Can't reach Braze ({host}): {failures} requests in {} s failed; last error: {last}\n\
         Nothing is lost: it will be retried automatically. See Braze's status page if it lasts.",
        .lasted.as_secs()
    )]
    Outage {
        /// Host and port of the connection.
        host: String,
        /// Failures in a row.
        failures: u32,
        /// How long they have lasted.
        lasted: Duration,
        /// How the last request failed.
        last: String,
    },
    /// The time left is too short for the next request, or for the wait that Braze asks for.
    ///
    /// Fix: nothing to do; the delivery continues automatically.
    #[error("Stopped at the time limit\nNothing is lost: the delivery continues automatically.")]
    OutOfTime,
}

codes!(StopReason {
    Unauthorized = "ITB-B01",
    Forbidden = "ITB-B02",
    NotFound = "ITB-B03",
    Redirected = "ITB-B04",
    NotBraze = "ITB-B05",
    Outage = "ITB-B06",
    OutOfTime = "ITB-B07",
    EverythingRefused = "ITB-B08",
});

impl StopReason {
    /// Whether another key may help: the secret should be read again.
    pub fn is_about_the_key(&self) -> bool {
        matches!(self, Self::Unauthorized { .. } | Self::Forbidden { .. })
    }
}

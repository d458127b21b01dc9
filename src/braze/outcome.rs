//! What became of a request, object by object, and why nothing more should be sent.

use std::time::Duration;

use thiserror::Error;

use super::over_time::RequestsOverTime;

/// What became of one attribute object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectFate {
    /// Braze took it. It is queued there; Braze applies it within seconds.
    Accepted,
    /// Braze refused it. The reason is Braze's own, bounded, without a person's data.
    Rejected(String),
    /// It was sent and no answer told its fate: it may or may not have been applied. Sending it again does no harm,
    /// since it sets values and adds to none.
    Unknown,
    /// It was not sent, or only in requests that Braze refused as a whole. It has not been applied.
    NotSent,
}

/// What became of a [`TrackRequest`](super::TrackRequest).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackOutcome {
    /// One fate for each object, by its index.
    pub objects: Vec<ObjectFate>,
    /// Why nothing more should be sent, if so.
    pub stop: Option<StopReason>,
    /// The HTTP requests that it took.
    pub counts: RequestCounts,
    /// When they were made.
    pub over_time: RequestsOverTime,
}

/// HTTP requests made for one [`TrackRequest`](super::TrackRequest).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestCounts {
    /// All that were sent, as Braze counts them: retries and parts of a divided request included.
    pub sent: u64,
    /// Those among them that repeated one that failed or met the rate limit.
    pub retried: u64,
    /// Those among them that were answered 429.
    pub rate_limited: u64,
}

/// Why nothing more should be sent to this connection now.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StopReason {
    /// Braze does not know the key (401). Its body is never shown: Braze has been seen to repeat the key in it.
    #[error(
        "Braze at {host} refused the API key (401): it is wrong, was deleted, or belongs to another instance or \
         workspace. Compare it with Settings > APIs and Identifiers in Braze's dashboard, then put the right key into \
         the connection's secret, or mend `hostname` in exports.toml"
    )]
    Unauthorized {
        /// Host and port of the connection.
        host: String,
    },
    /// The key lacks the permission, or the address is not allowed (403).
    #[error(
        "Braze at {host} forbids the API key to write users (403): it needs the permission users.track, and its list \
         of allowed addresses, if it has one, must hold this function's. Neither can be changed on a key that exists: \
         make a new one at Settings > APIs and Identifiers and put it into the connection's secret"
    )]
    Forbidden {
        /// Host and port of the connection.
        host: String,
    },
    /// The host has no such path (404, 410).
    #[error(
        "{host} knows no /users/track ({status}): it is not the REST endpoint of a Braze instance. Mend `hostname` in \
         exports.toml; Braze's dashboard shows the endpoint at Settings > APIs and Identifiers"
    )]
    NotFound {
        /// Host and port of the connection.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// The host sends elsewhere (3xx). The key does not follow.
    #[error(
        "{host} redirects elsewhere ({status}), which Braze's REST endpoints do not do; the key was not sent on. Mend \
         `hostname` in exports.toml"
    )]
    Redirected {
        /// Host and port of the connection.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// The host answers, but not as Braze does.
    #[error(
        "{host} answers ({status}), but not as Braze does: {found}. Check `hostname` in exports.toml, and whether a \
         proxy stands between"
    )]
    NotBraze {
        /// Host and port of the connection.
        host: String,
        /// The HTTP status.
        status: u16,
        /// What kind of answer it was.
        found: &'static str,
    },
    /// Requests have failed for a while without one answer between.
    #[error(
        "Braze at {host} does not work: {failures} requests failed in {} s without one success between, the last with \
         {last}. What was not delivered is delivered later; see Braze's status page if it lasts",
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
    /// The time left does not suffice for the next request or the wait before it.
    #[error("the time left does not suffice for the next request or the wait that Braze asks for")]
    OutOfTime,
}

impl StopReason {
    /// Whether another key may help: the secret should be read again.
    pub fn is_about_the_key(&self) -> bool {
        matches!(self, Self::Unauthorized { .. } | Self::Forbidden { .. })
    }
}

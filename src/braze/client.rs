//! One connection to Braze.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use rand::SeedableRng;
use rand::rngs::SmallRng;
use tokio::time::Instant;

use super::first_answers::{FirstAnswers, SameRefusal};
use super::http_clients::HttpClients;
use super::limiter::{Limiter, MOST_IN_FLIGHT};
use super::outcome::{StopReason, TrackOutcome};
use super::request::TrackRequest;
use super::sending::Sending;
use super::shared::{Shared, lock};
use super::transport::{Answer, HttpTransport, Lost, Post, Transport};
use crate::clock::WallClock;
use crate::config::Connection;
use crate::secrets::ApiKey;

/// Braze's path for attribute updates. A trailing slash is an error (page "API errors").
const TRACK: &str = "/users/track";

/// One connection to Braze. Cheap to clone: clones share the rate limit and what was learned about Braze, so a process
/// keeps one client per connection.
#[derive(Clone)]
pub struct BrazeClient {
    shared: Arc<Shared>,
}

impl fmt::Debug for BrazeClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrazeClient").field("host", &self.shared.host).finish_non_exhaustive()
    }
}

impl BrazeClient {
    /// A client for `connection` through `http`.
    pub fn new(connection: &Connection, http: impl Into<HttpClients>) -> Self {
        Self::seeded(connection, http, WallClock::System, rand::random())
    }

    /// A client with a given clock and a seed for jitter, so that a simulation can be repeated.
    pub fn seeded(connection: &Connection, http: impl Into<HttpClients>, clock: WallClock, seed: u64) -> Self {
        let transport = HttpTransport::new(&connection.hostname.url(TRACK), http.into(), clock);
        Self::through(connection, Box::new(transport), clock, seed)
    }

    /// A client over another transport than HTTP.
    pub fn through(connection: &Connection, transport: Box<dyn Transport>, clock: WallClock, seed: u64) -> Self {
        let limiter = Limiter::new(connection.requests_per_second, connection.requests_per_hour, clock, seed);
        Self {
            shared: Arc::new(Shared {
                host: connection.hostname.authority().to_owned(),
                transport,
                limiter,
                random: Mutex::new(SmallRng::seed_from_u64(seed.rotate_left(32))),
                refused: Mutex::default(),
                last: Mutex::default(),
                reads: Mutex::default(),
                waiting: AtomicUsize::new(0),
            }),
        }
    }

    /// Sends `request` with `key`, retrying and dividing it as the retry policy says, until each object has a result,
    /// `deadline` is reached, or the policy says to stop. After `deadline`, no request is started and no answer awaited;
    /// a wait that would end after it is not started.
    ///
    /// Objects of one profile must not be in two requests at once: Braze keeps no order between requests. Poll the future
    /// until it ends, or drop it: an idle future may hold the turn and block the others.
    pub async fn track(&self, request: &TrackRequest, key: &ApiKey, deadline: Instant) -> TrackOutcome {
        self.track_watching(None, request, key, deadline).await
    }

    /// Like [`track`](Self::track), for a delivery whose first answers are watched: once `first` has seen enough of one same
    /// refusal, it stops with [`StopReason::EverythingRefused`], and no object has a result.
    pub async fn track_watching(
        &self,
        first: impl Into<Option<&FirstAnswers>>,
        request: &TrackRequest,
        key: &ApiKey,
        deadline: Instant,
    ) -> TrackOutcome {
        Sending::new(&self.shared, first.into(), request, key, deadline).run().await
    }

    /// Allows a refused key again, because its permissions may have been changed. Called at the start of an invocation.
    pub fn forget_refusal(&self) {
        *lock(&self.shared.refused) = None;
    }

    /// Makes requests wait until this process's share of the rate is known ([`share_rate`](Self::share_rate)).
    pub fn hold_for_share(&self) {
        self.shared.limiter.hold_for_share();
    }

    /// Returns once a request waits for the share.
    pub async fn share_wanted(&self) {
        self.shared.limiter.share_wanted().await;
    }

    /// Sets this process's share of the connection's rate: above 0 and at most 1. It is 1 at first.
    pub fn share_rate(&self, share: f64) {
        self.shared.limiter.share_rate(share);
    }

    /// How many requests are left in the clock hour, as far as this process knows; `None` if neither the configuration nor
    /// Braze's answers say that there is an hourly limit.
    pub fn left_in_hour(&self) -> Option<u64> {
        self.shared.limiter.left_in_hour()
    }

    /// How many requests should be in flight to use the full rate: 4 to 540.
    pub fn in_flight_wanted(&self) -> usize {
        // Requests that wait for a retry use none of the rate, so that others may be sent instead.
        let waiting = self.shared.waiting.load(Ordering::Relaxed);
        (self.shared.limiter.in_flight_wanted() + waiting).min(MOST_IN_FLIGHT)
    }

    /// Why a delivery stops when Braze refused everything.
    pub fn everything_refused(&self, same: SameRefusal) -> StopReason {
        StopReason::EverythingRefused { host: self.shared.host.clone(), same }
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(super) fn host(&self) -> &str {
        &self.shared.host
    }

    /// Sends one request with `body`, outside the rate limit: for [`check`](Self::check).
    pub(super) async fn post_once(&self, body: Bytes, key: &ApiKey) -> Option<Result<Answer, Lost>> {
        Some(self.shared.transport.post(Post { authorization: key.authorization()?, body }).await)
    }
}

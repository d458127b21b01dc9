//! Sends a [`TrackRequest`] until each of its objects has a result.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use rand::SeedableRng;
use rand::rngs::SmallRng;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::first_answers::{FirstAnswers, SameRefusal};
use super::http_clients::{HttpClients, REQUEST_TIMEOUT};
use super::limiter::{Limiter, MOST_IN_FLIGHT, NoStart, Start};
use super::outcome::{ObjectFate, RequestCounts, StopReason, TrackOutcome};
use super::over_time::RequestsOverTime;
use super::reason;
use super::request::TrackRequest;
use super::retry::{self, Others, RetryAction, Stop};
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

struct Shared {
    host: String,
    transport: Box<dyn Transport>,
    clock: WallClock,
    limiter: Limiter,
    random: Mutex<SmallRng>,
    /// The key that Braze refused, and why. It is not used again.
    refused: Mutex<Option<(ApiKey, StopReason)>>,
    /// When a request was last answered, and what went wrong last.
    last: Mutex<Last>,
    /// Requests that wait for a retry.
    waiting: AtomicUsize,
}

#[derive(Default)]
struct Last {
    answered: Option<Instant>,
    trouble: String,
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
                clock,
                limiter,
                random: Mutex::new(SmallRng::seed_from_u64(seed.rotate_left(32))),
                refused: Mutex::default(),
                last: Mutex::default(),
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

    /// Like [`track`](Self::track), for a delivery whose first answers are watched: it stops with
    /// [`StopReason::EverythingRefused`], and no object has its fate, once `first` has seen enough of one same refusal.
    pub async fn track_watching(
        &self,
        first: impl Into<Option<&FirstAnswers>>,
        request: &TrackRequest,
        key: &ApiKey,
        deadline: Instant,
    ) -> TrackOutcome {
        let mut delivery = Delivery {
            shared: &self.shared,
            first: first.into(),
            request,
            key,
            deadline,
            objects: Vec::new(),
            counts: RequestCounts::default(),
            over_time: RequestsOverTime::default(),
            parts: vec![(0..request.len()).collect()],
        };
        let stop = delivery.run().await.err();
        delivery.fates();
        TrackOutcome { objects: delivery.objects, stop, counts: delivery.counts, over_time: delivery.over_time }
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

    pub(super) fn host(&self) -> &str {
        &self.shared.host
    }

    /// Sends one request with `body`, outside the rate limit: for [`check`](Self::check).
    pub(super) async fn post_once(&self, body: Bytes, key: &ApiKey) -> Option<Result<Answer, Lost>> {
        Some(self.shared.transport.post(Post { authorization: key.authorization()?, body }).await)
    }
}

impl Shared {
    fn now(&self) -> Timestamp {
        Timestamp::try_from(self.clock.now()).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    fn refusal_of(&self, key: &ApiKey) -> Option<StopReason> {
        lock(&self.refused).as_ref().filter(|(refused, _)| refused == key).map(|(_, reason)| reason.clone())
    }

    fn stop_reason(&self, stop: Stop, status: u16) -> StopReason {
        let host = self.host.clone();
        match stop {
            Stop::Unauthorized => StopReason::Unauthorized { host },
            Stop::Forbidden => StopReason::Forbidden { host },
            Stop::NotFound => StopReason::NotFound { host, status },
            Stop::Redirected => StopReason::Redirected { host, status },
            Stop::NotBraze(found) => StopReason::NotBraze { host, status, found },
        }
    }

    fn no_start(&self, no: NoStart) -> StopReason {
        match no {
            NoStart::OutOfTime => StopReason::OutOfTime,
            NoStart::Outage { failures, lasted } => {
                let last = lock(&self.last).trouble.clone();
                StopReason::Outage { host: self.host.clone(), failures, lasted, last }
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends one [`TrackRequest`].
struct Delivery<'a> {
    shared: &'a Shared,
    first: Option<&'a FirstAnswers>,
    request: &'a TrackRequest,
    key: &'a ApiKey,
    deadline: Instant,
    /// Empty until the first result, to save memory: hundreds of requests wait for their answer at once.
    objects: Vec<ObjectFate>,
    counts: RequestCounts,
    over_time: RequestsOverTime,
    /// The objects still to be sent, grouped by request; the last group is sent first.
    parts: Vec<Vec<usize>>,
}

/// Counts a request that waits for a retry.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn count(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The attempts to send a part.
#[derive(Default)]
struct Tries {
    failed: u32,
    /// Failures with a 2xx status.
    unreadable: u32,
    limited: u32,
    failing_since: Option<Instant>,
}

impl<'a> Delivery<'a> {
    async fn run(&mut self) -> Result<(), StopReason> {
        while let Some(part) = self.parts.pop() {
            if !part.is_empty() {
                self.send(part).await?;
            }
        }
        Ok(())
    }

    /// Sends the objects of `part` in one request until an answer settles or divides them.
    async fn send(&mut self, part: Vec<usize>) -> Result<(), StopReason> {
        let body = self.request.body_of(&part);
        let mut tries = Tries::default();
        loop {
            let (start, answer) = self.exchange(&part, &body, tries.failed + tries.limited > 0).await?;
            match &answer {
                Ok(answer) => tracing::debug!(objects = part.len(), status = answer.status, "Braze answered a request"),
                Err(lost) => tracing::debug!(objects = part.len(), error = %lost, "a request got no answer"),
            }
            let action = match &answer {
                Ok(answer) => retry::decide(answer, part.len(), tries.unreadable + 1),
                Err(_) => RetryAction::Retry(None),
            };
            match action {
                RetryAction::RetryAfter(_) => {
                    let told = answer.map(|answer| answer.rate).unwrap_or_default();
                    let wait = start.refused(&told);
                    self.counts.rate_limited += 1;
                    self.over_time.count_rate_limited(self.shared.now());
                    tries.limited += 1;
                    self.wait(wait).await?;
                }
                RetryAction::Retry(not_before) => {
                    start.failed();
                    self.note_failure(&part, &answer);
                    tries.failed += 1;
                    tries.unreadable += u32::from(answer.is_ok_and(|answer| retry::is_unreadable(&answer)));
                    if self.is_hopeless(&mut tries) {
                        return Ok(());
                    }
                    let backoff = retry::backoff(tries.failed, &mut *lock(&self.shared.random));
                    self.wait(backoff.max(not_before.unwrap_or_default())).await?;
                }
                settled => {
                    let answer = answer.unwrap_or_default();
                    start.answered(&answer.rate);
                    lock(&self.shared.last).answered = Some(Instant::now());
                    return self.settle(part, settled, answer.status);
                }
            }
        }
    }

    /// Sends one request once the limiter allows it, and returns the answer.
    async fn exchange(
        &mut self,
        part: &[usize],
        body: &Bytes,
        again: bool,
    ) -> Result<(Start<'a>, Result<Answer, Lost>), StopReason> {
        let shared = self.shared;
        // Checked before and after the wait, in which another request may have been refused.
        shared.refusal_of(self.key).map_or(Ok(()), Err)?;
        let start = shared.limiter.start(self.deadline).await.map_err(|no| shared.no_start(no))?;
        shared.refusal_of(self.key).map_or(Ok(()), Err)?;
        let authorization = self.key.authorization().ok_or_else(|| shared.stop_reason(Stop::Unauthorized, 401))?;
        let post = Post { authorization, body: body.clone() };
        self.counts.sent += 1;
        self.over_time.count_sent(shared.now());
        self.counts.retried += u64::from(again);
        let too_long = Instant::now() + REQUEST_TIMEOUT;
        let Ok(answer) = timeout_at(too_long.min(self.deadline), shared.transport.post(post)).await else {
            if too_long < self.deadline {
                return Ok((start, Err(Lost::TimedOut)));
            }
            self.mark(part, &ObjectFate::Unknown);
            return Err(StopReason::OutOfTime);
        };
        Ok((start, answer))
    }

    fn note_failure(&mut self, part: &[usize], answer: &Result<Answer, Lost>) {
        let (arrived, trouble) = match answer {
            Ok(answer) if answer.status < 300 => (true, format!("an unreadable answer ({})", answer.status)),
            Ok(answer) => (true, format!("HTTP status {}", answer.status)),
            Err(lost) => (lost.may_have_arrived(), lost.to_string()),
        };
        if arrived {
            self.mark(part, &ObjectFate::Unknown);
        }
        lock(&self.shared.last).trouble = trouble;
    }

    /// Whether this request keeps failing while others succeed. If none succeeds, the limiter detects an outage.
    fn is_hopeless(&self, tries: &mut Tries) -> bool {
        let since = *tries.failing_since.get_or_insert_with(Instant::now);
        let others_get_through = lock(&self.shared.last).answered.is_some_and(|answered| answered > since);
        tries.failed >= retry::FAILING_TRIES && others_get_through
    }

    fn settle(&mut self, part: Vec<usize>, action: RetryAction, status: u16) -> Result<(), StopReason> {
        match action {
            RetryAction::Accepted => {
                self.mark(&part, &ObjectFate::Accepted);
                self.first.inspect(|first| first.accepted());
            }
            RetryAction::Rejected { refused, others } => {
                self.watch_rejected(&part, &refused, others)?;
                let (mut refused, mut rest) = (refused.into_iter().peekable(), Vec::new());
                for (place, index) in part.into_iter().enumerate() {
                    match refused.next_if(|(refused, _)| *refused == place) {
                        Some((_, text)) => self.reject(index, &text),
                        None => rest.push(index),
                    }
                }
                match others {
                    Others::Accepted => self.mark(&rest, &ObjectFate::Accepted),
                    Others::SendAgain => self.parts.push(rest),
                    Others::Halve => self.halve(rest),
                }
            }
            RetryAction::Halve(text) => {
                self.watch_refused(&part, &text)?;
                match part[..] {
                    [alone] => self.reject(alone, &text),
                    _ => self.halve(part),
                }
            }
            RetryAction::Stop(stop) => {
                let reason = self.shared.stop_reason(stop, status);
                if reason.is_about_the_key() {
                    *lock(&self.shared.refused) = Some((self.key.clone(), reason.clone()));
                }
                return Err(reason);
            }
            // `send` handles these two.
            RetryAction::Retry(_) | RetryAction::RetryAfter(_) => self.parts.push(part),
        }
        Ok(())
    }

    /// Watches an answer that names the objects that it refuses.
    fn watch_rejected(
        &mut self,
        part: &[usize],
        refused: &[(usize, String)],
        others: Others,
    ) -> Result<(), StopReason> {
        let Some(((_, text), further)) = refused.split_first() else {
            return Ok(());
        };
        let all_refused = refused.len() == part.len();
        let one_reason = further.iter().all(|(_, other)| other == text);
        match self.first {
            Some(_) if all_refused && one_reason => self.watch_refused(part, text),
            // Others were accepted, or the reasons are those of single objects.
            Some(first) if all_refused || others == Others::Accepted => {
                first.accepted();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Watches the refusal of every object of a request.
    fn watch_refused(&mut self, part: &[usize], text: &str) -> Result<(), StopReason> {
        let (Some(first), Some(index)) = (self.first, part.first()) else {
            return Ok(());
        };
        let object = self.request.object(*index).unwrap_or_default();
        let Some(same) = first.refused(&reason::presentable(text, object, self.key)) else {
            return Ok(());
        };
        // It says nothing about single rows.
        self.objects.clear();
        Err(StopReason::EverythingRefused { host: self.shared.host.clone(), same })
    }

    fn halve(&mut self, mut part: Vec<usize>) {
        let second = part.split_off(part.len() / 2);
        self.parts.extend([second, part]);
    }

    fn mark(&mut self, part: &[usize], fate: &ObjectFate) {
        let objects = self.fates();
        for index in part {
            objects[*index] = fate.clone();
        }
    }

    fn reject(&mut self, index: usize, text: &str) {
        let object = self.request.object(index).unwrap_or_default();
        let fate = ObjectFate::Rejected(reason::presentable(text, object, self.key));
        self.fates()[index] = fate;
    }

    /// Fills in a result for each object.
    fn fates(&mut self) -> &mut [ObjectFate] {
        self.objects.resize(self.request.len(), ObjectFate::NotSent);
        &mut self.objects
    }

    /// Waits, unless that would end after the deadline.
    async fn wait(&self, wait: Duration) -> Result<(), StopReason> {
        match Instant::now().checked_add(wait).filter(|end| *end < self.deadline) {
            Some(end) => {
                let _waiting = Waiting::count(&self.shared.waiting);
                sleep_until(end).await;
                Ok(())
            }
            None => Err(StopReason::OutOfTime),
        }
    }
}

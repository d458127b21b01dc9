//! Sends a file: reads and compares while requests are in flight and while the state is written.

mod commit;
mod proving;

use std::collections::VecDeque;
use std::future::pending;
use std::time::Duration;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use tokio::io::AsyncRead;
use tokio::time::Instant;
use tracing::Instrument;

use super::DeliveryError;
use super::batch::Batch;
use super::chunk::{Chunk, ChunkBuilder};
use super::note::FileNote;
use super::outstanding::{DoneChunk, InFlight, Outstanding};
use super::progress::Account;
use super::secret_retry::SecretRetry;
use super::segment::SegmentDelivery;
use super::trial::{Trial, TrialEnd};
use crate::braze::{ObjectResult, Oddities, Requests, StopReason, TrackOutcome};
use crate::pattern::RunId;
use crate::run::FileToDeliver;
use crate::secrets::ApiKey;
use crate::state::{LeaseKeeper, Part, Progress, WriteAnswer, part_key};

/// How often the checkpoint is written and the lease renewed.
const CHECKPOINT: Duration = Duration::from_secs(1);

/// With fewer requests waiting than this, the next chunk is read: at 1,000 requests a second, its part has 75 ms and more to be
/// stored in before the sending has to wait for it.
const READ_AHEAD: usize = 75;

/// How many answered batches are kept to be filled again: 1.5 MB that a delivery as fast as possible neither frees nor asks
/// for with each request.
const KEPT_FOR_FILLING: usize = 48;

/// With more requests than this in flight, none are kept: sending then waits for answers, and memory is short.
const MANY_IN_FLIGHT: usize = 128;

/// How a delivery of a file ended.
#[derive(Debug)]
pub(super) enum PumpEnd {
    /// Every row has a result.
    Delivered,
    /// The time limit was reached; the next invocation resumes from the checkpoint.
    OutOfTime,
    /// A newer run has begun.
    NewerRunBegan {
        /// Which one.
        by: RunId,
    },
    /// Another function has taken the file over.
    Lost,
}

/// Why nothing more is sent.
#[derive(Clone, Debug)]
enum Stop {
    /// Braze refused the key; it is read again once.
    Key(StopReason),
    Time,
    NewerRun(RunId),
    Lost,
    Refused(StopReason),
}

type Building<'a, S> = BoxFuture<'a, (ChunkBuilder<S>, Result<(Chunk, Part), DeliveryError>)>;
type Committing<'a> = BoxFuture<'a, Result<(Account, WriteAnswer), DeliveryError>>;

/// The sending of one file.
pub(super) struct Pump<'a, S> {
    delivery: &'a SegmentDelivery,
    file: &'a FileToDeliver,
    key: ApiKey,
    secret: SecretRetry,
    most_in_flight: usize,
    /// How many requests of the delivery were refused before this file.
    refused_before: u32,
    /// Rows of the file that Braze has: accepted, now or by an earlier attempt, or unchanged.
    known: u64,
    lease: LeaseKeeper,
    folder: String,
    parts: u64,
    outstanding: Outstanding,
    in_flight: FuturesUnordered<BoxFuture<'a, (InFlight, TrackOutcome)>>,
    /// Batches that have been answered, for the next chunk.
    answered: Vec<Batch>,
    builder: Option<ChunkBuilder<S>>,
    building: Option<Building<'a, S>>,
    all_read: bool,
    done: VecDeque<DoneChunk>,
    account: Option<Account>,
    committing: Option<Committing<'a>>,
    committed_at: Instant,
    /// Requests since the last write, whether or not their chunk is finished.
    requests: Requests,
    oddities: Oddities,
    started: Instant,
    seconds_counted: f64,
    stop: Option<Stop>,
    /// Whether a list of sent values was stored.
    listed_values: bool,
    /// The people who are sent first, as long as they have not been read back.
    trial: Option<Trial>,
    proving: Option<BoxFuture<'a, TrialEnd>>,
}

impl<'a, S: AsyncRead + Unpin + Send + 'a> Pump<'a, S> {
    /// Gets ready to send what `builder` reads.
    pub(super) fn new(
        delivery: &'a SegmentDelivery,
        file: &'a FileToDeliver,
        key: ApiKey,
        builder: ChunkBuilder<S>,
        account: Account,
    ) -> Self {
        let rows = account.record.counts.rows;
        if rows.accepted > 0 {
            delivery.first_answers.accepted();
        }
        Self {
            delivery,
            file,
            key,
            secret: SecretRetry::default(),
            most_in_flight: delivery.braze.in_flight_wanted(),
            refused_before: delivery.first_answers.same_refusal().map_or(0, |same| same.requests),
            known: rows.accepted + rows.unchanged,
            lease: account.lease.clone(),
            folder: account.record.folder.clone(),
            parts: 0,
            outstanding: Outstanding::default(),
            in_flight: FuturesUnordered::new(),
            answered: Vec::new(),
            builder: Some(builder),
            building: None,
            all_read: false,
            done: VecDeque::new(),
            account: Some(account),
            committing: None,
            committed_at: Instant::now(),
            requests: Requests::default(),
            oddities: Oddities::default(),
            started: Instant::now(),
            seconds_counted: 0.0,
            stop: None,
            listed_values: false,
            trial: None,
            proving: None,
        }
    }

    /// Sends until the file ends, the time limit is reached, or something prevents it; then records the progress.
    pub(super) async fn run(mut self) -> Result<PumpEnd, DeliveryError> {
        let sent = self.send_all().await;
        if self.stop.is_none()
            && sent.is_ok()
            && let Some(reason) = self.everything_refused()
        {
            self.stop = Some(Stop::Refused(reason));
        }
        // Whatever happened, nothing is left in flight here, and what is certain is written down.
        let failure = match (sent, self.stop.clone()) {
            (Err(error), _) => Some(error),
            (Ok(()), Some(Stop::Refused(reason) | Stop::Key(reason))) => Some(DeliveryError::Refused(reason)),
            _ => None,
        };
        let progress = match (&failure, &self.stop) {
            (Some(error), _) => error.to_progress(),
            (None, None) => Progress::Delivered,
            (None, Some(_)) => Progress::Unfinished,
        };
        if self.listed_values && self.lease.left().is_some() {
            self.delivery.note_values_ended(self.lease.owner()).await;
        }
        let standing = match self.stop {
            Some(Stop::Lost) => WriteAnswer::Lost,
            _ => Box::pin(self.last_commit(progress)).await?,
        };
        match (failure, self.stop, standing) {
            (Some(error), ..) => Err(error),
            (_, _, WriteAnswer::Lost) => Ok(PumpEnd::Lost),
            (None, None, _) => Ok(PumpEnd::Delivered),
            (None, Some(Stop::NewerRun(by)), _) => Ok(PumpEnd::NewerRunBegan { by }),
            (None, Some(_), _) => Ok(PumpEnd::OutOfTime),
        }
    }

    async fn send_all(&mut self) -> Result<(), DeliveryError> {
        let mut failure = None;
        loop {
            self.check_time();
            if failure.is_none() && self.stop.is_none() {
                self.send_next();
                self.read_on();
            }
            self.begin_commit();
            let is_all_sent = self.all_read && self.outstanding.is_empty();
            if self.stop.is_none() && failure.is_none() && is_all_sent && !self.begin_proving() {
                return Ok(());
            }
            let stopping = self.stop.is_some() || failure.is_some();
            if stopping && self.in_flight.is_empty() && self.committing.is_none() {
                if !self.try_new_key().await? {
                    return failure.map_or(Ok(()), Err);
                }
                continue;
            }
            let next_look = self.next_look(stopping);
            tokio::select! {
                // In a fixed order, so that a simulation can be repeated, and the rarest first, so that none waits for ever.
                biased;
                committed = or_never(&mut self.committing) => {
                    self.committing = None;
                    self.take_standing(committed?);
                }
                built = or_never(&mut self.building) => {
                    self.building = None;
                    if let Err(error) = self.take_chunk(built) {
                        failure.get_or_insert(error);
                    }
                }
                Some((sent, outcome)) = self.in_flight.next() => self.take_answer(sent, outcome),
                end = or_never(&mut self.proving), if !stopping => {
                    self.proving = None;
                    if let Err(error) = self.take_trial(end) {
                        failure.get_or_insert(error);
                    }
                }
                () = tokio::time::sleep_until(next_look) => {}
            }
        }
    }

    /// When to look again even if nothing comes in: for the checkpoint, the end of the lease or the end of the time.
    fn next_look(&self, stopping: bool) -> Instant {
        let may_commit = self.committing.is_none() && !matches!(self.stop, Some(Stop::Lost));
        let checkpoint = may_commit.then(|| self.committed_at + CHECKPOINT);
        let lease = self.lease.left().map(|left| Instant::now() + left);
        let time_up = (!stopping).then(|| self.delivery.budget.stop_sending());
        let first = [checkpoint, lease, time_up].into_iter().flatten().min();
        first.unwrap_or_else(|| Instant::now() + CHECKPOINT)
    }

    fn check_time(&mut self) {
        if self.stop.is_none() && self.delivery.budget.is_spent() {
            self.stop = Some(Stop::Time);
        }
        if self.lease.left().is_none() && !crate::planted::planted("lease-without-fencing") {
            // The lease could not be renewed in time. Requests in flight are abandoned before the next owner sends something
            // newer; they are sent again from the checkpoint.
            self.in_flight = FuturesUnordered::new();
            if !matches!(self.stop, Some(Stop::Lost)) {
                self.stop = Some(Stop::Time);
            }
        }
    }

    fn send_next(&mut self) {
        self.most_in_flight = self.delivery.braze.in_flight_wanted();
        let first = &self.delivery.first_answers;
        // Until Braze has accepted something, one request is sent at a time.
        let most = if first.are_decided() { self.most_in_flight } else { 1 };
        while self.outstanding.in_flight() < most {
            if self.trial.as_ref().is_some_and(Trial::is_all_sent) {
                self.begin_proving();
                return;
            }
            let Some(sent) = self.outstanding.next_request() else {
                return;
            };
            if let Some(trial) = &mut self.trial {
                trial.sent();
            }
            let (braze, key) = (self.delivery.braze.clone(), self.key.clone());
            let deadline = self.delivery.budget.stop_waiting();
            let span = tracing::debug_span!("chunk", number = sent.chunk);
            let sending = async move {
                let outcome = braze.track_watching(first, &sent.batch.request, &key, deadline).await;
                (sent, outcome)
            };
            self.in_flight.push(Box::pin(sending.instrument(span)));
        }
    }

    /// Begins to read the next chunk as soon as few enough requests wait.
    fn read_on(&mut self) {
        if self.building.is_some() || self.all_read || self.outstanding.waiting() >= self.most_in_flight.min(READ_AHEAD)
        {
            return;
        }
        let Some(mut builder) = self.builder.take() else {
            return;
        };
        builder.answered.append(&mut self.answered);
        builder.answered.truncate(KEPT_FOR_FILLING);
        let span = tracing::debug_span!("chunk", number = self.parts);
        self.parts += 1;
        let (owner, number) = (self.lease.owner().to_owned(), self.parts);
        let key = part_key(&format!("{}{owner}-{number:06}", self.folder));
        let (delivery, file) = (self.delivery, self.file);
        let building = async move {
            let chunk = match builder.next_chunk().await {
                Ok(chunk) => {
                    let requests = chunk.requests.len() + chunk.alone.len();
                    tracing::debug!(rows = chunk.counts.rows.read, requests, "a chunk is read");
                    Box::pin(delivery.store_part(chunk, key, &owner, number)).await
                }
                Err(source) => Err(DeliveryError::Read { key: file.object.key.clone(), source }),
            };
            (builder, chunk)
        };
        self.building = Some(Box::pin(building.instrument(span)));
    }

    fn take_chunk(
        &mut self,
        (builder, built): (ChunkBuilder<S>, Result<(Chunk, Part), DeliveryError>),
    ) -> Result<(), DeliveryError> {
        let repeated = builder.repeated_headers();
        if repeated > 0
            && let Some(account) = &mut self.account
        {
            account.record.notes.insert(FileNote::HeaderRepeated.about(&self.file.object.key));
        }
        let (chunk, part) = built?;
        self.all_read = chunk.last;
        self.listed_values |= chunk.lists_values;
        if chunk.last {
            self.delivery.note_members(&self.folder, builder.members());
        } else {
            self.builder = Some(builder);
        }
        if crate::planted::planted("state-before-acceptance")
            && let Some(account) = &mut self.account
        {
            account.write_early(part.clone(), chunk.position);
        }
        self.outstanding.add(chunk, part);
        self.collect_done();
        Ok(())
    }

    fn take_answer(&mut self, sent: InFlight, outcome: TrackOutcome) {
        self.requests += outcome.requests;
        self.oddities.add(&outcome.oddities);
        let answered =
            outcome.objects.iter().all(|result| !matches!(result, ObjectResult::Unknown | ObjectResult::NotSent));
        if answered {
            if let Some(trial) = &mut self.trial {
                trial.answered(&sent.batch.request, &outcome.objects);
            }
            self.delivery.offer_to_sample(&sent.batch.request, &outcome.objects);
            self.outstanding.answer(&sent, outcome.objects);
            if !self.all_read && self.answered.len() < KEPT_FOR_FILLING && self.outstanding.in_flight() < MANY_IN_FLIGHT
            {
                self.answered.extend(sent.batch.emptied());
            }
        } else {
            if let Some(trial) = &mut self.trial {
                trial.taken_back();
            }
            self.outstanding.take_back(sent);
        }
        if let Some(reason) = outcome.stop {
            let stop = match reason {
                StopReason::OutOfTime => Stop::Time,
                reason if self.secret.is_worth_it(&reason) => Stop::Key(reason),
                reason => Stop::Refused(reason),
            };
            self.stop.get_or_insert(stop);
        }
        self.collect_done();
    }

    /// After Braze refused the key and everything in flight has come back: reads the secret again, once, because it may
    /// have been rotated. Returns whether to continue.
    async fn try_new_key(&mut self) -> Result<bool, DeliveryError> {
        let Some(Stop::Key(reason)) = &self.stop else {
            return Ok(false);
        };
        match self.secret.another_key(self.delivery, &self.key, reason.clone()).await {
            Ok(key) => (self.key, self.stop) = (key, None),
            Err(DeliveryError::Refused(reason)) => self.stop = Some(Stop::Refused(reason)),
            Err(error) => return Err(error),
        }
        Ok(self.stop.is_none())
    }

    fn collect_done(&mut self) {
        while let Some(chunk) = self.outstanding.next_done() {
            self.known += chunk.counts.rows.accepted + chunk.counts.rows.unchanged;
            self.done.push_back(chunk);
        }
    }

    /// Whether Braze refused every row of the file with one same answer, in more than one request. That says nothing about the
    /// rows.
    fn everything_refused(&self) -> Option<StopReason> {
        let same = self.delivery.first_answers.same_refusal();
        let same = same.filter(|same| self.known == 0 && same.requests > self.refused_before + 1)?;
        Some(self.delivery.braze.everything_refused(same))
    }
}

async fn or_never<T>(future: &mut Option<BoxFuture<'_, T>>) -> T {
    match future {
        Some(future) => future.await,
        None => pending().await,
    }
}

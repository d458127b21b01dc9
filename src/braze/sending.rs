//! Sends one [`TrackRequest`] until each of its objects has a result.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::counted::Counted;
use super::first_answers::FirstAnswers;
use super::http_clients::REQUEST_TIMEOUT;
use super::limiter::Start;
use super::oddities::Oddities;
use super::outcome::{ObjectResult, Requests, StopReason, TrackOutcome};
use super::reason;
use super::request::TrackRequest;
use super::retry::{self, Others, RetryAction, Stop};
use super::shared::{Shared, lock};
use super::transport::{Answer, Lost, Post};
use crate::secrets::ApiKey;

/// Sends one [`TrackRequest`].
pub(super) struct Sending<'a> {
    shared: &'a Shared,
    first: Option<&'a FirstAnswers>,
    request: &'a TrackRequest,
    key: &'a ApiKey,
    deadline: Instant,
    /// Empty until the first result, to save memory: hundreds of requests wait for their answer at once.
    objects: Vec<ObjectResult>,
    requests: Requests,
    oddities: Oddities,
    /// The objects still to be sent, grouped by request; the last group is sent first.
    parts: Vec<Vec<usize>>,
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

impl<'a> Sending<'a> {
    pub(super) fn new(
        shared: &'a Shared,
        first: Option<&'a FirstAnswers>,
        request: &'a TrackRequest,
        key: &'a ApiKey,
        deadline: Instant,
    ) -> Self {
        Self {
            shared,
            first,
            request,
            key,
            deadline,
            objects: Vec::new(),
            requests: Requests::default(),
            oddities: Oddities::default(),
            parts: vec![(0..request.len()).collect()],
        }
    }

    /// Sends it until each object has a result, or something says to stop.
    pub(super) async fn run(mut self) -> TrackOutcome {
        let stop = self.send_all().await.err();
        self.results();
        let Self { objects, requests, oddities, .. } = self;
        TrackOutcome { objects, stop, requests, oddities }
    }

    async fn send_all(&mut self) -> Result<(), StopReason> {
        while let Some(mut part) = self.parts.pop() {
            if let Some(place) = self.first.and_then(|first| first.to_try_alone(part.len())) {
                let alone = part.remove(place);
                self.parts.push(std::mem::replace(&mut part, vec![alone]));
            }
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
                    let announced = answer.map(|answer| answer.rate).unwrap_or_default();
                    let wait = start.refused(&announced);
                    self.requests.rate_limited += 1;
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
                    self.note_oddities(&part, &settled, &answer.body);
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
        self.requests.sent += 1;
        self.requests.retried += u64::from(again);
        let too_long = Instant::now() + REQUEST_TIMEOUT;
        let Ok(answer) = timeout_at(too_long.min(self.deadline), shared.transport.post(post)).await else {
            if too_long < self.deadline {
                return Ok((start, Err(Lost::TimedOut)));
            }
            self.mark(part, &ObjectResult::Unknown);
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
            self.mark(part, &ObjectResult::Unknown);
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
                self.mark(&part, &ObjectResult::Accepted);
                self.note_acceptance();
            }
            RetryAction::Rejected { refused, others } => {
                self.note_rejected(&part, &refused, others)?;
                let (mut refused, mut rest) = (refused.into_iter().peekable(), Vec::new());
                for (place, index) in part.into_iter().enumerate() {
                    match refused.next_if(|(refused, _)| *refused == place) {
                        Some((_, text)) => self.reject(index, &text),
                        None => rest.push(index),
                    }
                }
                match others {
                    Others::Accepted => self.mark(&rest, &ObjectResult::Accepted),
                    Others::SendAgain => self.parts.push(rest),
                    Others::Halve => self.halve(rest),
                }
            }
            RetryAction::Halve(text) => {
                self.note_refused(&part, &text)?;
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

    /// Notes what is strange about an answer that accepts objects.
    fn note_oddities(&mut self, part: &[usize], action: &RetryAction, body: &[u8]) {
        let accepted = match action {
            RetryAction::Accepted => part.len(),
            RetryAction::Rejected { refused, others: Others::Accepted } => part.len() - refused.len(),
            _ => return,
        };
        let object = part.first().and_then(|index| self.request.object(*index)).unwrap_or_default();
        let presentable = |text: &str| reason::presentable(text, object, self.key);
        self.oddities.note(body, part.len(), accepted, presentable);
    }

    /// What the first answers are watched with, as long as they decide something.
    fn watched(&self) -> Option<&'a FirstAnswers> {
        self.first.filter(|first| !first.are_decided())
    }

    fn note_acceptance(&self) {
        if let Some(first) = self.watched() {
            first.accepted();
        }
    }

    /// Notes an answer that names the objects that it refuses.
    fn note_rejected(&mut self, part: &[usize], refused: &[(usize, String)], others: Others) -> Result<(), StopReason> {
        let (Some(first), Some(((place, text), further))) = (self.watched(), refused.split_first()) else {
            return Ok(());
        };
        let nothing_accepted = others != Others::Accepted || refused.len() == part.len();
        let reason = self.reason(part[*place], text);
        if nothing_accepted && further.iter().all(|(place, text)| self.reason(part[*place], text) == reason) {
            return self.note_refusal(first, &reason);
        }
        // Others were accepted, or the reasons are those of single objects.
        first.accepted();
        Ok(())
    }

    /// Notes an answer by which nothing of `part` is accepted, and that names no object.
    fn note_refused(&mut self, part: &[usize], text: &str) -> Result<(), StopReason> {
        match (self.watched(), part.first()) {
            (Some(first), Some(index)) => self.note_refusal(first, &self.reason(*index, text)),
            _ => Ok(()),
        }
    }

    fn note_refusal(&mut self, first: &FirstAnswers, reason: &str) -> Result<(), StopReason> {
        let Some(same) = first.refused(reason) else {
            return Ok(());
        };
        // It says nothing about single objects.
        self.objects.clear();
        Err(StopReason::EverythingRefused { host: self.shared.host.clone(), same })
    }

    /// Braze's reason for refusing an object, fit to be shown.
    fn reason(&self, index: usize, text: &str) -> String {
        reason::presentable(text, self.request.object(index).unwrap_or_default(), self.key)
    }

    fn halve(&mut self, mut part: Vec<usize>) {
        if self.watched().is_some() {
            // Before it is divided, objects from all over it are tried alone.
            self.parts.push(part);
            return;
        }
        let second = part.split_off(part.len() / 2);
        self.parts.extend([second, part]);
    }

    fn mark(&mut self, part: &[usize], result: &ObjectResult) {
        let objects = self.results();
        for index in part {
            objects[*index] = result.clone();
        }
    }

    fn reject(&mut self, index: usize, text: &str) {
        let result = ObjectResult::Rejected(self.reason(index, text));
        self.results()[index] = result;
    }

    /// Fills in a result for each object.
    fn results(&mut self) -> &mut [ObjectResult] {
        self.objects.resize(self.request.len(), ObjectResult::NotSent);
        &mut self.objects
    }

    /// Waits, unless that would end after the deadline.
    async fn wait(&self, wait: Duration) -> Result<(), StopReason> {
        match Instant::now().checked_add(wait).filter(|end| *end < self.deadline) {
            Some(end) => {
                let _waiting = Counted::new(&self.shared.waiting);
                sleep_until(end).await;
                Ok(())
            }
            None => Err(StopReason::OutOfTime),
        }
    }
}

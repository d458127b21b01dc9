//! Sets the attribute of those who left, from a list that a later attempt can resume; of those who get it back, likewise.

use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::time::Instant;

use super::DeliveryError;
use super::chunk::OwnedIdentifier;
use super::load::Read;
use super::secret_retry::SecretRetry;
use super::segment::SegmentDelivery;
use super::sources::Source;
use crate::braze::{ObjectResult, StopReason, TrackRequest};
use crate::config::OnLeave;
use crate::names::AttributeName;
use crate::pattern::RunId;
use crate::profile::Identifier;
use crate::report::Counts;
use crate::secrets::ApiKey;
use crate::state::{EmailHash, Fingerprint, LeaseKeeper, LeaversSent, Part, PartRow, PartWriter, Standing, part_key};

/// How often the progress is written and the lease renewed.
const CHECKPOINT: Duration = Duration::from_secs(1);

/// Why an attribute is set: what the lease is on, and where the progress is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Duty {
    /// The people are not in this run, which is being completed; or the run is being undone.
    Completion(RunId),
    /// The attribute is being retired.
    Retirement,
    /// An audit found the people to be different in Braze.
    Repair(Side),
}

/// Who is different in Braze.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Members who lack the attribute.
    Members,
    /// Others who have it.
    Others,
}

/// What becomes of the attribute.
#[derive(Clone, Debug)]
pub(super) struct SetTo {
    value: serde_json::Value,
    /// Whether a profile that does not exist is created for it.
    creates: bool,
}

impl SetTo {
    /// The value of members.
    pub(super) fn of_members(creates: bool) -> Self {
        Self { value: serde_json::Value::Bool(true), creates }
    }

    /// The value of those who left. A profile that does not exist is not created for it.
    pub(super) fn on_leaving(on_leave: OnLeave) -> Self {
        let value = match on_leave {
            OnLeave::False => serde_json::Value::Bool(false),
            OnLeave::Remove | OnLeave::Keep => serde_json::Value::Null,
        };
        Self { value, creates: false }
    }
}

/// Someone who left.
type Person = (OwnedIdentifier, Option<EmailHash>);

/// Sends the leavers of one run, or everyone whose attribute is retired.
pub(super) struct Leaving<'a> {
    delivery: &'a SegmentDelivery,
    duty: Duty,
    lease: LeaseKeeper,
    attribute: AttributeName,
    set_to: SetTo,
    /// People who are done, in the order of the lists.
    done: u64,
    /// People on lists that were sent to their ends.
    passed: u64,
    /// Requests and data points that are not recorded yet.
    counts: Counts,
    /// People whom Braze refused and who are not recorded yet.
    refused: PartWriter,
    /// Parts of them that were stored.
    stored: u64,
    key_read_again: SecretRetry,
    written_at: Instant,
    counted_at: Instant,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LeavingEnd {
    AllSent,
    OutOfTime,
    Lost,
}

/// Why a group of people is not sent to its end.
enum Stop {
    End(LeavingEnd),
    Reason(StopReason),
}

struct LeaverBatch {
    request: TrackRequest,
    people: Vec<Person>,
}

impl<'a> Leaving<'a> {
    pub(super) fn new(delivery: &'a SegmentDelivery, duty: Duty, lease: LeaseKeeper, set_to: SetTo, done: u64) -> Self {
        Self {
            delivery,
            duty,
            lease,
            attribute: delivery.attribute.clone(),
            set_to,
            done,
            passed: 0,
            counts: Counts::default(),
            refused: PartWriter::new(),
            stored: 0,
            key_read_again: SecretRetry::default(),
            written_at: Instant::now(),
            counted_at: Instant::now(),
        }
    }

    /// What the next list is sent.
    pub(super) fn set_to(&mut self, set_to: SetTo) {
        self.set_to = set_to;
    }

    /// Sends everyone on the list who has not been sent.
    pub(super) async fn send_all(&mut self, list: &[Part]) -> Result<LeavingEnd, DeliveryError> {
        let people: u64 = list.iter().map(|part| part.rows).sum();
        let mut skip = self.done.saturating_sub(self.passed);
        if skip >= people {
            self.passed += people;
            return Ok(LeavingEnd::AllSent);
        }
        let mut key = self.delivery.api_keys.get(&self.delivery.export.connection.secret).await?;
        for part in list {
            if skip >= part.rows {
                skip -= part.rows;
                continue;
            }
            let mut people = self.people_of(part, skip).await?;
            if part.first.is_none() {
                people.drain(..usize::try_from(skip).unwrap_or(usize::MAX).min(people.len()));
            }
            skip = 0;
            let end = self.send(people, &mut key).await?;
            if end != LeavingEnd::AllSent {
                return Ok(end);
            }
        }
        self.passed += people;
        Ok(LeavingEnd::AllSent)
    }

    /// What the ledger is to say at the end. `prefix` is what the key of a list begins with.
    pub(super) async fn finish(&mut self, prefix: &str) -> Result<LeaversSent, DeliveryError> {
        self.take_sent(prefix).await
    }

    async fn people_of(&self, part: &Part, skip: u64) -> Result<Vec<Person>, DeliveryError> {
        let mut people = Vec::new();
        let list = vec![Source::certain(part)];
        self.delivery
            .read_sources(list, |read| {
                // Someone who was erased since leaves a gap in the numbers.
                if let Read::Line(line) = read
                    && line.number.is_none_or(|number| u64::from(number) >= skip)
                {
                    people.push((OwnedIdentifier::of(line.row.identifier), line.row.email));
                }
            })
            .await?;
        Ok(people)
    }

    async fn send(&mut self, people: Vec<Person>, key: &mut ApiKey) -> Result<LeavingEnd, DeliveryError> {
        // Never a customer ID and an address in flight together.
        let by_email = people.partition_point(|(who, _)| matches!(who, OwnedIdentifier::ExternalId(_)));
        let (by_id, by_email) = people.split_at(by_email);
        for group in [by_id, by_email] {
            let mut rest = group;
            while !rest.is_empty() {
                // Until Braze has accepted something, one request is sent at a time.
                let one = self.delivery.export.connection.objects_per_request.min(rest.len());
                let most = if self.delivery.first_answers.are_decided() { rest.len() } else { one };
                let (sent, stop) = self.send_group(&rest[..most], key).await?;
                rest = rest.get(sent..).unwrap_or_default();
                match stop {
                    None => {}
                    Some(Stop::End(end)) => return Ok(end),
                    Some(Stop::Reason(reason)) => {
                        *key = self.key_read_again.another_key(self.delivery, key, reason).await?;
                    }
                }
            }
        }
        Ok(LeavingEnd::AllSent)
    }

    /// Sends to a group until something stops it; gives how many, from the first on, are done.
    async fn send_group(&mut self, group: &[Person], key: &ApiKey) -> Result<(usize, Option<Stop>), DeliveryError> {
        let connection = &self.delivery.export.connection;
        let batches: Vec<LeaverBatch> =
            group.chunks(connection.objects_per_request).map(|people| self.batch(people)).collect();
        let in_flight = self.delivery.braze.in_flight_wanted();
        let first = &self.delivery.first_answers;
        let (braze, budget) = (&self.delivery.braze, self.delivery.budget);
        let lease = self.lease.clone();
        let mut answers = stream::iter(batches)
            .take_while(|_| std::future::ready(!budget.is_spent() && lease.left().is_some()))
            .map(|batch| async move {
                let outcome = braze.track_watching(first, &batch.request, key, budget.stop_waiting()).await;
                (batch, outcome)
            })
            .buffered(in_flight);
        let mut sent = 0;
        loop {
            let Some(left) = self.lease.left() else {
                // It could not be renewed in time: another function may already send something newer.
                return Ok((sent, Some(Stop::End(LeavingEnd::OutOfTime))));
            };
            let wait = (self.written_at + CHECKPOINT).min(Instant::now() + left);
            let answer = tokio::time::timeout_at(wait, answers.next()).await;
            if let Ok(None) = answer {
                break;
            }
            if let Ok(Some((batch, outcome))) = answer {
                self.counts.requests += outcome.requests;
                self.counts.oddities.add(&outcome.oddities);
                if let Some(stop) = outcome.stop {
                    let stop = match stop {
                        StopReason::OutOfTime => Stop::End(LeavingEnd::OutOfTime),
                        reason => Stop::Reason(reason),
                    };
                    return Ok((sent, Some(stop)));
                }
                self.delivery.offer_to_sample(&batch.request, &outcome.objects);
                self.note_sent(&batch, &outcome.objects);
                sent += batch.people.len();
            }
            if self.written_at.elapsed() >= CHECKPOINT {
                self.written_at = Instant::now();
                if !self.write_progress().await? {
                    return Ok((sent, Some(Stop::End(LeavingEnd::Lost))));
                }
            }
        }
        let stop = (sent < group.len()).then_some(Stop::End(LeavingEnd::OutOfTime));
        Ok((sent, stop))
    }

    fn note_sent(&mut self, batch: &LeaverBatch, results: &[ObjectResult]) {
        for ((who, email), result) in batch.people.iter().zip(results) {
            if *result == ObjectResult::Accepted {
                self.counts.data_points += 1;
                continue;
            }
            if crate::planted::planted("refused-leavers-forgotten") {
                continue;
            }
            self.refused.push(PartRow::new(who.as_identifier(), *email, Fingerprint::UNKNOWN, Standing::Left));
        }
        self.done += batch.people.len() as u64;
    }

    fn batch(&self, people: &[Person]) -> LeaverBatch {
        let mut request = TrackRequest::default();
        for (identifier, _) in people {
            request.push(self.object(identifier.as_identifier()).to_string().as_bytes());
        }
        LeaverBatch { request, people: people.to_vec() }
    }

    /// What is sent of someone.
    fn object(&self, identifier: Identifier<'_>) -> serde_json::Value {
        let (name, id) = match identifier {
            Identifier::ExternalId(id) => ("external_id", id),
            Identifier::Email(email) => ("email", email),
        };
        let mut object = serde_json::Map::new();
        object.insert(name.to_owned(), id.into());
        if !self.set_to.creates {
            object.insert("_update_existing_only".to_owned(), true.into());
        }
        object.insert(self.attribute.as_str().to_owned(), self.set_to.value.clone());
        serde_json::Value::Object(object)
    }

    /// What is not recorded yet. People whom Braze refused are stored before the ledger passes them.
    async fn take_sent(&mut self, prefix: &str) -> Result<LeaversSent, DeliveryError> {
        let mut carried = Vec::new();
        if self.refused.rows() > 0 {
            self.stored += 1;
            let key = part_key(&format!("{prefix}-refused-{:06}", self.stored));
            let (bytes, part) = std::mem::take(&mut self.refused).finish(&key);
            self.delivery.parts.write(&key, bytes).await?;
            carried.push(part);
        }
        let mut counts = std::mem::take(&mut self.counts);
        counts.seconds += self.counted_at.elapsed().as_secs_f64();
        self.counted_at = Instant::now();
        Ok(LeaversSent { done: self.done, counts, carried })
    }

    /// Records the progress and renews the lease; returns whether it is still ours.
    async fn write_progress(&mut self) -> Result<bool, DeliveryError> {
        let folder = match self.duty {
            Duty::Completion(run) => self.delivery.keys.run_folder(run),
            Duty::Retirement => self.delivery.keys.retired_folder(),
            Duty::Repair(_) => self.delivery.keys.audit_folder(),
        };
        let prefix = format!("{folder}{}", self.lease.owner());
        let sent = self.take_sent(&prefix).await?;
        let (owner, until) = (self.lease.owner().to_owned(), self.lease.renewal().until);
        let duty = self.duty;
        let ours = self
            .delivery
            .ledger
            .update(|ledger| match (ledger.as_mut(), duty) {
                (None, _) => false,
                (Some(ledger), Duty::Completion(run)) => ledger.leavers_sent(run, &owner, &sent, Some(until)),
                (Some(ledger), Duty::Retirement) => ledger.retired(&owner, &sent, Some(until)),
                (Some(ledger), Duty::Repair(_)) => ledger.keep_lease(&owner, Some(until)),
            })
            .await?;
        if let Duty::Repair(side) = duty {
            self.delivery.note_repaired(side, &sent).await?;
        }
        self.delivery.note_work(|work| work.counts.add(&sent.counts));
        if ours {
            self.lease.renewed(until);
        }
        Ok(ours)
    }
}

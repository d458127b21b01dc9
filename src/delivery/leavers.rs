//! Unsets the attribute of those who left, in an order that a later attempt can continue.

use std::ops::ControlFlow;
use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::time::Instant;

use super::DeliveryError;
use super::chunk::OwnedIdentifier;
use super::load::Source;
use super::segment::{LeaseEnd, SegmentDelivery};
use crate::braze::{ObjectFate, StopReason, TrackRequest};
use crate::config::OnLeave;
use crate::membership::{Leaver, RecentMembers, RunMembers};
use crate::names::AttributeName;
use crate::pattern::RunId;
use crate::profile::Identifier;
use crate::report::{Counts, Requests};
use crate::secrets::ApiKey;
use crate::state::{EmailHash, Fingerprint, Lease, Ledger, PartRow, PartWriter, Phase, Standing};

/// How often the progress is written and the lease renewed.
const CHECKPOINT: Duration = Duration::from_secs(1);

/// Why members are told: what the lease is on, and where the progress is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Duty {
    /// They are not in this run, which is being completed.
    Completion(RunId),
    /// The segment is being retired.
    Retirement,
}

impl Duty {
    /// The lease and the number of those who are done, if the duty is somebody's.
    fn of(self, ledger: &mut Ledger) -> Option<(&mut Lease, &mut u64)> {
        let (lease, done) = match self {
            Self::Completion(run) => match &mut ledger.runs.get_mut(&run)?.phase {
                Phase::Completing { lease, done, .. } => (lease, done),
                _ => return None,
            },
            Self::Retirement => {
                let retirement = ledger.retirement.as_mut()?;
                (&mut retirement.lease, &mut retirement.done)
            }
        };
        Some((lease.as_mut()?, done))
    }
}

/// Telling the leavers of one run, or everybody of a segment that is retired.
pub(super) struct Leaving<'a> {
    delivery: &'a SegmentDelivery,
    duty: Duty,
    pub(super) owner: String,
    pub(super) members: &'a RunMembers,
    /// The name that members are marked with, and earlier names.
    attribute: AttributeName,
    former: Vec<AttributeName>,
    /// What becomes of the attribute.
    pub(super) on_leave: OnLeave,
    /// Leavers who are done, in the order of the state.
    pub(super) done: u64,
    /// Requests and data points of this attempt.
    pub(super) counts: Counts,
    /// Whoever has to be told with a later run, and addresses that it has to know.
    pub(super) carried: PartWriter,
    /// Whether anybody in `carried` has to be told.
    pub(super) carried_leavers: bool,
    met: RecentMembers,
    met_addresses: RecentMembers,
    key_read_again: bool,
    written_at: Instant,
    lease_end: LeaseEnd,
}

/// How it ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LeavingEnd {
    AllTold,
    OutOfTime,
    Lost,
}

struct LeaverBatch {
    request: TrackRequest,
    who: Vec<(OwnedIdentifier, Option<EmailHash>)>,
}

impl<'a> Leaving<'a> {
    pub(super) fn new(
        delivery: &'a SegmentDelivery,
        duty: Duty,
        lease: Lease,
        members: &'a RunMembers,
        ledger: &Ledger,
        done: u64,
    ) -> Self {
        Self {
            delivery,
            duty,
            owner: lease.owner,
            members,
            attribute: match duty {
                Duty::Completion(_) => delivery.attribute.clone(),
                Duty::Retirement => ledger.attribute.clone(),
            },
            former: ledger.former_attributes.iter().cloned().collect(),
            on_leave: delivery.export.on_leave,
            done,
            counts: Counts::default(),
            carried: PartWriter::new(),
            carried_leavers: false,
            met: RecentMembers::default(),
            met_addresses: RecentMembers::default(),
            key_read_again: false,
            written_at: Instant::now(),
            lease_end: LeaseEnd::new(lease.until),
        }
    }

    /// Goes through everything that may have been sent, part by part, and tells whoever is not in the run.
    pub(super) async fn tell_all(&mut self, sources: Vec<Source>) -> Result<LeavingEnd, DeliveryError> {
        let started = Instant::now();
        let mut skip = self.done;
        let mut key = self.delivery.api_keys.get(&self.delivery.export.connection.secret).await?;
        let mut end = LeavingEnd::AllTold;
        for source in sources {
            let mut gone = self.gone_of(source).await?;
            let skipped = usize::try_from(skip).unwrap_or(usize::MAX).min(gone.len());
            gone.drain(..skipped);
            skip -= skipped as u64;
            end = self.tell(gone, &mut key).await?;
            if end != LeavingEnd::AllTold {
                break;
            }
        }
        self.counts.seconds += started.elapsed().as_secs_f64();
        Ok(end)
    }

    /// Those of one part who left: customer IDs first, because an address may be the same profile.
    async fn gone_of(&mut self, source: Source) -> Result<Vec<(OwnedIdentifier, Option<EmailHash>)>, DeliveryError> {
        let mut gone = (Vec::new(), Vec::new());
        let (mut carried, mut kept) = (Vec::new(), Vec::new());
        let (members, met, met_addresses) = (self.members, &mut self.met, &mut self.met_addresses);
        self.delivery
            .read_sources(vec![source], |_, row| {
                let Some(row) = row else {
                    return;
                };
                let who = || (OwnedIdentifier::of(row.identifier), row.email);
                match members.leaver(row) {
                    None if members.keeps_address(row) => {
                        if row.email.is_none_or(|email| met_addresses.insert(row.key().with_email(email))) {
                            kept.push(who());
                        }
                    }
                    None | Some(Leaver::RenamedElsewhere) => {}
                    Some(_) if !met.insert(row.key()) => {}
                    Some(Leaver::Renamed) => carried.push(who()),
                    Some(Leaver::Gone) => match row.identifier {
                        Identifier::ExternalId(_) => gone.0.push(who()),
                        Identifier::Email(_) => gone.1.push(who()),
                    },
                }
            })
            .await?;
        for (identifier, email) in kept {
            self.write_carried(&identifier, email, Standing::Address);
        }
        for (identifier, email) in carried {
            self.carry(&identifier, email);
        }
        let (mut gone, by_email) = gone;
        gone.extend(by_email);
        Ok(gone)
    }

    async fn tell(
        &mut self,
        gone: Vec<(OwnedIdentifier, Option<EmailHash>)>,
        key: &mut ApiKey,
    ) -> Result<LeavingEnd, DeliveryError> {
        if self.on_leave == OnLeave::Keep {
            self.done += gone.len() as u64;
            return Ok(LeavingEnd::AllTold);
        }
        // Never a customer ID and an address in flight together.
        let by_email = gone.partition_point(|(who, _)| matches!(who, OwnedIdentifier::ExternalId(_)));
        let (by_id, by_email) = gone.split_at(by_email);
        for group in [by_id, by_email] {
            let mut rest = group;
            while !rest.is_empty() {
                let (told, stop) = self.tell_group(rest, key).await?;
                rest = rest.get(told..).unwrap_or_default();
                match stop {
                    None => {}
                    Some(Stop::End(end)) => return Ok(end),
                    Some(Stop::Reason(reason)) => self.go_on_with_new_key(reason, key).await?,
                }
            }
        }
        Ok(LeavingEnd::AllTold)
    }

    /// Sends to a group until something stops it; gives how many, from the first on, are done.
    async fn tell_group(
        &mut self,
        group: &[(OwnedIdentifier, Option<EmailHash>)],
        key: &ApiKey,
    ) -> Result<(usize, Option<Stop>), DeliveryError> {
        let connection = &self.delivery.export.connection;
        let batches: Vec<LeaverBatch> =
            group.chunks(connection.objects_per_request).map(|who| self.batch(who)).collect();
        let in_flight = self.delivery.braze.in_flight_wanted();
        let (braze, budget) = (&self.delivery.braze, self.delivery.budget);
        let lease_end = self.lease_end.clone();
        let mut answers = stream::iter(batches)
            .take_while(|_| std::future::ready(!budget.is_spent() && lease_end.left(budget.now()).is_some()))
            .map(|batch| async move {
                let outcome = braze.track(&batch.request, key, budget.stop_waiting()).await;
                (batch, outcome)
            })
            .buffered(in_flight);
        let mut told = 0;
        loop {
            let Some(left) = self.lease_end.left(budget.now()) else {
                // It could not be renewed in time: whoever takes the run over may already send something newer.
                return Ok((told, Some(Stop::End(LeavingEnd::OutOfTime))));
            };
            let wait = (self.written_at + CHECKPOINT).min(Instant::now() + left);
            let answer = tokio::time::timeout_at(wait, answers.next()).await;
            if let Ok(None) = answer {
                break;
            }
            if let Ok(Some((batch, outcome))) = answer {
                self.counts.requests += Requests {
                    sent: outcome.counts.sent,
                    retried: outcome.counts.retried,
                    rate_limited: outcome.counts.rate_limited,
                };
                if let Some(stop) = outcome.stop {
                    let stop = match stop {
                        StopReason::OutOfTime => Stop::End(LeavingEnd::OutOfTime),
                        reason => Stop::Reason(reason),
                    };
                    return Ok((told, Some(stop)));
                }
                self.note_told(&batch, &outcome.objects);
                told += batch.who.len();
            }
            if self.written_at.elapsed() >= CHECKPOINT {
                self.written_at = Instant::now();
                if !self.write_progress().await? {
                    return Ok((told, Some(Stop::End(LeavingEnd::Lost))));
                }
            }
        }
        let stop = (told < group.len()).then_some(Stop::End(LeavingEnd::OutOfTime));
        Ok((told, stop))
    }

    fn note_told(&mut self, batch: &LeaverBatch, fates: &[ObjectFate]) {
        for ((who, email), fate) in batch.who.iter().zip(fates) {
            match fate {
                ObjectFate::Accepted => self.counts.data_points += 1 + self.former.len() as u64,
                _ => self.carry(who, *email),
            }
        }
        self.done += batch.who.len() as u64;
    }

    fn batch(&self, who: &[(OwnedIdentifier, Option<EmailHash>)]) -> LeaverBatch {
        let mut request = TrackRequest::default();
        for (identifier, _) in who {
            request.push(self.object(identifier.as_identifier()).to_string().as_bytes());
        }
        LeaverBatch { request, who: who.to_vec() }
    }

    /// What is sent of someone who left. A profile that does not exist is not created for it.
    fn object(&self, identifier: Identifier<'_>) -> serde_json::Value {
        let unset = match self.on_leave {
            OnLeave::False => serde_json::Value::Bool(false),
            OnLeave::Remove | OnLeave::Keep => serde_json::Value::Null,
        };
        let mut object = serde_json::Map::new();
        let (name, value) = match identifier {
            Identifier::ExternalId(id) => ("external_id", id),
            Identifier::Email(email) => ("email", email),
        };
        object.insert(name.to_owned(), value.into());
        object.insert("_update_existing_only".to_owned(), true.into());
        object.insert(self.attribute.as_str().to_owned(), unset.clone());
        for former in &self.former {
            object.insert(former.as_str().to_owned(), unset.clone());
        }
        serde_json::Value::Object(object)
    }

    fn carry(&mut self, who: &OwnedIdentifier, email: Option<EmailHash>) {
        self.carried_leavers = true;
        self.write_carried(who, email, Standing::Left);
    }

    fn write_carried(&mut self, who: &OwnedIdentifier, email: Option<EmailHash>, standing: Standing) {
        let identifier = who.as_identifier();
        self.carried.push(PartRow { identifier, email, fingerprint: Fingerprint::UNKNOWN, standing });
    }

    async fn go_on_with_new_key(&mut self, reason: StopReason, key: &mut ApiKey) -> Result<(), DeliveryError> {
        if !reason.is_about_the_key() || self.key_read_again {
            return Err(DeliveryError::Refused(reason));
        }
        self.key_read_again = true;
        let new = self.delivery.api_keys.read_again(&self.delivery.export.connection.secret).await?;
        if new == *key {
            return Err(DeliveryError::Refused(reason));
        }
        *key = new;
        Ok(())
    }

    /// Writes how far it is and renews the lease; tells whether it is still ours.
    async fn write_progress(&self) -> Result<bool, DeliveryError> {
        let until = self.delivery.lease_end(self.delivery.budget.now());
        let answer = self
            .delivery
            .ledger
            .update(|ledger| match ledger.as_mut().and_then(|ledger| self.duty.of(ledger)) {
                Some((lease, done)) if lease.owner == self.owner => {
                    (*done, lease.until) = (self.done, until);
                    ControlFlow::Continue(())
                }
                _ => ControlFlow::Break(()),
            })
            .await?;
        if answer.is_continue() {
            self.lease_end.renewed(until);
        }
        Ok(answer.is_continue())
    }
}

enum Stop {
    End(LeavingEnd),
    Reason(StopReason),
}

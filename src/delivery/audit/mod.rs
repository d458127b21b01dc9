//! Audits a segment: asks Braze for everyone who has its attribute, compares them with the last complete run, and sends the
//! differences if that is asked for.
//!
//! | step | module |
//! | --- | --- |
//! | ask Braze for the export, and find its files | `export` |
//! | read them | `reading` |
//! | compare them with the last complete run | `comparing` |
//! | look at profiles of members who lack the attribute | `causes` |
//! | send the differences | `repair` |
//! | write the receipt | `receipt` |
//!
//! How far an audit is says a record in the state, so that each step may be taken by another invocation. Only a repair keeps
//! deliveries away from the attribute.

mod causes;
mod comparing;
mod export;
mod reading;
mod receipt;
mod repair;

use std::time::Duration;

use jiff::SignedDuration;

use super::DeliveryError;
use super::segment::SegmentDelivery;
use crate::audit::{AuditError, AuditMessage, AuditOutcome, AuditRecord, AuditStage, AuditStore, Audited, metrics};
use crate::message::Coded;
use crate::state::{Lease, LeaseKeeper, Ledger, StateError};

/// How long differences that were found can be sent: later, they are looked for again.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// When it is looked again whether an export is ready.
const LOOK_AGAIN: Duration = Duration::from_mins(5);

/// When a repair that a delivery keeps from beginning is tried again.
const TRY_AGAIN: Duration = Duration::from_mins(1);

/// What is asked of an audit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditOptions {
    /// Whether an audit begins if none is in progress.
    pub begin: bool,
    /// Whether the differences are sent.
    pub repair: bool,
    /// How many people the repair may change, because a person has said that it is right.
    pub allow_differences: Option<u64>,
    /// Whether to only report what would be done.
    pub dry_run: bool,
}

/// How an audit ended, or how far it is.
#[derive(Debug)]
pub struct AuditEnd {
    /// The receipt.
    pub audited: Audited,
    /// When another invocation is to continue; `None` if it is over or another one works on it.
    pub continue_in: Option<Duration>,
}

/// What an invocation finds to do.
enum Taken {
    Nothing,
    Elsewhere(Box<AuditRecord>),
    Ours(Box<AuditRecord>),
}

/// How far one step got.
enum Step {
    /// The next one can be taken.
    Done,
    /// The audit is over, or a person has to decide.
    End(AuditOutcome, AuditMessage),
    /// It continues later.
    Later(AuditOutcome, AuditMessage, Duration),
}

impl Step {
    fn out_of_time() -> Self {
        Self::Later(AuditOutcome::Unfinished, AuditMessage::Continues, Duration::ZERO)
    }
}

impl SegmentDelivery {
    /// Begins an audit, or continues the one that is in progress. `None` if there is none.
    #[tracing::instrument(name = "audit", level = "error", skip_all, fields(attribute = %self.attribute))]
    pub async fn audit(&self, options: AuditOptions) -> Result<Option<AuditEnd>, DeliveryError> {
        let ledger = self.ledger.read().await?.filter(|ledger| ledger.feeder == self.feeder && !ledger.vacant);
        if options.dry_run {
            return self.would_audit(ledger.as_ref()).map(Some);
        }
        let store = self.audit_store();
        let owner = self.new_owner();
        let record = match self.take_audit(&store, &owner, ledger.as_ref(), options).await? {
            Taken::Nothing => return Ok(None),
            Taken::Elsewhere(record) => {
                let audited = self.audited(&record).ended(AuditOutcome::Unfinished, &AuditMessage::Elsewhere);
                return Ok(Some(AuditEnd { audited, continue_in: None }));
            }
            Taken::Ours(record) => *record,
        };
        let lease = record.lease.clone().unwrap_or_else(|| self.lease_of(&owner, self.now()));
        let keeper = LeaseKeeper::new(lease, self.budget);
        let renew = async |lease: Lease| {
            if store.renew(&owner, Some(lease.until)).await? { Ok(()) } else { Err(lost(&store)) }
        };
        let mut record = record;
        let end = Box::pin(keeper.keep_while(renew, self.take_steps(&store, &owner, &mut record))).await;
        let end = self.conclude_audit(&store, &owner, &mut record, end).await;
        store.renew(&owner, None).await?;
        end.map(Some)
    }

    pub(super) fn audit_store(&self) -> AuditStore {
        AuditStore::new(self.bucket.clone(), &self.keys.audit_folder())
    }

    /// The last audit, or the one in progress.
    pub async fn last_audit(&self) -> Result<Option<AuditRecord>, DeliveryError> {
        Ok(self.audit_store().read().await?.filter(|record| record.feeder == self.feeder))
    }

    /// What the keys of an audit's objects begin with.
    fn audit_prefix(&self, record: &AuditRecord) -> String {
        format!("{}{}-", self.keys.audit_folder(), record.id)
    }

    fn would_audit(&self, ledger: Option<&Ledger>) -> Result<AuditEnd, DeliveryError> {
        let record = self.new_audit(ledger)?;
        let members = ledger.and_then(|ledger| ledger.last_complete.as_ref()).map_or(0, |last| last.members);
        let mut audited = self.audited(&record).ended(AuditOutcome::DryRun, &AuditMessage::WouldAsk { members });
        (audited.members, audited.asked_at) = (members, None);
        Ok(AuditEnd { audited, continue_in: None })
    }

    /// An audit of the last complete run.
    fn new_audit(&self, ledger: Option<&Ledger>) -> Result<AuditRecord, AuditError> {
        let segment = || AuditError::NoSegmentId { segment: self.segment.clone() };
        let segment_id = self.export.audit_segment_id(&self.segment).ok_or_else(segment)?;
        let last = ledger.and_then(|ledger| ledger.last_complete.as_ref());
        let last = last.filter(|last| last.feeder == self.feeder).ok_or(AuditError::NoCompleteRun)?;
        Ok(AuditRecord::new(self.new_owner(), self.feeder.clone(), last.run, segment_id.to_owned(), self.now()))
    }

    /// Takes the audit that is in progress, or whose differences are to be sent; else begins one.
    async fn take_audit(
        &self,
        store: &AuditStore,
        owner: &str,
        ledger: Option<&Ledger>,
        options: AuditOptions,
    ) -> Result<Taken, DeliveryError> {
        let fresh = self.new_audit(ledger);
        let (now, last) = (self.now(), ledger.and_then(|ledger| ledger.last_complete.as_ref()));
        let taken = store
            .update(|stored| {
                if let Some(record) = stored.as_mut().filter(|record| record.feeder == self.feeder) {
                    if record.is_leased(owner, now) {
                        return Ok(Taken::Elsewhere(Box::new(record.clone())));
                    }
                    let is_recent = |record: &AuditRecord| now.duration_since(record.begun_at) < KEPT;
                    let is_about_last = last.is_some_and(|last| record.is_about(last.run, &self.segment));
                    if record.is_in_progress() || (options.repair && is_about_last && is_recent(record)) {
                        record.repair |= options.repair;
                        record.allow_differences = options.allow_differences.or(record.allow_differences);
                        record.lease = Some(self.lease_of(owner, now));
                        return Ok(Taken::Ours(Box::new(record.clone())));
                    }
                }
                if !options.begin {
                    return Ok(Taken::Nothing);
                }
                let mut record = fresh.as_ref().map_err(|_| ())?.clone();
                (record.repair, record.allow_differences) = (options.repair, options.allow_differences);
                record.lease = Some(self.lease_of(owner, now));
                *stored = Some(record.clone());
                Ok(Taken::Ours(Box::new(record)))
            })
            .await?;
        match (taken, fresh) {
            (Ok(taken), _) => Ok(taken),
            (Err(()), Err(error)) => Err(error.into()),
            (Err(()), Ok(_)) => Ok(Taken::Nothing),
        }
    }

    async fn take_steps(
        &self,
        store: &AuditStore,
        owner: &str,
        record: &mut AuditRecord,
    ) -> Result<Step, DeliveryError> {
        loop {
            if self.budget.is_spent() {
                return Ok(Step::out_of_time());
            }
            let step = match &record.stage {
                AuditStage::Asking => self.ask(record).await?,
                AuditStage::Asked { .. } => Box::pin(self.read_export(store, owner, record)).await?,
                AuditStage::Read => Box::pin(self.compare_with_export(record)).await?,
                AuditStage::Compared | AuditStage::Held => self.decide(record)?,
                AuditStage::Repairing => Box::pin(self.repair(store, owner, record)).await?,
                AuditStage::Ended => return Ok(Step::out_of_time()),
            };
            if !store.put(owner, record).await? {
                return Err(lost(store));
            }
            if !matches!(step, Step::Done) {
                return Ok(step);
            }
        }
    }

    /// Writes the receipt, and deletes what is no longer needed.
    async fn conclude_audit(
        &self,
        store: &AuditStore,
        owner: &str,
        record: &mut AuditRecord,
        end: Result<Step, DeliveryError>,
    ) -> Result<AuditEnd, DeliveryError> {
        let (audited, continue_in) = match end {
            Ok(Step::Done) => (self.audited(record), Some(Duration::ZERO)),
            Ok(Step::Later(outcome, message, wait)) => (self.audited(record).ended(outcome, &message), Some(wait)),
            Ok(Step::End(outcome, message)) => (self.audited(record).ended(outcome, &message), None),
            Err(DeliveryError::Audit(error)) if !error.may_pass() => {
                record.stage = AuditStage::Ended;
                (self.audited(record).failed(&error), None)
            }
            Err(error) => return Err(error),
        };
        if continue_in.is_some() {
            return Ok(AuditEnd { audited, continue_in });
        }
        let audited = self.store_receipt(audited).await?;
        let keeps_differences = matches!(record.stage, AuditStage::Compared | AuditStage::Held);
        self.delete_audit(record, keeps_differences).await?;
        if !keeps_differences {
            record.stage = AuditStage::Ended;
            (record.to_members, record.to_others) = Default::default();
        }
        record.found.clear();
        store.put(owner, record).await?;
        if let Some(stack) = &self.metrics_of {
            metrics::log(stack, &audited);
        }
        tracing::info!(
            outcome = ?audited.outcome,
            missing = audited.missing.people,
            extra = audited.extra.people,
            receipt = audited.stored_as,
            code = audited.code,
            "a segment was compared with Braze"
        );
        Ok(AuditEnd { audited, continue_in })
    }

    /// Deletes the objects of all audits, but for the lists of differences of this one, if they are kept, and for members whom the
    /// next run is to send again.
    async fn delete_audit(&self, record: &AuditRecord, keeps_differences: bool) -> Result<(), DeliveryError> {
        let mut keys = self.bucket.keys(&self.keys.audit_folder()).await?;
        let record_key = self.audit_store().key().to_owned();
        let lists = record.to_members.parts.iter().chain(&record.to_others.parts).filter(|_| keeps_differences);
        let kept: Vec<&str> = lists.map(|part| part.key.as_str()).collect();
        let ledger = self.ledger.read().await?;
        let is_needed = |key: &str| ledger.as_ref().is_some_and(|ledger| ledger.needs(key));
        keys.retain(|key| *key != record_key && !kept.contains(&key.as_str()) && !is_needed(key));
        if keys.is_empty() { Ok(()) } else { Ok(self.bucket.delete(&keys).await?) }
    }
}

/// Another invocation has taken the audit.
fn lost(store: &AuditStore) -> DeliveryError {
    StateError::Contended { key: store.key().to_owned() }.into()
}

/// The message of an error that does not end the audit is in the log alone.
pub(super) fn postponed(error: &impl Coded) {
    tracing::warn!(error = error.with_code(), "an audit continues later");
}

//! Completes a run: finds out who left, holds the run if they are too many, sets their attribute, and makes the run the one that
//! the next is compared with.

use super::DeliveryError;
use super::compare::Comparison;
use super::leavers::{Duty, Leaving, LeavingEnd, SetTo};
use super::segment::SegmentDelivery;
use super::sources::Source;
use crate::config::OnLeave;
use crate::pattern::RunId;
use crate::report::{HoldReason, Members};
use crate::state::{BeginAnswer, Compared, Completing, LeaseKeeper, Ledger, Phase};

/// A run with at most this many leavers is never held for their share: in a small segment, a few people are a large share.
/// The same holds for this many rows without an identifier.
pub(super) const FEW: u64 = 5;

/// How the completion of a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Completion {
    /// The run is the last complete one.
    Complete,
    /// Too many would leave.
    Held,
    /// Another function completes it.
    LeasedElsewhere,
    /// Something has changed in the meantime, so the run is not completed now.
    NotNow,
    /// Time is up; it resumes from where it is.
    OutOfTime,
}

impl SegmentDelivery {
    /// Completes `run`, all of whose files are delivered, or resumes where an earlier attempt stopped. `released` people may
    /// leave with it.
    pub(super) async fn complete(&self, run: RunId, released: Option<u64>) -> Result<Completion, DeliveryError> {
        if self.budget.is_spent() {
            return Ok(Completion::OutOfTime);
        }
        let owner = self.new_owner();
        let now = self.budget.now();
        let lease = self.lease_of(&owner, now);
        let mut answer = self
            .ledger
            .update(|ledger| {
                ledger.as_mut().map_or(BeginAnswer::NotNow, |ledger| ledger.resume_completion(run, &lease, now))
            })
            .await?;
        if answer == BeginAnswer::Compare {
            answer = self.compare_and_begin(run, &owner, released).await?;
        }
        match answer {
            BeginAnswer::Ours(completing) => self.send_leavers(run, &owner, *completing).await,
            BeginAnswer::Complete => Ok(Completion::Complete),
            BeginAnswer::LeasedElsewhere => Ok(Completion::LeasedElsewhere),
            BeginAnswer::Compare | BeginAnswer::NotNow => Ok(Completion::NotNow),
            BeginAnswer::Held => {
                self.note_work(|work| work.held = true);
                Ok(Completion::Held)
            }
        }
    }

    async fn compare_and_begin(
        &self,
        run: RunId,
        owner: &str,
        released: Option<u64>,
    ) -> Result<BeginAnswer, DeliveryError> {
        let Some(seen) = self.ledger.last_seen().await? else {
            return Ok(BeginAnswer::NotNow);
        };
        let Some(record) = seen.runs.get(&run) else {
            return Ok(BeginAnswer::NotNow);
        };
        let sources = self.everything_before(&seen, run).await?;
        let comparison = self.compare(&seen, record, sources.clone()).await?;
        let is_released = released == Some(comparison.people) || record.is_released_for(comparison.people);
        let unidentified = record.counts().unidentified;
        let reason = self.reason_to_hold(&seen, unidentified, &comparison).filter(|_| !is_released);
        let mut compared = Compared {
            figures: comparison.figures.clone(),
            people: comparison.people,
            reason: reason.map(|reason| reason.to_string()),
            leavers: Vec::new(),
            carried: Vec::new(),
            kept: Vec::new(),
            matching: self.export.data_matching.clone(),
            sealed_otherwise: comparison.sealed_otherwise,
        };
        let prefix = format!("{}{owner}", self.keys.run_folder(run));
        if compared.reason.is_none() && !comparison.no_one_else {
            (compared.leavers, compared.carried) =
                self.list_leavers(&comparison.members, sources, &prefix, self.export.on_leave).await?;
        }
        if compared.reason.is_none() {
            let (kept, again) = self.keep_named(&seen, &comparison.named, &prefix).await?;
            compared.kept = kept;
            compared.carried.extend(again);
        }
        let now = self.budget.now();
        let lease = self.lease_of(owner, now);
        let answer = self
            .ledger
            .update(|ledger| {
                ledger
                    .as_mut()
                    .map_or(BeginAnswer::NotNow, |ledger| ledger.begin_completion(&seen, run, &compared, &lease, now))
            })
            .await?;
        Ok(answer)
    }

    /// Everything that may have been sent and is not a file of `run` as it is now.
    pub(super) async fn everything_before(&self, ledger: &Ledger, run: RunId) -> Result<Vec<Source>, DeliveryError> {
        let mut sources = Source::of_last_run(ledger);
        sources.extend(self.sent_since(ledger, run).await?);
        Ok(sources)
    }

    /// Why a person has to say that it is right if these people leave.
    pub(super) fn reason_to_hold(
        &self,
        ledger: &Ledger,
        unidentified: u64,
        compared: &Comparison,
    ) -> Option<HoldReason> {
        if self.export.on_leave == OnLeave::Keep { None } else { self.too_many(ledger, unidentified, compared) }
    }

    /// The same, where something is sent to them in any case. `unidentified` rows could not be read far enough to say whose they
    /// are.
    pub(super) fn too_many(&self, ledger: &Ledger, unidentified: u64, compared: &Comparison) -> Option<HoldReason> {
        if compared.people == 0 {
            return None;
        }
        let Members { before, after, .. } = compared.figures;
        if after == 0 {
            return Some(HoldReason::NoMembers { people: compared.people });
        }
        if let Some(caution) = &ledger.caution {
            return Some(HoldReason::Caution { people: compared.people, caution: caution.clone() });
        }
        let matching = ledger.last_complete.as_ref().and_then(|last| last.matching.as_ref());
        if matching.is_some_and(|matching| !matching.has_the_columns_of(&self.export.data_matching)) {
            return Some(HoldReason::OtherMatching { people: compared.people });
        }
        if unidentified > FEW {
            return Some(HoldReason::Unidentified { people: compared.people, rows: unidentified });
        }
        if compared.gone <= FEW {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "a share needs no more than 52 bits")]
        let share = compared.gone as f64 / before.max(1) as f64;
        (share > self.export.max_leavers).then_some(HoldReason::TooManyLeavers {
            gone: compared.gone,
            before,
            percent: share * 100.0,
            allowed: self.export.max_leavers * 100.0,
            people: compared.people,
        })
    }

    /// Sends the leavers of `run`, or the people who are sent to undo it.
    pub(super) async fn send_leavers(
        &self,
        run: RunId,
        owner: &str,
        completing: Completing,
    ) -> Result<Completion, DeliveryError> {
        let Some(lease) = completing.lease else {
            return Ok(Completion::LeasedElsewhere);
        };
        let keeper = LeaseKeeper::new(lease, self.budget);
        let set_to = SetTo::on_leaving(self.export.on_leave);
        let mut leaving = Leaving::new(self, Duty::Completion(run), keeper, set_to, completing.done);
        let mut ended = leaving.send_all(&completing.leavers).await;
        if let (Some(undo), Ok(LeavingEnd::AllSent)) = (&completing.undo, &ended) {
            // Those who get it back come last: an address may be a member's profile.
            leaving.set_to(SetTo::of_members(self.export.create_profiles));
            ended = leaving.send_all(&undo.restored).await;
        }
        let sent = leaving.finish(&format!("{}{owner}", self.keys.run_folder(run))).await?;
        self.note_work(|work| work.counts.add(&sent.counts));
        let finished = matches!(ended, Ok(LeavingEnd::AllSent));
        let now = self.budget.now();
        let answer = self
            .ledger
            .update(|ledger| match ledger.as_mut() {
                None => BeginAnswer::NotNow,
                Some(ledger) if finished => ledger.end_completion(run, owner, &sent, now),
                Some(ledger) => {
                    if ledger.leavers_sent(run, owner, &sent, None) {
                        BeginAnswer::NotNow
                    } else {
                        BeginAnswer::LeasedElsewhere
                    }
                }
            })
            .await?;
        let ended = ended?;
        match answer {
            BeginAnswer::Complete => {
                self.note_work(|work| work.completed = finished);
                if completing.undo.is_some() {
                    self.report_undone(run).await;
                }
                self.collect().await;
                Ok(Completion::Complete)
            }
            BeginAnswer::LeasedElsewhere => Ok(Completion::LeasedElsewhere),
            _ if ended == LeavingEnd::Lost => Ok(Completion::LeasedElsewhere),
            _ if ended == LeavingEnd::OutOfTime => Ok(Completion::OutOfTime),
            _ => Ok(Completion::NotNow),
        }
    }

    /// Deletes what no ledger refers to. A failure leaves unused objects, which the next attempt deletes.
    pub async fn collect(&self) {
        if let Err(error) = self.try_to_collect().await {
            tracing::warn!(%error, "can't delete old state; the next delivery deletes it");
        }
    }

    async fn try_to_collect(&self) -> Result<(), DeliveryError> {
        let Some(ledger) = self.ledger.last_seen().await?.filter(|ledger| ledger.uncollected) else {
            return Ok(());
        };
        let all = self.keys.everything();
        let mut keys = self.bucket.keys(all).await?;
        keys.retain(|key| {
            key.strip_prefix(all).is_some_and(|rest| rest.starts_with("runs/") || rest.starts_with("moved/"))
        });
        if let Some(former) = &ledger.moved_from {
            let mut moved = self.bucket.keys(former).await?;
            moved.retain(|key| !key.ends_with("/ledger.json"));
            keys.extend(moved);
        }
        // Another function may have started a file since: its parts are in folders that this ledger does not know.
        // While the attribute is taken as a whole, lists are stored before the ledger names them.
        let now = self.ledger.read().await?;
        let Some(now) = now.filter(|now| now.uncollected && !now.is_leased(self.now())) else {
            return Ok(());
        };
        // A list of leavers is stored before the ledger names it.
        let open: Vec<String> = now
            .runs
            .iter()
            .filter(|(_, record)| record.phase != Phase::Complete)
            .map(|(run, _)| self.keys.run_folder(*run))
            .collect();
        keys.retain(|key| !ledger.needs(key) && !now.needs(key) && !open.iter().any(|folder| key.starts_with(folder)));
        self.bucket.delete(&keys).await?;
        self.collect_lists().await?;
        self.ledger
            .update(|ledger| {
                if let Some(ledger) = ledger {
                    ledger.uncollected = false;
                    // A part that is still needed is collected after a later run.
                    ledger.moved_from = ledger.moved_from.take().filter(|former| ledger.needs_any_in(former));
                }
            })
            .await?;
        Ok(())
    }
}

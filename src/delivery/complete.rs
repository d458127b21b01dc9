//! Completes a run: finds out who left, holds the run if they are too many, tells them, and makes the run the one that the
//! next is compared with.

use std::ops::ControlFlow;

use jiff::Timestamp;

use super::DeliveryError;
use super::compare::Comparison;
use super::leavers::{Duty, Leaving, LeavingEnd};
use super::load::Source;
use super::segment::SegmentDelivery;
use crate::config::OnLeave;
use crate::pattern::RunId;
use crate::report::{Counts, HoldReason, Members, Outcome, RunSummary};
use crate::state::{CompleteRun, Lease, Ledger, Part, Phase};

/// A run with at most this many leavers is never held: in a small segment, a few people are a large share.
const LEAVERS_NEVER_HELD: u64 = 5;

/// How the completion of a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Completion {
    /// The run is the last complete one.
    Complete,
    /// Too many would leave.
    Held,
    /// Another function completes it.
    InOtherHands,
    /// Something changed meanwhile, so that it is not to be completed now.
    NotNow,
    /// Time is up; it goes on from where it is.
    OutOfTime,
}

enum Step {
    Begin {
        lease: Lease,
        ledger: Box<Ledger>,
        done: u64,
        carried: Vec<Part>,
    },
    Held,
    /// The files went to another workspace, and have to be delivered to this one first.
    SentElsewhere,
    /// Another function goes by a later configuration.
    ConfiguredAnew,
}

impl SegmentDelivery {
    /// Completes `run`, all of whose files are delivered, or goes on where an earlier attempt stopped.
    pub(super) async fn complete(&self, run: RunId, leavers_allowed: bool) -> Result<Completion, DeliveryError> {
        let Some(ledger) = self.ledger.last_seen().await? else {
            return Ok(Completion::NotNow);
        };
        let Some(record) = ledger.runs.get(&run) else {
            return Ok(Completion::NotNow);
        };
        match &record.phase {
            Phase::Complete => return Ok(Completion::Complete),
            _ if ledger.is_held(self.budget.now()) => return Ok(Completion::InOtherHands),
            Phase::Completing { lease: Some(lease), .. } if lease.holds(self.budget.now()) => {
                return Ok(Completion::InOtherHands);
            }
            Phase::Completing { .. } => {}
            Phase::Open | Phase::Held { .. } if record.all_files_delivered() => {}
            Phase::Open | Phase::Held { .. } => return Ok(Completion::NotNow),
        }
        let sources = self.everything_before(&ledger, run).await?;
        let compared = self.compare(&ledger, record, sources.clone()).await?;
        let reason = self.reason_to_hold(&compared).filter(|_| !leavers_allowed);
        let step = self
            .ledger
            .update(|current| self.begin(current, &ledger, run, &compared, reason.as_ref(), leavers_allowed))
            .await?;
        match step {
            ControlFlow::Break(end) => Ok(end),
            ControlFlow::Continue(Step::Held) => {
                self.note_work(|work| work.held = true);
                Ok(Completion::Held)
            }
            ControlFlow::Continue(Step::SentElsewhere) => Ok(Completion::NotNow),
            ControlFlow::Continue(Step::ConfiguredAnew) => Err(DeliveryError::ConfiguredAnew),
            ControlFlow::Continue(Step::Begin { lease, ledger, done, carried }) => {
                self.tell_leavers(run, lease, &ledger, sources, compared, done, carried).await
            }
        }
    }

    /// Everything that may have been sent and is not a file of `run` as it is now.
    pub(super) async fn everything_before(&self, ledger: &Ledger, run: RunId) -> Result<Vec<Source>, DeliveryError> {
        let mut sources = Source::of_last_run(ledger);
        sources.extend(self.sent_since(ledger, run).await?);
        Ok(sources)
    }

    pub(super) fn reason_to_hold(&self, compared: &Comparison) -> Option<HoldReason> {
        let Members { before, after, .. } = compared.figures;
        if after == 0 {
            return Some(HoldReason::NoMembers);
        }
        if self.export.on_leave == OnLeave::Keep || compared.gone <= LEAVERS_NEVER_HELD {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "a share needs no more than 52 bits")]
        let share = compared.gone as f64 / before.max(1) as f64;
        (share > self.export.max_leavers).then_some(HoldReason::TooManyLeavers {
            gone: compared.gone,
            before,
            percent: share * 100.0,
            allowed: self.export.max_leavers * 100.0,
        })
    }

    fn begin(
        &self,
        current: &mut Option<Ledger>,
        seen: &Ledger,
        run: RunId,
        compared: &Comparison,
        reason_to_hold: Option<&HoldReason>,
        leavers_allowed: bool,
    ) -> ControlFlow<Completion, Step> {
        let now = self.budget.now();
        // Whatever was known of a segment that is being retired has to be delivered anew first.
        let Some(ledger) = current.as_mut().filter(|ledger| ledger.retirement.is_none()) else {
            return ControlFlow::Break(Completion::NotNow);
        };
        let Some(record) = ledger.runs.get(&run) else {
            return ControlFlow::Break(Completion::NotNow);
        };
        // What was compared must be what is there now, and nobody may have begun a newer run before this one was begun.
        let unchanged =
            seen.runs.get(&run).is_some_and(|seen| seen.files == record.files && seen.replaced == record.replaced)
                && seen.last_complete == ledger.last_complete;
        let newest = ledger.newest_run() == Some(run);
        let held = ledger.is_held(now);
        let elsewhere = ledger.destination != self.destination();
        // Whoever left is told under the name that they were marked with, though it may have been renamed since.
        if self.adopt_configuration(ledger).is_err() {
            return ControlFlow::Continue(Step::ConfiguredAnew);
        }
        let Some(record) = ledger.runs.get_mut(&run).filter(|_| unchanged) else {
            return ControlFlow::Break(Completion::NotNow);
        };
        let (done, carried) = match &record.phase {
            Phase::Complete => return ControlFlow::Break(Completion::Complete),
            _ if held => return ControlFlow::Break(Completion::InOtherHands),
            Phase::Completing { lease: Some(lease), .. } if lease.holds(now) => {
                return ControlFlow::Break(Completion::InOtherHands);
            }
            Phase::Completing { done, carried, .. } => (*done, carried.clone()),
            Phase::Open | Phase::Held { .. } if !newest => return ControlFlow::Break(Completion::NotNow),
            Phase::Open | Phase::Held { .. } if elsewhere => return ControlFlow::Continue(Step::SentElsewhere),
            Phase::Open | Phase::Held { .. } => {
                record.members = Some(compared.figures.clone());
                if let Some(reason) = reason_to_hold {
                    record.phase = Phase::Held {
                        leavers: compared.gone,
                        before: compared.figures.before,
                        reason: reason.to_string(),
                    };
                    return ControlFlow::Continue(Step::Held);
                }
                (0, Vec::new())
            }
        };
        let lease = self.new_lease(now);
        record.phase =
            Phase::Completing { lease: Some(lease.clone()), done, leavers_allowed, carried: carried.clone() };
        ControlFlow::Continue(Step::Begin { lease, ledger: Box::new(ledger.clone()), done, carried })
    }

    #[expect(clippy::too_many_arguments, reason = "what `begin` found out, handed on once")]
    async fn tell_leavers(
        &self,
        run: RunId,
        lease: Lease,
        ledger: &Ledger,
        sources: Vec<Source>,
        compared: Comparison,
        done: u64,
        mut carried: Vec<Part>,
    ) -> Result<Completion, DeliveryError> {
        let mut leaving = Leaving::new(self, Duty::Completion(run), lease, &compared.members, ledger, done);
        let told = if compared.nobody_else { Ok(LeavingEnd::AllTold) } else { leaving.tell_all(sources).await };
        let Leaving { owner, done, counts, carried: writer, carried_leavers, .. } = leaving;
        // What an earlier attempt carried may be leavers too.
        let some_still_marked = carried_leavers || !carried.is_empty();
        if writer.rows() > 0 {
            let (bytes, rows) = writer.finish();
            let key = format!("{}{owner}-left.csv.gz", self.keys.run_folder(run));
            self.parts.write(&key, bytes).await?;
            carried.push(Part { key, rows, outdated: false });
        }
        let finished = matches!(told, Ok(LeavingEnd::AllTold));
        let now = self.budget.now();
        let ended = self
            .ledger
            .update(|ledger| {
                let told = Told { done, counts: &counts, carried: &carried, some_still_marked, finished };
                end(ledger, run, &owner, &compared.figures, &told, now)
            })
            .await?;
        let before = match ended {
            ControlFlow::Break(end) => return told.map(|_| end),
            ControlFlow::Continue(before) => before,
        };
        self.note_work(|work| {
            work.counts.add(&counts);
            work.completed = finished;
        });
        if told? != LeavingEnd::AllTold {
            return Ok(Completion::OutOfTime);
        }
        self.forget(&before, run, &carried).await;
        Ok(Completion::Complete)
    }

    /// Deletes what no ledger names any more. A failure leaves objects that nobody reads.
    async fn forget(&self, before: &Ledger, run: RunId, kept: &[Part]) {
        let mut keys = Vec::new();
        let older = before.runs.keys().filter(|id| **id < run).chain(
            before
                .last_complete
                .iter()
                .map(|last| &last.run)
                .filter(|last| **last < run && !before.runs.contains_key(last)),
        );
        for id in older {
            match self.bucket.keys(&self.keys.run_folder(*id)).await {
                Ok(found) => keys.extend(found),
                Err(error) => tracing::warn!(%error, "can't list old state; it is kept"),
            }
        }
        if let Some(record) = before.runs.get(&run) {
            keys.extend(record.replaced.iter().map(|part| part.key.clone()));
        }
        keys.retain(|key| !kept.iter().any(|part| part.key == *key));
        if let Err(error) = self.bucket.delete(&keys).await {
            tracing::warn!(%error, "can't delete old state; it is kept");
        }
    }
}

/// What an attempt to tell the leavers came to.
struct Told<'a> {
    /// How many are done.
    done: u64,
    counts: &'a Counts,
    /// Where those are listed whom a later run has to tell, and addresses that it has to know.
    carried: &'a [Part],
    /// Whether the attribute of some of them is still set.
    some_still_marked: bool,
    /// Whether all are done.
    finished: bool,
}

/// The step after the last leaver, or after the time was up.
fn end(
    current: &mut Option<Ledger>,
    run: RunId,
    owner: &str,
    figures: &Members,
    told: &Told<'_>,
    now: Timestamp,
) -> ControlFlow<Completion, Ledger> {
    let Some(ledger) = current.as_mut() else {
        return ControlFlow::Break(Completion::NotNow);
    };
    let before = ledger.clone();
    let Some(record) = ledger.runs.get_mut(&run) else {
        return ControlFlow::Break(Completion::NotNow);
    };
    match &mut record.phase {
        Phase::Completing { lease, done, carried, .. } if lease.as_ref().is_some_and(|lease| lease.owner == owner) => {
            if !told.finished {
                (*lease, *done, *carried) = (None, told.done, told.carried.to_vec());
                record.leavers.add(told.counts);
                return ControlFlow::Continue(before);
            }
        }
        Phase::Complete => return ControlFlow::Break(Completion::Complete),
        _ => return ControlFlow::Break(Completion::InOtherHands),
    }
    record.leavers.add(told.counts);
    record.phase = Phase::Complete;
    record.members = Some(figures.clone());
    record.replaced.clear();
    record.uncertain.clear();
    let renamed = std::mem::take(&mut record.renamed);
    let mut parts = told.carried.to_vec();
    parts.extend(record.parts());
    let rejected = record.counts().rows.rejected;
    let summary = record.summary(run, figures.before, Outcome::Delivered, now);
    // Older runs that were never complete are given up with this one.
    let superseded = ledger.runs.range(..run).filter(|(_, older)| older.phase != Phase::Complete);
    let superseded: Vec<RunSummary> = superseded
        .map(|(older, record)| record.summary(*older, ledger.members_before(*older), Outcome::Superseded, now))
        .collect();
    ledger.last_complete = Some(CompleteRun { run, members: figures.after, parts });
    ledger.runs.retain(|id, _| *id >= run);
    // A member whose object was refused, or sent before the renaming, may still be marked under a former name.
    if !renamed && rejected == 0 && !told.some_still_marked {
        ledger.former_attributes.clear();
    }
    superseded.into_iter().chain([summary]).for_each(|summary| ledger.remember(summary));
    ControlFlow::Continue(before)
}

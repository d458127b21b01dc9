//! The steps that undo the last complete run: afterwards, the attribute has the members of the run before.
//!
//! ```text
//!             undo: no newer run, no lease               everyone is sent
//!  Complete ─────────────────────────────▶ Completing ─────────────────▶ Complete, undone
//!                                           │    ▲ │ out of time, killed
//!                                           │    └─┘ undo again, or any delivery of the segment
//! ```
//!
//! The undone run stays the newest one, so that neither its files nor those of older runs are delivered again.

use jiff::Timestamp;

use super::complete_run::CompleteRun;
use super::feeder::Feeder;
use super::lease::Lease;
use super::ledger::Ledger;
use super::part::Part;
use super::run_record::{Completing, Phase};
use super::undo_record::{BeforeLast, Undo};
use crate::pattern::RunId;
use crate::report::{Outcome, Rows, RunSummary};

/// What is sent to undo a run, before anything is sent.
#[derive(Clone, Debug)]
pub struct UndoLists {
    /// Where those are listed who are set to `false`, or removed, in the order in which they are sent.
    pub leavers: Vec<Part>,
    /// Where those are listed whom a later run has to know.
    pub carried: Vec<Part>,
    /// Parts of the undone run that continue to list members.
    pub kept: Vec<Part>,
    /// The rest.
    pub undo: Undo,
}

/// Why a run can't be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UndoRefusal {
    /// No run of the segment is complete.
    NoCompleteRun,
    /// Another run was named than the last complete one.
    OtherRun {
        /// The last complete one.
        last: RunId,
    },
    /// A newer run has begun, or a file of the run has come since.
    NewerRun {
        /// Which one is being delivered.
        newer: RunId,
    },
    /// It is undone already.
    Undone {
        /// The run.
        run: RunId,
    },
    /// The state does not say who the members were before.
    NotKnown {
        /// The run.
        run: RunId,
    },
}

/// The result of the attempt to undo a run.
#[derive(Clone, Debug, PartialEq)]
pub enum UndoAnswer {
    /// The lists are ours to send.
    Ours(RunId, Box<Completing>),
    /// What is to be sent has to be found out first. The attribute is ours for it.
    Compare(RunId),
    /// Something changed since that was found out.
    Changed,
    /// Something has to end first.
    Busy(&'static str),
    /// It can't be undone.
    Refused(UndoRefusal),
}

impl Ledger {
    /// Whether `run` was undone.
    pub fn is_undone(&self, run: RunId) -> bool {
        self.runs.get(&run).is_some_and(|record| record.phase == Phase::Complete && record.undone.is_some())
    }

    /// Whether `run` was undone at `time` or later, so that what was read in Braze before is out of date.
    pub fn was_undone_since(&self, run: RunId, time: Timestamp) -> bool {
        let undone = self.runs.get(&run).and_then(|record| record.undone.as_ref());
        undone.and_then(|undo| undo.ended_at).is_some_and(|ended| ended >= time)
    }

    /// Resumes an undo, or takes the attribute so that what it sends can be found out. `asked` is the run that a person named.
    pub fn resume_undo(&mut self, feeder: &Feeder, asked: Option<RunId>, lease: &Lease, now: Timestamp) -> UndoAnswer {
        let own = self.last_complete.as_ref().filter(|last| last.feeder == *feeder && self.feeder == *feeder);
        let Some(last) = own.filter(|last| !self.vacant && self.runs.contains_key(&last.run)) else {
            return UndoAnswer::Refused(UndoRefusal::NoCompleteRun);
        };
        let run = last.run;
        if asked.is_some_and(|asked| asked != run) {
            return UndoAnswer::Refused(UndoRefusal::OtherRun { last: run });
        }
        if let Some(newer) = self.newest_run().filter(|newest| *newest != run) {
            return UndoAnswer::Refused(UndoRefusal::NewerRun { newer });
        }
        if let Some(what) = self.worked_on_by(now) {
            return UndoAnswer::Busy(what);
        }
        if self.retirement.is_some() {
            return UndoAnswer::Busy("the retirement");
        }
        let knows_before = self.before_last.is_some();
        let is_undone = self.is_undone(run);
        match self.runs.get_mut(&run).map(|record| &mut record.phase) {
            Some(Phase::Completing(completing)) if completing.undo.is_some() => {
                completing.lease = Some(lease.clone());
                UndoAnswer::Ours(run, Box::new(completing.clone()))
            }
            Some(Phase::Complete) if is_undone => UndoAnswer::Refused(UndoRefusal::Undone { run }),
            Some(Phase::Complete) if knows_before => {
                self.lease = Some(lease.clone());
                UndoAnswer::Compare(run)
            }
            Some(Phase::Complete) => UndoAnswer::Refused(UndoRefusal::NotKnown { run }),
            _ => UndoAnswer::Refused(UndoRefusal::NewerRun { newer: run }),
        }
    }

    /// Renews or releases the lease under which the lists are made. Returns whether `owner` has held it all the time.
    pub fn keep_for_undo(&mut self, owner: &str, until: Option<Timestamp>, now: Timestamp) -> bool {
        self.is_leased(now) && self.keep_lease(owner, until)
    }

    /// Begins to undo `run`, whose lists were made from what `seen` says while the attribute was ours.
    pub fn begin_undo(
        &mut self,
        seen: &Self,
        run: RunId,
        lists: &UndoLists,
        lease: &Lease,
        now: Timestamp,
    ) -> UndoAnswer {
        let same = self.feeder == seen.feeder
            && self.vacant == seen.vacant
            && self.last_complete == seen.last_complete
            && self.earlier == seen.earlier
            && self.runs == seen.runs;
        if !self.keep_for_undo(&lease.owner, None, now) || !same {
            return UndoAnswer::Changed;
        }
        let matching = self.before_last.as_ref().and_then(|before| before.matching.clone());
        let Some(record) = self.runs.get_mut(&run) else { return UndoAnswer::Changed };
        // Its members are those of the last complete run, which stays as it is until the end.
        record.files.values_mut().for_each(|file| file.parts.clear());
        // People who are sent from now on may have the attribute, even if this undo never ends.
        record.replaced.clone_from(&lists.undo.restored);
        let completing = Completing {
            lease: Some(lease.clone()),
            leavers: lists.leavers.clone(),
            done: 0,
            carried: lists.carried.clone(),
            kept: lists.kept.clone(),
            matching,
            undo: Some(Box::new(lists.undo.clone())),
            forgets_before: false,
        };
        record.phase = Phase::Completing(completing.clone());
        UndoAnswer::Ours(run, Box::new(completing))
    }

    /// Ends the undo of `run`, after the last person was sent.
    pub(super) fn end_undo(&mut self, run: RunId, completing: Completing, mut undo: Undo, now: Timestamp) {
        let Some(last) = self.last_complete.take() else { return };
        let mut own = completing.carried;
        own.append(&mut undo.restored);
        let (parts, base) = CompleteRun::numbered(Some(&last), own, completing.kept, now);
        let matching = completing.matching;
        self.last_complete =
            Some(CompleteRun { matching, members: undo.members.after, parts, base: Some(base), ..last });
        self.before_last = None;
        self.uncollected = true;
        // What was sent besides may have been changed now.
        self.earlier.parts.iter_mut().for_each(|part| part.outdated = true);
        self.remember(RunSummary {
            run,
            outcome: Outcome::Delivered,
            rows: Rows::default(),
            members: undo.members.clone(),
            started_at: undo.started_at,
            finished_at: now,
            seconds: undo.counts.seconds,
            undo: true,
        });
        if let Some(record) = self.runs.get_mut(&run) {
            undo.ended_at = Some(now);
            record.undone = Some(Box::new(undo));
        }
    }

    /// Who the members are before `run` becomes complete; `None` if that is not known, or not in the present format.
    pub(super) fn before(&self, run: RunId) -> Option<BeforeLast> {
        let was_undone = self.runs.get(&run).is_some_and(|record| record.undone.is_some());
        match &self.last_complete {
            None => self.caution.is_none().then(BeforeLast::default),
            // It is complete again, after another file or content of it.
            Some(last) if last.run == run && last.feeder == self.feeder && !was_undone => self.before_last.clone(),
            Some(last) => {
                let parts = || BeforeLast { parts: last.parts.clone(), matching: last.matching.clone() };
                last.base.is_some().then(parts)
            }
        }
    }
}

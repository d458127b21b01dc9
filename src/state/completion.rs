//! The steps that complete a run.
//!
//! ```text
//!         all files delivered,            few enough leavers
//!         evidence of completeness        or a person released it     leavers sent
//!  Open ────────────────────────▶ (compare) ─────────────────▶ Completing ────────▶ Complete
//!   ▲                               │                                                  │
//!   │                               └──────▶ Held ── released ──▶ Completing           │
//!   └───────────────────────── a new file, or new content ─────────────────────────────┘
//! ```
//!
//! A run that is being undone (`undo`) takes the last two steps as well.

use jiff::Timestamp;

use super::complete_run::CompleteRun;
use super::lease::Lease;
use super::ledger::Ledger;
use super::part::Part;
use super::run_record::{Completing, Phase, RunRecord};
use super::sent::Sent;
use crate::config::DataMatching;
use crate::pattern::RunId;
use crate::report::{Counts, Members, Outcome, RunSummary};

/// The result of comparing a run's members, before anything is sent to leavers.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// The figures for the report.
    pub figures: Members,
    /// How many people's attribute would be set.
    pub people: u64,
    /// Why a person has to confirm it; `None` if that is not needed.
    pub reason: Option<String>,
    /// Where those who left are listed.
    pub leavers: Vec<Part>,
    /// Where those are listed whom a later run has to know.
    pub carried: Vec<Part>,
    /// Parts of the run before that continue to list members of this one.
    pub kept: Vec<Part>,
    /// The columns that identify the members.
    pub matching: DataMatching,
    /// Whether parts of the last complete run are not encrypted as those of the run are.
    pub sealed_otherwise: bool,
}

/// The result of the attempt to complete a run.
#[derive(Clone, Debug, PartialEq)]
pub enum BeginAnswer {
    /// The leavers are ours to send.
    Ours(Box<Completing>),
    /// The run has to be compared with what was known before.
    Compare,
    /// Too many would leave.
    Held,
    /// It is complete.
    Complete,
    /// Another function completes it.
    LeasedElsewhere,
    /// It is not to be completed now: a file is outstanding, or something changed since the comparison.
    NotNow,
}

/// The result of an attempt to send the leavers.
#[derive(Clone, Debug)]
pub struct LeaversSent {
    /// How many are done.
    pub done: u64,
    /// The requests of this attempt that are not recorded yet.
    pub counts: Counts,
    /// Leavers to try again that are not recorded yet.
    pub carried: Vec<Part>,
}

impl LeaversSent {
    /// Records how many are done and who was refused. Returns whether that changes anything: the answer to a write may be lost,
    /// so that the same is written again.
    pub(super) fn put_on_record(&self, done: &mut u64, carried: &mut Vec<Part>) -> bool {
        let known = *done == self.done && self.carried.iter().all(|part| carried.contains(part));
        if !known {
            *done = self.done;
            carried.extend(self.carried.iter().cloned());
        }
        !known
    }
}

impl Ledger {
    /// Resumes the completion of a run, or says that it has to be compared first.
    pub fn resume_completion(&mut self, run: RunId, lease: &Lease, now: Timestamp) -> BeginAnswer {
        let leased = self.is_leased(now) || self.retirement.is_some();
        let newest = self.newest_run() == Some(run);
        let Some(record) = self.runs.get_mut(&run) else {
            return BeginAnswer::NotNow;
        };
        let delivered = record.all_files_delivered();
        match &mut record.phase {
            Phase::Complete => BeginAnswer::Complete,
            _ if leased => BeginAnswer::LeasedElsewhere,
            Phase::Completing(Completing { lease: Some(other), .. })
                if other.owner != lease.owner && other.holds(now) =>
            {
                BeginAnswer::LeasedElsewhere
            }
            Phase::Completing(completing) => {
                completing.lease = Some(lease.clone());
                BeginAnswer::Ours(Box::new(completing.clone()))
            }
            Phase::Open | Phase::Held { .. } if delivered && newest => BeginAnswer::Compare,
            Phase::Open | Phase::Held { .. } => BeginAnswer::NotNow,
        }
    }

    /// Begins to complete a run that was compared with what `seen` says, or holds it.
    pub fn begin_completion(
        &mut self,
        seen: &Self,
        run: RunId,
        compared: &Compared,
        lease: &Lease,
        now: Timestamp,
    ) -> BeginAnswer {
        let same_run = |one: &RunRecord, other: &RunRecord| one.files == other.files && one.replaced == other.replaced;
        let same = self.feeder == seen.feeder
            && self.last_complete == seen.last_complete
            && self.earlier == seen.earlier
            && self.runs.get(&run).zip(seen.runs.get(&run)).is_some_and(|(one, other)| same_run(one, other));
        match self.resume_completion(run, lease, now) {
            BeginAnswer::Compare if same => {}
            BeginAnswer::Compare => return BeginAnswer::NotNow,
            other => return other,
        }
        let before = self.members_before(run);
        let Some(record) = self.runs.get_mut(&run) else {
            return BeginAnswer::NotNow;
        };
        record.members = Some(compared.figures.clone());
        if let Some(reason) = compared.reason.clone() {
            record.phase = Phase::Held { people: compared.people, before, reason, released: false };
            return BeginAnswer::Held;
        }
        let completing = Completing {
            lease: Some(lease.clone()),
            leavers: compared.leavers.clone(),
            done: 0,
            carried: compared.carried.clone(),
            kept: compared.kept.clone(),
            matching: Some(compared.matching.clone()),
            undo: None,
            forgets_before: compared.sealed_otherwise,
        };
        record.phase = Phase::Completing(completing.clone());
        BeginAnswer::Ours(Box::new(completing))
    }

    /// Records how many leavers are sent, and renews or releases the lease. Returns whether `owner` still holds it.
    pub fn leavers_sent(&mut self, run: RunId, owner: &str, sent: &LeaversSent, until: Option<Timestamp>) -> bool {
        let Some(record) = self.runs.get_mut(&run) else {
            return false;
        };
        let Phase::Completing(completing) = &mut record.phase else {
            return false;
        };
        if completing.lease.as_ref().is_none_or(|lease| lease.owner != owner) {
            return false;
        }
        if sent.put_on_record(&mut completing.done, &mut completing.carried) {
            match &mut completing.undo {
                None => record.leavers.add(&sent.counts),
                Some(undo) => {
                    undo.counts.add(&sent.counts);
                    undo.refused += sent.carried.iter().map(|part| part.rows).sum::<u64>();
                }
            }
        }
        completing.lease = until.map(|until| Lease { owner: owner.to_owned(), until });
        true
    }

    /// Completes the run, after the last of its leavers.
    pub fn end_completion(&mut self, run: RunId, owner: &str, sent: &LeaversSent, now: Timestamp) -> BeginAnswer {
        if matches!(self.runs.get(&run).map(|record| &record.phase), Some(Phase::Complete)) {
            return BeginAnswer::Complete;
        }
        if !self.leavers_sent(run, owner, sent, None) {
            return BeginAnswer::LeasedElsewhere;
        }
        let Some(record) = self.runs.get_mut(&run) else {
            return BeginAnswer::NotNow;
        };
        let Phase::Completing(mut completing) = std::mem::replace(&mut record.phase, Phase::Complete) else {
            return BeginAnswer::NotNow;
        };
        record.replaced.clear();
        record.uncertain.clear();
        match completing.undo.take() {
            Some(undo) => self.end_undo(run, completing, *undo, now),
            None => self.begin_next(run, completing, now),
        }
        BeginAnswer::Complete
    }

    /// Makes `run`, whose leavers are sent, the one that the next is compared with.
    fn begin_next(&mut self, run: RunId, completing: Completing, now: Timestamp) {
        let older = self.older_runs(run);
        let before = self.members_before(run);
        let before_last = self.before(run).filter(|_| !completing.forgets_before);
        let Some(record) = self.runs.get_mut(&run) else { return };
        record.undone = None;
        let mut own = completing.carried;
        own.extend(record.parts());
        let figures = record.members.clone().unwrap_or_default();
        let summary = record.summary(run, figures.before, record.outcome(), now);
        let (place, started_at) = (record.order, record.started_at);
        // Older runs that never were complete are superseded by this one.
        let superseded: Vec<RunSummary> = older
            .iter()
            .filter_map(|older| self.runs.get(older).map(|record| (older, record)))
            .filter(|(_, record)| record.phase != Phase::Complete)
            .map(|(older, record)| record.summary(*older, before, Outcome::Superseded, now))
            .collect();
        self.runs.retain(|id, _| !older.contains(id));
        let (parts, base) = CompleteRun::numbered(self.last_complete.as_ref(), own, completing.kept, now);
        if self.last_complete.as_ref().and_then(|last| last.base.as_ref()).is_some_and(|last| last.id != base.id) {
            self.runs
                .iter_mut()
                .filter(|(id, _)| **id != run)
                .for_each(|(_, other)| other.read_again_if_it_names_lines());
        }
        self.last_complete = Some(CompleteRun {
            run,
            order: place,
            feeder: self.feeder.clone(),
            matching: completing.matching,
            started_at: Some(started_at),
            members: figures.after,
            parts,
            base: Some(base),
        });
        self.earlier = Sent::default();
        (self.caution, self.uncollected) = (None, true);
        self.superseded.clear();
        self.before_last = before_last;
        superseded.into_iter().chain([summary]).for_each(|summary| self.remember(summary));
    }
}

//! The steps of a repair after an audit: the differences are sent, and nothing is delivered in the meantime.

use jiff::Timestamp;

use super::feeder::Feeder;
use super::lease::Lease;
use super::ledger::Ledger;
use super::part::Part;
use super::run_record::Phase;
use super::sent::Sent;
use crate::pattern::RunId;

/// The result of the attempt to begin or to resume a repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepairAnswer {
    /// The attribute is ours.
    Ours,
    /// The audit is about another run than the last complete one.
    Superseded,
    /// Something else has to end first.
    Busy,
}

impl Ledger {
    /// Whether the members of `run` are those who have to have the attribute, as far as is known, and have been so `since` then:
    /// nothing is being sent to leavers. `None` if that is not known at the moment.
    pub fn is_settled(&self, run: RunId, feeder: &Feeder, since: Timestamp) -> Option<bool> {
        let is_last = self.last_complete.as_ref().is_some_and(|last| last.run == run && last.feeder == *feeder);
        if !is_last || self.feeder != *feeder || self.vacant || self.was_undone_since(run, since) {
            return Some(false);
        }
        let completing = |run: &super::RunRecord| matches!(run.phase, Phase::Completing(_));
        (self.retirement.is_none() && !self.runs.values().any(completing)).then_some(true)
    }

    /// Takes the attribute for a repair of what an audit of `run` found that began at `since`, and records those who are `noted`, so that the next run
    /// sends them again with all of their fields.
    pub fn begin_repair(
        &mut self,
        run: RunId,
        feeder: &Feeder,
        since: Timestamp,
        noted: &[Part],
        lease: &Lease,
        now: Timestamp,
    ) -> RepairAnswer {
        match self.is_settled(run, feeder, since) {
            Some(false) => return RepairAnswer::Superseded,
            None => return RepairAnswer::Busy,
            Some(true) => {}
        }
        if self.worked_on_by(now).is_some() {
            return RepairAnswer::Busy;
        }
        let new = noted.iter().filter(|part| self.earlier.parts.iter().all(|known| known.key != part.key));
        let new: Vec<Part> = new.cloned().collect();
        if !new.is_empty() {
            self.add_earlier(Sent { parts: new, folders: Vec::new(), since: Some(now) });
        }
        self.lease = Some(lease.clone());
        RepairAnswer::Ours
    }

    /// Renews or releases the lease of the whole attribute. Returns whether `owner` still has it.
    pub fn keep_lease(&mut self, owner: &str, until: Option<Timestamp>) -> bool {
        let is_ours = self.lease.as_ref().is_some_and(|lease| lease.owner == owner);
        if is_ours {
            self.lease = until.map(|until| Lease { owner: owner.to_owned(), until });
        }
        is_ours
    }
}

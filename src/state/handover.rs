//! Steps that concern a run rather than a file: an attribute is handed over, a run is sent to everyone again, released or
//! forgotten.

use jiff::Timestamp;

use super::feeder::{Feeder, Mappings, Ownership, ownership};
use super::ledger::Ledger;
use super::part::Part;
use super::run_record::{FileRecord, Phase};
use super::sent::Sent;
use crate::bucket::ETag;
use crate::pattern::RunId;
use crate::planted::planted;

/// The result of a step that concerns a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunAnswer {
    /// It is done.
    Done,
    /// No such run is known.
    Unknown,
    /// Another function works on it.
    Busy,
    /// The run is not held, or another number of people would leave.
    NotHeld {
        /// How many would leave, if it is held.
        people: Option<u64>,
    },
}

/// The result of the attempt to take an attribute over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakeOverAnswer {
    /// The segment feeds the attribute.
    Done,
    /// Another segment feeds it.
    OwnedBy(Feeder),
    /// Something has to end first.
    Await(&'static str),
}

impl Ledger {
    /// Makes `feeder` feed the attribute, if the configuration says so and no function works for the former feeder.
    /// `has_moved` says that it has fed other attributes of the workspace, so that the additional fields of its members may
    /// have other values by now than were sent with this attribute.
    pub fn take_over(
        &mut self,
        feeder: &Feeder,
        mappings: &impl Mappings,
        has_moved: bool,
        now: Timestamp,
    ) -> TakeOverAnswer {
        match ownership(mappings, Some(&self.feeder), feeder) {
            Ownership::OwnedBy(owner) => return TakeOverAnswer::OwnedBy(owner),
            Ownership::Owner if !self.vacant => return TakeOverAnswer::Done,
            Ownership::Owner if !has_moved => self.vacant = false,
            Ownership::Owner | Ownership::TakesOver => {
                if let Some(what) = self.worked_on_by(now) {
                    return TakeOverAnswer::Await(what);
                }
                self.hand_over(feeder);
            }
        }
        if has_moved {
            self.forget_fingerprints();
        }
        TakeOverAnswer::Done
    }

    /// Records that `feeder` feeds another attribute, so that it has to take this one over before it delivers to it again.
    /// Returns what still works on it for `feeder`, if anything does.
    pub fn vacate(&mut self, feeder: &Feeder, now: Timestamp) -> Option<&'static str> {
        if self.feeder != *feeder || self.vacant {
            return None;
        }
        let at_work = self.worked_on_by(now);
        self.vacant = at_work.is_none();
        at_work
    }

    /// Another segment feeds the attribute from now on. What may have been sent for the former one stays recorded. The order of
    /// runs starts again, because run names of different segments cannot be compared.
    pub(super) fn hand_over(&mut self, feeder: &Feeder) {
        for run in std::mem::take(&mut self.runs).into_values() {
            if run.phase != Phase::Complete {
                self.add_earlier(run.into_sent());
            }
        }
        if planted("former-feeder-forgotten") {
            (self.last_complete, self.earlier) = (None, Sent::default());
        }
        self.feeder = feeder.clone();
        self.vacant = false;
        self.forgotten.clear();
        self.superseded.clear();
    }

    /// All members of the run's files are sent, unchanged ones as well.
    pub fn resend(&mut self, run: RunId, seen: &[(String, ETag)], now: Timestamp) -> RunAnswer {
        let Some(record) = self.runs.get_mut(&run) else {
            return RunAnswer::Unknown;
        };
        if record.is_worked_on(now) || matches!(record.phase, Phase::Completing(_)) {
            return RunAnswer::Busy;
        }
        record.enter(seen, true);
        // A delivered file that is gone cannot be sent again.
        for (key, etag) in seen {
            record.replace_file(key, FileRecord { resend: true, ..FileRecord::seen(etag.clone()) });
        }
        RunAnswer::Done
    }

    /// Releases a held run with which `people` leave, as a person confirmed.
    pub fn release(&mut self, run: RunId, people: u64) -> RunAnswer {
        let Some(record) = self.runs.get_mut(&run) else {
            return RunAnswer::Unknown;
        };
        match &mut record.phase {
            Phase::Held { people: held, released, .. } if *held == people => {
                *released = true;
                RunAnswer::Done
            }
            Phase::Held { people, .. } => RunAnswer::NotHeld { people: Some(*people) },
            _ => RunAnswer::NotHeld { people: None },
        }
    }

    /// The run is no longer delivered, and no run is older than it because of its name. What may have been sent of it stays
    /// recorded.
    pub fn forget(&mut self, run: RunId, now: Timestamp) -> RunAnswer {
        let is_last = self.last_complete.as_ref().is_some_and(|last| last.run == run && last.feeder == self.feeder);
        match self.runs.get(&run) {
            Some(record) if record.is_worked_on(now) => return RunAnswer::Busy,
            None if !is_last => return RunAnswer::Unknown,
            _ => {}
        }
        let older = self.older_runs(run);
        if let Some(record) = self.runs.remove(&run)
            && record.phase != Phase::Complete
        {
            self.add_earlier(record.into_sent());
            // What older runs sent may have been replaced by it, and its place among them is no longer known.
            let replaced =
                self.runs.iter_mut().filter(|(id, other)| older.contains(id) && other.phase != Phase::Complete);
            replaced.flat_map(|(_, other)| other.parts_mut()).for_each(|part| part.outdated = true);
        }
        self.forgotten.insert(run);
        RunAnswer::Done
    }

    /// The run is complete without this file, which is gone: an operator says so.
    pub fn forget_file(&mut self, run: RunId, key: &str, now: Timestamp) -> RunAnswer {
        let Some(record) = self.runs.get_mut(&run).filter(|record| record.files.contains_key(key)) else {
            return RunAnswer::Unknown;
        };
        if record.is_worked_on(now) {
            return RunAnswer::Busy;
        }
        record.forget_file(key);
        RunAnswer::Done
    }

    /// Records someone who is sent outside a delivery of a run. `Busy` if something works on the attribute.
    pub fn note_one(&mut self, part: Part, now: Timestamp) -> RunAnswer {
        if self.worked_on_by(now).is_some() {
            return RunAnswer::Busy;
        }
        self.add_earlier(Sent { parts: vec![part], folders: Vec::new(), since: Some(now) });
        RunAnswer::Done
    }

    pub(super) fn add_earlier(&mut self, sent: Sent) {
        if !sent.is_empty() {
            let unknown = !self.earlier.is_empty() && self.earlier.since.is_none();
            self.earlier.since = if unknown { None } else { self.earlier.since.into_iter().chain(sent.since).min() };
        }
        self.earlier.parts.extend(sent.parts);
        self.earlier.folders.extend(sent.folders);
    }
}

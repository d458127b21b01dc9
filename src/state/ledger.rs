//! The ledger of one attribute of one workspace: a small JSON document with what has been delivered and who works on it.
//!
//! It is the only object that functions contend for. Every step is one conditional write of it (see
//! [`LedgerStore`](super::LedgerStore)), so two functions can never take the same step. The steps themselves are functions of
//! the ledger alone, in the modules `claim`, `completion`, `handover`, `retire` and `undo`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::complete_run::CompleteRun;
use super::feeder::Feeder;
use super::lease::Lease;
use super::part::Part;
use super::retirement::Retirement;
use super::run_record::{Phase, RunRecord};
use super::sent::Sent;
use super::undo_record::BeforeLast;
use crate::names::AttributeName;
use crate::pattern::RunId;
use crate::report::RunSummary;
use crate::run::Order;

/// The version of the state's format that this code writes.
pub const FORMAT: u32 = 3;

/// How many past runs the ledger remembers, for the page of an export's history and for the `status` action.
const HISTORY: usize = 100;

/// How many superseded runs in a row are remembered.
const SUPERSEDED: usize = 20;

/// What has been delivered of one attribute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// The version of the format.
    pub format: u32,
    /// The attribute.
    pub attribute: AttributeName,
    /// The segment that feeds it. Runs of another one are ordered by other names.
    pub feeder: Feeder,
    /// Whether the feeder has to take the attribute over before it delivers: it has gone over to another one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub vacant: bool,
    /// The last complete run, the attribute of its leavers included. It may be a former feeder's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_complete: Option<CompleteRun>,
    /// Who the members were before the last complete run; `None` if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_last: Option<BeforeLast>,
    /// The feeder's runs: the last complete one, and those that came after it.
    #[serde(default)]
    pub runs: BTreeMap<RunId, RunRecord>,
    /// What may have been sent beyond the last complete run and `runs`: by former feeders, and of runs that were forgotten.
    #[serde(default, skip_serializing_if = "Sent::is_empty")]
    pub earlier: Sent,
    /// Runs that are not delivered, because an operator said so.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub forgotten: BTreeSet<RunId>,
    /// Why the next run is held if anyone would leave with it, however few.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caution: Option<String>,
    /// Runs that came and were superseded since a run was last complete.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub superseded: BTreeSet<RunId>,
    /// The latest runs that ended, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<RunSummary>,
    /// The lease of the function that works on the attribute as a whole. In the meantime nothing is delivered or completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// Whether the attribute is being retired, and how far that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retirement: Option<Retirement>,
    /// Whether objects that nothing refers to may have been left behind by the last completion.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub uncollected: bool,
    /// Where format 1 kept this state, until the first complete run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_from: Option<String>,
}

impl Ledger {
    /// The ledger of an attribute of which nothing has been delivered.
    pub fn new(attribute: AttributeName, feeder: Feeder) -> Self {
        Self {
            format: FORMAT,
            attribute,
            feeder,
            vacant: false,
            last_complete: None,
            before_last: None,
            runs: BTreeMap::new(),
            earlier: Sent::default(),
            forgotten: BTreeSet::new(),
            caution: None,
            superseded: BTreeSet::new(),
            history: Vec::new(),
            lease: None,
            retirement: None,
            uncollected: false,
            moved_from: None,
        }
    }

    /// What is being done with the attribute or with any part of it.
    pub fn worked_on_by(&self, now: Timestamp) -> Option<&'static str> {
        if self.retirement.as_ref().is_some_and(|retirement| retirement.is_worked_on(now)) {
            Some("the retirement")
        } else if self.is_leased(now) {
            Some("an erasure or a repair")
        } else {
            self.runs.values().any(|run| run.is_worked_on(now)).then_some("a delivery")
        }
    }

    /// Whether a function works on the attribute as a whole.
    pub fn is_leased(&self, now: Timestamp) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.holds(now))
    }

    /// Whether anyone may have the attribute.
    pub fn lists_anyone(&self) -> bool {
        self.last_complete.is_some() || !self.runs.is_empty() || !self.earlier.is_empty()
    }

    /// Since when other segments may have sent values of additional fields that the state of this attribute does not know;
    /// `None` if an earlier version did not say.
    pub fn compared_since(&self) -> Option<Timestamp> {
        let complete = self.last_complete.iter().map(|last| last.started_at);
        let earlier = Some(self.earlier.since).filter(|_| !self.earlier.is_empty());
        let runs = self.runs.values().map(|run| Some(run.started_at));
        // What is not known comes before every time.
        complete.chain(earlier).chain(runs).min().flatten()
    }

    /// How many members there were before `run`: those of the last complete run, unless that is this one.
    pub fn members_before(&self, run: RunId) -> u64 {
        let earlier = self.last_complete.as_ref().filter(|last| last.run != run || last.feeder != self.feeder);
        earlier.map_or(0, |last| last.members)
    }

    /// The last complete run, if later runs are ordered after it: it is the feeder's own, and was not forgotten.
    fn last_ordered(&self) -> Option<&CompleteRun> {
        let own = |last: &&CompleteRun| last.feeder == self.feeder && !self.forgotten.contains(&last.run);
        self.last_complete.as_ref().filter(own)
    }

    /// The newest run of which anything is known.
    pub fn newest_run(&self) -> Option<RunId> {
        let complete = self.last_ordered().map(|last| (last.order, last.run));
        let runs = self.runs.iter().map(|(run, record)| (record.order, *run));
        runs.chain(complete).max().map(|(_, run)| run)
    }

    /// The run that is known and newer than `run`, the newest of them.
    pub fn newer_than(&self, run: RunId, order: Order) -> Option<RunId> {
        let order = self.runs.get(&run).map_or(order, |record| record.order);
        let complete = self.last_ordered().map(|last| (last.order, last.run));
        let runs = self.runs.iter().map(|(run, record)| (record.order, *run));
        let (newest, other) = runs.chain(complete).max()?;
        (other != run && (newest, other) > (order, run)).then_some(other)
    }

    /// The runs that are older than `run`, oldest first.
    pub fn older_runs(&self, run: RunId) -> Vec<RunId> {
        let Some(place) = self.runs.get(&run).map(|record| (record.order, run)) else {
            return Vec::new();
        };
        let mut before: Vec<(Order, RunId)> = self.runs.iter().map(|(run, record)| (record.order, *run)).collect();
        before.retain(|other| *other < place);
        before.sort_unstable();
        before.into_iter().map(|(_, run)| run).collect()
    }

    /// Remembers a run that ended.
    pub fn remember(&mut self, summary: RunSummary) {
        self.history.retain(|past| past.run != summary.run || past.finished_at != summary.finished_at);
        self.history.push(summary);
        let surplus = self.history.len().saturating_sub(HISTORY);
        self.history.drain(..surplus);
    }

    /// Remembers that `run` came and was superseded.
    pub fn note_superseded(&mut self, run: RunId) {
        if self.superseded.len() < SUPERSEDED {
            self.superseded.insert(run);
        }
    }

    /// Makes everyone be sent again, regardless of the state.
    pub(super) fn forget_fingerprints(&mut self) {
        for part in self.all_parts_mut() {
            part.outdated = true;
        }
    }

    /// Every part that the ledger names, but for lists of leavers.
    pub fn all_parts_mut(&mut self) -> impl Iterator<Item = &mut Part> {
        let complete = self.last_complete.iter_mut().flat_map(|complete| complete.parts.iter_mut());
        let runs = self.runs.values_mut().flat_map(RunRecord::parts_mut);
        complete.chain(self.earlier.parts.iter_mut()).chain(runs)
    }

    /// Whether a part of the last complete run, of the members before it, or of a run that is being delivered, is below `folder`.
    pub fn needs_any_in(&mut self, folder: &str) -> bool {
        let is_in = |part: &Part| part.key.starts_with(folder);
        self.before_last.iter().flat_map(|before| &before.parts).any(is_in)
            || self.all_parts_mut().any(|part| is_in(part))
    }

    /// Whether the object with this key, or its folder, is still needed.
    pub fn needs(&self, key: &str) -> bool {
        let is = |part: &Part| part.key == key || part.live.as_deref() == Some(key);
        let is_in = |folder: &String| !folder.is_empty() && key.starts_with(folder.as_str());
        let complete = |last: &CompleteRun| last.parts.iter().any(is);
        let of_run = |run: &RunRecord| {
            run.files.values().any(|file| is_in(&file.folder))
                || run.replaced.iter().any(is)
                || run.uncertain.iter().any(is_in)
                || matches!(&run.phase, Phase::Completing(completing)
                    if completing.leavers.iter().chain(&completing.carried).chain(&completing.kept).any(is))
        };
        self.last_complete.as_ref().is_some_and(complete)
            || self.before_last.as_ref().is_some_and(|before| before.parts.iter().any(is))
            || self.earlier.parts.iter().any(is)
            || self.earlier.folders.iter().any(is_in)
            || self.runs.values().any(of_run)
    }
}

//! The state as format 1 kept it: by export and segment. It is read, and moved at its first use.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;

use super::complete_run::CompleteRun;
use super::feeder::Feeder;
use super::lease::Lease;
use super::ledger::Ledger;
use super::part::Part;
use super::run_record::{FileRecord, Phase, Progress, RunRecord};
use super::sent::Sent;
use crate::names::AttributeName;
use crate::pattern::RunId;
use crate::report::{Counts, Members, RunSummary};
use crate::run::Order;

/// A run that is later than now by more than this does not exist: its name is a mistake.
const FUTURE: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// A ledger of format 1.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct FormerLedger {
    /// Host and port of the workspace's REST endpoint.
    pub destination: String,
    /// The attribute.
    pub attribute: AttributeName,
    /// Names under which members may still be marked.
    #[serde(default)]
    pub former_attributes: BTreeSet<AttributeName>,
    #[serde(default)]
    last_complete: Option<FormerComplete>,
    #[serde(default)]
    runs: BTreeMap<RunId, FormerRun>,
    #[serde(default)]
    history: Vec<RunSummary>,
    #[serde(default)]
    lease: Option<Lease>,
    #[serde(default)]
    retirement: Option<FormerLease>,
}

#[derive(Clone, Debug, Deserialize)]
struct FormerComplete {
    run: RunId,
    members: u64,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, Deserialize)]
struct FormerLease {
    #[serde(default)]
    lease: Option<Lease>,
}

#[derive(Clone, Debug, Deserialize)]
struct FormerRun {
    phase: FormerPhase,
    #[serde(default)]
    files: BTreeMap<String, FileRecord>,
    #[serde(default)]
    replaced: Vec<Part>,
    #[serde(default)]
    uncertain: Vec<String>,
    started_at: Timestamp,
    #[serde(default)]
    members: Option<Members>,
    #[serde(default)]
    leavers: Counts,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
enum FormerPhase {
    Open,
    Completing {
        #[serde(default)]
        lease: Option<Lease>,
        #[serde(default)]
        carried: Vec<Part>,
    },
    Held {},
    Complete,
}

/// A ledger of format 1 by what is stored: one that has been moved already, one to be moved.
#[derive(Debug)]
pub(super) enum Stored {
    /// It is to be moved.
    Former(Box<FormerLedger>),
    /// It has been moved; what remains keeps older versions away.
    Moved,
}

/// Reads a ledger of format 1.
pub(super) fn read(bytes: &[u8]) -> Result<Stored, serde_json::Error> {
    let value: Value = serde_json::from_slice(bytes)?;
    if value.get("moved_to").is_some() {
        return Ok(Stored::Moved);
    }
    Ok(Stored::Former(Box::new(serde_json::from_value(value)?)))
}

/// What is left in the place of a ledger of format 1: the earlier version finds that it does not know the format, and says so.
pub(super) fn moved(bytes: &[u8], to: &str) -> Result<Vec<u8>, serde_json::Error> {
    let mut value: Value = serde_json::from_slice(bytes)?;
    if let Value::Object(fields) = &mut value {
        fields.insert("format".to_owned(), super::ledger::FORMAT.into());
        fields.insert("moved_to".to_owned(), to.into());
        for gone in ["last_complete", "runs", "history", "lease", "retirement"] {
            fields.remove(gone);
        }
    }
    serde_json::to_vec(&value)
}

impl FormerLedger {
    /// Whether some function of the earlier version works on it.
    pub(super) fn is_worked_on(&self, now: Timestamp) -> bool {
        let holds = |lease: &Option<Lease>| lease.as_ref().is_some_and(|lease| lease.holds(now));
        let file = |file: &FileRecord| matches!(&file.progress, Progress::Working { lease } if lease.holds(now));
        holds(&self.lease)
            || self.retirement.as_ref().is_some_and(|retirement| holds(&retirement.lease))
            || self.runs.values().any(|run| {
                let completing = matches!(&run.phase, FormerPhase::Completing { lease, .. } if holds(lease));
                completing || run.files.values().any(file)
            })
    }

    /// The ledger of the members' attribute. `from` is the folder of the state.
    pub(super) fn into_ledger(self, feeder: Feeder, zone: &TimeZone, from: &str, now: Timestamp) -> Ledger {
        let order = |run: RunId, arrived: Timestamp| Order::of(run, zone, arrived);
        let arrived = |run: &RunId| self.runs.get(run).map_or(Timestamp::UNIX_EPOCH, |record| record.started_at);
        let mut ledger = Ledger::new(self.attribute.clone(), feeder.clone());
        ledger.history.clone_from(&self.history);
        ledger.moved_from = Some(from.to_owned());
        ledger.vacant = true;
        ledger.last_complete = self.last_complete.as_ref().map(|last| CompleteRun {
            run: last.run,
            order: order(last.run, arrived(&last.run)),
            feeder,
            matching: None,
            started_at: None,
            members: last.members,
            parts: last.parts.clone(),
            base: None,
        });
        let being_retired = self.retirement.is_some();
        for (run, record) in self.runs {
            let order = order(run, record.started_at);
            let mut moved = RunRecord::new(order, record.started_at);
            moved.files = record.files;
            for file in moved.files.values_mut() {
                if matches!(file.progress, Progress::Working { .. }) {
                    file.progress = Progress::Unfinished;
                }
            }
            (moved.replaced, moved.uncertain) = (record.replaced, record.uncertain);
            (moved.members, moved.leavers) = (record.members, record.leavers);
            match record.phase {
                FormerPhase::Complete => moved.phase = Phase::Complete,
                // Some leavers may have been sent already. They are found and sent again.
                FormerPhase::Completing { carried, .. } => moved.replaced.extend(carried),
                FormerPhase::Open | FormerPhase::Held {} => {}
            }
            ledger.runs.insert(run, moved);
        }
        let future = now.checked_add(FUTURE).unwrap_or(Timestamp::MAX);
        let complete = ledger.last_complete.iter().map(|last| (last.run, last.order));
        let runs = ledger.runs.iter().map(|(run, record)| (*run, record.order));
        let mistaken: Vec<RunId> =
            complete.chain(runs).filter(|(_, order)| order.time() > future).map(|(run, _)| run).collect();
        for run in mistaken {
            ledger.forget(run, now);
        }
        if being_retired {
            ledger.restart();
        }
        ledger
    }

    /// The parts with everyone who may still have the attribute under a former name.
    pub(super) fn everyone(&self) -> Sent {
        let mut sent = Sent::default();
        sent.parts.extend(self.last_complete.iter().flat_map(|last| last.parts.iter().cloned()));
        for run in self.runs.values() {
            sent.parts.extend(run.replaced.iter().cloned());
            sent.folders.extend(run.uncertain.iter().cloned());
            for file in run.files.values() {
                sent.parts.extend(file.parts.iter().cloned());
                if file.progress != Progress::Delivered {
                    sent.folders.push(file.folder.clone());
                }
            }
        }
        sent
    }
}

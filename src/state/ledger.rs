//! The ledger of one segment: a small JSON document that says what has been delivered and who is at work.
//!
//! It is the only object that functions contend for. Every step is one conditional write of it (see
//! [`LedgerStore`](super::LedgerStore)), so two functions can never take the same step.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::lease::Lease;
use super::part::Part;
use super::retirement::Retirement;
use crate::bucket::ETag;
use crate::names::AttributeName;
use crate::pattern::RunId;
use crate::profile::TypesDigest;
use crate::report::{Counts, Members, Outcome, RunSummary};
use crate::rows::{Header, Position};

/// The version of the state's format that this code writes.
pub const FORMAT: u32 = 1;

/// How many past runs the ledger remembers, for the page of an export's history and for the `status` action.
const HISTORY: usize = 100;

/// What has been delivered of one segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// The version of the format.
    pub format: u32,
    /// Where members were sent: host and port of the workspace's REST endpoint.
    pub destination: String,
    /// The attribute that stands for the segment.
    pub attribute: AttributeName,
    /// When the configuration was stored that named the two last. An invocation that has read an older one may still be
    /// at work, and does not bring them back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configured_at: Option<Timestamp>,
    /// Names under which members may still be marked, from before the attribute was renamed.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub former_attributes: BTreeSet<AttributeName>,
    /// The last run that was delivered whole, its leavers included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_complete: Option<CompleteRun>,
    /// The runs at work: the last complete one, and whatever came after it.
    #[serde(default)]
    pub runs: BTreeMap<RunId, RunRecord>,
    /// The latest runs that ended, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<RunSummary>,
    /// Who works on the segment as a whole. Nothing of it is delivered or completed meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// Whether the segment is being retired, and how far that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retirement: Option<Retirement>,
}

/// The configuration at hand is older than the one that a ledger goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OlderConfiguration;

/// The members of a complete run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompleteRun {
    /// Which run.
    pub run: RunId,
    /// How many different members it has.
    pub members: u64,
    /// Where they are listed.
    pub parts: Vec<Part>,
}

/// One run of the segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// How far it is.
    pub phase: Phase,
    /// Its files, by key.
    #[serde(default)]
    pub files: BTreeMap<String, FileRecord>,
    /// Parts of earlier contents of its files: what Braze may have been told beyond the files as they are now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<Part>,
    /// Folders of parts whose content never became certain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uncertain: Vec<String>,
    /// When the first of it was delivered.
    pub started_at: Timestamp,
    /// What the last report said of its members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Members>,
    /// Requests and data points that the leavers took.
    #[serde(default)]
    pub leavers: Counts,
    /// Whether the attribute was renamed after the first of it was delivered: when it is complete, some of its members are
    /// still marked under the former name, and the next run has to see to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub renamed: bool,
}

/// How far a run is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Phase {
    /// Files are delivered, or awaited.
    Open,
    /// All files are delivered; the attribute of those who left is being unset.
    Completing {
        /// Who does it.
        #[serde(skip_serializing_if = "Option::is_none")]
        lease: Option<Lease>,
        /// How many leavers are done, in the order in which the state lists them.
        done: u64,
        /// Whether a person allowed any number of leavers.
        #[serde(default)]
        leavers_allowed: bool,
        /// Leavers that Braze refused so far; they are tried again with the next run.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        carried: Vec<Part>,
    },
    /// All files are delivered; too many would leave, so a person has to say that it is right.
    Held {
        /// How many would leave.
        leavers: u64,
        /// Out of how many.
        before: u64,
        /// Why, in words.
        reason: String,
    },
    /// Delivered whole.
    Complete,
}

/// One file of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Which content of the file this record is about.
    pub etag: ETag,
    /// How far it is.
    pub progress: Progress,
    /// The folder in the bucket that its parts lie in.
    pub folder: String,
    /// Parts that are certain, in the order of the file.
    #[serde(default)]
    pub parts: Vec<Part>,
    /// How the file is to be read on, once its beginning has been read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Checkpoint>,
    /// The types that its columns had by the `model.json`, or had not, when its beginning was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub types: Option<TypesDigest>,
    /// Pieces of its rejected rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<String>,
    /// How much they hold, in bytes; as much as there may be at most once a row was left out.
    #[serde(default)]
    pub rejected_bytes: u64,
    /// What became of the rows up to the checkpoint.
    #[serde(default)]
    pub counts: Counts,
    /// Whether all members are sent, unchanged ones as well, because a person asked for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resend: bool,
    /// Remarks about the file for the report.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub notes: BTreeSet<String>,
}

/// How far a file is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Progress {
    /// A function delivers it.
    Working {
        /// Which one, and until when nobody else may.
        lease: Lease,
    },
    /// It waits to be continued from the checkpoint.
    Unfinished,
    /// Every row has its fate.
    Delivered,
    /// It could not be delivered.
    Failed {
        /// Why, and what to do.
        message: String,
    },
    /// Nothing of it is sent until a person allows it, because its identifiers are doubtful.
    Held {
        /// Why, and what to do.
        message: String,
    },
}

/// Where to read on in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The header and dialect that the beginning of the file told.
    pub header: Header,
    /// After the last row with a certain fate.
    pub position: Position,
}

impl Ledger {
    /// The ledger of a segment of which nothing has been delivered.
    pub fn new(destination: &str, attribute: AttributeName) -> Self {
        Self {
            format: FORMAT,
            destination: destination.to_owned(),
            attribute,
            configured_at: None,
            former_attributes: BTreeSet::new(),
            last_complete: None,
            runs: BTreeMap::new(),
            history: Vec::new(),
            lease: None,
            retirement: None,
        }
    }

    /// What is at work on the segment or on anything of it.
    pub fn worked_on_by(&self, now: Timestamp) -> Option<&'static str> {
        if self.retirement.as_ref().is_some_and(|retirement| retirement.is_worked_on(now)) {
            Some("the retirement")
        } else if self.is_held(now) {
            Some("an erasure")
        } else {
            self.runs.values().any(|run| run.is_worked_on(now)).then_some("a delivery")
        }
    }

    /// Whether somebody works on the segment as a whole.
    pub fn is_held(&self, now: Timestamp) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.holds(now))
    }

    /// How many members there were before `run`: those of the last complete run, unless that is this one.
    pub fn members_before(&self, run: RunId) -> u64 {
        self.last_complete.as_ref().filter(|last| last.run != run).map_or(0, |last| last.members)
    }

    /// The newest run of which anything is known.
    pub fn newest_run(&self) -> Option<RunId> {
        let complete = self.last_complete.as_ref().map(|complete| complete.run);
        self.runs.keys().next_back().copied().max(complete)
    }

    /// Takes over a configuration that changed: another workspace makes every fingerprint worthless and has the files of
    /// runs that are still open sent anew, and another attribute name leaves a former one to be cleaned up.
    ///
    /// Refused, and nothing changed, if the configuration is older (`stored_at`) than the one that was taken over last:
    /// otherwise an invocation that has worked for minutes would send members to a workspace that has been left.
    pub fn adopt(
        &mut self,
        destination: &str,
        attribute: &AttributeName,
        stored_at: Timestamp,
    ) -> Result<(), OlderConfiguration> {
        if self.destination == destination && self.attribute == *attribute {
            return Ok(());
        }
        if self.configured_at.is_some_and(|configured_at| stored_at < configured_at) {
            return Err(OlderConfiguration);
        }
        self.configured_at = Some(stored_at);
        if self.destination != destination {
            destination.clone_into(&mut self.destination);
            self.former_attributes.clear();
            self.attribute = attribute.clone();
            self.forget_fingerprints();
            // Whoever is at one of these files sends it to the former workspace, and finds that it is not theirs any more.
            for run in self.runs.values_mut().filter(|run| matches!(run.phase, Phase::Open | Phase::Held { .. })) {
                for key in run.files.keys().cloned().collect::<Vec<_>>() {
                    run.forget_file(&key);
                }
                run.phase = Phase::Open;
            }
        }
        if self.attribute != *attribute {
            let former = std::mem::replace(&mut self.attribute, attribute.clone());
            self.former_attributes.insert(former);
            self.former_attributes.remove(attribute);
            for run in self.runs.values_mut().filter(|run| run.phase != Phase::Complete) {
                run.renamed |= !run.files.is_empty() || !run.replaced.is_empty();
            }
        }
        Ok(())
    }

    /// Begins a retirement, or goes on with one whose owner has ended. Breaks with what is at work on the segment.
    ///
    /// Whoever has lost a lease on a file or a run finds that it is nobody's any more, and writes nothing.
    pub fn retire(&mut self, lease: Lease, now: Timestamp) -> ControlFlow<&'static str, Retirement> {
        if let Some(what) = self.worked_on_by(now) {
            return ControlFlow::Break(what);
        }
        self.lease = None;
        for run in self.runs.values_mut() {
            if let Phase::Completing { lease, .. } = &mut run.phase {
                *lease = None;
            }
            for file in run.files.values_mut() {
                if matches!(file.progress, Progress::Working { .. }) {
                    file.progress = Progress::Unfinished;
                }
            }
        }
        let begun = self.retirement.get_or_insert_with(|| Retirement {
            lease: None,
            done: 0,
            refused: 0,
            started_at: now,
            counts: Counts::default(),
        });
        begun.lease = Some(lease);
        ControlFlow::Continue(begun.clone())
    }

    /// Ends a retirement that was not brought to its end, because something of the segment is delivered again: nobody knows
    /// any more what Braze holds of the members, so every file is delivered anew and everybody is sent.
    pub fn abandon_retirement(&mut self) {
        if self.retirement.take().is_none() {
            return;
        }
        for run in self.runs.values_mut() {
            let keys: Vec<String> = run.files.keys().cloned().collect();
            for key in keys {
                run.forget_file(&key);
            }
            run.phase = Phase::Open;
        }
        self.forget_fingerprints();
    }

    /// Remembers a run that ended.
    pub fn remember(&mut self, summary: RunSummary) {
        self.history.retain(|past| past.run != summary.run || past.finished_at != summary.finished_at);
        self.history.push(summary);
        let surplus = self.history.len().saturating_sub(HISTORY);
        self.history.drain(..surplus);
    }

    /// Everybody is sent again, whatever the state says.
    pub(super) fn forget_fingerprints(&mut self) {
        for part in self.all_parts_mut() {
            part.outdated = true;
        }
    }

    /// Every part that the ledger names, but for leavers that a later run has to tell.
    pub fn all_parts_mut(&mut self) -> impl Iterator<Item = &mut Part> {
        let complete = self.last_complete.iter_mut().flat_map(|complete| complete.parts.iter_mut());
        let runs = self.runs.values_mut().flat_map(|run| {
            let files = run.files.values_mut().flat_map(|file| file.parts.iter_mut());
            run.replaced.iter_mut().chain(files)
        });
        complete.chain(runs)
    }
}

impl RunRecord {
    /// A run that begins now.
    pub fn new(now: Timestamp) -> Self {
        Self {
            phase: Phase::Open,
            files: BTreeMap::new(),
            replaced: Vec::new(),
            uncertain: Vec::new(),
            started_at: now,
            members: None,
            leavers: Counts::default(),
            renamed: false,
        }
    }

    /// Whether every file known of it is delivered.
    pub fn all_files_delivered(&self) -> bool {
        !self.files.is_empty() && self.files.values().all(|file| file.progress == Progress::Delivered)
    }

    /// Whether some function works on it.
    pub fn is_worked_on(&self, now: Timestamp) -> bool {
        let completing = matches!(&self.phase, Phase::Completing { lease: Some(lease), .. } if lease.holds(now));
        completing
            || self.files.values().any(|file| matches!(&file.progress, Progress::Working { lease } if lease.holds(now)))
    }

    /// What became of all rows of all its files, leavers included.
    pub fn counts(&self) -> Counts {
        let mut sum = self.leavers.clone();
        for file in self.files.values() {
            sum.add(&file.counts);
        }
        sum
    }

    /// How many members there are with it, as it stands now; `before` are those of the last complete run. Nobody has left
    /// before all files are delivered and compared, and nobody leaves as long as it is held.
    pub fn members_so_far(&self, before: u64) -> Members {
        if let Some(members) = &self.members
            && self.files.values().all(|file| file.progress == Progress::Delivered)
        {
            let mut members = members.clone();
            if matches!(self.phase, Phase::Held { .. }) {
                (members.left, members.after) = (0, members.before + members.entered);
            }
            return members;
        }
        let Counts { entered, stayed, .. } = self.counts();
        Members { before, entered, stayed, left: 0, after: before + entered }
    }

    /// Its line in the history, with an outcome that it came to at `finished_at`; `before` as in
    /// [`RunRecord::members_so_far`].
    pub fn summary(&self, run: RunId, before: u64, outcome: Outcome, finished_at: Timestamp) -> RunSummary {
        let counts = self.counts();
        RunSummary {
            run,
            outcome,
            rows: counts.rows,
            members: self.members_so_far(before),
            started_at: self.started_at,
            finished_at,
            seconds: counts.seconds,
        }
    }

    /// Every part that lists a member of the run.
    pub fn parts(&self) -> Vec<Part> {
        self.files.values().flat_map(|file| file.parts.iter().cloned()).collect()
    }

    /// Puts a new content in place of whatever was known of the file `key`; what was delivered of the earlier content
    /// stays on record until the run is complete.
    pub fn replace_file(&mut self, key: &str, file: FileRecord) {
        self.forget_file(key);
        self.files.insert(key.to_owned(), file);
        if !matches!(self.phase, Phase::Completing { .. }) {
            self.phase = Phase::Open;
        }
    }

    /// Takes a file out; what may have been sent of it stays on record until the run is complete.
    pub fn forget_file(&mut self, key: &str) {
        if let Some(earlier) = self.files.remove(key) {
            self.replaced.extend(earlier.parts);
            if earlier.progress != Progress::Delivered && !self.uncertain.contains(&earlier.folder) {
                self.uncertain.push(earlier.folder);
            }
        }
    }
}

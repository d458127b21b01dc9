//! The ledger of one attribute of one workspace: a small JSON document with what has been delivered and who works on it.
//!
//! It is the only object that functions contend for. Every step is one conditional write of it (see
//! [`LedgerStore`](super::LedgerStore)), so two functions can never take the same step. The steps themselves are functions of
//! the ledger alone, in the modules `claim`, `completion`, `handover` and `retirement`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::feeder::Feeder;
use super::lease::Lease;
use super::part::Part;
use super::retirement::Retirement;
use crate::bucket::ETag;
use crate::config::DataMatching;
use crate::names::AttributeName;
use crate::pattern::RunId;
use crate::profile::TypesDigest;
use crate::report::{Counts, Members, Outcome, Problem, RunSummary};
use crate::rows::{Header, Position};
use crate::run::Order;

/// The version of the state's format that this code writes.
pub const FORMAT: u32 = 2;

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

/// Where people are listed who may have been sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    /// Parts that are certain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// Folders that may hold more parts than those.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folders: Vec<String>,
}

/// The members of a complete run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompleteRun {
    /// Which run.
    pub run: RunId,
    /// Its place among the runs of its feeder.
    pub order: Order,
    /// Whose run it is.
    pub feeder: Feeder,
    /// The columns that identified its members; `None` where format 1 did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<DataMatching>,
    /// How many different members it has.
    pub members: u64,
    /// Where they are listed.
    pub parts: Vec<Part>,
}

/// One run of the segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Its place among the runs.
    pub order: Order,
    /// How far it is.
    pub phase: Phase,
    /// Its files, by key: all that were ever seen of it.
    #[serde(default)]
    pub files: BTreeMap<String, FileRecord>,
    /// Parts of earlier contents of its files: what Braze may have been sent beyond the files as they are now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<Part>,
    /// Folders of parts whose content never became certain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uncertain: Vec<String>,
    /// When the first of it was delivered.
    pub started_at: Timestamp,
    /// In how many rows of each of its files, at most, a person has said that doubtful identifiers are right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_identifiers: Option<u64>,
    /// The last comparison of its members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Members>,
    /// Requests and data points that the leavers took.
    #[serde(default)]
    pub leavers: Counts,
}

/// How far a run is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Phase {
    /// Files are delivered, or awaited.
    Open,
    /// All files are delivered; the attribute of those who left is being set.
    Completing(Completing),
    /// All files are delivered; too many would leave, so a person has to say that it is right.
    Held {
        /// How many people's attribute would be set: the number that releases the run.
        people: u64,
        /// How many members there were before.
        before: u64,
        /// Why, in words.
        reason: String,
        /// Whether a person has said that it is right.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        released: bool,
    },
    /// Delivered in full.
    Complete,
}

/// A run whose leavers are being sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Completing {
    /// Who does it. None, or one that has ended: the next attempt resumes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// Where the leavers are listed, in the order in which they are sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leavers: Vec<Part>,
    /// How many of them are done.
    pub done: u64,
    /// Leavers whom Braze refused or who may still be a member, and addresses that later runs have to know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub carried: Vec<Part>,
    /// The columns that identify its members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<DataMatching>,
}

/// One file of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Which content of the file this record is about.
    pub etag: ETag,
    /// How far it is.
    pub progress: Progress,
    /// The folder of its parts in the bucket.
    #[serde(default)]
    pub folder: String,
    /// Parts that are certain, in the order of the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// How to resume reading the file, once its beginning has been read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Checkpoint>,
    /// The types that its columns had by the `model.json`, or had not, when its beginning was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub types: Option<TypesDigest>,
    /// Which columns filled which fields when its beginning was read, as a digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<String>,
    /// Pieces of its rejected rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<String>,
    /// How much they hold, in bytes; as much as there may be at most once a row was left out.
    #[serde(default)]
    pub rejected_bytes: u64,
    /// The results of the rows up to the checkpoint.
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
    /// It was seen, and nothing of it has been sent.
    Waiting,
    /// A function delivers it.
    Working {
        /// The owner, and until when no one else may work on it.
        lease: Lease,
    },
    /// It waits to be resumed from the checkpoint.
    Unfinished,
    /// Every row has its result.
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

/// Where to resume reading a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The header and dialect that the beginning of the file showed.
    pub header: Header,
    /// After the last row with a certain result.
    pub position: Position,
}

impl Sent {
    /// Whether nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.folders.is_empty()
    }
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
            Some("an erasure")
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
        let runs = self.runs.values_mut().flat_map(|run| {
            let files = run.files.values_mut().flat_map(|file| file.parts.iter_mut());
            run.replaced.iter_mut().chain(files)
        });
        complete.chain(self.earlier.parts.iter_mut()).chain(runs)
    }

    /// Whether a part of the last complete run, or of one that is being delivered, is below `folder`.
    pub fn needs_any_in(&mut self, folder: &str) -> bool {
        self.all_parts_mut().any(|part| part.key.starts_with(folder))
    }

    /// Whether the object with this key, or its folder, is still needed.
    pub fn needs(&self, key: &str) -> bool {
        let is = |part: &Part| part.key == key;
        let is_in = |folder: &String| !folder.is_empty() && key.starts_with(folder.as_str());
        let complete = |last: &CompleteRun| last.parts.iter().any(is);
        let of_run = |run: &RunRecord| {
            run.files.values().any(|file| is_in(&file.folder))
                || run.replaced.iter().any(is)
                || run.uncertain.iter().any(is_in)
                || matches!(&run.phase, Phase::Completing(completing)
                    if completing.leavers.iter().chain(&completing.carried).any(is))
        };
        self.last_complete.as_ref().is_some_and(complete)
            || self.earlier.parts.iter().any(is)
            || self.earlier.folders.iter().any(is_in)
            || self.runs.values().any(of_run)
    }
}

impl RunRecord {
    /// A run that begins now.
    pub fn new(order: Order, now: Timestamp) -> Self {
        Self {
            order,
            phase: Phase::Open,
            files: BTreeMap::new(),
            replaced: Vec::new(),
            uncertain: Vec::new(),
            started_at: now,
            allow_identifiers: None,
            members: None,
            leavers: Counts::default(),
        }
    }

    /// Whether every file known of it is delivered.
    pub fn all_files_delivered(&self) -> bool {
        !self.files.is_empty() && self.files.values().all(|file| file.progress == Progress::Delivered)
    }

    /// Whether some function works on it.
    pub fn is_worked_on(&self, now: Timestamp) -> bool {
        let holds = |lease: &Lease| lease.holds(now);
        let completing =
            matches!(&self.phase, Phase::Completing(completing) if completing.lease.as_ref().is_some_and(holds));
        completing
            || self.files.values().any(|file| matches!(&file.progress, Progress::Working { lease } if holds(lease)))
    }

    /// The results of all rows of all its files, leavers included.
    pub fn counts(&self) -> Counts {
        let mut sum = self.leavers.clone();
        for file in self.files.values() {
            sum.add(&file.counts);
        }
        sum
    }

    /// What is wrong with it although its files are delivered.
    pub fn problems(&self) -> Vec<Problem> {
        Problem::of(self.files.iter().map(|(key, file)| (key.as_str(), &file.counts)))
    }

    /// Its outcome once it is complete.
    pub fn outcome(&self) -> Outcome {
        if self.problems().is_empty() { Outcome::Delivered } else { Outcome::DeliveredWithProblems }
    }

    /// The members so far; `before` are those of the last complete run. No one has left before all files are delivered and
    /// compared, and no one leaves while the run is held.
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

    /// Whether a person has confirmed that this many people leave.
    pub fn is_released_for(&self, leaving: u64) -> bool {
        matches!(self.phase, Phase::Held { people, released: true, .. } if people == leaving)
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

    /// Replaces the record of the file `key` with one of a new content; what was delivered of the earlier content stays
    /// recorded until the run is complete.
    pub fn replace_file(&mut self, key: &str, file: FileRecord) {
        self.forget_file(key);
        self.files.insert(key.to_owned(), file);
        if !matches!(self.phase, Phase::Completing(_)) {
            self.phase = Phase::Open;
        }
    }

    /// Removes a file; what may have been sent of it stays recorded until the run is complete.
    pub fn forget_file(&mut self, key: &str) {
        if let Some(earlier) = self.files.remove(key) {
            self.replaced.extend(earlier.parts);
            let may_have_sent = !matches!(earlier.progress, Progress::Delivered | Progress::Waiting);
            if may_have_sent && !self.uncertain.contains(&earlier.folder) {
                self.uncertain.push(earlier.folder);
            }
        }
    }

    /// What may have been sent of it, as a record that needs no run.
    pub(super) fn into_sent(mut self) -> Sent {
        let keys: Vec<String> = self.files.keys().cloned().collect();
        for key in &keys {
            self.forget_file(key);
        }
        let mut parts = self.replaced;
        if let Phase::Completing(completing) = self.phase {
            // Some of the leavers may have been sent, so what Braze has of them is unknown.
            parts.extend(completing.leavers);
            parts.extend(completing.carried);
        }
        Sent { parts, folders: self.uncertain }
    }
}

impl FileRecord {
    /// A file that was seen, and of which nothing has been sent.
    pub fn seen(etag: ETag) -> Self {
        Self {
            etag,
            progress: Progress::Waiting,
            folder: String::new(),
            parts: Vec::new(),
            checkpoint: None,
            types: None,
            mapping: None,
            rejected: Vec::new(),
            rejected_bytes: 0,
            counts: Counts::default(),
            resend: false,
            notes: BTreeSet::new(),
        }
    }
}

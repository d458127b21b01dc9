//! What a ledger holds of one run: how far it is, and how far each of its files is.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::lease::Lease;
use super::part::Part;
use super::sent::Sent;
use super::undo_record::Undo;
use crate::bucket::ETag;
use crate::config::DataMatching;
use crate::pattern::RunId;
use crate::planted::planted;
use crate::profile::TypesDigest;
use crate::report::{Allowance, Counts, Members, Outcome, Problem, Proof, ReadBack, RunSummary};
use crate::rows::{Header, Position};
use crate::run::Order;

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
    /// How many people or fields may differ in Braze, because a person has said that it is right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_differences: Option<u64>,
    /// People who were read back after they had been sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_back: Option<ReadBack>,
    /// The last comparison of its members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Members>,
    /// Requests and data points that the leavers took.
    #[serde(default)]
    pub leavers: Counts,
    /// Its undo, once that has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone: Option<Box<Undo>>,
}

/// How far a run is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Phase {
    /// Files are delivered, or awaited.
    Open,
    /// All files are delivered; the attribute of those who left is being set, or the run is being undone.
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
    /// Parts of the run before that continue to list its members.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<Part>,
    /// The columns that identify its members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<DataMatching>,
    /// What undoing the run changes, if it is not completed but undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Box<Undo>>,
    /// Whether nothing is kept of the members of the run before: their lists are not encrypted as the run's are, so a key that was
    /// replaced, or a plain list, would be needed for longer than people expect.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forgets_before: bool,
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
    /// What was read in Braze before and while the file was sent.
    #[serde(default, skip_serializing_if = "Proof::is_empty")]
    pub proof: Proof,
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
        /// The code of the message; empty if an earlier version wrote it.
        #[serde(default)]
        code: String,
    },
    /// Nothing more of it is sent until a person allows it.
    Held {
        /// Why, and what to do.
        message: String,
        /// The code of the message; empty if an earlier version wrote it.
        #[serde(default)]
        code: String,
        /// What releases it; `None` if an earlier version wrote it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        released_by: Option<Allowance>,
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
            allow_differences: None,
            read_back: None,
            members: None,
            leavers: Counts::default(),
            undone: None,
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

    /// What releases the run, or a file of it, that waits for a person's decision.
    pub fn released_by(&self) -> Option<Allowance> {
        match &self.phase {
            Phase::Held { people, released: false, .. } => Some(Allowance::Leavers(*people)),
            _ => self.files.values().find_map(|file| match &file.progress {
                Progress::Held { released_by, .. } => *released_by,
                _ => None,
            }),
        }
    }

    /// What was read in Braze about all of it.
    pub fn proof(&self) -> Proof {
        let mut proof = Proof { read_back: self.read_back.clone(), ..Proof::default() };
        self.files.values().for_each(|file| proof.add(&file.proof));
        proof
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
            undo: false,
        }
    }

    /// Every part that lists a member of the run.
    pub fn parts(&self) -> Vec<Part> {
        self.files.values().flat_map(|file| file.parts.iter().cloned()).collect()
    }

    /// Every part that lists someone whom it may have sent, but for lists of leavers.
    pub(super) fn parts_mut(&mut self) -> impl Iterator<Item = &mut Part> {
        self.replaced.iter_mut().chain(self.files.values_mut().flat_map(|file| file.parts.iter_mut()))
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

    /// Has every file read again that names lines of a complete run which get other numbers.
    pub(super) fn read_again_if_it_names_lines(&mut self) {
        let names_lines = |file: &FileRecord| file.parts.iter().any(|part| part.seen > 0);
        let named = self.files.iter().filter(|(_, file)| names_lines(file));
        let again: Vec<(String, ETag)> = named.map(|(key, file)| (key.clone(), file.etag.clone())).collect();
        for (key, etag) in again {
            self.replace_file(&key, FileRecord::seen(etag));
        }
    }

    /// Removes a file; what may have been sent of it stays recorded until the run is complete.
    pub fn forget_file(&mut self, key: &str) {
        if let Some(earlier) = self.files.remove(key)
            && !planted("replaced-content-forgotten")
        {
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
        Sent { parts, folders: self.uncertain, since: Some(self.started_at) }
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
            proof: Proof::default(),
        }
    }
}

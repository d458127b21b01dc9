//! The step that takes a file of a run, so that no other function works on it.
//!
//! ```text
//!             claim                     last row has its result
//!  Waiting ─────────▶ Working ───────────────────────────────▶ Delivered
//!                       │  ▲  │ cannot be read, Braze refuses the key
//!                       │  │  ├──────────────▶ Failed ──┐
//!                       │  │  │ doubtful identifiers    │
//!    out of time,       │  │  └──────────────▶ Held ────┤
//!    newer run, outage  ▼  │ claim                      │ claim
//!                    Unfinished ◀──────────────────────┘
//! ```

use jiff::Timestamp;

use super::feeder::{Feeder, Mappings, Ownership, ownership};
use super::lease::Lease;
use super::ledger::Ledger;
use super::run_record::{FileRecord, Phase, Progress, RunRecord};
use crate::bucket::ETag;
use crate::pattern::RunId;
use crate::planted::planted;
use crate::run::Order;

/// What a function wants to deliver.
#[derive(Clone, Debug)]
pub struct FileClaim<'a> {
    /// Whose file it is.
    pub feeder: &'a Feeder,
    /// The run that it belongs to.
    pub run: RunId,
    /// The run's place among the others, if it is not known yet.
    pub order: Order,
    /// The file.
    pub key: &'a str,
    /// Its content.
    pub etag: &'a ETag,
    /// The folder for the parts of this attempt, if it starts from the beginning.
    pub folder: String,
    /// The lease that is taken.
    pub lease: Lease,
    /// Whether a file that is delivered is read again.
    pub reread: bool,
    /// Whether all members of files that are new here are sent, unchanged ones as well.
    pub resend: bool,
    /// In how many rows of a file of the run, at most, a person has said that doubtful identifiers are right.
    pub allow_identifiers: Option<u64>,
    /// How many people or fields may differ in Braze, because a person has said that it is right.
    pub allow_differences: Option<u64>,
    /// All files of the run that were seen: from now on, the run is not complete without them.
    pub seen: &'a [(String, ETag)],
}

/// The result of the attempt to claim a file.
#[derive(Clone, Debug, PartialEq)]
pub enum ClaimAnswer {
    /// It is ours.
    Granted(Box<FileRecord>),
    /// This content has been delivered, or the run was undone.
    AlreadyDelivered,
    /// A newer run has begun.
    Superseded {
        /// Which one.
        by: RunId,
    },
    /// An operator said that the run is not to be delivered.
    Forgotten,
    /// Another function delivers this very content.
    LeasedElsewhere {
        /// When its lease ends unless it is renewed.
        until: Timestamp,
    },
    /// Something has to end first.
    Await {
        /// What it is.
        what: String,
    },
    /// The leavers of this run have to be sent first.
    CompleteFirst(RunId),
    /// Another segment feeds the attribute.
    OwnedBy(Feeder),
    /// The attribute has to be taken over first.
    TakeOverFirst,
}

/// Whether a file is still its owner's after a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteAnswer {
    /// It is, and the run is the newest.
    Ours,
    /// It is, but a newer run has begun.
    NewerRunBegan {
        /// Which one.
        by: RunId,
    },
    /// Another function took it, because the lease had ended.
    Lost,
}

impl Ledger {
    /// Records the progress of a file, if `owner` still holds its lease. `Working` renews the lease; anything else releases it.
    pub fn write_file(&mut self, run: RunId, key: &str, owner: &str, file: &FileRecord) -> WriteAnswer {
        let newer = self.runs.get(&run).and_then(|record| self.newer_than(run, record.order));
        let known = self.runs.get_mut(&run).and_then(|run| run.files.get_mut(key));
        let Some(known) = known.filter(|known| known.folder == file.folder) else {
            return WriteAnswer::Lost;
        };
        let written_before = known.progress == file.progress && known.parts == file.parts;
        let ours = matches!(&known.progress, Progress::Working { lease } if lease.owner == owner);
        if !ours && !written_before {
            return WriteAnswer::Lost;
        }
        known.clone_from(file);
        newer.map_or(WriteAnswer::Ours, |by| WriteAnswer::NewerRunBegan { by })
    }

    /// Claims a file. This also records a run that is new, so that functions that deliver an older one stop.
    pub fn claim(&mut self, claim: &FileClaim<'_>, mappings: &impl Mappings, now: Timestamp) -> ClaimAnswer {
        match ownership(mappings, Some(&self.feeder), claim.feeder) {
            Ownership::OwnedBy(owner) => return ClaimAnswer::OwnedBy(owner),
            Ownership::Owner if !self.vacant => {}
            Ownership::Owner | Ownership::TakesOver => return ClaimAnswer::TakeOverFirst,
        }
        if self.forgotten.contains(&claim.run) {
            return ClaimAnswer::Forgotten;
        }
        if self.retirement.as_ref().is_some_and(|retirement| retirement.is_worked_on(now)) {
            return ClaimAnswer::Await { what: "the retirement of the attribute".to_owned() };
        }
        self.abandon_retirement();
        if let Some(by) = self.newer_than(claim.run, claim.order).or_else(|| self.ended_before(claim.run))
            && !planted("older-run-over-a-newer-one")
        {
            self.note_superseded(claim.run);
            return ClaimAnswer::Superseded { by };
        }
        if self.is_undone(claim.run) {
            return ClaimAnswer::AlreadyDelivered;
        }
        let run = self.runs.entry(claim.run).or_insert_with(|| RunRecord::new(claim.order, now));
        run.enter(claim.seen, claim.resend);
        run.allow_identifiers = claim.allow_identifiers.or(run.allow_identifiers);
        run.allow_differences = claim.allow_differences.or(run.allow_differences);
        if let Some(answer) = self.others_first(claim.run, now) {
            return answer;
        }
        let Some(run) = self.runs.get_mut(&claim.run) else {
            return ClaimAnswer::LeasedElsewhere { until: now };
        };
        run.claim(claim, now)
    }

    /// Records that a file of a run was seen and is gone.
    pub fn note_missing(&mut self, run: RunId, order: Order, key: &str, now: Timestamp) {
        let past = self.newer_than(run, order).is_some() || self.ended_before(run).is_some();
        if past || self.forgotten.contains(&run) {
            return;
        }
        let record = self.runs.entry(run).or_insert_with(|| RunRecord::new(order, now));
        if matches!(record.phase, Phase::Open | Phase::Held { .. }) {
            record.enter(&[(key.to_owned(), ETag::new(""))], false);
        }
    }

    /// The run that took the place of `run`, which has ended: one of its files has come late.
    fn ended_before(&self, run: RunId) -> Option<RunId> {
        let ended = !self.runs.contains_key(&run) && self.history.iter().any(|past| past.run == run);
        self.newest_run().filter(|newest| ended && *newest != run)
    }

    /// Whether something older has to end before a file of `run` may be sent.
    fn others_first(&self, run: RunId, now: Timestamp) -> Option<ClaimAnswer> {
        if self.is_leased(now) {
            return Some(ClaimAnswer::Await { what: "the attribute as a whole".to_owned() });
        }
        let older = self.older_runs(run);
        for other in older.iter().copied().chain([run]) {
            let record = self.runs.get(&other)?;
            match &record.phase {
                Phase::Completing(completing) if completing.lease.as_ref().is_some_and(|lease| lease.holds(now)) => {
                    return Some(ClaimAnswer::Await { what: format!("the leavers of run {other}") });
                }
                Phase::Completing(_) => return Some(ClaimAnswer::CompleteFirst(other)),
                _ if other != run && record.is_worked_on(now) => {
                    return Some(ClaimAnswer::Await { what: format!("run {other}") });
                }
                _ => {}
            }
        }
        None
    }
}

impl RunRecord {
    /// Records files that were seen.
    pub fn enter(&mut self, seen: &[(String, ETag)], resend: bool) {
        for (key, etag) in seen {
            if !self.files.contains_key(key) {
                self.files.insert(key.clone(), FileRecord { resend, ..FileRecord::seen(etag.clone()) });
                if !matches!(self.phase, Phase::Completing(_)) {
                    self.phase = Phase::Open;
                }
            }
        }
    }

    fn claim(&mut self, claim: &FileClaim<'_>, now: Timestamp) -> ClaimAnswer {
        let known = self.files.get(claim.key);
        let same_content = known.filter(|known| known.etag == *claim.etag);
        let anew = match same_content.map(|known| &known.progress) {
            Some(Progress::Working { lease }) if lease.owner != claim.lease.owner && lease.holds(now) => {
                return ClaimAnswer::LeasedElsewhere { until: lease.until };
            }
            Some(Progress::Delivered) if !claim.reread => return ClaimAnswer::AlreadyDelivered,
            Some(Progress::Delivered | Progress::Waiting) | None => true,
            Some(Progress::Working { .. } | Progress::Unfinished | Progress::Failed { .. } | Progress::Held { .. }) => {
                false
            }
        };
        if anew {
            if let Some(Progress::Working { lease }) = known.map(|known| &known.progress)
                && lease.holds(now)
                && lease.owner != claim.lease.owner
            {
                return ClaimAnswer::Await { what: format!("an earlier content of {}", claim.key) };
            }
            let waits = |known: &&FileRecord| known.progress == Progress::Waiting;
            let resend = known.filter(waits).map_or(claim.resend, |known| known.resend);
            let record = FileRecord { folder: claim.folder.clone(), resend, ..FileRecord::seen(claim.etag.clone()) };
            self.replace_file(claim.key, record);
        }
        let Some(record) = self.files.get_mut(claim.key) else {
            return ClaimAnswer::LeasedElsewhere { until: now };
        };
        record.progress = Progress::Working { lease: claim.lease.clone() };
        ClaimAnswer::Granted(Box::new(record.clone()))
    }
}

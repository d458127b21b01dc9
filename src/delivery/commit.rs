//! Writes down what is certain: rejected rows and refusals as objects of their own, then the checkpoint in the ledger.

use std::ops::ControlFlow;

use super::chunk::RejectedRow;
use super::claim::Claim;
use super::segment::{LeaseEnd, SegmentDelivery};
use super::{DeliveryError, outstanding::DoneChunk};
use crate::bucket::Condition;
use crate::pattern::RunId;
use crate::report::Counts;
use crate::report::rejected::RejectedRows;
use crate::rows::{Header, Position};
use crate::run::FileToDeliver;
use crate::state::{Checkpoint, FileRecord, Lease, Part, PartWriter, Progress, StateError};

/// How often a lease is renewed while nothing else is written.
const RENEWAL: std::time::Duration = std::time::Duration::from_secs(5);

/// What the ledger says of the file after the next write.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) record: FileRecord,
    /// Refusals that are not stored yet, and the number that their part gets.
    refusals: Vec<(Part, bytes::Bytes)>,
    /// Rejected rows that are not stored yet.
    rejected: Vec<RejectedRow>,
    rejected_bytes: usize,
    /// How many bytes of rejected rows of the file are listed at most.
    max_rejected_bytes: u64,
    /// Whether there were more.
    rejected_in_part: bool,
    header: Option<Header>,
    /// What was done since the last write.
    since: Counts,
    owner: String,
    pub(super) lease_end: LeaseEnd,
    numbers: u64,
}

/// Whether the file is still ours after a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
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

impl Account {
    pub(super) fn new(claim: &Claim, max_rejected_bytes: u64) -> Self {
        let (owner, file) = (claim.owner.clone(), claim.file.clone());
        let until = match &file.progress {
            Progress::Working { lease } => lease.until,
            // A claim is always about a file that is worked on; without a lease nothing may be sent.
            _ => jiff::Timestamp::MIN,
        };
        Self {
            header: file.checkpoint.as_ref().map(|checkpoint| checkpoint.header.clone()),
            record: file,
            refusals: Vec::new(),
            rejected: Vec::new(),
            rejected_bytes: 0,
            max_rejected_bytes,
            rejected_in_part: false,
            since: Counts::default(),
            owner,
            lease_end: LeaseEnd::new(until),
            numbers: 0,
        }
    }

    /// The header of the file, from its beginning or from the checkpoint.
    pub(super) fn set_header(&mut self, header: Header) {
        self.header = Some(header);
    }

    /// The key of the next object of this delivery in the file's folder.
    fn next_key(&mut self, kind: &str) -> String {
        self.numbers += 1;
        format!("{}{}-{:06}{kind}", self.record.folder, self.owner, self.numbers)
    }

    /// Takes in a chunk whose rows all have their fate.
    pub(super) fn add(&mut self, chunk: DoneChunk) {
        let refusals = chunk.refusals();
        let written = self.record.parts.contains(&chunk.part);
        if !written {
            self.record.parts.push(chunk.part);
        }
        if let Some((bytes, rows)) = refusals.map(PartWriter::finish) {
            let part = Part { key: self.next_key("-refused.csv.gz"), rows, outdated: false };
            self.refusals.push((part.clone(), bytes));
            self.record.parts.push(part);
        }
        self.count(&chunk.counts);
        self.list(chunk.rejected);
        if let Some(header) = self.header.as_ref().filter(|_| !written) {
            self.record.checkpoint = Some(Checkpoint { header: header.clone(), position: chunk.position });
        }
    }

    /// Writes down a chunk that has not been answered.
    pub(super) fn write_early(&mut self, part: Part, position: Position) {
        self.record.parts.push(part);
        if let Some(header) = &self.header {
            self.record.checkpoint = Some(Checkpoint { header: header.clone(), position });
        }
    }

    /// Lists rejected rows as long as there is room for them.
    fn list(&mut self, rows: Vec<RejectedRow>) {
        for row in rows {
            let size = row.record.size() + row.reason.len();
            let listed = self.record.rejected_bytes.saturating_add(size as u64);
            if listed > self.max_rejected_bytes {
                // Nothing that follows is listed either: the first rows are, without a gap.
                self.record.rejected_bytes = self.max_rejected_bytes;
                self.rejected_in_part = true;
                return;
            }
            self.record.rejected_bytes = listed;
            self.rejected_bytes += size;
            self.rejected.push(row);
        }
    }

    /// Adds what has been done to the file's figures.
    pub(super) fn count(&mut self, done: &Counts) {
        self.record.counts.add(done);
        self.since.add(done);
    }

    /// Whether so much waits to be stored that it should not wait longer.
    pub(super) fn is_large(&self) -> bool {
        self.rejected_bytes > 2 * 1024 * 1024 || self.refusals.len() > 16
    }
}

impl SegmentDelivery {
    /// Stores what waits to be stored, then writes the file's record with `progress`. `Working` renews the lease.
    pub(super) async fn commit(
        &self,
        file: &FileToDeliver,
        mut account: Account,
        progress: Progress,
    ) -> Result<(Account, Standing), DeliveryError> {
        for (part, bytes) in std::mem::take(&mut account.refusals) {
            self.parts.write(&part.key, bytes).await?;
        }
        if account.rejected_in_part {
            account.record.notes.insert(format!(
                "{}: rejected.csv lists only the first {} bytes of rejected rows (max_rejected_bytes); \
                 rejected_reasons counts all of them",
                file.object.key, account.max_rejected_bytes
            ));
        }
        if !account.rejected.is_empty()
            && let Some(header) = &account.header
        {
            let mut piece = RejectedRows::new(header);
            for row in std::mem::take(&mut account.rejected) {
                piece.push(&row.record, &row.reason, row.line, &file.object.key);
            }
            let key = account.next_key("-rejected.csv");
            self.bucket.write(&key, piece.finish(), "text/csv; charset=utf-8", &Condition::Any).await?;
            account.record.rejected.push(key);
            account.rejected_bytes = 0;
        }
        let standing = self.write_record(file, &account, progress).await?;
        let since = std::mem::take(&mut account.since);
        if standing != Standing::Lost {
            self.note_work(|work| work.counts.add(&since));
        }
        Ok((account, standing))
    }

    /// Renews the lease every few seconds until `work` is done: what is known of millions of members takes a while to load.
    pub(super) async fn while_renewing<T>(
        &self,
        file: &FileToDeliver,
        account: &Account,
        work: impl Future<Output = Result<T, DeliveryError>>,
    ) -> Result<T, DeliveryError> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = tokio::time::sleep(RENEWAL) => {
                    let lease = Lease { owner: account.owner.clone(), until: self.lease_end(self.budget.now()) };
                    self.write_record(file, account, Progress::Working { lease }).await?;
                }
            }
        }
    }

    async fn write_record(
        &self,
        file: &FileToDeliver,
        account: &Account,
        progress: Progress,
    ) -> Result<Standing, StateError> {
        let now = self.budget.now();
        let answer = self
            .ledger
            .update(|ledger| {
                let Some(ledger) = ledger.as_mut() else {
                    return ControlFlow::Break(Standing::Lost);
                };
                let newer = ledger.newest_run().filter(|newest| *newest > file.run);
                let record = ledger.runs.get_mut(&file.run).and_then(|run| run.files.get_mut(&file.object.key));
                let unfenced = super::planted("lease-without-fencing");
                let Some(record) = record.filter(|record| record.folder == account.record.folder || unfenced) else {
                    return ControlFlow::Break(Standing::Lost);
                };
                let written_before = record.progress == progress && record.parts == account.record.parts;
                let ours = matches!(&record.progress, Progress::Working { lease } if lease.owner == account.owner);
                if !ours && !written_before && !unfenced {
                    return ControlFlow::Break(Standing::Lost);
                }
                *record = account.record.clone();
                record.progress = match &progress {
                    Progress::Working { .. } => {
                        Progress::Working { lease: Lease { owner: account.owner.clone(), until: self.lease_end(now) } }
                    }
                    other => other.clone(),
                };
                ControlFlow::Continue(newer.map_or(Standing::Ours, |by| Standing::NewerRunBegan { by }))
            })
            .await?;
        let (ControlFlow::Break(standing) | ControlFlow::Continue(standing)) = answer;
        if standing != Standing::Lost && matches!(progress, Progress::Working { .. }) {
            account.lease_end.renewed(self.lease_end(now));
        }
        Ok(standing)
    }
}

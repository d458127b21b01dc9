//! Writes down what is certain: rejected rows and refusals as objects of their own, then the checkpoint in the ledger.

use super::chunk::RejectedRow;
use super::claim::Claim;
use super::note::FileNote;
use super::segment::SegmentDelivery;
use super::{DeliveryError, outstanding::DoneChunk};
use crate::bucket::Condition;
use crate::pattern::RunId;
use crate::report::Counts;
use crate::report::rejected::RejectedRows;
use crate::rows::{Header, Position};
use crate::run::FileToDeliver;
use crate::state::{Checkpoint, FileRecord, LeaseKeeper, Part, Progress, StateError, WriteAnswer, part_key};

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
    pub(super) lease: LeaseKeeper,
    /// How many people or fields may differ in Braze, because a person has said that it is right.
    pub(super) allow_differences: Option<u64>,
    numbers: u64,
}

impl Account {
    pub(super) fn new(claim: &Claim, run: RunId, max_rejected_bytes: u64) -> Self {
        let file = claim.file.clone();
        Self {
            header: file.checkpoint.as_ref().map(|checkpoint| checkpoint.header.clone()),
            record: file,
            refusals: Vec::new(),
            rejected: Vec::new(),
            rejected_bytes: 0,
            max_rejected_bytes,
            rejected_in_part: false,
            since: Counts::default(),
            lease: claim.lease.clone(),
            allow_differences: claim.ledger.runs.get(&run).and_then(|run| run.allow_differences),
            numbers: 0,
        }
    }

    /// The columns of the file, if its header has been read.
    pub(super) fn columns(&self) -> Option<&[String]> {
        self.header.as_ref().map(|header| header.columns.as_slice())
    }

    /// The header of the file, from its beginning or from the checkpoint.
    pub(super) fn set_header(&mut self, header: Header) {
        self.header = Some(header);
    }

    /// The key of the next object of this delivery in the file's folder.
    fn next_key(&mut self, kind: &str) -> String {
        self.numbers += 1;
        format!("{}{}-{:06}{kind}", self.record.folder, self.lease.owner(), self.numbers)
    }

    /// Takes in a chunk whose rows all have a result.
    pub(super) fn add(&mut self, chunk: DoneChunk) {
        let refusals = chunk.refusals();
        let written = self.record.parts.contains(&chunk.part);
        if !written {
            self.record.parts.push(chunk.part);
        }
        if let Some(refusals) = refusals {
            let (bytes, part) = refusals.finish(&part_key(&self.next_key("-refused")));
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
    ) -> Result<(Account, WriteAnswer), DeliveryError> {
        for (part, bytes) in std::mem::take(&mut account.refusals) {
            self.parts.write(&part.key, bytes).await?;
        }
        if account.rejected_in_part {
            let note = FileNote::RejectedInPart { bytes: account.max_rejected_bytes };
            account.record.notes.insert(note.about(&file.object.key));
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
        tracing::debug!(rows = account.record.counts.rows.read, "progress is recorded");
        let since = std::mem::take(&mut account.since);
        if standing != WriteAnswer::Lost {
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
        let renew = |lease| async move {
            self.write_record(file, account, Progress::Working { lease }).await?;
            Ok(())
        };
        account.lease.keep_while(renew, work).await
    }

    async fn write_record(
        &self,
        file: &FileToDeliver,
        account: &Account,
        progress: Progress,
    ) -> Result<WriteAnswer, StateError> {
        let mut record = account.record.clone();
        record.progress = progress;
        let (run, key, owner) = (file.run, file.object.key.as_str(), account.lease.owner());
        let standing = self
            .ledger
            .update(|ledger| {
                let unfenced = crate::planted::planted("lease-without-fencing");
                ledger.as_mut().map_or(WriteAnswer::Lost, |ledger| {
                    if unfenced && let Some(known) = ledger.runs.get_mut(&run).and_then(|run| run.files.get_mut(key)) {
                        known.clone_from(&record);
                        return WriteAnswer::Ours;
                    }
                    ledger.write_file(run, key, owner, &record)
                })
            })
            .await?;
        if let (Progress::Working { lease }, true) = (&record.progress, standing != WriteAnswer::Lost) {
            account.lease.renewed(lease.until);
        }
        Ok(standing)
    }
}

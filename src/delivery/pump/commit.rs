//! Writes down what is certain while the file is sent, and at its end.

use tokio::io::AsyncRead;
use tokio::time::Instant;

use super::super::DeliveryError;
use super::super::chunk::Chunk;
use super::super::progress::Account;
use super::super::segment::SegmentDelivery;
use super::{CHECKPOINT, Pump, Stop};
use crate::braze::StopReason;
use crate::report::Counts;
use crate::state::{Part, Progress, WriteAnswer};

impl<'a, S: AsyncRead + Unpin + Send + 'a> Pump<'a, S> {
    /// Moves what is done into the account, once Braze has accepted something: if it keeps refusing everything, no row is
    /// rejected for it.
    pub(super) fn add_done(&mut self) {
        let Some(account) = self.account.as_mut().filter(|_| self.delivery.first_answers.same_refusal().is_none())
        else {
            return;
        };
        self.done.drain(..).for_each(|chunk| account.add(chunk));
    }

    /// Moves what is done into the account and begins to store it, if it is time.
    pub(super) fn begin_commit(&mut self) {
        self.add_done();
        let Some(account) = &mut self.account else {
            return;
        };
        let due = self.committed_at.elapsed() >= CHECKPOINT || account.is_large();
        if !due || self.committing.is_some() || matches!(self.stop, Some(Stop::Lost)) {
            return;
        }
        self.count_effort();
        if let Some(account) = self.account.take() {
            self.committed_at = Instant::now();
            self.committing = Some(Box::pin(self.delivery.commit(self.file, account, self.working())));
        }
    }

    pub(super) fn take_standing(&mut self, (account, standing): (Account, WriteAnswer)) {
        self.account = Some(account);
        match standing {
            WriteAnswer::Ours => {}
            WriteAnswer::NewerRunBegan { by } => {
                self.stop.get_or_insert(Stop::NewerRun(by));
            }
            WriteAnswer::Lost => self.stop = Some(Stop::Lost),
        }
    }

    pub(super) async fn last_commit(&mut self, progress: Progress) -> Result<WriteAnswer, DeliveryError> {
        if let Some(committing) = self.committing.take() {
            let (account, _) = committing.await?;
            self.account = Some(account);
        }
        self.collect_done();
        self.count_effort();
        let Some(mut account) = self.account.take() else {
            return Ok(WriteAnswer::Lost);
        };
        if !matches!(self.stop, Some(Stop::Refused(StopReason::EverythingRefused { .. }))) {
            self.done.drain(..).for_each(|chunk| account.add(chunk));
        }
        let (_, standing) = self.delivery.commit(self.file, account, progress).await?;
        Ok(standing)
    }

    /// Adds the requests and the time since the last write to the file's figures.
    pub(super) fn count_effort(&mut self) {
        let seconds = self.started.elapsed().as_secs_f64();
        if let Some(account) = &mut self.account {
            let requests = std::mem::take(&mut self.requests);
            let oddities = std::mem::take(&mut self.oddities);
            let seconds = seconds - self.seconds_counted;
            account.count(&Counts { requests, oddities, seconds, ..Counts::default() });
            self.seconds_counted = seconds;
        }
    }

    pub(super) fn working(&self) -> Progress {
        Progress::Working { lease: self.lease.renewal() }
    }
}

impl SegmentDelivery {
    /// Stores a chunk's part and its values, before any of its requests is sent.
    pub(super) async fn store_part(
        &self,
        mut chunk: Chunk,
        key: String,
        owner: &str,
        number: u64,
    ) -> Result<(Chunk, Part), DeliveryError> {
        let (bytes, part) = std::mem::take(&mut chunk.part).finish(&key);
        let values = std::mem::take(&mut chunk.values);
        chunk.lists_values = !values.is_empty();
        tokio::try_join!(self.parts.write(&part.key, bytes), async {
            if values.is_empty() {
                return Ok(());
            }
            let workspace = &self.export.connection.workspace;
            let list = self.keys.values(workspace, self.budget.now(), owner, number);
            self.parts.write(&list, values.finish()).await
        })?;
        Ok((chunk, part))
    }
}

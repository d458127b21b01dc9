//! Takes a file, so that no other function works on it, or says why it is not to be delivered.

use std::time::Duration;

use tokio::time::Instant;

use super::DeliveryError;
use super::complete::Completion;
use super::segment::{RunOptions, SegmentDelivery};
use super::take_over::TakenOver;
use crate::bucket::ETag;
use crate::config::SendRule;
use crate::pattern::RunId;
use crate::run::{FileToDeliver, Order};
use crate::state::{ClaimAnswer, FileClaim, FileRecord, LeaseKeeper, Ledger, Progress, StateError, StateKeys};

/// How long a delivery waits for the end of others before it leaves the file to a later attempt.
const LONGEST_WAIT: Duration = Duration::from_secs(45);

/// The first wait before the ledger is read again.
const FIRST_LOOK: Duration = Duration::from_millis(500);

/// The longest such wait. Each is half as long again as the one before, so that a long wait reads the ledger a few times only.
const LONGEST_LOOK: Duration = Duration::from_secs(4);

/// A file that this function, and no other, delivers.
#[derive(Debug)]
pub(super) struct Claim {
    /// The lease on it.
    pub(super) lease: LeaseKeeper,
    /// The file as the ledger has it.
    pub(super) file: FileRecord,
    /// The ledger at the moment of the claim.
    pub(super) ledger: Ledger,
}

impl Claim {
    /// Whether another file of the run has been delivered.
    pub(super) fn has_another_delivered(&self, file: &FileToDeliver) -> bool {
        let mut files = self.ledger.runs.get(&file.run).into_iter().flat_map(|run| &run.files);
        files.any(|(key, other)| *key != file.object.key && other.progress == Progress::Delivered)
    }
}

/// The result of the attempt to claim a file.
#[derive(Debug)]
pub(super) enum Claimed {
    /// It is ours.
    Granted(Box<Claim>),
    /// This content has been delivered.
    AlreadyDelivered,
    /// A newer run has begun.
    Superseded {
        /// Which one.
        by: RunId,
    },
    /// An operator said that the run is not to be delivered.
    Forgotten,
    /// Another function delivers this very content.
    LeasedElsewhere,
}

impl SegmentDelivery {
    /// Claims the file. Waits for functions that work on an older run or an older content, and finishes a run whose completion
    /// was started.
    pub(super) async fn claim(
        &self,
        file: &FileToDeliver,
        options: RunOptions,
        seen: &[(String, ETag)],
    ) -> Result<Claimed, DeliveryError> {
        self.find_state().await?;
        let give_up = (Instant::now() + LONGEST_WAIT).min(self.budget.stop_sending());
        let owner = self.new_owner();
        let mut seen_until = None;
        let mut look = FIRST_LOOK;
        let mut wait = async || {
            tokio::time::sleep(look).await;
            look = look.mul_f64(1.5).min(LONGEST_LOOK);
        };
        loop {
            let (answer, lease, ledger) = self.try_claim(file, options, &owner, seen).await?;
            let what = match answer {
                // A function that is alive renews its lease, and this one leaves. One that was killed does not: this one
                // takes over when the lease has ended.
                ClaimAnswer::LeasedElsewhere { until }
                    if seen_until.replace(until).is_none_or(|seen| seen == until) && Instant::now() < give_up =>
                {
                    wait().await;
                    continue;
                }
                ClaimAnswer::LeasedElsewhere { .. } => return Ok(Claimed::LeasedElsewhere),
                ClaimAnswer::Granted(file) => {
                    return Ok(Claimed::Granted(Box::new(Claim { lease, file: *file, ledger })));
                }
                ClaimAnswer::AlreadyDelivered => return Ok(Claimed::AlreadyDelivered),
                ClaimAnswer::Superseded { by } => return Ok(Claimed::Superseded { by }),
                ClaimAnswer::Forgotten => return Ok(Claimed::Forgotten),
                ClaimAnswer::OwnedBy(owner) => return Err(self.owned_by(owner)),
                ClaimAnswer::TakeOverFirst => match self.take_over().await? {
                    TakenOver::Done => continue,
                    TakenOver::Await { what } => {
                        wait().await;
                        what
                    }
                },
                ClaimAnswer::CompleteFirst(run) => {
                    let what = format!("the leavers of run {run}");
                    match Box::pin(self.complete(run, None)).await? {
                        Completion::Complete => {}
                        // Less time is left than they need; asking again and again would only write the ledger.
                        Completion::OutOfTime => return Err(DeliveryError::Busy { what }),
                        Completion::Held | Completion::LeasedElsewhere | Completion::NotNow => wait().await,
                    }
                    what
                }
                ClaimAnswer::Await { what } => {
                    wait().await;
                    // An erasure rewrites parts.
                    self.small_parts.clear();
                    what
                }
            };
            if Instant::now() >= give_up {
                return Err(DeliveryError::Busy { what });
            }
        }
    }

    async fn try_claim(
        &self,
        file: &FileToDeliver,
        options: RunOptions,
        owner: &str,
        seen: &[(String, ETag)],
    ) -> Result<(ClaimAnswer, LeaseKeeper, Ledger), DeliveryError> {
        let now = self.budget.now();
        let lease = self.lease_of(owner, now);
        let claim = FileClaim {
            feeder: &self.feeder,
            run: file.run,
            order: self.order_of(file),
            key: &file.object.key,
            etag: &file.object.etag,
            folder: self.keys.file_folder(file.run, &file.object.key, &file.object.etag, owner),
            lease: lease.clone(),
            reread: options.reread,
            resend: options.send == Some(SendRule::All),
            allow_identifiers: options.allow_identifiers,
            allow_differences: options.allow_differences,
            seen,
        };
        let mappings = self.feeds.of(&self.export.connection.workspace, &self.attribute);
        let (answer, ledger) = self
            .ledger
            .update(|ledger| {
                let Some(ledger) = ledger else {
                    let new = Ledger::new(self.attribute.clone(), self.feeder.clone());
                    return (ClaimAnswer::TakeOverFirst, new);
                };
                (ledger.claim(&claim, &mappings, now), ledger.clone())
            })
            .await?;
        Ok((answer, LeaseKeeper::new(lease, self.budget), ledger))
    }

    /// Records that a file of `run` was seen and is gone. Before the first delivery no one can leave, so nothing is recorded.
    pub async fn note_missing(&self, run: RunId, key: &str) -> Result<(), DeliveryError> {
        let now = self.budget.now();
        let order = Order::of(run, &self.export.time_zone, now);
        self.ledger
            .update(|ledger| {
                if let Some(ledger) = ledger.as_mut().filter(|ledger| ledger.feeder == self.feeder) {
                    ledger.note_missing(run, order, key, now);
                }
            })
            .await?;
        Ok(())
    }

    /// The place of the file's run among the runs of the segment, if it is not known yet.
    pub(super) fn order_of(&self, file: &FileToDeliver) -> Order {
        Order::of(file.run, &self.export.time_zone, file.object.last_modified)
    }

    /// The same for a run with these files.
    pub fn order_of_run(&self, run: RunId, files: &[FileToDeliver]) -> Order {
        let arrived = files.iter().map(|file| file.object.last_modified).min();
        Order::of(run, &self.export.time_zone, arrived.unwrap_or_else(|| self.budget.now()))
    }

    /// Without a ledger nothing may be on record: what an earlier format kept is moved, and a ledger that was lost is noticed.
    pub(super) async fn find_state(&self) -> Result<(), DeliveryError> {
        if self.ledger.last_seen().await?.is_some() {
            return Ok(());
        }
        self.former.move_all(&self.bucket, &self.api_keys, self.budget.now()).await?;
        if self.ledger.read().await?.is_some() {
            return Ok(());
        }
        let mut beside = self.bucket.keys(self.keys.everything()).await?;
        beside.retain(|key| !StateKeys::is_clock(key));
        // Another function that began at the same time has stored a ledger first.
        if beside.is_empty() || self.ledger.read().await?.is_some() {
            return Ok(());
        }
        Err(StateError::LedgerMissing { key: self.ledger.key().to_owned() }.into())
    }
}

//! Delivers the files of a run one after the other, and completes the run if it is known to be complete.

use jiff::{SignedDuration, Timestamp};

use super::DeliveryError;
use super::claim::{Claim, Claimed};
use super::complete::Completion;
use super::progress::Account;
use super::pump::{Pump, PumpEnd};
use super::segment::{Release, RunOptions, SegmentDelivery};
use super::stray::Sibling;
use super::tried::{FileEnd, Past, Tried};
use crate::bucket::{BucketError, ETag};
use crate::config::SendRule;
use crate::pattern::RunId;
use crate::report::{Proof, Report};
use crate::run::{Evidence, FileToDeliver};
use crate::state::{Progress, RunAnswer};

/// How often a delivery starts again because the file changed under its key.
const TRIES: u32 = 4;

/// A run that is later than now by more than this is refused: its name is a mistake.
const FUTURE: SignedDuration = SignedDuration::from_hours(24);

/// How a delivery of a run ended.
#[derive(Debug)]
pub struct DeliveryEnd {
    /// The report.
    pub report: Report,
    /// Whether another invocation has to continue because this one ran out of time.
    pub must_continue: bool,
    /// Whether the event that brought the delivery about has to come again.
    pub again: bool,
    /// Whether only an outage of Braze prevents the delivery.
    pub outage: bool,
}

impl SegmentDelivery {
    /// Delivers `files`, which all belong to `run`. `evidence` is what is known about the run beyond its `model.json`.
    ///
    /// A failure of one file does not prevent the others; the report contains it. An error is returned only if the report
    /// itself could not be made.
    #[tracing::instrument(
        name = "delivery",
        level = "error",
        skip_all,
        fields(export = %self.export.name, segment = %self.segment, %run)
    )]
    pub async fn deliver(
        &self,
        run: RunId,
        files: &[FileToDeliver],
        options: RunOptions,
        evidence: Evidence,
    ) -> Result<DeliveryEnd, DeliveryError> {
        let mut tried = Tried::default();
        match self.begin(run, files, options).await {
            Ok(()) => self.deliver_files(files, options, &mut tried).await,
            Err(error) => tried.failures.push(error),
        }
        if tried.may_continue() {
            let files = match self.ledger.last_seen().await? {
                Some(ledger) => self.described_differently(&ledger, run).await?,
                None => Vec::new(),
            };
            self.deliver_files(&files, RunOptions { reread: true, ..options }, &mut tried).await;
        }
        self.conclude(run, options, evidence, tried).await
    }

    /// Records what a person requested for the run, before anything is sent.
    async fn begin(&self, run: RunId, files: &[FileToDeliver], options: RunOptions) -> Result<(), DeliveryError> {
        if let Some(file) = files.first() {
            self.refuse_future(file).await?;
        }
        if let Some(release) = options.release {
            self.release(release).await?;
        }
        if options.send == Some(SendRule::All) {
            let seen = seen(files);
            let now = self.budget.now();
            self.find_state().await?;
            // The files of a run that is not known yet are marked when the first of them is taken.
            let answer =
                self.ledger.update(|ledger| ledger.as_mut().map(|ledger| ledger.resend(run, &seen, now))).await?;
            if answer == Some(RunAnswer::Busy) {
                return Err(DeliveryError::Busy { what: format!("run {run}") });
            }
        }
        Ok(())
    }

    async fn release(&self, Release { run, people }: Release) -> Result<(), DeliveryError> {
        let answer = self.ledger.update(|ledger| ledger.as_mut().map(|ledger| ledger.release(run, people))).await?;
        match answer {
            Some(RunAnswer::NotHeld { people: Some(held) }) => {
                Err(DeliveryError::NotReleased { run, held, asked: people })
            }
            // Not held now: the number is compared with the leavers of the run itself.
            _ => Ok(()),
        }
    }

    /// A run that is named after a time which is more than a day away is a mistake. If it were delivered, every real run after it
    /// would be superseded.
    pub(super) async fn refuse_future(&self, file: &FileToDeliver) -> Result<(), DeliveryError> {
        let latest = |now: Timestamp| now.checked_add(FUTURE).unwrap_or(Timestamp::MAX);
        let time = self.order_of(file).time();
        // A file is not stored later than now.
        if time <= latest(file.object.last_modified) || time <= latest(self.clock().await?) {
            return Ok(());
        }
        Err(DeliveryError::InFuture { run: file.run })
    }

    async fn deliver_files(&self, files: &[FileToDeliver], options: RunOptions, tried: &mut Tried) {
        let seen = seen(files);
        let mut unlike = Vec::new();
        // The last file wins if a member is in several: delivering it first avoids sending the member twice.
        for file in files.iter().rev() {
            match self.deliver_file(file, options, &seen).await {
                Ok(end) => tried.note(&end),
                Err(error @ DeliveryError::Match { .. }) => unlike.push((file, error)),
                Err(error) => {
                    let nothing_goes = error.is_about_everything();
                    tried.fail(file, error);
                    if nothing_goes {
                        break;
                    }
                }
            }
            if tried.out_of_time || tried.past.is_some() {
                break;
            }
        }
        // Now that others of the run are delivered, such a file may turn out to be no part of it.
        for (file, error) in unlike {
            match if tried.sent { self.deliver_file(file, options, &seen).await } else { Err(error) } {
                Ok(end) => tried.note(&end),
                Err(error) => tried.fail(file, error),
            }
        }
    }

    async fn conclude(
        &self,
        run: RunId,
        options: RunOptions,
        evidence: Evidence,
        mut tried: Tried,
    ) -> Result<DeliveryEnd, DeliveryError> {
        let mut completion = None;
        if tried.may_continue() {
            match self.complete_if_fully_delivered(run, options.release, evidence).await {
                Ok(end) => completion = end,
                Err(error) => tried.failures.push(error),
            }
        }
        if tried.failures.is_empty() && !tried.out_of_time {
            self.read_back_sample(run).await;
        }
        let (outcome, message) = tried.outcome(completion);
        tracing::debug!(?outcome, "the delivery ends");
        let report = self.report(run, outcome, message, tried.sent).await?;
        let out_of_time = tried.out_of_time || completion == Some(Completion::OutOfTime);
        let is_held = tried.is_held();
        if is_held {
            self.note_work(|work| work.held = true);
        }
        Ok(DeliveryEnd {
            again: (!is_held && tried.failures.iter().any(DeliveryError::may_pass)) || report.rows.unaccounted() > 0,
            must_continue: out_of_time,
            outage: !tried.failures.is_empty() && tried.failures.iter().all(DeliveryError::is_outage),
            report,
        })
    }

    async fn complete_if_fully_delivered(
        &self,
        run: RunId,
        release: Option<Release>,
        evidence: Evidence,
    ) -> Result<Option<Completion>, DeliveryError> {
        if !self.is_fully_delivered(run, evidence).await? {
            return Ok(None);
        }
        self.demand_consent()?;
        for _ in 0..TRIES {
            match Box::pin(
                self.complete(run, release.filter(|release| release.run == run).map(|release| release.people)),
            )
            .await?
            {
                // Another file was delivered between the comparison and the decision, so both begin again.
                Completion::NotNow if self.is_fully_delivered(run, evidence).await? => {}
                end => return Ok(Some(end)),
            }
        }
        Ok(Some(Completion::NotNow))
    }

    async fn deliver_file(
        &self,
        file: &FileToDeliver,
        options: RunOptions,
        seen: &[(String, ETag)],
    ) -> Result<FileEnd, DeliveryError> {
        self.demand_consent()?;
        let mut file = file.clone();
        for _ in 0..TRIES {
            match Box::pin(self.deliver_content(&file, options, seen)).await {
                Err(DeliveryError::Bucket(BucketError::Changed { .. } | BucketError::Missing { .. })) => {}
                other => return other,
            }
            // The file was overwritten or taken away since it was found.
            match self.bucket.summary(&file.object.key).await? {
                Some(object) if object.size > 0 => file.object = object,
                _ => return Ok(FileEnd::Gone),
            }
        }
        Err(DeliveryError::Busy { what: format!("{}, which is being overwritten", file.object.key) })
    }

    #[tracing::instrument(name = "file", level = "error", skip_all, fields(key = file.object.key))]
    async fn deliver_content(
        &self,
        file: &FileToDeliver,
        options: RunOptions,
        seen: &[(String, ETag)],
    ) -> Result<FileEnd, DeliveryError> {
        if self.budget.is_spent() {
            return Ok(FileEnd::OutOfTime);
        }
        let claim = match self.claim(file, options, seen).await? {
            Claimed::Granted(claim) => *claim,
            Claimed::AlreadyDelivered => return Ok(FileEnd::AlreadyDelivered),
            Claimed::Superseded { by } => return Ok(FileEnd::Past(Past::Superseded { by })),
            Claimed::Forgotten => return Ok(FileEnd::Past(Past::Forgotten)),
            Claimed::LeasedElsewhere => return Ok(FileEnd::LeasedElsewhere),
        };
        let resumed_at_line = claim.file.checkpoint.as_ref().map(|checkpoint| checkpoint.position.line);
        tracing::debug!(resumed_at_line, "the file is claimed");
        let mut account = Account::new(&claim, file.run, self.export.csv.max_rejected_bytes);
        match Box::pin(self.send_file(file, options, claim, account.clone())).await {
            Ok(end) => Ok(end),
            Err(Unsent::Sending(error)) => Err(error),
            Err(Unsent::Stray(note)) => {
                account.record.notes.insert(note);
                self.commit(file, account, Progress::Delivered).await?;
                Ok(FileEnd::Ignored)
            }
            Err(Unsent::Opening(error)) => {
                if let DeliveryError::NotProven { proof: Some(proof), .. } = &error {
                    account.record.proof = Proof { trial: account.record.proof.trial.take(), ..Proof::clone(proof) };
                }
                let progress = match &error {
                    DeliveryError::Bucket(BucketError::Changed { .. } | BucketError::Missing { .. }) => {
                        Progress::Unfinished
                    }
                    error => error.to_progress(),
                };
                self.commit(file, account, progress).await?;
                Err(error)
            }
        }
    }

    /// What becomes of a file that can't be opened.
    async fn unopened(&self, file: &FileToDeliver, claim: &Claim, error: DeliveryError) -> Unsent {
        let run = claim.ledger.runs.get(&file.run);
        let siblings: Vec<Sibling<'_>> = run.into_iter().flat_map(Sibling::delivered).collect();
        match self.note_of_stray(file, &error, &siblings).await {
            Ok(Some(note)) => Unsent::Stray(note),
            Ok(None) => Unsent::Opening(error),
            Err(error) => Unsent::Opening(error),
        }
    }

    async fn send_file(
        &self,
        file: &FileToDeliver,
        options: RunOptions,
        claim: Claim,
        mut account: Account,
    ) -> Result<FileEnd, Unsent> {
        let key =
            self.api_keys.get(&self.export.connection.secret).await.map_err(|error| Unsent::Opening(error.into()))?;
        let renewing = account.clone();
        let opening = self.open(file, options, &claim, &mut account);
        let builder = match Box::pin(self.while_renewing(file, &renewing, opening)).await {
            Ok(builder) => builder,
            Err(error) => return Err(self.unopened(file, &claim, error).await),
        };
        let trial = self.trial_of(file.run, &claim, &account);
        drop(claim);
        let pump = Pump::new(self, file, key, builder, account).beginning_with(trial);
        let end = Box::pin(pump.run()).await.map_err(Unsent::Sending)?;
        Ok(match end {
            PumpEnd::Delivered => FileEnd::Delivered,
            PumpEnd::OutOfTime => FileEnd::OutOfTime,
            PumpEnd::Lost => FileEnd::LeasedElsewhere,
            PumpEnd::NewerRunBegan { by } => FileEnd::Past(Past::Superseded { by }),
        })
    }
}

/// Where a delivery ended: before anything was sent, so that the claim is still to be given back, or later.
enum Unsent {
    /// The file is no part of the run, as the note says.
    Stray(String),
    Opening(DeliveryError),
    Sending(DeliveryError),
}

/// The files as they were found.
fn seen(files: &[FileToDeliver]) -> Vec<(String, ETag)> {
    files.iter().map(|file| (file.object.key.clone(), file.object.etag.clone())).collect()
}

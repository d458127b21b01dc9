//! Delivers the files of a run one after the other, and completes the run if it is known to be whole.

use super::DeliveryError;
use super::claim::{Claim, Claimed};
use super::commit::Account;
use super::complete::Completion;
use super::pump::{Pump, PumpEnd};
use super::segment::{RunOptions, SegmentDelivery};
use super::stray::Sibling;
use crate::bucket::BucketError;
use crate::message::{Coded, Message};
use crate::pattern::RunId;
use crate::report::{Outcome, Report, ReportMessage};
use crate::run::{Evidence, FileToDeliver};
use crate::state::{Lease, Progress};

/// How often a delivery starts anew because the file changed under its key.
const TRIES: u32 = 4;

/// How a delivery of a run ended.
#[derive(Debug)]
pub struct DeliveryEnd {
    /// What is to be told.
    pub report: Report,
    /// Whether another invocation has to go on where this one ran out of time.
    pub goes_on: bool,
    /// Whether the event that brought the delivery about has to come again.
    pub again: bool,
    /// Whether nothing but an outage of Braze is in the way.
    pub outage: bool,
}

/// How the delivery of one file ended.
#[derive(Debug)]
enum FileEnd {
    Delivered,
    AlreadyDelivered,
    Superseded {
        by: RunId,
    },
    InOtherHands,
    OutOfTime,
    /// It is no part of the run.
    Ignored,
    /// No object has this key any more.
    Gone,
}

/// How a run stands after its files have been tried.
#[derive(Debug, Default)]
struct Tried {
    failures: Vec<DeliveryError>,
    out_of_time: bool,
    in_other_hands: bool,
    superseded: Option<RunId>,
    sent: bool,
}

impl SegmentDelivery {
    /// Delivers `files`, which all belong to `run`. `evidence` is what is known of the run beyond its `model.json`.
    ///
    /// A failure of one file does not keep the others; it is told in the report. An error is returned only if not even
    /// a report could be made.
    pub async fn deliver(
        &self,
        run: RunId,
        files: &[FileToDeliver],
        options: RunOptions,
        evidence: Evidence,
    ) -> Result<DeliveryEnd, DeliveryError> {
        let mut tried = Tried::default();
        self.deliver_files(files, options, &mut tried).await;
        if tried.failures.is_empty() && !tried.out_of_time && tried.superseded.is_none() {
            let files = match self.ledger.last_seen().await? {
                Some(ledger) => self.described_otherwise(&ledger, run).await?,
                None => Vec::new(),
            };
            self.deliver_files(&files, RunOptions { reread: true, ..options }, &mut tried).await;
        }
        self.conclude(run, options, evidence, tried).await
    }

    async fn deliver_files(&self, files: &[FileToDeliver], options: RunOptions, tried: &mut Tried) {
        let mut unlike = Vec::new();
        for file in files {
            match self.deliver_file(file, options).await {
                Ok(end) => tried.note(&end),
                Err(error @ DeliveryError::Match { .. }) => unlike.push((file, error)),
                Err(error) => tried.fail(file, error),
            }
            if tried.out_of_time || tried.superseded.is_some() {
                break;
            }
        }
        // Now that others of the run are delivered, such a file may turn out to be no part of it.
        for (file, error) in unlike {
            match if tried.sent { self.deliver_file(file, options).await } else { Err(error) } {
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
        if tried.failures.is_empty() && !tried.out_of_time && tried.superseded.is_none() {
            match self.complete_if_whole(run, options, evidence).await {
                Ok(end) => completion = end,
                Err(error) => tried.failures.push(error),
            }
        }
        let (outcome, message) = tried.outcome(completion);
        let report = self.report(run, outcome, message, tried.sent).await?;
        let out_of_time = tried.out_of_time || completion == Some(Completion::OutOfTime);
        let is_held = tried.is_held();
        if is_held {
            self.note_work(|work| work.held = true);
        }
        Ok(DeliveryEnd {
            again: (!tried.failures.is_empty() && !is_held) || report.outcome == Outcome::Failed,
            goes_on: out_of_time,
            outage: !tried.failures.is_empty() && tried.failures.iter().all(DeliveryError::is_outage),
            report,
        })
    }

    async fn complete_if_whole(
        &self,
        run: RunId,
        options: RunOptions,
        evidence: Evidence,
    ) -> Result<Option<Completion>, DeliveryError> {
        if !self.is_whole(run, evidence).await? {
            return Ok(None);
        }
        self.demand_consent()?;
        for _ in 0..TRIES {
            match Box::pin(self.complete(run, options.allow_leavers)).await? {
                // Another file was delivered between the comparison and the decision, so both begin again.
                Completion::NotNow if self.is_whole(run, evidence).await? => {}
                end => return Ok(Some(end)),
            }
        }
        Ok(Some(Completion::NotNow))
    }

    async fn deliver_file(&self, file: &FileToDeliver, options: RunOptions) -> Result<FileEnd, DeliveryError> {
        self.demand_consent()?;
        let mut file = file.clone();
        for _ in 0..TRIES {
            match Box::pin(self.deliver_content(&file, options)).await {
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

    async fn deliver_content(&self, file: &FileToDeliver, options: RunOptions) -> Result<FileEnd, DeliveryError> {
        if self.budget.is_spent() {
            return Ok(FileEnd::OutOfTime);
        }
        let claim = match self.claim(file, options).await? {
            Claimed::Granted(claim) => *claim,
            Claimed::AlreadyDelivered => return Ok(FileEnd::AlreadyDelivered),
            Claimed::Superseded { by } => return Ok(FileEnd::Superseded { by }),
            Claimed::InOtherHands { .. } => return Ok(FileEnd::InOtherHands),
            Claimed::ConfiguredAnew => return Err(DeliveryError::ConfiguredAnew),
        };
        let mut account = Account::new(&claim, self.export.csv.max_rejected_bytes);
        match Box::pin(self.send_file(file, options, claim, account.clone())).await {
            Ok(end) => Ok(end),
            Err(Unsent::Sending(error)) => Err(error),
            Err(Unsent::Stray(note)) => {
                account.record.notes.insert(note);
                self.commit(file, account, Progress::Delivered).await?;
                Ok(FileEnd::Ignored)
            }
            Err(Unsent::Opening(error)) => {
                let progress = match &error {
                    DeliveryError::Bucket(BucketError::Changed { .. } | BucketError::Missing { .. }) => {
                        Progress::Unfinished
                    }
                    error if error.is_hold() => Progress::Held { message: error.to_string() },
                    error => Progress::Failed { message: error.to_string() },
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
        let lease = Lease { owner: claim.owner, until: self.budget.ends_at() };
        drop(claim.ledger);
        let pump = Pump::new(self, file, key, builder, account, &lease);
        let end = Box::pin(pump.run()).await.map_err(Unsent::Sending)?;
        Ok(match end {
            PumpEnd::Delivered => FileEnd::Delivered,
            PumpEnd::OutOfTime => FileEnd::OutOfTime,
            PumpEnd::Lost => FileEnd::InOtherHands,
            PumpEnd::NewerRunBegan { by } => FileEnd::Superseded { by },
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

impl Tried {
    fn fail(&mut self, file: &FileToDeliver, error: DeliveryError) {
        tracing::warn!(key = file.object.key, %error, "can't deliver a file");
        self.failures.push(error);
    }

    fn note(&mut self, end: &FileEnd) {
        match end {
            FileEnd::Delivered => self.sent = true,
            FileEnd::AlreadyDelivered | FileEnd::Ignored | FileEnd::Gone => {}
            FileEnd::Superseded { by } => self.superseded = Some(*by),
            FileEnd::InOtherHands => self.in_other_hands = true,
            FileEnd::OutOfTime => self.out_of_time = true,
        }
    }

    /// Whether nothing but a person's decision is in the way.
    fn is_held(&self) -> bool {
        !self.failures.is_empty() && self.failures.iter().all(DeliveryError::is_hold)
    }

    fn outcome(&self, completion: Option<Completion>) -> (Outcome, Message) {
        if let Some(by) = self.superseded {
            return (Outcome::Superseded, ReportMessage::Superseded { by }.to_message());
        }
        if !self.failures.is_empty() {
            let mut all: Vec<String> = self.failures.iter().map(ToString::to_string).collect();
            // Files that fail for the same reason share one message.
            all.dedup();
            let busy = self
                .failures
                .iter()
                .all(|error| matches!(error, DeliveryError::Busy { .. } | DeliveryError::ConfiguredAnew));
            let outcome = match busy {
                true => Outcome::Unfinished,
                false if self.is_held() => Outcome::Held,
                false => Outcome::Failed,
            };
            let code = self.failures.first().map(|error| error.code().to_owned()).unwrap_or_default();
            return (outcome, Message { text: all.join("\n"), code });
        }
        if self.out_of_time || completion == Some(Completion::OutOfTime) {
            return (Outcome::Unfinished, ReportMessage::TimeLimit.to_message());
        }
        if self.in_other_hands || completion == Some(Completion::InOtherHands) {
            return (Outcome::Unfinished, ReportMessage::AnotherInvocation.to_message());
        }
        match completion {
            Some(Completion::Complete) if self.sent => (Outcome::Delivered, ReportMessage::Delivered.to_message()),
            Some(Completion::Complete) => (Outcome::Delivered, ReportMessage::DeliveredAlready.to_message()),
            Some(Completion::Held) => (Outcome::Held, Message::default()),
            _ => (Outcome::Waiting, ReportMessage::Waiting.to_message()),
        }
    }
}

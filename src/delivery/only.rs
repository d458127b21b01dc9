//! Sends one person of a run, regardless of what was delivered, and reads them back: to try a connection or a mapping.
//!
//! The person is recorded before they are sent, among those who were sent besides runs. So they leave like anyone else if no
//! later run has them, and are sent again by the next run that does.

use super::DeliveryError;
use super::batch::Batch;
use super::chunk::OwnedIdentifier;
use super::segment::{RunOptions, SegmentDelivery};
use super::take_over::TakenOver;
use crate::braze::{ObjectResult, TrackRequest};
use crate::config::SendRule;
use crate::message::{Coded, Message};
use crate::pattern::RunId;
use crate::proof::Sent;
use crate::report::{Outcome, Proof, Report, ReportMessage, Rows};
use crate::run::FileToDeliver;
use crate::state::{EmailHash, Fingerprint, Ledger, MemberKey, PartRow, PartWriter, RunAnswer, part_key};

/// How often the attribute is taken over before another function goes first.
const TRIES: u32 = 4;

/// The person, as the run has them.
struct Found {
    identifier: OwnedIdentifier,
    email: Option<EmailHash>,
    object: Vec<u8>,
    data_points: u64,
}

impl SegmentDelivery {
    /// Sends the object of `who` as `files` of `run` have it, and reports what Braze shows of it.
    pub async fn deliver_only(
        &self,
        run: RunId,
        files: &[FileToDeliver],
        who: MemberKey,
    ) -> Result<Report, DeliveryError> {
        let started_at = self.budget.now();
        self.demand_consent()?;
        if let Some(file) = files.first() {
            self.refuse_future(file).await?;
        }
        let ledger = self.owned_ledger().await?;
        let ended = |outcome, message: ReportMessage| {
            let Message { text, code } = message.to_message();
            Report { run: Some(run), outcome, message: text, code, ..self.blank_report(started_at) }
        };
        if let Some(by) = ledger.newer_than(run, self.order_of_run(run, files)) {
            return Ok(ended(Outcome::Superseded, ReportMessage::Superseded { by }));
        }
        let Some(found) = Box::pin(self.find_one(run, files, &ledger, who)).await? else {
            return Ok(ended(Outcome::Failed, ReportMessage::OneNotFound));
        };
        self.record_one(run, &found).await?;
        let mut request = TrackRequest::default();
        request.push(&found.object);
        let key = self.api_keys.get(&self.export.connection.secret).await?;
        let outcome = self.braze.track(&request, &key, self.budget.stop_waiting()).await;
        if let Some(reason) = outcome.stop {
            return Err(DeliveryError::Refused(reason));
        }
        let mut report = ended(Outcome::Delivered, ReportMessage::OneSent);
        report.requests = outcome.requests;
        if let Some(ObjectResult::Rejected(reason)) = outcome.objects.into_iter().next() {
            report.outcome = Outcome::Failed;
            report.rows = Rows { read: 1, rejected: 1, ..Rows::default() };
            report.message.clone_from(&reason);
            report.rejected_reasons.insert(reason, 1);
        } else {
            report.rows = Rows { read: 1, accepted: 1, ..Rows::default() };
            report.data_points = found.data_points;
            let people: Vec<Sent> = Sent::of(&found.object).into_iter().collect();
            report.proof = match self.read_back(&people, &key, started_at).await {
                Ok(read) => Proof { read_back: Some(read), ..Proof::default() },
                Err(unread) => Proof { unchecked: [unread.with_code()].into(), ..Proof::default() },
            };
        }
        report.finished_at = self.budget.now();
        report.seconds = report.finished_at.duration_since(started_at).as_secs_f64();
        self.log(&report);
        Ok(report)
    }

    /// The ledger of the attribute, which the segment feeds.
    async fn owned_ledger(&self) -> Result<Ledger, DeliveryError> {
        self.find_state().await?;
        let mut what = String::new();
        for _ in 0..TRIES {
            match self.take_over().await? {
                TakenOver::Done => {
                    if let Some(ledger) = self.ledger.read().await? {
                        return Ok(ledger);
                    }
                }
                TakenOver::Await { what: other } => what = other,
            }
        }
        Err(DeliveryError::Busy { what })
    }

    async fn find_one(
        &self,
        run: RunId,
        files: &[FileToDeliver],
        ledger: &Ledger,
        who: MemberKey,
    ) -> Result<Option<Found>, DeliveryError> {
        let options = RunOptions { send: Some(SendRule::All), ..RunOptions::default() };
        // The last file wins if someone is in several.
        for file in files.iter().rev() {
            let mut known = self.load_known(ledger, run, None).await?;
            let elsewhere = self.sent_elsewhere(ledger, run, &mut known).await?;
            let mut builder = self.open_rows(file, options, (known, elsewhere), None).await?.builder;
            loop {
                let chunk = builder.next_chunk().await;
                let chunk = chunk.map_err(|source| DeliveryError::Read { key: file.object.key.clone(), source })?;
                let mut batches = chunk.requests.iter().chain(&chunk.alone);
                if let Some(found) = batches.find_map(|batch| one_of(batch, who)) {
                    return Ok(Some(found));
                }
                if chunk.last {
                    break;
                }
            }
        }
        Ok(None)
    }

    /// Records the person before they are sent.
    async fn record_one(&self, run: RunId, found: &Found) -> Result<(), DeliveryError> {
        let key = part_key(&format!("{}only-{}", self.keys.run_folder(run), self.new_owner()));
        let mut part = PartWriter::new();
        part.push(PartRow::member(found.identifier.as_identifier(), found.email, Fingerprint::UNKNOWN));
        let (bytes, part) = part.finish(&key);
        self.parts.write(&key, bytes).await?;
        let now = self.budget.now();
        let busy = || DeliveryError::Busy { what: "the attribute".to_owned() };
        match self.change(|ledger| ledger.note_one(part.clone(), now)).await? {
            Some(RunAnswer::Done) => Ok(()),
            _ => Err(busy()),
        }
    }
}

/// The person's object in a request.
fn one_of(batch: &Batch, who: MemberKey) -> Option<Found> {
    (0..batch.len()).find_map(|index| {
        let (identifier, email) = batch.member(index).filter(|(identifier, _)| MemberKey::of(*identifier) == who)?;
        Some(Found {
            identifier: OwnedIdentifier::of(identifier),
            email,
            object: batch.request.object(index)?.to_vec(),
            data_points: batch.data_points(index),
        })
    })
}

//! Says what happened: the report of a run, made from the ledger, and the files that hold it.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;

use super::DeliveryError;
use super::segment::SegmentDelivery;
use super::undo::undone_message;
use crate::braze::Requests;
use crate::bucket::{BucketError, Condition, ETag, Piece};
use crate::message::{Coded, Message};
use crate::page;
use crate::pattern::RunId;
use crate::report::examples::{Examples, RejectedExample};
use crate::report::rejected::RejectedRows;
use crate::report::{Counts, Members, Outcome, Proof, Report, ReportMessage, ReportedFile, Rows};
use crate::rows::Header;
use crate::state::{Ledger, Phase, Progress, RunRecord};

/// How often a report is made again because the run changed, or another function stored its report, in the meantime. That
/// function looks at the run again afterwards, so its report is the last one.
const TRIES: u32 = 5;

const REJECTED_TYPE: &str = "text/csv; charset=utf-8";
/// The most pieces of rejected rows that are searched for examples.
const PIECES_LOOKED_AT: usize = 8;
/// How long a beginning is, in bytes.
const BEGINNING: usize = 64 * 1024;

impl SegmentDelivery {
    /// The report of `run` as the ledger has it, with what this invocation says of it. Stored as `report.json` with
    /// `rejected.csv` beside it, and logged. If nothing was `sent` and nothing is new, the earlier report stays.
    pub(super) async fn report(
        &self,
        run: RunId,
        outcome: Outcome,
        message: Message,
        sent: bool,
    ) -> Result<Report, DeliveryError> {
        // First the stored report and then the ledger: the other way round, a report stored in between would be replaced.
        let StoredReport { report: last_report, mut tag } = self.stored_report(run).await?;
        // After something was sent, the report is stored, and the ledger read again.
        let mut ledger = if sent { self.ledger.last_seen().await? } else { self.ledger.read().await? };
        let mut report = self.make_report(ledger.as_ref(), run, outcome, message.clone());
        let news = sent || is_news(&report, last_report.as_ref());
        for _ in 0..if news { TRIES } else { 0 } {
            let known = ledger.as_ref().is_some_and(|ledger| ledger.runs.contains_key(&run));
            // The report of a past run is not replaced because its file came again, and a delayed write does not replace a
            // newer report.
            let condition = tag.filter(|_| known).map_or(Condition::Absent, Condition::Unchanged);
            let record = ledger.as_ref().and_then(|ledger| ledger.runs.get(&run));
            let with_page = async {
                let examples = match record {
                    Some(record) => self.store_rejected(run, record).await?,
                    None => Vec::new(),
                };
                let condition = if known { Condition::Any } else { Condition::Absent };
                self.store_page(&report, &examples, &condition).await;
                Ok(())
            };
            // Neither gives up because the other fails.
            let (stored, shown): (_, Result<(), DeliveryError>) =
                tokio::join!(Box::pin(self.store_report(&report, &condition)), Box::pin(with_page));
            let stored = stored.and_then(|stored| shown.map(|()| stored))?;
            tag = if stored.is_some() || !known { stored.clone() } else { self.stored_report(run).await?.tag };
            let after = self.ledger.read().await?;
            let unchanged = after.as_ref().map(|ledger| ledger.runs.get(&run))
                == ledger.as_ref().map(|ledger| ledger.runs.get(&run));
            if unchanged && (stored.is_some() || !known) {
                break;
            }
            ledger = after;
            report = self.make_report(ledger.as_ref(), run, outcome, message.clone());
        }
        let unaccounted = report.rows.unaccounted();
        if unaccounted > 0 {
            report.outcome = Outcome::Failed;
            let Message { text, code } = DeliveryError::Unaccounted { run, rows: unaccounted }.to_message();
            (report.message, report.code) = (text, code);
            self.store_report(&report, &Condition::Any).await?;
            self.store_page(&report, &[], &Condition::Any).await;
        }
        self.log(&report);
        Ok(report)
    }

    /// Stores the report of a run again, which says that it was undone. Nothing depends on it, so a failure is only logged.
    pub(super) async fn report_undone(&self, run: RunId) {
        let storing = async {
            let ledger = self.ledger.read().await?;
            let report = self.make_report(ledger.as_ref(), run, Outcome::Waiting, Message::default());
            let Some(record) = ledger.as_ref().and_then(|ledger| ledger.runs.get(&run)) else { return Ok(()) };
            let examples = self.store_rejected(run, record).await?;
            self.store_report(&report, &Condition::Any).await?;
            self.store_page(&report, &examples, &Condition::Any).await;
            Ok::<_, DeliveryError>(())
        };
        if let Err(error) = storing.await {
            tracing::warn!(%error, "can't store the report of an undone run");
        }
    }

    /// Whether the report of `run` says how it ended: a function may have been killed after it ended the run and before it
    /// stored the report. A report with other rows than the ledger is of an earlier delivery of the run.
    pub async fn has_final_report(&self, ledger: &Ledger, run: RunId) -> Result<bool, DeliveryError> {
        let stored = self.stored_report(run).await?.report;
        let rows = ledger.runs.get(&run).map(|record| record.counts().rows);
        Ok(stored.is_some_and(|stored| {
            let is_final = stored.outcome.is_delivered() || stored.outcome == Outcome::Held;
            is_final && rows.is_none_or(|rows| rows == stored.rows)
        }))
    }

    /// Whether the report of `run` says that it failed.
    pub async fn is_reported_as_failed(&self, run: RunId) -> Result<bool, DeliveryError> {
        Ok(self.stored_report(run).await?.report.is_some_and(|report| report.outcome == Outcome::Failed))
    }

    /// Why `run`, or a file of it, could not be delivered; `None` if nothing of it has failed, or if a newer run has begun.
    pub async fn failure(&self, run: RunId) -> Result<Option<String>, DeliveryError> {
        // A state that cannot be read is a failure in the report.
        let ledger = self.ledger.read().await.ok().flatten().filter(|ledger| ledger.feeder == self.feeder);
        if ledger.as_ref().is_some_and(|ledger| {
            ledger.runs.get(&run).is_some_and(|record| ledger.newer_than(run, record.order).is_some())
        }) {
            return Ok(None);
        }
        let failed = ledger.as_ref().and_then(|ledger| ledger.runs.get(&run)).and_then(|record| {
            record.files.values().find_map(|file| match &file.progress {
                Progress::Failed { message, .. } => Some(message.clone()),
                _ => None,
            })
        });
        if failed.is_some() {
            return Ok(failed);
        }
        let stored = self.stored_report(run).await?.report.filter(|report| report.outcome == Outcome::Failed);
        Ok(stored.map(|report| report.message))
    }

    async fn stored_report(&self, run: RunId) -> Result<StoredReport, DeliveryError> {
        let stored = self.bucket.read(&self.reports.report(run, "report.json"), Report::SIZE_LIMIT).await?;
        Ok(stored.map_or_else(StoredReport::default, |(bytes, tag)| StoredReport {
            report: serde_json::from_slice(&bytes).ok(),
            tag: Some(tag),
        }))
    }

    /// The report of a run of which not even the state could be read; stored if none is there.
    pub async fn failed_report(&self, run: RunId, error: &DeliveryError) -> Report {
        tracing::error!(export = %self.export.name, segment = %self.segment, %run, %error, "a delivery failed");
        let report = self.make_report(None, run, Outcome::Failed, error.to_message());
        match self.store_report(&report, &Condition::Absent).await {
            Ok(Some(_)) => self.store_page(&report, &[], &Condition::Any).await,
            // The stored report already has its page.
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "can't store the report of a failed delivery"),
        }
        self.log(&report);
        report
    }

    /// A report of the segment in which nothing has happened.
    pub(super) fn blank_report(&self, started_at: Timestamp) -> Report {
        Report {
            export: self.export.name.clone(),
            segment: self.segment.clone(),
            attribute: self.attribute.clone(),
            run: None,
            trigger: self.trigger,
            outcome: Outcome::Waiting,
            files: Vec::new(),
            rows: Rows::default(),
            members: Members::default(),
            dropped_fields: BTreeMap::new(),
            rejected_reasons: BTreeMap::new(),
            unconfirmed: 0,
            requests: Requests::default(),
            requests_left_in_hour: self.braze.left_in_hour(),
            data_points: 0,
            started_at,
            finished_at: self.budget.now(),
            seconds: 0.0,
            message: String::new(),
            code: String::new(),
            released_by: None,
            notes: self.remarks.clone(),
            proof: Proof::default(),
            preview: None,
        }
    }

    /// The same with figures.
    pub(super) fn counted_report(&self, started_at: Timestamp, counts: Counts) -> Report {
        let unconfirmed = if self.export.create_profiles { 0 } else { counts.rows.accepted };
        let blank = self.blank_report(started_at);
        Report {
            notes: blank.notes.iter().cloned().chain(counts.oddities.notes()).collect(),
            rows: counts.rows,
            dropped_fields: counts.dropped_fields,
            rejected_reasons: counts.rejected_reasons,
            unconfirmed,
            requests: counts.requests,
            data_points: counts.data_points,
            seconds: counts.seconds,
            ..blank
        }
    }

    fn make_report(&self, ledger: Option<&Ledger>, run: RunId, outcome: Outcome, message: Message) -> Report {
        // Runs of another feeder are not this segment's, even if they have the same names.
        let ledger = ledger.filter(|ledger| ledger.feeder == self.feeder);
        let record = ledger.and_then(|ledger| ledger.runs.get(&run));
        let before = ledger.map_or(0, |ledger| ledger.members_before(run));
        let mut counts = record.map(RunRecord::counts).unwrap_or_default();
        counts.seconds = (counts.seconds * 1000.0).round() / 1000.0;
        let (outcome, message) =
            record.map_or((outcome, message.clone()), |record| said_of(run, record, outcome, message));
        let started_at = record.map_or_else(|| self.budget.now(), |record| record.started_at);
        let mut report = Report {
            run: Some(run),
            outcome,
            files: record.map(reported_files).unwrap_or_default(),
            members: record.map_or_else(
                || Members { before, after: before, ..Members::default() },
                |record| record.members_so_far(before),
            ),
            proof: record.map(RunRecord::proof).unwrap_or_default(),
            message: message.text,
            code: message.code,
            released_by: record.filter(|_| outcome == Outcome::Held).and_then(RunRecord::released_by),
            ..self.counted_report(started_at, counts)
        };
        report
            .notes
            .extend(record.into_iter().flat_map(|record| record.files.values()).flat_map(|file| file.notes.clone()));
        if let Some(runs) = ledger.and_then(Ledger::superseded_in_a_row) {
            report.notes.insert(ReportMessage::SupersededAgain { runs }.to_string());
        }
        report
    }

    /// The tag of the report that was stored; `None` where `condition` does not hold.
    async fn store_report(&self, report: &Report, condition: &Condition) -> Result<Option<ETag>, DeliveryError> {
        let Some(run) = report.run else {
            return Ok(None);
        };
        let key = self.reports.report(run, "report.json");
        match self.bucket.write(&key, report.to_json(), "application/json", condition).await {
            Ok(tag) => Ok(Some(tag)),
            Err(BucketError::Changed { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the page of the report beside it. Nothing depends on the page, so a failure is only logged.
    async fn store_page(&self, report: &Report, examples: &[RejectedExample], condition: &Condition) {
        let Some(run) = report.run else {
            return;
        };
        let page = match page::run_report(report, Some(&self.export), examples) {
            Ok(page) => page,
            Err(error) => return tracing::warn!(%error, "can't make the page of a report"),
        };
        let key = self.reports.report(run, "report.html");
        match self.bucket.write(&key, page, page::CONTENT_TYPE, condition).await {
            Ok(_) | Err(BucketError::Changed { .. }) => {}
            Err(error) => tracing::warn!(%error, "can't store the page of a report"),
        }
    }

    /// Puts the pieces of all files together as `rejected.csv`. Files whose rows do not fit into its table, because they
    /// have other columns or another delimiter, get tables of their own, `rejected-2.csv` and so on. Gives examples of the
    /// rows, masked.
    async fn store_rejected(&self, run: RunId, record: &RunRecord) -> Result<Vec<RejectedExample>, DeliveryError> {
        let mut tables: Vec<(&Header, Vec<Piece>)> = Vec::new();
        for file in record.files.values().filter(|file| !file.rejected.is_empty()) {
            let Some(header) = file.checkpoint.as_ref().map(|checkpoint| &checkpoint.header) else {
                continue;
            };
            let table = tables.iter().position(|(known, _)| RejectedRows::make_one_table(known, header));
            let table = table.unwrap_or_else(|| {
                tables.push((header, vec![Piece::Bytes(RejectedRows::header_line(header))]));
                tables.len() - 1
            });
            tables[table].1.extend(file.rejected.iter().cloned().map(Piece::Object));
        }
        let mut number = 1;
        let mut examples = Examples::default();
        for (header, pieces) in &tables {
            let mut beginnings = Vec::new();
            let see = |piece: &Bytes| {
                if beginnings.len() < PIECES_LOOKED_AT {
                    beginnings.push(Bytes::copy_from_slice(&piece[..piece.len().min(BEGINNING)]));
                }
            };
            self.bucket.write_together(&self.rejected_key(run, number), REJECTED_TYPE, pieces, see).await?;
            for beginning in beginnings {
                examples.look_through(&self.export, header, &beginning).await;
            }
            number += 1;
        }
        // Files of an earlier content would look like rows that still have to be fixed.
        while self.bucket.summary(&self.rejected_key(run, number)).await?.is_some_and(|left| left.size > 0) {
            self.bucket.write(&self.rejected_key(run, number), Bytes::new(), REJECTED_TYPE, &Condition::Any).await?;
            number += 1;
        }
        Ok(examples.found())
    }

    fn rejected_key(&self, run: RunId, number: usize) -> String {
        let name = if number == 1 { "rejected.csv".to_owned() } else { format!("rejected-{number}.csv") };
        self.reports.report(run, &name)
    }
}

/// The stored `report.json` of a run.
#[derive(Debug, Default)]
struct StoredReport {
    /// The report; `None` if it can't be read.
    report: Option<Report>,
    /// The tag of the object, if there is one.
    tag: Option<ETag>,
}

fn is_news(report: &Report, stored: Option<&Report>) -> bool {
    stored.is_none_or(|stored| {
        let another_reason = report.outcome == Outcome::Failed && stored.message != report.message;
        another_reason
            || (stored.outcome, stored.rows, &stored.members) != (report.outcome, report.rows, &report.members)
    })
}

/// Corrects the outcome by the ledger: a run may be held or complete by another invocation.
fn said_of(run: RunId, record: &RunRecord, outcome: Outcome, message: Message) -> (Outcome, Message) {
    if let (Phase::Complete, Some(undo)) = (&record.phase, &record.undone) {
        return (record.outcome(), undone_message(run, undo).to_message());
    }
    match (&record.phase, outcome) {
        (Phase::Held { reason, people, .. }, Outcome::Held | Outcome::Waiting | Outcome::Delivered) => {
            (Outcome::Held, ReportMessage::Held { run, reason: reason.clone(), people: *people }.to_message())
        }
        (Phase::Open, Outcome::Waiting) => {
            let missing: Vec<&str> = record
                .files
                .iter()
                .filter(|(_, file)| file.progress != Progress::Delivered)
                .map(|(key, _)| key.as_str())
                .collect();
            let message = match missing.first() {
                Some(first) => {
                    ReportMessage::FilesMissing { first: (*first).to_owned(), files: missing.len() }.to_message()
                }
                None => message,
            };
            (Outcome::Waiting, message)
        }
        (Phase::Complete, Outcome::Waiting | Outcome::Delivered) => match record.problems() {
            problems if !problems.is_empty() => {
                (Outcome::DeliveredWithProblems, ReportMessage::DeliveredWithProblems { problems }.to_message())
            }
            _ if outcome == Outcome::Waiting => (Outcome::Delivered, ReportMessage::Delivered.to_message()),
            _ => (outcome, message),
        },
        _ => (outcome, message),
    }
}

fn reported_files(record: &RunRecord) -> Vec<ReportedFile> {
    record
        .files
        .iter()
        .map(|(key, file)| ReportedFile {
            key: key.clone(),
            etag: file.etag.bare().to_owned(),
            rows: file.counts.rows.read,
        })
        .collect()
}

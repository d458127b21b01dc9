//! Deliveries that look for their files themselves: the schedule, `run`, `run_all`, and what is continued.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::FutureExt;
use serde_json::{Value, json};

use super::message::AnswerMessage;
use super::{Handler, HandlerError, answer, listed};
use crate::budget::TimeBudget;
use crate::config::{Config, Export, Schedule};
use crate::delivery::{DeliveryEnd, RunOptions, SegmentDelivery};
use crate::message::{Coded, Message};
use crate::names::{ExportName, SegmentName};
use crate::pattern::RunId;
use crate::queue::ContinuedDelivery;
use crate::report::{Outcome, Report, Trigger};
use crate::run::{Evidence, FileToDeliver, Models};
use crate::state::{Ledger, Phase, Progress, StateKeys};
use crate::survey::{FoundRun, Survey};
use crate::trigger::on_demand::Run;
use crate::trigger::scheduled::Scheduled;

/// How the deliveries of one or more exports ended.
#[derive(Debug, Default)]
struct Deliveries {
    reports: Vec<Report>,
    ignored: Vec<Value>,
    failed: Vec<String>,
    /// How many of those failed because of an outage of Braze alone.
    outages: usize,
    /// How many were tried.
    of: usize,
}

/// Which deliveries are to be made of an export.
#[derive(Clone, Debug, Default)]
struct Wanted {
    segment: Option<SegmentName>,
    dry_run: bool,
    options: RunOptions,
    /// Whether a run that is delivered already gets a report as well.
    tell_all: bool,
}

impl Handler {
    pub(super) async fn deliver_scheduled(
        &self,
        config: &Config,
        scheduled: Scheduled,
        budget: TimeBudget,
    ) -> Result<Value, HandlerError> {
        let mut deliveries = Deliveries::default();
        let mut exports: Vec<&Arc<Export>> = Vec::new();
        match &scheduled.exports {
            None => exports.extend(config.exports.values().filter(|export| export.schedule == Schedule::Active)),
            Some(names) => {
                let mut unknown = Vec::new();
                for name in names {
                    match Self::export(config, name) {
                        Ok(export) => exports.push(export),
                        Err(error) => unknown.push(error),
                    }
                }
                // A slip in one name does not keep the others.
                deliveries.of += unknown.len();
                deliveries.failed.extend(unknown.iter().map(ToString::to_string));
                if let (true, Some(error)) = (exports.is_empty(), unknown.into_iter().next()) {
                    return Err(error);
                }
            }
        }
        for export in exports {
            if export.schedule == Schedule::Off {
                let reason = "its schedule is \"off\": only uploads and `run` by name deliver it";
                deliveries.ignored.push(json!({ "export": export.name, "reason": reason }));
                continue;
            }
            Box::pin(self.deliver_export(export, &Wanted::default(), budget, Trigger::Scheduled, &mut deliveries))
                .await;
        }
        self.keep_histories(&deliveries.reports, budget).await;
        if deliveries.failed.is_empty() {
            return Ok(answer(&deliveries.reports, &[("ignored", Value::Array(deliveries.ignored))]));
        }
        Err(HandlerError::SomeFailed { failed: deliveries.failed, of: deliveries.of })
    }

    pub(super) async fn run(&self, config: &Config, run: Run, budget: TimeBudget) -> Result<Value, HandlerError> {
        let export = Self::export(config, &run.export)?;
        let segment = run.segment.map(|segment| export.segment_called(segment.as_str()));
        if let (Some(segment), Some(segments)) = (&segment, &export.segments)
            && !segments.contains(segment)
        {
            return Err(no_such_segment(segment, segments));
        }
        let wanted = Wanted {
            segment,
            dry_run: run.dry_run,
            options: RunOptions {
                send: run.send,
                allow_leavers: run.allow_leavers,
                allow_identifiers: run.allow_identifiers,
                reread: false,
            },
            tell_all: true,
        };
        let mut deliveries = Deliveries::default();
        Box::pin(self.deliver_export(export, &wanted, budget, Trigger::OnDemand, &mut deliveries)).await;
        self.keep_histories(&deliveries.reports, budget).await;
        if let Some(segment) = wanted.segment.filter(|_| deliveries.reports.is_empty() && deliveries.failed.is_empty())
        {
            let survey = Survey::of(&self.bucket, export).await?;
            return Err(no_such_segment(&segment, survey.segments.keys()));
        }
        Ok(deliveries.answer("run"))
    }

    pub(super) async fn run_all(
        &self,
        config: &Config,
        dry_run: bool,
        budget: TimeBudget,
    ) -> Result<Value, HandlerError> {
        let mut deliveries = Deliveries::default();
        let wanted = Wanted { dry_run, tell_all: true, ..Wanted::default() };
        for export in config.exports.values().filter(|export| export.schedule == Schedule::Active) {
            Box::pin(self.deliver_export(export, &wanted, budget, Trigger::OnDemand, &mut deliveries)).await;
        }
        self.keep_histories(&deliveries.reports, budget).await;
        Ok(deliveries.answer("run_all"))
    }

    /// Goes on with a delivery that ran out of time.
    pub(super) async fn go_on(
        &self,
        config: &Config,
        delivery: &ContinuedDelivery,
        budget: TimeBudget,
    ) -> Result<Vec<Report>, HandlerError> {
        if delivery.retire {
            return self.go_on_retiring(config, delivery, budget).await;
        }
        let export = Self::export(config, &delivery.export)?;
        let wanted = Wanted { segment: Some(delivery.segment.clone()), ..Wanted::default() };
        let mut deliveries = Deliveries::default();
        Box::pin(self.deliver_export(export, &wanted, budget, Trigger::ObjectCreated, &mut deliveries)).await;
        if deliveries.failed.is_empty() {
            return Ok(deliveries.reports);
        }
        if deliveries.outages == deliveries.failed.len() {
            return Err(HandlerError::Outage { message: deliveries.failed.join("; ") });
        }
        Err(HandlerError::SomeFailed { failed: deliveries.failed, of: deliveries.of })
    }

    async fn deliver_export(
        &self,
        export: &Arc<Export>,
        wanted: &Wanted,
        budget: TimeBudget,
        trigger: Trigger,
        deliveries: &mut Deliveries,
    ) {
        let survey = match Survey::of(&self.bucket, export).await {
            Ok(survey) => survey,
            Err(error) => {
                tracing::error!(export = %export.name, %error, "can't list the folder of an export");
                deliveries.of += 1;
                deliveries.failed.push(format!("{}: {}", export.name, error.with_code()));
                return;
            }
        };
        for (reason, count) in &survey.ignored {
            deliveries.ignored.push(json!({ "export": export.name, "reason": reason, "objects": count }));
        }
        let models = Models::new(self.bucket.clone());
        for (segment, found) in survey.segments {
            if wanted.segment.as_ref().is_some_and(|wanted| *wanted != segment) {
                continue;
            }
            let delivery = self.delivery(export, &segment, &models, budget, trigger);
            match self.deliver_found(&delivery, &found, wanted).await {
                Ok(None) => {}
                Ok(Some(end)) => {
                    deliveries.of += 1;
                    if end.again {
                        deliveries.outages += usize::from(end.outage);
                        deliveries.failed.push(format!("{}/{segment}: {}", export.name, said(&end.report)));
                    }
                    deliveries.reports.push(end.report);
                }
                Err(error) => {
                    tracing::error!(export = %export.name, %segment, %error, "can't deliver a segment");
                    deliveries.of += 1;
                    deliveries.failed.push(format!("{}/{segment}: {}", export.name, error.with_code()));
                }
            }
        }
    }

    async fn deliver_found(
        &self,
        delivery: &SegmentDelivery,
        found: &FoundRun,
        wanted: &Wanted,
    ) -> Result<Option<DeliveryEnd>, HandlerError> {
        if wanted.dry_run {
            let report = delivery.preview(found.run, &found.files, wanted.options).await?;
            return Ok(Some(DeliveryEnd { report, goes_on: false, again: false, outage: false }));
        }
        let ledger = delivery.ledger().await?;
        if !wanted.tell_all
            && let Some(ledger) = &ledger
            && nothing_to_do(ledger, found)
            && (!ledger.runs.contains_key(&found.run) || delivery.is_told(found.run).await?)
            && delivery.described_otherwise(ledger, found.run).await?.is_empty()
        {
            return Ok(None);
        }
        delivery.forget_missing_files(found.run, &found.files).await?;
        self.deliver_run(delivery, found.run, &found.files, wanted.options, found.evidence()).await.map(Some)
    }

    /// Delivers, and sees to it that another invocation goes on if the time does not suffice.
    pub(super) async fn deliver_run(
        &self,
        delivery: &SegmentDelivery,
        run: RunId,
        files: &[FileToDeliver],
        options: RunOptions,
        evidence: Evidence,
    ) -> Result<DeliveryEnd, HandlerError> {
        let delivering = delivery.deliver(run, files, options, evidence).boxed();
        let mut end = match self.at_its_share(delivery.connection(), delivery.braze(), delivering).await {
            Ok(end) => end,
            Err(error) => {
                let report = delivery.failed_report(run, &error).await;
                DeliveryEnd { report, goes_on: false, again: true, outage: false }
            }
        };
        if end.goes_on {
            match &self.queue {
                Some(queue) => {
                    let (export, segment) = (end.report.export.clone(), end.report.segment.clone());
                    queue.send(ContinuedDelivery { export, segment, retire: false, run: Some(run) }).await?;
                }
                // Without a queue, the event that brought the delivery about has to come again, or the schedule goes on.
                None => end.again = end.report.trigger == Trigger::ObjectCreated,
            }
        }
        Ok(end)
    }

    /// The segments of which anything has been delivered.
    pub(super) async fn known_segments(&self, export: &ExportName) -> Result<BTreeSet<SegmentName>, HandlerError> {
        let folders = self.bucket.folders(&StateKeys::of_export(export)).await?;
        Ok(folders.iter().filter_map(|folder| StateKeys::segment_of_folder(export, folder)).collect())
    }
}

/// The message of a report, with its code.
pub(super) fn said(report: &Report) -> String {
    Message { text: report.message.clone(), code: report.code.clone() }.to_string()
}

impl Deliveries {
    fn answer(self, action: &str) -> Value {
        let mut further = vec![("action", action.into()), ("ignored", Value::Array(self.ignored))];
        let told: Vec<String> =
            self.reports.iter().filter(|report| report.outcome == Outcome::Failed).map(said).collect();
        let errors: Vec<Value> = self
            .failed
            .iter()
            .filter(|failed| !told.iter().any(|message| failed.ends_with(message.as_str())))
            .map(|failed| failed.as_str().into())
            .collect();
        if !errors.is_empty() {
            further.push(("errors", Value::Array(errors)));
        } else if self.reports.is_empty() {
            let message = AnswerMessage::NothingFound.to_message();
            further.extend([("message", message.text.into()), ("code", message.code.into())]);
        }
        answer(&self.reports, &further)
    }
}

/// Whether everything that was found has been delivered and told already, or is older than what has.
fn nothing_to_do(ledger: &Ledger, found: &FoundRun) -> bool {
    if ledger.retirement.is_some() {
        return false;
    }
    let newest = ledger.newest_run();
    if newest > Some(found.run) {
        return !ledger.runs.values().any(|run| matches!(run.phase, Phase::Completing { .. }));
    }
    ledger.runs.get(&found.run).is_some_and(|record| {
        matches!(record.phase, Phase::Complete | Phase::Held { .. })
            && found.files.iter().all(|file| {
                record
                    .files
                    .get(&file.object.key)
                    .is_some_and(|known| known.etag == file.object.etag && known.progress == Progress::Delivered)
            })
    })
}

pub(super) fn no_such_segment<'n>(
    segment: &SegmentName,
    existing: impl IntoIterator<Item = &'n SegmentName>,
) -> HandlerError {
    HandlerError::NoSuch { kind: "the segment", name: segment.to_string(), existing: listed(existing) }
}

//! Deliveries that look for their files themselves: the schedule, `run`, `run_all`, and what is continued.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::join_all;
use serde_json::{Value, json};

use super::answer::{Deliveries, answer};
use super::error::no_such_segment;
use super::look::{LookedAt, Wanted};
use super::standing::{self};
use super::{Configured, Handler, HandlerError};
use crate::budget::TimeBudget;
use crate::config::{Export, Schedule};
use crate::delivery::{DeliveryEnd, Release, RunOptions, SegmentDelivery};
use crate::message::{Coded, counted};
use crate::names::SegmentName;
use crate::pattern::RunId;
use crate::queue::ContinuedDelivery;
use crate::report::{Outcome, Report, Trigger};
use crate::run::{Evidence, FileToDeliver, Models};
use crate::source::FetchReport;
use crate::state::{Feeder, Phase};
use crate::survey::{FoundRun, FoundRuns, Survey};
use crate::trigger::on_demand::{ReleaseRequest, Run};
use crate::trigger::scheduled::Scheduled;

/// How many segments are checked at the same time: most have nothing to deliver.
const LOOKED_AT_TOGETHER: usize = 16;

impl Handler {
    pub(super) async fn deliver_scheduled(
        &self,
        config: &Configured,
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
                // A typo in one name does not prevent the others.
                deliveries.of += unknown.len();
                deliveries.other_failures = !unknown.is_empty();
                deliveries.failed.extend(unknown.iter().map(ToString::to_string));
                if let (true, Some(error)) = (exports.is_empty(), unknown.into_iter().next()) {
                    return Err(error);
                }
            }
        }
        let named = scheduled.exports.is_some().then_some(exports.as_slice());
        let fetched = Box::pin(self.fetch_for(config, named, budget)).await;
        deliveries.note_fetches(&fetched);
        deliveries.cursor = self.read_cursor().await;
        if let Some(first) = exports.iter().position(|export| deliveries.cursor.is_in(&export.name)) {
            exports.rotate_left(first);
        }
        for export in &exports {
            if deliveries.cursor.is_stopped() {
                break;
            }
            if export.schedule == Schedule::Off {
                deliveries.ignore_off(&export.name);
                continue;
            }
            Box::pin(self.deliver_export(
                config,
                export,
                &Wanted::default(),
                budget,
                Trigger::Scheduled,
                &mut deliveries,
            ))
            .await;
        }
        self.keep_cursor(&deliveries.cursor).await;
        exports.retain(|export| export.schedule == Schedule::Active);
        let audits = Box::pin(self.audit_due(config, &exports, budget, &mut deliveries)).await;
        self.keep_histories(config, &deliveries.reports, budget).await;
        self.end_pass(config, deliveries, &fetched, audits, budget).await
    }

    /// Makes known how the segments are, and answers.
    async fn end_pass(
        &self,
        config: &Configured,
        mut deliveries: Deliveries,
        fetched: &[FetchReport],
        audits: Vec<Value>,
        budget: TimeBudget,
    ) -> Result<Value, HandlerError> {
        let mut ended = standing::ended(&deliveries.reports);
        let failing =
            deliveries.failing.iter().map(|(segment, error)| (segment.clone(), (Outcome::Failed, error.clone())));
        ended.extend(failing);
        let notified = Box::pin(self.make_known(config, &ended, &deliveries.at_rest, budget)).await;
        if let Err(error) = &notified {
            deliveries.failed.push(error.with_code());
        }
        // What people were notified of is a state of the segments, and not an error of the function as well.
        if deliveries.failed.is_empty() || (!deliveries.other_failures && matches!(notified, Ok(true))) {
            let mut further = vec![("ignored", Value::Array(deliveries.ignored))];
            if !fetched.is_empty() {
                further.push(("sources", json!(fetched)));
            }
            if !audits.is_empty() {
                further.push(("audits", audits.into()));
            }
            if !deliveries.failed.is_empty() {
                further.push(("failed", deliveries.failed.into()));
            }
            return Ok(answer(&deliveries.reports, &further));
        }
        Err(HandlerError::SomeFailed { failed: deliveries.failed, of: deliveries.of })
    }

    pub(super) async fn run(&self, config: &Configured, run: Run, budget: TimeBudget) -> Result<Value, HandlerError> {
        let export = Self::export(config, &run.export)?;
        let segment = run.segment.map(|segment| export.segment_called(segment.as_str()));
        if let (Some(segment), Some(segments)) = (&segment, &export.segments)
            && !segments.contains(segment)
        {
            return Err(no_such_segment(segment, segments));
        }
        let release = match run.release {
            None => None,
            Some(ReleaseRequest { run: Some(run), people: Some(people) }) => Some(Release { run, people }),
            Some(_) => return Err(self.release_unnamed(config, export, segment.as_ref()).await?),
        };
        let wanted = Wanted {
            segment,
            dry_run: run.dry_run,
            options: RunOptions {
                send: run.send,
                release,
                allow_identifiers: run.allow_identifiers,
                allow_differences: run.allow_differences,
                reread: false,
            },
            report_all: true,
            only: run.only.and_then(|person| person.member_key()),
        };
        let mut deliveries = Deliveries::default();
        Box::pin(self.deliver_export(config, export, &wanted, budget, Trigger::OnDemand, &mut deliveries)).await;
        self.keep_histories(config, &deliveries.reports, budget).await;
        if let Some(segment) = wanted.segment.filter(|_| deliveries.reports.is_empty() && deliveries.failed.is_empty())
        {
            let survey = Survey::of(&self.bucket, export, budget.now()).await?;
            return Err(no_such_segment(&segment, survey.segments.keys()));
        }
        Ok(deliveries.answer("run"))
    }

    /// The error for a release without a run, with what could be released.
    async fn release_unnamed(
        &self,
        config: &Configured,
        export: &Arc<Export>,
        only: Option<&SegmentName>,
    ) -> Result<HandlerError, HandlerError> {
        let models = Models::new(self.bucket.clone());
        let mut held = Vec::new();
        for segment in self.segments_with_state(export).await? {
            if only.is_some_and(|only| *only != segment) {
                continue;
            }
            let budget = TimeBudget::ending_in(std::time::Duration::from_mins(1));
            let delivery = self.delivery(config, export, &segment, &models, budget, Trigger::OnDemand);
            let Some(ledger) = delivery.ledger().await?.filter(|ledger| ledger.feeder == *delivery.feeder()) else {
                continue;
            };
            held.extend(ledger.runs.iter().filter_map(|(run, record)| match &record.phase {
                Phase::Held { people, .. } => Some(format!(
                    "To let {} leave {segment}: \"segment\": \"{segment}\", \"run\": \"{run}\", \"allow_leavers\": {people}",
                    counted(*people, "person", "people")
                )),
                _ => None,
            }));
        }
        let held = if held.is_empty() { "No run is held.".to_owned() } else { held.join(". ") };
        Ok(HandlerError::ReleaseUnnamed { held })
    }

    pub(super) async fn run_all(
        &self,
        config: &Configured,
        dry_run: bool,
        budget: TimeBudget,
    ) -> Result<Value, HandlerError> {
        let mut deliveries = Deliveries::default();
        let wanted = Wanted { dry_run, report_all: true, ..Wanted::default() };
        for export in config.exports.values() {
            if export.schedule == Schedule::Off {
                deliveries.ignore_off(&export.name);
                continue;
            }
            Box::pin(self.deliver_export(config, export, &wanted, budget, Trigger::OnDemand, &mut deliveries)).await;
        }
        self.keep_histories(config, &deliveries.reports, budget).await;
        Ok(deliveries.answer("run_all"))
    }

    /// Continues a delivery that ran out of time.
    pub(super) async fn resume(
        &self,
        config: &Configured,
        delivery: &ContinuedDelivery,
        budget: TimeBudget,
    ) -> Result<Vec<Report>, HandlerError> {
        if delivery.retire {
            return self.resume_retirement(config, delivery, budget).await;
        }
        if delivery.undo {
            return Box::pin(self.resume_undo(config, delivery, budget)).await;
        }
        if delivery.audit {
            return Box::pin(self.resume_audit(config, delivery, budget)).await.map(|()| Vec::new());
        }
        let export = Self::export(config, &delivery.export)?;
        let wanted = Wanted { segment: Some(delivery.segment.clone()), ..Wanted::default() };
        let mut deliveries = Deliveries::default();
        Box::pin(self.deliver_export(config, export, &wanted, budget, Trigger::ObjectCreated, &mut deliveries)).await;
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
        config: &Configured,
        export: &Arc<Export>,
        wanted: &Wanted,
        budget: TimeBudget,
        trigger: Trigger,
        deliveries: &mut Deliveries,
    ) {
        let survey = match Survey::of(&self.bucket, export, budget.now()).await {
            Ok(survey) => survey,
            Err(error) => {
                tracing::error!(export = %export.name, %error, "can't list the folder of an export");
                deliveries.of += 1;
                deliveries.other_failures = true;
                deliveries.failed.push(format!("{}: {}", export.name, error.with_code()));
                return;
            }
        };
        for (reason, count) in &survey.ignored {
            deliveries.ignored.push(json!({ "export": export.name, "reason": reason, "objects": count }));
        }
        let remarks = self.remarks(config, export, &survey).await;
        let models = Models::new(self.bucket.clone());
        let mut segments: Vec<(SegmentName, FoundRuns)> = survey.segments.into_iter().collect();
        segments.retain(|(segment, _)| wanted.segment.as_ref().is_none_or(|wanted| wanted == segment));
        if let Some(cursor) = deliveries.cursor.take_for(&export.name) {
            let first = segments.iter().position(|(segment, _)| *segment > cursor).unwrap_or(0);
            segments.rotate_left(first);
        }
        let mut segments = segments.into_iter().peekable();
        while segments.peek().is_some() {
            let some: Vec<_> = segments
                .by_ref()
                .take(LOOKED_AT_TOGETHER)
                .map(|(segment, runs)| {
                    let delivery = self.delivery(config, export, &segment, &models, budget, trigger);
                    (delivery.remarking(remarks.clone()), runs)
                })
                .collect();
            let looked_at =
                join_all(some.into_iter().map(|(delivery, runs)| self.look_at(delivery, runs, wanted))).await;
            for (delivery, looked_at) in looked_at {
                if budget.is_spent() && !wanted.report_all {
                    return deliveries.cursor.stop();
                }
                self.deliver_looked_at(delivery, looked_at, wanted, deliveries).await;
            }
        }
    }

    async fn deliver_looked_at(
        &self,
        delivery: SegmentDelivery,
        looked_at: Result<LookedAt, HandlerError>,
        wanted: &Wanted,
        deliveries: &mut Deliveries,
    ) {
        let Feeder { export, segment } = delivery.feeder().clone();
        let LookedAt { runs, at_rest } = match looked_at {
            Ok(looked_at) => looked_at,
            Err(error) => return deliveries.fail(&export, &segment, &error),
        };
        deliveries.at_rest.extend(at_rest.map(|seen| (delivery.feeder().clone(), seen)));
        for found in runs {
            match self.deliver_found(&delivery, &found, wanted).await {
                Ok(end) => {
                    deliveries.of += 1;
                    if end.again {
                        deliveries.outages += usize::from(end.outage);
                        deliveries.other_failures |= end.report.outcome != Outcome::Failed;
                        deliveries.failed.push(format!("{export}/{segment}: {}", end.report.as_message()));
                    }
                    deliveries.reports.push(end.report);
                }
                Err(error) => deliveries.fail(&export, &segment, &error),
            }
        }
        deliveries.cursor.served(export, segment);
    }

    async fn deliver_found(
        &self,
        delivery: &SegmentDelivery,
        found: &FoundRun,
        wanted: &Wanted,
    ) -> Result<DeliveryEnd, HandlerError> {
        if wanted.dry_run {
            let report = delivery.preview(found.run, &found.files, wanted.options).await?;
            return Ok(DeliveryEnd { report, must_continue: false, again: false, outage: false });
        }
        if let Some(who) = wanted.only {
            let sending = delivery.deliver_only(found.run, &found.files, who).boxed();
            let report = self.at_its_share(delivery.connection(), delivery.braze(), sending).await?;
            return Ok(DeliveryEnd { report, must_continue: false, again: false, outage: false });
        }
        self.deliver_run(delivery, found.run, &found.files, wanted.options, found.evidence()).await
    }

    /// Delivers, and makes another invocation continue if the time is not enough.
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
                DeliveryEnd { report, must_continue: false, again: true, outage: false }
            }
        };
        if end.must_continue {
            match &self.queue {
                Some(queue) => {
                    let (export, segment) = (end.report.export.clone(), end.report.segment.clone());
                    queue.send(ContinuedDelivery::of(export, segment, Some(run))).await?;
                }
                // Without a queue, the event has to come again, or the schedule continues.
                None => end.again = end.report.trigger == Trigger::ObjectCreated,
            }
        }
        Ok(end)
    }
}

//! `retire`: the end of a segment that is delivered no more.

use futures::FutureExt;
use serde_json::Value;

use super::deliveries::no_such_segment;
use super::{Handler, HandlerError, answer};
use crate::budget::TimeBudget;
use crate::config::{Config, Export};
use crate::delivery::{RetirementEnd, SegmentDelivery};
use crate::message::{Coded, Message};
use crate::names::{ExportName, SegmentName};
use crate::queue::ContinuedDelivery;
use crate::report::{Outcome, Report, ReportMessage, Trigger};
use crate::run::Models;
use crate::trigger::EventError;

impl Handler {
    pub(super) async fn retire(
        &self,
        config: &Config,
        export: &ExportName,
        segment: &SegmentName,
        dry_run: bool,
        budget: TimeBudget,
    ) -> Result<Value, HandlerError> {
        let export = Self::export(config, export)?;
        if is_listed(export, segment) {
            return Err(EventError::field(
                "segment",
                format!("{:?}, which `segments` in exports.toml still lists", segment.as_str()),
                "a segment that was removed from the export's `segments`",
            )
            .into());
        }
        let delivery = self.delivery(export, segment, &Models::new(self.bucket.clone()), budget, Trigger::OnDemand);
        let Some(report) = self.retire_at_its_share(&delivery, dry_run).await? else {
            return Err(no_such_segment(segment, &self.known_segments(&export.name).await?));
        };
        let reports = [report];
        self.keep_histories(&reports, budget).await;
        Ok(answer(&reports, &[("action", "retire".into())]))
    }

    /// Goes on with a retirement that ran out of time. A segment that is delivered again is not retired any more.
    pub(super) async fn go_on_retiring(
        &self,
        config: &Config,
        continued: &ContinuedDelivery,
        budget: TimeBudget,
    ) -> Result<Vec<Report>, HandlerError> {
        let export = Self::export(config, &continued.export)?;
        if is_listed(export, &continued.segment) {
            return Ok(Vec::new());
        }
        let models = Models::new(self.bucket.clone());
        let delivery = self.delivery(export, &continued.segment, &models, budget, Trigger::ObjectCreated);
        Ok(self.retire_at_its_share(&delivery, false).await?.into_iter().collect())
    }

    /// `None` if nothing is known of the segment.
    async fn retire_at_its_share(
        &self,
        delivery: &SegmentDelivery,
        dry_run: bool,
    ) -> Result<Option<Report>, HandlerError> {
        let retiring = delivery.retire(dry_run).boxed();
        match self.at_its_share(delivery.connection(), delivery.braze(), retiring).await? {
            None => Ok(None),
            Some(end) => self.see_to_the_end(end).await.map(Some),
        }
    }

    /// Lets another invocation go on if the time did not suffice.
    async fn see_to_the_end(&self, end: RetirementEnd) -> Result<Report, HandlerError> {
        let RetirementEnd { mut report, goes_on } = end;
        if goes_on {
            if let Some(queue) = &self.queue {
                let (export, segment) = (report.export.clone(), report.segment.clone());
                queue.send(ContinuedDelivery { export, segment, retire: true, run: report.run }).await?;
            } else {
                report.outcome = Outcome::Unfinished;
                let Message { text, code } = ReportMessage::RetirementStopped.to_message();
                (report.message, report.code) = (text, code);
            }
        }
        Ok(report)
    }
}

fn is_listed(export: &Export, segment: &SegmentName) -> bool {
    export.segments.as_ref().is_some_and(|segments| segments.contains(segment))
}

//! `undo`: the last complete run of a segment is undone.

use futures::FutureExt;
use serde_json::Value;

use super::answer::answer;
use super::error::no_such_segment;
use super::{Configured, Handler, HandlerError};
use crate::budget::TimeBudget;
use crate::delivery::{SegmentDelivery, UndoOptions};
use crate::message::{Coded, Message};
use crate::queue::ContinuedDelivery;
use crate::report::{Report, Trigger, UndoMessage};
use crate::run::Models;
use crate::trigger::on_demand::Undo;

impl Handler {
    pub(super) async fn undo(
        &self,
        config: &Configured,
        request: &Undo,
        budget: TimeBudget,
    ) -> Result<Value, HandlerError> {
        let export = Self::export(config, &request.export)?;
        let segment = export.segment_called(request.segment.as_str());
        if let Some(segments) = export.segments.as_ref().filter(|segments| !segments.contains(&segment)) {
            return Err(no_such_segment(&segment, segments));
        }
        config.former.move_all(&self.bucket, &self.api_keys, budget.now()).await?;
        let models = Models::new(self.bucket.clone());
        let delivery = self.delivery(config, export, &segment, &models, budget, Trigger::OnDemand);
        let options = UndoOptions { run: request.run, allow_leavers: request.allow_leavers, dry_run: request.dry_run };
        let reports = [self.undo_at_its_share(&delivery, options).await?];
        self.keep_histories(config, &reports, budget).await;
        Ok(answer(&reports, &[("action", "undo".into())]))
    }

    /// Continues an undo that ran out of time, unless it has been finished since.
    pub(super) async fn resume_undo(
        &self,
        config: &Configured,
        continued: &ContinuedDelivery,
        budget: TimeBudget,
    ) -> Result<Vec<Report>, HandlerError> {
        let export = Self::export(config, &continued.export)?;
        let models = Models::new(self.bucket.clone());
        let delivery = self.delivery(config, export, &continued.segment, &models, budget, Trigger::ObjectCreated);
        if !delivery.is_being_undone().await? {
            return Ok(Vec::new());
        }
        Ok(vec![self.undo_at_its_share(&delivery, UndoOptions::default()).await?])
    }

    async fn undo_at_its_share(
        &self,
        delivery: &SegmentDelivery,
        options: UndoOptions,
    ) -> Result<Report, HandlerError> {
        let undoing = delivery.undo(options).boxed();
        let end = self.at_its_share(delivery.connection(), delivery.braze(), undoing).await?;
        let mut report = end.report;
        if end.must_continue {
            if let Some(queue) = &self.queue {
                let continued =
                    ContinuedDelivery::of(delivery.export().name.clone(), delivery.segment().clone(), report.run);
                queue.send(ContinuedDelivery { undo: true, ..continued }).await?;
            } else {
                let Message { text, code } = UndoMessage::Stopped.to_message();
                (report.message, report.code) = (text, code);
            }
        }
        Ok(report)
    }
}

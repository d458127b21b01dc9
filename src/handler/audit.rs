//! `audit`: compares segments with Braze, and sends the differences.

use std::sync::Arc;

use futures::FutureExt;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::answer::Deliveries;
use super::error::no_such_segment;
use super::{Configured, Handler, HandlerError};
use crate::audit::AuditError;
use crate::budget::TimeBudget;
use crate::config::Export;
use crate::delivery::{AuditEnd, AuditOptions, DeliveryError};
use crate::message::Coded;
use crate::names::SegmentName;
use crate::queue::ContinuedDelivery;
use crate::report::Trigger;
use crate::run::Models;
use crate::trigger::on_demand::Audit;

/// The longest wait that SQS allows.
const LONGEST_WAIT: std::time::Duration = std::time::Duration::from_mins(15);

impl Handler {
    pub(super) async fn audit(
        &self,
        config: &Configured,
        request: &Audit,
        budget: TimeBudget,
    ) -> Result<Value, HandlerError> {
        let export = Self::export(config, &request.export)?;
        let segments = segments_of(export, request.segment.as_ref())?;
        let options = AuditOptions {
            begin: true,
            repair: request.repair,
            allow_differences: request.allow_differences,
            dry_run: request.dry_run,
        };
        let (mut audits, mut errors) = (Vec::new(), Vec::new());
        for segment in &segments {
            match self.audit_segment(config, export, segment, options, budget, Trigger::OnDemand).await {
                Ok(ended) => audits.extend(ended),
                Err(error) if segments.len() == 1 => return Err(error),
                Err(error) => errors.push(format!("{}/{segment}: {}", export.name, error.with_code())),
            }
        }
        let mut answer = json!({ "action": "audit", "audits": audits });
        if !errors.is_empty() {
            answer["errors"] = errors.into();
        }
        Ok(answer)
    }

    /// Continues the audit of a segment that is in progress.
    pub(super) async fn resume_audit(
        &self,
        config: &Configured,
        continued: &ContinuedDelivery,
        budget: TimeBudget,
    ) -> Result<(), HandlerError> {
        let export = Self::export(config, &continued.export)?;
        let options = AuditOptions::default();
        self.audit_segment(config, export, &continued.segment, options, budget, Trigger::ObjectCreated).await.map(drop)
    }

    /// Continues audits that are in progress, and begins those that are due.
    pub(super) async fn audit_due(
        &self,
        config: &Configured,
        exports: &[&Arc<Export>],
        budget: TimeBudget,
        deliveries: &mut Deliveries,
    ) -> Vec<Value> {
        let mut audits = Vec::new();
        for export in exports {
            for segment in audited_segments(export) {
                if budget.is_spent() {
                    return audits;
                }
                match self.audit_if_due(config, export, &segment, budget).await {
                    Ok(audited) => audits.extend(audited),
                    Err(error) => deliveries.fail(&export.name, &segment, &error),
                }
            }
        }
        audits
    }

    async fn audit_if_due(
        &self,
        config: &Configured,
        export: &Arc<Export>,
        segment: &SegmentName,
        budget: TimeBudget,
    ) -> Result<Option<Value>, HandlerError> {
        let models = Models::new(self.bucket.clone());
        let delivery = self.delivery(config, export, segment, &models, budget, Trigger::Scheduled);
        let last = delivery.last_audit().await?;
        let age = last.as_ref().map(|last| budget.now().duration_since(last.begun_at));
        let days = export.audit_days.map(|days| SignedDuration::from_hours(24 * i64::from(days)));
        let is_due = days.is_some_and(|days| age.is_none_or(|age| age >= days));
        let in_progress = last.is_some_and(|last| last.is_in_progress());
        if !in_progress && !is_due {
            return Ok(None);
        }
        let options = AuditOptions { begin: is_due, ..AuditOptions::default() };
        match self.audit_segment(config, export, segment, options, budget, Trigger::Scheduled).await {
            // The first run will be complete one day.
            Err(HandlerError::Delivery(DeliveryError::Audit(AuditError::NoCompleteRun))) => Ok(None),
            other => other,
        }
    }

    /// The last audit of a segment, or the one in progress, for `status`; `None` for a segment without one.
    pub(super) async fn audit_status(
        &self,
        config: &Configured,
        export: &Arc<Export>,
        segment: &SegmentName,
        budget: TimeBudget,
    ) -> Option<Value> {
        export.audit_segment_id(segment)?;
        let models = Models::new(self.bucket.clone());
        let delivery = self.delivery(config, export, segment, &models, budget, Trigger::OnDemand);
        match delivery.last_audit().await {
            Ok(last) => last.map(|last| {
                json!({
                    "run": last.run,
                    "begun_at": last.begun_at,
                    "in_progress": last.is_in_progress(),
                    "compared_at": last.compared_at,
                    "missing": last.missing.people,
                    "extra": last.extra.people,
                    "unknown": last.unknown,
                })
            }),
            Err(error) => Some(json!({ "damage": error.to_string() })),
        }
    }

    async fn audit_segment(
        &self,
        config: &Configured,
        export: &Arc<Export>,
        segment: &SegmentName,
        options: AuditOptions,
        budget: TimeBudget,
        trigger: Trigger,
    ) -> Result<Option<Value>, HandlerError> {
        let models = Models::new(self.bucket.clone());
        let delivery = self.delivery(config, export, segment, &models, budget, trigger);
        let auditing = delivery.audit(options).boxed();
        let ended = self.at_its_share(delivery.connection(), delivery.braze(), auditing).await?;
        let Some(AuditEnd { audited, continue_in }) = ended else { return Ok(None) };
        // The schedule continues by itself, unless time was up.
        let by_schedule = trigger == Trigger::Scheduled && continue_in.is_some_and(|wait| !wait.is_zero());
        if let (Some(wait), Some(queue), false) = (continue_in, &self.queue, by_schedule) {
            let continued = ContinuedDelivery::of(export.name.clone(), segment.clone(), None);
            queue.send_after(ContinuedDelivery { audit: true, ..continued }, wait.min(LONGEST_WAIT)).await?;
        }
        Ok(Some(serde_json::to_value(audited).unwrap_or_default()))
    }
}

/// The segments that have a segment in Braze.
fn audited_segments(export: &Export) -> impl Iterator<Item = SegmentName> {
    export.audit_segment_ids.keys().map(|segment| export.segment_called(segment.as_str()))
}

/// The segments to audit: the one that is named, or all that have a segment in Braze.
fn segments_of(export: &Export, named: Option<&SegmentName>) -> Result<Vec<SegmentName>, HandlerError> {
    if let Some(named) = named {
        let segment = export.segment_called(named.as_str());
        return match &export.segments {
            Some(segments) if !segments.contains(&segment) => Err(no_such_segment(&segment, segments)),
            _ => Ok(vec![segment]),
        };
    }
    let segments: Vec<SegmentName> = audited_segments(export).collect();
    if segments.is_empty() {
        let segment = export.segments.iter().flatten().next().cloned().unwrap_or_else(|| "SEGMENT".into());
        return Err(DeliveryError::from(AuditError::NoSegmentId { segment }).into());
    }
    Ok(segments)
}

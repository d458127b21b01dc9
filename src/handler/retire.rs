//! `retire`: the end of an attribute that is no longer fed.

use futures::FutureExt;
use serde_json::Value;

use super::answer::answer;
use super::attributes::Named;
use super::{Configured, Handler, HandlerError, listed};
use crate::budget::TimeBudget;
use crate::message::{Coded, Message};
use crate::queue::ContinuedDelivery;
use crate::report::{Outcome, Report, ReportMessage, Trigger};
use crate::trigger::on_demand::AttributeSubject;

impl Handler {
    pub(super) async fn retire(
        &self,
        config: &Configured,
        subject: &AttributeSubject,
        dry_run: bool,
        budget: TimeBudget,
    ) -> Result<Value, HandlerError> {
        config.former.move_all(&self.bucket, &self.api_keys, budget.now()).await?;
        let named = self.named(config, subject).await?;
        if let Some(by) = self.fed_by(config, &named).await? {
            return Err(HandlerError::StillFed { attribute: named.attribute, by });
        }
        let Some(report) = self.retire_at_its_share(config, &named, dry_run, budget, Trigger::OnDemand).await? else {
            let existing = listed(self.attributes_with_state(&named.connection.workspace).await?);
            let name = named.attribute.to_string();
            return Err(HandlerError::NoSuch { kind: "the attribute", name, existing });
        };
        let reports = [report];
        self.keep_histories(config, &reports, budget).await;
        Ok(answer(&reports, &[("action", "retire".into())]))
    }

    /// Resumes a retirement that ran out of time, unless the attribute is fed again.
    pub(super) async fn resume_retirement(
        &self,
        config: &Configured,
        continued: &ContinuedDelivery,
        budget: TimeBudget,
    ) -> Result<Vec<Report>, HandlerError> {
        let subject = match (&continued.connection, &continued.attribute) {
            (Some(connection), Some(attribute)) => {
                AttributeSubject::Attribute { connection: connection.clone(), attribute: attribute.clone() }
            }
            _ => AttributeSubject::Segment { export: continued.export.clone(), segment: continued.segment.clone() },
        };
        let named = self.named(config, &subject).await?;
        if self.fed_by(config, &named).await?.is_some() {
            return Ok(Vec::new());
        }
        let report = self.retire_at_its_share(config, &named, false, budget, Trigger::ObjectCreated).await?;
        Ok(report.into_iter().collect())
    }

    /// `None` if nothing is known of the attribute.
    async fn retire_at_its_share(
        &self,
        config: &Configured,
        named: &Named,
        dry_run: bool,
        budget: TimeBudget,
        trigger: Trigger,
    ) -> Result<Option<Report>, HandlerError> {
        let delivery = self.delivery_of(config, named, budget, trigger);
        let retiring = delivery.retire(dry_run).boxed();
        let Some(end) = self.at_its_share(delivery.connection(), delivery.braze(), retiring).await? else {
            return Ok(None);
        };
        let mut report = end.report;
        if end.must_continue {
            if let Some(queue) = &self.queue {
                let (export, segment) = (report.export.clone(), report.segment.clone());
                let connection = Some(named.connection.name.clone());
                let attribute = Some(named.attribute.clone());
                let continued = ContinuedDelivery::of(export, segment, report.run);
                queue.send(ContinuedDelivery { retire: true, connection, attribute, ..continued }).await?;
            } else {
                report.outcome = Outcome::Unfinished;
                let Message { text, code } = ReportMessage::RetirementStopped.to_message();
                (report.message, report.code) = (text, code);
            }
        }
        Ok(Some(report))
    }
}

//! `forget`: drops a run, or a file of it that is gone.

use serde_json::{Value, json};

use super::message::AnswerMessage;
use super::{Configured, Handler, HandlerError};
use crate::budget::TimeBudget;
use crate::message::{Coded, Message};
use crate::report::Trigger;
use crate::run::Models;
use crate::state::{Ledger, RunAnswer};
use crate::trigger::on_demand::Forget;

impl Handler {
    pub(super) async fn forget(
        &self,
        config: &Configured,
        wanted: &Forget,
        budget: TimeBudget,
    ) -> Result<Value, HandlerError> {
        let export = Self::export(config, &wanted.export)?;
        config.former.move_all(&self.bucket, &self.api_keys, budget.now()).await?;
        let models = Models::new(self.bucket.clone());
        let mut segments = self.segments_with_state(export).await?;
        segments.retain(|segment| wanted.segment.as_ref().is_none_or(|wanted| wanted == segment));
        let mut forgotten = Vec::new();
        for segment in segments {
            let delivery = self.delivery(config, export, &segment, &models, budget, Trigger::OnDemand);
            let Some(ledger) = delivery.ledger().await?.filter(|ledger| ledger.feeder == *delivery.feeder()) else {
                continue;
            };
            let mut changed = ledger.clone();
            let answer = forget(&mut changed, wanted, budget.now());
            if answer == RunAnswer::Unknown {
                continue;
            }
            let answer = if wanted.dry_run || answer == RunAnswer::Busy {
                answer
            } else {
                delivery.change(|ledger| forget(ledger, wanted, budget.now())).await?.unwrap_or(RunAnswer::Unknown)
            };
            let outcome = match answer {
                RunAnswer::Done if wanted.dry_run => "would_be_forgotten",
                RunAnswer::Done => "forgotten",
                RunAnswer::Busy => "busy",
                _ => "unknown",
            };
            forgotten.push(json!({
                "segment": segment,
                "attribute": delivery.attribute(),
                "outcome": outcome,
                "newest_run": ledger.newest_run(),
                "newest_run_afterwards": changed.newest_run(),
            }));
        }
        if forgotten.is_empty() {
            let name = wanted.run.to_string();
            let existing = "see the action status".to_owned();
            return Err(HandlerError::NoSuch { kind: "the run", name, existing });
        }
        let message = if wanted.dry_run { AnswerMessage::WouldForget } else { AnswerMessage::Forgotten };
        let Message { text, code } = message.to_message();
        Ok(json!({
            "action": "forget", "export": wanted.export, "run": wanted.run, "file": wanted.file, "dry_run": wanted.dry_run,
            "segments": forgotten, "message": text, "code": code,
        }))
    }
}

fn forget(ledger: &mut Ledger, wanted: &Forget, now: jiff::Timestamp) -> RunAnswer {
    match &wanted.file {
        Some(file) => ledger.forget_file(wanted.run, file, now),
        None => ledger.forget(wanted.run, now),
    }
}

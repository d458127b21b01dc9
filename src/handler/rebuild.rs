//! `rebuild`: makes a state usable again that is damaged and cannot be restored.

use serde_json::{Value, json};

use super::message::AnswerMessage;
use super::{Configured, Handler, HandlerError};
use crate::budget::TimeBudget;
use crate::message::{Coded, Message};
use crate::report::Trigger;
use crate::trigger::on_demand::AttributeSubject;

impl Handler {
    pub(super) async fn rebuild(
        &self,
        config: &Configured,
        subject: &AttributeSubject,
        dry_run: bool,
        budget: TimeBudget,
    ) -> Result<Value, HandlerError> {
        let named = self.named(config, subject).await?;
        let delivery = self.delivery_of(config, &named, budget, Trigger::OnDemand);
        let rebuilt = delivery.rebuild(dry_run).await?;
        let message = match (rebuilt.damage.is_empty(), dry_run) {
            (true, _) => AnswerMessage::NotDamaged,
            (false, true) => AnswerMessage::Damaged,
            (false, false) => AnswerMessage::Rebuilt,
        };
        let Message { text, code } = message.to_message();
        Ok(json!({
            "action": "rebuild",
            "connection": named.connection.name,
            "attribute": named.attribute,
            "dry_run": dry_run,
            "damage": rebuilt.damage,
            "people": rebuilt.people,
            "message": text,
            "code": code,
        }))
    }
}

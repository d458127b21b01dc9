//! `rebuild`: makes a state usable again that is damaged and cannot be restored.

use serde_json::{Value, json};

use super::{Configured, Handler, HandlerError};
use crate::budget::TimeBudget;
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
        let message = if rebuilt.damage.is_empty() {
            "The state is not damaged; nothing was changed."
        } else if dry_run {
            "Nothing was changed."
        } else {
            "The state is usable again. The next complete run sends everybody, and is held if anybody would leave: the number in its \
             report releases it."
        };
        Ok(json!({
            "action": "rebuild",
            "connection": named.connection.name,
            "attribute": named.attribute,
            "dry_run": dry_run,
            "damage": rebuilt.damage,
            "people": rebuilt.people,
            "message": message,
        }))
    }
}

//! `erase`: takes one person out of state and reports.

use serde_json::Value;

use super::{Configured, Handler, HandlerError};
use crate::budget::TimeBudget;
use crate::erase::{Request, erase};

impl Handler {
    pub(super) async fn erase(
        &self,
        config: &Configured,
        request: &Request,
        budget: TimeBudget,
    ) -> Result<Value, HandlerError> {
        config.former.move_all(&self.bucket, &self.api_keys, budget.now()).await?;
        let receipt = erase(&self.bucket, &self.api_keys, config, request, budget).await?;
        tracing::info!(
            outcome = ?receipt.outcome,
            state = receipt.state_rows,
            reports = receipt.report_rows,
            receipt = receipt.stored_as,
            "a person was erased"
        );
        Ok(serde_json::to_value(receipt).unwrap_or_default())
    }
}

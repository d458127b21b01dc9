//! Reads a secret again, once, after Braze refused the key: it may have been rotated.

use super::DeliveryError;
use super::segment::SegmentDelivery;
use crate::braze::StopReason;
use crate::secrets::ApiKey;

/// Whether the secret has been read again.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SecretRetry {
    done: bool,
}

impl SecretRetry {
    /// Whether this reason is worth reading the secret again.
    pub(super) fn is_worth_it(self, reason: &StopReason) -> bool {
        reason.is_about_the_key() && !self.done
    }

    /// Another key than the one that Braze refused; the reason for which it stopped, if there is none.
    pub(super) async fn another_key(
        &mut self,
        delivery: &SegmentDelivery,
        refused: &ApiKey,
        reason: StopReason,
    ) -> Result<ApiKey, DeliveryError> {
        if !self.is_worth_it(&reason) {
            return Err(DeliveryError::Refused(reason));
        }
        self.done = true;
        let key = delivery.api_keys.read_again(&delivery.export.connection.secret).await?;
        if key == *refused { Err(DeliveryError::Refused(reason)) } else { Ok(key) }
    }
}

//! Writes the receipt of an audit.

use crate::audit::{AuditOutcome, AuditRecord, AuditStage, Audited, Repair, Signature};
use crate::bucket::Condition;
use crate::delivery::DeliveryError;
use crate::delivery::segment::SegmentDelivery;

/// How many files of an export a receipt lists.
const LISTED: usize = 1_000;

impl SegmentDelivery {
    /// The receipt of what is known so far.
    pub(super) fn audited(&self, record: &AuditRecord) -> Audited {
        let asked_at = match &record.stage {
            AuditStage::Asking => None,
            AuditStage::Asked { at, .. } => Some(*at),
            _ => Some(record.begun_at),
        };
        let sent = (record.to_members.done + record.to_others.done > 0).then(|| Repair {
            members: record.to_members.done.saturating_sub(record.to_members.refused()),
            others: record.to_others.done.saturating_sub(record.to_others.refused()),
            refused: record.to_members.refused() + record.to_others.refused(),
            requests: record.counts.requests,
            data_points: record.counts.data_points,
        });
        Audited {
            action: "audit",
            export: self.export.name.clone(),
            segment: self.segment.clone(),
            attribute: self.attribute.clone(),
            run: Some(record.run),
            outcome: AuditOutcome::Unfinished,
            members: record.members,
            profiles: record.profiles,
            missing: record.missing.clone(),
            extra: record.extra.clone(),
            unknown: record.unknown,
            unsettled: record.unsettled,
            sent,
            members_digest: record.members_digest.clone(),
            export_files: record.files.iter().take(LISTED).cloned().collect(),
            asked_at,
            written_at: self.now(),
            message: String::new(),
            code: String::new(),
            stored_as: None,
            signature: None,
        }
    }

    /// Signs the receipt, if there is a state key, and stores it.
    pub(super) async fn store_receipt(&self, mut audited: Audited) -> Result<Audited, DeliveryError> {
        let key = self.reports.audit_receipt(audited.written_at);
        audited.stored_as = Some(key.clone());
        let keys = self.api_keys.state_keys(&self.export.connection.secret, false).await?;
        if let Some(state_key) = keys.first() {
            let text = serde_json::to_vec(&audited).unwrap_or_default();
            audited.signature = state_key.sign(&text).ok().map(|(key, hmac)| Signature::new(key, &hmac));
        }
        self.bucket.write_json(&key, &audited, &Condition::Any).await?;
        Ok(audited)
    }
}

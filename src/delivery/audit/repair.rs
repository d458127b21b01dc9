//! Sends the differences, while the attribute is kept from deliveries.

use super::comparing::superseded;
use super::{Step, TRY_AGAIN, lost};
use crate::audit::{AuditMessage, AuditOutcome, AuditRecord, AuditStore};
use crate::delivery::DeliveryError;
use crate::delivery::leavers::{Duty, Leaving, LeavingEnd, SetTo, Side};
use crate::delivery::segment::SegmentDelivery;
use crate::state::{LeaseKeeper, LeaversSent, Part, RepairAnswer};

impl SegmentDelivery {
    /// Sends those who should not have the attribute, and then the members who lack it.
    pub(super) async fn repair(
        &self,
        store: &AuditStore,
        owner: &str,
        record: &mut AuditRecord,
    ) -> Result<Step, DeliveryError> {
        // The next run sends these members again, with all of their fields. Collecting old state leaves the folder of audits alone.
        let noted: Vec<Part> =
            record.to_members.parts.iter().map(|part| Part { first: None, ..part.clone() }).collect();
        let now = self.now();
        let lease = self.lease_of(owner, now);
        let begun = self
            .change(|ledger| ledger.begin_repair(record.run, &self.feeder, record.begun_at, &noted, &lease, now))
            .await?;
        match begun {
            Some(RepairAnswer::Ours) => {}
            Some(RepairAnswer::Busy) => {
                return Ok(Step::Later(AuditOutcome::Unfinished, AuditMessage::Continues, TRY_AGAIN));
            }
            Some(RepairAnswer::Superseded) | None => return Ok(superseded(record)),
        }
        let keeper = LeaseKeeper::new(lease, self.budget);
        let sent = self.send_differences(&keeper, record).await;
        let ours = self.change(|ledger| ledger.keep_lease(owner, None)).await?;
        if let Some(stored) = store.read().await? {
            (record.to_members, record.to_others, record.counts) = (stored.to_members, stored.to_others, stored.counts);
        }
        match sent? {
            LeavingEnd::AllSent => Ok(repaired(record)),
            LeavingEnd::OutOfTime if ours == Some(true) => Ok(Step::out_of_time()),
            LeavingEnd::Lost | LeavingEnd::OutOfTime => Err(lost(store)),
        }
    }

    async fn send_differences(&self, keeper: &LeaseKeeper, record: &AuditRecord) -> Result<LeavingEnd, DeliveryError> {
        let to_others = SetTo::on_leaving(self.export.on_leave);
        let to_members = SetTo::of_members(self.export.create_profiles);
        // Braze keeps no order between requests, so those who should not have it come first: an address may be a member's by now.
        for (side, set_to, people) in
            [(Side::Others, to_others, &record.to_others), (Side::Members, to_members, &record.to_members)]
        {
            let mut leaving = Leaving::new(self, Duty::Repair(side), keeper.clone(), set_to, people.done);
            let ended = leaving.send_all(&people.parts).await;
            let sent = leaving.finish(&format!("{}{}-{side:?}", self.keys.audit_folder(), record.id)).await?;
            self.note_repaired(side, &sent).await?;
            let ended = ended?;
            if ended != LeavingEnd::AllSent {
                return Ok(ended);
            }
        }
        Ok(LeavingEnd::AllSent)
    }

    /// Puts on record how many are done.
    pub(in crate::delivery) async fn note_repaired(&self, side: Side, sent: &LeaversSent) -> Result<(), DeliveryError> {
        self.audit_store()
            .update(|stored| {
                let Some(record) = stored else { return };
                let people = match side {
                    Side::Members => &mut record.to_members,
                    Side::Others => &mut record.to_others,
                };
                // The answer to a write may be lost, so that the same is written again.
                if people.done != sent.done || sent.carried.iter().any(|part| !people.refused.contains(part)) {
                    people.done = sent.done;
                    people.refused.extend(sent.carried.iter().cloned());
                    record.counts.add(&sent.counts);
                }
            })
            .await?;
        Ok(())
    }
}

fn repaired(record: &AuditRecord) -> Step {
    let refused = record.to_members.refused() + record.to_others.refused();
    let members = record.to_members.people() - record.to_members.refused();
    let others = record.to_others.people() - record.to_others.refused();
    let message = if refused == 0 {
        AuditMessage::Repaired { members, others }
    } else {
        AuditMessage::PartlyRepaired { done: members + others, refused }
    };
    Step::End(AuditOutcome::Repaired, message)
}

//! Compares the export with the last complete run.

use super::Step;
use crate::audit::{
    Addresses, AuditMessage, AuditOutcome, AuditRecord, AuditStage, Extra, HASHES, Listed, Missing, Pass, ToSend,
    Verdict, Verdicts,
};
use crate::config::OnLeave;
use crate::delivery::DeliveryError;
use crate::delivery::compare::Lists;
use crate::delivery::complete::FEW;
use crate::delivery::load::{FETCHED_AHEAD, Line};
use crate::delivery::segment::SegmentDelivery;
use crate::delivery::sources::Source;
use crate::state::{Part, Standing};

/// Of those who have the attribute and are no members: why they may have it.
const LEFT: &str = "left before, and Braze refused the change";
const NOT_IN_STATE: &str = "not in the state: another system set it, or a profile was merged";
const SHARED: &str = "only an address, which a member's profile has too";

impl SegmentDelivery {
    /// Finds out who is missing and who should not have the attribute.
    pub(super) async fn compare_with_export(&self, record: &mut AuditRecord) -> Result<Step, DeliveryError> {
        let Some(ledger) = self.ledger.read().await? else { return Ok(superseded(record)) };
        match ledger.is_settled(record.run, &self.feeder, record.begun_at) {
            Some(true) => {}
            Some(false) => return Ok(superseded(record)),
            None => return Ok(Step::Later(AuditOutcome::Unfinished, AuditMessage::Continues, super::TRY_AGAIN)),
        }
        let last = Source::of_last_run(&ledger);
        let since = self.everything_listed(&ledger).await?.split_off(last.len());
        let found: Vec<Source> = record.found.iter().map(Source::certain).collect();
        let prefix = self.audit_prefix(record);
        let mut verdicts = Verdicts::default();
        let lines = |sources: &[Source]| sources.iter().filter_map(|source| source.rows).sum::<u64>();
        // Each line may have a customer ID and an address.
        let hashes = 2 * (lines(&last) + lines(&since));
        let (mut missing, mut to_members) = (Missing::default(), Lists::new(&prefix, "missing"));
        let (mut members, mut digest) = (0, 0_u64);
        for pass in Pass::all(hashes, HASHES) {
            let mut listed = Listed::new(pass);
            self.read_lines(last.clone(), |line| listed.add(line.row)).await?;
            self.read_lines(since.clone(), |line| listed.add_unsettled(line.row)).await?;
            listed.seal();
            self.read_lines(found.clone(), |line| listed.meet(number(&line), line.row, &mut verdicts)).await?;
            let (people, sum) = listed.members();
            (members, digest) = (members + people, digest.wrapping_add(sum));
            if listed.missing() > 0 {
                self.list_missing(&mut listed, &last, &mut missing, &mut to_members).await?;
            }
        }
        to_members.store(self, true).await?;
        record.to_members = numbered(to_members);
        self.note_addresses(&found, lines(&found), &mut verdicts).await?;
        (record.extra, record.to_others, record.unsettled) = self.list_extra(&found, &verdicts, &prefix).await?;
        (record.members, record.members_digest) = (members, format!("{digest:016x}"));
        missing.causes = self.causes_of(&record.to_members, missing.people).await?;
        record.missing = missing;
        record.compared_at = Some(self.now());
        record.stage = AuditStage::Compared;
        Ok(Step::Done)
    }

    async fn list_missing(
        &self,
        listed: &mut Listed,
        last: &[Source],
        missing: &mut Missing,
        to_members: &mut Lists,
    ) -> Result<(), DeliveryError> {
        for some in last.chunks(FETCHED_AHEAD) {
            self.read_lines(some.to_vec(), |line| {
                if listed.take_missing(line.row) {
                    missing.people += 1;
                    missing.accepted += u64::from(line.row.fingerprint.is_known());
                    to_members.push(line.row.uncertain(Standing::Member));
                }
            })
            .await?;
            to_members.store(self, false).await?;
        }
        Ok(())
    }

    /// Finds out which addresses alone belong to the profiles of members.
    async fn note_addresses(&self, found: &[Source], lines: u64, verdicts: &mut Verdicts) -> Result<(), DeliveryError> {
        for pass in Pass::all(lines, HASHES) {
            let mut addresses = Addresses::new(pass);
            self.read_lines(found.to_vec(), |line| addresses.add(number(&line), line.row, verdicts)).await?;
            addresses.seal();
            self.read_lines(found.to_vec(), |line| addresses.mark(number(&line), line.row, verdicts)).await?;
        }
        Ok(())
    }

    async fn list_extra(
        &self,
        found: &[Source],
        verdicts: &Verdicts,
        prefix: &str,
    ) -> Result<(Extra, ToSend, u64), DeliveryError> {
        let keeps = self.export.on_leave == OnLeave::Keep;
        let (mut extra, mut to_others, mut unsettled) = (Extra::default(), Lists::new(prefix, "extra"), 0);
        for some in found.chunks(FETCHED_AHEAD) {
            self.read_lines(some.to_vec(), |line| match verdicts.of(number(&line)) {
                Verdict::Member => {}
                Verdict::Unsettled => unsettled += 1,
                Verdict::Extra { left, shared } => {
                    let cause = if shared {
                        SHARED
                    } else if left {
                        LEFT
                    } else {
                        NOT_IN_STATE
                    };
                    extra.people += 1;
                    *extra.causes.entry(cause.to_owned()).or_default() += 1;
                    if shared || keeps {
                        extra.not_repairable += 1;
                    } else {
                        to_others.push(line.row.uncertain(Standing::Left));
                    }
                }
            })
            .await?;
            to_others.store(self, false).await?;
        }
        to_others.store(self, true).await?;
        Ok((extra, numbered(to_others), unsettled))
    }

    /// Whether the differences are sent.
    pub(super) fn decide(&self, record: &mut AuditRecord) -> Result<Step, DeliveryError> {
        let (missing, extra) = (record.missing.people, record.extra.people);
        if missing + extra == 0 {
            record.stage = AuditStage::Ended;
            return Ok(Step::End(AuditOutcome::Equal, AuditMessage::Equal { members: record.members }));
        }
        if !record.repair || record.to_send() == 0 {
            record.repair = false;
            return Ok(Step::End(AuditOutcome::Differs, AuditMessage::Differs { missing, extra }));
        }
        self.demand_consent()?;
        let people = record.to_send();
        let allowed = record.allow_differences.is_some_and(|allowed| allowed >= people);
        if !allowed
            && [record.to_members.people(), record.to_others.people()]
                .into_iter()
                .any(|some| self.is_much(some, record))
        {
            record.stage = AuditStage::Held;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a share from 0 to 1, in percent"
            )]
            let allowed = (self.export.max_leavers * 100.0).round() as u64;
            return Ok(Step::End(AuditOutcome::Held, AuditMessage::Held { people, missing, extra, allowed }));
        }
        record.stage = AuditStage::Repairing;
        Ok(Step::Done)
    }

    /// Whether these are more people than may leave without a person's decision.
    fn is_much(&self, people: u64, record: &AuditRecord) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "a share needs no more than 52 bits")]
        let share = people as f64 / record.members.max(1) as f64;
        people > FEW && share > self.export.max_leavers
    }
}

/// The lists. Their lines are numbered, so that one that was erased leaves a gap.
fn numbered(lists: Lists) -> ToSend {
    let parts = lists.into_parts().into_iter().map(|part| Part { first: Some(0), ..part }).collect();
    ToSend { parts, ..ToSend::default() }
}

pub(super) fn superseded(record: &AuditRecord) -> Step {
    Step::End(AuditOutcome::Superseded, AuditMessage::Superseded { run: record.run })
}

/// The number of a line of the export.
fn number(line: &Line<'_>) -> u32 {
    line.number.unwrap_or(u32::MAX)
}

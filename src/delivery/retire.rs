//! Retires an attribute that nothing feeds: applies `on_leave` to everyone who may have it.

use jiff::Timestamp;

use super::DeliveryError;
use super::leavers::{Duty, Leaving, LeavingEnd, SetTo};
use super::segment::SegmentDelivery;
use crate::config::OnLeave;
use crate::membership::RunMembers;
use crate::message::{Coded, Message};
use crate::report::{Members, Outcome, Report, ReportMessage};
use crate::state::{Fed, LeaseKeeper, Ledger, RetireAnswer, Retirement};

/// How often a retirement starts again because the ledger changed in the meantime.
const TRIES: u32 = 4;

/// How a retirement ended.
#[derive(Debug)]
pub struct RetirementEnd {
    /// The report.
    pub report: Report,
    /// Whether another invocation has to resume where this one ran out of time.
    pub must_continue: bool,
}

impl SegmentDelivery {
    /// Applies `on_leave` to everyone in the state, then deletes the state. With `dry_run`, only counts them. `None` if there
    /// is no state of the attribute.
    ///
    /// A lease in the ledger keeps deliveries and other retirements away. An attempt whose time ends is resumed by the next one.
    #[tracing::instrument(name = "retirement", level = "error", skip_all, fields(attribute = %self.attribute))]
    pub async fn retire(&self, dry_run: bool) -> Result<Option<RetirementEnd>, DeliveryError> {
        let Some(seen) = self.ledger.read().await?.filter(Ledger::lists_anyone) else {
            return Ok(None);
        };
        if dry_run {
            let sources = self.everything_listed(&seen).await?;
            let people = self.compare_members(&seen, RunMembers::default(), sources).await?.people;
            let mut report = self.retiring(&seen, people, self.budget.now());
            report.outcome = Outcome::DryRun;
            let message = ReportMessage::WouldRetire { members: people }.to_message();
            (report.message, report.code) = (message.text, message.code);
            return Ok(Some(RetirementEnd { report, must_continue: false }));
        }
        self.demand_consent()?;
        let owner = self.new_owner();
        for _ in 0..TRIES {
            match self.begin_retirement(&owner).await? {
                RetireAnswer::Ours(retirement) => {
                    return Box::pin(self.send_everyone(&seen, &owner, *retirement)).await.map(Some);
                }
                RetireAnswer::List | RetireAnswer::Changed => {}
                RetireAnswer::Busy(what) => {
                    return Err(DeliveryError::Busy { what: format!("{what} of the attribute {}", self.attribute) });
                }
            }
        }
        Err(DeliveryError::Busy { what: format!("the attribute {}", self.attribute) })
    }

    async fn begin_retirement(&self, owner: &str) -> Result<RetireAnswer, DeliveryError> {
        let now = self.budget.now();
        let lease = self.lease_of(owner, now);
        let answer = self
            .ledger
            .update(|ledger| {
                ledger.as_mut().map_or(RetireAnswer::Changed, |ledger| ledger.resume_retirement(&lease, now))
            })
            .await?;
        if answer != RetireAnswer::List {
            return Ok(answer);
        }
        let Some(seen) = self.ledger.last_seen().await? else {
            return Ok(RetireAnswer::Changed);
        };
        // Compared with an empty run, everyone left.
        let sources = self.everything_listed(&seen).await?;
        let compared = self.compare_members(&seen, RunMembers::default(), sources.clone()).await?;
        let prefix = format!("{}{owner}", self.keys.retired_folder());
        let (people, _) = self.list_leavers(&compared.members, sources, &prefix, OnLeave::Remove).await?;
        let now = self.budget.now();
        let lease = self.lease_of(owner, now);
        let answer = self
            .ledger
            .update(|ledger| {
                let people = (people.clone(), compared.people);
                ledger
                    .as_mut()
                    .map_or(RetireAnswer::Changed, |ledger| ledger.begin_retirement(&seen, people, &lease, now))
            })
            .await?;
        Ok(answer)
    }

    async fn send_everyone(
        &self,
        seen: &Ledger,
        owner: &str,
        begun: Retirement,
    ) -> Result<RetirementEnd, DeliveryError> {
        let mut report = self.retiring(seen, begun.members, begun.started_at);
        let keeper = LeaseKeeper::new(begun.lease.unwrap_or_else(|| self.lease_of(owner, Timestamp::MIN)), self.budget);
        // Retiring an attribute with `keep` removes it.
        let on_leave = if self.export.on_leave == OnLeave::Keep { OnLeave::Remove } else { self.export.on_leave };
        let mut leaving = Leaving::new(self, Duty::Retirement, keeper, SetTo::on_leaving(on_leave), begun.done);
        let ended = leaving.send_all(&begun.people).await;
        let sent = leaving.finish(&format!("{}{owner}", self.keys.retired_folder())).await?;
        self.note_work(|work| work.counts.add(&sent.counts));
        let finished = matches!(ended, Ok(LeavingEnd::AllSent));
        // Everything that is here now belongs to the retired attribute; later deliveries are stored beside it.
        let keys = if finished { self.bucket.keys(self.keys.everything()).await? } else { Vec::new() };
        let done = self
            .ledger
            .update(|current| {
                let ledger = current.as_mut()?;
                if !ledger.retired(owner, &sent, None) {
                    return None;
                }
                let retirement = ledger.retirement.clone()?;
                if finished && retirement.refused.is_empty() {
                    *current = None;
                } else if finished {
                    ledger.end_retirement();
                }
                Some(retirement)
            })
            .await?;
        let ended = ended?;
        let ours = done.is_some();
        let retirement = done.unwrap_or_default();
        let refused: u64 = retirement.refused.iter().map(|part| part.rows).sum();
        report.requests = retirement.counts.requests;
        report.data_points = retirement.counts.data_points;
        report.seconds = retirement.counts.seconds;
        let must_continue = ours && ended == LeavingEnd::OutOfTime;
        let (outcome, message) = if ours && finished && refused == 0 {
            self.delete_but_ledger(keys).await?;
            Fed::remove(&self.bucket, &self.export.connection.workspace, &seen.feeder, &self.attribute).await?;
            self.note_work(|work| work.completed = true);
            (Outcome::Delivered, ReportMessage::Retired { members: begun.members })
        } else if ours && finished {
            let lists: Vec<String> = begun.people.iter().map(|part| part.key.clone()).collect();
            self.bucket.delete(&lists).await?;
            self.collect().await;
            (Outcome::Failed, ReportMessage::SomeNotRetired { retired: begun.members.saturating_sub(refused), refused })
        } else if must_continue {
            (Outcome::Unfinished, ReportMessage::RetirementContinues)
        } else {
            (Outcome::Unfinished, ReportMessage::RetirementTakenOver)
        };
        let Message { text, code } = message.to_message();
        (report.outcome, report.message, report.code) = (outcome, text, code);
        report.finished_at = self.budget.now();
        self.log(&report);
        Ok(RetirementEnd { report, must_continue })
    }

    async fn delete_but_ledger(&self, mut keys: Vec<String>) -> Result<(), DeliveryError> {
        keys.retain(|key| key != self.ledger.key());
        Ok(self.bucket.delete(&keys).await?)
    }

    fn retiring(&self, ledger: &Ledger, members: u64, started_at: Timestamp) -> Report {
        let before = ledger.last_complete.as_ref().map_or(0, |last| last.members);
        Report {
            attribute: ledger.attribute.clone(),
            run: ledger.newest_run(),
            outcome: Outcome::Delivered,
            members: Members { before, entered: 0, stayed: 0, left: before, after: 0 },
            data_points: members,
            started_at,
            ..self.blank_report(started_at)
        }
    }
}

//! Unsets the attribute of all members of a segment that is delivered no more.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use jiff::Timestamp;

use super::DeliveryError;
use super::leavers::{Duty, Leaving, LeavingEnd};
use super::segment::SegmentDelivery;
use crate::config::OnLeave;
use crate::membership::RunMembers;
use crate::message::{Coded, Message};
use crate::report::{Members, Outcome, Report, ReportMessage, Requests, Rows};
use crate::state::{Lease, Ledger, OlderConfiguration, Retirement};

/// How often a retirement is begun anew because the ledger changed meanwhile.
const TRIES: u32 = 4;

/// How a retirement ended.
#[derive(Debug)]
pub struct RetirementEnd {
    /// What is to be told.
    pub report: Report,
    /// Whether another invocation has to go on where this one ran out of time.
    pub goes_on: bool,
}

/// A retirement that is ours.
struct Begun {
    ledger: Ledger,
    lease: Lease,
    retirement: Retirement,
}

/// Where the state stands when a retirement begins.
enum Beginning {
    Ours(Box<Begun>),
    /// Somebody changed the ledger since the comparison.
    Changed,
    /// Another function is at work.
    Busy(&'static str),
}

impl SegmentDelivery {
    /// Unsets the attribute of everybody whom the state names, then forgets the segment. With `dry_run`, tells only how
    /// many they are. `None` if nothing is known of the segment.
    ///
    /// A lease in the ledger keeps deliveries and other retirements away. An attempt whose time ends is continued by the
    /// next one, from where it was.
    pub async fn retire(&self, dry_run: bool) -> Result<Option<RetirementEnd>, DeliveryError> {
        for _ in 0..TRIES {
            if let ControlFlow::Break(end) = Box::pin(self.try_to_retire(dry_run)).await? {
                return Ok(end);
            }
        }
        Err(DeliveryError::Busy { what: format!("the segment {}", self.segment) })
    }

    /// Continues if somebody changed the ledger between the comparison and the first step.
    async fn try_to_retire(&self, dry_run: bool) -> Result<ControlFlow<Option<RetirementEnd>>, DeliveryError> {
        // Before the ledger: what lies here when there is no ledger is left over from a retirement that was killed.
        let keys = self.bucket.keys(&self.keys.everything()).await?;
        let Some(seen) = self.ledger.read().await?.filter(|ledger| ledger.newest_run().is_some()) else {
            if !dry_run {
                self.delete_but_ledger(keys).await?;
            }
            return Ok(ControlFlow::Break(None));
        };
        let mut ledger = seen.clone();
        self.adopt_destination(&mut ledger)?;
        // Compared with a run that nobody is in, everybody left.
        let nobody = RunMembers::default();
        let sources = self.everything_listed(&ledger).await?;
        let compared = self.compare_members(&ledger, RunMembers::default(), sources.clone()).await?;
        let mut report = self.retiring(&ledger, compared.told, self.budget.now());
        if dry_run {
            report.outcome = Outcome::DryRun;
            let message = ReportMessage::WouldRetire { members: compared.told }.to_message();
            (report.message, report.code) = (message.text, message.code);
            return Ok(ControlFlow::Break(Some(RetirementEnd { report, goes_on: false })));
        }
        self.demand_consent()?;
        let begun = match self.begin_retirement(&seen).await? {
            Beginning::Ours(begun) => *begun,
            Beginning::Changed => return Ok(ControlFlow::Continue(())),
            Beginning::Busy(what) => {
                return Err(DeliveryError::Busy { what: format!("{what} of the segment {}", self.segment) });
            }
        };
        let mut leaving =
            Leaving::new(self, Duty::Retirement, begun.lease, &nobody, &begun.ledger, begun.retirement.done);
        if leaving.on_leave == OnLeave::Keep {
            // Whoever retires a segment wants its attribute gone.
            leaving.on_leave = OnLeave::Remove;
        }
        let told = leaving.tell_all(sources).await;
        let end = self.end_retirement(leaving, told, begun.retirement, report, compared.told).await?;
        Ok(ControlFlow::Break(Some(end)))
    }

    /// Whatever name the configuration has by now: members are marked with the one that they were sent with.
    fn adopt_destination(&self, ledger: &mut Ledger) -> Result<(), OlderConfiguration> {
        let attribute = ledger.attribute.clone();
        ledger.adopt(self.destination(), &attribute, self.export.stored_at)
    }

    async fn begin_retirement(&self, seen: &Ledger) -> Result<Beginning, DeliveryError> {
        let now = self.budget.now();
        let lease = self.new_lease(now);
        let answer = self
            .ledger
            .update(|current| {
                let Some(ledger) = current.as_mut().filter(|ledger| *ledger == seen) else {
                    return ControlFlow::Break(Beginning::Changed);
                };
                if self.adopt_destination(ledger).is_err() {
                    return ControlFlow::Break(Beginning::Changed);
                }
                match ledger.retire(lease.clone(), now) {
                    ControlFlow::Break(what) => ControlFlow::Break(Beginning::Busy(what)),
                    ControlFlow::Continue(retirement) => {
                        let (ledger, lease) = (ledger.clone(), lease.clone());
                        ControlFlow::Continue(Beginning::Ours(Box::new(Begun { ledger, lease, retirement })))
                    }
                }
            })
            .await?;
        let (ControlFlow::Break(beginning) | ControlFlow::Continue(beginning)) = answer;
        Ok(beginning)
    }

    async fn end_retirement(
        &self,
        leaving: Leaving<'_>,
        told: Result<LeavingEnd, DeliveryError>,
        mut retirement: Retirement,
        mut report: Report,
        members: u64,
    ) -> Result<RetirementEnd, DeliveryError> {
        let Leaving { owner, done, counts, carried, .. } = leaving;
        self.note_work(|work| work.counts.add(&counts));
        retirement.lease = None;
        retirement.done = done;
        retirement.refused += carried.rows();
        retirement.counts.add(&counts);
        let all_told = matches!(told, Ok(LeavingEnd::AllTold));
        let refused = retirement.refused;
        if all_told && refused > 0 {
            // The next attempt goes through all of them again.
            (retirement.done, retirement.refused) = (0, 0);
        }
        report.started_at = retirement.started_at;
        report.requests = retirement.counts.requests;
        report.data_points = retirement.counts.data_points;
        report.seconds = retirement.counts.seconds;
        // Everything that lies here now is of the retired segment; whatever is delivered later lies beside it.
        let keys = if all_told && refused == 0 { self.bucket.keys(&self.keys.everything()).await? } else { Vec::new() };
        let ours = self
            .ledger
            .update(|current| {
                let known = current.as_mut().and_then(|ledger| ledger.retirement.as_mut());
                let Some(known) = known.filter(|known| known.lease.as_ref().is_some_and(|lease| lease.owner == owner))
                else {
                    return ControlFlow::Break(());
                };
                if all_told && refused == 0 {
                    *current = None;
                } else {
                    *known = retirement.clone();
                }
                ControlFlow::Continue(())
            })
            .await?
            .is_continue();
        let end = told?;
        let goes_on = ours && end == LeavingEnd::OutOfTime;
        let (outcome, message) = if all_told && ours && refused == 0 {
            self.delete_but_ledger(keys).await?;
            self.note_work(|work| work.completed = true);
            (Outcome::Delivered, ReportMessage::Retired { members })
        } else if all_told && ours {
            (Outcome::Failed, ReportMessage::SomeNotRetired { refused })
        } else if goes_on {
            (Outcome::Unfinished, ReportMessage::RetirementContinues)
        } else {
            (Outcome::Unfinished, ReportMessage::RetirementTakenOver)
        };
        let Message { text, code } = message.to_message();
        (report.outcome, report.message, report.code) = (outcome, text, code);
        report.finished_at = self.budget.now();
        self.log(&report);
        Ok(RetirementEnd { report, goes_on })
    }

    async fn delete_but_ledger(&self, mut keys: Vec<String>) -> Result<(), DeliveryError> {
        keys.retain(|key| key != self.ledger.key());
        Ok(self.bucket.delete(&keys).await?)
    }

    fn retiring(&self, ledger: &Ledger, members: u64, now: Timestamp) -> Report {
        let before = ledger.last_complete.as_ref().map_or(0, |last| last.members);
        Report {
            export: self.export.name.clone(),
            segment: self.segment.clone(),
            attribute: ledger.attribute.clone(),
            run: ledger.newest_run(),
            trigger: self.trigger,
            outcome: Outcome::Delivered,
            files: Vec::new(),
            rows: Rows::default(),
            members: Members { before, entered: 0, stayed: 0, left: before, after: 0 },
            dropped_fields: BTreeMap::new(),
            rejected_reasons: BTreeMap::new(),
            requests: Requests::default(),
            data_points: members * (1 + ledger.former_attributes.len() as u64),
            started_at: now,
            finished_at: now,
            seconds: 0.0,
            message: String::new(),
            code: String::new(),
            notes: BTreeSet::new(),
            preview: None,
        }
    }
}

//! Unsets the attribute of all members of a segment that is delivered no more.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rand::RngExt;

use super::DeliveryError;
use super::leavers::{Leaving, LeavingEnd};
use super::segment::SegmentDelivery;
use crate::config::OnLeave;
use crate::membership::{Ledger, RunMembers};
use crate::report::{Members, Outcome, Report, Requests, Rows};
use crate::run::RunId;

impl SegmentDelivery {
    /// Unsets the attribute of everybody whom the state names, then forgets the segment. With `dry_run`, tells only how
    /// many they are. `None` if nothing has ever been delivered of the segment.
    pub async fn retire(&self, dry_run: bool) -> Result<Option<Report>, DeliveryError> {
        let Some(mut ledger) = self.ledger.read().await? else {
            return Ok(None);
        };
        let now = self.budget.now();
        ledger.adopt(self.destination(), &self.attribute);
        let Some(newest) = ledger.newest_run() else {
            return Ok(None);
        };
        if ledger.is_held(now) || ledger.runs.values().any(|run| run.is_worked_on(now)) {
            return Err(DeliveryError::Busy { what: format!("the segment {}", self.segment) });
        }
        // Compared with a run that nobody is in, everybody left.
        let sources = self.everything_listed(&ledger).await?;
        let compared = self.compare_members(&ledger, RunMembers::default(), sources.clone()).await?;
        let mut report = self.retiring(&ledger, newest, compared.told, now);
        if dry_run {
            report.outcome = Outcome::DryRun;
            report.message = format!("Nothing was sent. {} members would be unset.", compared.told);
            return Ok(Some(report));
        }
        self.demand_consent()?;
        let nobody = RunMembers::default();
        let owner = format!("{:016x}", rand::rng().random::<u64>());
        let mut leaving = Leaving::new(self, newest, owner, &nobody, &ledger, 0);
        if leaving.on_leave == OnLeave::Keep {
            // Whoever retires a segment wants its attribute gone.
            leaving.on_leave = OnLeave::Remove;
        }
        let end = leaving.tell_all(sources).await?;
        report.requests = leaving.counts.requests;
        report.data_points = leaving.counts.data_points;
        report.seconds = leaving.counts.seconds;
        let refused = leaving.carried.rows();
        (report.outcome, report.message) = match end {
            LeavingEnd::AllTold if refused == 0 => {
                let keys = self.bucket.keys(&self.keys.everything()).await?;
                self.bucket.delete(&keys).await?;
                (Outcome::Delivered, format!("The segment is retired: {} members were unset.", compared.told))
            }
            LeavingEnd::AllTold => (
                Outcome::Failed,
                format!("Braze refused {refused} members. They keep the attribute; run retire again."),
            ),
            LeavingEnd::OutOfTime | LeavingEnd::Lost => {
                (Outcome::Unfinished, "The time of the function was up. Run retire again to go on.".to_owned())
            }
        };
        report.finished_at = self.budget.now();
        self.note_work(|work| {
            work.counts.add(&leaving.counts);
            work.completed = report.outcome == Outcome::Delivered;
        });
        self.log(&report);
        Ok(Some(report))
    }

    fn retiring(&self, ledger: &Ledger, run: RunId, gone: u64, now: Timestamp) -> Report {
        let before = ledger.last_complete.as_ref().map_or(0, |last| last.members);
        Report {
            export: self.export.name.clone(),
            segment: self.segment.clone(),
            attribute: self.attribute.clone(),
            run: Some(run),
            trigger: self.trigger,
            outcome: Outcome::Delivered,
            files: Vec::new(),
            rows: Rows::default(),
            members: Members { before, entered: 0, stayed: 0, left: before, after: 0 },
            dropped_fields: BTreeMap::new(),
            rejected_reasons: BTreeMap::new(),
            requests: Requests::default(),
            data_points: gone,
            started_at: now,
            finished_at: now,
            seconds: 0.0,
            message: String::new(),
            notes: BTreeSet::new(),
            preview: None,
        }
    }
}

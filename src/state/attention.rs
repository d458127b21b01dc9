//! What of a segment lasts until its cause is gone: it is held, fails, waits, is superseded again and again, or is overdue.

use jiff::{SignedDuration, Timestamp};

use super::ledger::Ledger;
use super::run_record::{Phase, Progress};
use crate::message::counted;
use crate::pattern::RunId;

/// This many superseded runs in a row are worth attention.
const SUPERSEDED_IN_A_ROW: usize = 3;

/// A segment without a delivery for this many times its usual interval is overdue.
const INTERVALS: i32 = 4;

/// The usual interval is the median of this many, at most.
const INTERVALS_KEPT: usize = 10;

/// Fewer intervals than this are no habit.
const INTERVALS_NEEDED: usize = 3;

/// A shorter usual interval counts as one hour: a segment that was exported a few times in a row has no other habit by that.
const SHORTEST: SignedDuration = SignedDuration::from_hours(1);

/// A run that waits longer than this for the rest of its files is worth attention, and raises an alarm.
pub const LONG_WAIT: SignedDuration = SignedDuration::from_hours(24);

/// What lasts. Of several, the one that explains the others: a segment that is held is neither failing, nor waiting, nor overdue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attention {
    /// The newest run.
    pub run: Option<RunId>,
    /// Why the newest run, or a file of it, waits for a person's decision.
    pub held: Option<String>,
    /// Why a file of the newest run could not be delivered.
    pub failing: Option<String>,
    /// Since when the newest run waits for the rest of it.
    pub waiting_since: Option<Timestamp>,
    /// How many runs came in a row that are older than the newest one known, if they are worth attention.
    pub superseded: Option<u64>,
    /// Nothing was delivered for too long, and none of the above says why.
    pub overdue: Option<Overdue>,
}

/// A segment that is usually delivered more often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overdue {
    /// When it was last delivered.
    pub since: Timestamp,
    /// The usual time between two deliveries.
    pub usual: SignedDuration,
}

impl Attention {
    /// The segment is held, for this reason.
    pub fn hold(&mut self, reason: &str) {
        *self = Self { run: self.run, held: Some(reason.to_owned()), superseded: self.superseded, ..Self::default() };
    }

    /// The segment could not be delivered, for this reason.
    pub fn fail(&mut self, reason: &str) {
        *self =
            Self { run: self.run, failing: Some(reason.to_owned()), superseded: self.superseded, ..Self::default() };
    }
}

impl Overdue {
    /// The usual time, in words.
    pub fn interval(&self) -> String {
        match self.usual.as_hours().unsigned_abs() {
            0 => "less than an hour".to_owned(),
            hours => counted(hours, "hour", "hours"),
        }
    }
}

impl Ledger {
    /// What lasts at `now`.
    pub fn attention(&self, now: Timestamp) -> Attention {
        let run = self.newest_run();
        let newest = run.and_then(|run| self.runs.get(&run));
        let open = newest.filter(|run| run.phase == Phase::Open);
        let files = || open.iter().flat_map(|run| run.files.values().map(|file| &file.progress));
        let held = match newest.map(|run| &run.phase) {
            Some(Phase::Held { released: false, reason, .. }) => Some(reason),
            _ => files().find_map(|file| if let Progress::Held { message, .. } = file { Some(message) } else { None }),
        };
        let failing =
            files().find_map(|file| if let Progress::Failed { message, .. } = file { Some(message) } else { None });
        let failing = failing.filter(|_| held.is_none()).cloned();
        let held = held.cloned();
        let is_stuck = held.is_some() || failing.is_some();
        let waiting = open.filter(|run| !is_stuck && !run.is_worked_on(now));
        let superseded = self.superseded_in_a_row();
        let explained = is_stuck || superseded.is_some() || self.retirement.is_some();
        Attention {
            run,
            held,
            failing,
            waiting_since: waiting.map(|run| run.started_at),
            superseded,
            overdue: self.overdue(now).filter(|_| !explained),
        }
    }

    /// How many runs came and were superseded in a row, if they are worth attention.
    pub fn superseded_in_a_row(&self) -> Option<u64> {
        (self.superseded.len() >= SUPERSEDED_IN_A_ROW).then_some(self.superseded.len() as u64)
    }

    /// When the next delivery is usually due; `None` without a habit.
    pub fn expected_at(&self) -> Option<Timestamp> {
        let Overdue { since, usual } = self.rhythm()?;
        since.checked_add(usual).ok()
    }

    fn overdue(&self, now: Timestamp) -> Option<Overdue> {
        let rhythm = self.rhythm()?;
        let most = rhythm.usual.max(SHORTEST).saturating_mul(INTERVALS);
        (now.duration_since(rhythm.since) > most).then_some(rhythm)
    }

    /// When it was last delivered, and the usual time between two deliveries.
    fn rhythm(&self) -> Option<Overdue> {
        let delivered = self.history.iter().filter(|past| past.outcome.is_delivered() && !past.undo);
        let mut ends: Vec<Timestamp> = delivered.map(|past| past.finished_at).collect();
        ends.sort_unstable();
        let since = *ends.last()?;
        let mut intervals: Vec<SignedDuration> =
            ends.windows(2).rev().take(INTERVALS_KEPT).map(|pair| pair[1].duration_since(pair[0])).collect();
        if intervals.len() < INTERVALS_NEEDED {
            return None;
        }
        intervals.sort_unstable();
        Some(Overdue { since, usual: intervals[intervals.len() / 2] })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::names::{ExportName, SegmentName};
    use crate::report::{Members, Outcome, Rows, RunSummary};
    use crate::state::Feeder;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + minutes * 60).unwrap()
    }

    const HOUR: i64 = 60;

    fn delivered_at(minutes: &[i64]) -> Ledger {
        let feeder = Feeder::new(&ExportName::from("loyalty"), &SegmentName::new("顧客"));
        let mut ledger = Ledger::new("顧客".into(), feeder);
        for end in minutes {
            ledger.remember(RunSummary {
                run: "2026-11-23T01:02Z".parse::<RunId>().unwrap(),
                outcome: if end % 2 == 0 { Outcome::Delivered } else { Outcome::DeliveredWithProblems },
                rows: Rows::default(),
                members: Members::default(),
                started_at: at(*end),
                finished_at: at(*end),
                seconds: 1.0,
                undo: false,
            });
        }
        ledger
    }

    #[test]
    fn four_times_the_usual_interval_is_overdue() {
        let daily = delivered_at(&[0, 24, 49, 72, 96].map(|hours| hours * HOUR));
        assert_eq!(daily.attention(at(192 * HOUR)).overdue, None);
        assert_eq!(daily.expected_at(), Some(at(120 * HOUR)));
        let overdue = Overdue { since: at(96 * HOUR), usual: SignedDuration::from_hours(24) };
        assert_eq!(daily.attention(at(192 * HOUR + 1)).overdue, Some(overdue));
        let twice = delivered_at(&[0, 24, 48].map(|hours| hours * HOUR));
        assert_eq!(twice.attention(at(9_999 * HOUR)).overdue, None, "two intervals are no habit");
        assert_eq!(twice.expected_at(), None);
        let quick = delivered_at(&[0, 10, 20, 31]);
        assert_eq!(quick.attention(at(31 + 4 * HOUR)).overdue, None, "at least four hours");
        assert!(quick.attention(at(32 + 4 * HOUR)).overdue.is_some());
    }

    #[test]
    fn runs_that_are_superseded_again_and_again_explain_it() {
        let mut ledger = delivered_at(&[0, 24, 48, 72].map(|hours| hours * HOUR));
        for day in 1..=3 {
            assert_eq!(ledger.attention(at(999 * HOUR)).superseded, None);
            ledger.note_superseded(format!("2026-11-0{day}T01:02Z").parse().unwrap());
        }
        let attention = ledger.attention(at(999 * HOUR));
        assert_eq!((attention.superseded, attention.overdue), (Some(3), None));
    }
}

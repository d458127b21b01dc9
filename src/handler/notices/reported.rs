//! What people were notified of, and when: one cause once a day at most.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::super::standing::Standing;
use super::cause::{Cause, Kind};
use super::text::{Delivered, Lasting, News};
use crate::state::{Attention, Feeder, LONG_WAIT};

/// A cause that lasts is reported again after this. A pass of the schedule may begin a little earlier than the day before.
const DAY: SignedDuration = SignedDuration::from_mins(24 * 60 - 5);

/// What people were notified of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reported {
    #[serde(default)]
    causes: Vec<ReportedCause>,
    /// When the last digest was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<Timestamp>,
    /// The end of the last delivery that was reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deliveries: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ReportedCause {
    #[serde(flatten)]
    cause: Cause,
    since: Timestamp,
    reported: Timestamp,
}

/// Which messages are wanted, each with those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    /// What lasts until someone does something.
    #[default]
    Problems,
    /// Once a day, what was delivered and what still lasts.
    Digest,
    /// Every run that is delivered.
    Deliveries,
}

impl Wanted {
    /// The names that [`Wanted::parse`] takes.
    pub const NAMES: &str = "problems, digest or deliveries";

    /// The messages with this name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "problems" => Some(Self::Problems),
            "digest" => Some(Self::Digest),
            "deliveries" => Some(Self::Deliveries),
            _ => None,
        }
    }
}

impl Reported {
    /// Takes note of what is reported now, and returns it.
    pub(super) fn update(&mut self, standings: &[Standing], wanted: Wanted, now: Timestamp) -> News {
        let mut current: BTreeMap<Cause, &Attention> = BTreeMap::new();
        for Standing { feeder: Feeder { export, segment }, attention, .. } in standings {
            let cause = |kind| Cause { kind, export: export.clone(), segment: segment.clone() };
            current.extend(kinds(attention, now).map(|kind| (cause(kind), attention)));
        }
        let mut news = News::default();
        self.causes.retain_mut(|known| {
            let still = current.remove(&known.cause);
            if now.duration_since(known.reported) < DAY {
                news.reported_before += usize::from(still.is_some());
                return true;
            }
            if let Some(attention) = still {
                known.reported = now;
                news.lasting.push(Lasting::new(known.cause.clone(), known.since, attention, now));
            } else {
                news.gone.push((known.cause.clone(), known.since));
            }
            still.is_some()
        });
        for (cause, attention) in current {
            news.lasting.push(Lasting::new(cause.clone(), now, attention, now));
            self.causes.push(ReportedCause { cause, since: now, reported: now });
        }
        news.lasting.sort_by(|one, other| one.cause.cmp(&other.cause));
        self.add_deliveries(standings, wanted, now, &mut news);
        news
    }

    fn add_deliveries(&mut self, standings: &[Standing], wanted: Wanted, now: Timestamp, news: &mut News) {
        let ended_after = |since: Timestamp| {
            let runs = |standing: &Standing| -> Vec<Delivered> {
                let ended = standing.history.iter().filter(|run| run.outcome.is_delivered() && run.finished_at > since);
                ended.map(|run| Delivered { feeder: standing.feeder.clone(), run: run.clone() }).collect()
            };
            let mut runs: Vec<Delivered> = standings.iter().flat_map(runs).collect();
            runs.sort_by_key(|delivered| delivered.run.finished_at);
            runs
        };
        if wanted >= Wanted::Digest && self.digest.is_none_or(|last| now.duration_since(last) >= DAY) {
            news.digest = Some(ended_after(self.digest.unwrap_or(now.saturating_sub(DAY).unwrap_or(now))));
            self.digest = Some(now);
        }
        if wanted == Wanted::Deliveries {
            let since = *self.deliveries.get_or_insert(now);
            news.delivered = ended_after(since);
            self.deliveries = news.delivered.last().map(|last| last.run.finished_at).or(self.deliveries);
        }
    }
}

/// The states of a segment that are reported.
fn kinds(attention: &Attention, now: Timestamp) -> impl Iterator<Item = Kind> {
    let waits = |since: Timestamp| now.duration_since(since) > LONG_WAIT;
    [
        (Kind::Held, attention.held.is_some()),
        (Kind::Failing, attention.failing.is_some()),
        (Kind::Superseded, attention.superseded.is_some()),
        (Kind::Overdue, attention.overdue.is_some()),
        (Kind::Waiting, attention.waiting_since.is_some_and(waits)),
    ]
    .into_iter()
    .filter_map(|(kind, is)| is.then_some(kind))
}

//! The status of every segment after a scheduled invocation. The figures that alarms are about and the messages to people follow from
//! it, so that both last until the cause is gone.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use jiff::Timestamp;
use tokio::time::timeout_at;

use super::{Configured, Handler, HandlerError};
use crate::budget::TimeBudget;
use crate::config::Export;
use crate::names::{ExportName, SegmentName};
use crate::report::{Gauges, Outcome, Report, RunSummary};
use crate::state::{Attention, Feeder, Ledger, StateKeys};

/// How many ledgers are read at the same time.
const AT_THE_SAME_TIME: usize = 16;

/// How the deliveries of this invocation ended, with their messages, by export and segment.
pub(super) type Ended = BTreeMap<(ExportName, SegmentName), (Outcome, String)>;

/// The status of one segment.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub(super) feeder: Feeder,
    pub(super) attention: Attention,
    /// The last runs that ended, oldest first.
    pub(super) history: Vec<RunSummary>,
}

/// What a ledger says of a segment.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    attention: Attention,
    history: Vec<RunSummary>,
}

/// The segments that a pass found at rest, so that their ledgers need not be read again.
pub(super) type AtRest = BTreeMap<Feeder, Seen>;

impl Seen {
    pub(super) fn of(ledger: &Ledger, now: Timestamp) -> Self {
        Self { attention: ledger.attention(now), history: ledger.history.clone() }
    }
}

/// How the deliveries of these reports ended.
pub(super) fn ended(reports: &[Report]) -> Ended {
    let ended =
        |report: &Report| ((report.export.clone(), report.segment.clone()), (report.outcome, report.message.clone()));
    reports.iter().map(ended).collect()
}

impl Handler {
    /// Writes the figures and notifies people, where that is wanted. Returns whether they know of everything that lasts.
    pub(super) async fn make_known(
        &self,
        config: &Configured,
        ended: &Ended,
        at_rest: &AtRest,
        budget: TimeBudget,
    ) -> Result<bool, HandlerError> {
        if self.metrics_of.is_none() && self.notices.is_none() {
            return Ok(false);
        }
        let now = budget.now();
        let working = async {
            let standings = self.standings(config, ended, at_rest, now).await?;
            self.write_gauges(config, &standings, now);
            self.notify(config, &standings, now).await
        };
        match timeout_at(budget.stop_waiting(), working).await {
            // Nothing depends on the figures: the alarms keep their state until the next invocation.
            Ok(Err(error)) if self.notices.is_none() => {
                tracing::warn!(%error, "can't find out how many segments are held, fail or wait");
                Ok(false)
            }
            Ok(known) => known,
            Err(_) => {
                tracing::warn!("no time left to find out how many segments are held, fail or wait");
                Ok(false)
            }
        }
    }

    fn write_gauges(&self, config: &Configured, standings: &[Standing], now: Timestamp) {
        let Some(stack) = &self.metrics_of else {
            return;
        };
        let mut all = Gauges::default();
        for export in config.exports.keys() {
            let mut of_export = Gauges::default();
            for standing in standings.iter().filter(|standing| standing.feeder.export == *export) {
                of_export.add(&standing.gauges(now));
            }
            all.add(&of_export);
            of_export.log(stack, Some(export), now);
        }
        all.log(stack, None, now);
    }

    /// The status of every segment of every export.
    async fn standings(
        &self,
        config: &Configured,
        ended: &Ended,
        at_rest: &AtRest,
        now: Timestamp,
    ) -> Result<Vec<Standing>, HandlerError> {
        let mut all = Vec::new();
        for export in config.exports.values() {
            let mut segments = self.segments_with_state(export).await?;
            let of_export = ended.keys().filter(|(name, _)| *name == export.name);
            segments.extend(of_export.map(|(_, segment)| segment.clone()));
            let standings = stream::iter(segments)
                .map(|segment| self.standing(export, segment, ended, at_rest, now))
                .buffered(AT_THE_SAME_TIME);
            all.extend(standings.collect::<Vec<_>>().await);
        }
        Ok(all)
    }

    async fn standing(
        &self,
        export: &Export,
        segment: SegmentName,
        ended: &Ended,
        at_rest: &AtRest,
        now: Timestamp,
    ) -> Standing {
        let keys = StateKeys::new(&export.connection.workspace, &export.attribute_of(&segment));
        let feeder = Feeder::new(&export.name, &segment);
        let own = |ledger: &Ledger| ledger.feeder == feeder;
        let Seen { mut attention, history } = match at_rest.get(&feeder) {
            Some(seen) => seen.clone(),
            None => match keys.ledger(&self.bucket).read().await {
                Ok(ledger) => ledger.filter(own).map(|ledger| Seen::of(&ledger, now)).unwrap_or_default(),
                Err(error) => {
                    tracing::warn!(export = %export.name, %segment, %error, "the state of a segment can't be read");
                    let attention = Attention { failing: Some(error.to_string()), ..Attention::default() };
                    Seen { attention, history: Vec::new() }
                }
            },
        };
        // A delivery that failed before it had a state, for instance because the key is refused, is not in the ledger.
        match ended.get(&(export.name.clone(), segment)) {
            Some((Outcome::Held, message)) if attention.held.is_none() => attention.hold(message),
            Some((Outcome::Failed, message)) if attention.held.is_none() && attention.failing.is_none() => {
                attention.fail(message);
            }
            _ => {}
        }
        Standing { feeder, attention, history }
    }
}

impl Standing {
    /// The figures of the segment.
    pub(super) fn gauges(&self, now: Timestamp) -> Gauges {
        let Attention { held, failing, waiting_since, superseded, overdue, .. } = &self.attention;
        let waited = waiting_since.map(|since| now.duration_since(since));
        Gauges {
            held: u64::from(held.is_some()),
            failing: u64::from(failing.is_some()),
            superseded: u64::from(superseded.is_some()),
            overdue: u64::from(overdue.is_some()),
            oldest_waiting_hours: waited.map_or(0.0, |waited| waited.as_secs_f64() / 3600.0).max(0.0),
        }
    }
}

//! Writes, after every scheduled invocation, how many segments are held, fail or wait: the alarms are about these figures, so
//! that they last until the cause is gone.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use jiff::Timestamp;
use tokio::time::timeout_at;

use super::{Configured, Handler, HandlerError};
use crate::budget::TimeBudget;
use crate::config::Export;
use crate::names::{ExportName, SegmentName};
use crate::report::{Gauges, Outcome, Report};
use crate::state::{Attention, Feeder, Ledger, StateKeys};

/// How many ledgers are read at the same time.
const AT_THE_SAME_TIME: usize = 16;

/// How the deliveries of this invocation ended, by export and segment.
pub(super) type Ended = BTreeMap<(ExportName, SegmentName), Outcome>;

impl Handler {
    /// Writes the gauges, if metrics are wanted. Nothing depends on them: a failure is logged, and the alarms keep
    /// their state until the next invocation.
    pub(super) async fn write_gauges(&self, config: &Configured, ended: &Ended, budget: TimeBudget) {
        let Some(stack) = &self.metrics_of else {
            return;
        };
        match timeout_at(budget.stop_waiting(), self.gauges(config, ended, budget.now())).await {
            Ok(Ok(gauges)) => {
                let mut all = Gauges::default();
                for (export, gauges) in gauges {
                    all.add(&gauges);
                    gauges.log(stack, Some(&export), budget.now());
                }
                all.log(stack, None, budget.now());
            }
            Ok(Err(error)) => tracing::warn!(%error, "can't find out how many segments are held, fail or wait"),
            Err(_) => tracing::warn!("no time left to find out how many segments are held, fail or wait"),
        }
    }

    async fn gauges(
        &self,
        config: &Configured,
        ended: &Ended,
        now: Timestamp,
    ) -> Result<Vec<(ExportName, Gauges)>, HandlerError> {
        let mut all = Vec::new();
        for export in config.exports.values() {
            let mut segments = self.segments_with_state(export).await?;
            let of_export = ended.keys().filter(|(name, _)| *name == export.name);
            segments.extend(of_export.map(|(_, segment)| segment.clone()));
            let gauges = stream::iter(segments)
                .map(|segment| async move {
                    let attention = self.attention(export, &segment, now).await;
                    let outcome = ended.get(&(export.name.clone(), segment)).copied();
                    of_segment(attention, outcome, now)
                })
                .buffered(AT_THE_SAME_TIME)
                .fold(Gauges::default(), |mut sum, gauges| async move {
                    sum.add(&gauges);
                    sum
                })
                .await;
            all.push((export.name.clone(), gauges));
        }
        Ok(all)
    }

    /// What lasts of a segment; `None` if its state can't be read.
    async fn attention(&self, export: &Export, segment: &SegmentName, now: Timestamp) -> Option<Attention> {
        let keys = StateKeys::new(&export.connection.workspace, &export.attribute_of(segment));
        let own = |ledger: &Ledger| ledger.feeder == Feeder::new(&export.name, segment);
        match keys.ledger(&self.bucket).read().await {
            Ok(ledger) => Some(ledger.filter(own).map(|ledger| ledger.attention(now)).unwrap_or_default()),
            Err(error) => {
                tracing::warn!(export = %export.name, %segment, %error, "the state of a segment can't be read");
                None
            }
        }
    }
}

/// What a segment adds to the gauges. What this invocation met counts for more than what the state says: a key that was
/// refused, or a file that is held, may not be in it.
fn of_segment(attention: Option<Attention>, outcome: Option<Outcome>, now: Timestamp) -> Gauges {
    let Some(attention) = attention else {
        return Gauges { failing: 1, ..Gauges::default() };
    };
    let held = attention.held || outcome == Some(Outcome::Held);
    let failing = !held && (attention.failing || outcome == Some(Outcome::Failed));
    let waited = attention.waiting_since.filter(|_| !held && !failing).map(|since| now.duration_since(since));
    Gauges {
        held: u64::from(held),
        failing: u64::from(failing),
        superseded: u64::from(attention.superseded),
        overdue: u64::from(attention.overdue.is_some() && !held && !failing),
        oldest_waiting_hours: waited.map_or(0.0, |waited| waited.as_secs_f64() / 3600.0).max(0.0),
    }
}

/// How the deliveries of these reports ended.
pub(super) fn ended(reports: &[Report]) -> Ended {
    reports.iter().map(|report| ((report.export.clone(), report.segment.clone()), report.outcome)).collect()
}

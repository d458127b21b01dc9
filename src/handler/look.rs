//! What is to be done about a segment: which of its runs are delivered.

use std::collections::BTreeSet;

use super::standing::Seen;
use super::{Handler, HandlerError};
use crate::config::Export;
use crate::delivery::{DeliveryError, RunOptions, SegmentDelivery};
use crate::names::{AttributeName, SegmentName};
use crate::run::Order;
use crate::state::{Feeder, Ledger, MemberKey, Phase, Progress, StateKeys};
use crate::survey::{FoundRun, FoundRuns};

/// Which runs of an export to deliver.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) segment: Option<SegmentName>,
    pub(super) dry_run: bool,
    pub(super) options: RunOptions,
    /// Whether a run that is delivered already gets a report as well.
    pub(super) report_all: bool,
    /// Only this person is sent.
    pub(super) only: Option<MemberKey>,
}

/// What is to be done about a segment.
pub(super) struct LookedAt {
    pub(super) runs: Vec<FoundRun>,
    /// What its ledger says, if nothing is to be done.
    pub(super) at_rest: Option<Seen>,
}

impl From<Vec<FoundRun>> for LookedAt {
    fn from(runs: Vec<FoundRun>) -> Self {
        Self { runs, at_rest: None }
    }
}

impl Handler {
    /// The runs of a segment to deliver: the newest one, and one with a wrong name, so that it is reported.
    pub(super) async fn look_at(
        &self,
        delivery: SegmentDelivery,
        runs: FoundRuns,
        wanted: &Wanted,
    ) -> (SegmentDelivery, Result<LookedAt, HandlerError>) {
        let found = self.to_be_delivered(&delivery, runs, wanted).await;
        (delivery, found)
    }

    async fn to_be_delivered(
        &self,
        delivery: &SegmentDelivery,
        runs: FoundRuns,
        wanted: &Wanted,
    ) -> Result<LookedAt, HandlerError> {
        let mut found = Vec::new();
        if let Some(future) = runs.future
            && (wanted.report_all || !delivery.is_reported_as_failed(future.run).await?)
        {
            found.push(future);
        }
        if wanted.dry_run {
            found.extend(runs.newest.into_iter().take(1));
            return Ok(found.into());
        }
        let ledger = match delivery.ledger().await {
            Ok(ledger) => ledger,
            // The delivery fails for the same reason, and its report says so.
            Err(DeliveryError::State(_)) => None,
            Err(error) => return Err(error.into()),
        };
        let forgotten = |run: &FoundRun| ledger.as_ref().is_some_and(|ledger| ledger.forgotten.contains(&run.run));
        let Some(newest) = runs.newest.into_iter().find(|run| !forgotten(run)) else {
            return Ok(found.into());
        };
        if !wanted.report_all
            && let Some(ledger) = &ledger
            && nothing_to_do(ledger, delivery.feeder(), newest.order(delivery.export()), &newest)
            && (!ledger.runs.contains_key(&newest.run) || delivery.has_final_report(ledger, newest.run).await?)
            && delivery.described_differently(ledger, newest.run).await?.is_empty()
        {
            if ledger.uncollected {
                delivery.collect().await;
            }
            let at_rest = found.is_empty().then(|| Seen::of(ledger, delivery.now()));
            return Ok(LookedAt { runs: found, at_rest });
        }
        found.push(newest);
        Ok(found.into())
    }

    /// The segments of the export whose attributes have a state; it may be another feeder's.
    pub(super) async fn segments_with_state(&self, export: &Export) -> Result<BTreeSet<SegmentName>, HandlerError> {
        let workspace = &export.connection.workspace;
        let folders = self.bucket.folders(&StateKeys::of_workspace(workspace)).await?;
        let attributes: BTreeSet<AttributeName> =
            folders.iter().filter_map(|folder| StateKeys::attribute_of_folder(workspace, folder)).collect();
        let named = export.segments.iter().flatten().chain(export.attribute_names.keys());
        // An attribute that was given another name than its segment is no segment of that name.
        let is_given = |attribute: &&AttributeName| export.attribute_names.values().any(|given| given == *attribute);
        let found = attributes.iter().filter(|attribute| !is_given(attribute));
        let found = found.map(|attribute| SegmentName::new(attribute.as_str()));
        let segments: BTreeSet<SegmentName> =
            named.cloned().chain(found.filter(|_| export.segments.is_none())).collect();
        Ok(segments.into_iter().filter(|segment| attributes.contains(&export.attribute_of(segment))).collect())
    }
}

/// Whether everything that was found has already been delivered and reported, or is older.
fn nothing_to_do(ledger: &Ledger, feeder: &Feeder, order: Order, found: &FoundRun) -> bool {
    if ledger.retirement.is_some() || ledger.feeder != *feeder {
        return false;
    }
    if ledger.forgotten.contains(&found.run)
        || ledger.is_undone(found.run)
        || ledger.newer_than(found.run, order).is_some()
    {
        return !ledger.runs.values().any(|run| matches!(run.phase, Phase::Completing(_)));
    }
    ledger.runs.get(&found.run).is_some_and(|record| {
        matches!(record.phase, Phase::Complete | Phase::Held { .. })
            && found.files.iter().all(|file| {
                record
                    .files
                    .get(&file.object.key)
                    .is_some_and(|known| known.etag == file.object.etag && known.progress == Progress::Delivered)
            })
    })
}

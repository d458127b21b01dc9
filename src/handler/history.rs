//! The page of an export's history. The function that ended a run of one of its segments writes it from the ledgers of all
//! its segments.

use std::collections::BTreeSet;

use futures::{StreamExt, stream};
use tokio::time::timeout_at;

use super::{Configured, Handler, HandlerError};
use crate::bucket::{BucketError, Condition};
use crate::budget::TimeBudget;
use crate::config::Export;
use crate::names::{ExportName, SegmentName};
use crate::page::{self, SegmentHistory};
use crate::report::Report;
use crate::state::{Feeder, Ledger, ReportKeys, StateKeys};

/// How often the page is written again because another function wrote it in the meantime.
const TRIES: u32 = 4;
/// The most segments whose ledgers are read.
const MOST_SEGMENTS: usize = 1_000;
/// How many ledgers are read at the same time.
const AT_THE_SAME_TIME: usize = 16;

impl Handler {
    /// Writes the page of each export of which a run ended. Nothing depends on it: a failure is only logged, and the next run
    /// that ends writes the page again.
    pub(super) async fn keep_histories(&self, config: &Configured, reports: &[Report], budget: TimeBudget) {
        let ended = reports.iter().filter(|report| report.outcome.ends_attempts());
        let exports: BTreeSet<&ExportName> = ended.map(|report| &report.export).collect();
        for export in exports.into_iter().filter_map(|export| config.exports.get(export)) {
            if budget.is_spent() {
                return;
            }
            match timeout_at(budget.stop_waiting(), self.write_history(export, budget)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::warn!(export = %export.name, %error, "can't write the history page of an export");
                }
                Err(_) => {
                    return tracing::warn!(export = %export.name, "no time left to write the history page of an export");
                }
            }
        }
    }

    async fn write_history(&self, export: &Export, budget: TimeBudget) -> Result<(), HandlerError> {
        let key = ReportKeys::history_page(&export.name);
        for _ in 0..TRIES {
            // Read before the ledgers: the function that writes the page last has then read them last.
            let condition =
                self.bucket.summary(&key).await?.map_or(Condition::Absent, |page| Condition::Unchanged(page.etag));
            let segments = self.segments_with_state(export).await?;
            let histories: Vec<SegmentHistory> = stream::iter(segments.into_iter().take(MOST_SEGMENTS))
                .map(|segment| self.history_of(export, segment))
                .buffered(AT_THE_SAME_TIME)
                .filter_map(std::future::ready)
                .collect()
                .await;
            let page = page::history(export, &histories, budget.now())?;
            match self.bucket.write(&key, page, page::CONTENT_TYPE, &condition).await {
                Ok(_) => return Ok(()),
                Err(BucketError::Changed { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    async fn history_of(&self, export: &Export, segment: SegmentName) -> Option<SegmentHistory> {
        let keys = StateKeys::new(&export.connection.workspace, &export.attribute_of(&segment));
        let own = |ledger: &Ledger| ledger.feeder == Feeder::new(&export.name, &segment);
        match keys.ledger(&self.bucket).read().await {
            Ok(ledger) => ledger.filter(own).map(|ledger| SegmentHistory::of(&segment, &ledger)),
            Err(error) => {
                tracing::warn!(export = %export.name, %segment, %error, "a segment is missing in the history page of its export");
                None
            }
        }
    }
}

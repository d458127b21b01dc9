//! Keeps the page of an export's history: written anew whenever a run of one of its segments has ended, by the function
//! that ended it, from the ledgers of all its segments.

use std::collections::BTreeSet;

use futures::{StreamExt, stream};
use tokio::time::timeout_at;

use super::{Handler, HandlerError};
use crate::bucket::{BucketError, Condition};
use crate::budget::TimeBudget;
use crate::names::{ExportName, SegmentName};
use crate::page::{self, SegmentHistory};
use crate::report::{Outcome, Report};
use crate::state::StateKeys;

/// How often the page is written anew because another function wrote it meanwhile.
const TRIES: u32 = 4;
/// The most segments whose ledgers are read.
const MOST_SEGMENTS: usize = 1_000;
/// How many ledgers are read at the same time.
const AT_THE_SAME_TIME: usize = 16;

impl Handler {
    /// Writes the page of each export of which a run ended. Nothing depends on it: what fails is only told in the log, and
    /// the next run that ends writes the page anew.
    pub(super) async fn keep_histories(&self, reports: &[Report], budget: TimeBudget) {
        let ended = reports.iter().filter(|report| {
            matches!(report.outcome, Outcome::Delivered | Outcome::Held | Outcome::Failed | Outcome::Superseded)
        });
        let exports: BTreeSet<&ExportName> = ended.map(|report| &report.export).collect();
        for export in exports {
            if budget.is_spent() {
                return;
            }
            match timeout_at(budget.stop_waiting(), self.write_history(export, budget)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::warn!(%export, %error, "can't write the history page of an export");
                }
                Err(_) => return tracing::warn!(%export, "no time left to write the history page of an export"),
            }
        }
    }

    async fn write_history(&self, export: &ExportName, budget: TimeBudget) -> Result<(), HandlerError> {
        let key = StateKeys::history_page(export);
        for _ in 0..TRIES {
            // Looked at before the ledgers are read: whoever writes the page last has read them last.
            let condition =
                self.bucket.summary(&key).await?.map_or(Condition::Absent, |page| Condition::Unchanged(page.etag));
            let segments = self.known_segments(export).await?;
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

    async fn history_of(&self, export: &ExportName, segment: SegmentName) -> Option<SegmentHistory> {
        match StateKeys::new(export, &segment).ledger(&self.bucket).read().await {
            Ok(ledger) => ledger.map(|ledger| SegmentHistory::of(&segment, &ledger)),
            Err(error) => {
                tracing::warn!(%export, %segment, %error, "a segment is missing in the history page of its export");
                None
            }
        }
    }
}

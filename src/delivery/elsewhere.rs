//! Loads which values of additional fields other segments have sent since this one was compared with what Braze has.

use std::sync::{Arc, PoisonError};

use futures::{StreamExt, stream};
use jiff::Timestamp;

use super::load::FETCHED_AHEAD;
use super::segment::{ElsewhereOfRun, SegmentDelivery};
use crate::bucket::{Condition, ObjectSummary};
use crate::membership::{Known, SentElsewhere, SentElsewhereBuilder};
use crate::pattern::RunId;
use crate::state::{Ledger, PartStore, StateError, StateKeys, VALUES_KEPT, VALUES_OVERLAP, read_values};

impl SegmentDelivery {
    /// What other segments have sent to members in `known` since their state was compared. Where that can't be known, all of
    /// `known` are sent again.
    pub(super) async fn sent_elsewhere(
        &self,
        ledger: &Ledger,
        run: RunId,
        known: &mut Known,
    ) -> Result<Arc<SentElsewhere>, StateError> {
        let fields = self.export.fields_sent();
        if fields.is_empty() {
            return Ok(Arc::default());
        }
        let loaded = self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let loaded = match loaded.filter(|loaded| loaded.run == run) {
            Some(loaded) => loaded,
            None => self.load_elsewhere(ledger, run, known, &fields).await?,
        };
        if !loaded.is_whole {
            known.forget_all();
        }
        *self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner) = Some(loaded.clone());
        Ok(loaded.sent)
    }

    async fn load_elsewhere(
        &self,
        ledger: &Ledger,
        run: RunId,
        known: &Known,
        fields: &[String],
    ) -> Result<ElsewhereOfRun, StateError> {
        let since = ledger.compared_since();
        let kept_since = self.budget.now().saturating_sub(VALUES_KEPT).unwrap_or(Timestamp::MIN);
        let mut is_whole = since.is_none_or(|since| since >= kept_since);
        let since = if is_whole { since } else { Some(self.budget.now()) };
        let workspace = &self.export.connection.workspace;
        let after = since.and_then(|since| since.checked_sub(VALUES_OVERLAP).ok());
        let after = after.map_or_else(String::new, |after| StateKeys::values_since(workspace, after));
        let mut pages = self.bucket.pages_after(StateKeys::values_of_workspace(workspace), after);
        let (mut ended, mut lists) = (Vec::new(), Vec::new());
        while let Some(page) = pages.next().await? {
            for object in page {
                ended.extend(StateKeys::owner_ended(&object.key).map(str::to_owned));
                lists.extend(Some(object.key).filter(|key| StateKeys::is_values(key)));
            }
        }
        let mut builder = SentElsewhereBuilder::new(known, fields);
        // Members who are new are sent in any case, and without other segments there is nothing to compare with.
        if is_whole && !known.is_empty() && lists.iter().any(|key| !self.keys.is_own_values(key)) {
            is_whole = self.read_lists(lists, &mut builder).await?;
        }
        Ok(ElsewhereOfRun { run, sent: Arc::new(builder.finish(ended)), is_whole })
    }

    /// Reads lists. Returns whether all those of other segments could be read.
    async fn read_lists(&self, keys: Vec<String>, builder: &mut SentElsewhereBuilder<'_>) -> Result<bool, StateError> {
        // Another connection of the workspace may have another secret.
        let secrets = self.feeds.secrets_of(&self.export.connection);
        let store = &PartStore::new(self.bucket.clone(), self.api_keys.clone(), secrets, false);
        let mut lists =
            stream::iter(keys).map(|key| async move { (store.read(&key).await, key) }).buffered(FETCHED_AHEAD);
        let mut is_whole = true;
        while let Some((list, key)) = lists.next().await {
            let is_own = self.keys.is_own_values(&key);
            let list = match list {
                Ok(Some(list)) => list,
                // One that is too old for any segment may just have been deleted.
                Ok(None) => continue,
                Err(error @ StateError::Bucket(_)) => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, "a list of sent values can't be read");
                    is_whole &= is_own;
                    continue;
                }
            };
            let owner = StateKeys::owner_of_values(&key).unwrap_or_default();
            let read = read_values(&list.bytes, |head, row| match row {
                None if is_own => builder.begin_own(head),
                Some(row) if is_own => builder.push_own(row),
                Some(row) => builder.push(owner, head, row),
                None => {}
            });
            if read.is_none() {
                tracing::warn!(key, "a list of sent values is damaged");
                is_whole &= is_own;
            }
        }
        Ok(is_whole)
    }

    /// Says that `owner` sends no more values. Without it, others take what was listed for uncertain for an hour.
    pub(super) async fn note_values_ended(&self, owner: &str) {
        let key = self.keys.values_ended(&self.export.connection.workspace, self.budget.now(), owner);
        if let Err(error) = self.bucket.write(&key, Vec::new(), "text/plain", &Condition::Any).await {
            tracing::warn!(%error, "it could not be stored that no more values are sent");
        }
    }

    /// Deletes lists that are no longer needed.
    pub(super) async fn collect_lists(&self) -> Result<(), StateError> {
        let now = self.budget.now();
        let mut pages = self.bucket.pages(StateKeys::values_of_workspace(&self.export.connection.workspace));
        // The oldest come first.
        let mut old: Vec<String> = Vec::new();
        if let Some(page) = pages.next().await? {
            // A delivery that is reading them may have begun when they were needed.
            let is_old = |object: &ObjectSummary| now.duration_since(object.last_modified) > VALUES_KEPT * 2;
            old.extend(page.into_iter().filter(is_old).map(|object| object.key));
        }
        if !old.is_empty() {
            self.bucket.delete(&old).await?;
        }
        Ok(())
    }
}

//! Finds out whether all files of a run are here.
//!
//! Leavers are told only of a run that is known to be whole. There are three kinds of evidence: the `model.json` beside
//! the files lists the run and everything that it lists is delivered; or the layout has one file per run; or the folder
//! has been quiet for `settle_minutes`.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use jiff::Timestamp;

use super::DeliveryError;
use super::segment::SegmentDelivery;
use crate::bucket::{Condition, ObjectSummary};
use crate::pattern::RunId;
use crate::run::expected::expected_files;
use crate::run::layout::{Place, place};
use crate::run::{Evidence, FileToDeliver};
use crate::state::{FileRecord, Phase, Progress, RunRecord};

impl SegmentDelivery {
    /// Whether all files of `run` are here and delivered, as far as anybody can know.
    pub(super) async fn is_whole(&self, run: RunId, evidence: Evidence) -> Result<bool, DeliveryError> {
        let Some(ledger) = self.ledger.last_seen().await? else {
            return Ok(false);
        };
        let Some(record) = ledger.runs.get(&run).filter(|_| ledger.newest_run() == Some(run)) else {
            return Ok(false);
        };
        // Whatever had been found whole stays so until a file comes, which opens the run again.
        if matches!(record.phase, Phase::Completing { .. } | Phase::Held { .. } | Phase::Complete) {
            return Ok(true);
        }
        if !record.all_files_delivered() {
            return Ok(false);
        }
        if super::planted("leavers-before-completeness") {
            return Ok(true);
        }
        if evidence.one_file_per_run {
            return self.is_as_delivered(record).await;
        }
        match self.listed_files_delivered(run, record).await? {
            Some(true) => Ok(self.newest_change(run, record).await?.is_some()),
            Some(false) => Ok(false),
            None => self.is_quiet(run, record, evidence).await,
        }
    }

    /// Whether the files have the content that was delivered. New content may have landed whose event is still to come,
    /// and whoever is in it has not left. A file that is gone was delivered before somebody cleared it away.
    async fn is_as_delivered(&self, record: &RunRecord) -> Result<bool, DeliveryError> {
        for (key, file) in &record.files {
            if self.bucket.summary(key).await?.is_some_and(|object| object.etag != file.etag) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether everything that the description lists of the run is delivered; `None` if it says nothing of the run.
    async fn listed_files_delivered(&self, run: RunId, record: &RunRecord) -> Result<Option<bool>, DeliveryError> {
        let Some(key) = record.files.keys().next() else {
            return Ok(None);
        };
        let Some((model_key, model)) = self.models.describing(&self.export, &self.segment, key).await? else {
            return Ok(None);
        };
        let existing: Vec<&str> = record.files.keys().map(String::as_str).collect();
        let expected = expected_files(&self.export, &self.segment, run, &model, &model_key, &existing);
        let Some(expected) = expected else {
            return Ok(None);
        };
        for key in expected {
            let delivered = match record.files.get(&key) {
                Some(file) => file.progress == Progress::Delivered,
                // A file without a byte in it has no members; it is passed over when it lands.
                None => self.bucket.summary(&key).await?.is_some_and(|object| object.size == 0),
            };
            if !delivered {
                return Ok(Some(false));
            }
        }
        Ok(Some(true))
    }

    /// Takes files out of the run that were never delivered and have been deleted: nobody can deliver them any more, and
    /// the run would never be whole. What may have been sent of them stays on record.
    pub async fn forget_missing_files(&self, run: RunId, listed: &[FileToDeliver]) -> Result<(), DeliveryError> {
        let is_missing = |key: &str, file: &FileRecord| {
            file.progress != Progress::Delivered && listed.iter().all(|listed| listed.object.key != *key)
        };
        let Some(ledger) = self.ledger.last_seen().await? else {
            return Ok(());
        };
        let files = ledger.runs.get(&run).map(|record| &record.files);
        if !files.is_some_and(|files| files.iter().any(|(key, file)| is_missing(key, file))) {
            return Ok(());
        }
        let now = self.budget.now();
        let _: ControlFlow<(), ()> = self
            .ledger
            .update(|ledger| {
                let Some(record) = ledger.as_mut().and_then(|ledger| ledger.runs.get_mut(&run)) else {
                    return ControlFlow::Break(());
                };
                if record.is_worked_on(now) {
                    return ControlFlow::Break(());
                }
                let missing: Vec<String> = record
                    .files
                    .iter()
                    .filter(|(key, file)| is_missing(key, file))
                    .map(|(key, _)| key.clone())
                    .collect();
                for key in missing {
                    record.forget_file(&key);
                }
                ControlFlow::Continue(())
            })
            .await?;
        Ok(())
    }

    /// Whether the folder has been quiet long enough, by S3's own clock: an object stored now tells the time.
    ///
    /// The run's folders are listed once more: since the first listing the delivery of what was found has taken time, and a
    /// further file may have landed.
    async fn is_quiet(&self, run: RunId, record: &RunRecord, evidence: Evidence) -> Result<bool, DeliveryError> {
        let Some(mut last_change) = evidence.listed_last_change else {
            return Ok(false);
        };
        let key = format!("{}clock", self.keys.everything());
        self.bucket.write(&key, bytes::Bytes::new(), "text/plain", &Condition::Any).await?;
        let Some(clock) = self.bucket.summary(&key).await? else {
            return Ok(false);
        };
        let Some(newest) = self.newest_change(run, record).await? else {
            return Ok(false);
        };
        last_change = last_change.max(newest);
        let quiet = clock.last_modified.duration_since(last_change);
        Ok(quiet.as_secs() >= i64::from(self.export.settle_minutes) * 60)
    }

    /// When the newest file that lies in the folders of the run's files was stored; `None` if one of them is not known, or
    /// has another content than was delivered.
    async fn newest_change(&self, run: RunId, record: &RunRecord) -> Result<Option<Timestamp>, DeliveryError> {
        let mut newest = Timestamp::UNIX_EPOCH;
        for object in self.files_beside(run, record).await? {
            if record.files.get(&object.key).is_none_or(|known| known.etag != object.etag) {
                return Ok(None);
            }
            newest = newest.max(object.last_modified);
        }
        Ok(Some(newest))
    }

    /// The files of the run that lie in the folders of its known files now.
    async fn files_beside(&self, run: RunId, record: &RunRecord) -> Result<Vec<ObjectSummary>, DeliveryError> {
        let folders: BTreeSet<&str> =
            record.files.keys().map(|key| key.rsplit_once('/').map_or("", |(folder, _)| folder)).collect();
        let is_of_run =
            |object: &ObjectSummary| match place(&self.export, &object.key, object.size, object.last_modified) {
                Place::File(placed) => placed.segment == self.segment && placed.run == run,
                _ => false,
            };
        let mut files = Vec::new();
        for folder in folders {
            let mut pages = self.bucket.pages(format!("{folder}/"));
            while let Some(page) = pages.next().await? {
                files.extend(page.into_iter().filter(is_of_run));
            }
        }
        Ok(files)
    }
}

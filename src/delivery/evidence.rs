//! Finds out whether all files of a run have been received.
//!
//! Leavers are sent only if the run is complete. There are three kinds of evidence: the `model.json` beside the files lists
//! the run, and everything that it lists is delivered; or the layout has one file per run; or the folder has been quiet
//! for `settle_minutes`.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::DeliveryError;
use super::segment::SegmentDelivery;
use crate::bucket::{Condition, ObjectSummary};
use crate::pattern::RunId;
use crate::run::Evidence;
use crate::run::expected::expected_files;
use crate::run::layout::{Place, place};
use crate::state::{Phase, Progress, RunRecord};

/// The folders of the run's files.
fn folders_of(record: &RunRecord) -> BTreeSet<&str> {
    record.files.keys().map(|key| key.rsplit_once('/').map_or("", |(folder, _)| folder)).collect()
}

impl SegmentDelivery {
    /// Whether all files of `run` have been received and delivered, as far as can be known.
    pub(super) async fn is_fully_delivered(&self, run: RunId, evidence: Evidence) -> Result<bool, DeliveryError> {
        let Some(ledger) = self.ledger.last_seen().await?.filter(|ledger| ledger.feeder == self.feeder) else {
            return Ok(false);
        };
        let Some(record) = ledger.runs.get(&run).filter(|_| ledger.newest_run() == Some(run)) else {
            return Ok(false);
        };
        // A run that was found complete stays so until a file comes, which opens it again.
        if matches!(record.phase, Phase::Completing(_) | Phase::Held { .. } | Phase::Complete) {
            return Ok(true);
        }
        if !record.all_files_delivered() {
            return self.drop_files_that_are_gone(run, record).await;
        }
        if crate::planted::planted("leavers-before-completeness") {
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

    /// Whether the files still have the content that was delivered. The event of a new content may still come, and
    /// people in it have not left. A file that is gone was delivered before it was deleted.
    async fn is_as_delivered(&self, record: &RunRecord) -> Result<bool, DeliveryError> {
        for (key, file) in &record.files {
            if self.bucket.summary(key).await?.is_some_and(|object| object.etag != file.etag) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The files that the description lists of the run; `None` if it says nothing of the run.
    async fn listed_files(&self, run: RunId, record: &RunRecord) -> Result<Option<Vec<String>>, DeliveryError> {
        let Some(key) = record.files.keys().next() else {
            return Ok(None);
        };
        let Some((model_key, model)) = self.models.describing_now(&self.export, &self.segment, key).await? else {
            return Ok(None);
        };
        let existing: Vec<&str> = record.files.keys().map(String::as_str).collect();
        Ok(expected_files(&self.export, &self.segment, run, &model, &model_key, &existing))
    }

    /// Whether everything that the description lists of the run is delivered; `None` if it says nothing of the run.
    async fn listed_files_delivered(&self, run: RunId, record: &RunRecord) -> Result<Option<bool>, DeliveryError> {
        let Some(expected) = self.listed_files(run, record).await? else {
            return Ok(None);
        };
        for key in expected {
            let delivered = match record.files.get(&key) {
                Some(file) => file.progress == Progress::Delivered,
                None => self.is_empty_for_good(&key).await?,
            };
            if !delivered {
                return Ok(Some(false));
            }
        }
        Ok(Some(true))
    }

    /// Whether a file is listed that has no byte in it and will have none: copying tools touch a file before they fill it. It has
    /// no members and is passed over when it lands.
    async fn is_empty_for_good(&self, key: &str) -> Result<bool, DeliveryError> {
        let Some(object) = self.bucket.summary(key).await?.filter(|object| object.size == 0) else {
            return Ok(false);
        };
        self.has_settled(object.last_modified).await
    }

    /// A file that was seen and never delivered, and that is gone, keeps the run from being complete until the description
    /// names the run's files without it. Returns whether it is complete; it has to be checked again if files were dropped.
    async fn drop_files_that_are_gone(&self, run: RunId, record: &RunRecord) -> Result<bool, DeliveryError> {
        let mut gone = Vec::new();
        for (key, file) in record.files.iter().filter(|(_, file)| file.progress != Progress::Delivered) {
            if matches!(file.progress, Progress::Working { .. }) || self.bucket.summary(key).await?.is_some() {
                return Ok(false);
            }
            gone.push(key.clone());
        }
        let Some(listed) = self.listed_files(run, record).await? else {
            return Ok(false);
        };
        if gone.is_empty() || gone.iter().any(|key| listed.contains(key)) {
            return Ok(false);
        }
        let now = self.budget.now();
        self.ledger
            .update(|ledger| {
                for key in &gone {
                    ledger.as_mut().map(|ledger| ledger.forget_file(run, key, now));
                }
            })
            .await?;
        Ok(true)
    }

    /// Whether the folder has been quiet long enough, by S3's own clock.
    ///
    /// The run's folders are listed again, because another file may have been uploaded during the delivery.
    async fn is_quiet(&self, run: RunId, record: &RunRecord, evidence: Evidence) -> Result<bool, DeliveryError> {
        let Some(mut last_change) = evidence.listed_last_change else {
            return Ok(false);
        };
        let Some(newest) = self.newest_change(run, record).await? else {
            return Ok(false);
        };
        last_change = last_change.max(newest);
        if !self.has_settled(last_change).await? {
            return Ok(false);
        }
        // An upload in several pieces is no object before its end.
        for folder in folders_of(record) {
            if self.bucket.uploads_in_progress(&format!("{folder}/"), self.budget.now()).await {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether `settle_minutes` have passed since a time of S3's clock.
    async fn has_settled(&self, since: Timestamp) -> Result<bool, DeliveryError> {
        if self.export.settle_minutes == 0 {
            return Ok(true);
        }
        let quiet = self.clock().await?.duration_since(since);
        Ok(quiet.as_secs() >= i64::from(self.export.settle_minutes) * 60)
    }

    /// The time by S3's clock: the last-modified time of an object that is stored now.
    pub(super) async fn clock(&self) -> Result<Timestamp, DeliveryError> {
        let key = self.keys.clock();
        self.bucket.write(&key, bytes::Bytes::new(), "text/plain", &Condition::Any).await?;
        let clock = self.bucket.summary(&key).await?;
        Ok(clock.map_or_else(|| self.budget.now(), |clock| clock.last_modified))
    }

    /// When the newest file in the folders of the run's files was stored; `None` if one of them is not known, or has another
    /// content than was delivered.
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

    /// The files of the run that are now in the folders of its known files.
    async fn files_beside(&self, run: RunId, record: &RunRecord) -> Result<Vec<ObjectSummary>, DeliveryError> {
        let folders = folders_of(record);
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

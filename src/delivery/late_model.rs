//! Finds files that were read before their `model.json` came, or with that of an earlier run, and would be read differently
//! now.
//!
//! A `model.json` and the files that it describes may arrive in any order. A file with a header does not wait for it. If the
//! model comes later and gives its columns other types, the file is read again, and members whose objects change as a
//! result are sent in the same run.

use super::DeliveryError;
use super::segment::SegmentDelivery;
use crate::bucket::Bucket;
use crate::config::Export;
use crate::description::FileDescription;
use crate::names::SegmentName;
use crate::pattern::RunId;
use crate::run::expected::expected_files;
use crate::run::layout::{Place, place};
use crate::run::model::Model;
use crate::run::{FileToDeliver, ModelReadError, Models};
use crate::state::{FileRecord, Ledger, Phase, Progress, RunRecord};

/// The files of `run` that are delivered and that the model beside them describes otherwise than they were read. None
/// unless the run is the newest. A model that cannot be read describes nothing here.
///
/// Only a model that lists the file counts, since the next run's may have come already; one that lists no files at all
/// counts as long as the run is open.
pub async fn described_differently(
    bucket: &Bucket,
    models: &Models,
    export: &Export,
    segment: &SegmentName,
    ledger: &Ledger,
    run: RunId,
) -> Result<Vec<FileToDeliver>, DeliveryError> {
    let mut files = Vec::new();
    let Some(record) = newest(ledger, run) else {
        return Ok(files);
    };
    for (key, file) in record.files.iter().filter(|(_, file)| file.progress == Progress::Delivered) {
        let (model_key, model) = match models.describing(export, segment, key).await {
            Ok(Some(found)) => found,
            Ok(None) | Err(ModelReadError::Model { .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        let speaks_of_it = lists(export, segment, run, &model, &model_key, key)
            || (record.phase == Phase::Open && lists_no_files(&model, segment));
        if speaks_of_it && is_read_differently(export, segment, key, file, (&model_key, &model)) {
            files.extend(as_delivered(bucket, export, key, file, run).await?);
        }
    }
    Ok(files)
}

/// The run, if it is the newest and was not undone.
fn newest(ledger: &Ledger, run: RunId) -> Option<&RunRecord> {
    ledger.runs.get(&run).filter(|_| ledger.newest_run() == Some(run) && !ledger.is_undone(run))
}

/// The file in the bucket, unless it has new content, which has an event of its own.
async fn as_delivered(
    bucket: &Bucket,
    export: &Export,
    key: &str,
    file: &FileRecord,
    run: RunId,
) -> Result<Option<FileToDeliver>, DeliveryError> {
    let object = bucket.summary(key).await?.filter(|object| object.etag == file.etag);
    Ok(object.and_then(|object| match place(export, key, object.size, object.last_modified) {
        Place::File(placed) => Some(FileToDeliver { run, ..FileToDeliver::new(object, &placed) }),
        Place::Model(_) | Place::Ignored(_) => None,
    }))
}

impl SegmentDelivery {
    /// The files of `run` that are delivered and that would be read otherwise now: the model beside them describes them
    /// otherwise, or `exports.toml` fills other fields from them.
    pub async fn described_differently(
        &self,
        ledger: &Ledger,
        run: RunId,
    ) -> Result<Vec<FileToDeliver>, DeliveryError> {
        if ledger.feeder != self.feeder {
            return Ok(Vec::new());
        }
        let mut files =
            described_differently(&self.bucket, &self.models, &self.export, &self.segment, ledger, run).await?;
        let mapping = self.mapping();
        let mapped_differently = |file: &FileRecord| {
            file.progress == Progress::Delivered && file.mapping.as_ref().is_some_and(|known| *known != mapping)
        };
        let Some(record) = newest(ledger, run) else {
            return Ok(files);
        };
        if !record.files.values().any(mapped_differently) || !self.configuration_is_current().await? {
            return Ok(files);
        }
        for (key, file) in record.files.iter().filter(|(_, file)| mapped_differently(file)) {
            if files.iter().all(|known| known.object.key != *key) {
                files.extend(as_delivered(&self.bucket, &self.export, key, file, run).await?);
            }
        }
        Ok(files)
    }
}

fn lists(export: &Export, segment: &SegmentName, run: RunId, model: &Model, model_key: &str, key: &str) -> bool {
    let listed = expected_files(export, segment, run, model, model_key, &[key]);
    listed.is_some_and(|listed| listed.iter().any(|listed| listed == key))
}

fn lists_no_files(model: &Model, segment: &SegmentName) -> bool {
    let entity = model.entity(segment);
    entity.is_some_and(|entity| entity.partitions.iter().all(|partition| partition.location.is_none()))
}

fn is_read_differently(
    export: &Export,
    segment: &SegmentName,
    key: &str,
    file: &FileRecord,
    model: (&str, &Model),
) -> bool {
    let (Some(checkpoint), Some(types)) = (&file.checkpoint, &file.types) else {
        return false;
    };
    let described = FileDescription::of(export, segment, key, Some(model));
    !described.reads_alike(&checkpoint.header, types, &export.csv)
}

//! Lists an export's folder: the segments, and the files of each one's newest runs.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::bucket::{Bucket, BucketError, ObjectSummary};
use crate::config::Export;
use crate::names::SegmentName;
use crate::pattern::RunId;
use crate::run::layout::{Place, place};
use crate::run::{Evidence, FileToDeliver, Order};

/// How many runs of a segment are kept: the newest may have been dropped by an operator.
const RUNS_KEPT: usize = 4;

/// A run that is later than now by more than this may have a wrong name.
const FUTURE: SignedDuration = SignedDuration::from_hours(24);

/// A run of one segment in the bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundRun {
    /// The run.
    pub run: RunId,
    /// Its files, by key.
    pub files: Vec<FileToDeliver>,
    /// When the newest of the files was stored.
    pub last_change: Timestamp,
}

impl FoundRun {
    /// Whether the listing shows that the run is complete.
    pub fn evidence(&self) -> Evidence {
        Evidence {
            one_file_per_run: self.files.iter().any(|file| file.one_file_per_run),
            listed_last_change: Some(self.last_change),
        }
    }

    /// Its place among the runs, by its name and the arrival of its first file.
    pub fn order(&self, export: &Export) -> Order {
        let arrived = self.files.iter().map(|file| file.object.last_modified).min();
        Order::of(self.run, &export.time_zone, arrived.unwrap_or(self.last_change))
    }
}

/// The runs of one segment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FoundRuns {
    /// The newest ones, the newest first.
    pub newest: Vec<FoundRun>,
    /// One that is named after a time to come.
    pub future: Option<FoundRun>,
}

/// The content of an export's folder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Survey {
    /// The runs of each segment.
    pub segments: BTreeMap<SegmentName, FoundRuns>,
    /// How many objects are ignored, by reason.
    pub ignored: BTreeMap<String, u64>,
}

impl Survey {
    /// Lists the whole folder. Older runs are skipped, so that memory grows with the segments, not with their history.
    pub async fn of(bucket: &Bucket, export: &Export, now: Timestamp) -> Result<Self, BucketError> {
        let mut survey = Self::default();
        let latest = now.checked_add(FUTURE).unwrap_or(Timestamp::MAX);
        let mut pages = bucket.pages(format!("{}/", export.folder));
        while let Some(page) = pages.next().await? {
            for object in page {
                survey.add(export, object, latest);
            }
        }
        for runs in survey.segments.values_mut() {
            runs.newest.sort_by_key(|found| std::cmp::Reverse((found.order(export), found.run)));
        }
        Ok(survey)
    }

    fn add(&mut self, export: &Export, object: ObjectSummary, latest: Timestamp) {
        let placed = match place(export, &object.key, object.size, object.last_modified) {
            Place::File(placed) => placed,
            Place::Model(_) => return,
            Place::Ignored(reason) => {
                *self.ignored.entry(reason.to_string()).or_default() += 1;
                return;
            }
        };
        let run = placed.run;
        let in_future = Order::of(run, &export.time_zone, object.last_modified).time() > latest;
        let runs = self.segments.entry(placed.segment.clone()).or_default();
        let last_change = object.last_modified;
        let file = FileToDeliver::new(object, &placed);
        if in_future {
            let future = runs.future.get_or_insert_with(|| FoundRun { run, files: Vec::new(), last_change });
            if future.run == run {
                future.add(file);
            }
            return;
        }
        if let Some(found) = runs.newest.iter_mut().find(|found| found.run == run) {
            return found.add(file);
        }
        let oldest = runs.newest.iter().map(|found| found.run).min();
        if runs.newest.len() >= RUNS_KEPT {
            if oldest.is_some_and(|oldest| oldest > run) {
                return;
            }
            runs.newest.retain(|found| Some(found.run) != oldest);
        }
        runs.newest.push(FoundRun { run, files: vec![file], last_change });
    }
}

impl FoundRun {
    fn add(&mut self, file: FileToDeliver) {
        self.last_change = self.last_change.max(file.object.last_modified);
        self.files.push(file);
    }
}

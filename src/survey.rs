//! Lists an export's folder: the segments, and the files of each one's newest run.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::bucket::{Bucket, BucketError, ObjectSummary};
use crate::config::Export;
use crate::names::SegmentName;
use crate::pattern::RunId;
use crate::run::layout::{Place, place};
use crate::run::{Evidence, FileToDeliver};

/// The newest run of one segment in the bucket.
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
}

/// The content of an export's folder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Survey {
    /// The newest run of each segment.
    pub segments: BTreeMap<SegmentName, FoundRun>,
    /// How many objects are ignored, by reason.
    pub ignored: BTreeMap<String, u64>,
}

impl Survey {
    /// Lists the whole folder. Older runs are skipped, so that memory grows with the segments, not with their history.
    pub async fn of(bucket: &Bucket, export: &Export) -> Result<Self, BucketError> {
        let mut survey = Self::default();
        let mut pages = bucket.pages(format!("{}/", export.folder));
        while let Some(page) = pages.next().await? {
            for object in page {
                survey.add(export, object);
            }
        }
        Ok(survey)
    }

    fn add(&mut self, export: &Export, object: ObjectSummary) {
        let placed = match place(export, &object.key, object.size, object.last_modified) {
            Place::File(placed) => placed,
            Place::Model(_) => return,
            Place::Ignored(reason) => {
                *self.ignored.entry(reason.to_string()).or_default() += 1;
                return;
            }
        };
        let last_change = object.last_modified;
        let file = FileToDeliver::new(object, &placed);
        match self.segments.get_mut(&placed.segment) {
            Some(found) if found.run == placed.run => {
                found.last_change = found.last_change.max(last_change);
                found.files.push(file);
            }
            Some(found) if found.run > placed.run => {}
            _ => {
                let found = FoundRun { run: placed.run, files: vec![file], last_change };
                self.segments.insert(placed.segment, found);
            }
        }
    }
}

//! A file in the bucket that belongs to a run, and what is known about the run beyond its `model.json`.

use jiff::Timestamp;

use super::layout::PlacedFile;
use crate::bucket::ObjectSummary;
use crate::pattern::RunId;

/// A file of the run in the bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct FileToDeliver {
    /// Its key, content and size.
    pub object: ObjectSummary,
    /// The run that it belongs to.
    pub run: RunId,
    /// Whether the layout has one file per run, so that the run consists of this file.
    pub one_file_per_run: bool,
}

impl FileToDeliver {
    /// The object that was read as this file.
    pub fn new(object: ObjectSummary, placed: &PlacedFile) -> Self {
        Self { object, run: placed.run, one_file_per_run: placed.one_file_per_run }
    }
}

/// What is known about a run beyond its `model.json`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The layout has one file per run.
    pub one_file_per_run: bool,
    /// When the newest of its files was stored, by S3's clock, if all of its files have just been listed.
    pub listed_last_change: Option<Timestamp>,
}

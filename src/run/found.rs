//! A file that was found in the bucket and belongs to a run, and what is known of the run beyond its `model.json`.

use jiff::Timestamp;

use super::layout::PlacedFile;
use crate::bucket::ObjectSummary;
use crate::pattern::RunId;

/// A file of the run, as it lies in the bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct FileToDeliver {
    /// Its key, content and size.
    pub object: ObjectSummary,
    /// The run that it belongs to.
    pub run: RunId,
    /// Whether the layout has one file per run, so that this one is all of it.
    pub one_file_per_run: bool,
}

impl FileToDeliver {
    /// The object that was read as this file.
    pub fn new(object: ObjectSummary, placed: &PlacedFile) -> Self {
        Self { object, run: placed.run, one_file_per_run: placed.one_file_per_run }
    }
}

/// What is known of a run beyond its `model.json`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The layout has one file per run.
    pub one_file_per_run: bool,
    /// When the newest of its files was stored, by S3's clock, if all of its files have just been listed.
    pub listed_last_change: Option<Timestamp>,
}

//! Where a pass of the schedule stopped at its time limit: the next pass continues there.
//!
//! ```text
//! state/.pass      the export and the segment that were delivered last; deleted at the end of a pass
//! ```

use serde::{Deserialize, Serialize};

use super::Handler;
use crate::bucket::Condition;
use crate::names::{ExportName, SegmentName};

const KEY: &str = "state/.pass";
const LARGEST: u64 = 64 * 1024;

/// How far a pass is.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    /// Where the pass before stopped.
    begins_after: Option<Served>,
    was_stored: bool,
    last: Option<Served>,
    stopped: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Served {
    export: ExportName,
    segment: SegmentName,
}

impl Cursor {
    /// Whether the pass before stopped in this export.
    pub(super) fn is_in(&self, export: &ExportName) -> bool {
        self.begins_after.as_ref().is_some_and(|served| served.export == *export)
    }

    /// The segment of the export after which this pass begins.
    pub(super) fn take_for(&mut self, export: &ExportName) -> Option<SegmentName> {
        if self.is_in(export) { self.begins_after.take().map(|served| served.segment) } else { None }
    }

    pub(super) fn served(&mut self, export: ExportName, segment: SegmentName) {
        self.last = Some(Served { export, segment });
    }

    /// The time is up.
    pub(super) fn stop(&mut self) {
        self.stopped = true;
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }
}

impl Handler {
    pub(super) async fn read_cursor(&self) -> Cursor {
        match self.bucket.read(KEY, LARGEST).await {
            Ok(stored) => Cursor {
                was_stored: stored.is_some(),
                begins_after: stored.and_then(|(bytes, _)| serde_json::from_slice(&bytes).ok()),
                ..Cursor::default()
            },
            Err(error) => {
                tracing::warn!(%error, "it cannot be seen where the pass before stopped; this one begins at the first segment");
                Cursor::default()
            }
        }
    }

    pub(super) async fn keep_cursor(&self, cursor: &Cursor) {
        let kept = match (&cursor.last, cursor.stopped) {
            (Some(last), true) => self.bucket.write_json(KEY, last, &Condition::Any).await.map(drop),
            (_, false) if cursor.was_stored => self.bucket.delete(&[KEY.to_owned()]).await,
            _ => Ok(()),
        };
        if let Err(error) = kept {
            tracing::warn!(%error, "it could not be stored where this pass stopped");
        }
    }
}

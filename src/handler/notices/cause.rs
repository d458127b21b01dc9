//! What people are notified of.

use serde::{Deserialize, Serialize};

use crate::names::{ExportName, SegmentName};

/// Something that lasts until its cause is gone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Cause {
    pub(super) kind: Kind,
    pub(super) export: ExportName,
    pub(super) segment: SegmentName,
}

/// What kind of state it is, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Failing,
    Held,
    Superseded,
    Overdue,
    Waiting,
}

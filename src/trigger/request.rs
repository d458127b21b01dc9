//! What people and programs ask for.

use crate::config::SendRule;
use crate::erase::{self, Person};
use crate::inspect::Subject;
use crate::names::{AttributeName, ConnectionName, ExportName, SegmentName, SourceName};
use crate::pattern::RunId;

/// An action and its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnDemand {
    /// Delivers the newest run of one export, regardless of its schedule.
    Run(Run),
    /// Delivers the newest runs of all exports with an active schedule.
    RunAll {
        /// Whether to only report what would be sent.
        dry_run: bool,
    },
    /// Tests a connection without changing any data.
    Connect {
        /// The connection.
        connection: ConnectionName,
    },
    /// Tests a source without copying anything.
    ConnectSource {
        /// The source.
        source: SourceName,
    },
    /// Copies new files from sources into the bucket.
    Fetch {
        /// Only from this source.
        source: Option<SourceName>,
        /// Whether to only report what would be copied.
        dry_run: bool,
    },
    /// Reports the status of segments and sources.
    Status {
        /// Only of this export.
        export: Option<ExportName>,
    },
    /// Returns reports of runs.
    Report(StoredReports),
    /// Applies `on_leave` to everyone who may have an attribute that is no longer fed.
    Retire {
        /// The attribute.
        subject: AttributeSubject,
        /// Whether to only count the people.
        dry_run: bool,
    },
    /// Drops a run, or a file of it that is gone.
    Forget(Forget),
    /// Makes a state usable again that is damaged and cannot be restored.
    Rebuild {
        /// The attribute.
        subject: AttributeSubject,
        /// Whether to only report what would be done.
        dry_run: bool,
    },
    /// Compares segments with Braze, and sends the differences if that is asked for.
    Audit(Audit),
    /// Undoes the last complete run of a segment.
    Undo(Undo),
    /// Delivers again what failed.
    Retry(Retry),
    /// Says how files are read, or why they are ignored.
    Inspect(Subject),
    /// Erases one person from state and reports.
    Erase(erase::Request),
    /// Returns `exports.toml`.
    Configuration,
}

/// The parameters of `run`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The export.
    pub export: ExportName,
    /// One of its segments; `None` is all.
    pub segment: Option<SegmentName>,
    /// Whether to only report what would be sent.
    pub dry_run: bool,
    /// Which rows are sent; `None` for the export's setting.
    pub send: Option<SendRule>,
    /// What a person releases, as far as they said: the run, and how many people leave with it.
    pub release: Option<ReleaseRequest>,
    /// In how many rows of a file, at most, doubtful identifiers are right.
    pub allow_identifiers: Option<u64>,
    /// How many people or fields may differ in Braze, at most.
    pub allow_differences: Option<u64>,
    /// Only this person is sent, regardless of what was delivered; nothing else happens.
    pub only: Option<Person>,
}

/// What a person releases. Without the run and the number, nothing is released, and the answer names them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReleaseRequest {
    /// The run.
    pub run: Option<RunId>,
    /// How many people leave with it.
    pub people: Option<u64>,
}

/// Which reports are returned: without a run and `history`, the newest of each segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReports {
    /// The export.
    pub export: ExportName,
    /// One of its segments; `None` is all.
    pub segment: Option<SegmentName>,
    /// Only of this run.
    pub run: Option<RunId>,
    /// Whether of every run.
    pub history: bool,
}

/// An attribute: by the segment that feeds or has fed it, or by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeSubject {
    /// The attribute of a segment.
    Segment {
        /// The export.
        export: ExportName,
        /// The segment.
        segment: SegmentName,
    },
    /// An attribute of the workspace that a connection leads to.
    Attribute {
        /// The connection.
        connection: ConnectionName,
        /// The attribute.
        attribute: AttributeName,
    },
}

/// What `forget` is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forget {
    /// The export.
    pub export: ExportName,
    /// One of its segments; `None` is every segment that has the run.
    pub segment: Option<SegmentName>,
    /// The run.
    pub run: RunId,
    /// A file of the run that is gone: the run is complete without it.
    pub file: Option<String>,
    /// Whether to only report what would be done.
    pub dry_run: bool,
}

/// The parameters of `audit`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// The export.
    pub export: ExportName,
    /// One of its segments; `None` is all that have a segment in Braze.
    pub segment: Option<SegmentName>,
    /// Whether the differences are sent.
    pub repair: bool,
    /// How many people the repair may change, because a person has said that it is right.
    pub allow_differences: Option<u64>,
    /// Whether to only report what would be done.
    pub dry_run: bool,
}

/// The parameters of `undo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undo {
    /// The export.
    pub export: ExportName,
    /// The segment.
    pub segment: SegmentName,
    /// The last complete run. Only a dry run may leave it out.
    pub run: Option<RunId>,
    /// How many people may be set to `false` or removed, because a person has said that it is right.
    pub allow_leavers: Option<u64>,
    /// Whether to only report what would be sent.
    pub dry_run: bool,
}

/// The parameters of `retry`; without any, everything that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retry {
    /// Only of this export.
    pub export: Option<ExportName>,
    /// Only of this segment; requires the export.
    pub segment: Option<SegmentName>,
    /// Only of this run; requires the export.
    pub run: Option<RunId>,
    /// Whether to only report what would be delivered again.
    pub dry_run: bool,
}

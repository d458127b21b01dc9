//! Messages and errors of audits.

use std::fmt;

use thiserror::Error;

use super::archive::ArchiveError;
use crate::braze::{ExportError, Lost};
use crate::message::{codes, counted};
use crate::names::SegmentName;
use crate::pattern::RunId;

/// The message of an audit: how far it is, or how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditMessage {
    /// Result of a dry run of `audit`.
    ///
    /// Fix: nothing to do.
    WouldAsk {
        /// Members that the segment in Braze would be compared with.
        members: u64,
    },
    /// Braze prepares the export, which takes minutes to hours.
    ///
    /// Fix: nothing to do; the audit continues automatically. With the action `audit`, it is continued at once.
    Waiting,
    /// The time limit was reached, or a delivery works on the attribute.
    ///
    /// Fix: nothing to do; the audit continues automatically.
    Continues,
    /// Another invocation works on the audit.
    ///
    /// Fix: nothing to do.
    Elsewhere,
    /// Everyone who has the attribute in Braze is a member, and every member has it.
    ///
    /// Fix: nothing to do.
    Equal {
        /// Members.
        members: u64,
    },
    /// Braze and the last complete run differ.
    ///
    /// Fix: run `audit` with `"repair": true` to send the differences. See "Audit" in `docs/operate.md` for their causes.
    Differs {
        /// Members who lack the attribute.
        missing: u64,
        /// Others who have it.
        extra: u64,
    },
    /// The repair would change unusually many people.
    ///
    /// Fix: check the segment in Braze and `audit_segment_ids`. If the number is right, run `audit` with `"repair": true` and
    /// `allow_differences`.
    Held {
        /// People whom the repair would change.
        people: u64,
        /// Members who lack the attribute.
        missing: u64,
        /// Others who have it.
        extra: u64,
        /// `max_leavers`, in percent.
        allowed: u64,
    },
    /// The differences were sent.
    ///
    /// Fix: nothing to do. Braze shows them after some minutes.
    Repaired {
        /// Members whose attribute was set to `true`.
        members: u64,
        /// Others whose attribute was set to `false` or removed.
        others: u64,
    },
    /// The differences were sent, and Braze rejected some people.
    ///
    /// Fix: see `sent` in the receipt; the people are still different in Braze.
    PartlyRepaired {
        /// People who were changed.
        done: u64,
        /// People whom Braze rejected.
        refused: u64,
    },
    /// A run became complete after the export was asked for, so the export is no longer about the last complete run.
    ///
    /// Fix: run `audit` again. The schedule does so by itself if `audit_days` is set.
    Superseded {
        /// The run that the audit was about.
        run: RunId,
    },
}

codes!(AuditMessage {
    WouldAsk = "ITB-U01",
    Waiting = "ITB-U02",
    Continues = "ITB-U03",
    Elsewhere = "ITB-U04",
    Equal = "ITB-U05",
    Differs = "ITB-U06",
    Held = "ITB-U07",
    Repaired = "ITB-U08",
    PartlyRepaired = "ITB-U09",
    Superseded = "ITB-U10",
});

impl fmt::Display for AuditMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WouldAsk { members } => write!(
                f,
                "Nothing was sent. Braze would be asked for the segment, to compare it with {}.",
                counted(*members, "member", "members"),
            ),
            Self::Waiting => f.write_str("Braze prepares the export. The audit continues automatically."),
            Self::Continues => f.write_str("The audit is not finished. It continues automatically."),
            Self::Elsewhere => f.write_str("Another invocation is working on this audit."),
            Self::Equal { members } => write!(
                f,
                "Braze has the attribute for exactly the members of the last complete run: {}.",
                counted(*members, "member", "members"),
            ),
            Self::Differs { missing, extra } => write!(
                f,
                "Braze differs: {} lack the attribute, and {} have it who are no members.\n\
                 Nothing was sent. To send the differences, run audit with \"repair\": true.",
                counted(*missing, "member", "members"),
                counted(*extra, "person", "people"),
            ),
            Self::Held { people: all, missing, extra, allowed } => write!(
                f,
                "The repair is held: it would change {}, and max_leavers allows {allowed} %.\n\
                 Nothing was sent: {} lack the attribute, and {} have it who are no members. If that is right, run audit with \
                 \"repair\": true, \"allow_differences\": {all}.",
                counted(*all, "person", "people"),
                counted(*missing, "member", "members"),
                counted(*extra, "person", "people"),
            ),
            Self::Repaired { members, others } => write!(
                f,
                "The differences were sent: {} got the attribute, and {} lost it.",
                counted(*members, "member", "members"),
                counted(*others, "person", "people"),
            ),
            Self::PartlyRepaired { done, refused } => write!(
                f,
                "The differences were sent to {}; Braze rejected {}.\nSee `sent` in the receipt.",
                counted(*done, "person", "people"),
                counted(*refused, "person", "people"),
            ),
            Self::Superseded { run } => write!(
                f,
                "Another run became complete after the export was asked for: it was about run {run}.\n\
                 Nothing was sent. Run audit again."
            ),
        }
    }
}

/// Why a segment can't be audited. Nothing was sent.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AuditError {
    /// `audit_segment_ids` does not name the segment.
    ///
    /// Fix: create a segment in Braze with the one filter "attribute is true", and set its Segment API identifier.
    #[error(
        "audit_segment_ids of the export does not name {segment}\n\
         Create a segment in Braze with the one filter \"attribute is true\", and set its Segment API identifier there."
    )]
    NoSegmentId {
        /// The segment.
        segment: SegmentName,
    },
    /// The segment has no complete run that Braze could be compared with.
    ///
    /// Fix: wait until a run is complete.
    #[error("the segment has no complete run yet\nNothing was compared. Run audit again when a run is complete.")]
    NoCompleteRun,
    /// Braze does not export the segment.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// Braze writes the export to a bucket of the company's own, and the connection does not name it.
    ///
    /// Fix: set `audit_bucket` of the connection, and the parameter `AuditBucket`.
    #[error(
        "Braze writes the export to a bucket of your own, which is not known\n\
         Nothing was compared. Set audit_bucket of the connection, and allow the functions to read it (parameter AuditBucket)."
    )]
    NoBucket,
    /// The address of the export is not one of AWS or Braze, or not encrypted.
    ///
    /// Fix: have Braze write exports to a bucket of your own, and set `audit_bucket`.
    #[error(
        "Braze's answer names an address that is not one of AWS or Braze (not shown)\n\
         Nothing was downloaded. Have Braze write exports to a bucket of your own, and set audit_bucket."
    )]
    OtherAddress,
    /// Braze has not written the export for a day. Braze reports failed exports by email only.
    ///
    /// Fix: look for an email of Braze, and run `audit` again. For large segments, use a bucket of your own.
    #[error(
        "Braze has written no export within {hours} hours\n\
         Nothing was compared. Braze reports failed exports by email. Run audit again."
    )]
    NeverReady {
        /// How long it was waited for.
        hours: u64,
    },
    /// The export could not be downloaded.
    #[error("the export could not be downloaded: {0}")]
    Download(#[from] Lost),
    /// A file of the export can't be read.
    #[error("{file}: {source}")]
    File {
        /// Its key, or what it is called.
        file: String,
        /// What is wrong with it.
        source: ArchiveError,
    },
    /// Lines of the export are no profiles.
    ///
    /// Fix: check that the bucket holds what Braze exported, and run `audit` again.
    #[error("{} of the export are no profiles\nNothing was compared.", counted(*lines, "line", "lines"))]
    NoProfiles {
        /// How many.
        lines: u64,
    },
    /// The segment in Braze has profiles whose attribute is not `true`, so it is another one.
    ///
    /// Fix: correct the filter of the segment in Braze, or the identifier under `audit_segment_ids`.
    #[error(
        "{others} of {} in the segment don't have the attribute as `true`: it is another segment\n\
         Nothing was sent. Correct the segment's filter in Braze, or its identifier under audit_segment_ids.",
        counted(*profiles, "profile", "profiles")
    )]
    OtherSegment {
        /// Profiles without the attribute.
        others: u64,
        /// All profiles in it.
        profiles: u64,
    },
}

codes!(AuditError wraps Export, Download source File {
    NoSegmentId = "ITB-U21",
    NoCompleteRun = "ITB-U22",
    NoBucket = "ITB-U23",
    OtherAddress = "ITB-U24",
    NeverReady = "ITB-U25",
    NoProfiles = "ITB-U26",
    OtherSegment = "ITB-U27",
});

impl AuditError {
    /// Whether the next attempt continues the audit, instead of ending it.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Export(ExportError::Silent) | Self::Download(_))
    }
}

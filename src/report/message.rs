//! Messages of reports: what happened, what is safe, and what to do next.

use std::fmt;

use crate::message::{codes, counted};
use crate::pattern::RunId;

/// The message of a report. The report of a failed delivery has the texts of its errors instead.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReportMessage {
    /// All files of the run are delivered, and everyone who left the segment is set to `false` or removed (`on_leave`).
    ///
    /// Fix: nothing to do.
    Delivered,
    /// The run was already delivered in full; nothing new was found.
    ///
    /// Fix: nothing to do.
    DeliveredAlready,
    /// All files received so far are delivered, but the export may not be complete yet.
    ///
    /// Fix: nothing to do; if it stays that way, see "No delivery" in `docs/operate.md`.
    Waiting,
    /// The run is complete, but unusually many members would leave.
    ///
    /// Fix: compare the numbers with Customer Insights, then allow the leavers, or export again if files are missing; see
    /// "Held runs" in `docs/operate.md`.
    Held {
        /// Why: a [`HoldReason`], as the ledger keeps it.
        reason: String,
    },
    /// A newer run of the segment has started, so this one is no longer sent.
    ///
    /// Fix: nothing to do.
    Superseded {
        /// The newer run.
        by: RunId,
    },
    /// The invocation reached its time limit.
    ///
    /// Fix: nothing to do; the delivery continues automatically.
    TimeLimit,
    /// Another invocation holds the lease of the files or of the run.
    ///
    /// Fix: nothing to do.
    AnotherInvocation,
    /// Result of a dry run.
    ///
    /// Fix: nothing to do.
    WouldDeliver {
        /// How many requests the delivery would take.
        requests: u64,
        /// How many members who left would be sent.
        leavers: u64,
    },
    /// Result of a dry run of `retire`.
    ///
    /// Fix: nothing to do.
    WouldRetire {
        /// How many members would be sent.
        members: u64,
    },
    /// `retire` is complete.
    ///
    /// Fix: nothing to do.
    Retired {
        /// How many members were sent.
        members: u64,
    },
    /// `retire` is complete except for members that Braze rejected.
    ///
    /// Fix: run `retire` again.
    SomeNotRetired {
        /// How many members keep the attribute.
        refused: u64,
    },
    /// `retire` reached the time limit, and continues through the queue.
    ///
    /// Fix: nothing to do.
    RetirementContinues,
    /// `retire` reached the time limit, and there is no queue to continue it.
    ///
    /// Fix: run `retire` again.
    RetirementStopped,
    /// Another invocation works on the segment that is being retired.
    ///
    /// Fix: check the status of the segment, and run `retire` again.
    RetirementTakenOver,
}

codes!(ReportMessage {
    Delivered = "ITB-R01",
    DeliveredAlready = "ITB-R02",
    Waiting = "ITB-R03",
    Held = "ITB-H01",
    Superseded = "ITB-R04",
    TimeLimit = "ITB-R05",
    AnotherInvocation = "ITB-R06",
    WouldDeliver = "ITB-R07",
    WouldRetire = "ITB-R08",
    Retired = "ITB-R09",
    SomeNotRetired = "ITB-R10",
    RetirementContinues = "ITB-R11",
    RetirementStopped = "ITB-R12",
    RetirementTakenOver = "ITB-R13",
});

impl fmt::Display for ReportMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members = |number: &u64| counted(*number, "member", "members");
        match self {
            Self::Delivered => f.write_str("The run is delivered."),
            Self::DeliveredAlready => f.write_str("Already delivered: nothing new to send."),
            Self::Waiting => f.write_str(
                "All files received so far are delivered.\n\
                 People who left are set to `false` (`on_leave`) once the export is complete: when a model.json lists its \
                 files and all of them are delivered, or when the folder has been quiet for settle_minutes and the schedule \
                 runs.",
            ),
            Self::Held { reason } => write!(
                f,
                "The files are delivered, but the run is held: {reason}.\n\
                 No one was set to `false`. If this is right, run the export with \"allow_leavers\": true; if not, the next \
                 normal run replaces it."
            ),
            Self::Superseded { by } => write!(f, "Superseded by run {by}. No action needed."),
            Self::TimeLimit => f.write_str("Stopped at the time limit; it continues automatically."),
            Self::AnotherInvocation => f.write_str("Another invocation is delivering this run; see its report."),
            Self::WouldDeliver { requests, leavers } => write!(
                f,
                "Nothing was sent. A delivery would take {}, and {} would be set to `false`.",
                counted(*requests, "request", "requests"),
                members(leavers)
            ),
            Self::WouldRetire { members: number } => {
                write!(f, "Nothing was sent. {} would be set to `false` or removed (`on_leave`).", members(number))
            }
            Self::Retired { members: number } => {
                write!(f, "The segment is retired: {} set to `false` or removed (`on_leave`).", members(number))
            }
            Self::SomeNotRetired { refused } => {
                write!(f, "Braze rejected {}, who keep the attribute.\nRun retire again.", members(refused))
            }
            Self::RetirementContinues => {
                f.write_str("Stopped at the time limit; the retirement continues automatically.")
            }
            Self::RetirementStopped => f.write_str("Stopped at the time limit.\nRun retire again to continue."),
            Self::RetirementTakenOver => f.write_str(
                "Another invocation is working on the segment.\nCheck its status, and run retire again to continue.",
            ),
        }
    }
}

/// Why a complete run is held. The text is part of the previous message.
///
/// Fix: see "Held runs" in `docs/operate.md`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum HoldReason {
    /// No row of its files is a member.
    NoMembers,
    /// More members would leave than `max_leavers` allows.
    TooManyLeavers {
        /// How many would leave.
        gone: u64,
        /// How many members the last complete run had.
        before: u64,
        /// Their share, in per cent.
        percent: f64,
        /// What `max_leavers` allows, in per cent.
        allowed: f64,
    },
}

codes!(HoldReason { NoMembers = "ITB-H02", TooManyLeavers = "ITB-H03" });

impl fmt::Display for HoldReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMembers => f.write_str("it has no members"),
            Self::TooManyLeavers { gone, before, percent, allowed } => write!(
                f,
                "{gone} of {} would leave ({percent:.0} %); the limit (`max_leavers`) is {allowed:.0} %",
                counted(*before, "member", "members")
            ),
        }
    }
}

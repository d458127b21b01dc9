//! What a report and an answer say in a sentence: what happened, and what to do.

use std::fmt;

use crate::pattern::RunId;

/// The message of a report: what became of the run, and what to do.
///
/// Of a delivery that failed, it is the text of the errors instead.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReportMessage {
    /// Every file of the run is delivered, and whoever left has been told.
    Delivered,
    /// The same, and this invocation had nothing to send for it.
    DeliveredAlready,
    /// The files that have come are delivered; more may come.
    Waiting,
    /// The run is complete and not taken for right.
    Held {
        /// Why: a [`HoldReason`], as the ledger keeps it.
        reason: String,
    },
    /// A newer run of the segment began first.
    Superseded {
        /// The newer run.
        by: RunId,
    },
    /// The function ends before the delivery does.
    TimeIsUp,
    /// The lease of the files, or of the run's completion, is another function's.
    InOtherHands,
    /// A dry run.
    WouldDeliver {
        /// How many requests the delivery would take.
        requests: u64,
        /// How many members would be told that they left.
        leavers: u64,
    },
    /// A dry run of `retire`.
    WouldRetire {
        /// How many members would be unset.
        members: u64,
    },
    /// `retire` is done.
    Retired {
        /// How many members were unset.
        members: u64,
    },
    /// `retire` came to its end, and Braze did not take all of it.
    SomeNotRetired {
        /// How many members keep the attribute.
        refused: u64,
    },
    /// The function ends before the retirement does, and its queue brings it back.
    RetirementGoesOn,
    /// The same where there is no queue.
    RetirementStops,
    /// Another function went on with a retirement that this one was at.
    RetirementInOtherHands,
}

impl fmt::Display for ReportMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delivered => f.write_str("The run is delivered."),
            Self::DeliveredAlready => f.write_str("The run had been delivered already; nothing was left to be sent."),
            Self::Waiting => f.write_str(
                "The files that are here are delivered. Whoever left is told when the run is known to be complete: \
                 when a model.json lists its files and all are here, or when the folder has been quiet for \
                 settle_minutes and the schedule runs.",
            ),
            Self::Held { reason } => write!(
                f,
                "The files are delivered, but the run is held: {reason}. Nobody was unset. If this is right, run the \
                 export on demand with \"allow_leavers\": true; if not, the next run that looks normal takes its place."
            ),
            Self::Superseded { by } => {
                write!(f, "Run {by} is newer and has begun. This run is not sent any more; nothing is to be done.")
            }
            Self::TimeIsUp => f.write_str("The time of the function was up. The delivery goes on from here."),
            Self::InOtherHands => {
                f.write_str("Another function delivers this run at the moment; its report tells the end.")
            }
            Self::WouldDeliver { requests, leavers } => write!(
                f,
                "Nothing was sent. A delivery would take {requests} requests, and {leavers} members would be unset."
            ),
            Self::WouldRetire { members } => write!(f, "Nothing was sent. {members} members would be unset."),
            Self::Retired { members } => write!(f, "The segment is retired: {members} members were unset."),
            Self::SomeNotRetired { refused } => {
                write!(f, "Braze refused {refused} members. They keep the attribute; run retire again.")
            }
            Self::RetirementGoesOn => f.write_str("The time of the function was up. The retirement goes on from here."),
            Self::RetirementStops => f.write_str("The time of the function was up. Run retire again to go on."),
            Self::RetirementInOtherHands => f.write_str(
                "Another function has taken over the segment. Ask for its status; run retire again to go on.",
            ),
        }
    }
}

/// Why a complete run is held. The ledger keeps the text.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum HoldReason {
    /// Its files have no row that makes a member.
    NoMembers,
    /// More would leave than `max_leavers` admits.
    TooManyLeavers {
        /// How many would leave.
        gone: u64,
        /// How many members the last complete run had.
        before: u64,
        /// Their share, in per cent.
        percent: f64,
        /// What `max_leavers` admits, in per cent.
        admitted: f64,
    },
}

impl fmt::Display for HoldReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMembers => f.write_str("it has no members"),
            Self::TooManyLeavers { gone, before, percent, admitted } => write!(
                f,
                "{gone} of {before} members would leave ({percent:.0} %), and max_leavers admits {admitted:.0} %"
            ),
        }
    }
}

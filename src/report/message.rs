//! Messages of reports: what happened, what is safe, and what to do next.

use std::fmt;

use super::problems::{Problem, listed};
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
    /// All files of the run are delivered, but many of its rows were rejected, or many values of a field were not sent.
    ///
    /// Fix: look up the reasons in the report, and fix the data or the columns in `exports.toml`.
    DeliveredWithProblems {
        /// What is wrong with it.
        problems: Vec<Problem>,
    },
    /// All files received so far are delivered, but the export may not be complete yet.
    ///
    /// Fix: nothing to do; if it stays that way, see "No delivery" in `docs/operate.md`.
    Waiting,
    /// The run is complete, but unusually many members would leave.
    ///
    /// Fix: compare the numbers with Customer Insights, then allow the leavers, or export again if files are missing; see
    /// "Held runs" in `docs/operate.md`.
    Held {
        /// The run.
        run: RunId,
        /// Why: a [`HoldReason`](super::HoldReason), as the ledger keeps it.
        reason: String,
        /// How many people would leave: the number that releases the run.
        people: u64,
    },
    /// Only one person was sent, on request (`only`).
    ///
    /// Fix: nothing to do; look up under `proof` what Braze shows.
    OneSent,
    /// The person who was named in `only` is in no file of the run.
    ///
    /// Fix: check the customer ID, and which column `data_matching` names.
    OneNotFound,
    /// Files that were seen of the run are not delivered.
    ///
    /// Fix: put them back or fix them, or use the action `forget` with `file`.
    FilesMissing {
        /// One of them.
        first: String,
        /// How many there are.
        files: usize,
    },
    /// The runs that arrive are older than the newest run known.
    ///
    /// Fix: if that run has a wrong name, use the action `forget`.
    SupersededAgain {
        /// How many were in a row.
        runs: u64,
    },
    /// The run was dropped with the action `forget`.
    ///
    /// Fix: nothing to do.
    Forgotten,
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
        /// How many people's attribute was set.
        retired: u64,
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
    FilesMissing = "ITB-R14",
    SupersededAgain = "ITB-R15",
    Forgotten = "ITB-R16",
    DeliveredWithProblems = "ITB-R17",
    OneSent = "ITB-R18",
    OneNotFound = "ITB-R19",
});

impl fmt::Display for ReportMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delivered => f.write_str("The run is delivered."),
            Self::DeliveredWithProblems { problems } => write!(
                f,
                "Delivered with problems: {}\n\
                 Everything else is delivered, and no one was set to `false` because of it. The report has the reasons; fix the \
                 data or the columns in exports.toml, and the next run sends what is missing.",
                listed(problems)
            ),
            Self::DeliveredAlready => f.write_str("Already delivered: nothing new to send."),
            Self::Waiting => f.write_str(
                "All files received so far are delivered.\n\
                 People who left are set to `false` (`on_leave`) once the export is complete: when a model.json lists its \
                 files and all of them are delivered, or when the folder has been quiet for settle_minutes and the schedule \
                 runs.",
            ),
            Self::Held { run, reason, people } => write!(
                f,
                "The files are delivered, but the run is held: {reason}.\n\
                 No one was set to `false`. If this is right, run the export with \"run\": \"{run}\", \"allow_leavers\": \
                 {people}; if not, the next normal run replaces it."
            ),
            Self::OneSent => f.write_str("One person was sent, and no one else. The run is not delivered by it."),
            Self::OneNotFound => f.write_str(
                "No row of the run is about this person, so nothing was sent.\nCheck the customer ID, and `data_matching`.",
            ),
            Self::FilesMissing { first, files: ..2 } => write!(
                f,
                "The run is not complete: {first} was seen and is not delivered.\n\
                 No one is set to `false` before that. Put it back or fix it; if the run is right without it, use the action \
                 forget with \"file\".",
            ),
            Self::FilesMissing { first, files } => write!(
                f,
                "The run is not complete: {first} and {more} more were seen and are not delivered.\n\
                 No one is set to `false` before that. Put them back or fix them; if the run is right without them, use the \
                 action forget with \"file\".",
                more = files - 1,
            ),
            Self::SupersededAgain { runs } => write!(
                f,
                "The last {} are older than the newest run known, so nothing of them was sent.\n\
                 If the newest run has a wrong name, use the action forget with its \"run\".",
                counted(*runs, "run", "runs"),
            ),
            Self::Forgotten => f.write_str("This run was dropped with the action forget. Nothing of it is sent."),
            Self::Superseded { by } => write!(f, "Superseded by run {by}. No action needed."),
            Self::TimeLimit => f.write_str("Stopped at the time limit; it continues automatically."),
            Self::AnotherInvocation => f.write_str("Another invocation is delivering this run; see its report."),
            Self::WouldDeliver { requests, leavers } => write!(
                f,
                "Nothing was sent. A delivery would take {}, and {} would be set to `false`.",
                counted(*requests, "request", "requests"),
                number_of(*leavers)
            ),
            Self::WouldRetire { members } => {
                write!(f, "Nothing was sent. {} would be set to `false` or removed (`on_leave`).", number_of(*members))
            }
            Self::Retired { members } => {
                write!(f, "The segment is retired: {} set to `false` or removed (`on_leave`).", number_of(*members))
            }
            Self::SomeNotRetired { retired, refused } => {
                write!(
                    f,
                    "{} set to `false` or removed (`on_leave`); Braze rejected {}.\n\
                     They keep the attribute and stay on record. Run retire again.",
                    number_of(*retired),
                    number_of(*refused)
                )
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

pub(super) fn number_of(members: u64) -> String {
    counted(members, "member", "members")
}

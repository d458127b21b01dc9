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
        /// The run.
        run: RunId,
        /// Why: a [`HoldReason`], as the ledger keeps it.
        reason: String,
        /// How many people would leave: the number that releases it.
        people: u64,
    },
    /// Files of the run that were seen are not delivered.
    FilesMissing {
        /// One of them.
        first: String,
        /// How many there are.
        files: usize,
    },
    /// Run after run is superseded as soon as it comes.
    SupersededAgain {
        /// How many were in a row.
        runs: usize,
    },
    /// An operator said that the run is not to be delivered.
    Forgotten,
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
        /// How many members' attribute was set.
        retired: u64,
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
            Self::Held { run, reason, people } => write!(
                f,
                "The files are delivered, but the run is held: {reason}. Nobody's attribute was changed for leaving. If this is \
                 right, run the export on demand with \"run\": \"{run}\", \"allow_leavers\": {people}; if not, the next normal run \
                 replaces it."
            ),
            Self::FilesMissing { first, files } => write!(
                f,
                "The run is not complete: {first}{} was seen and is not delivered. Nobody leaves before it is. Put it back or \
                 correct it; if the run is right without it, use the action forget with \"file\".",
                if *files > 1 { format!(" and {} more", files - 1) } else { String::new() },
            ),
            Self::SupersededAgain { runs } => write!(
                f,
                "The last {runs} runs that came are older than the newest run known, so nothing of them was sent. If that one \
                 has a wrong name, use the action forget with its \"run\"."
            ),
            Self::Forgotten => {
                f.write_str("An operator said that this run is not to be delivered. Nothing of it is sent.")
            }
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
            Self::SomeNotRetired { retired, refused } => write!(
                f,
                "The attribute of {retired} people was set; Braze refused {refused}, who keep it and stay on record. Run retire again."
            ),
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
    NoMembers {
        /// How many would leave.
        people: u64,
    },
    /// The state was repaired and may not know everything.
    Caution {
        /// How many would leave.
        people: u64,
        /// What happened.
        caution: String,
    },
    /// Members are identified by other columns than those of the last complete run.
    OtherMatching {
        /// How many are in the run under no identifier that is known of them.
        people: u64,
    },
    /// Rows of whom nobody could identify the member.
    Unidentified {
        /// How many would leave.
        people: u64,
        /// How many rows there are.
        rows: u64,
    },
    /// More would leave than `max_leavers` allows.
    TooManyLeavers {
        /// How many would leave.
        gone: u64,
        /// How many members the last complete run had.
        before: u64,
        /// Their share, in per cent.
        percent: f64,
        /// What `max_leavers` allows, in per cent.
        limit: f64,
        /// How many would leave in all, with those who came with runs that never were complete.
        people: u64,
    },
}

impl fmt::Display for HoldReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMembers { people } => write!(f, "it has no members, and {people} people would leave"),
            Self::Caution { people, caution } => write!(f, "{caution}, and {people} people would leave"),
            Self::OtherMatching { people } => write!(
                f,
                "data_matching names other columns than for the last complete run, and {people} people are not in this run under \
                 any identifier that is known of them. They may be the same people under new identifiers"
            ),
            Self::Unidentified { people, rows } => write!(
                f,
                "{rows} rows could not be read far enough to say whose they are, and {people} people would leave, some of whom these \
                 rows may be"
            ),
            Self::TooManyLeavers { gone, before, percent, limit, people } => {
                write!(
                    f,
                    "{gone} of {before} members would leave ({percent:.0} %), and the limit (max_leavers) is {limit:.0} %"
                )?;
                if people > gone { write!(f, "; with those of incomplete runs, {people} people would") } else { Ok(()) }
            }
        }
    }
}

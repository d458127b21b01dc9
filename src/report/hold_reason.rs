//! Why a complete run, or its undo, is held.

use std::fmt;

use super::message::number_of;
use crate::message::{codes, count, counted};

/// Why a complete run is held. The text is part of the previous message.
///
/// Fix: see "Held runs" in `docs/operate.md`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum HoldReason {
    /// No row of its files is a member.
    ///
    /// Fix: see "Held runs" in `docs/operate.md`.
    NoMembers {
        /// How many would leave.
        people: u64,
    },
    /// The state was rebuilt, and may not contain everyone.
    ///
    /// Fix: see "Held runs" in `docs/operate.md`.
    Caution {
        /// How many would leave.
        people: u64,
        /// What happened.
        caution: String,
    },
    /// `data_matching` names other columns than for the last complete run.
    ///
    /// Fix: see "Held runs" in `docs/operate.md`.
    OtherMatching {
        /// How many are in the run under no identifier that is known of them.
        people: u64,
    },
    /// Rows could not be read far enough to say whose they are.
    ///
    /// Fix: see "Held runs" in `docs/operate.md`.
    Unidentified {
        /// How many would leave.
        people: u64,
        /// How many rows there are.
        rows: u64,
    },
    /// More members would leave than `max_leavers` allows.
    ///
    /// Fix: see "Held runs" in `docs/operate.md`.
    TooManyLeavers {
        /// How many would leave.
        gone: u64,
        /// How many members the last complete run had.
        before: u64,
        /// Their share, in per cent.
        percent: f64,
        /// What `max_leavers` allows, in per cent.
        allowed: f64,
        /// How many would leave in all, with those of incomplete runs.
        people: u64,
    },
}

codes!(HoldReason {
    NoMembers = "ITB-H02",
    TooManyLeavers = "ITB-H03",
    Caution = "ITB-H04",
    OtherMatching = "ITB-H05",
    Unidentified = "ITB-H06",
});

impl fmt::Display for HoldReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMembers { people } => write!(f, "it has no members, and {} would leave", number_of(*people)),
            Self::Caution { people, caution } => write!(f, "{caution}, and {} would leave", number_of(*people)),
            Self::OtherMatching { people } => write!(
                f,
                "data_matching names other columns now, and {} would leave: they may have new identifiers",
                number_of(*people)
            ),
            Self::Unidentified { people, rows } => write!(
                f,
                "{} could not be read far enough to say whose they are, and {} would leave",
                counted(*rows, "row", "rows"),
                number_of(*people)
            ),
            Self::TooManyLeavers { gone, before, percent, allowed, people } if people > gone => write!(
                f,
                "{} of {} would leave ({percent:.0} %); the limit (`max_leavers`) is {allowed:.0} %\n\
                 With incomplete runs, {} would",
                count(*gone),
                number_of(*before),
                number_of(*people)
            ),
            Self::TooManyLeavers { gone, before, percent, allowed, .. } => write!(
                f,
                "{} of {} would leave ({percent:.0} %); the limit (`max_leavers`) is {allowed:.0} %",
                count(*gone),
                number_of(*before)
            ),
        }
    }
}

//! Messages of receipts.

use std::fmt;

use crate::message::{codes, counted};

/// The message of a receipt: how the erasure ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReceiptMessage {
    /// Result of a dry run of `erase`.
    ///
    /// Fix: nothing to do.
    WouldErase {
        /// Rows and lines about the person.
        rows: u64,
        /// Objects with such rows.
        objects: u64,
    },
    /// The state and the reports contain nothing about the person.
    ///
    /// Fix: check the identifiers, if you expected to find the person.
    NothingFound,
    /// The person was removed from the state and the reports.
    ///
    /// Fix: see `not_touched` in the receipt for what was not changed.
    Erased {
        /// Rows and lines about the person.
        rows: u64,
        /// Objects with such rows.
        objects: u64,
    },
    /// The person was removed, but some segments or files could not be reached.
    ///
    /// Fix: run `erase` again.
    NotEverything {
        /// Rows and lines about the person.
        rows: u64,
        /// Objects with such rows.
        objects: u64,
    },
}

codes!(ReceiptMessage {
    WouldErase = "ITB-A21",
    NothingFound = "ITB-A22",
    Erased = "ITB-A23",
    NotEverything = "ITB-A24",
});

impl fmt::Display for ReceiptMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = |number: &u64| counted(*number, "row", "rows");
        let from = |number: &u64| counted(*number, "object", "objects");
        match self {
            Self::WouldErase { rows, objects } => {
                write!(f, "Nothing was changed. {} would be removed from {}.", lines(rows), from(objects))
            }
            Self::NothingFound => f.write_str("Nothing about the person was found in state and reports."),
            Self::Erased { rows, objects } => write!(f, "Removed {} from {}.", lines(rows), from(objects)),
            Self::NotEverything { rows, objects } => write!(
                f,
                "Removed {} from {}, but not everything could be reached: see `left` and `unsearched`.\nRun erase again.",
                lines(rows),
                from(objects)
            ),
        }
    }
}

//! Notes of a delivery about one of its files.

use std::fmt;

use crate::message::codes;

/// A note about a file, whose key precedes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FileNote {
    /// The description of the file has changed since it was delivered.
    ///
    /// Fix: nothing to do.
    ReadAgain,
    /// The file has more rejected rows than `rejected.csv` takes.
    ///
    /// Fix: see `rejected_reasons` for all of them; raise `csv.max_rejected_bytes` if you need the rows.
    RejectedInPart { bytes: u64 },
    /// The header occurs again in the middle of the file, as in files that were put together.
    ///
    /// Fix: nothing to do.
    HeaderRepeated,
    /// The file is in the folder of a run, and is like none of its files.
    ///
    /// Fix: nothing to do if it does not belong there. If it does, correct its columns, or name it like the others.
    Stray,
}

codes!(FileNote {
    ReadAgain = "ITB-M23",
    RejectedInPart = "ITB-M24",
    HeaderRepeated = "ITB-M25",
    Stray = "ITB-M26",
});

impl fmt::Display for FileNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadAgain => f.write_str(
                "read again, because its model.json or exports.toml describes it differently since; members whose values \
                 changed as a result were sent again",
            ),
            Self::RejectedInPart { bytes } => write!(
                f,
                "rejected.csv lists only the first {bytes} bytes of rejected rows (max_rejected_bytes); rejected_reasons \
                 counts all of them"
            ),
            Self::HeaderRepeated => {
                f.write_str("the header is repeated in the middle of the file; it is not counted as a row")
            }
            Self::Stray => f.write_str(
                "ignored, because it has no identifying column, and neither its name nor its columns are like those of the \
                 run's other files",
            ),
        }
    }
}

impl FileNote {
    /// The note about the file `key`, with its code.
    pub(super) fn about(&self, key: &str) -> String {
        format!("{key}: {}", crate::message::Coded::with_code(self))
    }
}

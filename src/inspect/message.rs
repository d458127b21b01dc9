//! Messages of inspections.

use std::fmt;

use crate::message::codes;

/// What an inspection concludes, and what to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InspectMessage {
    /// `inspect`: there are no objects.
    ///
    /// Fix: check the folder, and that files have been copied.
    NoFiles,
    /// `inspect`: all objects are ignored.
    ///
    /// Fix: see the reasons in `ignored`.
    NothingToDeliver,
    /// `inspect`: some of the files that were opened can't be delivered.
    ///
    /// Fix: see `problem` of each file.
    Problems {
        /// How many.
        files: usize,
    },
    /// `inspect`: the files that were opened can be delivered.
    ///
    /// Fix: nothing to do.
    Matches,
}

codes!(InspectMessage {
    NoFiles = "ITB-A31",
    NothingToDeliver = "ITB-A32",
    Problems = "ITB-A33",
    Matches = "ITB-A34",
});

impl fmt::Display for InspectMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFiles => f.write_str("No files found. Check the folder, and that files have been copied."),
            Self::NothingToDeliver => f.write_str("Nothing would be delivered: see why the objects are ignored."),
            Self::Problems { files: 1 } => f.write_str("1 file has a problem: see `problem`."),
            Self::Problems { files } => write!(f, "{files} files have a problem: see `problem`."),
            Self::Matches => f.write_str(
                "The files that were opened match the configuration. Next, try `run` with \"dry_run\": true.",
            ),
        }
    }
}

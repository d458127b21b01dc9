use std::fmt;

/// Why an object is not delivered. Displays as a short clause for reports: "half-uploaded or hidden".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IgnoredReason {
    /// Not in the export's folder.
    OutsideFolder,
    /// A key that ends in a slash, as consoles make to show a folder.
    FolderMarker,
    /// No bytes.
    EmptyObject,
    /// A name that a client gives while it still writes, or a hidden one.
    HalfUploaded,
    /// A segment that `segments` of the export does not list.
    SegmentNotListed,
    /// A name that may be a segment, or a part, copy or date of one.
    UnclearSegment,
    /// What stands in the segment's place cannot be the name of one.
    NoSegmentName,
    /// Not a text table by its extension.
    OtherKind,
    /// No layout fits, or its date does not exist.
    UnknownKey,
    /// The export's `path` does not fit.
    PathDoesNotFit,
}

impl fmt::Display for IgnoredReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutsideFolder => "outside the export's folder",
            Self::FolderMarker => "a folder, not a file",
            Self::EmptyObject => "empty",
            Self::HalfUploaded => "half-uploaded or hidden",
            Self::SegmentNotListed => "its segment is not in the export's `segments`",
            Self::UnclearSegment => {
                "its name may be a part, a copy or a date of a segment: list the segment in `segments` or set `path`"
            }
            Self::NoSegmentName => {
                "what stands in the segment's place cannot be a segment's name: a step of a path, a control character, or over 256 characters"
            }
            Self::OtherKind => "not a .csv, .txt or .tsv file (also .gz)",
            Self::UnknownKey => "no layout fits its key: set `path` if it is an export's file",
            Self::PathDoesNotFit => "the export's `path` does not fit its key",
        })
    }
}

use std::fmt;

use crate::message::codes;

/// Why an object below `incoming/` is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IgnoredReason {
    /// The object is not in the export's folder.
    ///
    /// Fix: check `folder` of the export.
    OutsideFolder,
    /// The key ends in a slash, as consoles create it for a folder.
    ///
    /// Fix: nothing to do.
    FolderMarker,
    /// The object has no content.
    ///
    /// Fix: check the export if the file should not be empty.
    EmptyObject,
    /// The name is that of an unfinished upload or of a hidden file.
    ///
    /// Fix: nothing to do; the finished file has another name.
    HalfUploaded,
    /// `segments` of the export does not list the segment.
    ///
    /// Fix: add the segment to `segments` if it should be delivered.
    SegmentNotListed,
    /// The name could be a segment, or a part, a copy or a date.
    ///
    /// Fix: list the segment in `segments`, or set `path`.
    UnclearSegment,
    /// The segment's part of the key can't be a segment name.
    ///
    /// Fix: rename the file, or set `path`.
    NoSegmentName,
    /// The file name does not end in .csv, .txt or .tsv (or one of them with .gz).
    ///
    /// Fix: rename the file if it is CSV.
    OtherKind,
    /// The key matches no layout, or its date does not exist.
    ///
    /// Fix: set `path` if it is a file of the export.
    UnknownKey,
    /// The key does not match the export's `path`.
    ///
    /// Fix: fix `path` if it is a file of the export.
    PathDoesNotFit,
}

codes!(IgnoredReason {
    OutsideFolder = "ITB-N01",
    FolderMarker = "ITB-N02",
    EmptyObject = "ITB-N03",
    HalfUploaded = "ITB-N04",
    SegmentNotListed = "ITB-N05",
    UnclearSegment = "ITB-N06",
    NoSegmentName = "ITB-N07",
    OtherKind = "ITB-N08",
    UnknownKey = "ITB-N09",
    PathDoesNotFit = "ITB-N10",
});

impl fmt::Display for IgnoredReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutsideFolder => "outside the export's folder",
            Self::FolderMarker => "a folder, not a file",
            Self::EmptyObject => "empty",
            Self::HalfUploaded => "half-uploaded or hidden",
            Self::SegmentNotListed => "its segment is not in the export's `segments`",
            Self::UnclearSegment => {
                "ambiguous name (segment, part, copy or date): list the segment in `segments` or set `path`"
            }
            Self::NoSegmentName => "not a valid segment name: . or .., control characters, or over 256 characters",
            Self::OtherKind => "not a .csv, .txt or .tsv file (also .gz)",
            Self::UnknownKey => "its key matches no layout: set `path` if it is a file of the export",
            Self::PathDoesNotFit => "its key does not match the export's `path`",
        })
    }
}

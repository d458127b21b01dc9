//! What an object is for an export: a file of a run, a `model.json`, or nothing to deliver.
//!
//! The choices that Microsoft's pages leave open:
//!
//! - *Segment.* In dated folders, it is the folder above the year, regardless of the file's name. The export's own folder
//!   is a segment only if `segments` lists it.
//! - *Flat names.* Segment names have underscores and so may the export's name. A name that begins with a known
//!   name of the export (its key in `exports.toml`, or its folder) is read with that; the rest is the segment. Otherwise a
//!   listed segment at the end is used, the longest first; otherwise the export's name ends at the first underscore. If an
//!   export's name has underscores and is not known, a listed segment `Value` also matches the files of an unlisted
//!   `High_Value`; `path = "My_Export_{segment}_{run:%s}.csv"` prevents that.
//! - *Overwritten files.* A file that matches no other layout, directly in the export's folder or in a folder with its own
//!   name. Without `segments`, a name that looks like a part, a copy or a date is not a segment, since every segment
//!   becomes an attribute in Braze.

mod name;
mod reason;

use std::fmt;
use std::sync::LazyLock;

use jiff::Timestamp;

pub use reason::IgnoredReason;

use super::dated::{self, DatedPath};
use crate::config::Export;
use crate::names::SegmentName;
use crate::pattern::{Field, PathPattern, Reading, RunId};
use crate::values::composed;

/// What an object is for an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file of a run.
    File(PlacedFile),
    /// A `model.json` or a manifest.
    Model(ModelPlace),
    /// Nothing to deliver.
    Ignored(IgnoredReason),
}

/// A file of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedFile {
    /// The segment that its rows are members of.
    pub segment: SegmentName,
    /// The refresh that it belongs to.
    pub run: RunId,
    /// What identifies it within the run: the file's name, or with `path` the key below the export's folder.
    pub part: String,
    /// How the key was read.
    pub layout: Layout,
    /// Whether the layout has one file per run, so that this file completes the run.
    pub one_file_per_run: bool,
}

/// A `model.json` or a manifest: it describes the files in its folder and below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelPlace {
    /// The key of its folder, without a trailing slash.
    pub folder: String,
}

impl ModelPlace {
    /// Whether it is in a folder above the file with this key.
    pub fn describes(&self, key: &str) -> bool {
        below(&self.folder, key).is_some()
    }
}

/// How a key was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layout {
    /// `<Segment>/<yyyy>/<MM>/<dd>/<HHmm>/<file>`: Azure Blob Storage and Data Lake.
    Dated,
    /// `<export>_<segment>_<unix seconds>`: Adobe Campaign.
    Flat,
    /// The export's `path`, which names the run.
    Pattern,
    /// One file per segment that each run overwrites; its run is the object's last-modified time.
    Overwritten,
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dated => "dated folders",
            Self::Flat => "flat name with Unix seconds",
            Self::Pattern => "the export's path",
            Self::Overwritten => "one file, overwritten at each run",
        })
    }
}

/// What the object with this key is for the export.
///
/// `key` is decoded (S3 events encode it). `size` is in bytes. `last_modified` is the object's own time in S3, not that of
/// an event: it is the run of a file that is overwritten.
pub fn place(export: &Export, key: &str, size: u64, last_modified: Timestamp) -> Place {
    match place_key(export, key, last_modified) {
        Place::File(_) | Place::Model(_) if size == 0 => Place::Ignored(IgnoredReason::EmptyObject),
        place => place,
    }
}

/// [`place`] by the key alone, for an object that need not exist or may be empty.
pub fn place_key(export: &Export, key: &str, last_modified: Timestamp) -> Place {
    match read(export, key, last_modified) {
        Ok(place) => place,
        Err(reason) => Place::Ignored(reason),
    }
}

/// The model that describes the file with this key: the one in the nearest folder above it, and in the same folder
/// `model.json` rather than a manifest, since a manifest keeps the columns elsewhere.
pub fn nearest_model<'m>(key: &str, model_keys: impl IntoIterator<Item = &'m str>) -> Option<&'m str> {
    model_keys
        .into_iter()
        .filter(|model| below(folder_of(model), key).is_some())
        .max_by_key(|model| (folder_of(model).len(), !name::is_manifest(file_of(model))))
}

fn read(export: &Export, key: &str, last_modified: Timestamp) -> Result<Place, IgnoredReason> {
    let Some(path) = below(&export.folder, key) else {
        return model_above(export, key).ok_or(IgnoredReason::OutsideFolder);
    };
    if path.is_empty() || path.ends_with('/') {
        return Err(IgnoredReason::FolderMarker);
    }
    if path.split('/').any(name::is_half_uploaded) {
        return Err(IgnoredReason::HalfUploaded);
    }
    if name::is_model(file_of(path)) {
        return Ok(Place::Model(ModelPlace { folder: folder_of(key).to_owned() }));
    }
    let file = match &export.path {
        Some(pattern) => by_pattern(export, pattern, path, last_modified)?,
        None => by_known_layout(export, key, path, last_modified)?,
    };
    if !name::can_be_segment(file.segment.as_str()) {
        return Err(IgnoredReason::NoSegmentName);
    }
    let file = PlacedFile { segment: export.segment_called(file.segment.as_str()), ..file };
    if export.delivers(&file.segment) { Ok(Place::File(file)) } else { Err(IgnoredReason::SegmentNotListed) }
}

/// If the export's folder is that of a segment, its model is one folder higher.
fn model_above(export: &Export, key: &str) -> Option<Place> {
    let folder = folder_of(&export.folder);
    (name::is_model(file_of(key)) && folder_of(key) == folder && lists(export, file_of(&export.folder)))
        .then(|| Place::Model(ModelPlace { folder: folder.to_owned() }))
}

fn by_pattern(
    export: &Export,
    pattern: &PathPattern,
    path: &str,
    last_modified: Timestamp,
) -> Result<PlacedFile, IgnoredReason> {
    let reading = read_names(export, pattern, path, "").ok_or(IgnoredReason::PathDoesNotFit)?;
    Ok(PlacedFile {
        segment: reading.segment.into(),
        run: reading.run.unwrap_or_else(|| RunId::from_last_modified(last_modified)),
        part: path.to_owned(),
        layout: if pattern.names_run() { Layout::Pattern } else { Layout::Overwritten },
        one_file_per_run: pattern.one_file_per_run(),
    })
}

fn by_known_layout(
    export: &Export,
    key: &str,
    path: &str,
    last_modified: Timestamp,
) -> Result<PlacedFile, IgnoredReason> {
    let file = file_of(path);
    let other = if name::is_snapshot(file) { IgnoredReason::UnclearSegment } else { IgnoredReason::OtherKind };
    let stem = name::table_stem(file).ok_or(other)?;
    let placed = |segment: &str, run, layout| PlacedFile {
        segment: segment.into(),
        run,
        part: file.to_owned(),
        layout,
        one_file_per_run: layout != Layout::Dated,
    };
    if let Some(dated) = dated(export, key, path) {
        let run = dated.run.ok_or(IgnoredReason::UnknownKey)?;
        return Ok(placed(dated.segment, run, Layout::Dated));
    }
    if let Some((segment, run)) = flat(export, key, stem) {
        return Ok(placed(segment, run, Layout::Flat));
    }
    let segment = overwritten(export, path, stem)?;
    Ok(placed(segment, RunId::from_last_modified(last_modified), Layout::Overwritten))
}

fn dated<'k>(export: &Export, key: &'k str, path: &'k str) -> Option<DatedPath<'k>> {
    let components: Vec<&str> = path.split('/').collect();
    if components.len() >= dated::COMPONENTS {
        return DatedPath::read(&components);
    }
    // The date begins at the export's folder: then the folder itself is the segment, if it is listed.
    let components: Vec<&str> = key.split('/').collect();
    let dated = DatedPath::read(&components)?;
    let begins_at_folder = path.split('/').count() == dated::COMPONENTS - 1;
    (begins_at_folder && lists(export, dated.segment)).then_some(dated)
}

static FLAT_NAME: LazyLock<PathPattern> = LazyLock::new(PathPattern::flat_name);

fn flat<'k>(export: &Export, key: &str, stem: &'k str) -> Option<(&'k str, RunId)> {
    let reading = read_names(export, &FLAT_NAME, stem, file_of(folder_of(key)))?;
    Some((reading.segment, reading.run?))
}

/// Reads names in the order of certainty: with a known name of the export, the rest is the segment, listed or not; without
/// one, a listed segment decides where the export's name ends. The last reading may return a segment that is not listed.
fn read_names<'p>(export: &Export, pattern: &PathPattern, path: &'p str, folder: &str) -> Option<Reading<'p>> {
    let known = [export.name.as_str(), file_of(&export.folder), folder];
    let is_known = |name: &str| known.iter().any(|known| known.eq_ignore_ascii_case(name));
    let is_listed = |name: &str| export.segments.as_ref().is_some_and(|segments| has(segments, name));
    [(true, true), (true, false), (false, true), (false, false)].into_iter().find_map(|(only_known, only_listed)| {
        pattern.read(path, &|field, name| match field {
            Field::Export => !only_known || is_known(name),
            Field::Segment => !only_listed || is_listed(name),
        })
    })
}

fn overwritten<'k>(export: &Export, path: &'k str, stem: &'k str) -> Result<&'k str, IgnoredReason> {
    let is_in_place = match folder_of(path) {
        "" => true,
        folder => composed(folder) == composed(stem),
    };
    if !is_in_place {
        return Err(IgnoredReason::UnknownKey);
    }
    if lists(export, stem) {
        return Ok(stem);
    }
    if name::looks_like_segment(stem) { Ok(stem) } else { Err(IgnoredReason::UnclearSegment) }
}

/// Whether `segments` lists this segment.
fn lists(export: &Export, segment: &str) -> bool {
    export.segments.as_ref().is_some_and(|segments| has(segments, segment))
}

fn has(segments: &[SegmentName], name: &str) -> bool {
    let name = composed(name);
    segments.iter().any(|segment| composed(segment.as_str()) == name)
}

/// The rest of a key below the folder; `incoming/BlobExport` is not below `incoming/Blob`.
fn below<'k>(folder: &str, key: &'k str) -> Option<&'k str> {
    if folder.is_empty() {
        return Some(key);
    }
    key.strip_prefix(folder)?.strip_prefix('/')
}

/// The key of an object's folder, without a trailing slash.
pub(super) fn folder_of(key: &str) -> &str {
    key.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The last component of a key.
pub(super) fn file_of(key: &str) -> &str {
    key.rsplit_once('/').map_or(key, |(_, file)| file)
}

#[cfg(test)]
pub(super) mod tests;

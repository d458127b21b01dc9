//! The files of a run according to a model: the evidence that a run is complete.
//!
//! People who are in none of a run's files have left the segment, so a list that may lack a file is no evidence. In that
//! case there is no answer, and other evidence decides whether the run is complete.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::layout::{Layout, Place, place_key};
use super::model::{ListedFile, Model};
use crate::config::Export;
use crate::names::SegmentName;
use crate::pattern::RunId;
use crate::values::composed;

/// The keys of all files that the model lists for one run of a segment, in order and each once.
///
/// A listed file that does not exist is included with its most likely key, so that the run counts as incomplete. `None` if
/// the model does not describe the run with certainty: it has no entity of the segment, no partition of the run, is a
/// manifest with patterns, or has a partition whose location shows neither key nor run.
///
/// `model_key` is the model's own key, `existing` the keys of the files in and below the export's folder.
pub fn expected_files(
    export: &Export,
    segment: &SegmentName,
    run: RunId,
    model: &Model,
    model_key: &str,
    existing: &[&str],
) -> Option<Vec<String>> {
    listed_runs(export, segment, model, model_key, existing)?.remove(&run)
}

/// The runs of a segment that the model lists, the oldest first, with the keys of [`expected_files`]. `None` if the model's
/// list is not reliable; empty if it lists no run.
pub fn listed_runs(
    export: &Export,
    segment: &SegmentName,
    model: &Model,
    model_key: &str,
    existing: &[&str],
) -> Option<BTreeMap<RunId, Vec<String>>> {
    let entity = model.entity(segment).filter(|entity| entity.lists_every_file())?;
    let mut runs: BTreeMap<RunId, Vec<String>> = BTreeMap::new();
    for file in entity.files(model_key, existing) {
        let key = file.key.clone().unwrap_or_else(|| file.location.likely_key(model_key));
        match listed(export, segment, &file, &key) {
            Listed::InRun(run) => runs.entry(run).or_default().push(key),
            Listed::Elsewhere => {}
            Listed::Unclear => return None,
        }
    }
    for keys in runs.values_mut() {
        keys.sort();
        keys.dedup();
    }
    Some(runs)
}

/// What a listed file is for a segment.
enum Listed {
    InRun(RunId),
    /// Of another segment, or with a run that is not in its key.
    Elsewhere,
    Unclear,
}

fn listed(export: &Export, segment: &SegmentName, file: &ListedFile<'_>, key: &str) -> Listed {
    // If the run is the object's own time, it is not in the key, so this time is never used.
    if let Place::File(placed) = place_key(export, key, Timestamp::UNIX_EPOCH) {
        let is_of_segment = placed.segment == *segment && placed.layout != Layout::Overwritten;
        return if is_of_segment { Listed::InRun(placed.run) } else { Listed::Elsewhere };
    }
    match file.location.dated() {
        Some(dated) if composed(dated.segment) != composed(segment.as_str()) => Listed::Elsewhere,
        Some(dated) => dated.run.map_or(Listed::Unclear, Listed::InRun),
        None => Listed::Unclear,
    }
}

#[cfg(test)]
mod tests;

//! Which files a run has, as far as a model says: the evidence that a run is complete.
//!
//! Whoever is in none of a run's files has left the segment, so a list that may lack a file is no evidence: then
//! there is no answer, and the run is complete by other evidence.

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
/// A listed file that cannot be found is there with the key that it most likely would have, so that the run counts
/// as lacking it. `None` where the model says nothing of that run, or not for certain: no entity of the
/// segment, no partition of the run, a manifest with patterns, or a partition whose location shows neither key nor run.
///
/// `model_key` is the model's own key, `existing` the keys of the files that are in and below the export's folder.
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

/// The runs of a segment that the model lists, oldest first, with the keys as [`expected_files`] gives them. `None`
/// where the model's list cannot be relied on; empty where it lists no run.
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
    // A run that is the time of the object itself is not in its key, so the time given here is never used.
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

//! Compares exports with each other: a file belongs to one export, and an attribute of a workspace to one segment.

use std::collections::HashMap;

use super::mistakes::{Located, Mistakes, Refusal, Reported};
use super::shown::quoted;

/// What the comparison needs of an export, as far as it could be read.
#[derive(Debug)]
pub(super) struct Outline {
    name: String,
    /// The header of its table.
    table: String,
    /// The workspace that it goes to, as far as its connection could be read.
    pub(super) workspace: Option<String>,
    pub(super) folder: Option<Located<String>>,
    pub(super) segments: ListedSegments,
    pub(super) segment_attributes: Vec<SegmentAttribute>,
    /// Additional fields, by Braze's name.
    pub(super) fields: Vec<Located<String>>,
}

impl Outline {
    pub(super) fn new(name: &str, table: &str) -> Self {
        Self {
            name: name.to_owned(),
            table: table.to_owned(),
            workspace: None,
            folder: None,
            segments: ListedSegments::Unknown,
            segment_attributes: Vec::new(),
            fields: Vec::new(),
        }
    }
}

/// The segments that an export delivers.
#[derive(Debug)]
pub(super) enum ListedSegments {
    /// Whatever is found in the folder.
    Every,
    /// These.
    These(Vec<String>),
    /// The list could not be read.
    Unknown,
}

impl From<&Result<Option<Vec<Located<String>>>, Reported>> for ListedSegments {
    fn from(segments: &Result<Option<Vec<Located<String>>>, Reported>) -> Self {
        match segments {
            Ok(None) => Self::Every,
            Ok(Some(segments)) => Self::These(segments.iter().map(|segment| segment.value.clone()).collect()),
            Err(_) => Self::Unknown,
        }
    }
}

/// A segment that the file names, and its attribute.
#[derive(Debug)]
pub(super) struct SegmentAttribute {
    pub(super) segment: String,
    pub(super) attribute: String,
    pub(super) offset: usize,
    /// Whether the name comes from `attribute_names`.
    pub(super) renamed: bool,
}

/// Records what does not go together. `outlines` are in the order of the file; the later export gets the mistake.
pub(super) fn check(outlines: &[Outline], mistakes: &mut Mistakes<'_>) {
    for (index, later) in outlines.iter().enumerate() {
        for earlier in outlines.iter().take(index) {
            check_folders(earlier, later, mistakes);
        }
    }
    check_attributes(outlines, mistakes);
}

/// A folder may go to several workspaces. To one workspace, two exports may share a folder, or one have its folder inside
/// the other's, only where both list their segments and have none in common: then a file goes to the workspace once.
fn check_folders(earlier: &Outline, later: &Outline, mistakes: &mut Mistakes<'_>) {
    let (Some(first), Some(second)) = (&earlier.folder, &later.folder) else {
        return;
    };
    if earlier.workspace.is_some() && later.workspace.is_some() && earlier.workspace != later.workspace {
        return;
    }
    let relation = if first.value == second.value {
        "the folder"
    } else if is_inside(&second.value, &first.value) {
        "a folder inside that"
    } else if is_inside(&first.value, &second.value) {
        "a folder around that"
    } else {
        return;
    };
    let both = match (&earlier.segments, &later.segments) {
        (ListedSegments::Unknown, _) | (_, ListedSegments::Unknown) => return,
        (ListedSegments::These(first), ListedSegments::These(second)) => {
            match second.iter().find(|segment| first.contains(segment)) {
                Some(shared) => format!(", and both deliver {}", quoted(shared)),
                None => return,
            }
        }
        _ => String::new(),
    };
    let found = format!("{relation} of the export {}{both}", earlier.name);
    let allowed = "a folder of its own, or lists of segments in both exports that have none in common, because a file goes to a workspace once";
    mistakes.add(&later.table, "folder", second.offset, Refusal::new(found, allowed));
}

fn is_inside(folder: &str, outer: &str) -> bool {
    folder.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
}

/// In one workspace an attribute represents one segment and can't be an additional field: otherwise a member who leaves one
/// segment would seem to leave the other.
fn check_attributes(outlines: &[Outline], mistakes: &mut Mistakes<'_>) {
    let mut taken: HashMap<(&str, &str), (&Outline, &SegmentAttribute)> = HashMap::new();
    for outline in outlines {
        let Some(workspace) = outline.workspace.as_deref() else {
            continue;
        };
        for attribute in &outline.segment_attributes {
            let key = (workspace, attribute.attribute.as_str());
            let Some((owner, segment)) = taken.get(&key) else {
                taken.insert(key, (outline, attribute));
                continue;
            };
            let found = format!(
                "the attribute {} for the segment {}, which already represents the segment {} of the export {}",
                quoted(&attribute.attribute),
                quoted(&attribute.segment),
                quoted(&segment.segment),
                owner.name
            );
            let refusal = Refusal::new(found, "one segment per attribute of a workspace")
                .advise(Some("choose another name for one of them under attribute_names".to_owned()));
            if attribute.renamed {
                let table = format!("{}.attribute_names", outline.table);
                mistakes.add(&table, &attribute.segment, attribute.offset, refusal);
            } else {
                mistakes.add(&outline.table, "segments", attribute.offset, refusal);
            }
        }
    }
    for outline in outlines {
        let Some(workspace) = outline.workspace.as_deref() else {
            continue;
        };
        for field in &outline.fields {
            if let Some((owner, segment)) = taken.get(&(workspace, field.value.as_str())) {
                let found =
                    format!("the attribute of the segment {} of the export {}", quoted(&segment.segment), owner.name);
                let refusal = Refusal::new(found, "a name that represents no segment of the workspace");
                mistakes.add(&format!("{}.attributes", outline.table), &field.value, field.offset, refusal);
            }
        }
    }
}

//! Reads `segments`, `[exports.NAME.attribute_names]` and `[exports.NAME.audit_segment_ids]`: what is delivered, as which
//! attribute, and what it is compared with.

use super::attribute_name::check_segment_attribute;
use super::conflicts::SegmentAttribute;
use super::mistakes::{Located, Mistakes, Refusal, Reported};
use super::reference::{Table, attribute_names, audit_segment_ids, export as keys};
use super::shown::{describe, did_you_mean, quoted, shown};
use super::table::TableReader;

/// Segments and what the file says of each, in the order of the file.
pub(super) type AttributeNames = Vec<(Located<String>, Located<String>)>;

/// Segment names that can be one part of an S3 key, as Customer Insights writes them.
pub(super) fn read_segments(
    table: &TableReader<'_, '_>,
    mistakes: &mut Mistakes<'_>,
) -> Result<Option<Vec<Located<String>>>, Reported> {
    let Some(segments) = table.text_list(&keys::SEGMENTS, mistakes)? else {
        return Ok(None);
    };
    let mut reported = None;
    for segment in &segments {
        if let Err(refusal) = check_segment(&segment.value) {
            reported = Some(table.refuse(&keys::SEGMENTS, segment.offset, refusal, mistakes));
        }
    }
    reported.map_or(Ok(Some(segments)), Err)
}

/// The Common Data Model gives a table 1 to 256 characters without spaces at its ends (its model.json schema, entity name).
fn check_segment(name: &str) -> Result<(), Refusal> {
    const LONGEST_NAME: usize = 256;
    let fits = name.trim() == name
        && name.chars().count() <= LONGEST_NAME
        && name != "."
        && name != ".."
        && !name.chars().any(|letter| letter.is_control() || letter == '/' || letter == '\\');
    let allowed =
        "a segment's table name: one part of a path, without a space at either end, of at most 256 characters";
    if fits { Ok(()) } else { Err(Refusal::new(shown(name), allowed)) }
}

/// Segments and the names of their attributes, in the order of the file.
pub(super) fn read_attribute_names(
    export_table: &TableReader<'_, '_>,
    segments: Option<&Vec<Located<String>>>,
    mistakes: &mut Mistakes<'_>,
) -> Result<AttributeNames, Reported> {
    let table = export_table.table(&keys::ATTRIBUTE_NAMES, &attribute_names::TABLE, mistakes)?;
    read_by_segment(table.as_ref(), &attribute_names::TABLE, segments, mistakes, check_segment_attribute)
}

/// Segments and the identifiers of the segments in Braze that they are compared with, in the order of the file.
pub(super) fn read_audit_segment_ids(
    export_table: &TableReader<'_, '_>,
    segments: Option<&Vec<Located<String>>>,
    mistakes: &mut Mistakes<'_>,
) -> Result<AttributeNames, Reported> {
    let table = export_table.table(&keys::AUDIT_SEGMENT_IDS, &audit_segment_ids::TABLE, mistakes)?;
    read_by_segment(table.as_ref(), &audit_segment_ids::TABLE, segments, mistakes, |id| {
        // The identifier becomes part of keys in the company's bucket.
        let fits = (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if fits { Ok(()) } else { Err(Refusal::new(shown(id), chosen_kind(&audit_segment_ids::TABLE))) }
    })
}

fn chosen_kind(reference: &Table) -> String {
    reference.chosen_keys.map_or_else(String::new, |key| key.kind.to_string())
}

/// The texts of a table whose keys are segments of the export.
fn read_by_segment(
    table: Option<&TableReader<'_, '_>>,
    reference: &Table,
    segments: Option<&Vec<Located<String>>>,
    mistakes: &mut Mistakes<'_>,
    check: impl Fn(&str) -> Result<(), Refusal>,
) -> Result<AttributeNames, Reported> {
    let Some(table) = table else { return Ok(Vec::new()) };
    let mut names = Vec::new();
    let mut reported = None;
    for (segment, value) in table.entries() {
        let listed = segments.is_none_or(|segments| segments.iter().any(|listed| listed.value == segment.value));
        let refused = if let Some(segments) = segments.filter(|_| !listed) {
            let names: Vec<&str> = segments.iter().map(|segment| segment.value.as_str()).collect();
            Err(Refusal::new("a segment that is not among the export's segments", names.join(", "))
                .advise(did_you_mean(segment.value, names.iter().copied())))
        } else if let Some(name) = value.get_ref().as_str() {
            check_segment(segment.value).and_then(|()| check(name)).map(|()| name)
        } else {
            Err(Refusal::new(describe(value.get_ref()), chosen_kind(reference)))
        };
        match refused {
            Ok(name) => names.push((
                Located { value: segment.value.to_owned(), offset: segment.offset },
                Located { value: name.to_owned(), offset: value.span().start },
            )),
            Err(refusal) => {
                reported = Some(mistakes.add(table.path(), segment.value, segment.offset, refusal));
            }
        }
    }
    reported.map_or(Ok(names), Err)
}

/// The attributes of the segments that the file names. A segment whose own name Braze would not take needs another.
pub(super) fn segment_attributes(
    table: &TableReader<'_, '_>,
    segments: &Result<Option<Vec<Located<String>>>, Reported>,
    attribute_names: &Result<AttributeNames, Reported>,
    mistakes: &mut Mistakes<'_>,
) -> Vec<SegmentAttribute> {
    let (Ok(segments), Ok(attribute_names)) = (segments, attribute_names) else {
        return Vec::new();
    };
    let mut attributes: Vec<SegmentAttribute> = attribute_names
        .iter()
        .map(|(segment, name)| SegmentAttribute {
            segment: segment.value.clone(),
            attribute: name.value.clone(),
            offset: segment.offset,
            renamed: true,
        })
        .collect();
    for segment in segments.iter().flatten() {
        if attribute_names.iter().any(|(renamed, _)| renamed.value == segment.value) {
            continue;
        }
        match check_segment_attribute(&segment.value) {
            Ok(()) => attributes.push(SegmentAttribute {
                segment: segment.value.clone(),
                attribute: segment.value.clone(),
                offset: segment.offset,
                renamed: false,
            }),
            Err(refusal) => {
                let advice = format!("give the segment {} another name under attribute_names", quoted(&segment.value));
                table.refuse(&keys::SEGMENTS, segment.offset, refusal.advise(Some(advice)), mistakes);
            }
        }
    }
    attributes
}

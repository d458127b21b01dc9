//! Reads `[exports.NAME]`.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::conflicts::{ListedSegments, Outline};
use super::mistakes::{Located, Mistakes, Refusal, Reported};
use super::reference::export as keys;
use super::shown::{did_you_mean, shown};
use super::table::TableReader;
use super::{Connection, Consent, Export, OnLeave, Schedule, SendRule, csv, fields, folder, segments, values};
use crate::names::{AttributeName, ExportName, SegmentName};
use crate::texts::Language;

/// The connections of the file by name; one with mistakes is still known, so that exports that name it are no further
/// mistake.
pub(super) type Connections = BTreeMap<String, Result<Arc<Connection>, Reported>>;

/// Reads the table of the export `name`. The outline holds what could be read, for the comparison of exports with each
/// other.
pub(super) fn read(
    name: &str,
    table: &TableReader<'_, '_>,
    connections: &Connections,
    mistakes: &mut Mistakes<'_>,
) -> (Result<Export, Reported>, Outline) {
    let mut outline = Outline::new(name, table.path());
    let export = read_into(&mut outline, name, table, connections, mistakes);
    (export, outline)
}

fn read_into(
    outline: &mut Outline,
    name: &str,
    table: &TableReader<'_, '_>,
    connections: &Connections,
    mistakes: &mut Mistakes<'_>,
) -> Result<Export, Reported> {
    let connection = table.needed_text(&keys::CONNECTION, mistakes);
    let name_of_connection = connection.as_ref().ok().map(|connection| connection.value.clone());
    let connection = connection.and_then(|connection| find_connection(table, &connection, connections, mistakes));
    // Of a connection with mistakes, the name says enough to compare exports with each other.
    let workspace = connection.as_ref().ok().map(|connection| connection.workspace.to_string());
    outline.workspace = workspace.or(name_of_connection);
    let folder = folder::read_folder(table, &keys::FOLDER, mistakes);
    outline.folder = folder.as_ref().ok().cloned();
    let path = folder::read_path(table, mistakes);
    let segments = segments::read_segments(table, mistakes);
    outline.segments = ListedSegments::from(&segments);
    let attribute_names =
        segments::read_attribute_names(table, segments.as_ref().ok().and_then(Option::as_ref), mistakes);
    outline.segment_attributes = segments::segment_attributes(table, &segments, &attribute_names, mistakes);
    let listed = segments.as_ref().ok().and_then(Option::as_ref);
    let audit_segment_ids = segments::read_audit_segment_ids(table, listed, mistakes);
    let schedule = table.needed_choice(&keys::SCHEDULE, mistakes, Schedule::from_name);
    let on_upload = table.boolean(&keys::ON_UPLOAD, mistakes);
    let send = table.needed_choice(&keys::SEND, mistakes, SendRule::from_name);
    let on_leave = table.needed_choice(&keys::ON_LEAVE, mistakes, OnLeave::from_name);
    let create_profiles = table.boolean(&keys::CREATE_PROFILES, mistakes);
    let max_leavers = table.number(&keys::MAX_LEAVERS, mistakes);
    let refresh_days = table.whole_number::<u32>(&keys::REFRESH_DAYS, mistakes);
    let audit_days = table.whole_number::<u32>(&keys::AUDIT_DAYS, mistakes);
    let trial = table.needed_whole_number::<u32>(&keys::TRIAL, mistakes);
    let settle_minutes = table.needed_whole_number(&keys::SETTLE_MINUTES, mistakes);
    let time_zone = read_time_zone(table, mistakes);
    let language = table.needed_choice(&keys::LANGUAGE, mistakes, Language::from_name);
    let mut identifying = Vec::new();
    let data_matching = fields::read_data_matching(table, &mut identifying, mistakes);
    let attributes = fields::read_attributes(table, &mut outline.fields, mistakes);
    let null_values = table.text_list(&keys::NULL_VALUES, mistakes);
    let default_country = values::country(table, mistakes);
    let culture = values::culture(table, &keys::CULTURE, mistakes);
    let consent = table.needed_choice(&keys::CONSENT, mistakes, Consent::from_name);
    let csv = csv::read(table, &identifying, mistakes);
    let name_of = |segment: Located<String>| SegmentName::new(segment.value);
    Ok(Export {
        name: ExportName::new(name),
        connection: connection?,
        folder: folder?.value,
        path: path?,
        segments: segments?.map(|segments| segments.into_iter().map(name_of).collect()),
        schedule: schedule?,
        on_upload: on_upload?,
        send: send?,
        on_leave: on_leave?,
        create_profiles: create_profiles?,
        max_leavers: max_leavers?,
        refresh_days: refresh_days?,
        audit_days: audit_days?,
        trial: trial? as usize,
        settle_minutes: settle_minutes?,
        time_zone: time_zone?,
        language: language?,
        data_matching: data_matching?,
        attributes: attributes?,
        attribute_names: attribute_names?
            .into_iter()
            .map(|(segment, attribute)| (name_of(segment), AttributeName::new(attribute.value)))
            .collect(),
        audit_segment_ids: audit_segment_ids?.into_iter().map(|(segment, id)| (name_of(segment), id.value)).collect(),
        null_values: null_values?.unwrap_or_default().into_iter().map(|text| text.value).collect(),
        default_country: default_country?,
        culture: culture?,
        consent: consent?,
        csv: csv?,
    })
}

fn read_time_zone(table: &TableReader<'_, '_>, mistakes: &mut Mistakes<'_>) -> Result<TimeZone, Reported> {
    let Some(text) = table.text(&keys::TIME_ZONE, mistakes)? else {
        return Ok(TimeZone::UTC);
    };
    TimeZone::get(&text.value).map_err(|_| {
        let refusal = Refusal::new(shown(&text.value), keys::TIME_ZONE.kind.to_string());
        table.refuse(&keys::TIME_ZONE, text.offset, refusal, mistakes)
    })
}

fn find_connection(
    table: &TableReader<'_, '_>,
    connection: &Located<String>,
    connections: &Connections,
    mistakes: &mut Mistakes<'_>,
) -> Result<Arc<Connection>, Reported> {
    connections.get(&connection.value).cloned().unwrap_or_else(|| {
        let names: Vec<&str> = connections.keys().map(String::as_str).collect();
        let refusal = if names.is_empty() {
            Refusal::new(
                shown(&connection.value),
                "a connection of this file, which has none: add a table [connections.NAME]",
            )
        } else {
            Refusal::new(shown(&connection.value), format!("a connection of this file: {}", names.join(", ")))
                .advise(did_you_mean(&connection.value, names.iter().copied()))
        };
        Err(table.refuse(&keys::CONNECTION, connection.offset, refusal, mistakes))
    })
}

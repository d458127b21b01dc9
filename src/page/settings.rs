//! The settings that are in force for a run, in words. The key is not among them, nor the name of the secret that holds
//! it.

use super::text::{count, counted, shortened, shown};
use crate::config::{Export, OnLeave, Schedule, SendRule};

/// Longer names and lists are cut.
const LONGEST: usize = 300;

/// A setting by its key in `exports.toml`, and what it says.
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) value: String,
}

/// What `export` says, connection first.
pub(super) fn settings_of(export: &Export) -> Vec<Setting> {
    let connection = &export.connection;
    let matching = &export.data_matching;
    let column = |column: &Option<String>| column.as_deref().map_or_else(|| "not used".to_owned(), cut);
    let per_hour = connection.requests_per_hour.map_or_else(|| "no budget".to_owned(), |limit| count(limit.get()));
    let segments = match &export.segments {
        None => "every segment found in the folder".to_owned(),
        Some(segments) => counted(segments.len() as u64, "segment", "segments"),
    };
    let settings = [
        ("display_name", cut(&connection.display_name)),
        ("hostname", cut(connection.hostname.authority())),
        ("agree_to_data_transfer", yes_or_no(connection.agree_to_data_transfer)),
        ("requests_per_second", count(connection.requests_per_second.get().into())),
        ("requests_per_hour", per_hour),
        ("objects_per_request", connection.objects_per_request.to_string()),
        ("folder", cut(&export.folder)),
        ("segments", segments),
        ("schedule", export_schedule(export.schedule)),
        ("on_upload", yes_or_no(export.on_upload)),
        ("send", send(export.send)),
        ("on_leave", on_leave(export.on_leave)),
        ("create_profiles", yes_or_no(export.create_profiles)),
        ("max_leavers", format!("{} % of the members", (export.max_leavers * 1000.0).round() / 10.0)),
        ("settle_minutes", export.settle_minutes.to_string()),
        ("customer_id", column(&matching.customer_id)),
        ("email", column(&matching.email)),
        ("attributes", attributes(export)),
    ];
    settings.into_iter().map(|(name, value)| Setting { name, value }).collect()
}

fn cut(text: &str) -> String {
    shortened(&shown(text), LONGEST)
}

fn yes_or_no(value: bool) -> String {
    if value { "true" } else { "false" }.to_owned()
}

fn export_schedule(schedule: Schedule) -> String {
    match schedule {
        Schedule::Active => "active",
        Schedule::Off => "off: only uploads and run by name deliver it",
    }
    .to_owned()
}

fn send(rule: SendRule) -> String {
    match rule {
        SendRule::Changes => "changes: unchanged members are not sent",
        SendRule::All => "all: every member is sent",
    }
    .to_owned()
}

fn on_leave(rule: OnLeave) -> String {
    match rule {
        OnLeave::False => "false: the attribute of members who left is set to false",
        OnLeave::Remove => "remove: the attribute of members who left is removed",
        OnLeave::Keep => "keep: members who left keep the attribute",
    }
    .to_owned()
}

fn attributes(export: &Export) -> String {
    if export.attributes.is_empty() {
        return "only the segment's attribute".to_owned();
    }
    let attributes: Vec<String> =
        export.attributes.iter().map(|field| format!("{} from {}", shown(&field.name), shown(&field.column))).collect();
    shortened(&attributes.join(", "), 4 * LONGEST)
}

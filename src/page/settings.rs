//! The settings that are in force for a run, in words. The key is not among them, nor the name of the secret that holds
//! it.

use super::frame::Frame;
use super::text::{count, shortened, shown};
use crate::config::{Export, OnLeave, Schedule, SendRule};

/// Longer names and lists are cut.
const LONGEST: usize = 300;

/// A setting by its key in `exports.toml`, and what it says.
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) value: String,
}

/// What `export` says, connection first.
pub(super) fn settings_of(frame: &Frame, export: &Export) -> Vec<Setting> {
    let connection = &export.connection;
    let matching = &export.data_matching;
    let column = |column: &Option<String>| column.as_deref().map_or_else(|| frame.t("not-used"), cut);
    let per_hour = connection.requests_per_hour.map_or_else(|| frame.t("no-budget"), |limit| count(limit.get()));
    let segments = match &export.segments {
        None => frame.t("every-segment"),
        Some(segments) => frame.n("segments", segments.len() as u64),
    };
    let schedule = match export.schedule {
        Schedule::Active => "schedule-active",
        Schedule::Off => "schedule-off",
    };
    let send = match export.send {
        SendRule::Changes => "send-changes",
        SendRule::All => "send-all",
    };
    let on_leave = match export.on_leave {
        OnLeave::False => "leave-false",
        OnLeave::Remove => "leave-remove",
        OnLeave::Keep => "leave-keep",
    };
    let most = ((export.max_leavers * 1000.0).round() / 10.0).to_string();
    let settings = [
        ("display_name", cut(&connection.display_name)),
        ("hostname", cut(connection.hostname.authority())),
        ("agree_to_data_transfer", connection.agree_to_data_transfer.to_string()),
        ("requests_per_second", count(connection.requests_per_second.get().into())),
        ("requests_per_hour", per_hour),
        ("company", connection.company.as_deref().map_or_else(|| "none".to_owned(), cut)),
        ("objects_per_request", connection.objects_per_request.to_string()),
        ("folder", cut(&export.folder)),
        ("segments", segments),
        ("schedule", frame.t(schedule)),
        ("on_upload", export.on_upload.to_string()),
        ("send", frame.t(send)),
        ("on_leave", frame.t(on_leave)),
        ("create_profiles", export.create_profiles.to_string()),
        ("max_leavers", frame.with("of-the-members", &[("percent", &most)])),
        ("refresh_days", export.refresh_days.map_or_else(|| "–".to_owned(), |days| days.to_string())),
        ("trial", count(export.trial as u64)),
        ("settle_minutes", export.settle_minutes.to_string()),
        ("customer_id", column(&matching.customer_id)),
        ("email", column(&matching.email)),
        ("attributes", attributes(frame, export)),
    ];
    settings.into_iter().map(|(name, value)| Setting { name, value }).collect()
}

fn cut(text: &str) -> String {
    shortened(&shown(text), LONGEST)
}

fn attributes(frame: &Frame, export: &Export) -> String {
    if export.attributes.is_empty() {
        return frame.t("segment-only");
    }
    let field = |name: &str, column: &str| frame.with("field-from", &[("field", name), ("column", column)]);
    let attributes: Vec<String> =
        export.attributes.iter().map(|attribute| field(&shown(&attribute.name), &shown(&attribute.column))).collect();
    shortened(&attributes.join(", "), 4 * LONGEST)
}

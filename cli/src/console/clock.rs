//! The time zone of this machine.

use std::sync::LazyLock;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// The zone in `TZ`, else that of `/etc/localtime`, else UTC.
static ZONE: LazyLock<TimeZone> = LazyLock::new(|| {
    let named = std::env::var("TZ").ok().filter(|name| !name.is_empty());
    let linked = || {
        let target = std::fs::canonicalize("/etc/localtime").ok()?;
        target.to_str()?.split_once("zoneinfo/").map(|(_, name)| name.to_owned())
    };
    named.or_else(linked).and_then(|name| TimeZone::get(name.trim_start_matches(':')).ok()).unwrap_or(TimeZone::UTC)
});

/// A moment for the element `time`.
pub(crate) struct Moment {
    pub(crate) machine: String,
    pub(crate) shown: String,
}

impl Moment {
    pub(crate) fn of(at: Timestamp) -> Self {
        let info = ZONE.to_offset_info(at);
        let local = ZONE.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string();
        Self { machine: at.to_string(), shown: format!("{local} {}", info.abbreviation()) }
    }
}

/// The name of the zone.
pub(crate) fn zone() -> &'static str {
    ZONE.iana_name().map_or("UTC", |name| name.trim_start_matches("Etc/"))
}

/// Nine o'clock in the morning of the next day here.
pub(crate) fn tomorrow() -> Timestamp {
    let now = Timestamp::now();
    let morning = ZONE.to_datetime(now).date().tomorrow().map(|day| day.at(9, 0, 0, 0));
    let at = morning.ok().and_then(|morning| ZONE.to_timestamp(morning).ok());
    at.unwrap_or_else(|| now.saturating_add(24.hours()).unwrap_or(now))
}

/// The day that it is here.
pub(crate) fn today() -> String {
    ZONE.to_datetime(Timestamp::now()).date().to_string()
}

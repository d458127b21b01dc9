//! The words of messages to people, in the language of the exports.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::config::Config;
use crate::texts::messages::{Surface, worded};
use crate::texts::{Argument, Language, Texts};

fn texts(language: Language) -> &'static Texts {
    static TEXTS: LazyLock<[Texts; 2]> = LazyLock::new(|| {
        [
            Texts::new(Language::English, include_str!("texts/en.ftl")),
            Texts::new(Language::Japanese, include_str!("texts/ja.ftl")),
        ]
    });
    language.pick(&TEXTS[0], &TEXTS[1])
}

/// In which language a message is, and in which zone its times are.
pub(super) struct Words {
    texts: &'static Texts,
    time_zone: TimeZone,
}

impl Words {
    /// The language and the time zone of the exports. One message is about all of them: if they differ, it is in English, and
    /// its times are in UTC.
    pub(super) fn of(config: &Config) -> Self {
        let mut exports = config.exports.values();
        let first = exports.next();
        let language = first
            .map(|export| export.language)
            .filter(|language| exports.clone().all(|export| export.language == *language));
        let time_zone =
            first.map(|export| &export.time_zone).filter(|zone| exports.all(|export| export.time_zone == **zone));
        Self { texts: texts(language.unwrap_or_default()), time_zone: time_zone.cloned().unwrap_or(TimeZone::UTC) }
    }

    /// A text with its arguments.
    pub(super) fn with(&self, key: &str, arguments: &[(&str, Argument<'_>)]) -> String {
        self.texts.with(key, arguments)
    }

    /// A message of the application.
    pub(super) fn message(&self, text: &str) -> String {
        worded(self.texts.language(), Surface::Page, text).into_owned()
    }

    pub(super) fn time(&self, at: Timestamp) -> String {
        let local = at.to_zoned_datetime(self.time_zone.clone());
        let zone = if local.offset().is_zero() { "UTC" } else { "%Z" };
        local.strftime(&format!("%Y-%m-%d %H:%M {zone}")).to_string()
    }
}

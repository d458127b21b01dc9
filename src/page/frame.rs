//! What surrounds every page: its reader, its texts, the style sheet, and the content security policy that allows it and
//! nothing else.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::text::{paragraphs, time_in};
use crate::config::Export;
use crate::report::Outcome;
use crate::texts::messages::{Surface, reason, translated, worded};
use crate::texts::{Argument, Language, Texts};

const STYLE: &str = include_str!("style.css");

/// The hash by which the content security policy allows the style sheet (W3C, "Content Security Policy Level 3", "Hash
/// source").
static STYLE_HASH: LazyLock<String> =
    LazyLock::new(|| format!("sha256-{}", STANDARD.encode(digest(&SHA256, STYLE.as_bytes()))));

fn texts(language: Language) -> &'static Texts {
    static TEXTS: LazyLock<[Texts; 2]> = LazyLock::new(|| {
        [
            Texts::new(Language::English, include_str!("texts/en.ftl")),
            Texts::new(Language::Japanese, include_str!("texts/ja.ftl")),
        ]
    });
    language.pick(&TEXTS[0], &TEXTS[1])
}

/// Who reads a page.
#[derive(Clone, Debug)]
pub struct Reader {
    /// In which language.
    pub language: Language,
    /// Times are in this zone, and in UTC.
    pub time_zone: TimeZone,
}

impl Reader {
    /// The readers of an export's pages; without an export, in English and UTC.
    pub fn of(export: Option<&Export>) -> Self {
        export.map_or(Self { language: Language::English, time_zone: TimeZone::UTC }, |export| Self {
            language: export.language,
            time_zone: export.time_zone.clone(),
        })
    }
}

/// The frame of a page.
pub(super) struct Frame {
    pub(super) style: &'static str,
    pub(super) style_hash: &'static str,
    texts: &'static Texts,
    time_zone: TimeZone,
}

impl Frame {
    pub(super) fn new(reader: &Reader) -> Self {
        Self {
            style: STYLE,
            style_hash: &STYLE_HASH,
            texts: texts(reader.language),
            time_zone: reader.time_zone.clone(),
        }
    }

    pub(super) fn language(&self) -> Language {
        self.texts.language()
    }

    /// A text.
    pub(super) fn t(&self, key: &str) -> String {
        self.texts.text(key)
    }

    /// A text about a number of things.
    pub(super) fn n(&self, key: &str, number: u64) -> String {
        self.texts.counted(key, number)
    }

    /// A text about the part of the page with this number.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as a template passes it")]
    pub(super) fn part(&self, key: &str, number: &usize) -> String {
        self.n(key, *number as u64)
    }

    /// A text with words in it.
    pub(super) fn with(&self, key: &str, words: &[(&str, &str)]) -> String {
        let arguments: Vec<(&str, Argument<'_>)> =
            words.iter().map(|(name, word)| (*name, Argument::Word(word))).collect();
        self.texts.with(key, &arguments)
    }

    /// A text with words and numbers in it.
    pub(super) fn filled(&self, key: &str, arguments: &[(&str, Argument<'_>)]) -> String {
        self.texts.with(key, arguments)
    }

    /// A text with numbers in it.
    pub(super) fn numbers(&self, key: &str, numbers: &[(&str, u64)]) -> String {
        let arguments: Vec<(&str, Argument<'_>)> =
            numbers.iter().map(|(name, number)| (*name, Argument::Number(*number))).collect();
        self.texts.with(key, &arguments)
    }

    /// An outcome for a marketer.
    pub(super) fn outcome(&self, outcome: Outcome) -> String {
        self.t(&format!("outcome-{}", outcome.name()))
    }

    /// A time in the reader's zone, and in UTC.
    pub(super) fn time(&self, time: Timestamp) -> String {
        time_in(time, &self.time_zone)
    }

    /// A message, a paragraph for each line.
    pub(super) fn message(&self, text: &str, code: &str) -> Vec<String> {
        let translated = translated(self.language(), Surface::Page, text, code);
        paragraphs(translated.as_deref().unwrap_or(text), |more| self.n("more-lines", more))
    }

    /// A text that may be a message.
    pub(super) fn words(&self, text: &str) -> String {
        worded(self.language(), Surface::Page, text).into_owned()
    }

    /// A reason by which rows are counted.
    pub(super) fn reason(&self, text: &str) -> String {
        reason(self.language(), Surface::Page, text)
    }

    /// The line below every page.
    pub(super) fn footer(&self) -> String {
        let zone = self.time_zone.iana_name().unwrap_or("UTC");
        self.with("footer", &[("version", env!("CARGO_PKG_VERSION")), ("zone", zone)])
    }
}

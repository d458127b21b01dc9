//! Texts for people in English and Japanese, as Fluent files, and the messages of the application in both.

pub mod list;
pub mod messages;
mod phrases;

use std::fmt;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use crate::message::count;

/// A language that the application speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English, also of the machine's contracts: JSON and logs are in English alone.
    #[default]
    English,
    /// Japanese.
    Japanese,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::Japanese];

    /// Its tag, as in the attribute `lang` and in `exports.toml`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Japanese => "ja",
        }
    }

    /// The one with this tag, such as `ja`, `ja-JP` or `ja_JP.UTF-8`.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_', '.']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::English => Self::Japanese,
            Self::Japanese => Self::English,
        }
    }

    /// The one of two things that is in this language.
    pub fn pick<T>(self, english: T, japanese: T) -> T {
        match self {
            Self::English => english,
            Self::Japanese => japanese,
        }
    }
}

/// Texts in one language.
pub struct Texts {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Texts").field(&self.language).finish()
    }
}

impl Texts {
    /// The texts of a Fluent file.
    pub fn new(language: Language, source: &str) -> Self {
        // What cannot be read is left out; a test reads all files.
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, _)| resource);
        let mut bundle = FluentBundle::new_concurrent(language.tag().parse().into_iter().collect());
        // Names stand in elements of their own.
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(grouped));
        drop(bundle.add_resource(resource));
        Self { language, bundle }
    }

    /// The language.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Whether there is a text.
    pub fn has(&self, key: &str) -> bool {
        self.bundle.has_message(key)
    }

    /// A text with its arguments; the key where there is no such text.
    pub fn with(&self, key: &str, arguments: &[(&str, Argument<'_>)]) -> String {
        let pattern = self.bundle.get_message(key).and_then(|message| message.value());
        let Some(pattern) = pattern else { return key.to_owned() };
        let mut given = FluentArgs::new();
        for (name, argument) in arguments {
            match argument {
                Argument::Number(number) => given.set(*name, FluentValue::from(*number)),
                Argument::Word(word) => given.set(*name, FluentValue::from(*word)),
            }
        }
        self.bundle.format_pattern(pattern, Some(&given), &mut Vec::new()).into_owned()
    }

    /// A text beside another one, without arguments; empty where there is none.
    pub fn attribute(&self, key: &str, attribute: &str) -> String {
        let message = self.bundle.get_message(key);
        let pattern = message.and_then(|message| message.get_attribute(attribute)).map(|attribute| attribute.value());
        let words = pattern.map(|pattern| self.bundle.format_pattern(pattern, None, &mut Vec::new()).into_owned());
        words.unwrap_or_default()
    }

    /// A text without arguments.
    pub fn text(&self, key: &str) -> String {
        self.with(key, &[])
    }

    /// A text about a number of things, `n`.
    pub fn counted(&self, key: &str, number: u64) -> String {
        self.with(key, &[("n", Argument::Number(number))])
    }
}

/// What a text is filled with.
#[derive(Clone, Copy, Debug)]
pub enum Argument<'a> {
    /// A number, which decides about plural forms, and has commas.
    Number(u64),
    /// Anything else.
    Word(&'a str),
}

/// Numbers with a comma at each thousand.
fn grouped<M>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    match value {
        FluentValue::Number(number) => number.as_string().parse().ok().map(count),
        _ => None,
    }
}

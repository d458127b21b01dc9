//! The texts of the console in English and Japanese, as Fluent files.

use std::fmt;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use insights_to_braze::message::count;

/// A language of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Japanese,
}

impl Language {
    /// Its tag, as in the attribute `lang`.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Japanese => "ja",
        }
    }

    /// The one with this tag.
    pub(crate) fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split('-').next().unwrap_or_default();
        [Self::English, Self::Japanese].into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// The other one.
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::English => Self::Japanese,
            Self::Japanese => Self::English,
        }
    }

    /// The one that the header `Accept-Language` prefers; English if it names neither.
    pub(crate) fn accepted(header: &str) -> Self {
        let weighed = header.split(',').filter_map(|range| {
            let (tag, weight) = range.split_once(";q=").unwrap_or((range, "1"));
            Some((Self::of_tag(tag)?, weight.trim().parse::<f32>().unwrap_or_default()))
        });
        let best = weighed.reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.filter(|(_, weight)| *weight > 0.0).map_or(Self::English, |(language, _)| language)
    }

    /// Its texts.
    pub(crate) fn texts(self) -> &'static Texts {
        static TEXTS: LazyLock<[Texts; 2]> = LazyLock::new(|| {
            [
                Texts::new(Language::English, include_str!("texts/en.ftl")),
                Texts::new(Language::Japanese, include_str!("texts/ja.ftl")),
            ]
        });
        match self {
            Self::English => &TEXTS[0],
            Self::Japanese => &TEXTS[1],
        }
    }
}

/// The texts of a language.
pub(crate) struct Texts {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Texts").field(&self.language).finish()
    }
}

impl Texts {
    fn new(language: Language, source: &str) -> Self {
        // What cannot be read is left out; a test reads both files.
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, _)| resource);
        let mut bundle = FluentBundle::new_concurrent(language.tag().parse().into_iter().collect());
        // Names stand in elements of their own.
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(grouped));
        drop(bundle.add_resource(resource));
        Self { language, bundle }
    }

    /// The language.
    pub(crate) fn language(&self) -> Language {
        self.language
    }

    /// Whether there is a text.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.bundle.has_message(key)
    }

    /// A text with its arguments.
    pub(crate) fn with(&self, key: &str, arguments: &[(&str, Argument<'_>)]) -> String {
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

    /// A text without arguments.
    pub(crate) fn text(&self, key: &str) -> String {
        self.with(key, &[])
    }
}

/// What a text is filled with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Argument<'a> {
    Number(u64),
    Word(&'a str),
}

/// Numbers with a comma at each thousand.
fn grouped<M>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    match value {
        FluentValue::Number(number) => number.as_string().parse().ok().map(count),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::Path;

    use super::*;

    const SOURCES: [(&str, &str); 2] = [("en", include_str!("texts/en.ftl")), ("ja", include_str!("texts/ja.ftl"))];

    /// Keys whose end is made of a value: outcomes, kinds of columns and the like.
    const FAMILIES: [&str; 11] = [
        "message-",
        "outcome-",
        "kind-",
        "badge-",
        "field-",
        "state-",
        "step-",
        "job-",
        "leave-",
        "consequence-",
        "look-",
    ];

    /// The texts of a file by key.
    fn texts(source: &str) -> BTreeMap<String, String> {
        let mut all: BTreeMap<String, String> = BTreeMap::new();
        let mut last = String::new();
        for line in source.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            if let Some((key, text)) = line.split_once(" =").filter(|_| !line.starts_with(' ')) {
                assert!(all.insert(key.to_owned(), text.to_owned()).is_none(), "{key} is there twice");
                key.clone_into(&mut last);
            } else {
                all.get_mut(&last).unwrap().push_str(line);
            }
        }
        all
    }

    fn placeholders(text: &str) -> BTreeSet<String> {
        let names = text.split('$').skip(1);
        names
            .map(|rest| rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '-').collect())
            .collect()
    }

    /// Everything between double quotes in the templates and the code of the console.
    fn quoted(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                quoted(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "html") {
                found.extend(fs::read_to_string(&path).unwrap().split('"').map(str::to_owned));
            }
        }
    }

    #[test]
    fn every_text_is_there_in_both_languages_with_the_same_placeholders() {
        for (tag, source) in SOURCES {
            assert!(FluentResource::try_new(source.to_owned()).is_ok(), "{tag}");
        }
        let (english, japanese) = (texts(SOURCES[0].1), texts(SOURCES[1].1));
        let keys = |texts: &BTreeMap<String, String>| texts.keys().cloned().collect::<BTreeSet<_>>();
        let (left, right) = (keys(&english), keys(&japanese));
        assert!(left == right, "in one language alone: {:?}", left.symmetric_difference(&right).collect::<Vec<_>>());
        for (key, text) in &english {
            assert_eq!(placeholders(text), placeholders(&japanese[key]), "{key}");
            assert!(!japanese[key].contains("TODO") && !text.contains("TODO"), "{key}");
        }
    }

    #[test]
    fn every_text_is_used() {
        let mut used = BTreeSet::new();
        quoted(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/console"), &mut used);
        let is_used = |key: &&String| used.contains(*key) || FAMILIES.iter().any(|family| key.starts_with(family));
        let english = texts(SOURCES[0].1);
        let unused: Vec<_> = english.keys().filter(|key| !is_used(key)).collect();
        assert!(unused.is_empty(), "{unused:?}");
    }

    #[test]
    fn the_language_is_the_one_that_the_browser_prefers() {
        let cases = [
            ("", Language::English),
            ("ja", Language::Japanese),
            ("ja-JP,ja;q=0.9,en;q=0.8", Language::Japanese),
            ("fr-FR,en;q=0.5,ja;q=0.7", Language::Japanese),
            ("en-GB,en;q=0.9,ja;q=0.8", Language::English),
            ("de, *;q=0.1, ja;q=0", Language::English),
        ];
        for (header, language) in cases {
            assert_eq!(Language::accepted(header), language, "{header}");
        }
    }

    #[test]
    fn numbers_have_commas_and_plurals_agree() {
        let english = Language::English.texts();
        let text = |number| english.with("people", &[("n", Argument::Number(number))]);
        assert_eq!([1, 2_640].map(text), ["1 person", "2,640 people"]);
        let japanese = Language::Japanese.texts();
        assert_eq!(japanese.with("people", &[("n", Argument::Number(2_640))]), "2,640 人");
        assert!(!english.has("no-such-text"));
    }
}

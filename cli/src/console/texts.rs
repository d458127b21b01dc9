//! The texts of the console in English and Japanese, as Fluent files.

use std::sync::LazyLock;

use insights_to_braze::texts::{Language, Texts};

/// The texts of the console in a language.
pub(crate) fn of(language: Language) -> &'static Texts {
    static TEXTS: LazyLock<[Texts; 2]> = LazyLock::new(|| {
        [
            Texts::new(Language::English, include_str!("texts/en.ftl")),
            Texts::new(Language::Japanese, include_str!("texts/ja.ftl")),
        ]
    });
    language.pick(&TEXTS[0], &TEXTS[1])
}

/// The language that the header `Accept-Language` prefers; English if it names none.
pub(crate) fn accepted(header: &str) -> Language {
    let weighed = header.split(',').filter_map(|range| {
        let (tag, weight) = range.split_once(";q=").unwrap_or((range, "1"));
        Some((Language::of_tag(tag)?, weight.trim().parse::<f32>().unwrap_or_default()))
    });
    let best = weighed.reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.filter(|(_, weight)| *weight > 0.0).map_or(Language::English, |(language, _)| language)
}

#[cfg(test)]
mod tests {
    use insights_to_braze::texts::Argument;

    use super::*;

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
            assert_eq!(accepted(header), language, "{header}");
        }
    }

    #[test]
    fn numbers_have_commas_and_plurals_agree() {
        let english = of(Language::English);
        let text = |number| english.with("people", &[("n", Argument::Number(number))]);
        assert_eq!([1, 2_640].map(text), ["1 person", "2,640 people"]);
        let japanese = of(Language::Japanese);
        assert_eq!(japanese.with("people", &[("n", Argument::Number(2_640))]), "2,640 人");
        assert!(!english.has("no-such-text"));
    }
}

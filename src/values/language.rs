//! Language codes, as Braze lists them.

use super::table::find;

/// The 170 codes that Braze lists (Braze, "Language codes"): most of ISO 639-1, and 45 of three letters. Behind a tab, the
/// one of them that another code means: of three letters, withdrawn, or of Norwegian, of which Braze lists the two written
/// forms.
const CODES: &str = include_str!("language_codes.txt");

/// The longest code.
const LONGEST: usize = 3;

/// Braze's code for a code in any case, or for a locale such as `ja-JP`, `ja_JP` or `zh-Hant-TW`.
pub fn language(text: &str) -> Option<&'static str> {
    let mut subtags = text.split(['-', '_']);
    let code = subtags.next().filter(|code| code.len() <= LONGEST)?.to_ascii_lowercase();
    let is_subtag = |subtag: &str| (1..=8).contains(&subtag.len()) && subtag.bytes().all(|b| b.is_ascii_alphanumeric());
    if !subtags.all(is_subtag) {
        return None;
    }
    find(CODES, &code)
}

#[cfg(test)]
mod tests {
    use super::language;

    #[test]
    fn codes_and_locales_are_braze_codes() {
        for (text, code) in [
            ("ja", "ja"),
            ("JA", "ja"),
            ("ja-JP", "ja"),
            ("ja_JP", "ja"),
            ("zh-Hant-TW", "zh"),
            ("sr_Latn_RS", "sr"),
            ("fil", "fil"),
            ("fil-PH", "fil"),
            ("gsw", "gsw"),
            ("haw", "haw"),
            ("no", "nb"),
            ("nb-NO", "nb"),
            ("no_NO", "nb"),
            ("nn", "nn"),
            ("mo", "mo"),
            ("iw", "he"),
            ("jpn", "ja"),
            ("ger", "de"),
            ("deu-DE", "de"),
            ("nor", "nb"),
        ] {
            assert_eq!(language(text), Some(code), "{text:?}");
        }
        for text in ["", "-", "xx", "ht", "mi", "1041", "English", "日本語", "ja JP", "ja-", "en-US,en;q=0.9", "jpn-"]
        {
            assert_eq!(language(text), None, "{text:?}");
        }
    }
}

//! What several spellings of a text have in common.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// A name without what its spellings differ in: case, accents, width, spaces and punctuation.
///
/// The tables are made with the same rule (`fold` in `scripts/value_tables.py`).
pub fn fold(name: &str) -> String {
    name.nfkd().flat_map(char::to_lowercase).filter(|&c| !is_left_out(c)).nfc().collect()
}

/// Punctuation, white space and combining accents. The combining marks of Japanese stay: they make another sound.
fn is_left_out(c: char) -> bool {
    match c {
        '0'..='9' | 'a'..='z' | 'A'..='Z' => false,
        '\0'..='\u{bf}' | '\u{2b0}'..='\u{36f}' | '\u{2000}'..='\u{206f}' => true,
        '\u{3000}'..='\u{303f}' => c != '々',
        _ => c == '・',
    }
}

/// `text` in Unicode's composed form (NFC): the same text as it looks, whichever system wrote it.
pub fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc(text) { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) }
}

/// `text` in Unicode's composed form of compatible characters (NFKC): full-width letters and half-width kana are those of
/// ordinary width.
pub fn same_width(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(text.nfkc().collect()) }
}

/// `text` with ASCII characters in the place of their full-width forms, and without the marks that only direct how text is
/// shown.
pub fn plain_forms(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter_map(plain_form).collect())
}

fn plain_form(c: char) -> Option<char> {
    const WIDTH: u32 = 0xfee0;
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - WIDTH),
        '\u{3000}' => Some(' '),
        '\u{2212}' => Some('-'),
        // Digits of Arabic and Persian texts.
        '\u{660}'..='\u{669}' => char::from_digit(u32::from(c) - 0x660, 10),
        '\u{6f0}'..='\u{6f9}' => char::from_digit(u32::from(c) - 0x6f0, 10),
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => None,
        c => Some(c),
    }
}

#[cfg(test)]
mod tests {
    use super::{composed, fold, plain_forms};

    #[test]
    fn spellings_of_a_name_fold_to_one() {
        for spelling in ["Côte d'Ivoire", "COTE D’IVOIRE", "Co\u{302}te d Ivoire", "Ｃôte d‘Ivoire"] {
            assert_eq!(fold(spelling), "cotedivoire", "{spelling:?}");
        }
        assert_eq!(fold("Türkiye"), fold("TÜRKİYE"));
        assert_eq!(fold("ﾄﾞｲﾂ"), fold("ドイツ"));
        assert_ne!(fold("ガ"), fold("カ"));
    }

    #[test]
    fn forms_of_width_and_direction_are_plain() {
        assert_eq!(plain_forms("０９０－１２３４　（内線）"), "090-1234 (内線)");
        assert_eq!(plain_forms("\u{202a}+1 425\u{202c}"), "+1 425");
        assert_eq!(plain_forms("٠١٢"), "012");
        assert_eq!(composed("フ\u{309a}レミアム"), "プレミアム");
    }
}

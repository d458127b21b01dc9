//! Texts that mean an empty cell.

/// What a spreadsheet shows in the place of a value that it could not compute. As an identifier it is none.
const SPREADSHEET_ERRORS: [&str; 7] = ["#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!"];

/// Texts that mean an empty cell. The first byte and the length rule out nearly every other cell.
#[derive(Clone, Debug, Default)]
pub(super) struct NullWords {
    words: Vec<Box<str>>,
    longest: usize,
    /// For each byte whether a word begins with it, in any case.
    first: [u64; 4],
}

impl NullWords {
    pub(super) fn new(words: &[String]) -> Self {
        let mut null = Self { longest: words.iter().map(String::len).max().unwrap_or(0), ..Self::default() };
        for word in words {
            if let Some(&byte) = word.as_bytes().first() {
                for byte in [byte, byte.to_ascii_lowercase(), byte.to_ascii_uppercase()] {
                    null.first[usize::from(byte / 64)] |= 1 << (byte % 64);
                }
                null.words.push(word.as_str().into());
            }
        }
        null
    }

    /// Whether a trimmed cell means an empty one.
    #[inline]
    pub(super) fn holds(&self, text: &str) -> bool {
        text.len() <= self.longest && self.may_begin(text) && self.words.iter().any(|word| **word == *text)
    }

    #[inline]
    fn may_begin(&self, text: &str) -> bool {
        text.as_bytes().first().is_some_and(|byte| self.first[usize::from(byte / 64)] & (1 << (byte % 64)) != 0)
    }

    /// Whether a text in the place of an identifier is none: a null word in any case, an error of a spreadsheet, or a
    /// GUID of nothing but zeros.
    pub(super) fn is_no_identifier(&self, text: &str) -> bool {
        let is = |word: &str| text.eq_ignore_ascii_case(word);
        match text.as_bytes().first() {
            Some(b'0' | b'{') => is_zero_guid(text),
            // A column that is too narrow is saved as such marks.
            Some(b'#') if text.len() > 2 && text.bytes().all(|byte| byte == b'#') => true,
            Some(b'#') => SPREADSHEET_ERRORS.into_iter().any(is) || self.words.iter().any(|word| is(word)),
            _ => text.len() <= self.longest && self.may_begin(text) && self.words.iter().any(|word| is(word)),
        }
    }
}

/// `00000000-0000-0000-0000-000000000000`, with or without hyphens and braces.
fn is_zero_guid(text: &str) -> bool {
    const DIGITS: usize = 32;
    text.len() >= DIGITS
        && text.bytes().all(|byte| matches!(byte, b'0' | b'-' | b'{' | b'}'))
        && text.bytes().filter(|byte| *byte == b'0').count() == DIGITS
}

#[cfg(test)]
mod tests {
    use super::NullWords;

    #[test]
    fn words_are_exact_for_values_and_of_any_case_for_identifiers() {
        let words = NullWords::new(&["NULL", "\\N", "N/A", "nan", "なし"].map(str::to_owned));
        for text in ["NULL", "\\N", "N/A", "nan", "なし"] {
            assert!(words.holds(text) && words.is_no_identifier(text), "{text}");
        }
        for text in ["", "Null", "null", "NAN", "Nancy", "NULLE", "な", "#REF!"] {
            assert!(!words.holds(text), "{text}");
        }
        for text in
            ["null", "NaN", "#REF!", "########", "#n/a", &"0".repeat(32), "{00000000-0000-0000-0000-000000000000}"]
        {
            assert!(words.is_no_identifier(text), "{text}");
        }
        for text in ["0", "000", "Nancy", "#1", &"0".repeat(31), "00000000-0000-0000-0000-000000000001", "会員"] {
            assert!(!words.is_no_identifier(text), "{text}");
        }
        assert!(!NullWords::new(&[]).holds(""));
        assert!(!NullWords::new(&[]).is_no_identifier("NULL"));
    }
}

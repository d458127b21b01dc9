//! Shows only the shape of personal values. All masking happens here.

/// Longer values are replaced by their length.
const LONGEST_SHAPE: usize = 24;

/// The shape of a value: `AA-0000000` for a customer ID, `字字` for a name, `a…@a….jp` for an address, `31 letters` for a
/// long text. Every letter is replaced by one that shows its kind; only the top-level domain of an address is shown.
pub fn masked(value: &str) -> String {
    let length = value.chars().count();
    match value.rsplit_once('@') {
        Some((local, domain)) if !local.is_empty() && !domain.is_empty() => address(domain),
        _ if length > LONGEST_SHAPE => format!("{length} letters"),
        _ => value.chars().map(kind).collect(),
    }
}

fn address(domain: &str) -> String {
    let top = domain.rsplit_once('.').map(|(_, top)| top);
    let shown = top.filter(|top| (2..=6).contains(&top.len()) && top.bytes().all(|byte| byte.is_ascii_lowercase()));
    shown.map_or_else(|| "a…@a…".to_owned(), |top| format!("a…@a….{top}"))
}

/// What replaces a letter. Punctuation and spaces are kept: they make the shape.
fn kind(letter: char) -> char {
    match letter {
        '0'..='9' => '0',
        'A'..='Z' => 'A',
        'a'..='z' => 'a',
        letter if letter.is_ascii_punctuation() || letter == ' ' => letter,
        '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' => '字',
        letter if letter.is_numeric() => '0',
        letter if letter.is_uppercase() => 'A',
        letter if letter.is_alphabetic() => 'a',
        _ => '•',
    }
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn a_value_is_shown_by_its_shape() {
        for (value, shape) in [
            ("", ""),
            ("M", "A"),
            ("LY-0000127", "AA-0000000"),
            ("田中", "字字"),
            ("海", "字"),
            ("김민준", "字字字"),
            ("Ann Ö. Müller", "Aaa A. Aaaaaa"),
            ("+81 (3) 1234-5678", "+00 (0) 0000-0000"),
            ("tanaka.hanako@example.jp", "a…@a….jp"),
            ("a@canary", "a…@a…"),
            ("a@b.CANARY", "a…@a…"),
            ("👩‍👩‍👧\u{1}", "••••••"),
            ("〒150-0002\r\n東京都渋谷区渋谷2-21-1 建物", "28 letters"),
        ] {
            assert_eq!(masked(value), shape, "{value:?}");
        }
    }
}

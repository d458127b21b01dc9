//! Phone numbers in international form.

use super::dropped_fields::DropReason;

/// Digits of an international number: at most 15 (ITU-T E.164); shorter than 8 there is none that takes messages.
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;

/// Appends `cell` as a JSON string in the form `+4930123456`.
///
/// Spaces, hyphens, dashes, parentheses, dots and slashes are left out, and `00` before the number stands for `+`. A
/// number without either belongs to a country that the file does not tell, and one with `(0)` has a digit that must
/// not be dialled from abroad, except in Italy: both are refused instead of guessed.
pub(super) fn append_phone(out: &mut Vec<u8>, cell: &str) -> Result<(), DropReason> {
    let start = out.len();
    let result = append_digits(out, cell.trim());
    if result.is_err() {
        out.truncate(start);
    }
    result
}

fn append_digits(out: &mut Vec<u8>, cell: &str) -> Result<(), DropReason> {
    let number = cell
        .strip_prefix('+')
        .or_else(|| cell.strip_prefix("(+"))
        .or_else(|| cell.strip_prefix("00"))
        .filter(|_| !cell.contains("(0)"))
        .ok_or(DropReason::NotAPhoneNumber)?;
    out.extend_from_slice(b"\"+");
    let first = out.len();
    for c in number.chars() {
        match c {
            '0'..='9' => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            ' ' | '\u{a0}' | '\u{202f}' | '-' | '\u{2010}'..='\u{2015}' | '(' | ')' | '.' | '/' => {}
            _ => return Err(DropReason::NotAPhoneNumber),
        }
    }
    let digits = &out[first..];
    if !DIGITS.contains(&digits.len()) || digits.first() == Some(&b'0') {
        return Err(DropReason::NotAPhoneNumber);
    }
    out.push(b'"');
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{DropReason, append_phone};

    #[test]
    fn international_numbers_lose_their_punctuation() {
        for (cell, expected) in [
            ("+14155552671", "+14155552671"),
            (" +49 30 / 123-456 ", "+4930123456"),
            ("0049 30 123456", "+4930123456"),
            ("+81 (90) 1234-5678", "+819012345678"),
            ("(+44) 20.7946.0958", "+442079460958"),
            ("+1\u{2011}415\u{2011}555\u{a0}2671", "+14155552671"),
        ] {
            let mut out = Vec::new();
            assert_eq!(append_phone(&mut out, cell), Ok(()), "{cell:?}");
            assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), expected);
        }
    }

    #[test]
    fn other_numbers_are_refused_and_leave_nothing_behind() {
        for cell in [
            "030 123456",
            "4155552671",
            "+49 (0)30 123456",
            "+1234567",
            "+1234567890123456",
            "+0123456789",
            "+1 415 555 2671 ext 5",
            "+１４１５５５５２６７１",
            "++14155552671",
            "+",
            "anna",
        ] {
            let mut out = b"before".to_vec();
            assert_eq!(append_phone(&mut out, cell), Err(DropReason::NotAPhoneNumber), "{cell:?}");
            assert_eq!(out, b"before");
        }
    }
}

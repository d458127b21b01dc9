//! Numbers, from the text of a cell to the text of a JSON number, never through binary floating point.
//!
//! Thousands separators are read where the culture is declared. Elsewhere a cell that has one is not a number, because a
//! point or a comma in it could just as well be the decimal separator of another culture.

use std::borrow::Cow;
use std::io::Write;

use super::dropped_fields::DropReason;
use super::trimmed;
use crate::values::{Culture, plain_forms};

/// A longer cell is not read as a number.
const MAX_CHARACTERS: usize = 255;
/// A number of fewer digits before the decimal separator is within the range of a double (about 1.8e308).
const SURELY_FINITE_DIGITS: usize = 300;

/// Appends a whole number exactly.
///
/// Allowed: white space around it, a sign, leading zeros, and a fraction of nothing but zeros (`12.0`), which is how
/// a whole number looks that once was stored as a decimal. Range: that of a signed 64-bit integer.
pub(super) fn append_integer(out: &mut Vec<u8>, cell: &str, culture: Culture) -> Result<(), DropReason> {
    let text = trimmed(cell);
    if is_plain_number(text) {
        out.extend_from_slice(text.as_bytes());
        return Ok(());
    }
    let text = plain_number(text, culture);
    if let Ok(number) = text.parse() {
        append_digits(out, number);
        return Ok(());
    }
    let whole = match text.split_once(char::from(decimal_separator(culture.decimal_comma))) {
        None => &*text,
        Some((whole, fraction)) if !fraction.is_empty() && fraction.bytes().all(|digit| digit == b'0') => whole,
        Some(_) => return Err(DropReason::NotAWholeNumber),
    };
    append_digits(out, whole.parse().map_err(|_| DropReason::NotAWholeNumber)?);
    Ok(())
}

/// Whether a text is a whole number of the range as JSON writes it: digits alone, too few to leave the range, and no zero
/// before them. Nearly every number is.
fn is_plain_number(text: &str) -> bool {
    const SURELY_IN_RANGE: usize = 18;
    match text.as_bytes() {
        [b'0'] => true,
        [b'1'..=b'9', rest @ ..] => rest.len() < SURELY_IN_RANGE && rest.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

fn append_digits(out: &mut Vec<u8>, number: i64) {
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{number}");
}

/// Appends a number with a fraction: the digits of the cell without superfluous zeros, so `12.10` is `12.1` and `12`
/// is `12.0`. An exponent is kept.
///
/// Allowed: white space around it, a sign, a part before or after the decimal separator alone (`.5`, `5.`). Not a
/// number, an infinity and what is beyond the range of a double are not allowed.
pub(super) fn append_float(out: &mut Vec<u8>, cell: &str, culture: Culture) -> Result<(), DropReason> {
    let text = plain_number(trimmed(cell), culture);
    let separator = decimal_separator(culture.decimal_comma);
    let decimal = Decimal::parse(&text, separator).ok_or(DropReason::NotANumber)?;
    let start = out.len();
    decimal.append(out);
    if decimal.surely_finite() || is_finite(&out[start..]) {
        Ok(())
    } else {
        out.truncate(start);
        Err(DropReason::NotANumber)
    }
}

/// A number without the separators between groups of three digits, where its culture has them, and in ASCII.
fn plain_number(text: &str, culture: Culture) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E');
    if text.bytes().all(is_plain) && !(culture.decimal_comma && culture.groups_digits) {
        return Cow::Borrowed(text);
    }
    let text = plain_forms(text);
    if !culture.groups_digits {
        return text;
    }
    let decimal = char::from(decimal_separator(culture.decimal_comma));
    let (whole, rest) = text.split_at(text.find(decimal).unwrap_or(text.len()));
    match ungrouped(whole, if culture.decimal_comma { '.' } else { ',' }) {
        Some(whole) => Cow::Owned(format!("{whole}{rest}")),
        None => text,
    }
}

/// Digits without the separators of their groups, if each group but the first has three of them.
fn ungrouped(whole: &str, separator: char) -> Option<String> {
    let is_separator = |c: char| c == separator || matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\'' | '’');
    let used = whole.chars().find(|c| is_separator(*c))?;
    let mut groups = whole.split(used);
    let first = groups.next()?;
    let digits = first.trim_start_matches(['-', '+']);
    let are_digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let fits = (1..=3).contains(&digits.len()) && are_digits(digits);
    (fits && groups.all(|group| group.len() == 3 && are_digits(group))).then(|| whole.replace(used, ""))
}

fn decimal_separator(decimal_comma: bool) -> u8 {
    if decimal_comma { b',' } else { b'.' }
}

/// The digits at the beginning of a text, and what follows them.
fn split_digits(text: &str) -> (&str, &str) {
    let digits = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(digits)
}

/// The parts of a decimal number, without superfluous zeros.
struct Decimal<'c> {
    negative: bool,
    whole: &'c str,
    fraction: &'c str,
    exponent: Option<i32>,
}

impl<'c> Decimal<'c> {
    fn parse(text: &'c str, separator: u8) -> Option<Self> {
        if text.len() > MAX_CHARACTERS {
            return None;
        }
        let (negative, rest) = match text.as_bytes() {
            [b'-', ..] => (true, &text[1..]),
            [b'+', ..] => (false, &text[1..]),
            _ => (false, text),
        };
        let (whole, rest) = split_digits(rest);
        let (fraction, rest) = match rest.as_bytes() {
            [first, ..] if *first == separator => split_digits(&rest[1..]),
            _ => ("", rest),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let exponent = match rest.as_bytes() {
            [] => None,
            [b'e' | b'E', ..] => Some(rest[1..].parse().ok()?),
            _ => return None,
        };
        let whole = whole.trim_start_matches('0');
        let fraction = fraction.trim_end_matches('0');
        let zero = whole.is_empty() && fraction.is_empty();
        Some(Self { negative: negative && !zero, whole, fraction, exponent: exponent.filter(|_| !zero) })
    }

    fn surely_finite(&self) -> bool {
        self.exponent.is_none() && self.whole.len() < SURELY_FINITE_DIGITS
    }

    fn append(&self, out: &mut Vec<u8>) {
        let or_zero = |digits: &'c str| if digits.is_empty() { "0" } else { digits };
        if self.negative {
            out.push(b'-');
        }
        out.extend_from_slice(or_zero(self.whole).as_bytes());
        out.push(b'.');
        out.extend_from_slice(or_zero(self.fraction).as_bytes());
        if let Some(exponent) = self.exponent {
            // Writing to a Vec cannot fail.
            let _ = write!(out, "e{exponent}");
        }
    }
}

fn is_finite(number: &[u8]) -> bool {
    std::str::from_utf8(number).ok().and_then(|text| text.parse::<f64>().ok()).is_some_and(f64::is_finite)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{Culture, DropReason, append_float, append_integer};

    fn culture(decimal_comma: bool) -> Culture {
        Culture { decimal_comma, ..Culture::UNDECLARED }
    }

    fn integer(cell: &str, decimal_comma: bool) -> Result<String, DropReason> {
        let mut out = Vec::new();
        append_integer(&mut out, cell, culture(decimal_comma))?;
        Ok(String::from_utf8(out).unwrap())
    }

    fn float(cell: &str, decimal_comma: bool) -> Result<String, DropReason> {
        let mut out = Vec::new();
        let result = append_float(&mut out, cell, culture(decimal_comma));
        assert!(result.is_ok() || out.is_empty());
        result.map(|()| String::from_utf8(out).unwrap())
    }

    #[test]
    fn whole_numbers_are_exact() {
        for (cell, expected) in [
            ("0", "0"),
            ("-0", "0"),
            ("+7", "7"),
            (" 12 ", "12"),
            ("007", "7"),
            ("12.0", "12"),
            ("-12.000", "-12"),
            ("9007199254740993", "9007199254740993"),
            ("9223372036854775807", "9223372036854775807"),
            ("-9223372036854775808", "-9223372036854775808"),
        ] {
            assert_eq!(integer(cell, false).as_deref(), Ok(expected), "{cell:?}");
        }
        assert_eq!(integer("12,0", true).as_deref(), Ok("12"));
    }

    #[test]
    fn other_texts_are_no_whole_numbers() {
        for cell in [
            "12.5",
            "12.",
            ".0",
            "1,234",
            "1 234",
            "1e3",
            "0x10",
            "--1",
            "+-1",
            "- 1",
            "twelve",
            "NULL",
            "9223372036854775808",
            "12.0.0",
            "12,0",
        ] {
            assert_eq!(integer(cell, false), Err(DropReason::NotAWholeNumber), "{cell:?}");
        }
        assert_eq!(integer("12.0", true), Err(DropReason::NotAWholeNumber));
    }

    #[test]
    fn fractions_keep_their_digits_and_lose_their_noise() {
        for (cell, expected) in [
            ("12.10", "12.1"),
            ("12", "12.0"),
            ("0012.500", "12.5"),
            (".5", "0.5"),
            ("5.", "5.0"),
            ("-0.00", "0.0"),
            ("-0.10", "-0.1"),
            ("+3.25", "3.25"),
            (" 1.5\t", "1.5"),
            ("0.1234567890123456789012345", "0.1234567890123456789012345"),
            ("123456789012345678901234567890.10", "123456789012345678901234567890.1"),
            ("1.50E+16", "1.5e16"),
            ("1e-7", "1.0e-7"),
            ("0e999", "0.0"),
        ] {
            let json = float(cell, false).unwrap();
            assert_eq!(json, expected, "{cell:?}");
            assert!(serde_json::from_str::<f64>(&json).is_ok());
        }
        assert_eq!(float("1234,50", true).as_deref(), Ok("1234.5"));
    }

    #[test]
    fn other_texts_are_no_numbers() {
        let beyond_double = "9".repeat(310);
        for cell in [
            "NaN",
            "Infinity",
            "-inf",
            "1e400",
            "1e",
            "e5",
            ".",
            "-",
            "",
            "1,5",
            "1.234,5",
            "1.2.3",
            "1_000",
            "1 000",
            "0x1p3",
            "½",
            &beyond_double,
        ] {
            assert_eq!(float(cell, false), Err(DropReason::NotANumber), "{cell:?}");
        }
        assert_eq!(float("12.5", true), Err(DropReason::NotANumber));
        assert_eq!(float("1.234,5", true), Err(DropReason::NotANumber));
    }

    #[test]
    fn a_declared_culture_has_thousands_separators() {
        for (tag, cell, expected) in [
            ("en-US", "1,234.56", Some("1234.56")),
            ("en-US", "1,234", Some("1234.0")),
            ("en-US", "-12,345,678.90", Some("-12345678.9")),
            ("en-US", "1,23", None),
            ("en-US", "1.234,56", None),
            ("en-US", "1,2345", None),
            ("en-US", ",123", None),
            ("de-DE", "1.234,56", Some("1234.56")),
            ("de-DE", "1.234", Some("1234.0")),
            ("de-DE", "12.5", None),
            ("de-CH", "1’234.50", Some("1234.5")),
            ("fr-FR", "1\u{202f}234,5", Some("1234.5")),
            ("ja-JP", "１，２３４", Some("1234.0")),
            ("ja-JP", "1,234 円", None),
        ] {
            let culture = Culture::of_tag(tag).unwrap();
            let mut out = Vec::new();
            let read = append_float(&mut out, cell, culture);
            assert_eq!(read.ok().map(|()| String::from_utf8(out).unwrap()).as_deref(), expected, "{tag} {cell:?}");
        }
        let mut out = Vec::new();
        append_integer(&mut out, "1,234", Culture::of_tag("en-US").unwrap()).unwrap();
        append_integer(&mut out, "１２", Culture::UNDECLARED).unwrap();
        assert_eq!(out, b"123412");
    }
}

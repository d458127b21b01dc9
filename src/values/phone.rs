//! Phone numbers in international form (ITU-T E.164), by the numbering plans of libphonenumber.
//!
//! A number that is written with its country (`+81 90 …`, or a dialling prefix in front) says all that is needed. Any
//! other is read as one of a given country. What is no number of its country's plan is no number: it may be mistyped, or
//! of another country.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{LazyLock, OnceLock};

use regex_lite::Regex;

use super::country::Country;
use super::fold::plain_forms;

/// For each country: its code, calling code, whether it is the main country of that, dialling prefix for calls abroad,
/// national prefix, what replaces the national prefix, and the form of its numbers. Prefixes and form are
/// regular expressions.
const PLANS: &str = include_str!("numbering_plans.txt");

/// Digits of an international number: at most 15 (E.164); a number with fewer than 8 cannot receive messages.
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;

/// A longer text is no phone number.
const LONGEST: usize = 64;

/// The dialling prefixes that a number without a country may have: most of the world's, that of Hong Kong, Korea and
/// Singapore among others, and Australia's.
const DIALLING_PREFIXES: [&str; 3] = ["00", "001", "0011"];

/// The international number that `text` is, such as `+819012345678`; `country` is where a number without its country is
/// from. `None` if it is none, or may be several.
pub fn phone_number(text: &str, country: Option<Country>) -> Option<String> {
    let text = plain_forms(text.trim());
    let text = text.strip_prefix("tel:").unwrap_or(&text);
    let number = Number::read(text)?;
    let plan = country.and_then(Plan::of);
    match (number.international, plan) {
        (true, _) => international(&number.digits, number.trunk.as_deref()),
        (false, Some(plan)) => plan.number(&number),
        (false, None) => only_reading(&number.digits),
    }
}

/// A number that begins with a dialling prefix of some country: taken if one prefix alone makes it a number.
fn only_reading(digits: &str) -> Option<String> {
    if !digits.starts_with("00") {
        return None;
    }
    let readings: BTreeSet<String> =
        DIALLING_PREFIXES.iter().filter_map(|prefix| international(digits.strip_prefix(prefix)?, None)).collect();
    if readings.len() == 1 { readings.into_iter().next() } else { None }
}

/// The number of these digits, which begin with a calling code; `trunk` are the same with a zero that was in brackets.
fn international(digits: &str, trunk: Option<&str>) -> Option<String> {
    let plain = with_calling_code(digits);
    let Some(trunk) = trunk else { return plain };
    // The zero in `+44 (0)20` is for calls within the country; in Italy it is a part of the number.
    match (plain, with_calling_code(trunk)) {
        (Some(plain), Some(other)) if plain != other => None,
        (plain, other) => plain.or(other),
    }
}

fn with_calling_code(digits: &str) -> Option<String> {
    let (code, plans) = Plan::of_calling_code(digits)?;
    let national = digits.get(code.len()..)?;
    let main = plans.iter().find(|plan| plan.is_main).and_then(|plan| plan.national(national));
    let number =
        main.or_else(|| plans.iter().any(|plan| plan.general.matches(national)).then(|| national.to_owned()))?;
    complete(code, &number)
}

fn complete(code: &str, national: &str) -> Option<String> {
    DIGITS.contains(&(code.len() + national.len())).then(|| format!("+{code}{national}"))
}

/// The digits of a text that may be a phone number.
struct Number {
    /// Whether a plus sign is in front.
    international: bool,
    digits: String,
    /// The digits with the zero that is in brackets, where there is one.
    trunk: Option<String>,
}

impl Number {
    fn read(text: &str) -> Option<Self> {
        let text = without_extension(text);
        if text.len() > LONGEST {
            return None;
        }
        let inner = text.trim_start_matches(['(', ' ']);
        let (international, rest) = inner.strip_prefix('+').map_or((false, text), |rest| (true, rest));
        let trunk = if rest.contains("(0)") { Some(digits(rest)?) } else { None };
        Some(Self { international, digits: digits(&without_trunk(rest))?, trunk })
    }
}

fn without_trunk(text: &str) -> Cow<'_, str> {
    if text.contains("(0)") { Cow::Owned(text.replacen("(0)", " ", 1)) } else { Cow::Borrowed(text) }
}

/// The digits of `text`; `None` if there is anything between them that is no punctuation of phone numbers.
fn digits(text: &str) -> Option<String> {
    let mut digits = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '0'..='9' => digits.push(c),
            ' '
            | '\u{a0}'
            | '\u{202f}'
            | '\u{2009}'
            | '-'
            | '\u{2010}'..='\u{2015}'
            | '\u{30fc}'
            | '('
            | ')'
            | '['
            | ']'
            | '.'
            | '/'
            | '\u{b7}' => {}
            _ => return None,
        }
    }
    Some(digits)
}

/// `text` without the extension behind it: an international number has none.
fn without_extension(text: &str) -> &str {
    const MARKS: [&str; 8] = [";ext=", "extension", "ext.", "ext", "内線", "x", "#", "durchwahl"];
    let lower = text.to_ascii_lowercase();
    let at = MARKS.iter().filter_map(|mark| lower.find(mark)).min();
    let Some((number, extension)) = at.and_then(|at| text.split_at_checked(at)) else { return text };
    let digits = extension.chars().filter(char::is_ascii_digit).count();
    let few = (1..=7).contains(&digits) && extension.len() <= 24;
    if few { number.trim_end_matches([' ', ',', ';', '(', '-']) } else { text }
}

/// The numbering plan of a country.
struct Plan {
    country: &'static str,
    calling_code: &'static str,
    /// Whether the number is read by this plan's prefixes where only the calling code is known.
    is_main: bool,
    dialling_prefix: Pattern,
    national_prefix: Pattern,
    transform: &'static str,
    general: Pattern,
}

/// A regular expression that is compiled when it is needed.
struct Pattern {
    text: &'static str,
    whole: bool,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// A pattern of the beginning of a text, or of all of it.
    fn new(text: &'static str, whole: bool) -> Self {
        Self { text, whole, compiled: OnceLock::new() }
    }

    fn regex(&self) -> Option<&Regex> {
        let compile = || {
            let end = if self.whole { "$" } else { "" };
            if self.text.is_empty() { None } else { Regex::new(&format!("^(?:{}){end}", self.text)).ok() }
        };
        self.compiled.get_or_init(compile).as_ref()
    }

    fn matches(&self, digits: &str) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(digits))
    }
}

static ALL: LazyLock<Vec<Plan>> = LazyLock::new(|| PLANS.lines().filter_map(Plan::read).collect());

impl Plan {
    fn read(line: &'static str) -> Option<Self> {
        let mut columns = line.split('\t');
        let mut next = || columns.next();
        Some(Self {
            country: next()?,
            calling_code: next()?,
            is_main: next()? == "main",
            dialling_prefix: Pattern::new(next()?, false),
            national_prefix: Pattern::new(next()?, false),
            transform: next()?,
            general: Pattern::new(next()?, true),
        })
    }

    fn of(country: Country) -> Option<&'static Self> {
        let at = ALL.binary_search_by(|plan| plan.country.cmp(country.code())).ok()?;
        ALL.get(at)
    }

    /// The calling code that digits begin with, and the plans of its countries. No code begins with another.
    fn of_calling_code(digits: &str) -> Option<(&'static str, Vec<&'static Self>)> {
        let plans: Vec<&Self> = ALL.iter().filter(|plan| digits.starts_with(plan.calling_code)).collect();
        Some((plans.first()?.calling_code, plans))
    }

    /// The number of digits that are dialled in this country.
    fn number(&self, number: &Number) -> Option<String> {
        let digits = &number.digits;
        let abroad = self.dialling_prefix.regex().and_then(|regex| regex.find(digits));
        if let Some(rest) = abroad.and_then(|prefix| digits.get(prefix.end()..)).filter(|rest| !rest.starts_with('0'))
            && let Some(found) = international(rest, None)
        {
            return Some(found);
        }
        // What begins with two zeros is dialled within some countries only, and no number from abroad.
        let national = |digits: &str| self.national(digits).filter(|number| !number.starts_with("00"));
        let own = national(digits).or_else(|| national(number.trunk.as_deref()?));
        // The calling code may come first without a plus sign.
        let found = own.or_else(|| national(digits.strip_prefix(self.calling_code)?));
        found.and_then(|found| complete(self.calling_code, &found)).or_else(|| only_reading(digits))
    }

    /// The national number of `digits`, without the national prefix, where they are one of this plan.
    fn national(&self, digits: &str) -> Option<String> {
        let without = self.without_prefix(digits);
        let fits = self.general.matches(digits);
        match without {
            // A prefix is none if the number is one only with it.
            Some(without) if self.general.matches(&without) => Some(without),
            _ => fits.then(|| digits.to_owned()),
        }
    }

    fn without_prefix(&self, digits: &str) -> Option<String> {
        let found = self.national_prefix.regex()?.captures(digits)?;
        let rest = digits.get(found.get(0)?.end()..)?;
        let last = found.len().checked_sub(1).filter(|last| *last > 0).and_then(|last| found.get(last));
        if self.transform.is_empty() || last.is_none() {
            return Some(rest.to_owned());
        }
        let mut number = String::new();
        found.expand(self.transform, &mut number);
        number.push_str(rest);
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::super::country::Country;
    use super::{ALL, phone_number};

    fn read(text: &str, country: &str) -> Option<String> {
        phone_number(text, Country::of_code(country))
    }

    #[test]
    fn every_plan_is_read_and_compiles() {
        assert_eq!(ALL.len(), 254);
        assert!(ALL.is_sorted_by_key(|plan| plan.country));
        for plan in ALL.iter() {
            assert!(plan.general.regex().is_some(), "{}", plan.country);
            for pattern in [&plan.dialling_prefix, &plan.national_prefix] {
                assert!(pattern.text.is_empty() || pattern.regex().is_some(), "{}", plan.country);
            }
        }
    }

    #[test]
    fn national_numbers_are_those_of_their_country() {
        for (text, country, expected) in [
            ("(425) 555-0123", "US", "+14255550123"),
            ("1-425-555-0123", "US", "+14255550123"),
            ("425.555.0123 ext. 42", "US", "+14255550123"),
            ("011 44 20 7946 0018", "US", "+442079460018"),
            ("0011 1 425 555 0123", "AU", "+14255550123"),
            ("(02) 9374 4000", "AU", "+61293744000"),
            ("03-1234-5678", "JP", "+81312345678"),
            ("（０３）１２３４ー５６７８", "JP", "+81312345678"),
            ("０９０－１２３４－５６７８", "JP", "+819012345678"),
            ("090 1234 5678（内線12）", "JP", "+819012345678"),
            ("81-90-1234-5678", "JP", "+819012345678"),
            ("010 1 425 555 0123", "JP", "+14255550123"),
            ("0081 90 1234 5678", "JP", "+819012345678"),
            ("020 7946 0018", "GB", "+442079460018"),
            ("(0)20 7946 0018", "GB", "+442079460018"),
            ("06 698 12345", "IT", "+390669812345"),
            ("030/123456", "DE", "+4930123456"),
            ("0049 30 123456", "DE", "+4930123456"),
            ("01 23 45 67 89", "FR", "+33123456789"),
            ("612 34 56 78", "ES", "+34612345678"),
            ("011 15-2345-6789", "AR", "+5491123456789"),
            ("0 11 2345-6789", "AR", "+541123456789"),
            ("(11) 96123-4567", "BR", "+5511961234567"),
            ("010-1234-5678", "KR", "+821012345678"),
            ("+81 90 1234 5678", "US", "+819012345678"),
        ] {
            assert_eq!(read(text, country).as_deref(), Some(expected), "{text:?} {country}");
        }
    }

    #[test]
    fn a_number_with_its_country_needs_no_other() {
        for (text, expected) in [
            ("+14155552671", "+14155552671"),
            (" +49 30 / 123-456 ", "+4930123456"),
            ("0049 30 123456", "+4930123456"),
            ("+81 (90) 1234-5678", "+819012345678"),
            ("(+44) 20.7946.0958", "+442079460958"),
            ("+44 (0)20 7946 0018", "+442079460018"),
            ("+44 020 7946 0018", "+442079460018"),
            ("+39 (0)6 698 12345", "+390669812345"),
            ("+1\u{2011}415\u{2011}555\u{a0}2671", "+14155552671"),
            ("+1 415 555 2671 ext 5", "+14155552671"),
            ("+1 415 555 2671 x5", "+14155552671"),
            ("tel:+1-415-555-2671", "+14155552671"),
            ("＋１ ４１５ ５５５ ２６７１", "+14155552671"),
            ("\u{202a}+1 415 555 2671\u{202c}", "+14155552671"),
            ("0014155552671", "+14155552671"),
            ("0011 1 425 555 0123", "+14255550123"),
        ] {
            assert_eq!(read(text, "").as_deref(), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_number_or_may_be_several_is_none() {
        for (text, country) in [
            ("", "US"),
            ("12345", "US"),
            ("555-0123", "US"),
            ("345-6789", "US"),
            ("030 123456", ""),
            ("4155552671", ""),
            ("+1234567", ""),
            ("+1234567890123456", ""),
            ("+0123456789", ""),
            ("+999 123 456 789", ""),
            ("+1 457 1234", ""),
            ("++14155552671", ""),
            ("+", ""),
            ("anna", "US"),
            ("1-800-FLOWERS", "US"),
            ("000-0000-0000", "JP"),
            ("0000000000", "US"),
            ("090-1234-5678 / 03-1234-5678", "JP"),
            ("425 555 0123", "JP"),
            ("0014989234567", ""),
        ] {
            assert_eq!(read(text, country), None, "{text:?} {country}");
        }
    }
}

//! Countries: the codes of ISO 3166-1, and their names.

use super::fold::fold;
use super::table::find;

/// The codes of ISO 3166-1 alpha-2 that are assigned, in order. Braze sets the field to null for any other text
/// ("User attributes object").
const CODES: &str = include_str!("country_codes.txt");

/// Codes of three letters, names in several languages and common variants, folded. A name that may be two countries is
/// not among them.
const NAMES: &str = include_str!("country_names.txt");

/// No name in the table has more bytes, however it is written.
const LONGEST_NAME: usize = 200;

/// A country, by its code in ISO 3166-1 alpha-2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country(&'static str);

impl Country {
    /// The code in capitals.
    pub fn code(self) -> &'static str {
        self.0
    }

    /// The country of a code of two letters, in any case.
    pub fn of_code(code: &str) -> Option<Self> {
        let &[first, second] = code.as_bytes() else { return None };
        let code = [first.to_ascii_uppercase(), second.to_ascii_uppercase()];
        // Each line is a code and its end.
        let (lines, _) = CODES.as_bytes().as_chunks::<3>();
        let line = lines.binary_search_by(|&[first, second, _]| [first, second].cmp(&code)).ok()?;
        CODES.get(3 * line..3 * line + 2).map(Self)
    }

    /// The country that `text` means, without white space around it: its code of two or three letters, or its name.
    pub fn of_text(text: &str) -> Option<Self> {
        if let Some(country) = Self::of_code(text) {
            return Some(country);
        }
        if text.len() > LONGEST_NAME {
            return None;
        }
        match fold(text).as_str() {
            // `U.S.` is a name; the letters of other texts, such as `n/a`, are no code.
            "us" => Self::of_code("US"),
            name => find(NAMES, name).map(Self),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{CODES, Country, NAMES, fold};

    #[test]
    fn the_tables_are_in_order_folded_and_of_assigned_codes() {
        let assigned: Vec<&str> = CODES.lines().collect();
        assert!(assigned.is_sorted() && assigned.len() == 249);
        let names: Vec<(&str, &str)> = NAMES.lines().filter_map(|line| line.split_once('\t')).collect();
        assert_eq!(names.len(), NAMES.lines().count());
        assert!(names.is_sorted_by(|(left, _), (right, _)| left.as_bytes() < right.as_bytes()));
        for (name, country) in &names {
            assert_eq!(fold(name), *name);
            assert!(Country::of_code(country).is_some(), "{name} {country}");
        }
        let covered: BTreeSet<&str> = names.iter().map(|(_, code)| *code).collect();
        assert_eq!(covered.len(), assigned.len());
    }

    #[test]
    fn texts_that_may_be_two_countries_or_none_are_no_country() {
        for text in [
            "",
            "1",
            "81",
            "392",
            "Korea",
            "Corea",
            "Congo",
            "コンゴ",
            "America",
            "Virgin Islands",
            "n/a",
            "N.A.",
            "EU",
            "Europe",
            "XX",
            "Atlantis",
            "日",
            "-",
        ] {
            assert_eq!(Country::of_text(text), None, "{text:?}");
        }
    }
}

//! What values look like.

use serde::Serialize;

/// What a value looks like. It is a hint for choosing a type: nothing is read by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Kind {
    /// Nothing, or white space.
    #[serde(rename = "empty")]
    Empty,
    /// Digits, perhaps with a sign.
    #[serde(rename = "a whole number")]
    WholeNumber,
    /// Digits that begin with a zero: an identifier or a post code more likely than a number.
    #[serde(rename = "digits with a leading zero")]
    LeadingZero,
    /// Digits with a point or a comma.
    #[serde(rename = "a number with a fraction")]
    Fraction,
    /// A word for true or false.
    #[serde(rename = "true or false")]
    Boolean,
    /// A day, as ISO 8601 or with slashes or points.
    #[serde(rename = "a date")]
    Date,
    /// A day and a time.
    #[serde(rename = "a date and time")]
    DateTime,
    /// Something with an @ inside.
    #[serde(rename = "an email address")]
    Email,
    /// Several parts with semicolons between them.
    #[serde(rename = "a list with semicolons")]
    List,
    /// Anything else.
    #[serde(rename = "text")]
    Text,
}

impl Kind {
    /// What `value` looks like.
    pub fn of(value: &str) -> Self {
        let value = value.trim();
        let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
        let only = |allowed: fn(char) -> bool| !digits.is_empty() && digits.chars().all(allowed);
        if value.is_empty() {
            Self::Empty
        } else if only(|c| c.is_ascii_digit()) {
            if digits.len() > 1 && digits.starts_with('0') { Self::LeadingZero } else { Self::WholeNumber }
        } else if ["true", "false"].iter().any(|word| value.eq_ignore_ascii_case(word)) {
            Self::Boolean
        } else if is_date(value.split(['T', ' ']).next().unwrap_or_default()) {
            if value.contains(':') { Self::DateTime } else { Self::Date }
        } else if only(|c| c.is_ascii_digit() || matches!(c, '.' | ',')) {
            Self::Fraction
        } else if value.contains(';') {
            Self::List
        } else if value.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.')) {
            Self::Email
        } else {
            Self::Text
        }
    }
}

/// Three numbers with the same mark between them, one of which may be a year.
fn is_date(text: &str) -> bool {
    ['-', '/', '.'].into_iter().any(|mark| {
        let parts: Vec<&str> = text.split(mark).collect();
        parts.len() == 3
            && parts.iter().all(|part| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
            && parts.iter().any(|part| part.len() == 4)
    })
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn values_look_like_what_they_may_be() {
        for (value, kind) in [
            (" ", Kind::Empty),
            ("-17", Kind::WholeNumber),
            ("0", Kind::WholeNumber),
            ("00501", Kind::LeadingZero),
            ("3.14", Kind::Fraction),
            ("1.234,5", Kind::Fraction),
            ("TRUE", Kind::Boolean),
            ("2026-11-23", Kind::Date),
            ("23.11.2026", Kind::Date),
            ("11/23/2026 1:02:03 AM", Kind::DateTime),
            ("2026-11-23T01:02:03Z", Kind::DateTime),
            ("mia@example.com", Kind::Email),
            ("a;b", Kind::List),
            ("10.0.0.1", Kind::Fraction),
            ("Zoë", Kind::Text),
            ("@", Kind::Text),
        ] {
            assert_eq!(Kind::of(value), kind, "{value:?}");
        }
    }
}

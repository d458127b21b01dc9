//! Days as spreadsheets count them.

use jiff::civil::{DateTime, date};
use jiff::{SignedDuration, Span};

/// The day before the first, by which the days from March 1900 on are counted: spreadsheets have a 29 February 1900, which
/// is day 60.
const FIRST: DateTime = date(1899, 12, 30).at(0, 0, 0, 0);
/// The day that never was.
const DAY_60: i64 = 60;
const SECONDS_OF_DAY: f64 = 86_400.0;
/// 31 December 9999.
const LAST: i64 = 2_958_465;

/// The moment of a day number with a fraction for the time of day, to the second.
pub(super) fn moment(text: &str, decimal_comma: bool) -> Option<DateTime> {
    let (days, fraction) = match text.split_once(if decimal_comma { ',' } else { '.' }) {
        Some((days, fraction)) => (days, Some(fraction)),
        None => (text, None),
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(days) || !fraction.is_none_or(is_number) {
        return None;
    }
    let days = days.parse::<i64>().ok().filter(|days| (1..=LAST).contains(days) && *days != DAY_60)?;
    let fraction = fraction.map_or(Ok(0.0), |digits| format!("0.{digits}").parse::<f64>()).ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "a fraction of a day has at most 86,400 seconds")]
    let seconds = (fraction * SECONDS_OF_DAY).round() as i64;
    let days = if days < DAY_60 { days + 1 } else { days };
    FIRST.checked_add(Span::new().days(days)).ok()?.checked_add(SignedDuration::from_secs(seconds)).ok()
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn numbers_are_the_days_that_spreadsheets_show() {
        for (text, comma, expected) in [
            ("46349", false, Some("2026-11-23T00:00:00")),
            ("46349.5", false, Some("2026-11-23T12:00:00")),
            ("46349,75", true, Some("2026-11-23T18:00:00")),
            ("1", false, Some("1900-01-01T00:00:00")),
            ("59", false, Some("1900-02-28T00:00:00")),
            ("60", false, None),
            ("61", false, Some("1900-03-01T00:00:00")),
            ("0", false, None),
            ("-5", false, None),
            ("2958466", false, None),
            ("46349.", false, None),
            ("4.6e4", false, None),
            ("", false, None),
        ] {
            assert_eq!(moment(text, comma).map(|moment| moment.to_string()).as_deref(), expected, "{text:?}");
        }
    }
}

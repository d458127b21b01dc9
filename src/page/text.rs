//! Figures, times and names as people read them, on pages and on the command line.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub(super) use crate::message::count;
use crate::pattern::RunId;

/// How `after` differs from `before`: `+106`, `−1,340`, `0`.
pub fn change(before: u64, after: u64) -> String {
    match after.cmp(&before) {
        std::cmp::Ordering::Equal => "0".to_owned(),
        std::cmp::Ordering::Greater => format!("+{}", count(after - before)),
        std::cmp::Ordering::Less => format!("−{}", count(before - after)),
    }
}

/// The same as a share of `before`; empty where there was nothing before.
pub fn relative_change(before: u64, after: u64) -> String {
    if before == 0 || before == after {
        return String::new();
    }
    let sign = if after > before { '+' } else { '−' };
    format!("{sign}{}", percent(before.abs_diff(after), before))
}

/// A share in percent, of which one digit after the point matters where it is small. Never 0 for something, never 100 for
/// less than all.
pub(super) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return String::new();
    }
    #[expect(clippy::cast_precision_loss, reason = "a share needs no more than 52 bits")]
    let share = part as f64 / whole as f64 * 100.0;
    match share {
        _ if part == 0 || part == whole => format!("{share:.0} %"),
        share if share < 0.1 => "< 0.1 %".to_owned(),
        share if share > 99.9 && share < 100.0 => "> 99.9 %".to_owned(),
        share if share < 10.0 || (share > 99.0 && share < 100.0) => format!("{share:.1} %"),
        share => format!("{share:.0} %"),
    }
}

/// A time to the second, in UTC.
pub(super) fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A time to the second in a time zone, and in UTC.
pub(super) fn time_in(instant: Timestamp, zone: &TimeZone) -> String {
    let local = instant.to_zoned_datetime(zone.clone());
    if local.offset().is_zero() {
        return time(instant);
    }
    let utc = instant.to_zoned_datetime(TimeZone::UTC);
    let format = if local.date() == utc.date() { "%H:%M:%S UTC" } else { "%Y-%m-%d %H:%M:%S UTC" };
    format!("{} ({})", local.strftime("%Y-%m-%d %H:%M:%S %Z"), utc.strftime(format))
}

/// A word as a shell takes it.
pub fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_./:@+=,".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The time that names a run, as Customer Insights names it.
pub(super) fn run(run: RunId) -> String {
    run.to_string().replace('T', " ").replace('Z', "")
}

/// A duration in the two largest units that matter: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`.
pub fn duration(seconds: f64) -> String {
    if seconds < 10.0 {
        return format!("{:.1} s", seconds.max(0.0));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a duration is positive and small")]
    let whole = seconds.round().min(1e15) as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, 0, _) => format!("{} h", count(hours)),
        (hours, minutes, _) => format!("{} h {minutes} min", count(hours)),
    }
}

/// A name or text from outside: characters that cannot be seen, or that turn the direction of what follows, are shown by
/// their name, so that two names that differ look different. Escaping for HTML is the template's.
pub(super) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\u{7f}' => shown.push('␡'),
            '\u{0}'..='\u{1f}' => shown.extend(char::from_u32(0x2400 + u32::from(character))),
            '\u{80}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}' => {
                // Joined emoji are one picture, and their joiner is no trick.
                if character == '\u{200d}' {
                    shown.push(character);
                } else {
                    // Writing to a string cannot fail.
                    let _ = write!(shown, "⟨U+{:04X}⟩", u32::from(character));
                }
            }
            _ => shown.push(character),
        }
    }
    shown
}

/// A message of several lines, one paragraph each, in bounded length. `more` says how many lines are left out.
pub(super) fn paragraphs(message: &str, more: impl Fn(u64) -> String) -> Vec<String> {
    const MOST_LINES: usize = 12;
    const MOST_CHARACTERS: usize = 1_000;
    let lines: Vec<&str> = message.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut paragraphs: Vec<String> =
        lines.iter().take(MOST_LINES).map(|line| shortened(&shown(line), MOST_CHARACTERS)).collect();
    if lines.len() > MOST_LINES {
        paragraphs.push(more((lines.len() - MOST_LINES) as u64));
    }
    paragraphs
}

/// The beginning of a text that is longer than `most` characters.
pub(super) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The last level of a key.
pub(super) fn file_name(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::{change, duration, percent, quoted, relative_change, shown, time, time_in};

    #[test]
    fn words_that_a_shell_would_take_apart_are_quoted() {
        assert_eq!(quoted("優良顧客"), "優良顧客");
        assert_eq!(quoted("High Value"), "'High Value'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn local_times_have_utc_beside_them() {
        let at = |time: &str, zone: &str| {
            let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
            time_in(time.parse().unwrap_or(jiff::Timestamp::UNIX_EPOCH), &zone)
        };
        assert_eq!(at("2026-11-28T01:02:00Z", "Asia/Tokyo"), "2026-11-28 10:02:00 JST (01:02:00 UTC)");
        assert_eq!(at("2026-11-28T22:02:00Z", "Asia/Tokyo"), "2026-11-29 07:02:00 JST (2026-11-28 22:02:00 UTC)");
        assert_eq!(at("2026-11-28T22:02:00Z", "Europe/London"), "2026-11-28 22:02:00 UTC");
    }

    #[test]
    fn figures_are_easy_to_read() {
        assert_eq!((change(2_668, 2_640), change(0, 1_000), change(3, 3)), ("−28".into(), "+1,000".into(), "0".into()));
        assert_eq!((relative_change(200, 100), relative_change(0, 5)), ("−50 %".into(), String::new()));
        assert_eq!(
            [(0, 7), (1, 2_000), (1, 16), (1, 2), (1_999_999, 2_000_000), (995, 1_000), (3, 3), (9, 3), (1, 0)]
                .map(|(part, whole)| percent(part, whole)),
            ["0 %", "< 0.1 %", "6.2 %", "50 %", "> 99.9 %", "99.5 %", "100 %", "300 %", ""]
        );
        assert_eq!(
            [0.04, 9.96, 59.6, 200.0, 7_500.0, 3_600.0].map(duration),
            ["0.0 s", "10.0 s", "1 min", "3 min 20 s", "2 h 5 min", "1 h"]
        );
        assert_eq!(time(jiff::Timestamp::UNIX_EPOCH), "1970-01-01 00:00:00 UTC");
    }

    #[test]
    fn names_hide_nothing() {
        assert_eq!(shown("顧客 👩‍👩‍👧 \"A\""), "顧客 👩‍👩‍👧 \"A\"");
        assert_eq!(shown("a\0b\r\nc\u{7f}\u{85}"), "a␀b␍␊c␡⟨U+0085⟩");
        assert_eq!(shown("fdp.\u{202e}gpj\u{200b}"), "fdp.⟨U+202E⟩gpj⟨U+200B⟩");
    }
}

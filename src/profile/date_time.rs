//! Dates and times, from the forms that files use to the ISO 8601 form that Braze stores.
//!
//! | part | forms |
//! | --- | --- |
//! | date | `yyyy-M-d` with `-`, `/` or `.` under every culture; else the culture's order with a year of four digits, as in `11/23/2026`, `23.11.2026` |
//! | between | `T` or spaces |
//! | time | `H:mm` or `H:mm:ss` with up to nine digits of fraction; `.` may stand for `:`; `AM` or `PM` behind makes it a clock of twelve hours |
//! | zone | none (UTC), `Z`, `+09:00`, `+0900`, `+09` |
//!
//! Years are within 0 to 3000: Braze keeps any other date as a string (Braze, "User attributes object").

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};

use super::culture::{Culture, DateOrder};
use super::dropped_fields::DropReason;
use super::trimmed;

/// Years that Braze stores as dates.
const YEARS: std::ops::RangeInclusive<i16> = 0..=3000;
/// The widest offset from UTC, in hours.
const MAX_OFFSET_HOURS: u32 = 18;

/// Appends the day of `cell` as `"yyyy-MM-dd"`. A time behind it is read and left out; the day is the one that is
/// written, whatever the zone.
pub(super) fn append_date(out: &mut Vec<u8>, cell: &str, culture: Culture) -> Result<(), DropReason> {
    let cell = trimmed(cell);
    if is_plain_day(cell.as_bytes()) {
        append_quoted(out, cell);
        return Ok(());
    }
    let moment = Moment::parse(cell, culture).ok_or(DropReason::NotADate)?;
    let date = moment.local.date();
    within_years(date)?;
    out.push(b'"');
    append_day(out, date);
    out.push(b'"');
    Ok(())
}

/// Appends the moment of `cell` in UTC as `"yyyy-MM-ddTHH:mm:ssZ"`, with milliseconds when there are any; what is
/// finer is cut off. A day alone is its midnight.
pub(super) fn append_date_time(out: &mut Vec<u8>, cell: &str, culture: Culture) -> Result<(), DropReason> {
    let cell = trimmed(cell);
    if is_plain_moment(cell.as_bytes()) {
        append_quoted(out, cell);
        return Ok(());
    }
    let moment = Moment::parse(cell, culture).ok_or(DropReason::NotADateTime)?;
    let utc = moment.utc().ok_or(DropReason::YearOutOfRange)?;
    within_years(utc.date())?;
    out.push(b'"');
    append_day(out, utc.date());
    out.push(b'T');
    append_two_digits(out, utc.hour());
    out.push(b':');
    append_two_digits(out, utc.minute());
    out.push(b':');
    append_two_digits(out, utc.second());
    if utc.millisecond() > 0 {
        out.push(b'.');
        append_digits(out, utc.millisecond(), 3);
    }
    out.extend_from_slice(b"Z\"");
    Ok(())
}

/// Whether a cell is a day as Braze stores it, and surely one that exists: the 29th and later ones are left to the calendar,
/// and the year 3000 as well.
fn is_plain_day(cell: &[u8]) -> bool {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = cell else {
        return false;
    };
    matches!(y1, b'0'..=b'2')
        && [y2, y3, y4].iter().all(u8::is_ascii_digit)
        && matches!((m1, m2), (b'0', b'1'..=b'9') | (b'1', b'0'..=b'2'))
        && matches!((d1, d2), (b'0', b'1'..=b'9') | (b'1', b'0'..=b'9') | (b'2', b'0'..=b'8'))
}

/// Whether a cell is a moment in UTC as Braze stores it, and surely one that exists.
fn is_plain_moment(cell: &[u8]) -> bool {
    let Some((day, &[b'T', h1, h2, b':', m1, m2, b':', s1, s2, b'Z'])) = cell.split_first_chunk::<10>() else {
        return false;
    };
    let below_sixty = |tens: u8, ones: u8| matches!(tens, b'0'..=b'5') && ones.is_ascii_digit();
    is_plain_day(day)
        && matches!((h1, h2), (b'0' | b'1', b'0'..=b'9') | (b'2', b'0'..=b'3'))
        && below_sixty(m1, m2)
        && below_sixty(s1, s2)
}

fn append_quoted(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

fn within_years(date: Date) -> Result<(), DropReason> {
    if YEARS.contains(&date.year()) { Ok(()) } else { Err(DropReason::YearOutOfRange) }
}

fn append_day(out: &mut Vec<u8>, date: Date) {
    append_digits(out, date.year(), 4);
    out.push(b'-');
    append_two_digits(out, date.month());
    out.push(b'-');
    append_two_digits(out, date.day());
}

fn append_two_digits(out: &mut Vec<u8>, number: i8) {
    append_digits(out, i16::from(number), 2);
}

/// Appends the last `count` digits, at most four, of a number that is not negative.
fn append_digits(out: &mut Vec<u8>, number: i16, count: usize) {
    let number = number.unsigned_abs();
    let digits =
        [number / 1000 % 10, number / 100 % 10, number / 10 % 10, number % 10].map(|n| n.to_le_bytes()[0] + b'0');
    out.extend_from_slice(&digits[4 - count..]);
}

/// A date and time as they are written, and the minutes by which they are ahead of UTC.
struct Moment {
    local: DateTime,
    offset_minutes: i16,
}

impl Moment {
    /// Reads the whole of `text`; `None` when it has another form, or a day or time that does not exist.
    fn parse(text: &str, culture: Culture) -> Option<Self> {
        let mut cursor = Cursor { rest: text.as_bytes() };
        let date = cursor.date(culture.date_order)?;
        let midnight = date.at(0, 0, 0, 0);
        if cursor.rest.is_empty() {
            return Some(Self { local: midnight, offset_minutes: 0 });
        }
        let spaces = cursor.skip_spaces();
        if !spaces && !cursor.eat(b'T') && !cursor.eat(b't') {
            return None;
        }
        let local = cursor.time(date)?;
        cursor.skip_spaces();
        let offset_minutes = cursor.offset()?;
        cursor.rest.is_empty().then_some(Self { local, offset_minutes })
    }

    fn utc(&self) -> Option<DateTime> {
        if self.offset_minutes == 0 {
            return Some(self.local);
        }
        self.local.checked_sub(SignedDuration::from_mins(i64::from(self.offset_minutes))).ok()
    }
}

/// What is left of a cell to read.
struct Cursor<'c> {
    rest: &'c [u8],
}

impl Cursor<'_> {
    fn eat(&mut self, byte: u8) -> bool {
        match self.rest.split_first() {
            Some((&first, rest)) if first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn eat_one_of(&mut self, bytes: &[u8]) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        bytes.contains(&first).then(|| {
            self.rest = rest;
            first
        })
    }

    /// Skips spaces, among them the no-break ones that newer ICU data puts before AM and PM.
    fn skip_spaces(&mut self) -> bool {
        let before = self.rest.len();
        while let Some(rest) = [" ".as_bytes(), "\u{a0}".as_bytes(), "\u{202f}".as_bytes()]
            .into_iter()
            .find_map(|space| self.rest.strip_prefix(space))
        {
            self.rest = rest;
        }
        self.rest.len() < before
    }

    /// A number of one digit to `max` digits, at most nine, and how many there were.
    fn number(&mut self, max: usize) -> Option<(u32, usize)> {
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 || count > max {
            return None;
        }
        let (digits, rest) = self.rest.split_at(count);
        self.rest = rest;
        Some((digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')), count))
    }

    fn two_digits(&mut self) -> Option<u32> {
        self.number(2).filter(|&(_, count)| count == 2).map(|(number, _)| number)
    }

    fn date(&mut self, order: DateOrder) -> Option<Date> {
        let (first, first_digits) = self.number(4)?;
        let separator = self.eat_one_of(b"-/.")?;
        let dotted = separator == b'.';
        if dotted {
            self.skip_spaces();
        }
        let (second, _) = self.number(2)?;
        if !self.eat(separator) {
            return None;
        }
        if dotted {
            self.skip_spaces();
        }
        let (third, third_digits) = self.number(4)?;
        let (year, month, day) = match (first_digits, third_digits, order) {
            (4, 1 | 2, _) => (first, second, third),
            (1 | 2, 4, DateOrder::MonthDayYear) => (third, first, second),
            (1 | 2, 4, DateOrder::DayMonthYear) => (third, second, first),
            _ => return None,
        };
        if dotted && first_digits == 4 {
            self.eat(b'.');
        }
        Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    }

    fn time(&mut self, date: Date) -> Option<DateTime> {
        let (hour, _) = self.number(2)?;
        let separator = self.eat_one_of(b":.")?;
        let minute = self.two_digits()?;
        let mut second = 0;
        let mut nanosecond = 0;
        if self.eat(separator) {
            second = self.two_digits()?;
            if self.eat_one_of(b".,").is_some() {
                let (fraction, digits) = self.number(9)?;
                nanosecond = fraction * 10_u32.pow(9 - u32::try_from(digits).ok()?);
            }
        }
        let hour = self.hour_of_day(hour)?;
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let part = |number: u32| i8::try_from(number).ok();
        Some(date.at(part(hour)?, part(minute)?, part(second)?, i32::try_from(nanosecond).ok()?))
    }

    /// `hour` after `AM` or `PM`, where one of them follows.
    fn hour_of_day(&mut self, hour: u32) -> Option<u32> {
        self.skip_spaces();
        let half = self.rest.get(..2).map(<[u8]>::to_ascii_uppercase);
        let afternoon = match half.as_deref() {
            Some(b"AM") => 0,
            Some(b"PM") => 12,
            _ => return Some(hour),
        };
        self.rest = &self.rest[2..];
        (1..=12).contains(&hour).then(|| hour % 12 + afternoon)
    }

    /// Minutes ahead of UTC; 0 where nothing is left.
    fn offset(&mut self) -> Option<i16> {
        if self.rest.is_empty() {
            return Some(0);
        }
        let sign = match self.eat_one_of(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Some(0),
        };
        let (hours, minutes) = match self.number(4)? {
            (both, 4) => (both / 100, both % 100),
            (hours, 1 | 2) if self.eat(b':') => (hours, self.two_digits()?),
            (hours, 1 | 2) => (hours, 0),
            _ => return None,
        };
        let within = hours <= MAX_OFFSET_HOURS && minutes <= 59;
        let minutes = i16::try_from(hours * 60 + minutes).ok()?;
        within.then_some(sign * minutes)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::culture::Culture;
    use super::{DropReason, append_date, append_date_time};

    fn date_time(cell: &str, culture: &str) -> Result<String, DropReason> {
        let mut out = Vec::new();
        append_date_time(&mut out, cell, Culture::of_tag(culture).unwrap())?;
        Ok(serde_json::from_slice(&out).unwrap())
    }

    fn date(cell: &str, culture: &str) -> Result<String, DropReason> {
        let mut out = Vec::new();
        append_date(&mut out, cell, Culture::of_tag(culture).unwrap())?;
        Ok(serde_json::from_slice(&out).unwrap())
    }

    #[test]
    fn every_form_becomes_iso_8601_in_utc() {
        for (culture, cell, expected) in [
            ("en-US", "2026-11-23T01:02:03Z", "2026-11-23T01:02:03Z"),
            ("en-US", "2026-11-23 01:02:03Z", "2026-11-23T01:02:03Z"),
            ("en-US", "2026-11-23T01:02:03", "2026-11-23T01:02:03Z"),
            ("en-US", "2026-11-23T01:02:03.0000000Z", "2026-11-23T01:02:03Z"),
            ("en-US", "2026-11-23T01:02:03.1234567Z", "2026-11-23T01:02:03.123Z"),
            ("en-US", "2026-11-23 01:02:03.009999", "2026-11-23T01:02:03.009Z"),
            ("en-US", "2026-11-23T01:02:03.5", "2026-11-23T01:02:03.500Z"),
            ("en-US", "2026-11-23T01:02:03+09:00", "2026-11-22T16:02:03Z"),
            ("en-US", "2026-12-31T23:30:00-0130", "2027-01-01T01:00:00Z"),
            ("en-US", "2024-03-01T00:30:00+01", "2024-02-29T23:30:00Z"),
            ("en-US", "2026-11-23", "2026-11-23T00:00:00Z"),
            ("en-US", " 11/23/2026 1:02:03 AM ", "2026-11-23T01:02:03Z"),
            ("en-US", "11/23/2026 12:02:03 am", "2026-11-23T00:02:03Z"),
            ("en-US", "11/23/2026 12:00:00 PM", "2026-11-23T12:00:00Z"),
            ("en-US", "11/3/2026 1:02 PM", "2026-11-03T13:02:00Z"),
            ("en-US", "1/2/2026 1:02:03\u{202f}PM", "2026-01-02T13:02:03Z"),
            ("en-US", "1/2/2026 13:02", "2026-01-02T13:02:00Z"),
            ("en-US", "11/23/2026 1:02:03 AM +09:00", "2026-11-22T16:02:03Z"),
            ("en-US", "11/23/2026", "2026-11-23T00:00:00Z"),
            ("de-DE", "23.11.2026 01:02:03", "2026-11-23T01:02:03Z"),
            ("de-DE", "1.2.2026", "2026-02-01T00:00:00Z"),
            ("de-DE", "2026-11-23T01:02:03Z", "2026-11-23T01:02:03Z"),
            ("fi-FI", "23.11.2026 1.02.03", "2026-11-23T01:02:03Z"),
            ("en-GB", "23/11/2026 01:02:03", "2026-11-23T01:02:03Z"),
            ("fr-FR", "02/01/2026 13:02", "2026-01-02T13:02:00Z"),
            ("ja-JP", "2026/11/23 1:02:03", "2026-11-23T01:02:03Z"),
            ("ko-KR", "2026. 11. 23. 13:02", "2026-11-23T13:02:00Z"),
            ("en-US", "0001-01-01T00:00:00", "0001-01-01T00:00:00Z"),
            ("en-US", "3000-12-31T23:59:59Z", "3000-12-31T23:59:59Z"),
        ] {
            assert_eq!(date_time(cell, culture).as_deref(), Ok(expected), "{culture} {cell:?}");
        }
    }

    #[test]
    fn other_texts_are_no_date_and_time() {
        for (culture, cell) in [
            ("en-US", "23/11/2026 01:02:03"),
            ("en-US", "2026-02-29T00:00:00Z"),
            ("en-US", "2026-11-23T24:00:00Z"),
            ("en-US", "2026-11-23T01:60:00Z"),
            ("en-US", "2026-11-23T01:02:60Z"),
            ("en-US", "2026-11-23T01"),
            ("en-US", "2026-11-23T01:2"),
            ("en-US", "2026-11-23T01:02:03.Z"),
            ("en-US", "2026-11-23T01:02:03.1234567890Z"),
            ("en-US", "2026-11-23T01:02:03+19:00"),
            ("en-US", "2026-11-23T01:02:03 CET"),
            ("en-US", "2026-11-23T01:02:03Z and more"),
            ("en-US", "2026-11-23T"),
            ("en-US", "2026-11-23X01:02"),
            ("en-US", "11/23/26"),
            ("en-US", "11/23-2026"),
            ("en-US", "11/23/2026 13:02:03 PM"),
            ("en-US", "11/23/2026 0:02:03 AM"),
            ("en-US", "12026-01-01"),
            ("en-US", "20261123"),
            ("en-US", "1700000000"),
            ("en-US", "-2026-11-23"),
            ("en-US", "2026年11月23日"),
            ("en-US", "yesterday"),
            ("en-US", "NULL"),
            ("ja-JP", "11/23/2026"),
            ("ja-JP", "23/11/2026"),
            ("de-DE", "11.23.2026"),
        ] {
            assert_eq!(date_time(cell, culture), Err(DropReason::NotADateTime), "{culture} {cell:?}");
        }
    }

    #[test]
    fn years_that_braze_keeps_as_strings_are_refused() {
        for cell in ["3001-01-01", "9999-12-31T23:59:59Z", "0000-01-01T00:00:00+09:00", "3000-12-31T23:00:00-02:00"] {
            assert_eq!(date_time(cell, "en-US"), Err(DropReason::YearOutOfRange), "{cell:?}");
        }
        assert_eq!(date("9999-12-31", "en-US"), Err(DropReason::YearOutOfRange));
    }

    #[test]
    fn a_date_is_the_day_that_is_written() {
        for (culture, cell, expected) in [
            ("en-US", "1980-12-21", "1980-12-21"),
            ("en-US", "12/21/1980", "1980-12-21"),
            ("en-US", "1980-12-21T23:00:00-05:00", "1980-12-21"),
            ("en-US", "12/21/1980 12:00:00 AM", "1980-12-21"),
            ("en-GB", "01/02/1980", "1980-02-01"),
            ("en-US", "01/02/1980", "1980-01-02"),
            ("hu-HU", "1980. 12. 21.", "1980-12-21"),
            ("en-US", "2024-02-29", "2024-02-29"),
        ] {
            assert_eq!(date(cell, culture).as_deref(), Ok(expected), "{culture} {cell:?}");
        }
        assert_eq!(date("31/12/1980", "en-US"), Err(DropReason::NotADate));
    }
}

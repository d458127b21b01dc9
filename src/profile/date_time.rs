//! Dates and times, from the forms that files use to the ISO 8601 form that Braze stores.
//!
//! | part | forms |
//! | --- | --- |
//! | date | `yyyy-M-d` with `-`, `/` or `.`, `yyyyMMdd` and `2026年11月23日` under every culture; else the column's order with a year of four digits, as in `11/23/2026`, `23.11.2026` |
//! | between | `T` or spaces |
//! | time | `H:mm` or `H:mm:ss` with up to nine digits of fraction; `.` may replace `:`; `HHmm` or `HHmmss` behind `yyyyMMdd`; `13時05分`; `AM` or `PM` behind makes it a clock of twelve hours |
//! | zone | none (UTC), `Z`, `+09:00`, `+0900`, `+09` |
//!
//! Years are within 0 to 3000: Braze keeps any other date as a string (Braze, "User attributes object").
//!
//! The order of day and month is one for a whole column. Where it is not known, a date is read if day and month are the same.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};

use super::date_cursor::Cursor;
use super::dropped_fields::DropReason;
use super::json::append_quoted;
use super::{excel_serial, trimmed};
use crate::values::{Culture, DateOrder, plain_forms};

/// Years that Braze stores as dates.
const YEARS: std::ops::RangeInclusive<i16> = 0..=3000;

/// Appends the day of `cell` as `"yyyy-MM-dd"`. A time behind it is read and left out; the day is the one that is
/// written, whatever the zone.
pub(super) fn append_date(
    out: &mut Vec<u8>,
    cell: &str,
    culture: Culture,
    excel_serial: bool,
) -> Result<(), DropReason> {
    let cell = trimmed(cell);
    if is_plain_day(cell.as_bytes()) {
        append_quoted(out, cell);
        return Ok(());
    }
    let moment = Moment::of_cell(cell, culture, excel_serial, DropReason::NotADate)?;
    let date = moment.local.date();
    within_years(date)?;
    out.push(b'"');
    append_day(out, date);
    out.push(b'"');
    Ok(())
}

/// Appends the moment of `cell` in UTC as `"yyyy-MM-ddTHH:mm:ssZ"`, with milliseconds when there are any; what is
/// finer is cut off. A day alone is its midnight.
pub(super) fn append_date_time(
    out: &mut Vec<u8>,
    cell: &str,
    culture: Culture,
    excel_serial: bool,
) -> Result<(), DropReason> {
    let cell = trimmed(cell);
    if is_plain_moment(cell.as_bytes()) {
        append_quoted(out, cell);
        return Ok(());
    }
    let moment = Moment::of_cell(cell, culture, excel_serial, DropReason::NotADateTime)?;
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

/// What the form of one cell shows of the order of day and month in its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OrderShown {
    /// It is a date only if the month comes first.
    MonthFirst,
    /// It is a date only if the day comes first.
    DayFirst,
    /// It is a date either way, and two different ones.
    Either,
}

impl OrderShown {
    /// What `cell` shows; `None` if it has no such date, or one that is the same either way.
    pub(super) fn by(cell: &str) -> Option<Self> {
        let cell = trimmed(cell);
        // A date that begins with its year has four digits in front.
        if cell.bytes().take_while(u8::is_ascii_digit).count() > 2 {
            return None;
        }
        let cell = plain_forms(cell);
        let read = |order| Moment::parse(&cell, Some(order));
        match (read(DateOrder::MonthDayYear), read(DateOrder::DayMonthYear)) {
            (Some(_), None) => Some(Self::MonthFirst),
            (None, Some(_)) => Some(Self::DayFirst),
            (Some(month_first), Some(day_first)) if month_first.local != day_first.local => Some(Self::Either),
            _ => None,
        }
    }
}

impl Moment {
    /// What a cell says, or why it says nothing; `otherwise` where it is not a date at all.
    fn of_cell(cell: &str, culture: Culture, excel_serial: bool, otherwise: DropReason) -> Result<Self, DropReason> {
        let cell = plain_forms(cell);
        if let Some(moment) = Self::parse(&cell, culture.date_order) {
            return Ok(moment);
        }
        if let Some(local) = excel_serial.then(|| excel_serial::moment(&cell, culture.decimal_comma)).flatten() {
            return Ok(Self { local, offset_minutes: 0 });
        }
        let lacks_order = culture.date_order.is_none() && OrderShown::by(&cell).is_some();
        Err(if lacks_order { DropReason::DayOrMonth } else { otherwise })
    }

    /// Reads the whole of `text`; `None` when it has another form, or a day or time that does not exist.
    fn parse(text: &str, order: Option<DateOrder>) -> Option<Self> {
        let mut cursor = Cursor { rest: text.as_bytes() };
        let date = cursor.date(order)?;
        let midnight = date.at(0, 0, 0, 0);
        if cursor.rest.is_empty() {
            return Some(Self { local: midnight, offset_minutes: 0 });
        }
        let spaces = cursor.skip_spaces();
        if !spaces && !cursor.eat(b'T') && !cursor.eat(b't') && !text.contains(['日', '일']) {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{Culture, DropReason, OrderShown, append_date, append_date_time};

    fn date_time(cell: &str, culture: &str) -> Result<String, DropReason> {
        let mut out = Vec::new();
        append_date_time(&mut out, cell, Culture::of_tag(culture).unwrap(), false)?;
        Ok(serde_json::from_slice(&out).unwrap())
    }

    fn date(cell: &str, culture: &str) -> Result<String, DropReason> {
        let mut out = Vec::new();
        append_date(&mut out, cell, Culture::of_tag(culture).unwrap(), false)?;
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
            ("en-US", "20261123", "2026-11-23T00:00:00Z"),
            ("en-US", "20261123T010203Z", "2026-11-23T01:02:03Z"),
            ("en-US", "20261123 0102", "2026-11-23T01:02:00Z"),
            ("en-US", "2026年11月23日", "2026-11-23T00:00:00Z"),
            ("en-US", "2026年1月3日 9:05", "2026-01-03T09:05:00Z"),
            ("ja-JP", "２０２６年１１月２３日１３時０５分０６秒", "2026-11-23T13:05:06Z"),
            ("ko-KR", "2026년 11월 23일", "2026-11-23T00:00:00Z"),
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
            ("en-US", "20261323"),
            ("en-US", "2026112"),
            ("en-US", "46349"),
            ("en-US", "1700000000"),
            ("en-US", "-2026-11-23"),
            ("en-US", "令和8年11月23日"),
            ("en-US", "2026年11月"),
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

    #[test]
    fn without_an_order_a_day_and_a_month_are_not_distinguished() {
        let read = |cell: &str| {
            let mut out = Vec::new();
            append_date(&mut out, cell, Culture::UNDECLARED, false).map(|()| String::from_utf8(out).unwrap())
        };
        assert_eq!(read("05/05/1990").as_deref(), Ok("\"1990-05-05\""));
        assert_eq!(read("1990-04-05").as_deref(), Ok("\"1990-04-05\""));
        assert_eq!(read("05/04/1990"), Err(DropReason::DayOrMonth));
        assert_eq!(read("31/12/1990"), Err(DropReason::DayOrMonth));
        assert_eq!(read("31/13/1990"), Err(DropReason::NotADate));
    }

    #[test]
    fn a_cell_shows_an_order_or_none() {
        for (cell, shown) in [
            ("31/12/1990", Some(OrderShown::DayFirst)),
            ("12/31/1990 1:00 PM", Some(OrderShown::MonthFirst)),
            ("05.04.1990", Some(OrderShown::Either)),
            ("05/05/1990", None),
            ("1990-04-05", None),
            ("32/13/1990", None),
            ("5/4", None),
            ("", None),
        ] {
            assert_eq!(OrderShown::by(cell), shown, "{cell:?}");
        }
    }
}

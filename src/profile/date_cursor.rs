//! Reads the parts of a date and time from the beginning of a text.

use jiff::civil::{Date, DateTime};

use crate::values::DateOrder;

/// The widest offset from UTC, in hours.
const MAX_OFFSET_HOURS: u32 = 18;

/// Year, month and day without anything between them.
const DIGITS_OF_A_DAY: usize = 8;

/// The characters after year, month and day, in Japanese and Chinese and in Korean.
const MARKED_DATES: [[&str; 3]; 2] = [["年", "月", "日"], ["년", "월", "일"]];

fn day_of(year: u32, month: u32, day: u32) -> Option<Date> {
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// What is left of a cell to read.
pub(super) struct Cursor<'c> {
    pub(super) rest: &'c [u8],
}

impl Cursor<'_> {
    pub(super) fn eat(&mut self, byte: u8) -> bool {
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
    pub(super) fn skip_spaces(&mut self) -> bool {
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

    /// The next characters, where they are these.
    fn eat_text(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text.as_bytes()) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// A day. `order` is that of a date which does not begin with its year; `None` where it is not known.
    pub(super) fn date(&mut self, order: Option<DateOrder>) -> Option<Date> {
        if self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count() == DIGITS_OF_A_DAY {
            return self.date_without_separators();
        }
        let (first, first_digits) = self.number(4)?;
        if let Some(marks) = MARKED_DATES.into_iter().find(|[year, ..]| self.eat_text(year)) {
            return if first_digits == 4 { self.after_marked_year(first, marks) } else { None };
        }
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
            (1 | 2, 4, Some(DateOrder::MonthDayYear)) => (third, first, second),
            (1 | 2, 4, Some(DateOrder::DayMonthYear)) => (third, second, first),
            (1 | 2, 4, None) if first == second => (third, first, second),
            _ => return None,
        };
        if dotted && first_digits == 4 {
            self.eat(b'.');
        }
        day_of(year, month, day)
    }

    /// `20261123`
    fn date_without_separators(&mut self) -> Option<Date> {
        let (number, _) = self.number(DIGITS_OF_A_DAY)?;
        day_of(number / 10_000, number / 100 % 100, number % 100)
    }

    /// `11月23日` behind the year.
    fn after_marked_year(&mut self, year: u32, [_, month_mark, day_mark]: [&str; 3]) -> Option<Date> {
        self.skip_spaces();
        let (month, _) = self.number(2)?;
        if !self.eat_text(month_mark) {
            return None;
        }
        self.skip_spaces();
        let (day, _) = self.number(2)?;
        if self.eat_text(day_mark) { day_of(year, month, day) } else { None }
    }

    pub(super) fn time(&mut self, date: Date) -> Option<DateTime> {
        let (hour, minute, second, nanosecond) = self.clock()?;
        let hour = self.hour_of_day(hour)?;
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let part = |number: u32| i8::try_from(number).ok();
        Some(date.at(part(hour)?, part(minute)?, part(second)?, i32::try_from(nanosecond).ok()?))
    }

    /// Hour, minute, second and nanosecond as they are written.
    fn clock(&mut self) -> Option<(u32, u32, u32, u32)> {
        let (hour, digits) = self.number(6)?;
        match digits {
            4 => return Some((hour / 100, hour % 100, 0, 0)),
            6 => return Some((hour / 10_000, hour / 100 % 100, hour % 100, 0)),
            1 | 2 => {}
            _ => return None,
        }
        if self.eat_text("時") {
            let (minute, _) = self.number(2)?;
            let marked = self.eat_text("分");
            let second = if self.rest.is_empty() { 0 } else { self.number(2).filter(|_| self.eat_text("秒"))?.0 };
            return marked.then_some((hour, minute, second, 0));
        }
        let separator = self.eat_one_of(b":.")?;
        let minute = self.two_digits()?;
        let (mut second, mut nanosecond) = (0, 0);
        if self.eat(separator) {
            second = self.two_digits()?;
            if self.eat_one_of(b".,").is_some() {
                let (fraction, digits) = self.number(9)?;
                nanosecond = fraction * 10_u32.pow(9 - u32::try_from(digits).ok()?);
            }
        }
        Some((hour, minute, second, nanosecond))
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
    pub(super) fn offset(&mut self) -> Option<i16> {
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

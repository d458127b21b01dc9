use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::message::Coded;

/// One refresh of one segment: all files with one time stamp.
///
/// Runs are ordered by time. A run is written
/// `2026-11-23T01:02Z` where the files name minutes (the folders `yyyy/MM/dd/HHmm`), and
/// `2021-02-11T15:59:02Z` where they name seconds; [`FromStr`] and serde read both forms.
///
/// Microsoft does not say which time zone the folders are in, so the time only names and orders runs; it is not compared
/// with a clock. Years are 1970 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId {
    time: DateTime,
    precision: Precision,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Precision {
    Minutes,
    Seconds,
}

impl RunId {
    /// The run of the folders `yyyy/MM/dd/HHmm`. `None` unless they are digits of exactly these widths and name a minute that
    /// exists.
    pub fn from_folders(year: &str, month: &str, day: &str, time: &str) -> Option<Self> {
        if time.len() != 4 {
            return None;
        }
        Self::minutes(
            digits(year, 4)?,
            digits(month, 2)?,
            digits(day, 2)?,
            digits(time.get(..2)?, 2)?,
            digits(time.get(2..)?, 2)?,
        )
    }

    /// The run named by seconds since 1970. `None` before 1970 and after 9999.
    pub fn from_unix_seconds(seconds: i64) -> Option<Self> {
        let timestamp = Timestamp::from_second(seconds).ok()?;
        (timestamp >= Timestamp::UNIX_EPOCH).then(|| Self::from_last_modified(timestamp))
    }

    /// The run of a file that is overwritten at each refresh: the object's last-modified time in S3, to the second. A time
    /// before 1970 counts as 1970.
    pub fn from_last_modified(last_modified: Timestamp) -> Self {
        let time = TimeZone::UTC.to_datetime(last_modified.max(Timestamp::UNIX_EPOCH));
        Self { time: whole_second(time), precision: Precision::Seconds }
    }

    /// The run named by a minute; `None` if there is no such minute.
    pub(super) fn minutes(year: i64, month: i64, day: i64, hour: i64, minute: i64) -> Option<Self> {
        let time = civil(year, month, day, hour, minute, 0)?;
        Some(Self { time, precision: Precision::Minutes })
    }

    /// The run named by a second; `None` if there is no such second.
    pub(super) fn seconds(year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64) -> Option<Self> {
        let time = civil(year, month, day, hour, minute, second)?;
        Some(Self { time, precision: Precision::Seconds })
    }

    /// The time, without a zone.
    pub fn time(self) -> DateTime {
        self.time
    }
}

fn whole_second(time: DateTime) -> DateTime {
    DateTime::new(time.year(), time.month(), time.day(), time.hour(), time.minute(), time.second(), 0).unwrap_or(time)
}

fn civil(year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64) -> Option<DateTime> {
    if !(1970..=9999).contains(&year) {
        return None;
    }
    DateTime::new(
        year.try_into().ok()?,
        month.try_into().ok()?,
        day.try_into().ok()?,
        hour.try_into().ok()?,
        minute.try_into().ok()?,
        second.try_into().ok()?,
        0,
    )
    .ok()
}

/// The number in `text`, which must have exactly `width` digits.
fn digits(text: &str, width: usize) -> Option<i64> {
    if text.len() != width || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.time;
        write!(f, "{:04}-{:02}-{:02}T{:02}:{:02}", time.year(), time.month(), time.day(), time.hour(), time.minute())?;
        if self.precision == Precision::Seconds {
            write!(f, ":{:02}", time.second())?;
        }
        f.write_str("Z")
    }
}

/// Text that is not a run.
///
/// Fix: write the run as reports show it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a run; runs look like \"2026-11-23T01:02Z\" or \"2021-02-11T15:59:02Z\"")]
pub struct RunIdError;

impl Coded for RunIdError {
    fn code(&self) -> &'static str {
        "ITB-E23"
    }
}

impl FromStr for RunId {
    type Err = RunIdError;

    fn from_str(text: &str) -> Result<Self, RunIdError> {
        read(text).ok_or(RunIdError)
    }
}

fn read(text: &str) -> Option<RunId> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.splitn(3, '-');
    let year = digits(date.next()?, 4)?;
    let month = digits(date.next()?, 2)?;
    let day = digits(date.next()?, 2)?;
    let mut time = time.splitn(3, ':');
    let hour = digits(time.next()?, 2)?;
    let minute = digits(time.next()?, 2)?;
    match time.next() {
        None => RunId::minutes(year, month, day, hour, minute),
        Some(second) => RunId::seconds(year, month, day, hour, minute, digits(second, 2)?),
    }
}

impl Serialize for RunId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RunId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl serde::de::Visitor<'_> for Text {
            type Value = RunId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a run such as \"2026-11-23T01:02Z\"")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<RunId, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    fn run(text: &str) -> RunId {
        text.parse().expect(text)
    }

    #[test]
    fn folders_name_a_minute() {
        let id = RunId::from_folders("2026", "11", "23", "0102").unwrap();
        assert_eq!(id.to_string(), "2026-11-23T01:02Z");
        assert_eq!(run("2026-11-23T01:02Z"), id);
    }

    #[test]
    fn unix_seconds_name_a_second() {
        let id = RunId::from_unix_seconds(1_613_059_142).unwrap();
        assert_eq!(id.to_string(), "2021-02-11T15:59:02Z");
        assert_eq!(run("2021-02-11T15:59:02Z"), id);
        assert_eq!(RunId::from_unix_seconds(-1), None);
    }

    #[test]
    fn last_modified_is_cut_to_the_second() {
        let timestamp: Timestamp = "2026-11-23T01:02:03.987Z".parse().unwrap();
        assert_eq!(RunId::from_last_modified(timestamp), run("2026-11-23T01:02:03Z"));
        let early: Timestamp = "1815-12-10T00:00:00Z".parse().unwrap();
        assert_eq!(RunId::from_last_modified(early), run("1970-01-01T00:00:00Z"));
    }

    #[test]
    fn times_that_do_not_exist_are_no_runs() {
        for (year, month, day, time) in [
            ("2026", "13", "01", "0000"),
            ("2026", "00", "01", "0000"),
            ("2026", "02", "30", "0000"),
            ("2025", "02", "29", "0000"),
            ("2026", "11", "23", "2460"),
            ("2026", "11", "23", "2400"),
            ("2026", "11", "23", "2560"),
            ("2026", "11", "23", "0160"),
            ("2026", "11", "23", "102"),
            ("2026", "11", "23", "010203"),
            ("2026", "1", "23", "0102"),
            ("+026", "11", "23", "0102"),
            ("2026", "11", "23", "-102"),
            ("0001", "01", "01", "0000"),
            ("２０２６", "11", "23", "0102"),
            ("2026", "11", "23", "0é2"),
            ("", "", "", ""),
        ] {
            assert_eq!(RunId::from_folders(year, month, day, time), None, "{year}/{month}/{day}/{time}");
        }
        assert!(RunId::from_folders("2024", "02", "29", "2359").is_some());
    }

    #[test]
    fn other_texts_are_refused_and_the_error_shows_the_forms() {
        for text in ["", "2026-11-23", "2026-11-23T01:02", "2026-11-23 01:02Z", "2026-13-23T01:02Z"] {
            assert_eq!(text.parse::<RunId>(), Err(RunIdError), "{text}");
        }
        assert!("2026-11-23T01:02:03:04Z".parse::<RunId>().is_err());
        assert!(RunIdError.to_string().contains("2026-11-23T01:02Z"));
    }

    #[test]
    fn serde_writes_the_displayed_form() {
        let id = run("2026-11-23T01:02Z");
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"2026-11-23T01:02Z\"");
        assert_eq!(serde_json::from_str::<RunId>("\"2026-11-23T01:02Z\"").unwrap(), id);
        assert!(serde_json::from_str::<RunId>("\"yesterday\"").is_err());
    }

    proptest! {
        #![proptest_config(crate::run::seeded())]

        #[test]
        fn display_reads_back_and_keeps_the_order(a in 0_i64..253_402_300_799, b in 0_i64..253_402_300_799) {
            let (first, second) = (RunId::from_unix_seconds(a).unwrap(), RunId::from_unix_seconds(b).unwrap());
            prop_assert_eq!(first.to_string().parse::<RunId>(), Ok(first));
            prop_assert_eq!(first.cmp(&second), a.cmp(&b));
            prop_assert_eq!(first.to_string().cmp(&second.to_string()), a.cmp(&b));
        }

        #[test]
        fn minutes_read_back_and_keep_the_order(
            a in (1970_u16..=9999, 1_u8..=12, 1_u8..=28, 0_u8..24, 0_u8..60),
            b in (1970_u16..=9999, 1_u8..=12, 1_u8..=28, 0_u8..24, 0_u8..60),
        ) {
            let read = |(year, month, day, hour, minute): (u16, u8, u8, u8, u8)| {
                RunId::from_folders(
                    &format!("{year:04}"), &format!("{month:02}"), &format!("{day:02}"), &format!("{hour:02}{minute:02}"),
                ).unwrap()
            };
            prop_assert_eq!(read(a).to_string().parse::<RunId>(), Ok(read(a)));
            prop_assert_eq!(read(a).cmp(&read(b)), a.cmp(&b));
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            if let Ok(id) = text.parse::<RunId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}

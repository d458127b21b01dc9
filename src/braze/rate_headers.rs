//! What Braze's answers say about the rate limit.
//!
//! Two of Braze's pages disagree ("API limits" and "POST: Track users"): `X-RateLimit-Reset` is a UTC time on one and
//! seconds left on the other, and only the second knows `X-Ratelimit-Retry-After`. All are read, and the standard
//! `Retry-After` too, whatever the case of the names.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::header::HeaderMap;

/// From here on `X-RateLimit-Reset` is a time, below it seconds left (11 days).
const SMALLEST_EPOCH: f64 = 1e6;

/// From here on a time is in milliseconds (the year 5138 in seconds).
const SMALLEST_MILLISECONDS: f64 = 1e11;

/// Longer waits are ignored: Braze's longest window is an hour.
const LONGEST_WAIT: f64 = 86_400.0;

/// What an answer says about the rate limit. Everything may be missing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct RateHeaders {
    /// How long to wait, as `X-Ratelimit-Retry-After`, `Retry-After` or `X-RateLimit-Reset` has it, the first that makes
    /// sense.
    pub(super) wait: Option<Duration>,
    /// `Retry-After` alone, which other answers than 429 may carry too.
    pub(super) retry_after: Option<Duration>,
    /// Requests that the current window allows.
    pub(super) limit: Option<f64>,
    /// Requests left in the current window.
    pub(super) remaining: Option<f64>,
    /// When the window ends, from now.
    pub(super) reset_in: Option<Duration>,
}

impl RateHeaders {
    /// Reads them; `now` is what a time is compared with.
    pub(super) fn read(headers: &HeaderMap, now: SystemTime) -> Self {
        let reset_in = number(headers, "x-ratelimit-reset").and_then(|value| reset_in(value, now));
        let retry_after = number(headers, "retry-after")
            .and_then(seconds)
            .or_else(|| text(headers, "retry-after").and_then(|date| until_date(date, now)));
        let wait = number(headers, "x-ratelimit-retry-after").and_then(seconds).or(retry_after).or(reset_in);
        Self {
            wait,
            retry_after,
            limit: number(headers, "x-ratelimit-limit").filter(|limit| *limit >= 1.0),
            remaining: number(headers, "x-ratelimit-remaining").filter(|remaining| *remaining >= 0.0),
            reset_in,
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn number(headers: &HeaderMap, name: &str) -> Option<f64> {
    text(headers, name)?.parse().ok().filter(|number: &f64| number.is_finite())
}

fn seconds(number: f64) -> Option<Duration> {
    (0.0..=LONGEST_WAIT).contains(&number).then(|| Duration::from_secs_f64(number))
}

fn reset_in(value: f64, now: SystemTime) -> Option<Duration> {
    if value < SMALLEST_EPOCH {
        return seconds(value);
    }
    let epoch = if value < SMALLEST_MILLISECONDS { value } else { value / 1000.0 };
    let now = now.duration_since(UNIX_EPOCH).ok()?.as_secs_f64();
    seconds(epoch - now)
}

fn until_date(date: &str, now: SystemTime) -> Option<Duration> {
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok()?;
    let date = UNIX_EPOCH.checked_add(Duration::try_from(date.as_duration()).ok()?)?;
    seconds(date.duration_since(now).ok()?.as_secs_f64())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    /// 2026-11-23T12:00:00Z
    const NOW: u64 = 1_795_435_200;

    fn wait(headers: &[(&str, &str)]) -> Option<f64> {
        read(headers).wait.map(|wait| wait.as_secs_f64())
    }

    fn read(headers: &[(&str, &str)]) -> RateHeaders {
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (HeaderName::try_from(*name).unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap())
            })
            .collect();
        RateHeaders::read(&headers, UNIX_EPOCH + Duration::from_secs(NOW))
    }

    #[test]
    fn every_form_of_a_wait_is_read() {
        assert_eq!(wait(&[("X-Ratelimit-Retry-After", "2")]), Some(2.0));
        assert_eq!(wait(&[("x-ratelimit-retry-after", " 0 ")]), Some(0.0));
        assert_eq!(wait(&[("Retry-After", "7")]), Some(7.0));
        assert_eq!(wait(&[("RETRY-AFTER", "Mon, 23 Nov 2026 12:00:09 GMT")]), Some(9.0));
        assert_eq!(wait(&[("X-RateLimit-Reset", "3")]), Some(3.0));
        assert_eq!(wait(&[("X-RateLimit-Reset", "1795435203")]), Some(3.0));
        assert_eq!(wait(&[("X-RateLimit-Reset", "1795435203500")]), Some(3.5));
    }

    #[test]
    fn the_first_that_makes_sense_counts() {
        assert_eq!(wait(&[("X-Ratelimit-Retry-After", "soon"), ("Retry-After", "5")]), Some(5.0));
        assert_eq!(wait(&[("X-Ratelimit-Retry-After", "2"), ("X-RateLimit-Reset", "9")]), Some(2.0));
        assert_eq!(wait(&[("Retry-After", "-1"), ("X-RateLimit-Reset", "1795435204")]), Some(4.0));
    }

    #[test]
    fn nonsense_is_no_wait() {
        for value in ["", "NaN", "inf", "-3", "1e300", "99999999", "明日", "\u{fffd}", "Mon, 23 Nov 2026 11:00:00 GMT"]
        {
            assert_eq!(wait(&[("Retry-After", value)]), None, "{value:?}");
        }
        // A reset that has passed, and one in a far future.
        assert_eq!(wait(&[("X-RateLimit-Reset", "1795435100")]), None);
        assert_eq!(wait(&[("X-RateLimit-Reset", "1999999999")]), None);
        assert_eq!(wait(&[]), None);
    }

    #[test]
    fn the_window_is_read() {
        let announced = read(&[
            ("X-RateLimit-Limit", "1500"),
            ("X-RateLimit-Remaining", "12"),
            ("X-RateLimit-Reset", "1795435202"),
        ]);
        assert_eq!(
            (announced.limit, announced.remaining, announced.reset_in),
            (Some(1500.0), Some(12.0), Some(Duration::from_secs(2)))
        );
        assert_eq!(read(&[("X-RateLimit-Limit", "0"), ("X-RateLimit-Remaining", "-1")]), RateHeaders::default());
    }
}

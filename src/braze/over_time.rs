//! When requests were sent and answered 429, in few enough figures to be kept with a run.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The most stretches of time that are told apart.
const MOST_STRETCHES: i64 = 120;

/// Requests and answers "429 Too Many Requests" by the time at which they happened, in at most 120 stretches of the same
/// length: one second at first, doubled whenever they would be more. Stretches begin at multiples of their length, so that
/// the figures of several files and invocations add up exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestsOverTime {
    /// When the first stretch begins.
    begins_at: Timestamp,
    /// How long each is, in seconds: a power of two.
    seconds: i64,
    /// Requests sent, by stretch.
    sent: Vec<u64>,
    /// Answers 429 among them, by stretch.
    rate_limited: Vec<u64>,
}

impl Default for RequestsOverTime {
    fn default() -> Self {
        Self { begins_at: Timestamp::UNIX_EPOCH, seconds: 1, sent: Vec::new(), rate_limited: Vec::new() }
    }
}

impl RequestsOverTime {
    /// Whether nothing was sent.
    pub fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }

    /// How long each stretch is, in seconds.
    pub fn seconds_each(&self) -> i64 {
        self.seconds
    }

    /// Each stretch: when it begins, in seconds since 1970, the requests sent in it, and the answers 429.
    pub fn stretches(&self) -> impl Iterator<Item = (i64, u64, u64)> {
        let (first, seconds) = (self.begins_at.as_second(), self.seconds);
        let counts = self.sent.iter().copied().zip(self.rate_limited.iter().copied().chain(std::iter::repeat(0)));
        (0..).zip(counts).map(move |(place, (sent, limited))| (first + place * seconds, sent, limited))
    }

    /// Counts a request that is sent at `time`.
    pub fn count_sent(&mut self, time: Timestamp) {
        self.add_at(time.as_second(), 1, 1, 0);
    }

    /// Counts an answer 429 that came at `time`.
    pub fn count_rate_limited(&mut self, time: Timestamp) {
        self.add_at(time.as_second(), 1, 0, 1);
    }

    /// Adds other figures to these.
    pub fn add(&mut self, other: &Self) {
        for (begins, sent, limited) in other.stretches().filter(|(_, sent, limited)| sent + limited > 0) {
            self.add_at(begins, other.seconds, sent, limited);
        }
    }

    fn add_at(&mut self, time: i64, seconds: i64, sent: u64, limited: u64) {
        if self.is_empty() {
            self.seconds = seconds.max(1);
            self.begin_at(time.div_euclid(self.seconds));
            self.sent.push(sent);
            self.rate_limited.push(limited);
            return;
        }
        while self.seconds < seconds {
            self.double();
        }
        let (place, before) = loop {
            let (first, last) = (self.first(), self.first() + self.stretch_count() - 1);
            let place = time.div_euclid(self.seconds);
            if place.max(last) - place.min(first) < MOST_STRETCHES {
                break (place, first - place);
            }
            self.double();
        };
        if before > 0 {
            let zeros = std::iter::repeat_n(0, usize::try_from(before).unwrap_or(0));
            self.sent.splice(0..0, zeros.clone());
            self.rate_limited.splice(0..0, zeros);
            self.begin_at(place);
        }
        let index = usize::try_from(place - self.first()).unwrap_or(0);
        let length = self.sent.len().max(index + 1);
        self.sent.resize(length, 0);
        self.rate_limited.resize(length, 0);
        self.sent[index] += sent;
        self.rate_limited[index] += limited;
    }

    /// Makes each stretch twice as long.
    fn double(&mut self) {
        let odd = usize::from(self.first().rem_euclid(2) == 1);
        let fold = |counts: &[u64]| -> Vec<u64> {
            let (head, rest) = counts.split_at(odd.min(counts.len()));
            head.chunks(1).chain(rest.chunks(2)).map(|pair| pair.iter().sum()).collect()
        };
        (self.sent, self.rate_limited) = (fold(&self.sent), fold(&self.rate_limited));
        let first = self.first().div_euclid(2);
        self.seconds *= 2;
        self.begin_at(first);
    }

    fn stretch_count(&self) -> i64 {
        i64::try_from(self.sent.len()).unwrap_or(i64::MAX)
    }

    /// The number of the first stretch, counted from 1970 on.
    fn first(&self) -> i64 {
        self.begins_at.as_second().div_euclid(self.seconds)
    }

    fn begin_at(&mut self, place: i64) {
        self.begins_at = Timestamp::from_second(place.saturating_mul(self.seconds)).unwrap_or(Timestamp::UNIX_EPOCH);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::{MOST_STRETCHES, RequestsOverTime};

    fn of(times: &[(i64, bool)]) -> RequestsOverTime {
        let mut over_time = RequestsOverTime::default();
        for (second, limited) in times {
            let time = Timestamp::from_second(*second).unwrap();
            over_time.count_sent(time);
            if *limited {
                over_time.count_rate_limited(time);
            }
        }
        over_time
    }

    #[test]
    fn a_short_delivery_is_told_by_the_second_and_a_long_one_by_longer_stretches() {
        let short = of(&[(1_000, false), (1_002, true), (1_001, false), (999, false)]);
        assert_eq!(short.stretches().collect::<Vec<_>>(), [(999, 1, 0), (1_000, 1, 0), (1_001, 1, 0), (1_002, 1, 1)]);
        let long = of(&(0..15 * 60).map(|second| (1_000_001 + second, second % 3 == 0)).collect::<Vec<_>>());
        assert_eq!(long.seconds_each(), 8);
        assert!(long.stretches().count() <= 120, "{long:?}");
        let json = serde_json::to_value(&long).unwrap();
        assert_eq!(json["begins_at"], "1970-01-12T13:46:40Z");
        assert_eq!(serde_json::from_value::<RequestsOverTime>(json).unwrap(), long);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_the_order_does_not_matter(
            times in prop::collection::vec((0i64..200_000_000, any::<bool>()), 1..200),
            cut in 0usize..200,
        ) {
            let whole = of(&times);
            let (first, second) = times.split_at(cut.min(times.len()));
            let (mut forwards, mut backwards) = (of(first), of(second));
            let (a, b) = (forwards.clone(), backwards.clone());
            forwards.add(&b);
            backwards.add(&a);
            prop_assert_eq!(&forwards, &backwards);
            for over_time in [&whole, &forwards] {
                let sent: u64 = over_time.stretches().map(|(_, sent, _)| sent).sum();
                let limited: u64 = over_time.stretches().map(|(_, _, limited)| limited).sum();
                prop_assert_eq!(sent, times.len() as u64);
                prop_assert_eq!(limited, times.iter().filter(|(_, limited)| *limited).count() as u64);
                prop_assert!(over_time.stretches().count() <= usize::try_from(MOST_STRETCHES).unwrap());
            }
        }
    }
}

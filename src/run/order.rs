//! Which of two runs of a segment is the later one.

use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, TimeZone};
use serde::{Deserialize, Serialize};

use crate::pattern::RunId;

/// A run's place among the runs of its segment. Of two runs, the later one has the greater order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Order {
    /// The time in the run's name. All names in an hour that occurs twice mean the moment at which the clocks were put back.
    time: Timestamp,
    /// When its first file arrived, by S3's clock: this decides between names of the same time.
    arrived: Timestamp,
}

impl Order {
    /// The order of `run`, whose name is read in `zone`, and whose first file arrived at `arrived`.
    pub fn of(run: RunId, zone: &TimeZone, arrived: Timestamp) -> Self {
        let ambiguous = zone.to_ambiguous_timestamp(run.time());
        let time = match ambiguous.offset() {
            AmbiguousOffset::Fold { after, .. } => {
                let second = after.to_timestamp(run.time()).unwrap_or(Timestamp::MAX);
                let just_after = second.checked_add(jiff::SignedDuration::from_nanos(1)).unwrap_or(second);
                zone.preceding(just_after).next().map_or(second, |transition| transition.timestamp())
            }
            _ => ambiguous.compatible().unwrap_or(Timestamp::MAX),
        };
        Self { time, arrived }
    }

    /// The time in the run's name.
    pub fn time(self) -> Timestamp {
        self.time
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn order(run: &str, zone: &str, arrived: &str) -> Order {
        Order::of(run.parse().unwrap(), &TimeZone::get(zone).unwrap(), arrived.parse().unwrap())
    }

    #[test]
    fn runs_are_ordered_by_the_moment_that_their_names_stand_for() {
        let berlin = |run, arrived| order(run, "Europe/Berlin", arrived);
        let utc = |run, arrived| order(run, "UTC", arrived);
        // The clocks went back on 25 October 2026 at 03:00 in summer time, which is 01:00 in UTC.
        let in_order = [
            berlin("2026-10-25T01:59Z", "2026-10-25T09:00:00Z"),
            berlin("2026-10-25T02:30Z", "2026-10-25T00:31:00Z"),
            berlin("2026-10-25T02:10Z", "2026-10-25T01:11:00Z"),
            berlin("2026-10-25T03:00Z", "2026-10-25T01:00:00Z"),
        ];
        assert!(in_order.is_sorted_by(|earlier, later| earlier < later), "{in_order:?}");
        assert!(utc("2026-10-25T02:30Z", "2026-10-25T00:31:00Z") > utc("2026-10-25T02:10Z", "2026-10-25T01:11:00Z"));
        // Minutes and seconds may name the same moment.
        assert!(utc("2026-10-25T02:30Z", "2026-10-25T04:00:00Z") > utc("2026-10-25T02:30:00Z", "2026-10-25T03:00:00Z"));
        assert_eq!(berlin("2026-03-29T02:30Z", "2026-03-29T01:31:00Z").time(), "2026-03-29T01:30:00Z".parse().unwrap());
    }
}

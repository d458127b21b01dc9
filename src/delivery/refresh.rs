//! Which members a run sends again although nothing of them has changed (`refresh_days`).
//!
//! Every member has a fixed place in a period of `refresh_days`, by the hash of its identifier. A run sends those again whose place
//! is between the beginning of the last complete run and its own. So each member is sent once in each period, the work is
//! spread evenly over the runs, and nothing has to be remembered of it: a run that is resumed sends the same ones.

use jiff::Timestamp;

use crate::state::MemberKey;

/// Seconds of a day.
const DAY: u64 = 86_400;

/// The members that a run refreshes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Refresh {
    /// None.
    #[default]
    Nobody,
    /// Those whose place comes after the first and up to the second, which may be before the first one.
    Between(u64, u64),
    /// All: a whole period has passed.
    Everybody,
}

impl Refresh {
    /// The members to refresh with a run that began at `now`, if the last complete one began at `last`.
    pub(super) fn of(days: Option<u32>, last: Option<Timestamp>, now: Timestamp) -> Self {
        let (Some(days), Some(last)) = (days, last) else {
            return Self::Nobody;
        };
        let period = u64::from(days) * DAY;
        let second = |time: Timestamp| u64::try_from(time.as_second()).unwrap_or(0);
        match second(now).checked_sub(second(last)) {
            None | Some(0) => Self::Nobody,
            Some(passed) if passed >= period => Self::Everybody,
            Some(_) => Self::Between(place(second(last) % period, period), place(second(now) % period, period)),
        }
    }

    /// Whether a member is sent again.
    pub(super) fn is_due(self, member: MemberKey) -> bool {
        let [at, _] = member.halves();
        match self {
            Self::Nobody => false,
            Self::Everybody => true,
            Self::Between(from, to) if from <= to => at > from && at <= to,
            Self::Between(from, to) => at > from || at <= to,
        }
    }
}

/// A second of a period as a place among all hashes.
fn place(second: u64, period: u64) -> u64 {
    let place = u128::from(second) * u128::from(u64::MAX) / u128::from(period);
    u64::try_from(place).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::profile::Identifier;

    fn members() -> Vec<MemberKey> {
        (0..10_000).map(|id: u32| MemberKey::of(Identifier::ExternalId(&id.to_string()))).collect()
    }

    #[test]
    fn each_member_is_sent_once_in_a_period_whenever_the_runs_come() {
        let begin: Timestamp = "2026-11-20T03:04:05Z".parse().unwrap();
        for hours in [vec![24; 10], vec![1, 100, 7, 23, 40, 69], vec![240], vec![200, 40]] {
            assert_eq!(hours.iter().sum::<i64>(), 240);
            let members = members();
            let mut sent = vec![0; members.len()];
            let (mut last, mut largest) = (begin, 0);
            for hours in &hours {
                let now = last + jiff::SignedDuration::from_hours(*hours);
                let refresh = Refresh::of(Some(10), Some(last), now);
                let due = |member: &MemberKey| refresh.is_due(*member);
                members.iter().zip(&mut sent).for_each(|(member, sent)| *sent += u32::from(due(member)));
                largest = largest.max(members.iter().filter(|member| due(member)).count());
                last = now;
            }
            assert!(sent.iter().all(|times| *times == 1), "{hours:?}");
            if hours.len() == 10 {
                assert!((900..1_100).contains(&largest), "a tenth of the members a day, not {largest}");
            }
        }
    }

    #[test]
    fn without_days_or_a_run_before_nobody_is_sent_again() {
        let now: Timestamp = "2026-11-20T03:04:05Z".parse().unwrap();
        for refresh in
            [Refresh::of(None, Some(now), now), Refresh::of(Some(1), None, now), Refresh::of(Some(1), Some(now), now)]
        {
            assert_eq!(refresh, Refresh::Nobody);
        }
        let long_ago = now - jiff::SignedDuration::from_hours(24 * 40);
        assert_eq!(Refresh::of(Some(30), Some(long_ago), now), Refresh::Everybody);
    }
}

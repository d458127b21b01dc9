//! The budget of a clock hour, where the contract has one (page "API limits": hourly counters reset on the clock hour).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const HOUR: u64 = 3_600;

/// How far from the end of the clock hour an announced reset may be to be that of an hour: clocks differ.
const TOLERANCE: Duration = Duration::from_secs(15);

/// A shorter window may end with the hour by chance: one of a minute does in each hour.
const SHORTEST: Duration = Duration::from_mins(2);

/// Counts this process's requests in each clock hour (UTC). Braze's answers say what other processes have used.
#[derive(Debug)]
pub(super) struct HourBudget {
    admitted: u64,
    hour: u64,
    used: u64,
    /// Whether Braze's answers alone say how many requests an hour has.
    is_learned: bool,
}

impl HourBudget {
    pub(super) fn new(admitted: u64) -> Self {
        Self { admitted, hour: 0, used: 0, is_learned: false }
    }

    /// The budget that an answer announces without being asked about one: `None` unless its window ends with the clock hour.
    pub(super) fn learned(left: f64, limit: Option<f64>, reset_in: Duration, now: SystemTime) -> Option<Self> {
        let since_epoch = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let hour = since_epoch.as_secs() / HOUR;
        let end = Duration::from_secs((hour + 1) * HOUR).saturating_sub(since_epoch);
        if reset_in < SHORTEST || end.abs_diff(reset_in) > TOLERANCE {
            return None;
        }
        let mut budget = Self { admitted: 0, hour, used: 0, is_learned: true };
        budget.announced(left, limit, now);
        Some(budget)
    }

    /// How many requests are left in the clock hour.
    pub(super) fn left(&self, now: SystemTime) -> u64 {
        let hour = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / HOUR;
        self.admitted.saturating_sub(if hour == self.hour { self.used } else { 0 })
    }

    /// How long until a request is allowed; `None` is now.
    pub(super) fn wait(&self, now: SystemTime) -> Option<Duration> {
        let since_epoch = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let hour = since_epoch.as_secs() / HOUR;
        (hour == self.hour && self.used >= self.admitted)
            .then(|| Duration::from_secs((hour + 1) * HOUR).saturating_sub(since_epoch))
    }

    /// A request starts.
    pub(super) fn started(&mut self, now: SystemTime) {
        let hour = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / HOUR;
        if hour != self.hour {
            (self.hour, self.used) = (hour, 0);
        }
        self.used += 1;
    }

    /// Braze says that `left` requests of `limit` are left in this hour, those in flight not counted.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a header's whole number, 0 or more")]
    pub(super) fn announced(&mut self, left: f64, limit: Option<f64>, now: SystemTime) {
        let hour = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / HOUR;
        if hour == self.hour {
            let left = left.max(0.0) as u64;
            if self.is_learned {
                self.admitted = limit.map_or(self.admitted, |limit| limit as u64).max(left);
            }
            self.used = self.used.max(self.admitted.saturating_sub(left));
        }
    }
}

//! The budget of a clock hour, where the contract has one (page "API limits": hourly counters reset on the clock hour).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const HOUR: u64 = 3_600;

/// Counts this process's requests in each clock hour (UTC). Braze's answers say what other processes have used.
#[derive(Debug)]
pub(super) struct HourBudget {
    admitted: u64,
    hour: u64,
    used: u64,
}

impl HourBudget {
    pub(super) fn new(admitted: u64) -> Self {
        Self { admitted, hour: 0, used: 0 }
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

    /// Braze says that `remaining` requests are left in this hour.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a header's whole number, 0 or more")]
    pub(super) fn announced(&mut self, remaining: f64, now: SystemTime) {
        let hour = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / HOUR;
        if hour == self.hour {
            self.used = self.used.max(self.admitted.saturating_sub(remaining.max(0.0) as u64));
        }
    }
}

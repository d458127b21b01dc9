//! How many requests are under way at once: as many as the rate brings about while one is answered.

use std::time::Duration;

/// What an answer is thought to take until one has come.
const ASSUMED: Duration = Duration::from_millis(450);

/// The weight of one answer in the average.
const WEIGHT: f64 = 1.0 / 32.0;

/// Answers that take longer than the average must not leave the rate unused,
const SPREAD: f64 = 1.15;

/// and neither must the time between an answer and the next start.
const BETWEEN: Duration = Duration::from_millis(30);

/// Each has its body and its rows in memory. So many suffice for answers that take half a second at Braze's highest
/// published rate of 1,000 requests a second.
pub(in crate::braze) const MOST_IN_FLIGHT: usize = 540;

/// However low the rate, so many may wait for their turn.
const LEAST: usize = 4;

/// How long answers take.
#[derive(Debug, Default)]
pub(super) struct Latency {
    average: Option<f64>,
}

impl Latency {
    /// An answer took `time`.
    pub(super) fn measured(&mut self, time: Duration) {
        let time = time.as_secs_f64();
        let average = self.average.get_or_insert(time);
        *average += (time - *average) * WEIGHT;
    }

    /// How many requests are to be under way when `rate` start in a second.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small positive number")]
    pub(super) fn in_flight_wanted(&self, rate: f64) -> usize {
        let latency = self.average.unwrap_or(ASSUMED.as_secs_f64());
        let wanted = rate * (latency * SPREAD + BETWEEN.as_secs_f64());
        (wanted.ceil() as usize).clamp(LEAST, MOST_IN_FLIGHT)
    }
}

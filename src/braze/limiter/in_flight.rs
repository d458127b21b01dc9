//! How many requests are in flight at once: as many as start, at the given rate, while one is answered.

use std::time::Duration;

/// The assumed latency until the first answer.
const ASSUMED: Duration = Duration::from_millis(450);

/// The weight of one answer in the moving average.
const WEIGHT: f64 = 1.0 / 32.0;

/// Room for answers that take longer than the average.
const SPREAD: f64 = 1.15;

/// The time between an answer and the start of the next request.
const BETWEEN: Duration = Duration::from_millis(30);

/// The limit, since each request keeps its body and its rows in memory. It is enough for answers that take half a second
/// at Braze's highest published rate, 1,000 requests a second.
pub(in crate::braze) const MOST_IN_FLIGHT: usize = 540;

/// The minimum, however low the rate.
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

    /// How many requests should be in flight if `rate` start in a second.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small positive number")]
    pub(super) fn in_flight_wanted(&self, rate: f64) -> usize {
        let latency = self.average.unwrap_or(ASSUMED.as_secs_f64());
        let wanted = rate * (latency * SPREAD + BETWEEN.as_secs_f64());
        (wanted.ceil() as usize).clamp(LEAST, MOST_IN_FLIGHT)
    }
}

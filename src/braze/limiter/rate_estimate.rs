//! The rate: that of the connection, or less while Braze allows less.
//!
//! Braze states its limit in every answer (`X-RateLimit-Limit`). If requests are refused all the same, something else uses
//! part of the limit, and the rate falls by a tenth. If answers don't state the limit, the rate is halved. Either way it
//! grows back in steps.

use std::time::Duration;

use tokio::time::Instant;

use super::pace::WINDOW;

/// How long a lowered rate stays before it grows again.
const HOLD: Duration = Duration::from_secs(20);

/// What refusals leave of the rate where Braze names its limit.
const BESIDE_OTHERS: f64 = 0.9;

/// What refusals leave of the rate where Braze does not name its limit.
const HALVED: f64 = 0.5;

/// What each window adds to a lowered rate, as a share of the configured one.
const GROWTH: f64 = 0.1;

/// The lowest rate, as a share of the configured one.
const LOWEST: f64 = 0.02;

/// Requests a second that Braze is expected to accept.
#[derive(Debug)]
pub(super) struct RateEstimate {
    configured: f64,
    /// The share of it that this process may use.
    share: f64,
    /// What Braze says that it allows.
    announced: Option<f64>,
    /// What is left of the rate after requests were refused.
    lowered: Option<Lowered>,
}

#[derive(Clone, Copy, Debug)]
struct Lowered {
    rate: f64,
    next_step: Instant,
}

impl RateEstimate {
    /// `configured` requests a second.
    pub(super) fn new(configured: f64) -> Self {
        Self { configured, share: 1.0, announced: None, lowered: None }
    }

    /// Requests that Braze is expected to accept each second.
    pub(super) fn rate(&mut self, now: Instant) -> f64 {
        self.grow(now);
        let shared = self.configured.min(self.announced.unwrap_or(f64::INFINITY)) * self.share;
        self.lowered.map_or(shared, |lowered| lowered.rate.min(shared))
    }

    /// Whether requests were refused, so that less than the announced rate is used.
    pub(super) fn is_lowered(&self) -> bool {
        self.lowered.is_some()
    }

    /// This process may use `share` of what is configured and announced.
    pub(super) fn use_share(&mut self, share: f64) {
        self.share = share;
    }

    /// The share that this process may use.
    pub(super) fn share(&self) -> f64 {
        self.share
    }

    /// Braze says that a window of [`WINDOW`] allows `limit` requests. Returns whether that is less than was expected.
    pub(super) fn announce(&mut self, limit: f64, now: Instant) -> bool {
        let before = self.rate(now);
        self.announced = Some((limit / WINDOW.as_secs_f64()).max(self.lowest()));
        self.rate(now) < before * 0.99
    }

    /// The limit was reached, and requests are accepted again now.
    pub(super) fn lower(&mut self, now: Instant) {
        let left = if self.announced.is_some() { BESIDE_OTHERS } else { HALVED };
        let rate = (self.rate(now) * left).max(self.lowest());
        self.lowered = Some(Lowered { rate, next_step: now + HOLD });
    }

    fn lowest(&self) -> f64 {
        (self.configured * LOWEST).max(0.5).min(self.configured)
    }

    fn grow(&mut self, now: Instant) {
        while let Some(lowered) = &mut self.lowered
            && now >= lowered.next_step
        {
            lowered.rate += GROWTH * self.configured;
            lowered.next_step += WINDOW;
            if lowered.rate >= self.configured {
                self.lowered = None;
            }
        }
    }
}

//! What the limiter learns from a Braze that counts in windows of 3 s.

use bytes::Bytes;
use futures::future::BoxFuture;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::braze::transport::{Answer, Lost, Post, Transport};

/// How the simulated Braze tells its limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Telling {
    /// The general page: limit, remaining and reset on every answer.
    Always,
    /// `X-Ratelimit-Retry-After` on 429 alone.
    RetryAfterOnly,
    /// Nothing at all.
    Never,
}

/// A server that admits `limit` requests in each window of 3 s and answers after `latency`.
pub(super) struct SimulatedBraze {
    limit: Mutex<u32>,
    latency: Duration,
    /// The share of the latency by which it varies, and the dice.
    spread: f64,
    random: Mutex<SmallRng>,
    /// How far into its window the server is when the test begins.
    phase: Duration,
    telling: Telling,
    began: Instant,
    pub(super) arrivals: Mutex<Vec<(Instant, bool)>>,
    windows: Mutex<(u64, u32)>,
}

impl SimulatedBraze {
    pub(super) fn new(limit: u32, latency_ms: u64, phase_ms: u64, telling: Telling) -> Arc<Self> {
        Self::with_spread(limit, latency_ms, phase_ms, telling, 0.0)
    }

    /// The same with answers that take up to `spread` of the latency more or less.
    pub(super) fn with_spread(limit: u32, latency_ms: u64, phase_ms: u64, telling: Telling, spread: f64) -> Arc<Self> {
        Arc::new(Self {
            limit: Mutex::new(limit),
            latency: Duration::from_millis(latency_ms),
            spread,
            random: Mutex::new(SmallRng::seed_from_u64(latency_ms + phase_ms)),
            phase: Duration::from_millis(phase_ms),
            telling,
            began: Instant::now(),
            arrivals: Mutex::default(),
            windows: Mutex::default(),
        })
    }

    pub(super) fn set_limit(&self, limit: u32) {
        *self.limit.lock().unwrap() = limit;
    }

    /// The way to Braze or back.
    fn half(&self) -> Duration {
        let chance: f64 = self.random.lock().unwrap().random();
        (self.latency / 2).mul_f64(1.0 + self.spread * (2.0 * chance - 1.0))
    }

    async fn request(&self) -> (bool, RateHeaders) {
        sleep(self.half()).await;
        let answer = {
            let age = self.began.elapsed() + self.phase;
            let window = age.as_secs() / 3;
            let mut windows = self.windows.lock().unwrap();
            if windows.0 != window {
                *windows = (window, 0);
            }
            let limit = *self.limit.lock().unwrap();
            let admitted = windows.1 < limit;
            windows.1 += u32::from(admitted);
            self.arrivals.lock().unwrap().push((Instant::now(), admitted));
            // Whole seconds, rounded up, as headers have them.
            let reset = Duration::from_secs((window + 1) * 3 - age.as_secs());
            (admitted, self.headers(admitted, limit, limit - windows.1.min(limit), reset))
        };
        sleep(self.half()).await;
        answer
    }

    fn headers(&self, admitted: bool, limit: u32, remaining: u32, reset: Duration) -> RateHeaders {
        let mut headers = RateHeaders::default();
        if self.telling == Telling::Always {
            headers.limit = Some(f64::from(limit));
            headers.remaining = Some(f64::from(remaining));
            headers.reset_in = Some(reset);
        }
        if !admitted && self.telling != Telling::Never {
            headers.wait = Some(reset);
        }
        headers
    }

    pub(super) fn refused(&self) -> usize {
        self.arrivals.lock().unwrap().iter().filter(|(_, admitted)| !admitted).count()
    }

    pub(super) fn admitted(&self) -> usize {
        self.arrivals.lock().unwrap().iter().filter(|(_, admitted)| *admitted).count()
    }

    /// Admitted requests from `from` to `to` seconds after the beginning, each second.
    fn rate(&self, from: u64, to: u64) -> f64 {
        let (from_at, to_at) = (self.began + Duration::from_secs(from), self.began + Duration::from_secs(to));
        let arrivals = self.arrivals.lock().unwrap();
        let count = arrivals.iter().filter(|(at, admitted)| *admitted && *at >= from_at && *at < to_at).count();
        count as f64 / (to - from) as f64
    }

    /// Keeps `in_flight` requests going for `time`.
    pub(super) async fn load(self: &Arc<Self>, limiter: &Arc<Limiter>, in_flight: usize, time: Duration) {
        let end = Instant::now() + time;
        let workers = (0..in_flight).map(|_| {
            let (braze, limiter) = (Arc::clone(self), Arc::clone(limiter));
            tokio::spawn(async move {
                while let Ok(start) = limiter.start(end).await {
                    let (admitted, headers) = braze.request().await;
                    if admitted {
                        start.answered(&headers);
                    } else {
                        sleep(start.refused(&headers)).await;
                    }
                }
            })
        });
        for worker in workers.collect::<Vec<_>>() {
            worker.await.unwrap();
        }
        sleep_until(end).await;
    }
}

/// The way to it for a client.
pub(super) struct Way(pub(super) Arc<SimulatedBraze>);

impl Transport for Way {
    fn post(&self, _post: Post) -> BoxFuture<'_, Result<Answer, Lost>> {
        Box::pin(async {
            let (admitted, rate) = self.0.request().await;
            let taken = (201, r#"{"message":"success","attributes_processed":1}"#);
            let (status, body) = if admitted { taken } else { (429, "") };
            Ok(Answer { status, rate, html: false, body: Bytes::from_static(body.as_bytes()) })
        })
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_refused_when_the_limit_is_as_configured() {
    for (telling, phase) in [(Telling::Always, 0), (Telling::Always, 1700), (Telling::Never, 0), (Telling::Never, 2900)]
    {
        let braze = SimulatedBraze::new(3000, 150, phase, telling);
        braze.load(&limiter(1000, None), 300, Duration::from_secs(30)).await;
        assert_eq!(braze.refused(), 0, "{telling:?}");
        assert!(braze.admitted() >= 29_550, "{telling:?}: {}", braze.admitted());
    }
}

/// Braze admits half of what is configured, from the start or from the middle of a delivery on.
#[tokio::test(start_paused = true)]
async fn a_lower_limit_is_found_with_few_refusals() {
    for telling in [Telling::Always, Telling::RetryAfterOnly, Telling::Never] {
        for (latency, in_flight) in [(50, 150), (150, 300)] {
            for phase in [0, 400, 1000, 2000, 2800] {
                for halved_after in [0, 20] {
                    let braze = SimulatedBraze::new(3000, latency, phase, telling);
                    let limiter = limiter(1000, None);
                    if halved_after > 0 {
                        braze.load(&limiter, in_flight, Duration::from_secs(halved_after)).await;
                    }
                    braze.set_limit(1500);
                    braze.load(&limiter, in_flight, Duration::from_mins(1)).await;
                    let used = braze.rate(halved_after, halved_after + 60) / 500.0;
                    let refused = braze.refused() as f64 / (braze.refused() + braze.admitted()) as f64;
                    // Where no answer names the limit, the rate is halved and grows back, again and again.
                    let (least_used, most_refused) =
                        if telling == Telling::Always { (0.9, 0.005) } else { (0.65, 0.03) };
                    assert!(
                        used >= least_used && refused <= most_refused,
                        "{telling:?}, {latency} ms, phase {phase}, after {halved_after} s: used {used:.3}, \
                         refused {refused:.4}"
                    );
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_rate_comes_back_when_the_limit_does() {
    for telling in [Telling::Always, Telling::RetryAfterOnly, Telling::Never] {
        let braze = SimulatedBraze::new(1500, 100, 0, telling);
        let limiter = limiter(1000, None);
        braze.load(&limiter, 300, Duration::from_secs(10)).await;
        braze.set_limit(3000);
        braze.load(&limiter, 300, Duration::from_secs(47)).await;
        assert!(braze.rate(6, 9) < 510.0, "{telling:?}: {}", braze.rate(6, 9));
        let (from, to) = if telling == Telling::Always { (12, 15) } else { (45, 57) };
        assert!(braze.rate(from, to) > 985.0, "{telling:?}: {}", braze.rate(from, to));
    }
}

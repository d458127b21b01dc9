//! The limiter on paused time, by itself and against a simulated Braze.

#![allow(clippy::unwrap_used, clippy::cast_precision_loss)]

use std::num::{NonZeroU32, NonZeroU64};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::{Instant, advance, sleep, sleep_until};

use super::{Limiter, NoStart};
use crate::braze::rate_headers::RateHeaders;
use crate::braze::wall_clock::WallClock;

const FAR: Duration = Duration::from_secs(100_000);

/// 2026-11-23T12:59:50Z: ten seconds before a clock hour ends.
const BEFORE_THE_HOUR: Duration = Duration::from_secs(1_795_438_790);

fn limiter(per_second: u32, per_hour: Option<u64>) -> Arc<Limiter> {
    let clock = WallClock::Virtual { origin: UNIX_EPOCH + BEFORE_THE_HOUR, started: Instant::now() };
    let per_second = NonZeroU32::new(per_second).unwrap();
    Arc::new(Limiter::new(per_second, per_hour.map(|budget| NonZeroU64::new(budget).unwrap()), clock, 7))
}

/// How the simulated Braze tells its limit.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Telling {
    /// The general page: limit, remaining and reset on every answer.
    Always,
    /// `X-Ratelimit-Retry-After` on 429 alone.
    RetryAfterOnly,
    /// Nothing at all.
    Never,
}

/// A server that admits `limit` requests in each window of 3 s and answers after `latency`.
struct SimulatedBraze {
    limit: Mutex<u32>,
    latency: Duration,
    /// How far into its window the server is when the test begins.
    phase: Duration,
    telling: Telling,
    began: Instant,
    arrivals: Mutex<Vec<(Instant, bool)>>,
    windows: Mutex<(u64, u32)>,
}

impl SimulatedBraze {
    fn new(limit: u32, latency_ms: u64, phase_ms: u64, telling: Telling) -> Arc<Self> {
        Arc::new(Self {
            limit: Mutex::new(limit),
            latency: Duration::from_millis(latency_ms),
            phase: Duration::from_millis(phase_ms),
            telling,
            began: Instant::now(),
            arrivals: Mutex::default(),
            windows: Mutex::default(),
        })
    }

    async fn request(&self) -> (bool, RateHeaders) {
        sleep(self.latency / 2).await;
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
            let reset = Duration::from_secs((Duration::from_secs((window + 1) * 3) - age).as_secs_f64().ceil() as u64);
            (admitted, self.headers(admitted, limit, limit - windows.1.min(limit), reset))
        };
        sleep(self.latency / 2).await;
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

    fn refused(&self) -> usize {
        self.arrivals.lock().unwrap().iter().filter(|(_, admitted)| !admitted).count()
    }

    fn admitted(&self) -> usize {
        self.arrivals.lock().unwrap().len() - self.refused()
    }

    /// Admitted requests from `from` to `to` seconds after the beginning, each second.
    fn rate(&self, from: u64, to: u64) -> f64 {
        let (from_at, to_at) = (self.began + Duration::from_secs(from), self.began + Duration::from_secs(to));
        let arrivals = self.arrivals.lock().unwrap();
        let count = arrivals.iter().filter(|(at, admitted)| *admitted && *at >= from_at && *at < to_at).count();
        count as f64 / (to - from) as f64
    }

    /// Keeps `in_flight` requests going for `time`.
    async fn load(self: &Arc<Self>, limiter: &Arc<Limiter>, in_flight: usize, time: Duration) {
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

/// The most starts in any 3 s, both ends included, wherever they begin.
fn busiest_window(starts: &[Instant]) -> usize {
    let mut first = 0;
    let mut most = 0;
    for (last, at) in starts.iter().enumerate() {
        while *at - starts[first] > Duration::from_secs(3) {
            first += 1;
        }
        most = most.max(last - first + 1);
    }
    most
}

async fn starts_while_saturated(per_second: u32, seconds: u64) -> Vec<Instant> {
    let braze = SimulatedBraze::new(u32::MAX, 150, 0, Telling::Never);
    let in_flight = (per_second / 4).clamp(2, 300) as usize;
    braze.load(&limiter(per_second, None), in_flight, Duration::from_secs(seconds)).await;
    braze.arrivals.lock().unwrap().iter().map(|(at, _)| *at).collect()
}

#[tokio::test(start_paused = true)]
async fn the_rate_is_used_and_no_three_seconds_hold_more_than_the_limit() {
    for (per_second, seconds) in [(1, 300), (2, 300), (7, 120), (50, 60), (333, 60), (1000, 60), (2500, 30)] {
        let starts = starts_while_saturated(per_second, seconds).await;
        let busiest = busiest_window(&starts);
        assert!(busiest <= 3 * per_second as usize, "{per_second} a second: {busiest} in 3 s");
        let share = starts.len() as f64 / f64::from(per_second) / seconds as f64;
        assert!((0.985..=1.0).contains(&share), "{per_second} a second: share {share}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rest_earns_only_a_small_burst() {
    let limiter = limiter(1000, None);
    sleep(Duration::from_secs(60)).await;
    let mut starts = Vec::new();
    while starts.first().is_none_or(|first: &Instant| first.elapsed() < Duration::from_secs(9)) {
        limiter.start(Instant::now() + FAR).await.unwrap().answered(&RateHeaders::default());
        starts.push(Instant::now());
    }
    let at_once = starts.iter().take_while(|at| **at == starts[0]).count();
    assert!((2..=20).contains(&at_once), "{at_once}");
    assert!(busiest_window(&starts) <= 3000);
}

#[tokio::test(start_paused = true)]
async fn a_slow_clock_loses_no_rate() {
    // The processor is given to this task every 15 ms only, fifteen intervals between requests.
    let limiter = limiter(1000, None);
    let starts = Arc::new(Mutex::new(Vec::new()));
    let end = Instant::now() + Duration::from_secs(15);
    for _ in 0..100 {
        let (limiter, starts) = (Arc::clone(&limiter), Arc::clone(&starts));
        tokio::spawn(async move {
            while let Ok(start) = limiter.start(end).await {
                starts.lock().unwrap().push(Instant::now());
                start.answered(&RateHeaders::default());
            }
        });
    }
    while Instant::now() < end {
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
        advance(Duration::from_millis(15)).await;
    }
    let starts = starts.lock().unwrap();
    assert!(busiest_window(&starts) <= 3000);
    assert!(starts.len() as f64 / 15_000.0 >= 0.985, "{}", starts.len());
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
    let mut table = Vec::new();
    for telling in [Telling::Always, Telling::RetryAfterOnly, Telling::Never] {
        for (latency, in_flight) in [(50, 150), (150, 300)] {
            for phase in [0, 400, 1000, 2000, 2800] {
                for halved_after in [0, 20] {
                    let braze = SimulatedBraze::new(3000, latency, phase, telling);
                    let limiter = limiter(1000, None);
                    if halved_after > 0 {
                        braze.load(&limiter, in_flight, Duration::from_secs(halved_after)).await;
                    }
                    *braze.limit.lock().unwrap() = 1500;
                    braze.load(&limiter, in_flight, Duration::from_secs(60)).await;
                    let used = braze.rate(halved_after, halved_after + 60) / 500.0;
                    let refused = braze.refused() as f64 / (braze.refused() + braze.admitted()) as f64;
                    table.push((telling, latency, phase, halved_after, used, refused));
                }
            }
        }
    }
    for (telling, latency, phase, after, used, refused) in &table {
        eprintln!("{telling:?} {latency} ms, phase {phase}, after {after}: used {used:.3}, refused {refused:.4}");
    }
    for (telling, latency, phase, after, used, refused) in table {
        let case =
            format!("{telling:?} {latency} ms, phase {phase}, after {after}: used {used:.3}, refused {refused:.4}");
        assert!(used >= 0.9, "{case}");
        let most = if telling == Telling::Always { 0.005 } else { 0.012 };
        assert!(refused <= most, "{case}");
    }
}

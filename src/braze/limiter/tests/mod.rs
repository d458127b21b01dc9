//! The limiter on paused time, by itself and against a simulated Braze.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::cast_precision_loss)]

mod adaptation;
mod stray_refusals;
mod whole_delivery;

use std::num::{NonZeroU32, NonZeroU64};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use tokio::time::{Instant, advance, sleep, sleep_until};

use self::adaptation::{SimulatedBraze, Telling};
use super::{Limiter, NoStart};
use crate::braze::rate_headers::RateHeaders;
use crate::clock::WallClock;

const FAR: Duration = Duration::from_secs(100_000);

/// 2026-11-23T12:59:50Z: ten seconds before a clock hour ends.
const BEFORE_THE_HOUR: Duration = Duration::from_secs(1_795_438_790);

fn limiter(per_second: u32, per_hour: Option<u64>) -> Arc<Limiter> {
    let clock = WallClock::Virtual { origin: UNIX_EPOCH + BEFORE_THE_HOUR, started: Instant::now() };
    let per_second = NonZeroU32::new(per_second).unwrap();
    Arc::new(Limiter::new(per_second, per_hour.map(|budget| NonZeroU64::new(budget).unwrap()), clock, 7))
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
    let in_flight = (per_second * 2 / 5).clamp(2, 2000) as usize;
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
    let announced = RateHeaders { limit: Some(3000.0), ..RateHeaders::default() };
    // Where Braze tells nothing, a window begins with half as much again.
    for (announced, most_at_once) in [(announced, 20), (RateHeaders::default(), 30)] {
        let limiter = limiter(1000, None);
        start_now(&limiter).await.answered(&announced);
        sleep(Duration::from_mins(1)).await;
        let mut starts = Vec::new();
        while starts.first().is_none_or(|first: &Instant| first.elapsed() < Duration::from_secs(9)) {
            limiter.start(Instant::now() + FAR).await.unwrap().answered(&announced);
            starts.push(Instant::now());
        }
        let at_once = starts.iter().take_while(|at| **at == starts[0]).count();
        assert!((2..=most_at_once).contains(&at_once), "{at_once}");
        assert!(busiest_window(&starts) <= 3000);
    }
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

/// Starts one request, which must be possible now.
async fn start_now(limiter: &Limiter) -> super::Start<'_> {
    let before = Instant::now();
    let start = limiter.start(before + FAR).await.unwrap();
    assert!(before.elapsed() <= Duration::from_millis(8));
    start
}

fn wait(seconds: u64) -> RateHeaders {
    RateHeaders { wait: Some(Duration::from_secs(seconds)), ..RateHeaders::default() }
}

#[tokio::test(start_paused = true)]
async fn after_a_refusal_all_wait_and_then_one_goes_first() {
    let limiter = limiter(1000, None);
    let refused_at = Instant::now();
    assert_eq!(start_now(&limiter).await.refused(&wait(5)), Duration::from_secs(5));
    let (first_in, second_in) = {
        let second = {
            let limiter = Arc::clone(&limiter);
            async move {
                sleep(Duration::from_millis(1)).await;
                drop(limiter.start(Instant::now() + FAR).await.unwrap());
                refused_at.elapsed()
            }
        };
        let second = tokio::spawn(second);
        let first = limiter.start(Instant::now() + FAR).await.unwrap();
        let first_in = refused_at.elapsed();
        sleep(Duration::from_millis(400)).await;
        first.answered(&RateHeaders::default());
        (first_in, second.await.unwrap())
    };
    assert!((5000..=5002).contains(&first_in.as_millis()), "{first_in:?}");
    assert!((5400..=5403).contains(&second_in.as_millis()), "{second_in:?}");
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_did_not_suffice_costs_one_request_each_time() {
    // The announced wait is always 0: nothing but the backoff keeps requests back.
    let limiter = limiter(1000, None);
    let began = Instant::now();
    let mut sent = 0;
    while began.elapsed() < Duration::from_mins(1) {
        let start = limiter.start(Instant::now() + FAR).await.unwrap();
        sleep(Duration::from_millis(100)).await;
        start.refused(&wait(0));
        sent += 1;
    }
    assert!((5..=25).contains(&sent), "{sent}");
}

#[tokio::test(start_paused = true)]
async fn a_stray_refusal_among_successes_is_its_own_affair() {
    let limiter = limiter(1000, None);
    let stray = start_now(&limiter).await;
    let later = start_now(&limiter).await;
    assert_eq!(stray.refused(&wait(30)), Duration::from_secs(30));
    later.answered(&RateHeaders::default());
    start_now(&limiter).await.answered(&RateHeaders::default());

    // One that comes back after later ones succeeded does not even close the gate.
    let stray = start_now(&limiter).await;
    start_now(&limiter).await.answered(&RateHeaders::default());
    stray.refused(&wait(30));
    start_now(&limiter).await.answered(&RateHeaders::default());
}

#[tokio::test(start_paused = true)]
async fn scattered_refusals_do_not_slow_the_rest() {
    let limiter = limiter(1000, None);
    let end = Instant::now() + Duration::from_secs(30);
    let accepted = Arc::new(Mutex::new(0_u32));
    let workers: Vec<_> = (0..300_u32)
        .map(|worker| {
            let (limiter, accepted) = (Arc::clone(&limiter), Arc::clone(&accepted));
            tokio::spawn(async move {
                let mut number = worker;
                while let Ok(start) = limiter.start(end).await {
                    sleep(Duration::from_millis(100)).await;
                    number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    if number >> 16 < 65_536 / 20 {
                        sleep(start.refused(&wait(1))).await;
                    } else {
                        start.answered(&RateHeaders::default());
                        *accepted.lock().unwrap() += 1;
                    }
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    let accepted = *accepted.lock().unwrap();
    assert!(accepted >= 26_000, "{accepted}");
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_deadline_ends_at_once() {
    let limiter = limiter(10, None);
    start_now(&limiter).await.refused(&wait(3600));
    let began = Instant::now();
    assert_eq!(limiter.start(began + Duration::from_mins(1)).await.unwrap_err(), NoStart::OutOfTime);
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(limiter.start(began).await.unwrap_err(), NoStart::OutOfTime);
}

#[tokio::test(start_paused = true)]
async fn those_who_queue_behind_a_long_wait_give_up_at_once_too() {
    let limiter = limiter(1, None);
    let first = limiter.start(Instant::now() + FAR).await.unwrap();
    let queued: Vec<_> = (0..50)
        .map(|_| {
            let limiter = Arc::clone(&limiter);
            tokio::spawn(async move { limiter.start(Instant::now() + Duration::from_mins(10)).await.map(drop) })
        })
        .collect();
    sleep(Duration::from_millis(10)).await;
    first.refused(&wait(1800));
    let began = Instant::now();
    for queued in queued {
        assert_eq!(queued.await.unwrap(), Err(NoStart::OutOfTime));
    }
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn the_hourly_budget_is_counted_by_clock_hours() {
    let limiter = limiter(100, Some(500));
    let began = Instant::now();
    let mut starts = Vec::new();
    for _ in 0..1200 {
        limiter.start(Instant::now() + FAR).await.unwrap().answered(&RateHeaders::default());
        starts.push(began.elapsed());
    }
    // The clock hour ends after 10 s; the budgets after that begin with the hour, not an hour after the first request.
    let in_hour = |from: u64, to: u64| {
        starts.iter().filter(|at| (from..to).contains(&u64::try_from(at.as_millis()).unwrap())).count()
    };
    assert_eq!([in_hour(0, 10_000), in_hour(10_000, 3_610_000), in_hour(3_610_000, 7_210_000)], [500, 500, 200]);
    assert_eq!(in_hour(10_000, 16_000), 500);

    // Others use the budget as well, as Braze tells: of 300 that are left here, 40 are left indeed.
    let announced = RateHeaders {
        limit: Some(500.0),
        remaining: Some(40.0),
        reset_in: Some(Duration::from_mins(50)),
        ..RateHeaders::default()
    };
    limiter.start(Instant::now() + FAR).await.unwrap().answered(&announced);
    for _ in 0..40 {
        limiter.start(Instant::now() + Duration::from_secs(1)).await.unwrap().answered(&RateHeaders::default());
    }
    assert_eq!(limiter.start(Instant::now() + Duration::from_mins(1)).await.err(), Some(NoStart::OutOfTime));
    sleep(Duration::from_hours(1)).await;

    let late = limiter.start(Instant::now() + Duration::from_mins(1)).await;
    assert!(late.is_ok(), "there is budget left in this hour");
}

#[tokio::test(start_paused = true)]
async fn an_hourly_limit_in_the_headers_sets_no_pace() {
    let limiter = limiter(1000, None);
    let hourly = RateHeaders {
        limit: Some(250.0),
        remaining: Some(100.0),
        reset_in: Some(Duration::from_mins(30)),
        ..RateHeaders::default()
    };
    let began = Instant::now();
    for _ in 0..2000 {
        limiter.start(Instant::now() + FAR).await.unwrap().answered(&hourly);
    }
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn an_hourly_budget_is_learned_from_a_window_that_ends_with_the_clock_hour() {
    let limiter = limiter(1000, None);
    // The first window is too short: one of a minute may end with the hour as well.
    let announced = |remaining: f64, reset: u64| RateHeaders {
        limit: Some(500.0),
        remaining: Some(remaining),
        reset_in: Some(Duration::from_secs(reset)),
        ..RateHeaders::default()
    };
    let starts = async |within: u64| limiter.start(Instant::now() + Duration::from_secs(within)).await;
    starts(1).await.unwrap().answered(&announced(0.0, 10));
    assert_eq!(limiter.left_in_hour(), None);
    sleep(Duration::from_secs(11)).await;
    starts(1).await.unwrap().answered(&announced(20.0, 3_595));
    assert_eq!(limiter.left_in_hour(), Some(20));
    for left in (0..20).rev() {
        starts(1).await.unwrap().answered(&RateHeaders::default());
        assert_eq!(limiter.left_in_hour(), Some(left));
    }
    assert_eq!(starts(60).await.err(), Some(NoStart::OutOfTime));
    sleep(Duration::from_hours(1)).await;
    assert_eq!(limiter.left_in_hour(), Some(500));
    starts(1).await.unwrap().answered(&announced(499.0, 3_590));
    assert_eq!(limiter.left_in_hour(), Some(499));
}

#[tokio::test(start_paused = true)]
async fn many_failures_let_only_one_request_at_a_time_try_and_end_as_an_outage() {
    let limiter = limiter(1000, None);
    let began = Instant::now();
    let sent = Arc::new(Mutex::new(0));
    let workers: Vec<_> = (0..100)
        .map(|_| {
            let (limiter, sent) = (Arc::clone(&limiter), Arc::clone(&sent));
            tokio::spawn(async move {
                loop {
                    match limiter.start(began + FAR).await {
                        Ok(start) => {
                            *sent.lock().unwrap() += 1;
                            sleep(Duration::from_millis(100)).await;
                            start.failed();
                        }
                        Err(no) => return no,
                    }
                }
            })
        })
        .collect();
    for worker in workers {
        let NoStart::Outage { failures, lasted } = worker.await.unwrap() else { panic!("not an outage") };
        assert!(failures >= 10 && lasted >= Duration::from_secs(20), "{failures} {lasted:?}");
    }
    assert!(began.elapsed() < Duration::from_mins(1), "{:?}", began.elapsed());
    assert!(*sent.lock().unwrap() <= 130, "{}", sent.lock().unwrap());

    // Soon after, one may try again, and its success opens the way for all.
    sleep(Duration::from_secs(10)).await;
    start_now(&limiter).await.answered(&RateHeaders::default());
    start_now(&limiter).await.answered(&RateHeaders::default());
}

#[tokio::test(start_paused = true)]
async fn failures_among_successes_are_no_outage() {
    let limiter = limiter(1000, None);
    for number in 0..5_000 {
        let start = limiter.start(Instant::now() + FAR).await.unwrap();
        if number % 3 == 0 {
            start.answered(&RateHeaders::default());
        } else {
            start.failed();
        }
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_starts_before_the_share_is_known_and_then_no_more_than_the_share() {
    let began = Instant::now();
    let braze = SimulatedBraze::new(3000, 150, 0, Telling::Always);
    let limiter = limiter(1000, None);
    limiter.hold_for_share();
    let finding_out = {
        let limiter = Arc::clone(&limiter);
        async move {
            limiter.share_wanted().await;
            sleep(Duration::from_secs(2)).await;
            limiter.share_rate(0.25);
        }
    };
    let finding_out = tokio::spawn(finding_out);
    braze.load(&limiter, 300, Duration::from_secs(32)).await;
    finding_out.await.unwrap();
    let first = braze.arrivals.lock().unwrap()[0].0 - began;
    assert!(first >= Duration::from_millis(2_075), "{first:?}");
    assert!((7_300..=7_500).contains(&braze.admitted()), "{}", braze.admitted());

    limiter.share_rate(1.0);
    let before = braze.admitted();
    braze.load(&limiter, 300, Duration::from_secs(30)).await;
    assert!((29_300..=30_000).contains(&(braze.admitted() - before)), "{}", braze.admitted() - before);

    limiter.hold_for_share();
    let never = limiter.start(Instant::now() + Duration::from_secs(5)).await;
    assert_eq!(never.err(), Some(NoStart::OutOfTime));
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_does_not_block_the_others() {
    let limiter = limiter(1000, None);
    start_now(&limiter).await.refused(&wait(2));
    // The one that goes first after the wait is dropped without an answer, again and again.
    for _ in 0..3 {
        drop(limiter.start(Instant::now() + FAR).await.unwrap());
    }
    // One that is dropped while it waits in the queue leaves its place.
    let queued = tokio::spawn({
        let limiter = Arc::clone(&limiter);
        async move { limiter.start(Instant::now() + FAR).await.map(drop) }
    });
    tokio::task::yield_now().await;
    queued.abort();
    let began = Instant::now();
    limiter.start(Instant::now() + FAR).await.unwrap().answered(&RateHeaders::default());
    assert!(began.elapsed() < Duration::from_millis(5));
}

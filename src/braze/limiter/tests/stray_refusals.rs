//! 429s that no limit is behind, at every rate.

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures::future::BoxFuture;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use super::adaptation::Way;
use super::whole_delivery::{client_through, deliver};
use super::*;
use crate::braze::transport::{Answer, Lost, Post, Transport};

/// A Braze of whose answers 5 % are 5xx, 5 % are 429 whatever the limit, and 2 % are lost after the request was applied.
struct Troubled {
    way: Way,
    random: Mutex<SmallRng>,
    lost: Arc<AtomicUsize>,
}

impl Transport for Troubled {
    fn post(&self, post: Post) -> BoxFuture<'_, Result<Answer, Lost>> {
        Box::pin(async {
            let answer = self.way.post(post).await?;
            let (luck, form): (f64, u32) = {
                let mut random = self.random.lock().unwrap();
                (random.random(), random.random_range(0..3))
            };
            let second = Some(Duration::from_secs(1));
            let announced = RateHeaders { wait: second, ..RateHeaders::default() };
            let rate = match form {
                0 => RateHeaders::default(),
                1 => announced,
                _ => RateHeaders { limit: Some(3000.0), remaining: Some(0.0), reset_in: second, ..announced },
            };
            let empty = |status, rate| Answer { status, rate, html: false, body: Bytes::new() };
            match luck {
                luck if luck < 0.05 => Ok(empty(502, RateHeaders::default())),
                luck if luck < 0.10 => Ok(empty(429, rate)),
                luck if luck < 0.12 => {
                    self.lost.fetch_add(1, Ordering::Relaxed);
                    Err(Lost::Broken)
                }
                _ => Ok(answer),
            }
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_troubled_delivery_takes_little_longer_at_every_rate() {
    for (per_second, seconds) in [(1000_u32, 20), (250, 60), (100, 60), (20, 60), (2, 1200)] {
        for (seed, telling) in [(1, Telling::Always), (2, Telling::Never), (3, Telling::RetryAfterOnly)] {
            let requests = (per_second * seconds) as usize;
            let braze = SimulatedBraze::with_spread(3 * per_second, 80, 700, telling, 0.5);
            let lost = Arc::default();
            let random = Mutex::new(SmallRng::seed_from_u64(seed));
            let troubled = Troubled { way: Way(Arc::clone(&braze)), random, lost: Arc::clone(&lost) };
            let time = deliver(&client_through(troubled, per_second), requests).await;
            // What fails or is refused is sent again, 1 / 0.88 times the requests in all.
            let ratio = time.as_secs_f64() / f64::from(seconds);
            let twice = lost.load(Ordering::Relaxed) as f64 / requests as f64;
            let figures = format!(
                "{per_second} a second, {telling:?}, seed {seed}: {ratio:.2} times {seconds} s, {:.1} % sent twice",
                100.0 * twice
            );
            println!("{figures}");
            assert!((1.1..=1.3).contains(&ratio) && (0.01..=0.03).contains(&twice), "{figures}");
            assert_eq!(braze.refused(), 0, "{figures}: no limit was met");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn it_takes_three_refusals_in_a_row_once_requests_were_accepted() {
    let limiter = limiter(1000, None);
    start_now(&limiter).await.answered(&RateHeaders::default());
    for _ in 0..2 {
        assert_eq!(start_now(&limiter).await.refused(&wait(5)), Duration::from_secs(5));
    }
    let third = start_now(&limiter).await;
    let refused_at = Instant::now();
    third.refused(&wait(5));
    let _first = limiter.start(refused_at + FAR).await.unwrap();
    assert!(refused_at.elapsed() >= Duration::from_secs(5), "{:?}", refused_at.elapsed());
}

/// Two of three are refused, never three in a row.
#[tokio::test(start_paused = true)]
async fn many_refusals_close_the_way_also_if_no_three_are_in_a_row() {
    let limiter = limiter(1000, None);
    let began = Instant::now();
    for number in 0..30 {
        let start = limiter.start(began + FAR).await.unwrap();
        if number % 3 == 0 {
            start.answered(&RateHeaders::default());
        } else {
            start.refused(&wait(5));
        }
    }
    assert!(began.elapsed() >= Duration::from_secs(5), "{:?}", began.elapsed());
}

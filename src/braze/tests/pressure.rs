//! Many requests at once, with faults drawn from a seed: every object has a known fate and Braze holds what it says.

use std::collections::BTreeSet;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use super::*;

/// Requests under 5 % 5xx, 5 % 429, 2 % lost after they were applied, and `garbled` HTML and as much cut off.
fn troubled(seed: u64, garbled: f64, applied: Arc<Mutex<BTreeSet<String>>>) -> ScriptedBraze {
    let random = Mutex::new(SmallRng::seed_from_u64(seed));
    ScriptedBraze::new(move |_, body| {
        let chance: f64 = random.lock().unwrap().random();
        if chance < 0.05 {
            return Ok(answer(500, &[], ""));
        }
        if chance < 0.10 {
            return Ok(answer(429, &[("x-ratelimit-retry-after", "1")], ""));
        }
        applied.lock().unwrap().extend(ids(body));
        match chance {
            chance if chance < 0.12 => Err(Lost::Broken),
            chance if chance < 0.12 + garbled => Ok(answer(200, &[], "<html></html>")),
            chance if chance < 0.12 + 2.0 * garbled => Ok(answer(201, &[], r#"{"message":"#)),
            _ => Ok(success(body)),
        }
    })
}

async fn deliver(braze: &ScriptedBraze, requests: usize) -> (Duration, u64) {
    let client = braze.client();
    let began = Instant::now();
    let next = Arc::new(Mutex::new(0..requests));
    let workers: Vec<_> = (0..300)
        .map(|_| {
            let (client, next) = (client.clone(), Arc::clone(&next));
            tokio::spawn(async move {
                let mut sent = 0;
                loop {
                    let Some(number) = next.lock().unwrap().next() else { return sent };
                    let mut request = TrackRequest::default();
                    for object in 0..3 {
                        request.push(json!({ "external_id": format!("{number}-{object}") }).to_string().as_bytes());
                    }
                    let outcome = client.track(&request, &key(), minutes(10)).await;
                    assert!(all(&ObjectResult::Accepted, &outcome.objects), "{outcome:?}");
                    sent += outcome.requests.sent;
                }
            })
        })
        .collect();
    let mut sent = 0;
    for worker in workers {
        sent += worker.await.unwrap();
    }
    (began.elapsed(), sent)
}

#[tokio::test(start_paused = true)]
async fn a_troubled_delivery_loses_nothing_and_takes_little_longer() {
    const REQUESTS: usize = 20_000;
    let clean = ScriptedBraze::new(|_, body| Ok(success(body)));
    let (clean_time, _) = deliver(&clean, REQUESTS).await;
    for (seed, garbled, longest) in [(1, 0.0, 1.3), (2, 0.0, 1.3), (4, 0.05, 2.0)] {
        let applied = Arc::default();
        let braze = troubled(seed, garbled, Arc::clone(&applied));
        let (time, sent) = deliver(&braze, REQUESTS).await;
        assert_eq!(applied.lock().unwrap().len(), 3 * REQUESTS);
        assert_eq!(sent, braze.bodies().len() as u64);
        let ratio = time.as_secs_f64() / clean_time.as_secs_f64();
        assert!(ratio <= longest, "seed {seed}: {ratio:.2} times as long");
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_waits_the_same() {
    let times = |seed| async move {
        let braze =
            ScriptedBraze::new(|number, body| Ok(if number < 6 { answer(500, &[], "") } else { success(body) }));
        let connection = connection("http", "127.0.0.1:1");
        let client = BrazeClient::through(&connection, Box::new(braze.clone()), WallClock::System, seed);
        client.track(&people(1), &key(), minutes(10)).await;
        braze.times()
    };
    assert_eq!(times(5).await, times(5).await);
    assert_ne!(times(5).await, times(6).await);
}

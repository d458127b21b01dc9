//! Whole deliveries through a client, on paused time: from the first request to the last answer, so that what is lost at
//! the beginning and at the end counts as well.

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde_json::json;

use super::adaptation::Way;
use super::*;
use crate::braze::tests::connection;
use crate::braze::{ApiKey, BrazeClient, TrackRequest};

/// A million profiles, 75 in a request.
const A_MILLION: usize = 13_334;

fn client(braze: &Arc<SimulatedBraze>) -> BrazeClient {
    let connection = connection("http", "127.0.0.1:1");
    BrazeClient::through(&connection, Box::new(Way(Arc::clone(braze))), WallClock::System, 5)
}

/// Sends `requests`, as many under way as the client advises, and gives how long that took.
async fn deliver(client: &BrazeClient, requests: usize) -> Duration {
    let (began, deadline) = (Instant::now(), Instant::now() + FAR);
    let key = ApiKey::new("key".to_owned());
    let mut request = TrackRequest::default();
    request.push(json!({ "external_id": "LID-1" }).to_string().as_bytes());
    let (mut under_way, mut left) = (FuturesUnordered::new(), requests);
    loop {
        while left > 0 && under_way.len() < client.in_flight_wanted() {
            under_way.push(client.track(&request, &key, deadline));
            left -= 1;
        }
        match under_way.next().await {
            Some(outcome) => assert_eq!(outcome.stop, None),
            None => return began.elapsed(),
        }
    }
}

/// The share of `limit` requests in 3 s that a delivery used.
fn share(requests: usize, limit: u32, took: Duration) -> f64 {
    requests as f64 * 3.0 / f64::from(limit) / took.as_secs_f64()
}

#[tokio::test(start_paused = true)]
async fn a_million_profiles_take_hardly_longer_than_the_limit_demands() {
    for (latency, least) in [(50, 0.985), (150, 0.98), (450, 0.95)] {
        for (telling, phase) in [(Telling::Always, 0), (Telling::Always, 1300), (Telling::Never, 2900)] {
            let braze = SimulatedBraze::with_spread(3000, latency, phase, telling, 0.1);
            let share = share(A_MILLION, 3000, deliver(&client(&braze), A_MILLION).await);
            let told = format!("{latency} ms, {telling:?}, phase {phase}: share {share:.3}");
            println!("{told}");
            assert_eq!(braze.refused(), 0, "{told}");
            assert!(share >= least, "{told}");
        }
    }
}

/// The share of requests that may be refused. Braze's documentation has it that every answer tells the limit.
fn most_refused(telling: Telling) -> f64 {
    if telling == Telling::Always { 0.005 } else { 0.0125 }
}

/// Braze admits half of what is configured. Where it says so in each answer, as its documentation has it, hardly a request
/// is refused. Where it says nothing before it refuses, whatever is under way when the limit is first met is refused, and
/// some more each time that the rate feels its way up again; where it never says anything, a little more than a percent.
#[tokio::test(start_paused = true)]
async fn a_limit_that_is_not_the_configured_one_costs_few_requests() {
    for (telling, latency, requests) in [
        (Telling::Always, 150, A_MILLION),
        (Telling::Always, 450, A_MILLION),
        (Telling::RetryAfterOnly, 150, 2 * A_MILLION),
        (Telling::Never, 150, 2 * A_MILLION),
    ] {
        for phase in [0, 1300] {
            let braze = SimulatedBraze::with_spread(1500, latency, phase, telling, 0.1);
            let share = share(requests, 1500, deliver(&client(&braze), requests).await);
            let refused = braze.refused() as f64 / (braze.refused() + requests) as f64;
            let told = format!("{telling:?}, {latency} ms, phase {phase}: share {share:.3}, refused {refused:.4}");
            println!("{told}");
            assert!(share >= 0.9 && refused <= most_refused(telling), "{told}");
        }
    }
}

/// Braze halves the limit in the middle of a delivery.
#[tokio::test(start_paused = true)]
async fn a_limit_that_is_halved_costs_few_requests() {
    for telling in [Telling::Always, Telling::RetryAfterOnly, Telling::Never] {
        let braze = SimulatedBraze::with_spread(3000, 150, 700, telling, 0.1);
        let client = client(&braze);
        deliver(&client, A_MILLION).await;
        braze.set_limit(1500);
        let share = share(2 * A_MILLION, 1500, deliver(&client, 2 * A_MILLION).await);
        let refused = braze.refused() as f64 / (braze.refused() + 3 * A_MILLION) as f64;
        let told = format!("{telling:?}: share {share:.3}, refused {refused:.4}");
        println!("{told}");
        assert!(share >= 0.9 && refused <= most_refused(telling), "{told}");
    }
}

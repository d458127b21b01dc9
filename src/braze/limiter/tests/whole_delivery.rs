//! Whole deliveries through a client, on paused time: from the first request to the last answer, so that what is lost at
//! the beginning and at the end counts as well.

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde_json::json;

use super::adaptation::Way;
use super::*;
use crate::braze::tests::connection;
use crate::braze::transport::Transport;
use crate::braze::{BrazeClient, TrackRequest};
use crate::config::Connection;
use crate::secrets::ApiKey;

/// A million profiles, 75 in a request.
const A_MILLION: usize = 13_334;

fn client(braze: &Arc<SimulatedBraze>) -> BrazeClient {
    client_through(Way(Arc::clone(braze)), 1000)
}

/// A client over `way`, configured for `per_second` requests a second.
pub(super) fn client_through(way: impl Transport + 'static, per_second: u32) -> BrazeClient {
    let connection =
        Connection { requests_per_second: NonZeroU32::new(per_second).unwrap(), ..connection("http", "127.0.0.1:1") };
    BrazeClient::through(&connection, Box::new(way), WallClock::System, 5)
}

/// Sends `requests`, as many under way as the client advises, and gives how long that took.
pub(super) async fn deliver(client: &BrazeClient, requests: usize) -> Duration {
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
            let figures = format!("{latency} ms, {telling:?}, phase {phase}: share {share:.3}");
            println!("{figures}");
            assert_eq!(braze.refused(), 0, "{figures}");
            assert!(share >= least, "{figures}");
        }
    }
}

/// The least share of the limit that is used, and the largest share of requests that is refused, where Braze allows half of
/// what is configured. By its documentation every answer names the limit; where none does, the rate is halved when requests
/// are refused, and grows back, again and again.
fn bounds(telling: Telling) -> (f64, f64) {
    if telling == Telling::Always { (0.9, 0.005) } else { (0.6, 0.02) }
}

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
            let figures = format!("{telling:?}, {latency} ms, phase {phase}: share {share:.3}, refused {refused:.4}");
            println!("{figures}");
            let (least_used, most_refused) = bounds(telling);
            assert!(share >= least_used && refused <= most_refused, "{figures}");
        }
    }
}

/// Windows that hold no more than some dozens: a refusal weighs more there, and tells less.
#[tokio::test(start_paused = true)]
async fn a_low_limit_is_found_too() {
    for (per_second, limit) in [(100, 150), (20, 30), (20, 50)] {
        for telling in [Telling::Always, Telling::RetryAfterOnly, Telling::Never] {
            for phase in [0, 1300] {
                let braze = SimulatedBraze::with_spread(limit, 150, phase, telling, 0.1);
                let client = client_through(Way(Arc::clone(&braze)), per_second);
                let requests = 100 * limit as usize;
                let share = share(requests, limit, deliver(&client, requests).await);
                let refused = braze.refused() as f64 / (braze.refused() + requests) as f64;
                let figures = format!(
                    "{limit} in 3 s where {per_second} a second are configured, {telling:?}, phase {phase}: share {share:.3}, \
                     refused {refused:.4}"
                );
                println!("{figures}");
                let (least_used, most_refused) = if telling == Telling::Always { (0.94, 0.0) } else { (0.55, 0.04) };
                assert!(share >= least_used && refused <= most_refused, "{figures}");
            }
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
        let figures = format!("{telling:?}: share {share:.3}, refused {refused:.4}");
        println!("{figures}");
        let (least_used, most_refused) = bounds(telling);
        assert!(share >= least_used && refused <= most_refused, "{figures}");
    }
}

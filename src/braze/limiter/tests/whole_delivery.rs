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
            let told = format!("{latency} ms, {telling:?}, phase {phase}: share {share:.3}");
            println!("{told}");
            assert_eq!(braze.refused(), 0, "{told}");
            assert!(share >= least, "{told}");
        }
    }
}

/// The share of requests that may be refused. Braze's documentation has it that every answer tells the limit.
fn most_refused(telling: Telling) -> f64 {
    if telling == Telling::Always { 0.005 } else { 0.01 }
}

/// Braze admits half of what is configured. Where it says so in each answer, as its documentation has it, hardly a request
/// is refused. Where it says nothing before it refuses, whatever is under way when the limit is first met is refused, and
/// some more each time that the rate feels its way up again.
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

/// Braze tells nothing, and the limit is less than what is configured. What is under way when it is first met is refused: 113
/// requests at three quarters of the rate and 150 ms, 0.85 % of a million profiles' requests; some 12 more ask when they
/// are admitted again. Where the limit is met in the burst of a window, twice as many are under way.
#[tokio::test(start_paused = true)]
async fn a_limit_that_nothing_tells_is_met_once_and_then_hardly_exceeded() {
    for (limit, most, most_at_once, least_share) in [(1500, 0.01, 150, 0.94), (2500, 0.013, 250, 0.95)] {
        let (mut refused, mut shares) = (Vec::new(), Vec::new());
        for phase in [0, 300, 600, 900, 1200, 1500, 1800, 2100, 2400, 2700] {
            let braze = SimulatedBraze::with_spread(limit, 150, phase, Telling::Never, 0.1);
            shares.push(share(A_MILLION, limit, deliver(&client(&braze), A_MILLION).await));
            refused.push(braze.refused());
        }
        let share = refused.iter().sum::<usize>() as f64 / (refused.len() * A_MILLION) as f64;
        let told = format!("{limit} in 3 s: refused {refused:?}, {share:.4} of all; shares of the limit {shares:.3?}");
        println!("{told}");
        assert!(share <= most && refused.iter().all(|refused| *refused <= most_at_once), "{told}");
        assert!(shares.iter().all(|share| *share >= least_share), "{told}");
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
                let told = format!(
                    "{limit} in 3 s where {per_second} a second are configured, {telling:?}, phase {phase}: share {share:.3}, \
                     refused {refused:.4}"
                );
                println!("{told}");
                let most_refused = if telling == Telling::Always { 0.0 } else { 0.03 };
                assert!(share >= 0.94 && refused <= most_refused, "{told}");
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
        let told = format!("{telling:?}: share {share:.3}, refused {refused:.4}");
        println!("{told}");
        assert!(share >= 0.9 && refused <= most_refused(telling), "{told}");
    }
}

//! Braze over TLS: HTTP/2 where it is offered, over as many connections as the requests under way need.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use insights_to_braze::braze::{BrazeClient, HttpClients, ObjectResult, TrackRequest};
use insights_to_braze::config::Config;
use insights_to_braze::secrets::ApiKey;
use itb::standin::braze::{Braze, BrazeSettings, Latency};
use itb::standin::http::{BRAZE_HOST, STREAMS};
use serde_json::json;
use tokio::time::Instant;

const KEY: &str = "canary-0f6c2d1e-9f0a-4a55-8f5e-key";

/// A workspace whose answers take half a second.
async fn braze() -> Braze {
    let mut settings = BrazeSettings::with_key(KEY);
    settings.tls = true;
    settings.latency = Latency { fixed: Duration::from_millis(500), jitter: Duration::ZERO };
    Braze::start(settings).await.unwrap()
}

/// A client for it, and how many HTTP clients that has made so far.
fn client(braze: &Braze) -> (BrazeClient, Arc<AtomicUsize>) {
    let config = format!(
        "[connections.b]\nhostname = \"{BRAZE_HOST}\"\nsecret = \"s\"\nagree_to_data_transfer = true\n\
         [exports.e]\nconnection = \"b\"\nfolder = \"incoming/E\"\n[exports.e.data_matching]\ncustomer_id = \"Id\"\n"
    );
    let config = Config::parse(&config).unwrap();
    let certificate = reqwest::Certificate::from_pem(braze.certificate_pem().unwrap().as_bytes()).unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], braze.port()));
    let made = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&made);
    let http = HttpClients::new(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        reqwest::Client::builder().tls_certs_only([certificate.clone()]).resolve(BRAZE_HOST, address).build()
    });
    (BrazeClient::new(&config.connections.values().next().unwrap().clone(), http), made)
}

fn request(number: usize) -> TrackRequest {
    let mut request = TrackRequest::default();
    request.push(json!({ "external_id": format!("LID-{number}"), "first_name": "海斗" }).to_string().as_bytes());
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_waits_for_another_ones_stream() {
    const REQUESTS: usize = 350;
    let braze = braze().await;
    let (client, made) = client(&braze);
    let key = ApiKey::new(KEY.to_owned());
    let deadline = Instant::now() + Duration::from_mins(1);
    assert_eq!(made.load(Ordering::Relaxed), 0, "nothing is made before it is needed");

    let first = client.track(&request(0), &key, deadline).await;
    assert_eq!((first.objects, made.load(Ordering::Relaxed)), (vec![ObjectResult::Accepted], 1));

    let requests: Vec<TrackRequest> = (0..REQUESTS).map(request).collect();
    let outcomes = join_all(requests.iter().map(|request| client.track(request, &key, deadline))).await;
    assert!(outcomes.iter().all(|outcome| outcome.objects == [ObjectResult::Accepted]));
    let (made, at_once) = (made.load(Ordering::Relaxed), braze.counters().most_in_flight);
    // They start within 0.35 s and are answered after 0.5 s, so all are under way at once, unless they wait for a stream.
    assert!(at_once > 250, "{at_once} at once over {made} connections of {STREAMS} streams");
    assert!((4..=5).contains(&made), "{made} connections");
}

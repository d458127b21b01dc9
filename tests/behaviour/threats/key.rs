//! The key and the process that holds it: Braze that repeats the key, hosts that are not Braze, redirects, certificates, panics
//! and memory.

use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use insights_to_braze::braze::http_client;
use itb::standin::braze::{Braze, BrazeSettings};
use serde_json::json;

use crate::support::{API_KEY, Function, RUN, TIMEOUT, World};

/// A server that answers by `answer` and keeps the authorization headers that it was sent.
async fn server(
    answer: impl Fn(&str) -> (StatusCode, Vec<(header::HeaderName, String)>, String) + Clone + Send + Sync + 'static,
) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&seen);
    let router = Router::new().fallback(move |request: Request| {
        let sent = request.headers().get(header::AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
        let sent = sent.unwrap_or_default();
        kept.lock().unwrap().push(sent.clone());
        let (status, headers, body) = answer(&sent);
        let mut response = axum::response::Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(name, value);
        }
        std::future::ready(response.body(axum::body::Body::from(body)).unwrap())
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, seen)
}

/// A world whose connection points to `url`, with one file that waits for it.
async fn world_at(url: &str) -> World {
    let world = World::start().await;
    let config = world.get_text("config/exports.toml").replace(&world.account.braze.url(), url);
    world.put("config/exports.toml", config);
    world.put(
        &format!("{RUN}/HighValueCustomers_1.csv"),
        "LoyaltyId,EMail,FirstName,Points\ncanary-1,canary@example.jp,海斗,1\n",
    );
    world
}

/// Everything after a delivery that holds nobody: the answers, the log, and the objects that are not listed as holding people.
async fn shown(world: &World) -> String {
    let host = world.host(Function::OnDemand).await;
    let mut shown = Vec::new();
    for event in [
        json!({ "action": "run", "export": "loyalty" }),
        json!({ "action": "connect", "connection": "braze-eu" }),
        json!({ "action": "status" }),
    ] {
        shown.push(match host.invoke(&event, Duration::from_secs(8)).await {
            Ok(answer) => answer.to_string(),
            Err(error) => error.to_string(),
        });
    }
    shown.extend(host.log_lines());
    for object in world.account.list("") {
        if ["state/", "reports/"].iter().any(|start| object.key.starts_with(start))
            && object.key.rsplit('.').next() == Some("json")
        {
            shown.push(String::from_utf8(world.account.get_object(&object.key).unwrap().unwrap()).unwrap());
        }
    }
    shown.concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_braze_repeats_in_its_answer_is_shown_nowhere() {
    for status in [400, 401, 402, 403, 404, 500] {
        let (url, seen) = server(move |sent| {
            let body = json!({ "message": format!("Invalid API key: {sent}"), "errors": [format!("{sent} canary@example.jp")] });
            let headers = vec![(header::CONTENT_TYPE, "application/json".to_owned())];
            (StatusCode::from_u16(status).unwrap(), headers, body.to_string())
        })
        .await;
        let world = world_at(&url).await;
        let shown = shown(&world).await;
        assert!(seen.lock().unwrap().iter().any(|sent| sent.contains(API_KEY)), "the server has seen the key");
        assert!(shown.contains("\"outcome\""), "{shown}");
        assert!(!shown.contains("canary"), "{status}: {shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_takes_the_key_nowhere() {
    let (elsewhere, visits) =
        server(|_| (StatusCode::CREATED, Vec::new(), r#"{"message":"success"}"#.to_owned())).await;
    for status in [301, 302, 303, 307, 308] {
        let target = format!("{elsewhere}/users/track");
        let (url, seen) = server(move |_| {
            (StatusCode::from_u16(status).unwrap(), vec![(header::LOCATION, target.clone())], String::new())
        })
        .await;
        let shown = shown(&world_at(&url).await).await;
        assert!(!seen.lock().unwrap().is_empty());
        assert!(shown.contains("redirects"), "{shown}");
        assert!(!shown.contains("canary"), "{shown}");
    }
    assert!(visits.lock().unwrap().is_empty(), "nobody came to where the redirects point");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_an_address_or_not_encrypted_is_refused_whatever_is_allowed() {
    let world = World::start().await;
    let host = world.host(Function::OnDemand).await;
    let right = world.get_text("config/exports.toml");
    for hostname in [
        "169.254.169.254",
        "http://169.254.169.254",
        "http://169.254.170.2",
        "[fd00:ec2::254]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1:8443",
        "100.64.0.1",
        "0xa9fea9fe",
        "2852039166",
        "http://10.0.0.1",
        "http://rest.fra-01.braze.eu",
        "http://127.0.0.1.nip.io",
        "https://127.0.0.1",
        "localhost",
        "metadata",
        "file:///etc/passwd",
        "https://rest.fra-01.braze.eu@evil.example",
        "rest.fra-01.braze.eu/../../",
        "rest.fra-01.braze.eu\\\\@evil.example",
    ] {
        let changed = right.replace(&world.account.braze.url(), hostname);
        assert_ne!(changed, right);
        world.put("config/exports.toml", changed.replace("agree_to", "allow_any_hostname = true\nagree_to"));
        let error = host.invoke(&json!({ "action": "connect", "connection": "braze-eu" }), TIMEOUT).await.unwrap_err();
        assert_eq!(error.error_type, "InvalidConfig", "{hostname}: {error}");
        assert!(error.message.contains("hostname"), "{hostname}: {error}");
    }
    assert!(world.account.secrets.calls().is_empty(), "the key is not even fetched for such a host");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_no_one_vouches_for_ends_the_connection() {
    let mut settings = BrazeSettings::with_key(API_KEY);
    settings.tls = true;
    let braze = Braze::start(settings).await.unwrap();
    let request = http_client().unwrap().post(format!("{}/users/track", braze.url())).bearer_auth(API_KEY).body("{}");
    let error = request.send().await.expect_err("the certificate is its own");
    assert!(error.is_connect(), "{error:?}");
    assert_eq!(braze.counters().requests, 0);
}

#[test]
fn a_panic_logs_its_place_and_no_data() {
    const CHILD: &str = "INSIGHTS_TO_BRAZE_PANIC";
    if std::env::var_os(CHILD).is_some() {
        tracing_subscriber::fmt().json().with_writer(std::io::stderr).init();
        insights_to_braze::function::keep_panics_silent();
        let text = std::hint::black_box("canary-öäü");
        // What the standard library says of this holds the whole text.
        let cut = std::panic::catch_unwind(|| text[..8].len());
        std::process::exit(if cut.is_err() { 7 } else { 0 });
    }
    let test = "threats::key::a_panic_logs_its_place_and_no_data";
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let shown = [child.stdout, child.stderr].concat();
    let shown = String::from_utf8(shown).unwrap();
    assert_eq!(child.status.code(), Some(7), "{shown}");
    assert!(shown.contains("panicked") && shown.contains("tests/behaviour/threats/key.rs:"), "{shown}");
    assert!(!shown.contains("canary"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_of_a_function_is_written_to_no_core_file() {
    let world = World::start().await;
    for function in [Function::ObjectCreated, Function::Scheduled, Function::OnDemand] {
        let host = world.host(function).await;
        // The first answer tells that the process has started up.
        let _ = host.invoke(&json!({ "action": "status" }), TIMEOUT).await;
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", host.process_id().unwrap())).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
    }
}

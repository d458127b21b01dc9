//! The connection to Braze: secrets, keys, hosts and consent that are wrong, and keys that are rotated.

use std::fmt::Write;
use std::time::Duration;

use crate::support::{API_KEY, Function, RUN, SECRET, TIMEOUT, World, assert_silent};
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse};
use itb::standin::braze::{Latency, RestApiKey};
use itb::standin::lambda::LambdaHost;
use itb::standin::secrets::SecretsServer;
use serde_json::{Value, json};

const NEW_KEY: &str = "canary-7f0b9c1d-0000-4a55-9d5e-new";
const RUN_ID: &str = "2026-11-23T01:02Z";

fn key_of(key: &str) -> RestApiKey {
    RestApiKey::tracking(key)
}

fn secret_of(key: &str) -> String {
    json!({ "api_key": key }).to_string()
}

fn people(count: usize) -> String {
    let mut file = "LoyaltyId,EMail,FirstName,Points\n".to_owned();
    for id in 0..count {
        writeln!(file, "canary-{id},canary{id}@example.com,Canary 海斗,{id}").unwrap();
    }
    file
}

async fn world_with(count: usize) -> World {
    let world = World::start().await;
    world.put(&format!("{RUN}/HighValueCustomers_1.csv"), people(count));
    world
}

#[track_caller]
fn assert_says(message: &Value, words: &[&str]) {
    let message = message.as_str().unwrap();
    for word in words {
        assert!(message.contains(word), "{word:?} is not in: {message}");
    }
    assert_silent([message]);
}

async fn connect(host: &LambdaHost) -> Value {
    host.invoke(&json!({ "action": "connect", "connection": "braze-eu" }), TIMEOUT).await.unwrap()
}

async fn run(host: &LambdaHost) -> Value {
    let answer = host.invoke(&json!({ "action": "run", "export": "loyalty" }), TIMEOUT).await.unwrap();
    assert_silent([answer.to_string()]);
    answer["reports"][0].clone()
}

/// `connect` and `run` both say what is wrong; once it is fixed, both work and nothing was lost.
async fn fails_until_fixed(world: &World, words: &[&str], fix: impl FnOnce()) {
    let host = world.host(Function::OnDemand).await;
    let answer = connect(&host).await;
    assert_eq!(answer["outcome"], "failed", "{answer}");
    assert_says(&answer["message"], words);
    let report = run(&host).await;
    assert_eq!(report["outcome"], "failed", "{report}");
    assert_says(&report["message"], words);
    assert_eq!(report["rows"]["accepted"], 0);
    let stored = world.report("HighValueCustomers", RUN_ID);
    for field in ["outcome", "message", "rows", "files"] {
        assert_eq!(stored[field], report[field], "{field}");
    }
    assert_eq!(world.account.braze.profile_count(), 0);

    fix();
    assert_eq!(connect(&host).await["outcome"], "connected");
    let report = run(&host).await;
    assert_eq!(report["rows"]["accepted"], 30, "{report}");
    assert_eq!(world.account.braze.count_with_attribute("High Value Customers", &json!(true)), 30);
    let lines = host.log_lines();
    let failed = spans_of(lines.iter().find(|line| line.contains("can't deliver a file")).unwrap());
    assert_eq!((&failed[0]["name"], &failed[1]["run"]), (&json!("invocation"), &json!(RUN_ID)), "{failed:?}");
    assert_silent(lines);
    assert_eq!(host.starts(), 1, "no failure ends the process");
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_that_hold_no_key() {
    let world = world_with(30).await;
    let host = world.host(Function::OnDemand).await;
    for (secret, words) in [
        ("canary-plain-text-key", &["it is not JSON"]),
        ("{\"api_key\": \"canary", &["it is not JSON"]),
        ("[\"canary\"]", &["JSON of another form"]),
        ("{\"api_key\": 5}", &["\"api_key\" is not a text"]),
        ("{\"api_key\": null}", &["\"api_key\" is not a text"]),
        ("{\"apikey\": \"canary\"}", &["no field \"api_key\""]),
        ("{\"api_key\": \"  \"}", &["\"api_key\" is empty"]),
        ("{\"api_key\": \"canary key\"}", &["spaces or characters"]),
    ] {
        world.account.set_secret(SECRET, secret);
        let answer = connect(&host).await;
        assert_eq!(answer["outcome"], "failed", "{secret}: {answer}");
        assert_says(&answer["message"], &[words, &[SECRET, "{\"api_key\": \"…\"}"][..]].concat());
        assert_says(&run(&host).await["message"], words);
    }
    assert_silent(host.log_lines());
    assert_eq!(world.account.braze.counters().requests, 0);
    fails_until_fixed(&world, &[SECRET, "spaces or characters"], || {
        world.account.set_secret(SECRET, secret_of(API_KEY));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_without_a_value() {
    let world = world_with(30).await;
    world.account.secrets.create_secret(SECRET);
    let words = ["has no value yet", &format!("put-secret-value --secret-id {SECRET} --secret-string file://key.json")];
    fails_until_fixed(&world, &words, || world.account.set_secret(SECRET, secret_of(API_KEY))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_does_not_exist() {
    let world = world_with(30).await;
    world.account.secrets.remove_secret(SECRET);
    let words = ["there is no secret", SECRET, "aws secretsmanager create-secret", "Remove `secret`"];
    fails_until_fixed(&world, &words, || world.account.set_secret(SECRET, secret_of(API_KEY))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_may_not_be_read() {
    let world = world_with(30).await;
    world.account.secrets.deny(SECRET, true);
    let words = ["not allowed to read the secret", SECRET, "SecretArns", "sam deploy"];
    fails_until_fixed(&world, &words, || world.account.secrets.deny(SECRET, false)).await;
}

/// `on-demand` of a stack whose functions may read `secrets`.
async fn host_reading(world: &World, secrets: &[&str]) -> LambdaHost {
    let mut function = world.account.function(Function::OnDemand.binary());
    function.environment.insert("SECRET_ARNS".to_owned(), secrets.join(","));
    LambdaHost::start(function).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_without_a_secret_uses_the_stacks_own() {
    let world = world_with(30).await;
    let own = SecretsServer::arn(SECRET);
    let config = world.get_text("config/exports.toml");
    world.put("config/exports.toml", config.replace(&format!("secret = \"{SECRET}\""), ""));
    let host = host_reading(&world, &[&own]).await;
    assert_eq!(connect(&host).await["outcome"], "connected");
    assert_eq!(run(&host).await["rows"]["accepted"], 30);
    world.account.secrets.create_secret(SECRET);
    assert_says(&connect(&host).await["message"], &["has no value yet", &format!("--secret-id {own} ")]);

    let other = SecretsServer::arn("insights-to-braze/braze-us");
    for secrets in [&[own.as_str(), &other][..], &[]] {
        let host = host_reading(&world, secrets).await;
        let answer = connect(&host).await;
        assert_says(&answer["message"], &[&["has no `secret`", "Set `secret` to one of"], secrets].concat());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_secret_is_answered_with_those_that_may_be_read() {
    let world = world_with(1).await;
    let own = SecretsServer::arn("ConnectionSecret-x7Qk2");
    world.account.secrets.deny(SECRET, true);
    let host = host_reading(&world, &[&own]).await;
    assert_says(
        &connect(&host).await["message"],
        &[SECRET, "not allowed to read the secret", "Readable secrets: ", &own],
    );
    world.account.secrets.deny(SECRET, false);
    world.account.secrets.remove_secret(SECRET);
    assert_says(&connect(&host).await["message"], &[SECRET, "there is no secret", "Readable secrets: ", &own]);
}

/// What a log line says about where it belongs, from the invocation inwards.
#[track_caller]
fn spans_of(line: &str) -> Vec<Value> {
    let line: Value = serde_json::from_str(line).unwrap();
    line["spans"].as_array().unwrap_or_else(|| panic!("no spans: {line}")).clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_level_decides_what_is_logged() {
    for (level, logs) in [("error", false), ("info", false), ("debug", true)] {
        let world = world_with(3).await;
        let mut function = world.account.function(Function::OnDemand.binary());
        function.environment.insert("LOG_LEVEL".to_owned(), level.to_owned());
        let host = LambdaHost::start(function).await.unwrap();
        assert_eq!(run(&host).await["rows"]["accepted"], 3);
        let lines = host.log_lines();
        let line = lines.iter().find(|line| line.contains("Braze answered a request"));
        assert_eq!(line.is_some(), logs, "{level}: {lines:?}");
        if let Some(line) = line {
            let spans = spans_of(line);
            assert!(spans[0]["request_id"].is_string(), "{line}");
            let key = format!("{RUN}/HighValueCustomers_1.csv");
            let delivery =
                json!({ "name": "delivery", "export": "loyalty", "segment": "HighValueCustomers", "run": RUN_ID });
            let inner = [delivery, json!({ "name": "file", "key": key }), json!({ "name": "chunk", "number": 0 })];
            assert_eq!(spans[1..], inner, "{line}");
        }
        assert_silent(lines);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_braze_does_not_know() {
    let world = world_with(30).await;
    world.account.braze.set_keys(vec![key_of("another")]);
    let words = ["401", "secret", "hostname"];
    fails_until_fixed(&world, &words, || world.account.braze.set_keys(vec![key_of(API_KEY)])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_without_the_permission() {
    let world = world_with(30).await;
    world.account.braze.set_keys(vec![RestApiKey::with(API_KEY, [])]);
    let words = ["403", "users.track"];
    fails_until_fixed(&world, &words, || world.account.braze.set_keys(vec![key_of(API_KEY)])).await;
}

/// A web server that is not Braze.
async fn someone_else(answer: impl IntoResponse + Clone + Send + Sync + 'static) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(move || std::future::ready(answer.clone()));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_are_not_braze() {
    let page = Html("<html><body>Welcome</body></html>");
    // A port that is taken and at which nobody listens.
    let silent = tokio::net::TcpSocket::new_v4().unwrap();
    silent.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let closed = format!("http://{}", silent.local_addr().unwrap());
    let redirect = (StatusCode::FOUND, [(header::LOCATION, "http://127.0.0.1:1/elsewhere")]);
    let cases: Vec<(String, &[&str])> = vec![
        (closed, &["refused the connection", "hostname"]),
        (someone_else(page).await, &["not a REST endpoint of Braze", "200", "hostname"]),
        (someone_else((StatusCode::NOT_FOUND, page)).await, &["not a REST endpoint of Braze", "404", "hostname"]),
        (someone_else((StatusCode::FORBIDDEN, page)).await, &["not a REST endpoint of Braze", "403", "firewall"]),
        (someone_else(redirect).await, &["not a REST endpoint of Braze", "302", "redirects"]),
        (someone_else(r#"{"status":"ok"}"#).await, &["not a REST endpoint of Braze", "200", "JSON"]),
    ];
    for (url, words) in cases {
        let world = world_with(30).await;
        let right = world.get_text("config/exports.toml");
        world.put("config/exports.toml", right.replace(&world.account.braze.url(), &url));
        let host = world.host(Function::OnDemand).await;
        let answer = connect(&host).await;
        assert_eq!(answer["outcome"], "failed", "{answer}");
        assert_says(&answer["message"], words);
        assert_says(&answer["message"], &[url.trim_start_matches("http://")]);

        // A delivery stops, nothing counts as delivered, and the right host gets everything.
        let event = json!({ "action": "run", "export": "loyalty" });
        let answer = host.invoke(&event, Duration::from_secs(8)).await.unwrap();
        let report = &answer["reports"][0];
        assert!(["failed", "unfinished"].contains(&report["outcome"].as_str().unwrap()), "{report}");
        assert_eq!((&report["rows"]["accepted"], &report["rows"]["rejected"]), (&json!(0), &json!(0)), "{report}");
        assert_silent([answer.to_string()]);
        world.put("config/exports.toml", right);
        let report = run(&host).await;
        assert_eq!(report["rows"]["accepted"], 30, "{url}: {report}");
        assert_silent(host.log_lines());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_consent_nothing_is_sent() {
    let world = world_with(30).await;
    let right = world.get_text("config/exports.toml");
    for wrong in ["agree_to_data_transfer = false", ""] {
        world.put("config/exports.toml", right.replace("agree_to_data_transfer = true", wrong));
        let host = world.host(Function::OnDemand).await;
        let answer = connect(&host).await;
        assert_eq!(answer["outcome"], "connected", "{answer}");
        assert_says(&answer["message"], &["agree_to_data_transfer is not true", "exports.toml"]);
        let report = run(&host).await;
        assert_eq!(report["outcome"], "failed");
        assert_says(&report["message"], &["nothing was sent", "braze-eu", "agree_to_data_transfer"]);
        let scheduled = world.invoke(Function::Scheduled, &json!({})).await.unwrap_err();
        assert_says(&scheduled.message.into(), &["agree_to_data_transfer"]);
        assert_silent(host.log_lines());
    }
    assert_eq!(world.account.braze.profile_count(), 0);
    world.put("config/exports.toml", right);
    assert_eq!(run(&world.host(Function::OnDemand).await).await["rows"]["accepted"], 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_rotated_between_two_invocations() {
    let world = world_with(30).await;
    let host = world.host(Function::ObjectCreated).await;
    let first = format!("{RUN}/HighValueCustomers_1.csv");
    let second = format!("{RUN}/HighValueCustomers_2.csv");
    host.invoke(&world.s3_event(&first), TIMEOUT).await.unwrap();
    world.account.set_secret(SECRET, secret_of(NEW_KEY));
    world.account.braze.set_keys(vec![key_of(NEW_KEY)]);
    world.put(&second, "LoyaltyId,EMail,FirstName,Points\ncanary-31,,,1\n");
    let answer = host.invoke(&world.s3_event(&second), TIMEOUT).await.unwrap();
    assert_eq!(answer["reports"][0]["rows"]["accepted"], 31, "{answer}");
    assert_eq!(world.has_attribute("canary-31", "High Value Customers"), json!(true));
    assert_eq!(host.starts(), 1);
    assert_silent(host.log_lines());
}

/// Waits until Braze has been asked so often.
async fn requests(world: &World, many: u64) {
    while world.account.braze.counters().requests < many {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_rotated_in_the_middle_of_a_delivery() {
    let world = world_with(3000).await;
    world.configure("objects_per_request = 10\nrequests_per_second = 100", "");
    world.account.braze.set_latency(Latency { fixed: Duration::from_millis(20), jitter: Duration::ZERO });
    let host = world.host(Function::OnDemand).await;
    let (report, ()) = tokio::join!(run(&host), async {
        requests(&world, 20).await;
        world.account.set_secret(SECRET, secret_of(NEW_KEY));
        world.account.braze.set_keys(vec![key_of(NEW_KEY)]);
    });
    assert_eq!(
        report["rows"],
        json!({ "read": 3000, "accepted": 3000, "unchanged": 0, "duplicate": 0, "rejected": 0 }),
        "{report}"
    );
    assert_eq!(world.account.braze.count_with_attribute("High Value Customers", &json!(true)), 3000);
    assert!(world.account.braze.counters().statuses.contains_key(&401), "the old key was refused in between");
    assert_silent(host.log_lines());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_deleted_in_the_middle_of_a_delivery_loses_nothing() {
    let world = world_with(3000).await;
    world.configure("objects_per_request = 10\nrequests_per_second = 100", "");
    world.account.braze.set_latency(Latency { fixed: Duration::from_millis(20), jitter: Duration::ZERO });
    let host = world.host(Function::OnDemand).await;
    let (report, ()) = tokio::join!(run(&host), async {
        requests(&world, 20).await;
        world.account.braze.set_keys(vec![]);
    });
    assert_eq!(report["outcome"], "failed", "{report}");
    assert_says(&report["message"], &["401", "secret"]);
    let accepted = report["rows"]["accepted"].as_u64().unwrap();
    assert!(accepted < 3000, "{report}");
    assert_eq!(report["rows"]["rejected"], 0, "{report}");
    let stopped_after = world.account.braze.counters().requests;
    assert!(stopped_after < 150, "requests go on after the key was refused: {stopped_after}");

    world.account.set_secret(SECRET, secret_of(NEW_KEY));
    world.account.braze.set_keys(vec![key_of(NEW_KEY)]);
    let report = run(&host).await;
    assert_eq!(
        report["rows"],
        json!({ "read": 3000, "accepted": 3000, "unchanged": 0, "duplicate": 0, "rejected": 0 }),
        "{report}"
    );
    assert_eq!(world.account.braze.count_with_attribute("High Value Customers", &json!(true)), 3000);
    assert_silent(host.log_lines());
}

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Response};
use serde_json::{Value, json};

use super::answers::{self, FaultShares};
use super::{Braze, BrazeSettings, ForcedType, HeaderForm, Keep, Latency, RateLimit, Record, RestApiKey};
use crate::standin::clock::Clock;
use crate::standin::fault::Fault;

const KEY: &str = "b7c1-stand-in-key";

async fn start(settings: BrazeSettings) -> Braze {
    Braze::start(settings).await.unwrap()
}

async fn post(braze: &Braze, body: impl Into<reqwest::Body>) -> Response {
    let request = Client::new()
        .post(format!("{}/users/track", braze.url()))
        .bearer_auth(KEY)
        .header("content-type", "application/json");
    request.body(body).send().await.unwrap()
}

async fn answer(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    (status, serde_json::from_str(&response.text().await.unwrap()).unwrap())
}

async fn track(braze: &Braze, objects: Value) -> (u16, Value) {
    answer(post(braze, json!({"attributes": objects}).to_string()).await).await
}

#[tokio::test]
async fn objects_become_profiles() {
    let braze = start(BrazeSettings::with_key(KEY)).await;
    let objects = json!([
        {"external_id": "顧客-1", "email": "mika@example.jp", "High Value Customers": true, "first_name": "美香", "note": "two\nlines 😀 \"quoted\""},
        {"external_id": "c-2", "High Value Customers": false, "points": 12.5},
        {"email": "no.id@example.com", "High Value Customers": true},
    ]);
    let (status, body) = track(&braze, objects).await;
    assert_eq!((status, body), (201, json!({"message": "success", "attributes_processed": 3})));
    let profile = braze.profile("顧客-1").unwrap();
    assert_eq!(profile.email.as_deref(), Some("mika@example.jp"));
    assert_eq!(profile.standard["first_name"], "美香");
    assert_eq!(profile.custom_attributes["note"], "two\nlines 😀 \"quoted\"");
    assert_eq!(braze.profile("c-2").unwrap().custom_attributes["High Value Customers"], false);
    assert_eq!(braze.profiles_with_email("no.id@example.com").len(), 1);
    assert_eq!(braze.count_with_attribute("High Value Customers", &json!(true)), 2);
    track(&braze, json!([{"external_id": "c-2", "High Value Customers": null, "points": ""}])).await;
    let profile = braze.profile("c-2").unwrap();
    assert!(!profile.custom_attributes.contains_key("High Value Customers"), "null removes");
    assert_eq!(profile.custom_attributes["points"], "", "an empty text stays");
    assert_eq!(profile.updates, 2);
    assert_eq!(braze.snapshot()[0]["custom_attributes"]["High Value Customers"], true);
    assert_eq!(braze.snapshot()[0]["first_name"], "美香");
}

#[tokio::test]
async fn keys_paths_and_types_are_checked() {
    let braze = start(BrazeSettings::with_key(KEY)).await;
    let body = json!({"attributes": [{"external_id": "1"}]}).to_string();
    let send = |path: &str, key: &str, kind: &str| {
        let request =
            Client::new().post(format!("{}{path}", braze.url())).header("authorization", format!("bearer {key}"));
        request.header("content-type", kind).body(body.clone()).send()
    };
    let json_type = "application/json; charset=utf-8";
    assert_eq!(send("/users/track", KEY, json_type).await.unwrap().status(), 201);
    assert_eq!(send("/users/track", KEY, "text/plain").await.unwrap().status(), 415);
    assert_eq!(send("/users/track/", KEY, json_type).await.unwrap().status(), 403);
    assert_eq!(
        answer(send("/users/trak", KEY, json_type).await.unwrap()).await,
        (404, json!({"message": "Invalid URL"}))
    );
    let wrong = answer(send("/users/track", "WRONG", json_type).await.unwrap()).await;
    assert_eq!(wrong, (401, json!({"message": "Invalid API key: WRONG"})));
    braze.set_keys(vec![RestApiKey::with(KEY, [])]);
    assert_eq!(answer(send("/users/track", KEY, json_type).await.unwrap()).await.0, 403);
    assert_eq!(braze.counters().requests_after_refused_key, 3, "every request after the first 403");
    assert_eq!(braze.counters().statuses[&201], 1);
}

#[tokio::test]
async fn whole_requests_are_refused() {
    let braze = start(BrazeSettings::with_key(KEY)).await;
    let objects =
        |count: usize| json!((0..count).map(|number| json!({"external_id": number.to_string()})).collect::<Vec<_>>());
    assert_eq!(track(&braze, objects(75)).await.0, 201);
    let (status, body) = track(&braze, objects(76)).await;
    assert_eq!((status, body["message"].as_str()), (400, Some("Max Input Length Exceeded")));
    let (status, body) = track(&braze, json!([])).await;
    assert_eq!(status, 400);
    assert!(body["message"].as_str().unwrap().starts_with("Valid data must be provided"));
    let (status, body) = answer(post(&braze, "{\"attributes\": [").await).await;
    assert_eq!(status, 400);
    assert!(body["error"].is_string());
    let large = json!({"attributes": [{"external_id": "1", "x": "y".repeat(5_000_000)}]}).to_string();
    assert_eq!(post(&braze, large).await.status(), 413);
    assert_eq!(braze.profile_count(), 75);
}

#[tokio::test]
async fn bad_objects_are_named_by_their_index() {
    let braze = start(BrazeSettings::with_key(KEY)).await;
    let long = "x".repeat(988);
    let objects = json!([
        {"external_id": "good"},
        {"first_name": "Nobody"},
        {"external_id": "a", "braze_id": "b"},
        {"external_id": "c", "email": "not an address"},
        {"external_id": long},
        {"external_id": "d", "email_subscribe": "Subscribed"},
        {"external_id": "", "email": "e@example.com"},
        "text",
    ]);
    let (status, body) = track(&braze, objects.clone()).await;
    assert_eq!((status, &body["attributes_processed"]), (201, &json!(1)));
    let indices: Vec<_> =
        body["errors"].as_array().unwrap().iter().map(|error| error["index"].as_u64().unwrap()).collect();
    assert_eq!(indices, [1, 2, 3, 4, 5, 6, 7]);
    assert!(
        body["errors"]
            .as_array()
            .unwrap()
            .iter()
            .all(|error| error["input_array"] == "attributes" && error["type"].is_string())
    );
    let (status, body) = track(&braze, json!(objects.as_array().unwrap()[1..])).await;
    assert_eq!(status, 400, "nothing usable in it");
    assert_eq!(body["errors"].as_array().unwrap().len(), 7);
    assert_eq!(braze.profile_count(), 1);
}

#[test]
fn addresses() {
    for good in [
        "a.b+c@example.com",
        "o'neil@example.ie",
        "jörg@xn--mnchen-3ya.de",
        "mika_1@mail.example.co.jp",
        "ab@gmail.com",
        "x@outlook.com",
    ] {
        assert!(super::rules::is_email(good), "{good}");
    }
    for bad in [
        "",
        "a",
        "@example.com",
        "a@example",
        "a b@example.com",
        " a@example.com",
        "a@example.com ",
        ".a@example.com",
        "a.@example.com",
        "a@gmail.com",
        "jörg@outlook.com",
        "a@exämple.com",
        "a@127.0.0.1",
        "a@-x.com",
        "a!b@example.com",
        "a@@example.com",
        "a@example..com",
        "'a@example.com",
    ] {
        assert!(!super::rules::is_email(bad), "{bad}");
    }
}

#[tokio::test]
async fn some_things_are_ignored_without_a_word() {
    let mut settings = BrazeSettings::with_key(KEY);
    settings.forced_types.insert("vip".to_owned(), ForcedType::Boolean);
    settings.blocklist.insert("secret".to_owned());
    let braze = start(settings).await;
    let object = json!([
        {"external_id": "1", "long": "長".repeat(256), "fits": "長".repeat(255), "many": (0..501).collect::<Vec<_>>(), "vip": "perhaps", "secret": 1,
         "dob": "31.12.1990", "gender": "female", "country": "Germany", "language": "deutsch", "first_name": 7, " padded ": 1},
        {"external_id": "unknown", "_update_existing_only": true, "vip": true},
        {"user_alias": {"alias_name": "n", "alias_label": "l"}, "vip": true},
    ]);
    let (status, body) = track(&braze, object).await;
    assert_eq!((status, body), (201, json!({"message": "success", "attributes_processed": 3})));
    let profile = braze.profile("1").unwrap();
    assert_eq!(profile.custom_attributes.keys().collect::<Vec<_>>(), ["fits", "many", "padded"]);
    assert_eq!(profile.custom_attributes["many"].as_array().unwrap().len(), 500);
    assert_eq!(profile.custom_attributes["many"][0], 1, "the oldest element went");
    assert!(profile.standard.is_empty());
    assert_eq!(braze.profile_count(), 1);
    assert_eq!(braze.counters().silently_dropped.values().sum::<u64>(), 10);
    track(&braze, json!([{"external_id": "1", "vip": "T", "dob": "1990-12-31", "gender": "F", "country": "DE", "language": "de"}])).await;
    let profile = braze.profile("1").unwrap();
    assert_eq!(profile.custom_attributes["vip"], true);
    assert_eq!(profile.standard.len(), 4);
}

#[tokio::test]
async fn an_email_finds_the_most_recent_profile_with_an_external_id() {
    let braze = start(BrazeSettings::with_key(KEY)).await;
    let email = "shared@example.com";
    braze.insert_profile(Some("older"), Some(email));
    braze.insert_profile(Some("newer"), Some(email));
    braze.insert_profile(None, Some(email));
    track(&braze, json!([{"email": email, "hit": 1}])).await;
    assert_eq!(braze.profile("newer").unwrap().custom_attributes["hit"], 1);
    track(&braze, json!([{"external_id": "older", "x": 1}])).await;
    track(&braze, json!([{"email": email, "hit": 2}])).await;
    assert_eq!(braze.profile("older").unwrap().custom_attributes["hit"], 2);
    // Beside an external id, the email is an attribute: an unknown id makes a second profile.
    track(&braze, json!([{"external_id": "third", "email": email}])).await;
    assert_eq!(braze.profiles_with_email(email).len(), 4);
    track(&braze, json!([{"external_id": "third", "email": "moved@example.com"}])).await;
    assert_eq!(braze.profiles_with_email(email).len(), 3);
    assert_eq!(braze.profiles_with_email("moved@example.com").len(), 1);
}

#[tokio::test]
async fn the_rate_limit_says_when_to_come_back() {
    let clock = Clock::starting_at("2026-11-23T01:59:58.5Z".parse().unwrap());
    let epoch_of_hour = clock.since_epoch().as_secs() + 2;
    for (form, reset_fine, reset_refused, retry_after) in [
        (HeaderForm::Epoch, Some(epoch_of_hour), Some(epoch_of_hour), None),
        (HeaderForm::SecondsLeft, Some(2), Some(2), None),
        (HeaderForm::RetryAfter, Some(2), None, Some(2)),
        (HeaderForm::Absent, None, None, None),
    ] {
        let mut settings = BrazeSettings::with_key(KEY);
        settings.clock = clock;
        settings.rate_limit = RateLimit { per_three_seconds: Some(100), per_hour: Some(2), headers: form };
        let braze = start(settings).await;
        let header = |response: &Response, name: &str| {
            response.headers().get(name).map(|value| value.to_str().unwrap().parse::<u64>().unwrap())
        };
        let body = json!({"attributes": [{"external_id": "1"}]}).to_string();
        let fine = post(&braze, body.clone()).await;
        assert_eq!(header(&fine, "x-ratelimit-limit"), reset_fine.map(|_| 2));
        assert_eq!(header(&fine, "x-ratelimit-remaining"), reset_fine.map(|_| 1));
        assert_eq!(header(&fine, "x-ratelimit-reset"), reset_fine, "{form:?}");
        post(&braze, body.clone()).await;
        let refused = post(&braze, body.clone()).await;
        assert_eq!(refused.status(), 429);
        assert_eq!(header(&refused, "x-ratelimit-reset"), reset_refused, "{form:?}");
        assert_eq!(header(&refused, "x-ratelimit-retry-after"), retry_after, "{form:?}");
        let counters = braze.counters();
        assert_eq!((counters.rate_limited, counters.most_in_hour, counters.objects_accepted), (1, 2, 2));
    }
}

#[tokio::test(start_paused = true)]
async fn windows_follow_the_clock() {
    let mut settings = BrazeSettings::with_key(KEY);
    settings.clock = Clock::starting_at("2026-11-23T01:00:00Z".parse().unwrap());
    settings.rate_limit = RateLimit::per_three_seconds(1);
    let braze = start(settings).await;
    assert_eq!(track(&braze, json!([{"external_id": "1"}])).await.0, 201);
    assert_eq!(track(&braze, json!([{"external_id": "1"}])).await.0, 429);
    tokio::time::advance(Duration::from_secs(3)).await;
    assert_eq!(track(&braze, json!([{"external_id": "1"}])).await.0, 201);
    assert_eq!(braze.counters().most_in_three_seconds, 1);
}

#[tokio::test]
async fn the_same_profile_in_two_requests_at_once_is_noticed() {
    let mut settings = BrazeSettings::with_key(KEY);
    settings.latency = Latency { fixed: Duration::from_millis(100), jitter: Duration::from_millis(10) };
    let braze = start(settings).await;
    let objects = |ids: [&str; 2]| track(&braze, json!(ids.map(|id| json!({"external_id": id}))));
    objects(["a", "b"]).await;
    objects(["a", "a"]).await;
    let counters = braze.counters();
    assert_eq!((counters.same_profile_in_flight, counters.same_profile_in_request, counters.most_in_flight), (0, 1, 1));
    tokio::join!(objects(["a", "b"]), objects(["c", "b"]), objects(["d", "e"]));
    let counters = braze.counters();
    assert_eq!((counters.same_profile_in_flight, counters.most_in_flight), (1, 3));
}

#[tokio::test]
async fn faults_strike_as_the_script_says() {
    let mut settings = BrazeSettings::with_key(KEY);
    settings.record = Record::Bodies;
    let braze = start(settings).await;
    let one = |id: &str| json!({"attributes": [{"external_id": id}]}).to_string();
    let send = |id: &str| {
        let request = Client::new()
            .post(format!("{}/users/track", braze.url()))
            .bearer_auth(KEY)
            .header("content-type", "application/json");
        request.body(one(id)).send()
    };
    braze.set_faults(Some(Arc::new(|call: &super::TrackCall| match call.identifiers[0].as_str() {
        "html" => Fault::Answer(answers::html_error(502)),
        "before" => Fault::DropBefore,
        "after" => Fault::DropAfter,
        "queued" => Fault::AnswerAfter(answers::queued()),
        _ => Fault::None,
    })));
    let html = send("html").await.unwrap();
    assert_eq!((html.status().as_u16(), html.headers()["content-type"].to_str().unwrap()), (502, "text/html"));
    assert!(send("before").await.is_err());
    assert!(send("after").await.is_err());
    assert_eq!(send("queued").await.unwrap().status(), 202);
    assert!(braze.profile("html").is_none() && braze.profile("before").is_none());
    assert!(braze.profile("after").is_some() && braze.profile("queued").is_some());
    assert_eq!(braze.counters().statuses[&0], 2);
    let records = braze.records();
    assert_eq!(records[3].body.as_ref().unwrap()["attributes"][0]["external_id"], "queued");
    braze.set_faults(Some(answers::poisoned_by(["bad".to_owned()])));
    assert_eq!(answer(send("bad").await.unwrap()).await, (400, json!({"message": "Invalid request."})));
    assert_eq!(send("good").await.unwrap().status(), 201);
}

#[tokio::test]
async fn a_seed_draws_the_same_faults_again() {
    let shares = FaultShares {
        server_error: 0.2,
        rate_limited: 0.2,
        lost_after: 0.1,
        lost_before: 0.1,
        garbled: 0.2,
        wait: Duration::from_secs(1),
    };
    let clock = Clock::new();
    let draw = |seed| {
        let script = answers::seeded(seed, shares, clock);
        let call = super::TrackCall { number: 1, identifiers: Vec::new(), at: clock.now() };
        (0..200).map(|_| script(&call)).map(|fault| std::mem::discriminant(&fault)).collect::<Vec<_>>()
    };
    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7), draw(8));
    let kinds: std::collections::HashSet<_> = draw(7).into_iter().collect();
    assert_eq!(kinds.len(), 5);
}

#[tokio::test]
async fn counting_only_keeps_the_rules_of_the_request() {
    let mut settings = BrazeSettings::with_key(KEY);
    settings.keep = Keep::Counts;
    let braze = start(settings).await;
    let (status, body) =
        track(&braze, json!([{"external_id": "a\"b", "x": [1, {"y": 2}]}, {"email": "e@example.com"}, {"x": 1}])).await;
    assert_eq!((status, &body["attributes_processed"]), (201, &json!(2)));
    let counters = braze.counters();
    assert_eq!((counters.objects, counters.objects_accepted, counters.objects_refused), (3, 2, 1));
    assert_eq!(braze.profile_count(), 0);
}

#[tokio::test]
async fn tls_is_offered_with_its_own_certificate() {
    let mut settings = BrazeSettings::with_key(KEY);
    settings.tls = true;
    let braze = start(settings).await;
    let url = format!("{}/users/track", braze.url());
    assert!(url.starts_with("https://"));
    assert!(Client::new().get(&url).send().await.is_err(), "nobody trusts it");
    let certificate = reqwest::Certificate::from_pem(braze.certificate_pem().unwrap().as_bytes()).unwrap();
    let client = Client::builder().tls_certs_only([certificate]).build().unwrap();
    let response = client.get(&url).send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.version()), (404, reqwest::Version::HTTP_2));
}

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use reqwest::{Client, Response};
use serde_json::{Value, json};

use super::{Braze, BrazeSettings, ForcedType, Latency, Permission, ReadLimits, RestApiKey};

const KEY: &str = "b7c1-stand-in-key";

fn settings() -> BrazeSettings {
    BrazeSettings { keys: vec![RestApiKey::reading(KEY)], ..BrazeSettings::with_key(KEY) }
}

async fn body(response: Response) -> (u16, Value) {
    (response.status().as_u16(), serde_json::from_str(&response.text().await.unwrap()).unwrap())
}

async fn post(braze: &Braze, path: &str, body: &Value) -> (u16, Value) {
    let request = Client::new().post(format!("{}{path}", braze.url())).bearer_auth(KEY);
    let request = request.header("content-type", "application/json").body(body.to_string());
    self::body(request.send().await.unwrap()).await
}

async fn track(braze: &Braze, objects: Value) {
    assert_eq!(post(braze, "/users/track", &json!({ "attributes": objects })).await.0, 201);
}

async fn export(braze: &Braze, ids: &[&str]) -> Value {
    let wanted = json!({ "external_ids": ids, "fields_to_export": ["external_id", "first_name", "custom_attributes"] });
    let (status, answer) = post(braze, "/users/export/ids", &wanted).await;
    assert_eq!(status, 201, "{answer}");
    answer
}

async fn list(braze: &Braze, query: &str) -> Response {
    Client::new().get(format!("{}/custom_attributes{query}", braze.url())).bearer_auth(KEY).send().await.unwrap()
}

#[tokio::test]
async fn profiles_are_read_by_their_ids_with_the_fields_that_are_asked_for() {
    let braze = Braze::start(settings()).await.unwrap();
    let people = json!([
        {"external_id": "顧客-1", "email": "mika@example.jp", "first_name": "美香", "dob": "1990-01-02", "VIP": true},
        {"external_id": "c-2"},
    ]);
    track(&braze, people).await;
    let answer = export(&braze, &["顧客-1", "c-2", "nobody"]).await;
    let users = json!([{"external_id": "顧客-1", "first_name": "美香", "custom_attributes": {"VIP": true}}, {"external_id": "c-2"}]);
    assert_eq!(answer, json!({"message": "success", "users": users, "invalid_user_ids": ["nobody"]}));
    let by_email = json!({"email_address": "mika@example.jp", "fields_to_export": ["external_id"]});
    let (_, answer) = post(&braze, "/users/export/ids", &by_email).await;
    assert_eq!(answer["users"], json!([{"external_id": "顧客-1"}]));
    let many: Vec<String> = (0..51).map(|number| number.to_string()).collect();
    assert_eq!(post(&braze, "/users/export/ids", &json!({ "external_ids": many })).await.0, 400);
    let counters = braze.counters();
    assert_eq!((counters.requests, counters.profile_reads), (1, 3), "reads are counted apart");
}

#[tokio::test]
async fn attributes_are_listed_fifty_at_a_time_with_type_and_status() {
    let braze = Braze::start(settings()).await.unwrap();
    let mut person =
        json!({"external_id": "1", "on": true, "points": 1.5, "name": "x", "since": "2026-11-23T01:02:00Z"});
    for number in 0..60 {
        person[format!("list {number:02}")] = json!(["a"]);
    }
    track(&braze, json!([person])).await;
    braze.force_type("code", ForcedType::Text);
    braze.block_attribute("name", true);
    let first = list(&braze, "").await;
    let link = first.headers()["link"].to_str().unwrap().to_owned();
    let (_, first) = body(first).await;
    assert_eq!(first["attributes"].as_array().unwrap().len(), 50);
    assert_eq!(
        (&first["attributes"][1]["name"], &first["attributes"][1]["array_length"]),
        (&json!("list 00"), &json!(500))
    );
    let cursor = link.split_once("cursor=").unwrap().1.split_once('>').unwrap().0;
    let second = list(&braze, &format!("?cursor={cursor}")).await;
    assert!(!second.headers().contains_key("link"), "the last page");
    let (_, second) = body(second).await;
    let listed = |name: &str| {
        let pages = [&first, &second].map(|page| page["attributes"].as_array().unwrap());
        let found = pages.into_iter().flatten().find(|attribute| attribute["name"] == name).unwrap();
        (found["data_type"].as_str().unwrap().to_owned(), found["status"].as_str().unwrap().to_owned())
    };
    for (name, data_type, status) in [
        ("code", "String", "Active"),
        ("name", "String (Automatically Detected)", "Blocklisted"),
        ("on", "Boolean (Automatically Detected)", "Active"),
        ("points", "Number (Automatically Detected)", "Active"),
        ("since", "Date (Automatically Detected)", "Active"),
    ] {
        assert_eq!(listed(name), (data_type.to_owned(), status.to_owned()));
    }
    let hidden = export(&braze, &["1"]).await;
    assert!(hidden["users"][0]["custom_attributes"].get("name").is_none(), "a blocklisted attribute is hidden");
}

#[tokio::test]
async fn each_permission_is_needed_and_each_limit_kept() {
    let limits = ReadLimits { attributes_per_hour: 2, exports_per_minute: 1 };
    let braze = Braze::start(BrazeSettings { read_limits: limits, ..settings() }).await.unwrap();
    braze.set_keys(vec![RestApiKey::with(KEY, [Permission::CustomAttributesGet])]);
    assert_eq!(post(&braze, "/users/export/ids", &json!({})).await.0, 403);
    assert_eq!(list(&braze, "").await.status(), 200);
    assert_eq!(list(&braze, "").await.status(), 200);
    let refused = list(&braze, "").await;
    assert_eq!((refused.status().as_u16(), &refused.headers()["x-ratelimit-remaining"]), (429, &"0".parse().unwrap()));
    braze.set_keys(vec![RestApiKey::reading("another key")]);
    assert_eq!(list(&braze, "").await.status(), 401);
}

#[tokio::test]
async fn what_is_accepted_shows_after_the_lag() {
    let lag = Latency { fixed: Duration::from_millis(300), jitter: Duration::ZERO };
    let braze = Braze::start(BrazeSettings { lag, ..settings() }).await.unwrap();
    track(&braze, json!([{"external_id": "1", "VIP": true}])).await;
    assert!(braze.profile("1").is_none());
    tokio::time::sleep(Duration::from_millis(350)).await;
    assert_eq!(braze.profile("1").unwrap().custom_attributes["VIP"], true);
}

#[tokio::test]
async fn profiles_are_changed_merged_and_deleted_by_others() {
    let braze = Braze::start(settings()).await.unwrap();
    let people = json!([
        {"external_id": "1", "email": "a@example.com", "VIP": true, "points": 1},
        {"external_id": "2", "email": "b@example.com", "VIP": false},
        {"external_id": "3", "email": "c@example.com", "phone": "+81312345678"},
    ]);
    track(&braze, people).await;
    braze.set_attribute("1", "VIP", Some(&json!(false)));
    braze.merge_profiles("1", "2");
    assert!(braze.profile("1").is_none() && braze.profiles_with_email("a@example.com").is_empty());
    let kept = braze.profile("2").unwrap();
    assert_eq!((&kept.custom_attributes["VIP"], &kept.custom_attributes["points"]), (&json!(false), &json!(1)));
    assert!(braze.delete_profile("2") && !braze.delete_profile("2"));
    assert_eq!(braze.profiles_with_email("c@example.com").len(), 1);
    braze.set_attribute("3", "VIP", Some(&json!(true)));
    assert_eq!(braze.count_with_attribute("VIP", &json!(true)), 1);
}

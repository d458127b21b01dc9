//! What Braze holds: checked before anything is sent, tried with a few people, and read back.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;

use crate::support::{API_KEY, Function, RUN, SECRET, TIMEOUT, World, assert_silent, sqs_event};
use itb::standin::braze::{Braze, ForcedType, Latency, Permission, RestApiKey};
use serde_json::{Value, json};

const NEXT_RUN: &str = "incoming/BlobExport/HighValueCustomers/2026/11/24/0102";
const ATTRIBUTE: &str = "High Value Customers";

async fn reading_world(change: impl FnOnce(&mut itb::standin::AccountSettings)) -> World {
    World::with(|settings| {
        settings.braze.keys = vec![RestApiKey::reading(API_KEY)];
        change(settings);
    })
    .await
}

fn people(ids: impl IntoIterator<Item = usize>) -> String {
    let mut file = "LoyaltyId,EMail,FirstName,Points\n".to_owned();
    for id in ids {
        writeln!(file, "canary-{id},canary{id}@example.com,Canary 海斗,{id}").unwrap();
    }
    file
}

async fn run(world: &World, further: Value) -> Value {
    let answer = world.run(further).await;
    assert_silent([answer.to_string()]);
    answer["reports"][0].clone()
}

fn marked(world: &World) -> usize {
    world.account.braze.count_with_attribute(ATTRIBUTE, &json!(true))
}

/// Lets the runs that are complete have ended an hour earlier: what was sent in the last minutes is not looked at.
fn an_hour_later(world: &World) {
    let key = format!("{}/ledger.json", world.state(ATTRIBUTE));
    let mut ledger = world.ledger(ATTRIBUTE);
    for past in ledger["history"].as_array_mut().unwrap() {
        let ended: jiff::Timestamp = past["finished_at"].as_str().unwrap().parse().unwrap();
        past["finished_at"] = json!((ended - jiff::SignedDuration::from_hours(1)).to_string());
    }
    world.put(&key, ledger.to_string());
}

/// A world in which a first run of 60 people was delivered an hour ago.
async fn delivered_world(permissions: RestApiKey) -> World {
    let world = reading_world(|settings| settings.braze.keys = vec![permissions]).await;
    world.configure("", "settle_minutes = 0");
    world.put(&format!("{RUN}/HighValueCustomers_1.csv"), people(0..60));
    let report = run(&world, json!({})).await;
    assert_eq!((report["outcome"].as_str(), marked(&world)), (Some("delivered"), 60), "{report}");
    an_hour_later(&world);
    world.put(&format!("{NEXT_RUN}/HighValueCustomers_1.csv"), people(1..61));
    world.account.braze.reset_counters();
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn without_permissions_everything_is_delivered_and_one_request_is_refused_in_a_run() {
    let world = delivered_world(RestApiKey::tracking(API_KEY)).await;
    let report = run(&world, json!({})).await;
    assert_eq!((report["outcome"].as_str(), marked(&world)), (Some("delivered"), 60), "{report}");
    assert_eq!(report["requests"]["sent"], 2, "one person entered, and one left");
    let counters = world.account.braze.counters();
    assert_eq!((counters.attribute_reads, counters.profile_reads), (0, 1));
    let unchecked = report["proof"]["unchecked"][0].as_str().unwrap();
    assert!(unchecked.contains("users.export.ids") && unchecked.contains("[ITB-Y01]"), "{unchecked}");
    assert!(report["notes"].is_null(), "{report}");
    assert!(report["proof"]["read_back"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warm_function_remembers_what_it_may_not_read() {
    let world = reading_world(|settings| settings.braze.keys = vec![RestApiKey::tracking(API_KEY)]).await;
    world.configure("", "settle_minutes = 0");
    let host = world.host(Function::OnDemand).await;
    for (folder, range) in [(RUN, 0..30), (NEXT_RUN, 0..31)] {
        world.put(&format!("{folder}/HighValueCustomers_1.csv"), people(range));
        let answer = host.invoke(&json!({ "action": "run", "export": "loyalty" }), TIMEOUT).await.unwrap();
        assert_eq!(answer["reports"][0]["outcome"], "delivered", "{answer}");
    }
    let counters = world.account.braze.counters();
    assert_eq!((counters.attribute_reads, counters.profile_reads), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn members_who_lost_the_attribute_hold_the_run() {
    let world = delivered_world(RestApiKey::reading(API_KEY)).await;
    world.account.braze.forget_profiles();
    let report = run(&world, json!({})).await;
    assert_eq!((report["outcome"].as_str(), report["code"].as_str()), (Some("held"), Some("ITB-H07")), "{report}");
    let message = report["message"].as_str().unwrap();
    assert!(message.contains("Another workspace?") && message.contains("\"allow_differences\": 50"), "{message}");
    assert_eq!(report["proof"]["members"], json!({ "read": 50, "have_it": 0 }));
    assert_eq!(
        (world.account.braze.counters().requests, world.account.braze.profile_count()),
        (0, 0),
        "nothing was sent"
    );
    let page = world.get_text("reports/loyalty/HighValueCustomers/2026-11-24T01:02Z/report.html");
    assert!(page.contains("0 of 50 members have the attribute"), "{page}");
    // The schedule changes nothing about it, and the right number and everybody again do.
    world.invoke(Function::Scheduled, &json!({})).await.unwrap();
    assert_eq!(world.account.braze.counters().requests, 0);
    let report = run(&world, json!({ "allow_differences": 49 })).await;
    assert_eq!(report["outcome"], "held", "{report}");
    let report = run(&world, json!({ "allow_differences": 50, "send": "all" })).await;
    assert_eq!((report["outcome"].as_str(), marked(&world)), (Some("delivered"), 60), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_writer_is_found_and_a_few_deleted_profiles_are_none() {
    let world = delivered_world(RestApiKey::reading(API_KEY)).await;
    for id in 0..4 {
        assert!(world.account.braze.delete_profile(&format!("canary-{}", id * 9 + 3)));
    }
    let preview = run(&world, json!({ "dry_run": true })).await;
    assert!(preview["preview"]["would_be_held"].is_null(), "{preview}");
    for id in 0..30 {
        world.account.braze.set_attribute(&format!("canary-{id}"), ATTRIBUTE, Some(&json!(false)));
    }
    let preview = run(&world, json!({ "dry_run": true })).await;
    let held = preview["preview"]["would_be_held"].as_str().unwrap();
    assert!(held.contains("Braze does not hold what was delivered"), "{held}");
    let report = run(&world, json!({})).await;
    assert_eq!((report["outcome"].as_str(), report["code"].as_str()), (Some("held"), Some("ITB-H07")), "{report}");
    // Once the other system has put it right, the next attempt goes on.
    for id in 0..30 {
        world.account.braze.set_attribute(&format!("canary-{id}"), ATTRIBUTE, Some(&json!(true)));
    }
    let report = run(&world, json!({})).await;
    assert_eq!(report["outcome"], "delivered", "{report}");
    assert!(report["proof"]["members"]["have_it"].as_u64().unwrap() >= 45, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contradictory_type_holds_the_first_delivery() {
    let contradict = |braze: &Braze| braze.force_type(ATTRIBUTE, ForcedType::Text);
    contradiction_holds_the_first_delivery(contradict, "\"High Value Customers\" is String in Braze").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocklisted_field_holds_the_first_delivery() {
    let contradict = |braze: &Braze| braze.block_attribute("loyalty_points", true);
    contradiction_holds_the_first_delivery(contradict, "is blocklisted in Braze").await;
}

async fn contradiction_holds_the_first_delivery(contradict: impl FnOnce(&Braze), words: &str) {
    let world = reading_world(|_| {}).await;
    world.put(&format!("{RUN}/HighValueCustomers_1.csv"), people(0..300));
    contradict(&world.account.braze);
    let connect = json!({ "action": "connect", "connection": "braze-eu" });
    let answer = world.invoke(Function::OnDemand, &connect).await.unwrap();
    assert_eq!(answer["outcome"], "connected", "{answer}");
    assert_eq!(answer["reading"]["users.export.ids"], true);
    let contradiction = answer["reading"]["contradictions"][0].as_str().unwrap_or_default();
    assert!(contradiction.contains(words), "{answer}");
    let preview = run(&world, json!({ "dry_run": true })).await;
    let held = preview["preview"]["would_be_held"].as_str().unwrap();
    assert!(held.contains(words), "{held}");
    assert!(preview["preview"]["check_first"].to_string().contains("ITB-W07"), "{preview}");
    let report = run(&world, json!({})).await;
    assert_eq!((report["outcome"].as_str(), report["code"].as_str()), (Some("held"), Some("ITB-H08")), "{report}");
    assert!(report["message"].as_str().unwrap().contains(words), "{report}");
    assert_eq!(world.account.braze.profile_count(), 0, "no one is touched");
    let allowed = run(&world, json!({ "allow_differences": 1 })).await;
    // What the type says, the trial shows.
    assert_eq!((allowed["outcome"].as_str(), allowed["code"].as_str()), (Some("held"), Some("ITB-H09")), "{allowed}");
    assert!((1..=200).contains(&world.account.braze.profile_count()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_is_not_kept_is_found_with_at_most_two_hundred_people() {
    let world = reading_world(|_| {}).await;
    let config = world.config("", "settle_minutes = 0");
    world.put("config/exports.toml", config.replace("first_name = \"FirstName\"", "nick = \"FirstName\""));
    world.account.braze.force_type("nick", ForcedType::Number);
    world.put(&format!("{RUN}/HighValueCustomers_1.csv"), people(0..1000));
    world.put(&format!("{RUN}/HighValueCustomers_2.csv"), people(1000..2000));
    let invoke = |function| {
        let world = &world;
        async move {
            let host = world.host(function).await;
            // The time of the invocation bounds the wait for what never shows.
            host.invoke(&json!({ "action": "run", "export": "loyalty" }), Duration::from_secs(12)).await.unwrap()
        }
    };
    let report = invoke(Function::OnDemand).await["reports"][0].clone();
    assert_eq!((report["outcome"].as_str(), report["code"].as_str()), (Some("held"), Some("ITB-H09")), "{report}");
    assert_eq!(world.account.braze.profile_count(), 150, "two requests");
    let message = report["message"].as_str().unwrap();
    assert!(message.contains("nick: 150 of 150 have nothing instead of \"Aaaaaa 字字\""), "{message}");
    assert_silent([message]);
    assert_eq!(report["proof"]["trial"]["confirmed"], 0);
    // The schedule holds it without sending anyone again.
    let requests = world.account.braze.counters().requests;
    world.invoke(Function::Scheduled, &json!({})).await.unwrap();
    assert_eq!(world.account.braze.counters().requests, requests);
    // With the field as it should be, the next attempt tries again and goes on.
    world.configure("", "settle_minutes = 0");
    let report = run(&world, json!({})).await;
    assert_eq!((report["outcome"].as_str(), marked(&world)), (Some("delivered"), 2000), "{report}");
    assert_eq!(report["proof"]["trial"]["confirmed"], 150, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_column_of_ids_is_found_by_the_addresses() {
    let world = reading_world(|_| {}).await;
    for id in 0..1000 {
        world.account.braze.insert_profile(Some(&format!("L-{id}")), Some(&format!("canary{id}@example.com")));
    }
    world.put(&format!("{RUN}/HighValueCustomers_1.csv"), people(0..1000));
    let report = run(&world, json!({})).await;
    assert_eq!((report["outcome"].as_str(), report["code"].as_str()), (Some("held"), Some("ITB-H10")), "{report}");
    assert!((1..=200).contains(&(world.account.braze.profile_count() - 1000)));
    assert_eq!(report["proof"]["trial"]["new_profiles"], 150, "{report}");
    let report = run(&world, json!({ "allow_differences": 150 })).await;
    assert_eq!(marked(&world), 1000, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_shows_late_is_confirmed_and_timed() {
    let lag = Latency { fixed: Duration::from_millis(600), jitter: Duration::from_millis(200) };
    let world = reading_world(|settings| settings.braze.lag = lag).await;
    world.configure("", "settle_minutes = 0\ntrial = 10");
    world.put(&format!("{RUN}/HighValueCustomers_1.csv"), people(0..500));
    let host = world.host(Function::OnDemand).await;
    let answer = host.invoke(&json!({ "action": "run", "export": "loyalty" }), TIMEOUT).await.unwrap();
    let report = &answer["reports"][0];
    assert_eq!(report["outcome"], "delivered", "{report}");
    let (trial, read_back) = (&report["proof"]["trial"], &report["proof"]["read_back"]);
    assert_eq!((&trial["people"], &trial["confirmed"]), (&json!(10), &json!(10)), "{report}");
    assert_eq!((&read_back["people"], &read_back["confirmed"]), (&json!(20), &json!(20)), "{report}");
    assert!(read_back["seconds"].as_f64().unwrap() > 0.5, "{report}");
    let page = world.get_text("reports/loyalty/HighValueCustomers/2026-11-23T01:02Z/report.html");
    assert!(page.contains("confirmed 20 of 20"), "{page}");
    let lines = host.log_lines();
    let metrics = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let metrics = metrics.filter(|line| line.get("_aws").is_some()).find(|line| line.get("ReadBackSeconds").is_some());
    assert_eq!(metrics.unwrap()["ReadBackDiffering"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_left_are_read_back_too() {
    let world = delivered_world(RestApiKey::reading(API_KEY)).await;
    let report = run(&world, json!({})).await;
    assert_eq!(report["outcome"], "delivered", "{report}");
    assert_eq!(report["proof"]["read_back"]["confirmed"], 2, "who entered and who left: {report}");
    assert_eq!(world.has_attribute("canary-0", ATTRIBUTE), json!(false));
    let counters = world.account.braze.counters();
    assert!(counters.attribute_reads <= 1 && counters.profile_reads <= 4, "{counters:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_of_addresses_is_checked_and_read_back() {
    let world = reading_world(|_| {}).await;
    let config = world.config("", "settle_minutes = 0").replace("customer_id = \"LoyaltyId\"\n", "");
    world.put("config/exports.toml", config);
    world.put(&format!("{RUN}/HighValueCustomers_1.csv"), people(0..40));
    let report = run(&world, json!({})).await;
    assert_eq!((report["outcome"].as_str(), marked(&world)), (Some("delivered"), 40), "{report}");
    assert_eq!(report["proof"]["trial"]["confirmed"], report["proof"]["trial"]["people"], "{report}");
    an_hour_later(&world);
    world.account.braze.forget_profiles();
    world.put(&format!("{NEXT_RUN}/HighValueCustomers_1.csv"), people(0..41));
    let report = run(&world, json!({})).await;
    assert_eq!((report["outcome"].as_str(), report["code"].as_str()), (Some("held"), Some("ITB-H07")), "{report}");
    assert_eq!(report["proof"]["members"]["read"], 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_reading_or_a_slow_answer_prevents_nothing() {
    let world = reading_world(|settings| {
        settings.braze.read_limits.attributes_per_hour = 0;
        settings.braze.read_limits.exports_per_minute = 0;
    })
    .await;
    let key = format!("{RUN}/HighValueCustomers_1.csv");
    world.put(&key, people(0..30));
    let body = world.s3_event(&key);
    world.invoke(Function::ObjectCreated, &sqs_event(&[body])).await.unwrap();
    let report = world.report("HighValueCustomers", "2026-11-23T01:02Z");
    assert_eq!((report["rows"]["accepted"].as_u64(), marked(&world)), (Some(30), 30), "{report}");
    let unchecked: BTreeSet<&str> =
        report["proof"]["unchecked"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    assert!(unchecked.iter().any(|text| text.contains("rate limit of /custom_attributes")), "{unchecked:?}");
    world.account.set_secret(SECRET, json!({ "api_key": API_KEY }).to_string());
    world
        .account
        .braze
        .set_keys(vec![RestApiKey::with(API_KEY, [Permission::UsersTrack, Permission::CustomAttributesGet])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_is_sent_and_no_one_else() {
    let world = reading_world(|_| {}).await;
    world.configure("", "settle_minutes = 0");
    world.put(&format!("{RUN}/HighValueCustomers_1.csv"), people(0..40));
    let report = run(&world, json!({ "only": { "customer_id": "canary-7" } })).await;
    assert_eq!((report["outcome"].as_str(), report["code"].as_str()), (Some("delivered"), Some("ITB-R18")), "{report}");
    assert_eq!((marked(&world), world.has_attribute("canary-7", ATTRIBUTE)), (1, json!(true)));
    assert_eq!(report["proof"]["read_back"]["confirmed"], 1, "{report}");
    assert_eq!(report["rows"]["accepted"], 1);
    let missing = run(&world, json!({ "only": { "customer_id": "canary-99" } })).await;
    assert_eq!(missing["code"], "ITB-R19", "{missing}");
    // They are on record: without the run that has them, they leave with the next one.
    world.put(&format!("{NEXT_RUN}/HighValueCustomers_1.csv"), people((0..40).filter(|id| *id != 7)));
    let report = run(&world, json!({})).await;
    assert_eq!((report["outcome"].as_str(), marked(&world)), (Some("delivered"), 39), "{report}");
    assert_eq!(world.has_attribute("canary-7", ATTRIBUTE), json!(false));
    let refused =
        json!({ "action": "run", "export": "loyalty", "dry_run": true, "only": { "customer_id": "canary-7" } });
    let error = world.invoke(Function::OnDemand, &refused).await.unwrap_err().to_string();
    assert!(error.contains("\"only\"") || error.contains("only"), "{error}");
    assert_silent([error]);
}

#[tokio::test(flavor = "multi_thread")]
async fn unchanged_members_are_sent_again_over_the_days() {
    let world = World::start().await;
    world.configure("", "settle_minutes = 0\nrefresh_days = 10");
    world.put(&format!("{RUN}/HighValueCustomers_1.csv"), people(0..400));
    run(&world, json!({})).await;
    let key = format!("{}/ledger.json", world.state(ATTRIBUTE));
    let mut ledger = world.ledger(ATTRIBUTE);
    let began: jiff::Timestamp = ledger["last_complete"]["started_at"].as_str().unwrap().parse().unwrap();
    ledger["last_complete"]["started_at"] = json!((began - jiff::SignedDuration::from_hours(60)).to_string());
    world.put(&key, ledger.to_string());
    // Somebody removed the attribute from everyone.
    for id in 0..400 {
        world.account.braze.set_attribute(&format!("canary-{id}"), ATTRIBUTE, None);
    }
    world.put(&format!("{NEXT_RUN}/HighValueCustomers_1.csv"), people(0..400));
    let preview = run(&world, json!({ "dry_run": true })).await;
    let report = run(&world, json!({})).await;
    let accepted = report["rows"]["accepted"].as_u64().unwrap();
    assert!((60..140).contains(&accepted), "a quarter of 400 in 2.5 of 10 days: {report}");
    assert!(preview["rows"]["accepted"].as_u64().unwrap().abs_diff(accepted) <= 1, "{preview}");
    assert_eq!(marked(&world) as u64, accepted);
}

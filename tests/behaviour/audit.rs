//! Audits: Braze's export of a segment against the last complete run, and the repair of the differences.

use std::fmt::Write;
use std::time::Duration;

use crate::support::{API_KEY, Function, RUN, SECRET, TIMEOUT, World, assert_silent};
use itb::standin::braze::{Latency, RestApiKey, SegmentExports};
use itb::standin::lambda::LambdaHost;
use serde_json::{Value, json};

const NEXT_RUN: &str = "incoming/BlobExport/HighValueCustomers/2026/11/24/0102";
const ATTRIBUTE: &str = "High Value Customers";
const SEGMENT_ID: &str = "abc56c0c-0001";
const BUCKET: &str = "company-exports";
const RECEIPTS: &str = "reports/audit.receipts/loyalty/HighValueCustomers/";

fn people(ids: impl IntoIterator<Item = usize>) -> String {
    let mut file = "LoyaltyId,EMail,FirstName,Points\n".to_owned();
    for id in ids {
        writeln!(file, "canary-{id},canary{id}@example.com,Canary 海斗,{id}").unwrap();
    }
    file
}

fn configure(world: &World, connection: &str, export: &str) {
    let ids = format!("\n[exports.loyalty.audit_segment_ids]\nHighValueCustomers = \"{SEGMENT_ID}\"\n");
    world.put("config/exports.toml", world.config(connection, &format!("settle_minutes = 0\n{export}")) + &ids);
}

fn exports() -> SegmentExports {
    SegmentExports {
        segments: [(SEGMENT_ID.to_owned(), ATTRIBUTE.to_owned())].into(),
        profiles_per_file: 25,
        ..SegmentExports::default()
    }
}

/// A world in which a first run was delivered, with exports to a bucket of the company's own.
async fn delivered_world(members: usize) -> World {
    let world = World::with(|settings| settings.braze.keys = vec![RestApiKey::reading(API_KEY).auditing()]).await;
    configure(&world, &format!("audit_bucket = \"{BUCKET}\"\naudit_prefix = \"braze/\""), "");
    world.account.s3.create_bucket(BUCKET).unwrap();
    world.account.braze.set_exports(SegmentExports { bucket: Some(bucket(&world)), ..exports() });
    deliver(&world, RUN, 0..members).await;
    world
}

fn bucket(world: &World) -> itb::standin::s3::Sink {
    let sink = world.account.s3.sink(BUCKET);
    std::sync::Arc::new(move |key, content| sink(&format!("braze/{key}"), content))
}

async fn deliver(world: &World, folder: &str, ids: impl IntoIterator<Item = usize>) {
    world.put(&format!("{folder}/HighValueCustomers_1.csv"), people(ids));
    let answer = world.run(json!({})).await;
    assert_eq!(answer["reports"][0]["outcome"], "delivered", "{answer}");
}

async fn ask(host: &LambdaHost, further: Value) -> Value {
    let mut event = json!({ "action": "audit", "export": "loyalty", "segment": "HighValueCustomers" });
    event.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    let answer = host.invoke(&event, TIMEOUT).await.unwrap();
    assert_silent([answer.to_string()]);
    answer["audits"][0].clone()
}

async fn audit(world: &World, further: Value) -> Value {
    ask(&world.host(Function::OnDemand).await, further).await
}

async fn refused(world: &World, further: Value) -> String {
    let mut event = json!({ "action": "audit", "export": "loyalty" });
    event.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    world.invoke(Function::OnDemand, &event).await.unwrap_err().to_string()
}

fn marked(world: &World) -> usize {
    world.account.braze.count_with_attribute(ATTRIBUTE, &json!(true))
}

fn set(world: &World, id: usize, value: Option<&Value>) {
    world.account.braze.set_attribute(&format!("canary-{id}"), ATTRIBUTE, value);
}

/// What is kept of audits, but for the record.
fn kept(world: &World) -> Vec<String> {
    let folder = format!("{}/audit/", world.state(ATTRIBUTE));
    let keys = world.account.list(&folder).into_iter().map(|object| object.key);
    keys.filter(|key| !key.ends_with("record.json")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_that_is_the_same_in_braze_is_confirmed_and_nothing_is_sent() {
    let world = delivered_world(60).await;
    let before = world.account.braze.counters().requests;
    let preview = audit(&world, json!({ "dry_run": true })).await;
    assert_eq!(
        (&preview["outcome"], &preview["code"], &preview["members"]),
        (&json!("dry_run"), &json!("ITB-U01"), &json!(60))
    );
    assert_eq!(world.account.braze.counters().segment_exports, 0, "a dry run asks for nothing");
    let audited = audit(&world, json!({})).await;
    assert_eq!((&audited["outcome"], &audited["code"]), (&json!("equal"), &json!("ITB-U05")), "{audited}");
    assert_eq!((&audited["members"], &audited["profiles"]), (&json!(60), &json!(60)));
    assert_eq!((&audited["missing"]["people"], &audited["extra"]["people"]), (&json!(0), &json!(0)));
    let files = audited["export_files"].as_array().unwrap();
    assert_eq!(files.len(), 3, "25 profiles a file");
    assert!(files.iter().all(|file| file["sha256"].as_str().unwrap().len() == 64), "{audited}");
    let receipt: Value = serde_json::from_str(&world.get_text(audited["stored_as"].as_str().unwrap())).unwrap();
    assert_eq!(receipt, audited);
    assert!(audited["stored_as"].as_str().unwrap().starts_with(RECEIPTS), "{audited}");
    assert_eq!(kept(&world), Vec::<String>::new());
    for exports in [2, 3] {
        assert_eq!(audit(&world, json!({ "repair": true })).await["outcome"], "equal");
        assert_eq!(world.account.braze.counters().segment_exports, exports, "Braze is asked anew each time");
    }
    assert_eq!(world.account.braze.counters().requests, before, "nothing is sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_difference_is_found_with_its_cause_and_one_repair_fixes_all_that_can_be() {
    let world = delivered_world(200).await;
    let braze = &world.account.braze;
    for (id, value) in [(3, None), (4, None), (5, Some(false)), (6, Some(false)), (7, Some(false))] {
        set(&world, id, value.map(Value::from).as_ref());
    }
    for id in [8, 9] {
        assert!(braze.delete_profile(&format!("canary-{id}")));
    }
    // Two who are no members: one was written by another system, one took over a member by a merge.
    for id in [900, 901] {
        braze.insert_profile(Some(&format!("canary-{id}")), Some(&format!("canary{id}@example.com")));
    }
    set(&world, 900, Some(&json!(true)));
    braze.merge_profiles("canary-10", "canary-901");
    // Profiles without a customer ID: of no one known, and with the address of a member.
    for address in ["canary950@example.com", "canary11@example.com"] {
        braze.insert_profile(None, Some(address));
        braze.set_attribute_of_address(address, ATTRIBUTE, Some(&json!(true)));
    }
    let before = braze.counters().requests;
    let audited = audit(&world, json!({})).await;
    assert_eq!((&audited["outcome"], &audited["code"]), (&json!("differs"), &json!("ITB-U06")), "{audited}");
    assert_eq!((&audited["missing"]["people"], &audited["missing"]["accepted"]), (&json!(8), &json!(8)), "{audited}");
    let causes = &audited["missing"]["causes"];
    assert_eq!(causes["no profile: deleted, merged, or never created"], 3, "{audited}");
    assert_eq!(causes["the attribute is not set"], 2, "{audited}");
    assert_eq!(causes["the attribute is false: another system set it, or its filter is another"], 3, "{audited}");
    assert_eq!((&audited["extra"]["people"], &audited["extra"]["not_repairable"]), (&json!(4), &json!(1)), "{audited}");
    assert_eq!(braze.counters().requests, before, "nothing is sent without being asked for");
    assert!(!kept(&world).is_empty(), "the differences are kept for a repair");

    let repaired = audit(&world, json!({ "repair": true })).await;
    assert_eq!((&repaired["outcome"], &repaired["code"]), (&json!("repaired"), &json!("ITB-U08")), "{repaired}");
    assert_eq!(
        (&repaired["sent"]["members"], &repaired["sent"]["others"], &repaired["sent"]["refused"]),
        (&json!(8), &json!(3), &json!(0))
    );
    assert_eq!(repaired["sent"]["data_points"], 11);
    assert_eq!(braze.counters().segment_exports, 1, "the differences were known");
    assert_eq!(marked(&world), 201, "all members, and the profile with a member's address");
    assert!(kept(&world).iter().all(|key| key.contains("-missing")), "{:?}", kept(&world));
    assert_eq!(world.ledger(ATTRIBUTE)["lease"], Value::Null);
    let again = audit(&world, json!({ "repair": true })).await;
    assert_eq!(
        (&again["outcome"], &again["missing"]["people"], &again["extra"]["people"]),
        (&json!("differs"), &json!(0), &json!(1)),
        "{again}"
    );

    // The next run sends those who were missing with all of their fields.
    assert_eq!(braze.profile("canary-8").unwrap().standard.get("first_name"), None);
    deliver(&world, NEXT_RUN, 0..200).await;
    assert_eq!(braze.profile("canary-8").unwrap().standard["first_name"], "Canary 海斗");
    assert_eq!(marked(&world), 201);
    audit(&world, json!({ "repair": true })).await;
    assert_eq!(kept(&world), Vec::<String>::new(), "they are no longer needed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_of_unusually_many_waits_for_a_person() {
    let world = delivered_world(60).await;
    (0..20).for_each(|id| set(&world, id, Some(&json!(false))));
    let before = world.account.braze.counters().requests;
    let held = audit(&world, json!({ "repair": true })).await;
    assert_eq!((&held["outcome"], &held["code"]), (&json!("held"), &json!("ITB-U07")), "{held}");
    assert!(held["message"].as_str().unwrap().contains("\"allow_differences\": 20"), "{held}");
    let held = audit(&world, json!({ "repair": true, "allow_differences": 19 })).await;
    assert_eq!(held["outcome"], "held", "{held}");
    assert_eq!((world.account.braze.counters().requests, marked(&world)), (before, 40));
    let repaired = audit(&world, json!({ "repair": true, "allow_differences": 20 })).await;
    assert_eq!((&repaired["outcome"], marked(&world)), (&json!("repaired"), 60), "{repaired}");
    assert_eq!(world.account.braze.counters().segment_exports, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_awaited_and_downloaded_from_the_address_in_the_answer() {
    let world = delivered_world(60).await;
    configure(&world, "", "");
    set(&world, 7, None);
    world.account.braze.set_exports(SegmentExports { delay: Duration::from_secs(3), ..exports() });
    let host = world.host(Function::OnDemand).await;
    let waiting = ask(&host, json!({})).await;
    assert_eq!((&waiting["outcome"], &waiting["code"]), (&json!("waiting"), &json!("ITB-U02")), "{waiting}");
    let record = world.get_text(&format!("{}/audit/record.json", world.state(ATTRIBUTE)));
    assert!(!record.contains("http"), "the address is kept apart: {record}");
    let mut audited = ask(&host, json!({})).await;
    while audited["outcome"] == "waiting" {
        audited = ask(&host, json!({})).await;
    }
    assert_eq!((&audited["outcome"], &audited["missing"]["people"]), (&json!("differs"), &json!(1)), "{audited}");
    assert_eq!(audited["export_files"][0]["key"], "download");
    assert_eq!(world.account.braze.counters().segment_exports, 1, "it is asked for once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_that_runs_out_of_time_is_continued_through_the_queue() {
    let world = delivered_world(300).await;
    let connection = format!(
        "audit_bucket = \"{BUCKET}\"\naudit_prefix = \"braze/\"\nobjects_per_request = 1\nrequests_per_second = 10"
    );
    configure(&world, &connection, "max_leavers = 1.0");
    (0..60).for_each(|id| set(&world, id, None));
    let event = json!({ "action": "audit", "export": "loyalty", "repair": true });
    let answer = world.host(Function::OnDemand).await.invoke(&event, Duration::from_secs(5)).await.unwrap();
    assert_eq!(answer["audits"][0]["code"], "ITB-U03", "{answer}");
    assert!(marked(&world) < 300);
    // Nothing is delivered to the attribute by a leaseless repair's remains.
    let host = world.host(Function::ObjectCreated).await;
    while marked(&world) < 300 {
        let answer = world.account.deliver_messages(&host, TIMEOUT, TIMEOUT).await.expect("a message");
        assert_eq!(answer.unwrap(), json!({ "batchItemFailures": [] }));
    }
    let receipts = world.account.list(RECEIPTS);
    let receipt = world.get_text(&receipts.last().unwrap().key);
    let receipt: Value = serde_json::from_str(&receipt).unwrap();
    assert_eq!((&receipt["outcome"], &receipt["sent"]["members"]), (&json!("repaired"), &json!(60)), "{receipt}");
    let requests = receipt["sent"]["requests"]["sent"].as_u64().unwrap();
    assert!((60..=61).contains(&requests), "{receipt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_audited_says_what_to_do() {
    let world = delivered_world(10).await;
    let message = refused(&world, json!({ "segment": "ChurnRisk" })).await;
    assert!(message.contains("audit_segment_ids") && message.contains("[ITB-U21]"), "{message}");
    let message = refused(&world, json!({ "segment": "Other" })).await;
    assert!(message.contains("does not exist"), "{message}");
    let message = refused(&world, json!({ "allow_differences": 3 })).await;
    assert!(message.contains("repair"), "{message}");

    world.account.braze.set_exports(SegmentExports::default());
    let failed = audit(&world, json!({})).await;
    assert_eq!((&failed["outcome"], &failed["code"]), (&json!("failed"), &json!("ITB-Y22")), "{failed}");
    assert!(failed["message"].as_str().unwrap().contains("segment_id is invalid"), "{failed}");

    // A segment of other people in Braze.
    let segments = [(SEGMENT_ID.to_owned(), "Other".to_owned())].into();
    (0..9).for_each(|id| world.account.braze.set_attribute(&format!("canary-{id}"), "Other", Some(&json!(true))));
    (0..9).for_each(|id| set(&world, id, Some(&json!(false))));
    world.account.braze.set_exports(SegmentExports { segments, bucket: Some(bucket(&world)), ..exports() });
    let failed = audit(&world, json!({ "repair": true })).await;
    assert_eq!((&failed["outcome"], &failed["code"]), (&json!("failed"), &json!("ITB-U27")), "{failed}");
    assert_eq!(marked(&world), 1, "nothing is sent");

    world.account.braze.set_exports(SegmentExports { bucket: Some(bucket(&world)), ..exports() });
    configure(&world, "", "");
    let failed = audit(&world, json!({})).await;
    assert_eq!((&failed["outcome"], &failed["code"]), (&json!("failed"), &json!("ITB-U23")), "{failed}");
    world.account.braze.set_keys(vec![RestApiKey::reading(API_KEY)]);
    let failed = audit(&world, json!({})).await;
    assert_eq!((&failed["outcome"], &failed["code"]), (&json!("failed"), &json!("ITB-Y21")), "{failed}");
    assert_eq!(kept(&world), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schedule_audits_once_in_so_many_days() {
    let world = delivered_world(30).await;
    let connection = format!("audit_bucket = \"{BUCKET}\"\naudit_prefix = \"braze/\"");
    configure(&world, &connection, "");
    let answer = world.invoke(Function::Scheduled, &json!({})).await.unwrap();
    assert_eq!((&answer["audits"], world.account.braze.counters().segment_exports), (&Value::Null, 0), "{answer}");
    configure(&world, &connection, "audit_days = 30");
    set(&world, 3, None);
    let answer = world.invoke(Function::Scheduled, &json!({})).await.unwrap();
    assert_eq!(
        (&answer["audits"][0]["outcome"], &answer["audits"][0]["missing"]["people"]),
        (&json!("differs"), &json!(1)),
        "{answer}"
    );
    let answer = world.invoke(Function::Scheduled, &json!({})).await.unwrap();
    assert_eq!((&answer["audits"], world.account.braze.counters().segment_exports), (&Value::Null, 1), "{answer}");
    assert_eq!(marked(&world), 29, "the schedule repairs nothing");
    let status = world.invoke(Function::OnDemand, &json!({ "action": "status" })).await.unwrap();
    let audited = &status["exports"][0]["segments"];
    let audited =
        audited.as_array().unwrap().iter().find(|segment| segment["segment"] == "HighValueCustomers").unwrap();
    assert_eq!((&audited["audit"]["missing"], &audited["audit"]["extra"]), (&json!(1), &json!(0)), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_about_an_older_run_is_not_compared_with_a_newer_one() {
    let world = delivered_world(30).await;
    world.account.braze.set_exports(SegmentExports { delay: Duration::from_secs(3), ..exports() });
    configure(&world, "", "max_leavers = 1.0");
    let host = world.host(Function::OnDemand).await;
    assert_eq!(ask(&host, json!({ "repair": true })).await["outcome"], "waiting");
    deliver(&world, NEXT_RUN, 10..40).await;
    let mut audited = ask(&host, json!({})).await;
    while audited["outcome"] == "waiting" {
        audited = ask(&host, json!({})).await;
    }
    assert_eq!((&audited["outcome"], &audited["code"]), (&json!("superseded"), &json!("ITB-U10")), "{audited}");
    assert_eq!((marked(&world), world.has_attribute("canary-3", ATTRIBUTE)), (30, json!(false)), "nothing was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_is_encrypted_as_the_state_is_and_the_receipt_is_signed() {
    let world = delivered_world(30).await;
    let state_key = "canary-state-key-0123456789abcdef0123456789abcdef";
    world.account.set_secret(SECRET, json!({ "api_key": API_KEY, "state_key": state_key }).to_string());
    let connection =
        format!("audit_bucket = \"{BUCKET}\"\naudit_prefix = \"braze/\"\nstate_identifiers = \"encrypted\"");
    configure(&world, &connection, "");
    set(&world, 3, None);
    world.account.braze.insert_profile(Some("canary-99"), None);
    world.account.braze.set_attribute("canary-99", ATTRIBUTE, Some(&json!(true)));
    let audited = audit(&world, json!({})).await;
    assert_eq!(audited["outcome"], "differs", "{audited}");
    let lists = kept(&world);
    assert_eq!(lists.len(), 2, "{lists:?}");
    for key in &lists {
        let content = world.account.get_object(key).unwrap().unwrap();
        assert!(content.starts_with(b"itb-sealed-1"), "{key}");
    }
    let signature = &audited["signature"];
    assert_eq!((signature["key"].as_str().unwrap().len(), signature["hmac_sha256"].as_str().unwrap().len()), (16, 64));
    let erased =
        world.invoke(Function::OnDemand, &json!({ "action": "erase", "customer_id": "canary-99" })).await.unwrap();
    assert!(erased["state"].to_string().contains("extra"), "{erased}");
    let repaired = audit(&world, json!({ "repair": true })).await;
    assert_eq!((&repaired["outcome"], marked(&world)), (&json!("repaired"), 31), "{repaired}");
    assert_eq!(world.has_attribute("canary-99", ATTRIBUTE), json!(true), "someone who was erased is not sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_and_a_delivery_do_not_meet() {
    let world = delivered_world(100).await;
    let connection = format!(
        "audit_bucket = \"{BUCKET}\"\naudit_prefix = \"braze/\"\nobjects_per_request = 1\nrequests_per_second = 20"
    );
    configure(&world, &connection, "max_leavers = 1.0");
    world.account.braze.set_latency(Latency { fixed: Duration::from_millis(20), jitter: Duration::ZERO });
    (0..60).for_each(|id| set(&world, id, None));
    world.put(&format!("{NEXT_RUN}/HighValueCustomers_1.csv"), people(50..120));
    let (auditing, delivering) = (world.host(Function::OnDemand).await, world.host(Function::OnDemand).await);
    let repair = ask(&auditing, json!({ "repair": true }));
    let delivery = async {
        // It begins when the repair has begun.
        while marked(&world) < 45 {
            tokio::task::yield_now().await;
        }
        let run = json!({ "action": "run", "export": "loyalty" });
        loop {
            let answer = delivering.invoke(&run, TIMEOUT).await.unwrap();
            match answer["reports"][0]["outcome"].as_str() {
                Some("delivered") => return answer,
                Some("unfinished" | "waiting") => {}
                other => panic!("{other:?}: {answer}"),
            }
        }
    };
    let (repaired, _) = tokio::join!(repair, delivery);
    assert_eq!(repaired["outcome"], "repaired", "{repaired}");
    assert_eq!(marked(&world), 70, "the newer run decides");
    for id in [3, 49] {
        assert_eq!(world.has_attribute(&format!("canary-{id}"), ATTRIBUTE), json!(false));
    }
}

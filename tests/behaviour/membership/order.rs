//! Runs one after the other and files in any order: who entered, stayed and left, and what is sent of it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::Range;

use itb::standin::braze::answers;
use serde_json::{Value, json};

use crate::support::{Function, TIMEOUT, World};

const ATTRIBUTE: &str = "High Value Customers";
const HEADER: &str = "LoyaltyId,EMail,FirstName,Points\r\n";

fn id(number: u32) -> String {
    format!("会員-{number}, \"🎉\"")
}

fn people(numbers: Range<u32>, points: u32) -> String {
    let mut text = HEADER.to_owned();
    for number in numbers {
        let id = id(number).replace('"', "\"\"");
        write!(text, "\"{id}\",p{number}@example.jp,\"O'Connor\r\n海斗\",{points}\r\n").unwrap();
    }
    text
}

fn file_of(day: u32, part: u32) -> String {
    format!("incoming/BlobExport/HighValueCustomers/2026/11/{day:02}/0102/HighValueCustomers_{part}.csv")
}

fn count(world: &World, attribute: &str, value: bool) -> usize {
    world.account.braze.count_with_attribute(attribute, &json!(value))
}

/// Rows and members of a report, which have to add up.
#[track_caller]
fn members(report: &Value) -> Value {
    let of = |part: &str, name: &str| report[part][name].as_u64().unwrap();
    let fates = ["accepted", "unchanged", "duplicate", "rejected"].map(|fate| of("rows", fate));
    assert_eq!(of("rows", "read"), fates.iter().sum::<u64>(), "{report}");
    let added = of("members", "before") - of("members", "left") + of("members", "entered");
    assert_eq!(added, of("members", "after"), "{report}");
    report["members"].clone()
}

/// Runs are complete at once.
async fn world(export: &str) -> World {
    let world = World::start().await;
    world.configure("objects_per_request = 10", &format!("settle_minutes = 0\n{export}"));
    world
}

async fn run(world: &World) -> Value {
    world.run(json!({ "segment": "HighValueCustomers" })).await["reports"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_attribute_is_one_of_its_own_and_the_former_one_is_named_until_it_is_retired() {
    let world = world("max_leavers = 1.0").await;
    world.put(&file_of(20, 1), people(0..30, 1));
    run(&world).await;
    let rename = |name: &str| {
        let config = world.config("objects_per_request = 10", "settle_minutes = 0\nmax_leavers = 1.0");
        world.put("config/exports.toml", config.replace("= \"High Value Customers\"", &format!("= \"{name}\"")));
    };
    rename("VIP 🎉");
    // Nobody has had this attribute yet.
    world.put(&file_of(21, 1), people(10..40, 1));
    let report = run(&world).await;
    assert_eq!(members(&report), json!({ "before": 0, "entered": 30, "stayed": 0, "left": 0, "after": 30 }));
    assert_eq!((count(&world, "VIP 🎉", true), count(&world, ATTRIBUTE, true)), (30, 30));
    assert!(report["notes"].to_string().contains("still set for 30 people"), "{report}");

    // Back again: the former one goes on from where it was, and everyone is right under both names once the other is retired.
    rename(ATTRIBUTE);
    world.put(&file_of(22, 1), people(10..40, 1));
    let report = run(&world).await;
    assert_eq!(members(&report), json!({ "before": 30, "entered": 10, "stayed": 20, "left": 10, "after": 30 }));
    assert_eq!((count(&world, ATTRIBUTE, true), count(&world, ATTRIBUTE, false)), (30, 10));
    let retire = json!({ "action": "retire", "connection": "braze-eu", "attribute": "VIP 🎉" });
    world.invoke(Function::OnDemand, &retire).await.unwrap();
    assert_eq!((count(&world, "VIP 🎉", true), count(&world, "VIP 🎉", false)), (0, 30));
    assert_eq!(count(&world, ATTRIBUTE, true), 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_braze_refused_is_sent_again_and_does_not_leave() {
    let world = world("").await;
    world.account.braze.set_faults(Some(answers::poisoned_by([id(3)])));
    world.put(&file_of(20, 1), people(0..20, 1));
    let report = run(&world).await;
    assert_eq!((&report["rows"]["accepted"], &report["rows"]["rejected"]), (&json!(19), &json!(1)), "{report}");
    assert_eq!(members(&report)["after"], 20, "a rejected row is a member: {report}");
    world.account.braze.set_faults(None);
    world.put(&file_of(21, 1), people(0..20, 1));
    let report = run(&world).await;
    assert_eq!((&report["rows"]["accepted"], &report["rows"]["unchanged"]), (&json!(1), &json!(19)), "{report}");
    assert_eq!(members(&report), json!({ "before": 20, "entered": 0, "stayed": 20, "left": 0, "after": 20 }));
    assert_eq!(count(&world, ATTRIBUTE, true), 20);

    // Another mapping changes every row; `send = "all"` sends them without any change.
    let config = world.get_text("config/exports.toml");
    world.put("config/exports.toml", config.replace("first_name = \"FirstName\"", "last_name = \"FirstName\""));
    world.put(&file_of(22, 1), people(0..20, 1));
    assert_eq!(run(&world).await["rows"]["accepted"], 20);
    world.configure("", "settle_minutes = 0\nsend = \"all\"");
    for day in [23, 24] {
        world.put(&file_of(day, 1), people(0..20, 1));
        assert_eq!(run(&world).await["rows"]["accepted"], 20);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_segment_may_lose_nearly_everyone_and_an_empty_run_is_always_held() {
    let world = world("max_leavers = 0.1").await;
    world.put(&file_of(20, 1), people(0..12, 1));
    run(&world).await;
    // Five are a large share of twelve, and yet few.
    world.put(&file_of(21, 1), people(5..12, 1));
    let report = run(&world).await;
    assert_eq!((&report["outcome"], &members(&report)["left"]), (&json!("delivered"), &json!(5)), "{report}");
    world.put(&file_of(22, 1), people(11..12, 1));
    let report = run(&world).await;
    assert_eq!(report["outcome"], "held", "six: {report}");
    assert_eq!((members(&report)["left"].as_u64(), count(&world, ATTRIBUTE, true)), (Some(0), 7));
    let message = report["message"].as_str().unwrap();
    assert!(message.contains("6 of 7 members would leave") && message.contains("allow_leavers"), "{message}");
    for (day, empty) in [(23, HEADER), (24, "\u{feff}\r\n")] {
        world.put(&file_of(day, 1), empty);
        let report = run(&world).await;
        assert_eq!(report["outcome"], "held", "{report}");
        assert!(report["message"].as_str().unwrap().contains("it has no members"), "{report}");
        assert_eq!(count(&world, ATTRIBUTE, true), 7);
    }
    // A person may say that it is right.
    let allowed = json!({ "segment": "HighValueCustomers", "run": "2026-11-24T01:02Z", "allow_leavers": 7 });
    let report = world.run(allowed).await["reports"][0].clone();
    assert_eq!((&report["outcome"], &members(&report)["left"]), (&json!("delivered"), &json!(7)), "{report}");
    assert_eq!((count(&world, ATTRIBUTE, true), count(&world, ATTRIBUTE, false)), (0, 12));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_file_of_an_older_run_is_superseded_and_changes_nothing() {
    let world = world("").await;
    world.put(&file_of(20, 1), people(0..10, 1));
    world.deliver(&file_of(20, 1)).await;
    world.put(&file_of(21, 1), people(2..12, 2));
    members(&run(&world).await);
    let (profiles, objects) = (world.account.braze.snapshot(), world.account.braze.counters().objects);
    world.put(&file_of(20, 2), people(8..15, 1));
    for _ in 0..2 {
        let report = world.deliver(&file_of(20, 2)).await;
        assert_eq!(report["outcome"], "superseded", "{report}");
        members(&report);
    }
    assert_eq!(world.account.braze.counters().objects, objects);
    assert_eq!(world.account.braze.snapshot(), profiles);
    // Whoever the older run alone had is unset with the newer one.
    assert_eq!((count(&world, ATTRIBUTE, true), count(&world, ATTRIBUTE, false)), (10, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn new_content_under_an_old_key_takes_the_place_of_the_old_one() {
    let world = world("max_leavers = 1.0").await;
    world.put(&file_of(20, 1), people(0..10, 1));
    assert_eq!(members(&run(&world).await)["after"], 10);
    // A run that was complete opens again; those whom the new content has not have left.
    world.put(&file_of(20, 1), people(4..13, 1));
    let report = run(&world).await;
    assert_eq!((&report["outcome"], &report["rows"]["unchanged"]), (&json!("delivered"), &json!(6)), "{report}");
    assert_eq!(members(&report), json!({ "before": 10, "entered": 3, "stayed": 6, "left": 4, "after": 9 }));
    assert_eq!((count(&world, ATTRIBUTE, true), count(&world, ATTRIBUTE, false)), (9, 4));
}

fn model(parts: u32) -> Value {
    let partitions: Vec<Value> = (1..=parts)
        .map(|part| {
            json!({ "name": part.to_string(), "refreshTime": "2026-11-23T01:02:03Z",
                    "location": format!("https://a.blob.core.windows.net/c/{}", &file_of(21, part)["incoming/".len()..]),
                    "fileFormatSettings": { "$type": "CsvFormatSettings", "columnHeaders": true } })
        })
        .collect();
    let attributes =
        ["LoyaltyId", "EMail", "FirstName", "Points"].map(|name| json!({ "name": name, "dataType": "string" }));
    json!({ "name": "BlobExport", "version": "1.0", "entities": [{
        "$type": "LocalEntity", "name": "HighValueCustomers", "attributes": attributes, "partitions": partitions }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn several_functions_deliver_a_run_at_once_and_it_is_completed_once() {
    let world = world("max_leavers = 1.0").await;
    world.put(&file_of(20, 1), people(0..80, 1));
    run(&world).await;
    world.put("incoming/BlobExport/model.json", model(4).to_string());
    for part in 1..=4 {
        world.put(&file_of(21, part), people(10 * part..10 * part + 10, 2));
    }
    let objects = world.account.braze.counters().objects;
    // The first two one after the other, the last two together.
    for part in [3, 1] {
        let report = world.deliver(&file_of(21, part)).await;
        assert_eq!((&report["outcome"], &members(&report)["left"]), (&json!("waiting"), &json!(0)), "{report}");
    }
    let (one, other) = (world.host(Function::ObjectCreated).await, world.host(Function::ObjectCreated).await);
    let events = [2, 4].map(|part| world.s3_event(&file_of(21, part)));
    let (first, second) = tokio::join!(one.invoke(&events[0], TIMEOUT), other.invoke(&events[1], TIMEOUT));
    let outcomes: BTreeSet<String> = [first, second]
        .into_iter()
        .map(|answer| answer.unwrap()["reports"][0]["outcome"].as_str().unwrap().to_owned())
        .collect();
    assert!(outcomes.contains("delivered"), "{outcomes:?}");
    let report = world.report("HighValueCustomers", "2026-11-21T01:02Z");
    assert_eq!(report["outcome"], "delivered", "{report}");
    assert_eq!(members(&report), json!({ "before": 80, "entered": 0, "stayed": 40, "left": 40, "after": 40 }));
    assert_eq!((count(&world, ATTRIBUTE, true), count(&world, ATTRIBUTE, false)), (40, 40));
    assert_eq!(world.account.braze.counters().objects - objects, 40 + 40, "everyone is sent once");
}

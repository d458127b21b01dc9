//! `erase`: what is left of a person, what the receipt says, and that nothing else changes.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Read;
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use insights_to_braze::profile::Identifier;
use insights_to_braze::state::{Part, read_part};
use itb::standin::braze::Latency;
use serde_json::{Value, json};

use crate::support::{Function, TIMEOUT, World};

const HEADER: &str = "LoyaltyId,EMail,FirstName,Points\n";

fn file(segment: &str, day: u32, part: u32) -> String {
    format!("incoming/BlobExport/{segment}/2026/11/{day}/0102/{segment}_{part}.csv")
}

/// Two segments with canary-7 in both, by ID, by address and in rejected rows; and people who look like them.
async fn world() -> World {
    let world = World::start().await;
    world.configure("", "settle_minutes = 0");
    let mut rows = HEADER.to_owned();
    for number in 0..40 {
        writeln!(rows, "canary-{number},canary{number}@example.jp,\"海斗, {number}\",7").unwrap();
    }
    rows.push_str("canary-7,\"two\nlines\"\n,not an address of canary-7,x,1\n,,canary-7,2\n");
    rows.push_str("canary-1,canary-1@example.jp\n,,\"writes to CANARY7@example.jp, she says\",3\n");
    world.put(&file("HighValueCustomers", 20, 1), &rows);
    world.put(&file("ChurnRisk", 20, 1), format!("{HEADER},Canary7@Example.jp,海斗,7\nLID-2,,Zoë,canary-7\n"));
    let answer = world.invoke(Function::Scheduled, &json!({})).await.unwrap();
    assert_eq!(answer["reports"].as_array().unwrap().len(), 2, "{answer}");
    for report in answer["reports"].as_array().unwrap() {
        assert_eq!(report["outcome"], "delivered_with_problems", "{report}");
    }
    world
}

fn request() -> Value {
    json!({ "action": "erase", "customer_id": "canary-7", "email": "canary7@example.jp", "reference": "DSR 2026/17" })
}

async fn ask(world: &World, event: &Value) -> Value {
    world.invoke(Function::OnDemand, event).await.unwrap()
}

/// Every object below a prefix, as text, and gunzipped where it is compressed.
fn texts(world: &World, prefix: &str) -> Vec<(String, String)> {
    let read = |key: String| {
        let bytes = world.account.get_object(&key).unwrap().unwrap();
        let mut text = Vec::new();
        if bytes.starts_with(&[0x1f, 0x8b]) {
            // What a damaged one still holds.
            MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut text).ok();
        } else {
            text = bytes;
        }
        (key, String::from_utf8_lossy(&text).into_owned())
    };
    world.account.list(prefix).into_iter().map(|object| read(object.key)).collect()
}

/// Everyone whom a part of the state lists.
fn listed(world: &World) -> BTreeSet<String> {
    let mut people = BTreeSet::new();
    for key in world.account.list("state/").into_iter().map(|object| object.key).filter(|key| Part::is_one(key)) {
        let bytes = world.account.get_object(&key).unwrap().unwrap();
        read_part(&key, &bytes, |_, row| {
            let (Identifier::ExternalId(text) | Identifier::Email(text)) = row.identifier;
            people.insert(text.to_owned());
        })
        .unwrap();
    }
    people
}

fn holding(world: &World, prefix: &str, text: &str) -> Vec<String> {
    let found = texts(world, prefix).into_iter().filter(|(_, content)| content.to_lowercase().contains(text));
    found.map(|(key, _)| key).collect()
}

fn ledger(world: &World, segment: &str) -> Value {
    world.ledger(if segment == "HighValueCustomers" { "High Value Customers" } else { segment })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_erased_from_state_and_reports_and_no_one_else_is() {
    let world = world().await;
    let sent = world.account.braze.counters().requests;
    let before: Vec<_> = texts(&world, "incoming/");
    assert!(!holding(&world, "state/", "canary-7").is_empty() && !holding(&world, "reports/", "canary-7").is_empty());

    let mut dry = request();
    dry["dry_run"] = json!(true);
    let everything = texts(&world, "");
    let planned = ask(&world, &dry).await;
    assert_eq!(planned["outcome"], "dry_run", "{planned}");
    assert_eq!(texts(&world, ""), everything, "a dry run changes nothing");

    let host = world.host(Function::OnDemand).await;
    let receipt = host.invoke(&request(), TIMEOUT).await.unwrap();
    assert_eq!(receipt["outcome"], "erased", "{receipt}");
    for field in ["given", "memberships", "state_rows", "report_rows", "incoming_rows", "state", "reports", "incoming"]
    {
        assert_eq!(receipt[field], planned[field], "{field}: a dry run says what will be");
    }
    assert_eq!(receipt["memberships"], 2);
    // The broken row that begins with the ID, and the text that names the address.
    assert_eq!(receipt["report_rows"], 2, "{receipt}");
    assert_eq!(receipt["incoming_rows"], 4, "{receipt}");
    assert_eq!(holding(&world, "state/", "canary7@example.jp"), [""; 0]);
    assert_eq!(holding(&world, "reports/", "canary7@example.jp"), [""; 0]);
    let rejected = world.get_text("reports/loyalty/HighValueCustomers/2026-11-20T01:02Z/rejected.csv");
    assert!(!rejected.contains("two\nlines"), "{rejected}");
    assert!(rejected.contains("canary-1@example.jp"), "others keep their rows: {rejected}");
    assert!(rejected.contains(",,canary-7,2,"), "a name that reads like the ID is none: {rejected}");
    assert_eq!(texts(&world, "incoming/"), before, "exported files are the exporter's");
    assert_eq!(world.account.braze.counters().requests, sent, "Braze is not asked");
    assert_ne!(world.has_attribute("canary-7", "High Value Customers"), Value::Null);
    let not_touched = receipt["not_touched"].to_string();
    for word in ["Braze", "incoming/", "versions", "comes back with the next run"] {
        assert!(not_touched.contains(word), "{not_touched}");
    }

    // The receipt is kept, and holds nothing of the person; neither do the logs.
    let stored = receipt["stored_as"].as_str().unwrap();
    assert!(stored.starts_with("reports/erase.receipts/"), "{stored}");
    assert_eq!(world.account.get_json(stored).unwrap().unwrap(), receipt);
    assert_eq!(receipt["reference"], "DSR 2026/17");
    for text in [receipt.to_string(), host.log_lines().concat()] {
        assert!(!text.to_lowercase().contains("canary"), "{text}");
    }

    // Asked again, there is nothing left to do, and no object is written but the receipt.
    let kept = texts(&world, "state/");
    let again = ask(&world, &request()).await;
    assert_eq!((&again["state_rows"], &again["report_rows"], &again["memberships"]), (&json!(0), &json!(0), &json!(0)));
    assert_eq!(texts(&world, "state/"), kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_add_up_after_an_erasure_and_people_who_are_still_exported_enter_again() {
    let world = world().await;
    let members = ledger(&world, "HighValueCustomers")["last_complete"]["members"].as_u64().unwrap();
    ask(&world, &request()).await;
    let ledger = ledger(&world, "HighValueCustomers");
    assert_eq!(ledger["last_complete"]["members"], members - 1);
    assert!(ledger.get("lease").is_none(), "{ledger}");

    let rows = |numbers: std::ops::Range<u32>| {
        let row = |number: u32| format!("canary-{number},canary{number}@example.jp,\"海斗, {number}\",7\n");
        format!("{HEADER}{}", numbers.map(row).collect::<Vec<_>>().concat())
    };
    world.put(&file("HighValueCustomers", 21, 1), rows(0..39));
    let report = &ask(&world, &json!({ "action": "run", "export": "loyalty", "segment": "HighValueCustomers" })).await
        ["reports"][0];
    assert_eq!(report["outcome"], "delivered", "{report}");
    assert_eq!(report["members"]["entered"], 1, "the erased person, as someone new: {report}");
    assert_eq!(report["members"]["left"], 1, "canary-39 alone: {report}");
    assert_eq!(report["rows"]["accepted"], 1, "{report}");
    assert_eq!(report["rows"]["unchanged"], 38, "no one else is sent again: {report}");

    // Erased once more and gone from the export: no one is set to false on their behalf.
    ask(&world, &request()).await;
    let without: String = rows(0..39)
        .lines()
        .filter(|row| !row.starts_with("canary-7,"))
        .fold(String::new(), |all, row| all + row + "\n");
    world.put(&file("HighValueCustomers", 22, 1), without);
    let report = &ask(&world, &json!({ "action": "run", "export": "loyalty", "segment": "HighValueCustomers" })).await
        ["reports"][0];
    assert_eq!((&report["members"]["left"], &report["members"]["after"]), (&json!(0), &json!(38)), "{report}");
    assert_eq!(world.has_attribute("canary-7", "High Value Customers"), json!(true));
    assert_eq!(world.has_attribute("canary-39", "High Value Customers"), json!(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_at_work_is_not_disturbed() {
    let world = world().await;
    world.configure("objects_per_request = 1\nrequests_per_second = 10", "settle_minutes = 0");
    world.account.braze.set_latency(Latency { fixed: Duration::from_millis(50), jitter: Duration::ZERO });
    let row = |number: u32| format!("canary-{number},canary{number}@example.jp,\"海斗, {number}\",8\n");
    let rows = (0..60).map(row).collect::<Vec<_>>().concat();
    let key = file("HighValueCustomers", 21, 1);
    world.put(&key, format!("{HEADER}{rows}"));
    let (delivering, erasing) = (world.host(Function::ObjectCreated).await, world.host(Function::OnDemand).await);
    let event = world.s3_event(&key);
    let (report, receipt) = tokio::join!(delivering.invoke(&event, TIMEOUT), async {
        while ledger(&world, "HighValueCustomers")["runs"].get("2026-11-21T01:02Z").is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        erasing.invoke(&request(), TIMEOUT).await
    });
    let (report, receipt) = (report.unwrap(), receipt.unwrap());
    assert_eq!(report["reports"][0]["rows"]["accepted"], 60, "{report}");
    assert_eq!(receipt["outcome"], "erased", "it waited for the end of the delivery: {receipt}");
    assert_eq!(holding(&world, "state/", "canary7@example.jp"), [""; 0]);
    let listed = listed(&world);
    assert!(!listed.contains("canary-7") && listed.contains("canary-59"), "{listed:?}");

    // A short invocation does not wait for the end of a long delivery, and says so.
    world.put(&key, format!("{HEADER}{}", rows.replace(",8\n", ",9\n")));
    let (report, receipt) = tokio::join!(delivering.invoke(&event, TIMEOUT), async {
        while ledger(&world, "HighValueCustomers")["runs"]["2026-11-21T01:02Z"]["files"][&key]["progress"]["name"]
            != "working"
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        erasing.invoke(&request(), Duration::from_secs(3)).await
    });
    assert_eq!(report.unwrap()["reports"][0]["rows"]["accepted"], 60);
    let receipt = receipt.unwrap();
    if !receipt["left"].as_array().unwrap().is_empty() {
        assert_eq!(receipt["outcome"], "unfinished", "{receipt}");
        assert!(receipt["message"].as_str().unwrap().contains("Run erase again"), "{receipt}");
    }
    let receipt = ask(&world, &request()).await;
    assert_eq!(receipt["outcome"], "erased", "{receipt}");
    assert_eq!(holding(&world, "state/", "canary7@example.jp"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn leavers_who_were_being_sent_are_all_sent_after_an_erasure() {
    let world = world().await;
    world.configure("objects_per_request = 1\nrequests_per_second = 10", "settle_minutes = 0");
    world.account.braze.set_latency(Latency { fixed: Duration::from_millis(50), jitter: Duration::ZERO });
    world.put(&file("HighValueCustomers", 21, 1), format!("{HEADER}canary-0,canary0@example.jp,\"海斗, 0\",7\n"));
    let run = json!({ "action": "run", "export": "loyalty", "segment": "HighValueCustomers", "run": "2026-11-21T01:02Z", "allow_leavers": 39 });
    let answer = world.host(Function::OnDemand).await.invoke(&run, Duration::from_secs(3)).await.unwrap();
    assert_eq!(answer["reports"][0]["outcome"], "unfinished", "{answer}");
    let phase = ledger(&world, "HighValueCustomers")["runs"]["2026-11-21T01:02Z"]["phase"].clone();
    let done = phase["done"].as_u64().unwrap();
    assert!(phase["name"] == "completing" && done > 5, "{phase}");

    // The first leaver of all, who has been told and counted: the others move up by one place.
    let receipt = ask(&world, &json!({ "action": "erase", "customer_id": "canary-1" })).await;
    assert_eq!((&receipt["outcome"], &receipt["memberships"]), (&json!("erased"), &json!(1)), "{receipt}");
    world.configure("", "settle_minutes = 0");
    let report = ask(&world, &run).await["reports"][0].clone();
    assert_eq!(report["outcome"], "delivered", "{report}");
    for number in 2..40 {
        let attribute = world.has_attribute(&format!("canary-{number}"), "High Value Customers");
        assert_eq!(attribute, json!(false), "canary-{number} was not shown");
    }
    assert_eq!(world.has_attribute("canary-0", "High Value Customers"), json!(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_name_no_one_are_refused_and_shown_nowhere() {
    let world = World::start().await;
    let host = world.host(Function::OnDemand).await;
    for (event, words) in [
        (json!({ "action": "erase" }), "customer_id"),
        (json!({ "action": "erase", "email": "canary at example" }), "not an email address"),
        (json!({ "action": "erase", "email": ["canary@example.jp"] }), "a list"),
        (json!({ "action": "erase", "customer_id": "canary-1", "external_id": "canary-2" }), "external_id"),
        (json!({ "action": "erase", "customer_id": "x", "reference": "canary@example.jp" }), "reference"),
        (json!({ "action": "erase", "customer_id": "canary-1", "dryrun": true }), "dryrun"),
    ] {
        let error = host.invoke(&event, TIMEOUT).await.unwrap_err();
        assert_eq!(error.error_type, "InvalidEvent", "{error}");
        assert!(error.message.contains(words), "{error}");
        assert!(!error.message.contains("canary"), "{error}");
    }
    assert!(!host.log_lines().concat().contains("canary"));
    let receipt = ask(&world, &json!({ "action": "erase", "external_id": "nobody" })).await;
    assert_eq!(receipt["outcome"], "erased", "{receipt}");
    assert!(receipt["message"].as_str().unwrap().contains("Nothing about the person was found"), "{receipt}");
}

/// A person has the right to be erased everywhere, so damage in one place is named and the other places are done.
#[tokio::test(flavor = "multi_thread")]
async fn an_attribute_that_cannot_be_read_is_named_and_does_not_keep_the_person_in_the_others() {
    for damaged in ["ledger.json", ".part"] {
        let world = world().await;
        let keys = world.account.list("state/").into_iter().map(|object| object.key);
        let key = keys.into_iter().find(|key| key.contains("ChurnRisk") && key.ends_with(damaged)).unwrap();
        let whole = world.account.get_object(&key).unwrap().unwrap();
        world.put(&key, &whole[..whole.len() / 2]);
        let receipt = ask(&world, &request()).await;
        assert_eq!(receipt["outcome"], "unfinished", "{receipt}");
        let left = receipt["left"].as_array().unwrap();
        assert_eq!(left.len(), 1, "{receipt}");
        assert_eq!(left[0]["attribute"], "ChurnRisk", "{receipt}");
        assert!(left[0]["reason"].as_str().unwrap().contains(&key), "the object to repair is named: {receipt}");
        assert_eq!(receipt["memberships"], 1, "{receipt}");
        let remaining = holding(&world, "state/", "canary7@example.jp");
        assert!(remaining.iter().all(|key| key.contains("ChurnRisk")), "{remaining:?}");

        world.put(&key, whole);
        let again = ask(&world, &request()).await;
        assert_eq!(again["outcome"], "erased", "{again}");
        assert_eq!(holding(&world, "state/", "canary7@example.jp"), [""; 0]);
    }
}

//! What a person asks of the on-demand function: runs, previews, standings, and the end of a segment.

use std::fmt::Write;

use crate::support::{Function, RUN, TIMEOUT, World, assert_silent};
use serde_json::{Value, json};

const RUN_ID: &str = "2026-11-23T01:02Z";
const ATTRIBUTE: &str = "High Value Customers";

fn people(ids: std::ops::Range<u32>) -> String {
    let mut file = "LoyaltyId,EMail,FirstName,Points\n".to_owned();
    for id in ids {
        writeln!(file, "canary-{id},canary{id}@example.com,\"Canary, 海斗 🎉\",{id}").unwrap();
    }
    file
}

fn file_of(day: u32, segment: &str) -> String {
    format!("incoming/BlobExport/{segment}/2026/11/{day}/0102/{segment}_1.csv")
}

/// Every object with its content's tag.
fn everything(world: &World) -> Vec<(String, String)> {
    world.account.list("").into_iter().map(|object| (object.key, object.etag)).collect()
}

fn members(world: &World, value: &Value) -> usize {
    world.account.braze.count_with_attribute(ATTRIBUTE, value)
}

/// An account whose runs are complete at once.
async fn world() -> World {
    let world = World::start().await;
    world.configure("objects_per_request = 10", "settle_minutes = 0");
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_reports_everything_and_changes_nothing() {
    let world = world().await;
    let host = world.host(Function::OnDemand).await;
    world.put(&file_of(22, "HighValueCustomers"), people(0..40));
    let event = json!({ "action": "run", "export": "loyalty", "segment": "HighValueCustomers" });
    host.invoke(&event, TIMEOUT).await.unwrap();
    world.put(&file_of(23, "HighValueCustomers"), people(30..65));
    let (before, profiles) = (everything(&world), world.account.braze.snapshot());
    let requests = world.account.braze.counters().requests;

    let dry = json!({ "action": "run", "export": "loyalty", "dry_run": true });
    let answer = host.invoke(&dry, TIMEOUT).await.unwrap();
    assert_silent([answer.to_string()]);
    assert_eq!(answer["reports"].as_array().unwrap().len(), 1, "{answer}");
    let report = &answer["reports"][0];
    assert_eq!((&report["outcome"], &report["run"]), (&json!("dry_run"), &json!(RUN_ID)));
    assert_eq!(report["rows"], json!({ "read": 35, "accepted": 25, "unchanged": 10, "duplicate": 0, "rejected": 0 }));
    assert_eq!(report["members"], json!({ "before": 40, "entered": 25, "stayed": 10, "left": 30, "after": 35 }));
    // Three requests for those who entered, three for those who left.
    assert_eq!(report["preview"]["requests"], 6, "{report}");
    assert_eq!(
        report["data_points"],
        25 * 4 + 30,
        "of each the attribute, the points, the name and the address; of each who left the attribute"
    );
    let objects = report["preview"]["objects"].as_array().unwrap();
    assert_eq!(objects.len(), 3);
    for object in objects {
        assert_eq!(object[ATTRIBUTE], json!(true));
        assert_eq!((&object["external_id"], &object["first_name"]), (&json!("aaaaaa-00"), &json!("Aaaaaa, 字字 •")));
        assert_eq!(object["loyalty_points"], "a number");
    }
    assert!(report["message"].as_str().unwrap().contains("30 members would be set to `false`"));

    assert_eq!(everything(&world), before);
    assert_eq!(world.account.braze.snapshot(), profiles);
    assert_eq!(world.account.braze.counters().requests, requests);
    assert_silent(host.log_lines());

    // What was foretold comes true, after a person has admitted so many leavers.
    let held = host.invoke(&event, TIMEOUT).await.unwrap();
    assert_eq!(held["reports"][0]["outcome"], "held", "{held}");
    let allowed = json!({ "action": "run", "export": "loyalty", "segment": "HighValueCustomers", "run": "2026-11-23T01:02Z", "allow_leavers": 30 });
    let report = host.invoke(&allowed, TIMEOUT).await.unwrap()["reports"][0].clone();
    assert_eq!(
        report["members"],
        json!({ "before": 40, "entered": 25, "stayed": 10, "left": 30, "after": 35 }),
        "{report}"
    );
    assert_eq!(report["data_points"], 25 * 4 + 30, "{report}");
    assert_eq!((members(&world, &json!(true)), members(&world, &json!(false))), (35, 30));
}

/// Families of four that share a customer ID.
fn families(ids: std::ops::Range<u32>) -> String {
    let mut file = "LoyaltyId,EMail,FirstName,Points\n".to_owned();
    for id in ids {
        writeln!(file, "canary-F{},canary{id}@example.com,海斗,{id}", id / 4).unwrap();
    }
    file
}

#[tokio::test(flavor = "multi_thread")]
async fn doubtful_identifiers_are_held_until_a_person_names_the_number_of_rows() {
    let world = world().await;
    let files = world.host(Function::ObjectCreated).await;
    let host = world.host(Function::OnDemand).await;
    let (first, late) = (file_of(23, "HighValueCustomers"), file_of(23, "HighValueCustomers").replace("_1.", "_2."));
    world.put(&first, families(0..20));
    let answer = files.invoke(&world.s3_event(&first), TIMEOUT).await.unwrap();
    let report = &answer["reports"][0];
    assert_eq!((&report["outcome"], &report["code"]), (&json!("held"), &json!("ITB-D05")), "{report}");
    assert!(report["message"].as_str().unwrap().contains("\"allow_identifiers\": 20"), "{report}");
    assert_eq!(world.report("HighValueCustomers", RUN_ID)["outcome"], "held");

    let release = |rows: u32| json!({ "action": "run", "export": "loyalty", "segment": "HighValueCustomers", "allow_identifiers": rows });
    let answer = host.invoke(&release(19), TIMEOUT).await.unwrap();
    assert_eq!(answer["reports"][0]["outcome"], "held", "{answer}");
    assert_eq!(world.account.braze.profile_count(), 0);
    let answer = host.invoke(&release(20), TIMEOUT).await.unwrap();
    let report = &answer["reports"][0];
    assert_eq!((&report["outcome"], &report["rows"]["accepted"]), (&json!("delivered"), &json!(5)), "{report}");
    assert_eq!(members(&world, &json!(true)), 5);

    // What a person has said holds for a file of the run that comes later, and for no other run.
    world.put(&late, families(20..40));
    let answer = files.invoke(&world.s3_event(&late), TIMEOUT).await.unwrap();
    assert_eq!(answer["reports"][0]["rows"]["accepted"], 10, "{answer}");
    let next = file_of(24, "HighValueCustomers");
    world.put(&next, families(0..20));
    let answer = files.invoke(&world.s3_event(&next), TIMEOUT).await.unwrap();
    assert_eq!(answer["reports"][0]["outcome"], "held", "{answer}");
    assert_silent([answer.to_string(), world.report("HighValueCustomers", "2026-11-24T01:02Z").to_string()]);
    assert_silent(files.log_lines().into_iter().chain(host.log_lines()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_run_changes_no_one_until_it_is_released_or_replaced() {
    let world = world().await;
    let host = world.host(Function::Scheduled).await;
    world.put(&file_of(21, "HighValueCustomers"), people(0..40));
    host.invoke(&json!({}), TIMEOUT).await.unwrap();
    world.put(&file_of(22, "HighValueCustomers"), people(0..10));
    let answer = host.invoke(&json!({}), TIMEOUT).await.unwrap();
    let report = &answer["reports"][0];
    assert_eq!(report["outcome"], "held", "{report}");
    assert_eq!(report["code"], "ITB-H01", "{report}");
    let message = report["message"].as_str().unwrap();
    for word in ["30 of 40 members would leave", "75 %", "(`max_leavers`) is 20 %", "\"allow_leavers\": 30"] {
        assert!(message.contains(word), "{message}");
    }
    assert_eq!(report["members"]["left"], 0);
    let requests = world.account.braze.counters().requests;
    let again = host.invoke(&json!({}), TIMEOUT).await.unwrap();
    assert_eq!(again["reports"], json!([]), "the schedule does not ask again");
    assert_eq!((members(&world, &json!(true)), world.account.braze.counters().requests), (40, requests));

    let status = world.invoke(Function::OnDemand, &json!({ "action": "status" })).await.unwrap();
    let segments = status["exports"][0]["segments"].as_array().unwrap();
    let held = segments.iter().find(|segment| segment["segment"] == "HighValueCustomers").unwrap();
    let run = held["runs"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&run["phase"], &run["held"]["leavers"], &run["held"]["before"]),
        (&json!("held"), &json!(30), &json!(40)),
        "{status}"
    );
    assert_eq!(held["last_complete"], json!({ "run": "2026-11-21T01:02Z", "members": 40 }));
    assert_silent([status.to_string()]);

    // A later run that looks normal takes its place, against the last complete one.
    world.put(&file_of(23, "HighValueCustomers"), people(5..42));
    let answer = host.invoke(&json!({}), TIMEOUT).await.unwrap();
    let report = &answer["reports"][0];
    assert_eq!(report["outcome"], "delivered", "{report}");
    assert_eq!(report["members"], json!({ "before": 40, "entered": 2, "stayed": 35, "left": 5, "after": 37 }));
    assert_eq!((members(&world, &json!(true)), members(&world, &json!(false))), (37, 5));
    assert_silent(host.log_lines());
}

#[tokio::test(flavor = "multi_thread")]
async fn all_rows_are_sent_again_when_a_person_wants_it() {
    let world = world().await;
    world.put(&file_of(23, "HighValueCustomers"), people(0..20));
    assert_eq!(world.run(json!({})).await["reports"][0]["rows"]["accepted"], 20);
    let objects = world.account.braze.counters().objects;
    world.run(json!({})).await;
    assert_eq!(world.account.braze.counters().objects, objects, "a run that is delivered is not sent again");

    world.account.braze.forget_profiles();
    let report = world.run(json!({ "send": "all" })).await["reports"][0].clone();
    assert_eq!(report["outcome"], "delivered", "{report}");
    assert_eq!(world.account.braze.counters().objects, objects + 20, "{report}");
    assert_eq!(members(&world, &json!(true)), 20);
    assert_eq!(report["members"]["after"], 20, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn run_all_takes_the_active_exports_and_run_takes_any() {
    let world = world().await;
    let right = world.get_text("config/exports.toml");
    let second = r#"
[exports.news]
connection = "braze-eu"
folder = "incoming/News"
schedule = "off"
on_upload = false
settle_minutes = 0

[exports.news.data_matching]
email = "EMail"
"#;
    world.put("config/exports.toml", right + second);
    world.put(&file_of(23, "HighValueCustomers"), people(0..3));
    let news = file_of(23, "Readers").replace("BlobExport", "News");
    world.put(&news, people(0..2));
    let shown = |answer: &Value| -> Vec<String> {
        let reports = answer["reports"].as_array().unwrap();
        reports
            .iter()
            .map(|report| format!("{}/{} {}", report["export"], report["segment"], report["outcome"]).replace('"', ""))
            .collect()
    };
    let host = world.host(Function::OnDemand).await;
    let answer = host.invoke(&json!({ "action": "run_all" }), TIMEOUT).await.unwrap();
    assert_eq!(shown(&answer), ["loyalty/HighValueCustomers delivered"]);
    assert_eq!(answer["ignored"][0]["export"], "news", "{answer}");
    assert!(answer["ignored"][0]["reason"].as_str().unwrap().contains("schedule is \"off\""), "{answer}");
    assert_eq!(shown(&world.invoke(Function::Scheduled, &json!({})).await.unwrap()), [""; 0]);
    let answer = world.invoke(Function::Scheduled, &json!({ "exports": ["news"] })).await.unwrap();
    assert!(answer["ignored"][0]["reason"].as_str().unwrap().contains("schedule is \"off\""), "{answer}");
    let answer = world.invoke(Function::ObjectCreated, &world.s3_event(&news)).await.unwrap();
    assert!(answer["ignored"][0]["reason"].as_str().unwrap().contains("on_upload = false"), "{answer}");
    assert_eq!(world.account.braze.count_with_attribute("Readers", &json!(true)), 0);

    let answer = host.invoke(&json!({ "action": "run", "export": "news" }), TIMEOUT).await.unwrap();
    assert_eq!(shown(&answer), ["news/Readers delivered"]);
    assert_eq!(world.account.braze.count_with_attribute("Readers", &json!(true)), 2);
    assert_silent(host.log_lines());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retired_segment_is_set_to_false_and_forgotten() {
    let world = world().await;
    world.put(&file_of(23, "HighValueCustomers"), people(0..25));
    world.put(&file_of(23, "ChurnRisk"), people(20..30));
    world.run(json!({})).await;
    let config = world.get_text("config/exports.toml");
    world.put(
        "config/exports.toml",
        config.replace("\"HighValueCustomers\", ", "").replace("HighValueCustomers = \"High Value Customers\"", ""),
    );

    let host = world.host(Function::OnDemand).await;
    let status = host.invoke(&json!({ "action": "status", "export": "loyalty" }), TIMEOUT).await.unwrap();
    let segments = status["exports"][0]["segments"].as_array().unwrap();
    let gone = segments.iter().find(|segment| segment["segment"] == "HighValueCustomers").unwrap();
    assert_eq!((&gone["in_config"], &gone["attribute"]), (&json!(false), &json!(ATTRIBUTE)));
    assert!(gone["message"].as_str().unwrap().contains("retire"), "{status}");

    let event = json!({ "action": "retire", "export": "loyalty", "segment": "HighValueCustomers" });
    let answer = host.invoke(&event, TIMEOUT).await.unwrap();
    let report = &answer["reports"][0];
    assert_eq!(report["outcome"], "delivered", "{report}");
    assert_eq!(report["members"]["left"], 25);
    assert!(report["message"].as_str().unwrap().contains("25 members set to `false` or removed"), "{report}");
    assert_eq!((members(&world, &json!(true)), members(&world, &json!(false))), (0, 25));
    assert_eq!(world.account.braze.count_with_attribute("ChurnRisk", &json!(true)), 10, "other segments stay");
    assert_eq!(world.account.list(&world.state(ATTRIBUTE)), []);

    let error = host.invoke(&event, TIMEOUT).await.unwrap_err();
    assert!(error.message.contains("\"HighValueCustomers\" does not exist; existing: ChurnRisk"), "{error}");
    assert!(error.message.ends_with(" [ITB-E05]"), "{error}");
    assert_silent(host.log_lines());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_of_all_invocations_add_up() {
    let world = world().await;
    world.configure("objects_per_request = 10", "settle_minutes = 0\nmax_leavers = 0.2");
    let landed = world.host(Function::ObjectCreated).await;
    let on_demand = world.host(Function::OnDemand).await;
    let scheduled = world.host(Function::Scheduled).await;
    let part = |part: u32| format!("{RUN}/HighValueCustomers_{part}.csv");
    world.put(&part(1), people(0..30));
    landed.invoke(&world.s3_event(&part(1)), TIMEOUT).await.unwrap();
    world.put(&part(2), people(20..50) + ",,nobody,\n");
    landed.invoke(&world.s3_event(&part(2)), TIMEOUT).await.unwrap();
    landed.invoke(&world.s3_event(&part(2)), TIMEOUT).await.unwrap();
    scheduled.invoke(&json!({}), TIMEOUT).await.unwrap();
    scheduled.invoke(&json!({}), TIMEOUT).await.unwrap();
    let next = file_of(24, "HighValueCustomers");
    world.put(&next, people(15..50));
    scheduled.invoke(&json!({}), TIMEOUT).await.unwrap();
    let report = world.report("HighValueCustomers", "2026-11-24T01:02Z");
    assert_eq!(report["outcome"], "held", "{report}");
    let event = json!({ "action": "run", "export": "loyalty", "run": "2026-11-24T01:02Z", "allow_leavers": 15 });
    on_demand.invoke(&event, TIMEOUT).await.unwrap();
    world.put(&file_of(24, "ChurnRisk"), "Other\n1\n");
    landed.invoke(&world.s3_event(&file_of(24, "ChurnRisk")), TIMEOUT).await.unwrap_err();

    let mut lines: Vec<Value> = Vec::new();
    for host in [&landed, &scheduled, &on_demand] {
        assert_silent(host.log_lines());
        lines.extend(
            host.log_lines()
                .iter()
                .filter_map(|line| serde_json::from_str(line).ok())
                .filter(|line: &Value| line.get("_aws").is_some()),
        );
    }
    let sum = |name: &str| lines.iter().filter_map(|line| line[name].as_u64()).sum::<u64>();
    let counters = world.account.braze.counters();
    assert_eq!(sum("RowsRead"), 30 + 31 + 35);
    assert_eq!(
        sum("RowsRead"),
        sum("RowsAccepted") + sum("RowsUnchanged") + sum("RowsDuplicate") + sum("RowsRejected")
    );
    assert_eq!((sum("RowsRejected"), sum("UnaccountedRows")), (1, 0));
    assert_eq!(sum("RequestsSent"), counters.requests);
    assert_eq!((sum("DeliveriesDelivered"), sum("DeliveriesFailed"), sum("RunsHeld")), (2, 1, 1));
    assert_eq!((sum("MembersEntered"), sum("MembersLeft"), sum("Members")), (50, 15, 50 + 35));

    // Everything that is documented was written, and nothing else; what is read back needs a permission.
    let written: std::collections::BTreeSet<&str> = lines
        .iter()
        .flat_map(|line| line["_aws"]["CloudWatchMetrics"].as_array().unwrap())
        .flat_map(|directive| directive["Metrics"].as_array().unwrap())
        .map(|metric| metric["Name"].as_str().unwrap())
        .collect();
    let documented: std::collections::BTreeSet<&str> = include_str!("../../docs/operate.md")
        .split("## Metrics")
        .nth(1)
        .unwrap()
        .lines()
        .filter_map(|row| row.strip_prefix("| `")?.split('`').next())
        .collect();
    let read_back = ["ReadBackDiffering", "ReadBackSeconds"].into();
    assert_eq!(&written | &read_back, documented);
    assert!(written.is_disjoint(&read_back));
}

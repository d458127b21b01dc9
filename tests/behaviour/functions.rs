//! Every sample of `events/`, delivered to the function that takes it: the real binaries, hosted as AWS Lambda hosts them.

use crate::support::{AWKWARD, Function, RUN, World};
use itb::standin::BUCKET;
use serde_json::{Value, json};

/// The bucket that the samples name.
const BUCKET_OF_SAMPLES: &str = "insights-to-braze-example";
const RUN_ID: &str = "2026-11-23T01:02Z";
const JAPANESE: &str = "顧客 セグメント";

/// A sample, about the bucket of the stand-in.
fn sample(name: &str) -> Value {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("events");
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    let about_the_bucket = text.contains(BUCKET_OF_SAMPLES);
    let event: Value = serde_json::from_str(&text.replace(BUCKET_OF_SAMPLES, BUCKET)).unwrap();
    let of_s3 = name.starts_with("s3-") || name.starts_with("sqs-") || name == "eventbridge-object-created.json";
    assert_eq!(about_the_bucket, of_s3 && !name.starts_with("sqs-continue"), "{name}");
    event
}

/// An account in which everything lies that the samples name.
async fn world() -> World {
    let world = World::start().await;
    let segments = format!(r#"segments = ["HighValueCustomers", "ChurnRisk", "{JAPANESE}"]"#);
    let config = world.config("", "").replace(r#"segments = ["HighValueCustomers", "ChurnRisk"]"#, &segments);
    assert!(config.contains(JAPANESE));
    world.put("config/exports.toml", config);
    world.put(&file("HighValueCustomers", 1), AWKWARD);
    world.put(&file("HighValueCustomers", 2), "LoyaltyId,EMail,FirstName,Points\nLID-9,zoe@example.com,Zoë,3\n");
    world.put(&file("ChurnRisk", 1), "LoyaltyId,EMail,FirstName,Points\nLID-2,siobhan@example.ie,Siobhán,5\n");
    world.put(&file(JAPANESE, 1), "LoyaltyId,EMail,FirstName,Points\n0012,kaito.yamada@example.jp,海斗,100\n");
    let entities =
        [("HighValueCustomers", 2), ("ChurnRisk", 1), (JAPANESE, 1)].map(|(segment, parts)| entity(segment, parts));
    world.put(
        "incoming/BlobExport/model.json",
        json!({ "name": "BlobExport", "version": "1.0", "entities": entities }).to_string(),
    );
    world
}

fn file(segment: &str, part: u32) -> String {
    format!("incoming/BlobExport/{segment}/2026/11/23/0102/{segment}_{part}.csv")
}

fn entity(segment: &str, parts: u32) -> Value {
    let attributes =
        ["LoyaltyId", "EMail", "FirstName", "Points"].map(|name| json!({ "name": name, "dataType": "string" }));
    let partitions: Vec<Value> = (1..=parts)
        .map(|part| {
            let location = format!(
                "https://acct.blob.core.windows.net/ci/{}",
                file(segment, part).trim_start_matches("incoming/")
            );
            json!({ "name": part.to_string(), "refreshTime": "2026-11-23T01:02:03Z", "location": location,
                    "fileFormatSettings": { "$type": "CsvFormatSettings", "columnHeaders": true, "delimiter": "," } })
        })
        .collect();
    json!({ "$type": "LocalEntity", "name": segment, "attributes": attributes, "partitions": partitions })
}

fn without_model(world: &World) {
    world.account.delete_object("incoming/BlobExport/model.json").unwrap();
}

/// Delivers a sample to a function and gives the reports of its answer.
async fn reports(world: &World, function: Function, event: &Value) -> Vec<Value> {
    let answer = world.invoke(function, event).await.unwrap();
    answer["reports"].as_array().unwrap_or_else(|| panic!("no reports: {answer}")).clone()
}

fn shown(report: &Value) -> (&str, &str, &str, u64) {
    let text = |field: &str| report[field].as_str().unwrap();
    (text("segment"), text("outcome"), text("trigger"), report["rows"]["read"].as_u64().unwrap())
}

fn members(world: &World, attribute: &str) -> usize {
    world.account.braze.count_with_attribute(attribute, &json!(true))
}

#[test]
fn no_sample_is_forgotten() {
    let tests = include_str!("functions.rs");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("events");
    let names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "README.md")
        .collect();
    assert!(names.len() >= 23, "{names:?}");
    for name in names {
        let called = format!("sample(\"{name}\")");
        assert!(tests.contains(&called), "events/{name} is delivered to no function");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_notifications() {
    let world = world().await;
    let answer = world.invoke(Function::ObjectCreated, &sample("s3-test-event.json")).await.unwrap();
    assert_eq!(answer, json!({ "reports": [], "ignored": [] }));
    assert!(world.account.s3.calls().is_empty(), "a test event asks for nothing");

    without_model(&world);
    let reports = reports(&world, Function::ObjectCreated, &sample("s3-put.json")).await;
    assert_eq!(reports.iter().map(shown).collect::<Vec<_>>(), [("HighValueCustomers", "waiting", "object-created", 7)]);
    assert_eq!(members(&world, "High Value Customers"), 5);

    let reports = self::reports(&world, Function::ObjectCreated, &sample("s3-put-encoded-key.json")).await;
    assert_eq!(reports.iter().map(shown).collect::<Vec<_>>(), [(JAPANESE, "waiting", "object-created", 1)]);
    assert_eq!(world.has_attribute("0012", JAPANESE), json!(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_of_several_objects_completes_the_run() {
    let world = world().await;
    let reports = reports(&world, Function::ObjectCreated, &sample("s3-multipart.json")).await;
    assert_eq!(
        reports.iter().map(shown).collect::<Vec<_>>(),
        [("HighValueCustomers", "delivered_with_problems", "object-created", 8)]
    );
    assert_eq!(reports[0]["members"]["after"], 6);
    assert_eq!(members(&world, "High Value Customers"), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_the_queue() {
    let world = world().await;
    let nothing_goes_back = json!({ "batchItemFailures": [] });
    let answer = world.invoke(Function::ObjectCreated, &sample("sqs-test-event.json")).await.unwrap();
    assert_eq!(answer, nothing_goes_back);
    assert!(world.account.s3.calls().is_empty());

    let answer = world.invoke(Function::ObjectCreated, &sample("sqs-s3.json")).await.unwrap();
    assert_eq!(answer, nothing_goes_back);
    assert_eq!(
        shown(&world.report("HighValueCustomers", RUN_ID)),
        ("HighValueCustomers", "waiting", "object-created", 7)
    );
    assert_eq!(shown(&world.report("ChurnRisk", RUN_ID)), ("ChurnRisk", "delivered", "object-created", 1));

    // The second of these two files is the one that the description still waits for.
    let sent = world.account.braze.counters().objects;
    let answer = world.invoke(Function::ObjectCreated, &sample("sqs-eventbridge.json")).await.unwrap();
    assert_eq!(answer, nothing_goes_back);
    assert_eq!(
        shown(&world.report("HighValueCustomers", RUN_ID)),
        ("HighValueCustomers", "delivered_with_problems", "object-created", 8)
    );
    assert_eq!(world.account.braze.counters().objects, sent + 1, "the first file was delivered before");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_continues_a_delivery() {
    let world = world().await;
    let answer = world.invoke(Function::ObjectCreated, &sample("sqs-continue.json")).await.unwrap();
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    assert_eq!(
        shown(&world.report("HighValueCustomers", RUN_ID)),
        ("HighValueCustomers", "delivered_with_problems", "object-created", 8)
    );
    assert!(world.account.list("reports/loyalty/ChurnRisk").is_empty(), "no other segment is touched");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_eventbridge() {
    let world = world().await;
    let reports = reports(&world, Function::ObjectCreated, &sample("eventbridge-object-created.json")).await;
    assert_eq!(reports.iter().map(shown).collect::<Vec<_>>(), [(JAPANESE, "delivered", "object-created", 1)]);
    assert_eq!(world.has_attribute("0012", JAPANESE), json!(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn schedules() {
    let samples = [
        sample("scheduler.json"),
        sample("scheduler-exports.json"),
        sample("scheduler-default.json"),
        sample("eventbridge-scheduled.json"),
    ];
    for event in samples {
        let world = world().await;
        let reports = reports(&world, Function::Scheduled, &event).await;
        let expected = [
            ("ChurnRisk", "delivered", "scheduled", 1),
            ("HighValueCustomers", "delivered_with_problems", "scheduled", 8),
            (JAPANESE, "delivered", "scheduled", 1),
        ];
        assert_eq!(reports.iter().map(shown).collect::<Vec<_>>(), expected, "{event}");
        assert_eq!(members(&world, "High Value Customers"), 6);
        assert_eq!(members(&world, "ChurnRisk"), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_on_demand() {
    let world = world().await;
    let everything = || world.account.list("").into_iter().map(|object| (object.key, object.etag)).collect::<Vec<_>>();
    let before = everything();
    let dry = reports(&world, Function::OnDemand, &sample("run-dry.json")).await;
    assert_eq!(dry.iter().map(|report| shown(report).1).collect::<Vec<_>>(), ["dry_run"; 3]);
    assert_eq!(dry[1]["rows"]["accepted"], 6);
    assert_eq!(world.account.braze.counters().requests, 0, "a dry run sends nothing");
    assert_eq!(everything(), before, "a dry run writes nothing");

    let run = reports(&world, Function::OnDemand, &sample("run.json")).await;
    let expected = [("HighValueCustomers", "delivered_with_problems", "on-demand", 8)];
    assert_eq!(run.iter().map(shown).collect::<Vec<_>>(), expected, "one row in eight names no one");
    let all = reports(&world, Function::OnDemand, &sample("run-all.json")).await;
    let outcomes: Vec<&str> = all.iter().map(|report| shown(report).1).collect();
    assert_eq!(outcomes, ["delivered", "delivered_with_problems", "delivered"]);
    assert_eq!(
        (members(&world, "High Value Customers"), members(&world, "ChurnRisk"), members(&world, JAPANESE)),
        (6, 1, 1)
    );

    let status = world.invoke(Function::OnDemand, &sample("status.json")).await.unwrap();
    assert_eq!(status["exports"][0]["export"], "loyalty");
    let segments = status["exports"][0]["segments"].as_array().unwrap();
    assert_eq!(
        segments.iter().map(|segment| segment["last_complete"]["members"].as_u64().unwrap()).collect::<Vec<_>>(),
        [1, 6, 1]
    );

    let stored = world.invoke(Function::OnDemand, &sample("report.json")).await.unwrap();
    let of_segment: Vec<_> = stored["reports"].as_array().unwrap().iter().map(|report| &report["segment"]).collect();
    assert_eq!((of_segment, &stored["left_out"]), (vec![&json!("ChurnRisk")], &json!(0)), "{stored}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_run_is_released() {
    let world = world().await;
    let ids = |many: u32| (0..many).map(|id| format!("LID-{id},\n")).collect::<Vec<_>>().concat();
    without_model(&world);
    world.account.delete_object(&file("HighValueCustomers", 2)).unwrap();
    world.configure("", "settle_minutes = 0");
    let former = RUN.replace("/23/", "/22/");
    world.put(
        &format!("{former}/HighValueCustomers_1.csv"),
        format!("LoyaltyId,EMail,FirstName,Points\n{}", ids(40)).replace(",\n", ",,,\n"),
    );
    world.account.delete_object(&file("HighValueCustomers", 1)).unwrap();
    let first = reports(&world, Function::OnDemand, &sample("run.json")).await;
    assert_eq!(shown(&first[0]).1, "delivered", "{first:?}");
    world.put(
        &file("HighValueCustomers", 1),
        format!("LoyaltyId,EMail,FirstName,Points\n{}", ids(3)).replace(",\n", ",,,\n"),
    );
    let held = reports(&world, Function::OnDemand, &sample("run.json")).await;
    assert_eq!(shown(&held[0]).1, "held", "{held:?}");
    assert_eq!(members(&world, "High Value Customers"), 40, "no one leaves while the run is held");

    // The sample is about another number of people, and is answered with the right one.
    let mut release = sample("run-allow-leavers.json");
    let refused = reports(&world, Function::OnDemand, &release).await;
    assert!(refused[0]["message"].as_str().unwrap().contains("\"allow_leavers\": 37"), "{refused:?}");
    release["allow_leavers"] = json!(37);
    let released = reports(&world, Function::OnDemand, &release).await;
    assert_eq!(shown(&released[0]).1, "delivered", "{released:?}");
    assert_eq!(released[0]["members"], json!({ "before": 40, "entered": 0, "stayed": 3, "left": 37, "after": 3 }));
    assert_eq!(members(&world, "High Value Customers"), 3);
    assert_eq!(world.has_attribute("LID-39", "High Value Customers"), json!(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_tested() {
    let world = world().await;
    let answer = world.invoke(Function::OnDemand, &sample("connect.json")).await.unwrap();
    assert_eq!((&answer["outcome"], &answer["connection"]), (&json!("connected"), &json!("braze-eu")), "{answer}");
    assert_eq!(world.account.braze.profile_count(), 0, "no data is changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_is_retired() {
    let world = world().await;
    world.invoke(Function::OnDemand, &sample("run-all.json")).await.unwrap();
    let error = world.invoke(Function::OnDemand, &sample("retire.json")).await.unwrap_err();
    assert!(error.message.contains("is fed by the segment ChurnRisk"), "{error}");

    let config = world.get_text("config/exports.toml").replace(r#""ChurnRisk", "#, "");
    world.put("config/exports.toml", config);
    let requests = world.account.braze.counters().requests;
    let reports = reports(&world, Function::OnDemand, &sample("retire.json")).await;
    assert_eq!(shown(&reports[0]), ("ChurnRisk", "dry_run", "on-demand", 0));
    assert!(
        reports[0]["message"].as_str().unwrap().contains("1 member would be set to `false` or removed"),
        "{reports:?}"
    );
    assert_eq!(world.account.braze.counters().requests, requests, "the sample is a dry run");
    assert_eq!(members(&world, "ChurnRisk"), 1);
    let error = world.invoke(Function::OnDemand, &sample("retire-attribute.json")).await.unwrap_err();
    assert!(error.message.contains("is fed by the segment HighValueCustomers"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_dropped_and_a_state_is_looked_over() {
    let world = world().await;
    world.invoke(Function::OnDemand, &sample("run-all.json")).await.unwrap();
    let error = world.invoke(Function::OnDemand, &sample("forget.json")).await.unwrap_err();
    assert!(error.message.contains("2062-11-23T01:02Z"), "{error}");
    let answer = world.invoke(Function::OnDemand, &sample("rebuild.json")).await.unwrap();
    assert_eq!((&answer["damage"], &answer["code"]), (&json!([]), &json!("ITB-A14")), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_is_compared_with_braze() {
    let world = world().await;
    world.invoke(Function::OnDemand, &sample("run-all.json")).await.unwrap();
    let error = world.invoke(Function::OnDemand, &sample("audit.json")).await.unwrap_err();
    assert!(error.message.contains("audit_segment_ids"), "{error}");
    let config = world.get_text("config/exports.toml");
    let ids = "\n[exports.loyalty.audit_segment_ids]\nHighValueCustomers = \"abc-1\"\n";
    world.put("config/exports.toml", config + ids);
    let answer = world.invoke(Function::OnDemand, &sample("audit.json")).await.unwrap();
    let audited = &answer["audits"][0];
    assert_eq!((&audited["outcome"], &audited["members"]), (&json!("dry_run"), &json!(6)), "{answer}");
    assert_eq!(world.account.braze.counters().segment_exports, 0, "the sample is a dry run");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_run_would_be_undone() {
    let world = world().await;
    world.invoke(Function::OnDemand, &sample("run-all.json")).await.unwrap();
    let requests = world.account.braze.counters().requests;
    let reports = reports(&world, Function::OnDemand, &sample("undo.json")).await;
    assert_eq!(shown(&reports[0]), ("HighValueCustomers", "dry_run", "on-demand", 0));
    assert_eq!((&reports[0]["members"]["left"], &reports[0]["members"]["after"]), (&json!(6), &json!(0)));
    assert_eq!(world.account.braze.counters().requests, requests, "the sample is a dry run");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_inspected() {
    let world = world().await;
    let answer = world.invoke(Function::OnDemand, &sample("inspect.json")).await.unwrap();
    let shown = answer.to_string();
    assert!(shown.contains("HighValueCustomers") && shown.contains("LoyaltyId"), "{shown}");
    assert!(!shown.contains("kaito") && !shown.contains("海斗"), "people's data stay out of sight: {shown}");
    assert_eq!(world.account.braze.counters().requests, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_erased() {
    let world = world().await;
    let receipt = world.invoke(Function::OnDemand, &sample("erase.json")).await.unwrap();
    assert_eq!((&receipt["action"], &receipt["outcome"]), (&json!("erase"), &json!("erased")), "{receipt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_is_returned() {
    let world = world().await;
    let answer = world.invoke(Function::OnDemand, &sample("configuration.json")).await.unwrap();
    let text = answer["text"].as_str().unwrap();
    assert!(text.contains("[exports.loyalty]") && answer["etag"].as_str().unwrap().len() > 16, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_retried() {
    let world = world().await;
    let answer = world.invoke(Function::OnDemand, &sample("retry.json")).await.unwrap();
    assert_eq!((&answer["action"], &answer["retried"]), (&json!("retry"), &json!([])), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn actions_that_are_not_known_are_answered_with_those_that_are() {
    let world = world().await;
    for event in [json!({ "action": "forge" })] {
        let error = world.invoke(Function::OnDemand, &event).await.unwrap_err();
        assert_eq!(error.error_type, "InvalidEvent");
        for word in ["action", "run, run_all, connect, status", event["action"].as_str().unwrap()] {
            assert!(error.message.contains(word), "{error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_sources_there_is_nothing_to_fetch() {
    let world = world().await;
    let fetched = world.invoke(Function::OnDemand, &sample("fetch.json")).await.unwrap();
    assert_eq!((&fetched["sources"], &fetched["code"]), (&json!([]), &json!("ITB-K32")), "{fetched}");
    // A source that is gone from the configuration is not continued.
    let continued = world.invoke(Function::Scheduled, &sample("sqs-continue-fetch.json")).await.unwrap();
    assert_eq!(continued, json!({ "batchItemFailures": [], "sources": [] }));
}

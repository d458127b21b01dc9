//! What is wrong with a configuration, an event, a request or a file is said in words that name the place, what was found
//! and what is allowed; and no other file suffers.

use std::io::Write;

use crate::support::{Function, RUN, TIMEOUT, World, assert_silent, sqs_event};
use itb::standin::BUCKET;
use itb::standin::lambda::LambdaHost;
use serde_json::{Value, json};

const HEADER: &str = "LoyaltyId,EMail,FirstName,Points\n";
const RUN_ID: &str = "2026-11-23T01:02Z";
const ACTIONS: &str = "run, run_all, connect, status, report, fetch, audit, undo, retire";

/// Invokes, and expects an error of this type that has all the words.
#[track_caller]
fn assert_says(what: &str, message: &str, words: &[&str]) {
    for word in words {
        assert!(message.contains(word), "{what}: {word:?} is not in: {message}");
    }
}

async fn refused(host: &LambdaHost, event: &Value, error_type: &str, words: &[&str]) {
    let error = host.invoke(event, TIMEOUT).await.expect_err("the event is refused");
    assert_eq!(error.error_type, error_type, "{event}: {error}");
    assert_says(&event.to_string(), &error.message, words);
    assert_silent([&error.message]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_in_the_configuration_is_named() {
    let world = World::start().await;
    let host = world.host(Function::OnDemand).await;
    let event = json!({ "action": "run", "export": "loyalty" });
    let right = world.config("", "");
    let connection = |line: &str| world.config(line, "");
    let export = |line: &str| world.config("", line);
    let changed = |from: &str, to: &str| {
        assert!(right.contains(from), "{from}");
        right.replace(from, to)
    };
    let hostname = format!("hostname = \"{}\"", world.account.braze.url());
    let cases: Vec<(String, &[&str])> = vec![
        (connection("requests_per_second = 0"), &["[connections.braze-eu] requests_per_second", "found 0", "allowed"]),
        (
            connection("objects_per_request = 76"),
            &["[connections.braze-eu] objects_per_request", "found 76", "1 to 75"],
        ),
        (connection("allow_any_host = true"), &["[connections.braze-eu] allow_any_host ", "allow_any_hostname"]),
        (connection("api_key = \"canary-key-in-the-file\""), &["[connections.braze-eu] api_key", "secret"]),
        (
            changed(&hostname, "hostname = \"http://rest.fra-01.braze.eu\""),
            &["hostname", "plain http to another machine", "https"],
        ),
        (changed(&hostname, "hostname = \"dashboard-01.braze.eu\""), &["hostname", "dashboard-01.braze.eu", "rest."]),
        (
            changed("agree_to_data_transfer = true", "agree_to_data_transfer = \"yes\""),
            &["agree_to_data_transfer", "\"yes\"", "true or false"],
        ),
        (
            changed("connection = \"braze-eu\"", "connection = \"braze-us\""),
            &["[exports.loyalty] connection", "braze-us", "braze-eu"],
        ),
        (
            changed("incoming/BlobExport", "outgoing/BlobExport"),
            &["[exports.loyalty] folder", "outgoing/BlobExport", "incoming/"],
        ),
        (changed("\"HighValueCustomers\", \"ChurnRisk\"", ""), &["[exports.loyalty] segments", "an empty list"]),
        (changed("\"integer\"", "\"decimal128\""), &["loyalty_points", "type", "decimal128", "integer"]),
        (
            changed("customer_id = \"LoyaltyId\"\nemail = \"EMail\"", ""),
            &["[exports.loyalty] data_matching", "customer_id", "email"],
        ),
        (export("schedule = \"daily\""), &["[exports.loyalty] schedule", "daily", "\"active\" or \"off\""]),
        (export("send = \"everything\""), &["[exports.loyalty] send", "everything", "\"changes\" or \"all\""]),
        (export("on_leave = false"), &["[exports.loyalty] on_leave", "\"false\", \"remove\" or \"keep\""]),
        (export("on_upload = \"no\""), &["[exports.loyalty] on_upload", "true or false"]),
        (export("max_leavers = 50"), &["[exports.loyalty] max_leavers", "found 50", "from 0 to 1"]),
        (export("settle_minutes = -1"), &["[exports.loyalty] settle_minutes", "found -1"]),
        (
            world.config("requests_per_second = -3", "send = \"some\"\non_leafe = \"keep\""),
            &["requests_per_second", "found -3", "send", "\"some\"", "on_leafe", "on_leave"],
        ),
        (
            changed("[exports.loyalty]", "[exports.loyalty"),
            &["exports.toml", "line ", "not valid TOML", "Close the bracket"],
        ),
        (
            changed("agree_to_data_transfer = true", "agree_to_data_transfer = True"),
            &["line ", "not valid TOML", "lower case"],
        ),
        (format!("{right}\n[exports.loyalty]\n"), &["line ", "not valid TOML", "duplicate key"]),
    ];
    for (config, words) in cases {
        assert_ne!(config, right);
        world.put("config/exports.toml", config);
        refused(&host, &event, "InvalidConfig", &[words, &["config/exports.toml"]].concat()).await;
    }
    world.put("config/exports.toml", b"# \xe9t\xe9\n");
    refused(&host, &event, "InvalidConfig", &["config/exports.toml", "UTF-8"]).await;
    world.account.delete_object("config/exports.toml").unwrap();
    refused(&host, &event, "InvalidConfig", &["does not exist", BUCKET, "config/exports.toml", "CONFIG_KEY"]).await;
    assert_silent(host.log_lines());
    assert_eq!(world.account.braze.counters().requests, 0);
    assert!(world.account.list("state/").is_empty(), "a wrong configuration delivers nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_wrong_configuration_every_message_goes_back() {
    let world = World::start().await;
    world.configure("", "schedule = 7");
    let key = format!("{RUN}/HighValueCustomers_1.csv");
    world.put(&key, format!("{HEADER}canary-1,canary@example.com,Canary,1\n"));
    let host = world.host(Function::ObjectCreated).await;
    refused(&host, &sqs_event(&[world.s3_event(&key)]), "InvalidConfig", &["schedule", "found 7"]).await;
    world.configure("", "");
    let answer = host.invoke(&sqs_event(&[world.s3_event(&key)]), TIMEOUT).await.unwrap();
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    assert_eq!(world.has_attribute("canary-1", "High Value Customers"), json!(true));
    assert_silent(host.log_lines());
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_the_function_does_not_take() {
    let world = World::start().await;
    let host = world.host(Function::ObjectCreated).await;
    let key = format!("{RUN}/HighValueCustomers_1.csv");
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut event = world.s3_event(&key);
        change(&mut event["Records"][0]);
        event
    };
    let bridge = |source: &str, kind: &str| json!({ "source": source, "detail-type": kind, "detail": { "bucket": { "name": BUCKET } } });
    let takes: &[&str] = &["S3 notifications", "SQS", "EventBridge"];
    let cases: Vec<(Value, &[&str])> = vec![
        (json!({}), takes),
        (json!([]), takes),
        (json!("canary"), takes),
        (Value::Null, takes),
        (json!({ "Records": [] }), &["Records", "an empty list", "at least one"]),
        (json!({ "Records": "canary" }), &["Records", "found a text", "a list"]),
        (
            json!({ "Records": [{ "eventSource": "aws:dynamodb", "dynamodb": { "Keys": "canary" } }] }),
            &["Records[0].eventSource", "aws:dynamodb", "aws:s3"],
        ),
        (
            json!({ "Records": [{ "EventSource": "aws:sns", "Sns": { "Message": "canary" } }] }),
            &["Records[0].eventSource", "aws:sns", "aws:s3"],
        ),
        (changed(&|record| record["eventVersion"] = json!("3.0")), &["Records[0].eventVersion", "3.0", "2.x"]),
        (
            changed(&|record| record["s3"]["object"]["key"] = json!("incoming/%FF%FE.csv")),
            &["Records[0].s3.object.key", "UTF-8"],
        ),
        (changed(&|record| record["s3"]["object"] = json!({})), &["Records[0].s3.object.key", "nothing"]),
        (changed(&|record| record["s3"]["bucket"] = json!({})), &["Records[0].s3.bucket.name", "nothing"]),
        (bridge("aws.ec2", "EC2 Instance State-change Notification"), &["source", "aws.ec2", "aws.s3"]),
        (bridge("aws.s3", "Object Deleted"), &["detail-type", "Object Deleted", "Object Created"]),
        (bridge("aws.s3", "Object Created"), &["detail.object.key", "nothing"]),
        (json!({ "continue": { "export": "loyalty" } }), &["continue", "segment"]),
    ];
    for (event, words) in &cases {
        refused(&host, event, "InvalidEvent", words).await;
    }
    let elsewhere = changed(&|record| record["s3"]["bucket"]["name"] = json!("somebody-elses"));
    refused(&host, &elsewhere, "DeliveryFailed", &["somebody-elses", BUCKET, "BUCKET"]).await;

    // The same in the queue: each fails alone, and a file beside them is delivered.
    world.put(&key, format!("{HEADER}canary-1,canary@example.com,Canary,1\n"));
    let mut bodies: Vec<Value> = cases.into_iter().map(|(event, _)| event).collect();
    bodies.extend([elsewhere, json!({ "continue": { "export": "nobody", "segment": "x" } }), world.s3_event(&key)]);
    let good = format!("message-{}", bodies.len() - 1);
    let mut event = sqs_event(&bodies);
    event["Records"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "messageId": "no JSON", "body": "canary {", "eventSource": "aws:sqs" }));
    let answer = host.invoke(&event, TIMEOUT).await.unwrap();
    let failed: Vec<&str> = answer["batchItemFailures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["itemIdentifier"].as_str().unwrap())
        .collect();
    assert_eq!(failed.len(), bodies.len(), "{answer}");
    assert!(!failed.contains(&good.as_str()) && failed.contains(&"no JSON"), "{answer}");
    assert_eq!(world.has_attribute("canary-1", "High Value Customers"), json!(true));
    assert_silent(host.log_lines());
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_that_are_no_files_are_ignored_with_the_reason() {
    let world = World::start().await;
    let host = world.host(Function::ObjectCreated).await;
    world.put("reports/loyalty/x.csv", "canary");
    world.put("incoming/Other/x.csv", "canary");
    world.put(&format!("{RUN}/HighValueCustomers_1.csv.filepart"), "canary");
    world.put(&format!("{RUN}/HighValueCustomers_2.xlsx"), "canary");
    world.put(&format!("{RUN}/HighValueCustomers_3.csv"), "");
    world.put("incoming/BlobExport/Other/2026/11/23/0102/Other_1.csv", "canary");
    for (key, reason) in [
        ("reports/loyalty/x.csv", "outside incoming/"),
        ("incoming/Other/x.csv", "export loyalty: outside the export's folder"),
        (&format!("{RUN}/HighValueCustomers_1.csv.filepart"), "half-uploaded"),
        (&format!("{RUN}/HighValueCustomers_2.xlsx"), "not a .csv, .txt or .tsv file"),
        (&format!("{RUN}/HighValueCustomers_3.csv"), "empty"),
        ("incoming/BlobExport/Other/2026/11/23/0102/Other_1.csv", "not in the export's `segments`"),
        (&format!("{RUN}/vanished.csv"), "no longer exists"),
    ] {
        let answer = host.invoke(&world.s3_event(key), TIMEOUT).await.unwrap();
        assert_eq!(answer["reports"], json!([]), "{key}");
        assert_eq!(answer["ignored"][0]["key"], key);
        let found = answer["ignored"][0]["reason"].as_str().unwrap();
        assert!(found.contains(reason), "{key}: {found}");
    }
    assert!(world.account.list("state/").is_empty());
    assert_eq!(world.account.braze.counters().requests, 0);
    assert_silent(host.log_lines());
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_the_on_demand_function_does_not_take() {
    let world = World::start().await;
    world.put(&format!("{RUN}/HighValueCustomers_1.csv"), format!("{HEADER}canary-1,canary@example.com,Canary,1\n"));
    let host = world.host(Function::OnDemand).await;
    let cases: Vec<(Value, &str, &[&str])> = vec![
        (json!({}), "InvalidEvent", &["action", "nothing", ACTIONS]),
        (json!([]), "InvalidEvent", &["a list", "action", "run_all"]),
        (Value::Null, "InvalidEvent", &["null", "action"]),
        (json!({ "action": 5 }), "InvalidEvent", &["action", "a number", ACTIONS]),
        (json!({ "action": "delete_all" }), "InvalidEvent", &["action", "delete_all", ACTIONS]),
        (json!({ "action": "run" }), "InvalidEvent", &["export", "nothing", "the name of an export"]),
        (json!({ "action": "run", "export": "" }), "InvalidEvent", &["export", "an empty text"]),
        (json!({ "action": "run", "export": ["loyalty"] }), "InvalidEvent", &["export", "a list"]),
        (
            json!({ "action": "run", "export": "loyalty", "dryrun": true }),
            "InvalidEvent",
            &["dryrun", "export, segment, dry_run, send, run, allow_leavers"],
        ),
        (
            json!({ "action": "run", "export": "loyalty", "dry_run": "yes" }),
            "InvalidEvent",
            &["dry_run", "a text", "true or false"],
        ),
        (
            json!({ "action": "run", "export": "loyalty", "send": "some" }),
            "InvalidEvent",
            &["send", "some", "\"changes\" or \"all\""],
        ),
        (
            json!({ "action": "run", "export": "loyalty", "allow_leavers": "97" }),
            "InvalidEvent",
            &["allow_leavers", "a text", "together with \"run\""],
        ),
        (json!({ "action": "run_all", "export": "loyalty" }), "InvalidEvent", &["export", "action, dry_run"]),
        (json!({ "action": "connect" }), "InvalidEvent", &["connection", "nothing"]),
        (json!({ "action": "status", "segment": "x" }), "InvalidEvent", &["segment", "action, export"]),
        (json!({ "action": "retire", "export": "loyalty" }), "InvalidEvent", &["segment", "nothing"]),
        (json!({ "action": "undo", "export": "loyalty", "segment": "ChurnRisk" }), "InvalidEvent", &["run", "dry_run"]),
        (json!({ "action": "run", "export": "loyal" }), "NotFound", &["the export", "loyal", "existing: loyalty"]),
        (
            json!({ "action": "run", "export": "loyalty", "segment": "Churn" }),
            "NotFound",
            &["the segment", "Churn", "HighValueCustomers", "ChurnRisk"],
        ),
        (
            json!({ "action": "connect", "connection": "braze" }),
            "NotFound",
            &["the connection", "\"braze\"", "existing: braze-eu"],
        ),
        (json!({ "action": "status", "export": "x" }), "NotFound", &["the export", "existing: loyalty"]),
        (
            json!({ "action": "retire", "export": "loyalty", "segment": "Former" }),
            "NotFound",
            &["the attribute", "Former"],
        ),
        (
            json!({ "action": "retire", "export": "loyalty", "segment": "ChurnRisk" }),
            "InvalidEvent",
            &["segment", "ChurnRisk", "is fed by"],
        ),
    ];
    for (event, error_type, words) in cases {
        refused(&host, &event, error_type, words).await;
    }
    assert_eq!(world.account.braze.counters().requests, 0);
    assert!(world.account.list("state/").is_empty());
    assert_silent(host.log_lines());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_names_what_does_not_exist() {
    let world = World::start().await;
    world.put(&format!("{RUN}/HighValueCustomers_1.csv"), format!("{HEADER}canary-1,canary@example.com,Canary,1\n"));
    let host = world.host(Function::Scheduled).await;
    let cases: Vec<(Value, &str, &[&str])> = vec![
        (json!(5), "InvalidEvent", &["a number", "exports"]),
        (json!({ "export": "loyalty" }), "InvalidEvent", &["the field \"export\"", "exports"]),
        (json!({ "exports": "loyalty" }), "InvalidEvent", &["exports", "a text", "a list"]),
        (json!({ "exports": [] }), "InvalidEvent", &["exports", "an empty list"]),
        (json!({ "exports": ["loyalty", 3] }), "InvalidEvent", &["exports[1]", "a number"]),
        (json!({ "exports": ["nobody"] }), "NotFound", &["the export", "nobody", "existing: loyalty"]),
    ];
    for (event, error_type, words) in cases {
        refused(&host, &event, error_type, words).await;
    }
    assert_eq!(world.account.braze.counters().requests, 0);
    let event = json!({ "exports": ["nobody", "loyalty"] });
    refused(&host, &event, "DeliveryFailed", &["1 of 2", "the export \"nobody\" does not exist", "existing: loyalty"])
        .await;
    assert_eq!(
        world.has_attribute("canary-1", "High Value Customers"),
        json!(true),
        "the other export does not suffer"
    );
    assert_silent(host.log_lines());
}

/// A segment, its file, the outcome, and words of the message.
type Case = (&'static str, Vec<u8>, &'static str, &'static [&'static str]);

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn files() -> Vec<Case> {
    let row = "canary-1,canary@example.com,Canary,1\n";
    let good = format!("{HEADER}{row}").into_bytes();
    let utf16: Vec<u8> = format!("{HEADER}{row}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let many: Vec<String> =
        (0..5000).map(|id| format!("canary-{id},canary{id}@example.com,C{},{id}\n", id * 7919)).collect();
    let many = many.concat();
    let mut truncated = gzip(format!("{HEADER}{many}").as_bytes());
    truncated.truncate(truncated.len() / 2);
    let mut damaged = gzip(format!("{HEADER}{many}").as_bytes());
    let middle = damaged.len() / 2;
    damaged[middle..middle + 64].fill(0xff);
    vec![
        ("HeaderOnly", HEADER.as_bytes().to_vec(), "waiting", &[]),
        (
            "OtherColumns",
            b"Kunde,Adresse\ncanary-1,canary@example.com\n".to_vec(),
            "failed",
            &[
                "data_matching.customer_id",
                "LoyaltyId",
                "data_matching.email",
                "EMail",
                "Aaaaa, Aaaaaaa",
                "[exports.loyalty]",
            ],
        ),
        (
            "NoHeader",
            row.as_bytes().to_vec(),
            "failed",
            &["only the shapes of its cells are shown", "[exports.loyalty.csv] columns"],
        ),
        ("Utf16", utf16, "failed", &["UTF-16", "Export it as UTF-8"]),
        ("Truncated", truncated, "failed", &["Truncated_1.csv", "truncated", "Upload the complete file again"]),
        ("Damaged", damaged, "failed", &["Damaged_1.csv", "gzip data is damaged"]),
        (
            "Spreadsheet",
            b"PK\x03\x04\x14\x00\x06\x00canary\x00\x00".to_vec(),
            "failed",
            &["not CSV", "Export it as CSV"],
        ),
        ("Good", good, "waiting", &[]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_fails_alone_and_says_why() {
    let world = World::start().await;
    let cases = files();
    let names: Vec<String> = cases.iter().map(|(segment, ..)| format!("{segment:?}")).collect();
    let config = world.config("", "").replace("\"HighValueCustomers\", \"ChurnRisk\"", &names.join(", "));
    world.put("config/exports.toml", config.replace("HighValueCustomers = \"High Value Customers\"", ""));
    let key = |segment: &str| format!("incoming/BlobExport/{segment}/2026/11/23/0102/{segment}_1.csv");
    let mut bodies = Vec::new();
    for (segment, content, ..) in &cases {
        world.put(&key(segment), content);
        bodies.push(world.s3_event(&key(segment)));
    }
    let host = world.host(Function::ObjectCreated).await;
    let answer = host.invoke(&sqs_event(&bodies), TIMEOUT).await.unwrap();
    let failed: Vec<&str> = answer["batchItemFailures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["itemIdentifier"].as_str().unwrap())
        .collect();
    let expected: Vec<String> = cases
        .iter()
        .enumerate()
        .filter(|(_, case)| case.2 == "failed")
        .map(|(place, _)| format!("message-{place}"))
        .collect();
    assert_eq!(failed, expected);
    for (segment, _, outcome, words) in &cases {
        let report = world.report(segment, RUN_ID);
        assert_eq!(report["outcome"], *outcome, "{report}");
        assert_says(segment, report["message"].as_str().unwrap(), words);
        assert_silent([report.to_string()]);
        let rows = &report["rows"];
        let sum: u64 =
            ["accepted", "unchanged", "duplicate", "rejected"].iter().map(|fate| rows[fate].as_u64().unwrap()).sum();
        assert_eq!(rows["read"], sum, "{report}");
    }
    assert_eq!(world.has_attribute("canary-1", "Good"), json!(true));
    assert_eq!(world.report("HeaderOnly", RUN_ID)["rows"]["read"], 0);
    assert_silent(host.log_lines());

    // What was fixed under the same key is delivered.
    world.put(&key("Utf16"), format!("{HEADER}canary-1,canary@example.com,Canary,1\n"));
    let answer = host.invoke(&world.s3_event(&key("Utf16")), TIMEOUT).await.unwrap();
    assert_eq!(answer["reports"][0]["outcome"], "waiting", "{answer}");
    assert_eq!(world.has_attribute("canary-1", "Utf16"), json!(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_row_is_rejected_alone() {
    let world = World::start().await;
    let key = format!("{RUN}/HighValueCustomers_1.csv");
    let mut file = HEADER.as_bytes().to_vec();
    file.extend_from_slice(b"canary-1,canary1@example.com,Canary,1\n");
    file.extend_from_slice(b"canary-2,canary2@example.com\n");
    file.extend_from_slice(b"canary-3,canary3@example.com,Canary,3,too,long\n");
    file.extend_from_slice(b"canary-4,canary4@example.com,Can\xe4ry,4\n");
    file.extend_from_slice(b"canary-\xff5,,Canary,5\n");
    file.extend_from_slice(b",,Canary,6\n");
    file.extend_from_slice(b"canary-7,canary7@example.com,\"Canary \"\"quoted\"\"\",7\n");
    world.put(&key, file);
    let host = world.host(Function::ObjectCreated).await;
    let answer = host.invoke(&world.s3_event(&key), TIMEOUT).await.unwrap();
    let report = &answer["reports"][0];
    assert_eq!(report["rows"]["read"], 7, "{report}");
    let rejected = report["rows"]["rejected"].as_u64().unwrap();
    let reasons = report["rejected_reasons"].as_object().unwrap();
    assert_eq!(reasons.values().map(|count| count.as_u64().unwrap()).sum::<u64>(), rejected);
    let texts = serde_json::to_string(reasons).unwrap();
    assert_says("reasons", &texts, &["no customer ID and no email", "UTF-8", "fields"]);
    for id in ["canary-1", "canary-7"] {
        assert_eq!(world.has_attribute(id, "High Value Customers"), json!(true), "{id}");
    }
    let csv = world
        .account
        .get_object(&format!("reports/loyalty/HighValueCustomers/{RUN_ID}/rejected.csv"))
        .unwrap()
        .unwrap();
    let lines = csv.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count() as u64;
    assert_eq!(lines, rejected + 1, "{}", String::from_utf8_lossy(&csv));
    assert!(csv.windows(7).any(|bytes| bytes == b"y-\xff5,,C"), "the bytes of the file are kept");
    assert_silent([answer.to_string()]);
    assert_silent(host.log_lines());
}

//! What the functions ask of AWS against what template.yaml allows them: every call is allowed, and nothing is allowed
//! without need.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use crate::support::{API_KEY, Function, TIMEOUT, World};
use itb::standin::braze::{Latency, RestApiKey, SegmentExports};
use itb::standin::fault::Call;
use itb::standin::lambda::LambdaHost;
use itb::standin::{Account, DEAD_LETTER_QUEUE, QUEUE, TOPIC_ARN};
use serde::Deserialize;
use serde_json::json;

/// Something that a role allows: one action on one resource.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Allowed {
    sid: String,
    action: String,
    resource: String,
    prefixes: Vec<String>,
}

/// What is allowed and never seen in the calls, with the reason.
const NOT_ASKED_BY_THE_PROGRAM: [(&str, &str); 5] = [
    ("UseTheCustomersKey", "S3, SQS and Secrets Manager use the key, with the function's role"),
    ("TakeMessages", "Lambda's event source mapping takes the messages, with the function's role"),
    ("LayDownFailures", "Lambda sends failed invocations to the dead-letter queue, with the function's role"),
    ("Log", "Lambda writes the log, with the function's role"),
    ("Trace", "Lambda sends the traces, with the function's role"),
];

/// The company's own bucket and what keys begin with there, in place of the template's parameters.
const EXPORTS: &str = "company-exports";
const EXPORTS_PREFIX: &str = "braze/";

fn policies() -> BTreeMap<String, Vec<Allowed>> {
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/template/emulate");
    let output = Command::new(script).arg("policies").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap().replace("AuditPrefix", EXPORTS_PREFIX);
    serde_json::from_str(&text).unwrap()
}

/// The IAM action that S3, Secrets Manager, SQS and SNS demand for an operation (Service Authorization Reference).
fn action_of(operation: &str) -> &'static str {
    match operation {
        "GetObject" | "HeadObject" => "s3:GetObject",
        "PutObject" | "CreateMultipartUpload" | "UploadPart" | "CompleteMultipartUpload" => "s3:PutObject",
        "DeleteObject" | "DeleteObjects" => "s3:DeleteObject",
        "ListObjectsV2" => "s3:ListBucket",
        "ListMultipartUploads" => "s3:ListBucketMultipartUploads",
        "GetSecretValue" => "secretsmanager:GetSecretValue",
        "Publish" => "sns:Publish",
        "SendMessage" => "sqs:SendMessage",
        "ReceiveMessage" => "sqs:ReceiveMessage",
        "DeleteMessage" => "sqs:DeleteMessage",
        // A batch needs what its single operation needs.
        "ChangeMessageVisibilityBatch" => "sqs:ChangeMessageVisibility",
        other => panic!("the operation {other} is not known here: say which action it needs"),
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == text, |start| text.starts_with(start))
}

/// Whether `allowed` covers a call.
fn covers(allowed: &Allowed, call: &Call) -> bool {
    if allowed.action != action_of(&call.operation) {
        return false;
    }
    let bucket = if call.bucket == EXPORTS { "AuditBucket" } else { "Bucket" };
    match call.operation.as_str() {
        "ListObjectsV2" => {
            allowed.resource == bucket && allowed.prefixes.iter().any(|prefix| matches(prefix, &call.resource))
        }
        "ListMultipartUploads" => allowed.resource == "Bucket",
        "GetSecretValue" => allowed.resource == "ConnectionSecret",
        "Publish" => allowed.resource == "AlarmTopic" && call.resource == TOPIC_ARN,
        "SendMessage" => allowed.resource == "Queue" && call.resource.ends_with(QUEUE),
        "ReceiveMessage" | "DeleteMessage" | "ChangeMessageVisibilityBatch" => {
            allowed.resource == "DeadLetterQueue" && call.resource.ends_with(DEAD_LETTER_QUEUE)
        }
        // The keys of this operation are in its body; what was deleted is compared below.
        "DeleteObjects" => allowed.resource == "Bucket/state/*",
        _ => {
            let pattern = allowed.resource.strip_prefix(bucket).and_then(|rest| rest.strip_prefix('/'));
            pattern.is_some_and(|pattern| matches(pattern, &call.resource))
        }
    }
}

fn people(ids: std::ops::Range<u32>) -> String {
    let mut file = "LoyaltyId,EMail,FirstName,Points\n".to_owned();
    for id in ids {
        writeln!(file, "LID-{id},someone{id}@example.com,\"山田, 海斗\",{id}").unwrap();
    }
    file + ",,nobody,1\n"
}

fn file_of(segment: &str, day: u32) -> String {
    format!("incoming/BlobExport/{segment}/2026/11/{day}/0102/{segment}_1.csv")
}

/// Everything that a function does: files and descriptions that land, complete runs with leavers, held runs, failures,
/// time that runs out, and all actions.
async fn work(world: &World) {
    world.configure("", "settle_minutes = 0");
    let land = async |day: u32, ids| {
        world.put(&file_of("HighValueCustomers", day), people(ids));
        world.invoke(Function::ObjectCreated, &world.s3_event(&file_of("HighValueCustomers", day))).await.unwrap()
    };
    let location = |day: u32| {
        format!(
            "https://a.blob.core.windows.net/c/{}",
            file_of("HighValueCustomers", day).trim_start_matches("incoming/")
        )
    };
    let describe = async |day: u32| {
        let columns =
            ["LoyaltyId", "EMail", "FirstName", "Points"].map(|name| json!({ "name": name, "dataType": "string" }));
        let model = json!({ "name": "BlobExport", "version": "1.0", "entities": [{ "$type": "LocalEntity", "name": "HighValueCustomers",
            "attributes": columns, "partitions": [{ "name": "1", "refreshTime": "2026-11-23T01:02:03Z", "location": location(day),
            "fileFormatSettings": { "$type": "CsvFormatSettings", "columnHeaders": true, "delimiter": "," } }] }] });
        world.put("incoming/BlobExport/model.json", model.to_string());
        world.invoke(Function::ObjectCreated, &world.s3_event("incoming/BlobExport/model.json")).await.unwrap()
    };
    land(20, 0..20).await;
    describe(20).await;
    land(21, 2..25).await;
    assert_eq!(describe(21).await["reports"][0]["outcome"], "delivered");
    world.account.delete_object("incoming/BlobExport/model.json").unwrap();
    let late = file_of("HighValueCustomers", 21).replace("_1.csv", "_2.csv");
    world.put(&late, people(2..3));
    world.invoke(Function::ObjectCreated, &world.s3_event(&late)).await.unwrap();
    let continuation = json!({ "continue": { "export": "loyalty", "segment": "HighValueCustomers" } });
    world.invoke(Function::ObjectCreated, &continuation).await.unwrap();
    let bad = file_of("ChurnRisk", 21);
    world.put(&bad, "Other,Columns\n1,2\n");
    world.invoke(Function::ObjectCreated, &world.s3_event(&bad)).await.unwrap_err();
    world.account.delete_object(&bad).unwrap();
    world.invoke(Function::ObjectCreated, &world.s3_event(&bad)).await.unwrap();

    for (function, event, days) in
        [(Function::Scheduled, json!({}), [22, 23]), (Function::OnDemand, json!({ "action": "run_all" }), [24, 25])]
    {
        for (day, ids) in days.into_iter().zip([0..20, 3..22]) {
            world.put(&file_of("HighValueCustomers", day), people(ids));
            let host = match function {
                Function::Scheduled => world.notifying_host("digest").await,
                _ => world.host(Function::OnDemand).await,
            };
            let answer = host.invoke(&event, TIMEOUT).await.unwrap();
            assert_eq!(answer["reports"][0]["outcome"], "delivered", "{answer}");
        }
    }
    ask(world).await;
    audit(world).await;
    run_out_of_time(world).await;
}

/// An audit by each function: by request, by the schedule, and continued through the queue.
async fn audit(world: &World) {
    let connection = format!("audit_bucket = \"{EXPORTS}\"\naudit_prefix = \"{EXPORTS_PREFIX}\"");
    let ids = "\n[exports.loyalty.audit_segment_ids]\nHighValueCustomers = \"abc-1\"\n";
    world.put("config/exports.toml", world.config(&connection, "settle_minutes = 0\naudit_days = 1") + ids);
    world.account.s3.create_bucket(EXPORTS).unwrap();
    let sink = world.account.s3.sink(EXPORTS);
    let exports = |delay| SegmentExports {
        segments: [("abc-1".to_owned(), "High Value Customers".to_owned())].into(),
        bucket: Some(Arc::new({
            let sink = sink.clone();
            move |key: &str, content: &[u8]| sink(&format!("{EXPORTS_PREFIX}{key}"), content)
        })),
        delay,
        ..SegmentExports::default()
    };
    world.account.braze.set_keys(vec![RestApiKey::tracking(API_KEY).auditing()]);
    world.account.braze.set_exports(exports(Duration::ZERO));
    let answer = world.invoke(Function::Scheduled, &json!({})).await.unwrap();
    assert_eq!(answer["audits"][0]["outcome"], "equal", "{answer}");
    let ask = json!({ "action": "audit", "export": "loyalty", "repair": true });
    let answer = world.invoke(Function::OnDemand, &ask).await.unwrap();
    assert_eq!(answer["audits"][0]["outcome"], "equal", "{answer}");
    world.account.braze.set_exports(exports(Duration::from_secs(1)));
    let answer = world.invoke(Function::OnDemand, &ask).await.unwrap();
    assert_eq!(answer["audits"][0]["outcome"], "waiting", "{answer}");
    let receipts = || world.account.list("reports/audit.receipts/").len();
    let (before, host) = (receipts(), world.host(Function::ObjectCreated).await);
    let continuation = json!({ "continue": { "export": "loyalty", "segment": "HighValueCustomers", "audit": true } });
    while receipts() == before {
        host.invoke(&continuation, TIMEOUT).await.unwrap();
    }
}

async fn ask(world: &World) {
    world.put(&file_of("ChurnRisk", 26), people(0..4));
    let key = file_of("ChurnRisk", 26);
    for event in [
        json!({ "action": "run", "export": "loyalty", "dry_run": true }),
        json!({ "action": "run", "export": "loyalty", "send": "all" }),
        json!({ "action": "connect", "connection": "braze-eu" }),
        json!({ "action": "status" }),
        json!({ "action": "inspect", "key": key }),
        json!({ "action": "erase", "customer_id": "LID-1" }),
    ] {
        world.invoke(Function::OnDemand, &event).await.unwrap();
    }
    let undo = json!({ "action": "undo", "export": "loyalty", "segment": "HighValueCustomers", "dry_run": true });
    world.invoke(Function::OnDemand, &undo).await.unwrap();
    let config = world.get_text("config/exports.toml");
    world.put("config/exports.toml", config.replace(", \"ChurnRisk\"", ""));
    let retire = json!({ "action": "retire", "export": "loyalty", "segment": "ChurnRisk" });
    let answer = world.invoke(Function::OnDemand, &retire).await.unwrap();
    assert_eq!(answer["reports"][0]["outcome"], "delivered", "{answer}");
    world.account.delete_object(&key).unwrap();
    // One message that is brought back, and one that stays.
    world.account.queues.send(DEAD_LETTER_QUEUE, world.s3_event(&key).to_string());
    world.account.queues.send(DEAD_LETTER_QUEUE, world.s3_event("incoming/Other/x.csv").to_string());
    let retry = json!({ "action": "retry", "export": "loyalty", "segment": "HighValueCustomers" });
    world.invoke(Function::OnDemand, &retry).await.unwrap();
    world.put("config/exports.toml", config);
    let answer = world.invoke(Function::OnDemand, &json!({ "action": "retry" })).await.unwrap();
    assert_eq!(answer["retried"][0]["messages"], 1, "{answer}");
}

/// Deliveries that ask to be continued through the queue, one by each function.
async fn run_out_of_time(world: &World) {
    world.configure("objects_per_request = 1\nrequests_per_second = 5", "settle_minutes = 0");
    world.account.braze.set_latency(Latency { fixed: Duration::from_millis(50), jitter: Duration::ZERO });
    let short = Duration::from_secs(4);
    world.put(&file_of("HighValueCustomers", 27), people(100..160));
    let landed = world.s3_event(&file_of("HighValueCustomers", 27));
    for (function, event) in [
        (Function::ObjectCreated, landed),
        (Function::Scheduled, json!({})),
        (Function::OnDemand, json!({ "action": "run", "export": "loyalty" })),
    ] {
        let answer = world.host(function).await.invoke(&event, short).await.unwrap();
        assert_eq!(answer["reports"][0]["outcome"], "unfinished", "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_function_asks_for_what_its_role_allows_and_nothing_else() {
    let policies = policies();
    let world = World::start().await;
    let touched: Vec<String> =
        ["incoming/untouched.txt", "config/other.toml", "reports/former/report.json"].map(str::to_owned).to_vec();
    for key in &touched {
        world.put(key, "kept");
    }
    work(&world).await;
    for key in &touched {
        assert!(world.account.get_object(key).unwrap().is_some(), "{key} was deleted");
    }
    let Account { s3, secrets, queues, topics, .. } = &world.account;
    let calls: Vec<Call> = [s3.calls(), secrets.calls(), queues.calls(), topics.calls()].concat();
    let mut table = "function         action                          resource                 calls\n".to_owned();
    let mut mistakes = Vec::new();
    for (function, allowed) in &policies {
        let caller = format!("AKID{}", function.to_uppercase().replace('_', ""));
        let own: Vec<&Call> = calls.iter().filter(|call| call.caller == caller).collect();
        assert!(own.len() > 10, "{function} has hardly called anything");
        for call in &own {
            if !allowed.iter().any(|allowed| covers(allowed, call)) {
                mistakes.push(format!(
                    "{function} calls {} {:?}, which its role does not allow",
                    call.operation, call.resource
                ));
            }
        }
        for entry in allowed {
            let count = own.iter().filter(|call| covers(entry, call)).count();
            let reason = NOT_ASKED_BY_THE_PROGRAM.iter().find(|(sid, _)| *sid == entry.sid);
            let shown =
                reason.filter(|_| count == 0).map_or_else(|| count.to_string(), |(_, reason)| (*reason).to_owned());
            writeln!(table, "{function:16} {:31} {:24} {shown}", entry.action, entry.resource).unwrap();
            if count == 0 && reason.is_none() {
                mistakes.push(format!(
                    "{function} may {} {} ({}), and never does",
                    entry.action, entry.resource, entry.sid
                ));
            }
            for prefix in &entry.prefixes {
                let listed = own
                    .iter()
                    .filter(|call| call.operation == "ListObjectsV2" && matches(prefix, &call.resource))
                    .count();
                writeln!(table, "{:16} {:31} {:24} {listed}", "", "  with the prefix", prefix).unwrap();
                if listed == 0 {
                    mistakes.push(format!("{function} may list {prefix}, and never does"));
                }
            }
        }
    }
    println!("{table}");
    // `.ci/run` shows it.
    std::fs::write(concat!(env!("CARGO_TARGET_TMPDIR"), "/permissions.txt"), &table).unwrap();
    for (function, allowed) in &policies {
        let key: Vec<&str> = allowed.iter().filter(|one| one.resource == "KmsKeyArn").map(|one| &*one.action).collect();
        assert_eq!(key, ["kms:Decrypt", "kms:GenerateDataKey"], "{function}");
    }
    assert!(
        mistakes.is_empty(),
        "{table}\n{}",
        mistakes.into_iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join("\n")
    );
}

/// Lambda tells the function under which name it was invoked; contributors may invoke the alias alone.
#[tokio::test(flavor = "multi_thread")]
async fn contributors_run_exports_and_operators_retire_attributes() {
    let world = World::start().await;
    world.configure("", "settle_minutes = 0");
    let mut function = world.account.function(Function::OnDemand.binary());
    let of_operators = LambdaHost::start(function.clone()).await.unwrap();
    function.name += ":contributors";
    let of_contributors = LambdaHost::start(function).await.unwrap();
    world.put(&file_of("HighValueCustomers", 20), people(0..20));
    let answer = of_contributors.invoke(&json!({ "action": "run", "export": "loyalty" }), TIMEOUT).await.unwrap();
    assert_eq!(answer["reports"][0]["outcome"], "delivered", "{answer}");

    // The next run has lost nearly everyone.
    world.put(&file_of("HighValueCustomers", 21), people(0..3));
    let held = of_contributors.invoke(&json!({ "action": "run", "export": "loyalty" }), TIMEOUT).await.unwrap();
    assert_eq!(held["reports"][0]["outcome"], "held", "{held}");
    let before = world.account.braze.records().len();
    let release = json!({ "action": "run", "export": "loyalty", "run": "2026-11-21T01:02Z", "allow_leavers": 17 });
    let everyone = json!({ "action": "run", "export": "loyalty", "send": "all" });
    let retire = json!({ "action": "retire", "export": "loyalty", "segment": "HighValueCustomers" });
    for refused in [&release, &everyone, &retire] {
        let error = of_contributors.invoke(refused, TIMEOUT).await.unwrap_err().to_string();
        assert!(error.contains("is not allowed for contributors"), "{error}");
    }
    assert_eq!(world.account.braze.records().len(), before, "nothing was sent");
    let answer = of_operators.invoke(&release, TIMEOUT).await.unwrap();
    assert_eq!(
        (&answer["reports"][0]["outcome"], &answer["reports"][0]["members"]["left"]),
        (&json!("delivered_with_problems"), &json!(17)),
        "one row in four names no one"
    );
}

#[test]
fn patterns_match_as_iam_does() {
    assert!(matches("state/*", "state/loyalty/x") && matches("state/*", "state/") && matches("a", "a"));
    assert!(!matches("state/*", "stat") && !matches("a", "ab"));
}

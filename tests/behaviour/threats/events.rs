//! Events and objects that somebody forged: who may only write below `incoming/`, only into the queue, or only start the
//! on-demand function reaches nothing else.

use itb::standin::BUCKET;
use serde_json::{Value, json};

use crate::support::{Function, RUN, TIMEOUT, World, sqs_event};

const FILE: &str = "LoyaltyId,EMail,FirstName,Points\nLID-1,ann@example.com,Ann,1\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_below_incoming_is_ignored() {
    let world = World::start().await;
    let evil = world.config("", "").replace("LoyaltyId", "FirstName");
    for key in ["incoming/config/exports.toml", "incoming/exports.toml", "incoming/BlobExport/exports.toml"] {
        world.put(key, &evil);
        let answer = world.invoke(Function::ObjectCreated, &world.s3_event(key)).await.unwrap();
        assert_eq!(answer["reports"], json!([]), "{answer}");
    }
    let key = format!("{RUN}/HighValueCustomers_1.csv");
    world.put(&key, FILE);
    world.deliver(&key).await;
    assert_eq!(world.has_attribute("LID-1", "High Value Customers"), json!(true));
    assert!(world.account.braze.profile("Ann").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_about_another_bucket_is_refused_and_that_bucket_is_not_asked() {
    let world = World::start().await;
    world.account.s3.create_bucket("somebody-elses").unwrap();
    let key = format!("{RUN}/HighValueCustomers_1.csv");
    world.account.s3.put_object("somebody-elses", &key, FILE).unwrap();
    let forged = world.s3_event(&key).to_string().replace(BUCKET, "somebody-elses");
    let forged: Value = serde_json::from_str(&forged).unwrap();
    let host = world.host(Function::ObjectCreated).await;
    host.invoke(&forged, TIMEOUT).await.unwrap_err();
    let answer = host.invoke(&sqs_event(&[forged]), TIMEOUT).await.unwrap();
    assert_eq!(answer["batchItemFailures"].as_array().unwrap().len(), 1, "{answer}");
    let bridge = json!({ "source": "aws.s3", "detail-type": "Object Created", "account": "999999999999",
                         "detail": { "bucket": { "name": "somebody-elses" }, "object": { "key": key } } });
    host.invoke(&bridge, TIMEOUT).await.unwrap_err();
    assert_eq!(world.account.braze.counters().requests, 0);
    assert!(world.account.s3.calls().iter().all(|call| call.bucket == BUCKET), "{:?}", world.account.s3.calls());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_about_an_object_that_does_not_exist_or_was_swapped_delivers_what_is_there() {
    let world = World::start().await;
    let host = world.host(Function::ObjectCreated).await;
    let key = format!("{RUN}/HighValueCustomers_1.csv");
    let answer = host.invoke(&world.s3_event(&key), TIMEOUT).await.unwrap();
    assert_eq!(answer["reports"], json!([]), "{answer}");
    world.put(&key, FILE);
    // The event's ETag and size are made up: what S3 says counts.
    let answer = host.invoke(&world.s3_event(&key), TIMEOUT).await.unwrap();
    assert_eq!(answer["reports"][0]["rows"]["accepted"], 1, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_continuation_reaches_no_other_key() {
    let world = World::start().await;
    world.put("reports/kept.json", "{}");
    let host = world.host(Function::ObjectCreated).await;
    for (export, segment) in [
        ("loyalty", "../../config"),
        ("loyalty", "..%2F..%2Fconfig"),
        ("../config", "x"),
        ("loyalty", "HighValueCustomers\u{0}"),
        ("loyalty", "\u{1b}[31m\n{\"level\":\"INFO\"}"),
    ] {
        let forged = json!({ "continue": { "export": export, "segment": segment, "run": "2026-11-23T01:02Z" } });
        let _ = host.invoke(&forged, TIMEOUT).await;
        host.invoke(&sqs_event(&[forged]), TIMEOUT).await.unwrap();
    }
    let wrote =
        |call: &itb::standin::fault::Call| call.operation.starts_with("Put") || call.operation.starts_with("Delete");
    let written: Vec<_> = world.account.s3.calls().into_iter().filter(wrote).map(|call| call.resource).collect();
    assert!(written.is_empty(), "{written:?}");
    assert_one_line_each(&host.log_lines());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_request_reads_nothing_beyond_incoming() {
    let world = World::start().await;
    let host = world.host(Function::OnDemand).await;
    for key in ["config/exports.toml", "state/loyalty/x/ledger.json", "reports/", "", "/incoming/x", "INCOMING/x"] {
        let error = host.invoke(&json!({ "action": "inspect", "key": key }), TIMEOUT).await.unwrap_err();
        assert_eq!(error.error_type, "InvalidEvent", "{key}: {error}");
    }
    // Keys are names, not paths: two dots mean nothing to S3.
    host.invoke(&json!({ "action": "inspect", "key": "incoming/../config/exports.toml" }), TIMEOUT).await.unwrap();
    for event in [
        json!({ "action": "run", "export": "../config" }),
        json!({ "action": "run", "export": "loyalty", "segment": "../../config/exports.toml" }),
        json!({ "action": "run", "export": "loyalty", "bucket": "somebody-elses" }),
        json!({ "action": "run", "export": "loyalty", "hostname": "evil.example" }),
        json!({ "action": "retire", "export": "loyalty", "segment": "../.." }),
        json!({ "action": "connect", "connection": "https://evil.example" }),
        json!({ "action": "run", "export": "\u{1b}[31m\n{\"level\":\"INFO\"}" }),
    ] {
        host.invoke(&event, TIMEOUT).await.unwrap_err();
    }
    let config = world.account.s3.calls().into_iter().filter(|call| call.operation == "GetObject");
    for call in config {
        assert!(
            call.resource == "config/exports.toml"
                || call.resource.starts_with("incoming/")
                || call.resource.starts_with("state/"),
            "{} was read",
            call.resource
        );
    }
    assert_eq!(world.account.braze.counters().requests, 0);
    assert_one_line_each(&host.log_lines());
}

/// Nothing from outside makes a line of its own or colours the log.
fn assert_one_line_each(lines: &[String]) {
    for line in lines {
        assert!(serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object()), "{line:?}");
        assert!(!line.contains('\u{1b}') && !line.contains('\u{0}'), "{line:?}");
    }
}

#[test]
fn only_this_accounts_bucket_may_fill_the_queue() {
    let template = include_str!("../../../template.yaml");
    let statement = |sid: &str, from: &str| {
        let start = template.match_indices(from).map(|(at, _)| at).find(|at| template[*at..].contains(sid)).unwrap();
        let at = start + template[start..].find(sid).unwrap();
        template[at..].lines().take(10).collect::<Vec<_>>().join("\n")
    };
    let files = statement("Sid: ObjectCreatedEvents", "  QueuePolicy:");
    assert!(files.contains("aws:SourceAccount: !Ref AWS::AccountId") && files.contains("aws:SourceArn"), "{files}");
    let events = template.split("Service: events.amazonaws.com").skip(1);
    for statement in events {
        assert!(statement.lines().take(6).any(|line| line.contains("aws:SourceArn: !GetAtt ObjectCreatedRule.Arn")));
    }
    let rule = template.split("  ObjectCreatedRule:").nth(1).unwrap();
    assert!(
        rule.lines().take(14).any(|line| line.contains("account: [!Ref AWS::AccountId]")),
        "another account's events"
    );
    let policy = template.split("  BucketPolicy:").nth(1).unwrap().split("\n  #").next().unwrap();
    assert!(policy.contains("aws:SecureTransport: false") && policy.contains("s3:TlsVersion: 1.2"), "{policy}");
    assert!(!template.contains("DeleteObjectVersion"), "no function may undo what versions are for");
}

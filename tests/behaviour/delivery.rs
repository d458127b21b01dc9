//! A file lands and reaches Braze: the real `object_created` binary, a real S3 protocol, real HTTP.

use crate::support::{AWKWARD, Function, RUN, World, sqs_event};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_file_reaches_braze_and_every_row_has_its_result() {
    let world = World::start().await;
    let key = format!("{RUN}/HighValueCustomers_1.csv");
    world.put(&key, AWKWARD);
    let report = world.deliver(&key).await;

    assert_eq!(report["outcome"], "waiting", "{report}");
    assert_eq!(report["attribute"], "High Value Customers");
    assert_eq!(report["run"], "2026-11-23T01:02Z");
    assert_eq!(report["trigger"], "object-created");
    let rows = json!({ "read": 7, "accepted": 5, "unchanged": 0, "duplicate": 1, "rejected": 1 });
    assert_eq!(report["rows"], rows);
    assert_eq!(report["rejected_reasons"], json!({ "no customer ID and no email": 1 }));
    assert_eq!(report["dropped_fields"]["email: not an address"], 1);
    assert_eq!(report["files"][0]["key"], key);
    assert_eq!(report["files"][0]["rows"], 7);

    let braze = &world.account.braze;
    assert_eq!(braze.count_with_attribute("High Value Customers", &json!(true)), 5);
    let kaito = braze.profile("0012").expect("the ID keeps its zeros");
    assert_eq!(kaito.custom_attributes["loyalty_points"], 100);
    assert_eq!(kaito.standard["first_name"], "海斗, 山田");
    assert_eq!(braze.profile("LID-3").unwrap().standard["first_name"], "two\r\nlines 🎉");
    assert_eq!(braze.profiles_with_email("mia@example.com").len(), 1);

    assert_eq!(world.report("HighValueCustomers", "2026-11-23T01:02Z"), report);
    let rejected = world.get_text("reports/loyalty/HighValueCustomers/2026-11-23T01:02Z/rejected.csv");
    assert!(rejected.starts_with("\u{feff}LoyaltyId,EMail,FirstName,Points,reason,line,file\r\n"), "{rejected}");
    assert!(rejected.contains(",,nobody,1,no customer ID and no email,9,"), "{rejected}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_event_twice_sends_nothing_and_new_content_is_delivered() {
    let world = World::start().await;
    let key = format!("{RUN}/HighValueCustomers_1.csv");
    world.put(&key, "LoyaltyId,EMail,FirstName,Points\nA,a@example.com,Ann,1\nB,b@example.com,Bob,2\n");
    world.deliver(&key).await;
    let sent = world.account.braze.counters().requests;
    let again = world.deliver(&key).await;
    assert_eq!(world.account.braze.counters().requests, sent);
    assert_eq!(again["rows"]["read"], 2);

    world.put(&key, "LoyaltyId,EMail,FirstName,Points\nA,a@example.com,Anna,1\nB,b@example.com,Bob,2\n");
    let report = world.deliver(&key).await;
    assert_eq!(report["rows"], json!({ "read": 2, "accepted": 1, "unchanged": 1, "duplicate": 0, "rejected": 0 }));
    assert_eq!(world.account.braze.profile("A").unwrap().standard["first_name"], "Anna");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_completes_the_run_and_types_the_columns() {
    let world = World::start().await;
    let location = |part: u32| {
        format!(
            "https://acct.blob.core.windows.net/ci/CustomerInsights_0/BlobExport/HighValueCustomers/2026/11/23/0102/HighValueCustomers_{part}.csv?sig=canary-signature"
        )
    };
    let attribute = |name: &str, kind: &str| json!({ "name": name, "dataType": kind });
    let partition = |part: u32| {
        json!({ "name": part.to_string(), "refreshTime": "2026-11-23T01:02:03Z", "location": location(part),
                "fileFormatSettings": { "$type": "CsvFormatSettings", "columnHeaders": false, "delimiter": ";" } })
    };
    let model = json!({ "name": "BlobExport", "version": "1.0", "entities": [{
        "$type": "LocalEntity", "name": "HighValueCustomers",
        "attributes": [attribute("LoyaltyId", "string"), attribute("EMail", "string"),
                       attribute("FirstName", "string"), attribute("Points", "int64")],
        "partitions": [partition(1), partition(2)] }] });
    world.put("incoming/BlobExport/model.json", model.to_string());
    world.put(&format!("{RUN}/HighValueCustomers_1.csv"), "A;a@example.com;Ann;1\n");
    world.put(&format!("{RUN}/HighValueCustomers_2.csv"), "B;b@example.com;Bob;2\n");
    let first = world.deliver(&format!("{RUN}/HighValueCustomers_1.csv")).await;
    assert_eq!(first["outcome"], "waiting", "{first}");
    let second = world.deliver(&format!("{RUN}/HighValueCustomers_2.csv")).await;
    assert_eq!(second["outcome"], "delivered", "{second}");
    assert_eq!(second["members"], json!({ "before": 0, "entered": 2, "stayed": 0, "left": 0, "after": 2 }));
    assert_eq!(world.has_attribute("B", "High Value Customers"), json!(true));

    // The next run has lost B and is described by a model that lands after its file.
    let next = "incoming/BlobExport/HighValueCustomers/2026/11/24/0102/HighValueCustomers_1.csv";
    let model =
        model.to_string().replace("2026/11/23", "2026/11/24").replace("HighValueCustomers_2", "HighValueCustomers_1");
    world.put(next, "A;a@example.com;Ann;1\n");
    assert_eq!(world.deliver(next).await["outcome"], "waiting");
    world.put("incoming/BlobExport/model.json", model);
    let report = world.deliver("incoming/BlobExport/model.json").await;
    assert_eq!(report["outcome"], "delivered", "{report}");
    assert_eq!(report["members"], json!({ "before": 2, "entered": 0, "stayed": 1, "left": 1, "after": 1 }));
    assert_eq!(world.has_attribute("B", "High Value Customers"), json!(false));
    assert_eq!(world.has_attribute("A", "High Value Customers"), json!(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_failed_messages_go_back_to_the_queue() {
    let world = World::start().await;
    let good = format!("{RUN}/HighValueCustomers_1.csv");
    let bad = "incoming/BlobExport/ChurnRisk/2026/11/23/0102/ChurnRisk_1.csv";
    world.put(&good, AWKWARD);
    world.put(bad, "Something,Else\n1,2\n");
    let event = sqs_event(&[
        world.s3_event(&good),
        world.s3_event(bad),
        json!({ "Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "insights-to-braze" }),
        json!({ "unknown": true }),
        world.s3_event("incoming/BlobExport/HighValueCustomers/2026/11/23/0102/vanished.csv"),
        world.s3_event("reports/loyalty/x.csv"),
    ]);
    let answer = world.invoke(Function::ObjectCreated, &event).await.unwrap();
    let failed: Vec<&Value> =
        answer["batchItemFailures"].as_array().unwrap().iter().map(|item| &item["itemIdentifier"]).collect();
    assert_eq!(failed, ["message-1", "message-3"], "{answer}");
    assert_eq!(world.account.braze.count_with_attribute("High Value Customers", &json!(true)), 5);
    let report = world.report("ChurnRisk", "2026-11-23T01:02Z");
    assert_eq!(report["outcome"], "failed");
    let message = report["message"].as_str().unwrap();
    assert!(message.contains("LoyaltyId") && message.contains("EMail"), "{message}");
}

//! `retry`: what was given up is delivered once its cause is fixed, and nothing else is touched.

use std::collections::BTreeSet;
use std::time::Duration;

use itb::standin::lambda::LambdaHost;
use itb::standin::{DEAD_LETTER_QUEUE, QUEUE};
use serde_json::{Value, json};

use crate::support::{Function, TIMEOUT, World, assert_silent};

const GOOD: &str = "LoyaltyId,EMail,FirstName,Points\r\n\"会員, 1\",canary@example.jp,Canary 🎉,1\r\n";
const BAD: &str = "Other,Columns\r\n1,canary@example.jp\r\n";

fn file_of(folder: &str, segment: &str, day: u32) -> String {
    format!("incoming/{folder}/{segment}/2026/11/{day}/0102/{segment}_1.csv")
}

/// Two exports; uploads reach the queue, and a message is given up after two attempts.
async fn world() -> World {
    let world = World::with(|settings| {
        settings.notify_of_uploads = true;
        settings.max_receive_count = 2;
    })
    .await;
    let second = "\n[exports.news]\nconnection = \"braze-eu\"\nfolder = \"incoming/News\"\n\
                  [exports.news.data_matching]\ncustomer_id = \"LoyaltyId\"\nemail = \"EMail\"\n";
    world.put("config/exports.toml", world.config("", "") + second);
    world
}

async fn work_off(world: &World, host: &LambdaHost) {
    while let Some(answer) = world.account.deliver_messages(host, Duration::from_millis(400), TIMEOUT).await {
        answer.unwrap();
    }
}

/// Uploads a file and works the queue off once it has been told of the upload, which takes a moment.
async fn deliver(world: &World, host: &LambdaHost, key: &str, content: &str) {
    world.put(key, content);
    let shown = async {
        while world.account.queues.is_empty(QUEUE) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(TIMEOUT, shown).await.expect("the queue has the upload");
    work_off(world, host).await;
}

/// The keys that a queue's messages name, in any order.
fn resting(world: &World, queue: &str) -> BTreeSet<String> {
    let bodies = world.account.queues.bodies(queue);
    let key = |body: &String| {
        let body: Value = serde_json::from_str(body).unwrap();
        body["Records"][0]["s3"]["object"]["key"].as_str().unwrap_or("no file").to_owned()
    };
    bodies.iter().map(key).collect()
}

fn retried(answer: &Value) -> Vec<(String, String, u64)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let retried = answer["retried"].as_array().unwrap().iter();
    retried.map(|one| (text(&one["segment"]), text(&one["run"]), one["messages"].as_u64().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_failed_is_delivered_once_its_cause_is_fixed_and_nothing_else_is_touched() {
    let world = world().await;
    let host = world.host(Function::ObjectCreated).await;
    let on_demand = world.host(Function::OnDemand).await;
    let bad = [
        file_of("BlobExport", "HighValueCustomers", 22),
        file_of("BlobExport", "HighValueCustomers", 23),
        file_of("BlobExport", "ChurnRisk", 23),
        file_of("News", "Readers", 23),
    ];
    for key in &bad {
        deliver(&world, &host, key, BAD).await;
    }
    // Another export's file is delivered meanwhile.
    deliver(&world, &host, &file_of("News", "Buyers", 23), GOOD).await;
    assert_eq!(world.account.braze.count_with_attribute("Buyers", &json!(true)), 1);
    assert_eq!(resting(&world, DEAD_LETTER_QUEUE), bad.iter().cloned().collect());
    assert_eq!(world.report("ChurnRisk", "2026-11-23T01:02Z")["outcome"], "failed");
    // An asynchronous invocation of another function failed for good.
    let invocation =
        json!({ "version": "1.0", "requestContext": { "condition": "RetriesExhausted" }, "requestPayload": {} });
    world.account.queues.send(DEAD_LETTER_QUEUE, invocation.to_string());
    for key in &bad {
        world.put(key, GOOD);
    }
    // The new contents arrive as well; this test is about the old messages.
    let mut arrived = 0;
    while arrived < bad.len() {
        let messages = world.account.queues.receive_within(QUEUE, 10, TIMEOUT).await;
        assert!(!messages.is_empty(), "{arrived} of {} uploads were announced", bad.len());
        for message in messages {
            world.account.queues.delete(QUEUE, &message.receipt_handle);
            arrived += 1;
        }
    }
    assert!(world.account.queues.is_empty(QUEUE));

    let ask = async |further: Value| {
        let mut event = json!({ "action": "retry" });
        event.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        on_demand.invoke(&event, TIMEOUT).await.unwrap()
    };
    let before = world.account.queues.bodies(DEAD_LETTER_QUEUE);
    let answer = ask(json!({ "export": "loyalty", "dry_run": true })).await;
    let run = |day: u32| format!("2026-11-{day}T01:02Z");
    let of_loyalty = [
        ("ChurnRisk".to_owned(), run(23), 1),
        ("HighValueCustomers".to_owned(), run(22), 1),
        ("HighValueCustomers".to_owned(), run(23), 1),
    ];
    assert_eq!(retried(&answer), of_loyalty, "{answer}");
    assert!(answer["retried"][0]["failure"].as_str().unwrap().contains("LoyaltyId"), "{answer}");
    assert_eq!(answer["retried"][0]["files"], json!([bad[2]]), "{answer}");
    assert!(answer["message"].as_str().unwrap().starts_with("Nothing was sent."), "{answer}");
    assert_eq!(answer["ignored"].as_array().map(Vec::len), Some(2), "of another export, and an invocation: {answer}");
    assert_eq!(world.account.queues.bodies(DEAD_LETTER_QUEUE), before);
    assert!(world.account.queues.is_empty(QUEUE));
    // They can be seen again at once.
    let letters = world.account.queues.receive(DEAD_LETTER_QUEUE, 10);
    assert_eq!(letters.len(), 5);
    for letter in letters {
        world.account.queues.change_visibility(DEAD_LETTER_QUEUE, &letter.receipt_handle, Duration::ZERO);
    }

    let by_segment = ask(json!({ "export": "loyalty", "segment": "ChurnRisk" })).await;
    assert_eq!(retried(&by_segment), of_loyalty[..1]);
    assert_eq!(resting(&world, QUEUE), BTreeSet::from([bad[2].clone()]));
    work_off(&world, &host).await;
    assert_eq!(world.account.braze.count_with_attribute("ChurnRisk", &json!(true)), 1);
    assert_eq!(world.report("ChurnRisk", &run(23))["outcome"], "waiting");

    let by_run = ask(json!({ "export": "loyalty", "run": run(22) })).await;
    assert_eq!(retried(&by_run), of_loyalty[1..2]);
    assert_eq!(resting(&world, QUEUE), BTreeSet::from([bad[0].clone()]));
    work_off(&world, &host).await;
    assert_eq!(world.report("HighValueCustomers", &run(22))["outcome"], "superseded", "a newer run has begun");

    let by_export = ask(json!({ "export": "loyalty" })).await;
    assert_eq!(retried(&by_export), of_loyalty[2..]);
    work_off(&world, &host).await;
    assert_eq!(world.account.braze.count_with_attribute("High Value Customers", &json!(true)), 1);
    assert_eq!(world.account.braze.count_with_attribute("Readers", &json!(true)), 0);

    let all = ask(json!({})).await;
    assert_eq!(retried(&all), [("Readers".to_owned(), run(23), 1)]);
    work_off(&world, &host).await;
    assert_eq!(world.account.braze.count_with_attribute("Readers", &json!(true)), 1);
    assert_eq!(
        world.account.queues.bodies(DEAD_LETTER_QUEUE),
        [invocation.to_string()],
        "it is none that a file's function takes"
    );
    let nothing = ask(json!({})).await;
    assert_eq!(nothing["message"], "No failed deliveries found.");
    assert_silent(on_demand.log_lines());
    assert_silent([by_segment, by_run, by_export, all].map(|answer| answer.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_whose_message_has_expired_is_found_in_state_and_reports() {
    let world = world().await;
    let host = world.host(Function::ObjectCreated).await;
    let key = file_of("BlobExport", "ChurnRisk", 23);
    deliver(&world, &host, &key, BAD).await;
    // Nobody agreed: the report tells it, and the state knows nothing.
    let config = world.get_text("config/exports.toml");
    world.put("config/exports.toml", config.replace("agree_to_data_transfer = true", "agree_to_data_transfer = false"));
    deliver(&world, &host, &file_of("News", "Readers", 23), GOOD).await;
    assert_eq!(world.account.queues.len(DEAD_LETTER_QUEUE), 2);
    for message in world.account.queues.receive(DEAD_LETTER_QUEUE, 10) {
        world.account.queues.delete(DEAD_LETTER_QUEUE, &message.receipt_handle);
    }
    world.put("config/exports.toml", config);
    let answer = world.invoke(Function::OnDemand, &json!({ "action": "retry", "dry_run": true })).await.unwrap();
    assert_eq!(answer["retried"].as_array().map(Vec::len), Some(2), "{answer}");
    assert!(answer["retried"][1]["failure"].as_str().unwrap().contains("agree_to_data_transfer"), "{answer}");
    assert!(world.account.queues.is_empty(QUEUE));
    deliver(&world, &host, &key, GOOD).await;
    assert_eq!(world.account.braze.count_with_attribute("ChurnRisk", &json!(true)), 1, "its own event came");
    let answer = world.invoke(Function::OnDemand, &json!({ "action": "retry" })).await.unwrap();
    assert_eq!(retried(&answer), [("Readers".to_owned(), "2026-11-23T01:02Z".to_owned(), 0)], "{answer}");
    work_off(&world, &host).await;
    assert_eq!(world.account.braze.count_with_attribute("Readers", &json!(true)), 1);
}

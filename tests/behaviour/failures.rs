//! What can go wrong around a delivery, one test each, with the real binaries: time that runs out, two functions at once, a
//! file that cannot be delivered, AWS services that do not answer, a file that is overwritten while it is read.

mod lasting;
mod mails;
mod problems;
mod refusals;
mod retry;

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::support::{Function, RUN, TIMEOUT, World};
use itb::standin::braze::Latency;
use itb::standin::fault::{Answer, Call, Fault};
use itb::standin::lambda::LambdaHost;
use itb::standin::{DEAD_LETTER_QUEUE, QUEUE};
use serde_json::json;

const ATTRIBUTE: &str = "High Value Customers";

fn rows(count: u32, points: u32) -> String {
    let mut text = "LoyaltyId,EMail,FirstName,Points\r\n".to_owned();
    for number in 0..count {
        write!(text, "会員-{number},p{number}@example.jp,\"海斗, {number}\",{points}\r\n").unwrap();
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_runs_out_of_time_continues_through_the_queue() {
    let world = World::start().await;
    world.configure("requests_per_second = 10\nobjects_per_request = 10", "");
    let key = format!("{RUN}/HighValueCustomers_1.csv");
    world.put(&key, rows(600, 1));
    let host = world.host(Function::ObjectCreated).await;
    // Four seconds suffice for some 32 of the 60 requests.
    let answer = host.invoke(&world.s3_event(&key), Duration::from_secs(4)).await.unwrap();
    assert_eq!(answer["reports"][0]["outcome"], "unfinished", "{answer}");
    let delivered = answer["reports"][0]["rows"]["accepted"].as_u64().unwrap();
    assert!((100..600).contains(&delivered), "{answer}");
    assert_eq!(world.account.queues.len(QUEUE), 1);
    for _ in 0..9 {
        if world.account.queues.is_empty(QUEUE) {
            break;
        }
        let answer = world.account.deliver_messages(&host, Duration::ZERO, Duration::from_secs(4)).await;
        assert_eq!(answer.unwrap().unwrap(), json!({ "batchItemFailures": [] }));
    }
    let report = world.report("HighValueCustomers", "2026-11-23T01:02Z");
    assert_eq!(report["rows"], json!({ "read": 600, "accepted": 600, "unchanged": 0, "duplicate": 0, "rejected": 0 }));
    assert_eq!(world.account.braze.count_with_attribute(ATTRIBUTE, &json!(true)), 600);
    let objects = world.account.braze.counters().objects_accepted;
    assert!((600..700).contains(&objects), "from the checkpoint, not from the start: {objects}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_functions_on_the_same_file_send_it_once() {
    let world = World::start().await;
    world.configure("requests_per_second = 40\nobjects_per_request = 10", "");
    let key = format!("{RUN}/HighValueCustomers_1.csv");
    world.put(&key, rows(400, 1));
    let (one, other) = (world.host(Function::ObjectCreated).await, world.host(Function::ObjectCreated).await);
    let event = world.s3_event(&key);
    let (first, second) = tokio::join!(one.invoke(&event, TIMEOUT), other.invoke(&event, TIMEOUT));
    let outcomes = [&first, &second].map(|answer| answer.as_ref().unwrap()["reports"][0]["outcome"].clone());
    assert!(outcomes.contains(&json!("waiting")), "{outcomes:?}");
    assert_eq!(world.account.braze.counters().objects_accepted, 400);
    assert_eq!(world.account.braze.counters().same_profile_in_flight, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_delivered_stays_in_the_dead_letter_queue_and_others_continue() {
    let world = World::with(|settings| {
        settings.max_receive_count = 2;
        settings.notify_of_uploads = true;
    })
    .await;
    let bad = "incoming/BlobExport/ChurnRisk/2026/11/23/0102/ChurnRisk_1.csv";
    let good = format!("{RUN}/HighValueCustomers_1.csv");
    world.put(bad, "Something,Else\n1,2\n");
    world.put(&good, rows(3, 1));
    let host = world.host(Function::ObjectCreated).await;
    for _ in 0..4 {
        world.account.deliver_messages(&host, Duration::from_millis(300), TIMEOUT).await;
    }
    assert!(world.account.queues.is_empty(QUEUE));
    let dead = world.account.queues.bodies(DEAD_LETTER_QUEUE);
    assert!(dead.len() == 1 && dead[0].contains("ChurnRisk_1.csv"), "{dead:?}");
    let report = world.report("ChurnRisk", "2026-11-23T01:02Z");
    assert_eq!(report["outcome"], "failed");
    assert!(report["message"].as_str().unwrap().contains("LoyaltyId"), "{report}");
    assert_eq!(world.account.braze.count_with_attribute(ATTRIBUTE, &json!(true)), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_s3_that_is_down_fails_the_invocation_and_the_queue_brings_the_file_back() {
    let world = World::with(|settings| settings.notify_of_uploads = true).await;
    let key = format!("{RUN}/HighValueCustomers_1.csv");
    world.put(&key, rows(3, 1));
    let host = world.host(Function::ObjectCreated).await;
    let down = Arc::new(|_: &_| Fault::Answer(Answer::s3_error(503, "SlowDown")));
    world.account.s3.set_faults(Some(down));
    let answer = world.account.deliver_messages(&host, Duration::from_secs(5), TIMEOUT).await.unwrap();
    let message = answer.unwrap_err().message;
    assert!(message.contains("exports.toml"), "{message}");
    assert_eq!(world.account.queues.len(QUEUE), 1);
    world.account.s3.set_faults(None);
    world.account.deliver_messages(&host, Duration::from_secs(5), TIMEOUT).await.unwrap().unwrap();
    assert_eq!(world.account.braze.count_with_attribute(ATTRIBUTE, &json!(true)), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secrets_manager_that_is_down_fails_the_file_and_the_next_attempt_delivers_it() {
    let world = World::start().await;
    let key = format!("{RUN}/HighValueCustomers_1.csv");
    world.put(&key, rows(3, 1));
    let down = Arc::new(|_: &_| Fault::Answer(Answer::aws_error(500, "InternalServiceError")));
    world.account.secrets.set_faults(Some(down));
    let host = world.host(Function::ObjectCreated).await;
    let error = host.invoke(&world.s3_event(&key), TIMEOUT).await.unwrap_err();
    assert!(error.message.contains("Secrets Manager"), "{}", error.message);
    assert_eq!(world.report("HighValueCustomers", "2026-11-23T01:02Z")["outcome"], "failed");
    assert_eq!(world.account.braze.counters().requests, 0);
    world.account.secrets.set_faults(None);
    let answer = host.invoke(&world.s3_event(&key), TIMEOUT).await.unwrap();
    assert_eq!(answer["reports"][0]["outcome"], "waiting", "{answer}");
    assert_eq!(world.account.braze.count_with_attribute(ATTRIBUTE, &json!(true)), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_overwritten_while_it_is_delivered_ends_as_its_last_content() {
    let world = World::start().await;
    world.configure("requests_per_second = 25\nobjects_per_request = 10", "");
    world.account.braze.set_latency(Latency { fixed: Duration::from_millis(20), jitter: Duration::ZERO });
    let key = format!("{RUN}/HighValueCustomers_1.csv");
    world.put(&key, rows(300, 1));
    let (one, other) = (world.host(Function::ObjectCreated).await, world.host(Function::ObjectCreated).await);
    let event = world.s3_event(&key);
    let overwrite = async {
        tokio::time::sleep(Duration::from_millis(400)).await;
        world.put(&key, rows(280, 2));
        other.invoke(&event, TIMEOUT).await
    };
    let (first, second) = tokio::join!(one.invoke(&event, TIMEOUT), overwrite);
    first.unwrap();
    assert_eq!(second.unwrap()["reports"][0]["rows"]["read"], 280);
    for number in 0..280 {
        let profile = world.account.braze.profile(&format!("会員-{number}")).unwrap();
        assert_eq!(profile.custom_attributes["loyalty_points"], 2, "{profile:?}");
    }
}

/// The lease lasts 30 s, so this test takes a minute.
#[tokio::test(flavor = "multi_thread")]
async fn an_owner_whose_lease_has_ended_sends_nothing_more() {
    let world = World::start().await;
    world.configure("requests_per_second = 10\nobjects_per_request = 1", "");
    let key = format!("{RUN}/HighValueCustomers_1.csv");
    world.put(&key, rows(450, 1));
    let mut stalled = world.account.function(Function::ObjectCreated.binary());
    stalled.environment.insert("AWS_ACCESS_KEY_ID".to_owned(), "AKIDSTALLED".to_owned());
    let stalled = LambdaHost::start(stalled).await.unwrap();
    let other = world.host(Function::ObjectCreated).await;
    // The claim succeeds; every later write of the ledger by this function hangs for longer than the lease.
    let claims = AtomicU64::new(0);
    world.account.s3.set_faults(Some(Arc::new(move |call: &Call| {
        let writes = call.operation == "PutObject" && call.resource.ends_with("ledger.json");
        if writes && call.caller == "AKIDSTALLED" && claims.fetch_add(1, Ordering::Relaxed) > 0 {
            Fault::Delay(Duration::from_secs(45))
        } else {
            Fault::None
        }
    })));
    let event = world.s3_event(&key);
    // All rows would be sent after 45 seconds.
    let time = Duration::from_secs(70);
    let takeover = async {
        tokio::time::sleep(Duration::from_secs(32)).await;
        // The new content holds the last rows of the old one, which the stalled function would send at the end.
        let last: String = rows(450, 2).lines().enumerate().filter(|(line, _)| *line == 0 || *line > 430).fold(
            String::new(),
            |mut text, (_, line)| {
                text.push_str(line);
                text.push_str("\r\n");
                text
            },
        );
        world.put(&key, last);
        other.invoke(&event, time).await
    };
    let (first, second) = tokio::join!(stalled.invoke(&event, time), takeover);
    assert_eq!(second.unwrap()["reports"][0]["rows"]["accepted"], 20);
    drop(first);
    for number in 430..450 {
        let profile = world.account.braze.profile(&format!("会員-{number}")).unwrap();
        assert_eq!(profile.custom_attributes["loyalty_points"], 2, "{profile:?}");
    }
}

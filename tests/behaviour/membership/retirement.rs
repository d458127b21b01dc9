//! The end of a segment: `retire` against deliveries, against itself, killed, and out of time.

use std::fmt::Write as _;
use std::time::Duration;

use itb::standin::QUEUE;
use itb::standin::braze::Latency;
use itb::standin::lambda::LambdaHost;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};

use crate::support::{Function, TIMEOUT, World, assert_silent};

const ATTRIBUTE: &str = "High Value Customers";
const MEMBERS: usize = 300;

fn people(count: usize) -> String {
    let mut text = "LoyaltyId,EMail,FirstName,Points\r\n".to_owned();
    for number in 0..count {
        // Every third has an address alone.
        let id = if number % 3 == 0 { String::new() } else { format!("\"会員, {number}\"") };
        write!(text, "{id},canary{number}@example.jp,\"Canary 🎉, {number}\",{number}\r\n").unwrap();
    }
    text
}

fn file_of(day: u32) -> String {
    format!("incoming/BlobExport/HighValueCustomers/2026/11/{day}/0102/HighValueCustomers_1.csv")
}

fn retire() -> Value {
    json!({ "action": "retire", "export": "loyalty", "segment": "HighValueCustomers" })
}

fn count(world: &World, value: bool) -> usize {
    world.account.braze.count_with_attribute(ATTRIBUTE, &json!(value))
}

/// A segment that is delivered whole and then taken out of the configuration; telling all members takes 7.5 seconds.
async fn delivered_segment() -> World {
    let world = World::start().await;
    world.configure("", "settle_minutes = 0");
    world.put(&file_of(22), people(MEMBERS));
    let report = world.run(json!({})).await["reports"][0].clone();
    assert_eq!((report["outcome"].as_str(), count(&world, true)), (Some("delivered"), MEMBERS), "{report}");
    take_out(&world);
    world.account.braze.set_latency(Latency { fixed: Duration::from_millis(30), jitter: Duration::ZERO });
    world
}

const SLOW: &str = "requests_per_second = 10\nobjects_per_request = 4";

fn take_out(world: &World) {
    let config = world.config(SLOW, "settle_minutes = 0");
    let config = config.replace("\"HighValueCustomers\", ", "");
    world.put("config/exports.toml", config.replace("HighValueCustomers = \"High Value Customers\"", ""));
}

fn assert_retired(world: &World) {
    assert_eq!((count(world, true), count(world, false)), (0, MEMBERS));
    // Which values of fields were sent stays known, as hashes: people keep these values, and other segments have to know.
    let known = world.account.list("state/").into_iter().map(|object| object.key);
    let left: Vec<String> = known.filter(|key| !key.starts_with("state/.fields/")).collect();
    assert_eq!(left, [""; 0], "nothing else is known of the segment any more");
    let profiles = world.account.braze.snapshot().to_string();
    assert!(!profiles.contains("\"HighValueCustomers\""), "nobody is marked with a name that nobody was marked with");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retirement_that_runs_out_of_time_continues_through_the_queue() {
    let world = delivered_segment().await;
    let objects = world.account.braze.counters().objects;
    let host = world.host(Function::OnDemand).await;
    let answer = host.invoke(&retire(), Duration::from_secs(3)).await.unwrap();
    let report = &answer["reports"][0];
    assert_eq!(report["outcome"], "unfinished", "{report}");
    let shown = count(&world, false);
    assert!(0 < shown && shown < MEMBERS, "{shown} sent in the first attempt");
    let status = host.invoke(&json!({ "action": "status" }), TIMEOUT).await.unwrap();
    let segments = status["exports"][0]["segments"].as_array().unwrap();
    let retiring = segments.iter().find(|segment| segment["segment"] == "HighValueCustomers").unwrap();
    assert!(retiring["retirement"]["done"].as_u64().unwrap() > 0, "{status}");
    assert!(retiring["message"].as_str().unwrap().contains("being retired"), "{status}");

    let landed = world.host(Function::ObjectCreated).await;
    for _ in 0..9 {
        if world.account.queues.is_empty(QUEUE) {
            break;
        }
        let answer = world.account.deliver_messages(&landed, Duration::ZERO, Duration::from_secs(3)).await;
        assert_eq!(answer.unwrap().unwrap(), json!({ "batchItemFailures": [] }));
    }
    assert_retired(&world);
    let sent = world.account.braze.counters().objects - objects;
    assert!((MEMBERS as u64..MEMBERS as u64 + 60).contains(&sent), "from where it was, not from the start: {sent}");
    assert_silent(host.log_lines());
    assert_silent(landed.log_lines());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retirement_that_is_killed_continues_and_two_at_once_send_everyone_once() {
    let world = delivered_segment().await;
    let killed = world.host(Function::OnDemand).await;
    let began = Instant::now();
    let time = Duration::from_secs(8);
    let event = retire();
    tokio::select! {
        answer = killed.invoke(&event, time) => panic!("it was to be killed: {answer:?}"),
        () = sleep(Duration::from_millis(2_500)) => killed.kill(),
    }
    let shown = count(&world, false);
    assert!(0 < shown && shown < MEMBERS, "{shown} sent before the kill");
    // As long as nobody knows of its end, it keeps others away.
    let error = world.invoke(Function::OnDemand, &retire()).await.unwrap_err();
    assert!(error.message.contains("the retirement of the attribute High Value Customers"), "{error}");
    sleep_until(began + time + Duration::from_millis(200)).await;

    let objects = world.account.braze.counters().objects;
    let (one, other) = (world.host(Function::OnDemand).await, world.host(Function::OnDemand).await);
    let (first, second) = tokio::join!(one.invoke(&event, TIMEOUT), other.invoke(&event, TIMEOUT));
    let reports: Vec<Value> =
        [first, second].into_iter().flatten().map(|answer| answer["reports"][0].clone()).collect();
    assert_eq!(reports.len(), 1, "one does the work and the other leaves: {reports:?}");
    assert_eq!(reports[0]["outcome"], "delivered", "{reports:?}");
    assert_retired(&world);
    let sent = world.account.braze.counters().objects - objects;
    // What was told in the last second before the kill is told again.
    assert!(sent <= (MEMBERS - shown) as u64 + 80, "{sent} objects for {} members", MEMBERS - shown);
}

async fn short_lived(world: &World, name: &str) -> LambdaHost {
    let mut function = world.account.function(Function::OnDemand.binary());
    function.environment.insert("AWS_ACCESS_KEY_ID".to_owned(), format!("AKID{name}"));
    LambdaHost::start(function).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_and_a_retirement_keep_out_of_each_others_way() {
    let world = delivered_segment().await;
    // While the segment is retired, somebody puts it back and a new file lands: it waits, and is then delivered whole.
    let retiring = world.host(Function::OnDemand).await;
    let landed = world.host(Function::ObjectCreated).await;
    let deliver = async {
        sleep(Duration::from_millis(1_500)).await;
        world.configure(SLOW, "settle_minutes = 0");
        world.put(&file_of(23), people(MEMBERS / 2));
        landed.invoke(&world.s3_event(&file_of(23)), TIMEOUT).await
    };
    let event = retire();
    let (retired, delivered) = tokio::join!(retiring.invoke(&event, TIMEOUT), deliver);
    assert_eq!(retired.unwrap()["reports"][0]["outcome"], "delivered");
    let report = delivered.unwrap()["reports"][0].clone();
    assert_eq!(report["rows"]["accepted"], MEMBERS / 2, "nothing is taken for unchanged: {report}");
    assert_eq!((count(&world, true), count(&world, false)), (MEMBERS / 2, MEMBERS / 2));

    // While the segment is delivered, it cannot be retired.
    let at_work = world.host(Function::ObjectCreated).await;
    world.put(&file_of(24), people(MEMBERS));
    let event = world.s3_event(&file_of(24));
    let retire_meanwhile = async {
        sleep(Duration::from_millis(1_500)).await;
        take_out(&world);
        world.invoke(Function::OnDemand, &retire()).await
    };
    let (delivered, refused) = tokio::join!(at_work.invoke(&event, TIMEOUT), retire_meanwhile);
    assert_eq!(delivered.unwrap()["reports"][0]["rows"]["read"], MEMBERS);
    let refused = refused.unwrap_err();
    assert!(refused.message.contains("another invocation is working on a delivery of the attribute"), "{refused}");
    assert_eq!(count(&world, true), MEMBERS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_that_is_put_back_during_its_retirement_is_sent_again() {
    let world = delivered_segment().await;
    let killed = short_lived(&world, "KILLED").await;
    let began = Instant::now();
    let time = Duration::from_secs(6);
    let event = retire();
    tokio::select! {
        answer = killed.invoke(&event, time) => panic!("it was to be killed: {answer:?}"),
        () = sleep(Duration::from_millis(2_500)) => killed.kill(),
    }
    assert!(count(&world, false) > 0);
    sleep_until(began + time + Duration::from_millis(200)).await;
    world.configure("", "settle_minutes = 0");
    // The run that is there is delivered as if nothing had been.
    let answer = world.invoke(Function::Scheduled, &json!({})).await.unwrap();
    let report = &answer["reports"][0];
    assert_eq!((&report["outcome"], &report["rows"]["accepted"]), (&json!("delivered"), &json!(MEMBERS)), "{report}");
    assert_eq!((count(&world, true), count(&world, false)), (MEMBERS, 0));
    let members = json!({ "before": MEMBERS, "entered": 0, "stayed": MEMBERS, "left": 0, "after": MEMBERS });
    assert_eq!(report["members"], members, "{report}");
    // And the next one sends changes alone.
    world.put(&file_of(25), people(MEMBERS));
    let report = world.run(json!({})).await["reports"][0].clone();
    assert_eq!((&report["outcome"], &report["rows"]["unchanged"]), (&json!("delivered"), &json!(MEMBERS)), "{report}");
}

//! Undoing the last complete run: what Braze and the state hold afterwards, against deliveries, kills and repetition.

use std::time::Duration;

use itb::standin::braze::Latency;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};

use crate::faults::story::{Story, export, file, outcomes, people, rows, set};
use crate::support::{Function, SECRET, TIMEOUT, assert_silent};

const SECOND: &str = "2026-11-21T01:02Z";

fn undo(further: &Value) -> Value {
    let mut event = json!({ "action": "undo", "export": "x", "segment": "Gold", "run": SECOND });
    event.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    event
}

fn gold(further: &str) -> String {
    export("x", &format!("segments = [\"Gold\"]\n{further}"), "[exports.x.attributes]\nfirst_name = \"FirstName\"\n")
}

/// Two runs: of the first 40, the second has lost ten, and has ten others.
async fn two_runs(further: &str) -> Story {
    let story = Story::begin().await;
    story.configure(&gold(further));
    for (day, members) in [(20, 0..40), (21, 10..50)] {
        story.put(&file("x", "Gold", day, 1), people(members.clone()));
        assert_eq!(outcomes(&story.pass().await), ["delivered"]);
        assert_eq!(story.marked("Gold"), set(members));
    }
    story
}

async fn asked(story: &Story, further: Value) -> Value {
    let answer = story.ask(undo(&further)).await.unwrap();
    assert_silent([answer.to_string()]);
    answer["reports"][0].clone()
}

async fn refused(story: &Story, further: Value) -> String {
    story.ask(undo(&further)).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_those_of_the_run_before_and_the_next_run_is_delivered_as_usual() {
    let story = two_runs("").await;
    let before = story.requests();
    let preview = asked(&story, json!({ "dry_run": true, "run": null })).await;
    assert_eq!((&preview["outcome"], &preview["code"]), (&json!("dry_run"), &json!("ITB-R20")), "{preview}");
    assert_eq!((&preview["run"], &preview["data_points"]), (&json!(SECOND), &json!(20)));
    let notes = preview["notes"].to_string();
    for code in ["ITB-M27", "ITB-M28", "ITB-M29", "ITB-M30"] {
        assert!(notes.contains(code), "{notes}");
    }
    assert!(notes.contains("first_name"), "{notes}");
    let message = refused(&story, json!({ "run": "2026-11-20T01:02Z" })).await;
    assert!(message.contains("that is 2026-11-21T01:02Z") && message.contains("[ITB-D11]"), "{message}");
    assert_eq!(story.requests(), before, "nothing is sent so far");

    let undone = asked(&story, json!({})).await;
    assert_eq!((&undone["outcome"], &undone["code"]), (&json!("delivered"), &json!("ITB-R23")), "{undone}");
    let members = json!({ "before": 40, "entered": 10, "stayed": 30, "left": 10, "after": 40 });
    assert_eq!((&undone["members"], &undone["data_points"]), (&members, &json!(20)), "{undone}");
    assert_eq!((story.marked("Gold"), story.with("Gold", &json!(false))), (set(0..40), set(40..50)));
    let report = story.world.get_text(&format!("reports/x/Gold/{SECOND}/report.json"));
    assert!(report.contains("ITB-R23"), "the run's report says so: {report}");
    let status = story.ask(json!({ "action": "status" })).await.unwrap();
    let segment = &status["exports"][0]["segments"][0];
    assert_eq!(segment["last_complete"], json!({ "run": SECOND, "members": 40, "undone": true }), "{status}");
    assert_eq!(segment["history"][2]["undo"], true, "{status}");

    // Neither of the two runs is delivered again, not even with other content, and nothing is undone twice.
    let before = story.requests();
    let message = refused(&story, json!({})).await;
    assert!(message.contains("undone already") && message.contains("[ITB-D13]"), "{message}");
    story.put(&file("x", "Gold", 21, 1), people(10..60));
    story.put(&file("x", "Gold", 20, 2), people(60..70));
    story.pass().await;
    story.lands(&file("x", "Gold", 21, 1)).await.unwrap();
    let run = story.ask(json!({ "action": "run", "export": "x" })).await.unwrap();
    assert_eq!(run["reports"][0]["code"], "ITB-R23", "{run}");
    assert_eq!((story.requests(), story.marked("Gold")), (before, set(0..40)));

    story.put(&file("x", "Gold", 22, 1), people(5..45));
    let reports = story.pass().await;
    let members = json!({ "before": 40, "entered": 5, "stayed": 35, "left": 5, "after": 45 - 5 });
    assert_eq!((&reports[0]["outcome"], &reports[0]["members"]), (&json!("delivered"), &members), "{reports:?}");
    // Those who got it back are sent once more with all of their fields, and the others are known to be right.
    assert_eq!(reports[0]["rows"]["accepted"], 5 + 5, "{reports:?}");
    assert_eq!(story.marked("Gold"), set(5..45));
    let undone = asked(&story, json!({ "run": "2026-11-22T01:02Z" })).await;
    assert_eq!((&undone["outcome"], story.marked("Gold")), (&json!("delivered"), set(0..40)), "{undone}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_run_is_undone_once_its_number_is_confirmed_and_can_be_delivered_after_all() {
    let story = Story::begin().await;
    story.configure(&gold("on_leave = \"remove\""));
    let message = refused(&story, json!({})).await;
    assert!(message.contains("[ITB-D10]"), "{message}");
    story.put(&file("x", "Gold", 21, 1), people(0..20));
    story.pass().await;
    let preview = asked(&story, json!({ "dry_run": true })).await;
    assert_eq!(preview["code"], "ITB-R21", "{preview}");
    let held = asked(&story, json!({ "allow_leavers": 19 })).await;
    assert_eq!((&held["outcome"], &held["code"]), (&json!("held"), &json!("ITB-H11")), "{held}");
    assert!(held["message"].as_str().unwrap().contains("\"allow_leavers\": 20"), "{held}");
    assert_eq!(story.marked("Gold"), set(0..20));
    assert_eq!(story.world.ledger("Gold")["lease"], Value::Null, "nothing is kept from deliveries");
    let undone = asked(&story, json!({ "allow_leavers": 20 })).await;
    assert_eq!((&undone["outcome"], &undone["members"]["after"]), (&json!("delivered"), &json!(0)), "{undone}");
    assert_eq!(story.marked("Gold"), set(0..0));
    assert_eq!(story.with("Gold", &json!(false)), set(0..0), "removed, not set to false");

    let again = story.ask(json!({ "action": "run", "export": "x", "send": "all" })).await.unwrap();
    assert_eq!((&again["reports"][0]["outcome"], story.marked("Gold")), (&json!("delivered"), set(0..20)), "{again}");
    let undone = asked(&story, json!({ "allow_leavers": 20 })).await;
    assert_eq!((&undone["outcome"], story.marked("Gold")), (&json!("delivered"), set(0..0)), "{undone}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_loses_the_attribute_under_another_identifier() {
    let story = Story::begin().await;
    story.configure(&gold(""));
    let by_address = |number: u32| format!(",p{number}@example.com,Name");
    let by_both = |number: u32| format!("c{number},p{number}@example.com,Name");
    story.put(&file("x", "Gold", 20, 1), rows(0..10, by_both));
    story.pass().await;
    story.put(&file("x", "Gold", 21, 1), rows(5..15, by_address));
    story.pass().await;
    assert_eq!(story.marked("Gold"), set(5..15));
    let undone = asked(&story, json!({})).await;
    assert_eq!(undone["outcome"], "delivered", "{undone}");
    assert_eq!(story.marked("Gold"), set(0..10), "the address of a member is nobody else's");
    story.put(&file("x", "Gold", 22, 1), rows(0..3, by_both));
    story.pass().await;
    assert_eq!(story.marked("Gold"), set(0..3));
}

#[tokio::test(flavor = "multi_thread")]
async fn unusually_many_are_held_and_a_newer_run_prevents_it() {
    let story = two_runs("").await;
    story.configure(&gold("").replace("max_leavers = 1.0", "max_leavers = 0.2"));
    let held = asked(&story, json!({})).await;
    assert_eq!((&held["outcome"], &held["code"]), (&json!("held"), &json!("ITB-H11")), "{held}");
    assert!(held["message"].as_str().unwrap().contains("10 of 40 members would leave (25 %)"), "{held}");
    // A newer run whose second file is awaited.
    let model = story.world.get_text("config/exports.toml").replace("settle_minutes = 0", "settle_minutes = 30");
    story.world.put("config/exports.toml", model);
    story.put(&file("x", "Gold", 22, 1), people(10..60));
    story.pass().await;
    let message = refused(&story, json!({ "allow_leavers": 10 })).await;
    assert!(message.contains("run 2026-11-22T01:02Z is being delivered") && message.contains("[ITB-D12]"), "{message}");
    assert_eq!(story.marked("Gold"), set(10..60));
    // Once it is dropped, those who came with it leave as well.
    story.ask(json!({ "action": "forget", "export": "x", "run": "2026-11-22T01:02Z" })).await.unwrap();
    let undone = asked(&story, json!({ "allow_leavers": 20 })).await;
    assert_eq!((&undone["outcome"], story.marked("Gold")), (&json!("delivered"), set(0..40)), "{undone}");
    story.put(&file("x", "Gold", 23, 1), people(30..60));
    story.configure(&gold(""));
    story.pass().await;
    assert_eq!(story.marked("Gold"), set(30..60));
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_braze_refused_stays_on_record_and_an_erased_person_is_not_sent_again() {
    let story = two_runs("").await;
    let erased = story.ask(json!({ "action": "erase", "customer_id": "c3" })).await.unwrap();
    assert!(erased.to_string().contains("runs/2026-11-20"), "the members before are searched: {erased}");
    let poisoned = itb::standin::braze::answers::poisoned_by(["c5", "c45"].map(str::to_owned));
    story.world.account.braze.set_faults(Some(poisoned));
    let undone = asked(&story, json!({})).await;
    assert_eq!(
        (&undone["outcome"], &undone["code"]),
        (&json!("delivered_with_problems"), &json!("ITB-R24")),
        "{undone}"
    );
    story.world.account.braze.set_faults(None);
    let mut expected = set(0..40);
    expected.remove(&3);
    expected.remove(&5);
    expected.insert(45);
    assert_eq!(story.marked("Gold"), expected);
    story.put(&file("x", "Gold", 22, 1), people(4..40));
    story.pass().await;
    assert_eq!(story.marked("Gold"), set(4..40));
}

/// A slow connection, so that an undo can be interrupted.
fn slow(story: &Story) {
    let connection = story.connection("braze", SECRET, "requests_per_second = 10\nobjects_per_request = 1");
    story.configure_connections(&connection, &gold(""));
    story.world.account.braze.set_latency(Latency { fixed: Duration::from_millis(30), jitter: Duration::ZERO });
}

async fn large_runs() -> Story {
    let story = Story::begin().await;
    story.configure(&gold(""));
    for (day, members) in [(20, 0..60), (21, 30..90)] {
        story.put(&file("x", "Gold", day, 1), people(members));
        assert_eq!(outcomes(&story.pass().await), ["delivered"]);
    }
    slow(&story);
    story
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_that_runs_out_of_time_continues_through_the_queue() {
    let story = large_runs().await;
    let objects = story.world.account.braze.counters().objects;
    let host = story.world.host(Function::OnDemand).await;
    let answer = host.invoke(&undo(&json!({})), Duration::from_secs(4)).await.unwrap();
    assert_eq!(answer["reports"][0]["outcome"], "unfinished", "{answer}");
    let host = story.world.host(Function::ObjectCreated).await;
    while story.marked("Gold") != set(0..60) {
        let answer = story.world.account.deliver_messages(&host, TIMEOUT, TIMEOUT).await.expect("a message");
        assert_eq!(answer.unwrap(), json!({ "batchItemFailures": [] }));
    }
    let sent = story.world.account.braze.counters().objects - objects;
    assert!((60..75).contains(&sent), "from where it was, not from the start: {sent}");
    assert_eq!(story.world.ledger("Gold")["last_complete"]["members"], 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_that_is_killed_is_finished_by_the_next_delivery_before_that_begins() {
    let story = large_runs().await;
    let killed = story.world.host(Function::OnDemand).await;
    let began = Instant::now();
    let (time, event) = (Duration::from_secs(8), undo(&json!({})));
    tokio::select! {
        answer = killed.invoke(&event, time) => panic!("it was to be killed: {answer:?}"),
        () = sleep(Duration::from_millis(4_500)) => killed.kill(),
    }
    let cleared = story.with("Gold", &json!(false)).intersection(&set(60..90)).count();
    let given_back = story.marked("Gold").intersection(&set(0..30)).count();
    assert_eq!((cleared, 0 < given_back && given_back < 30), (30, true), "{given_back} had it again at the kill");
    let message = refused(&story, json!({})).await;
    assert!(message.contains("another invocation"), "{message}");
    let preview = asked(&story, json!({ "dry_run": true })).await;
    assert_eq!(preview["code"], "ITB-R22", "{preview}");
    sleep_until(began + time + Duration::from_millis(200)).await;

    story.put(&file("x", "Gold", 22, 1), people(20..70));
    let reports = story.pass().await;
    let members = json!({ "before": 60, "entered": 10, "stayed": 40, "left": 20, "after": 50 });
    assert_eq!((&reports[0]["outcome"], &reports[0]["members"]), (&json!("delivered"), &members), "{reports:?}");
    assert_eq!(story.marked("Gold"), set(20..70));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_requests_at_once_one_undoes_the_run() {
    let story = large_runs().await;
    let (one, other) = (story.world.host(Function::OnDemand).await, story.world.host(Function::OnDemand).await);
    let objects = story.world.account.braze.counters().objects;
    let event = undo(&json!({}));
    let answers = tokio::join!(one.invoke(&event, TIMEOUT), other.invoke(&event, TIMEOUT));
    let answers = [answers.0, answers.1];
    let done = answers.iter().flatten().filter(|answer| answer["reports"][0]["outcome"] == "delivered").count();
    assert_eq!(done, 1, "{answers:?}");
    assert_eq!(story.world.account.braze.counters().objects - objects, 60);
    assert_eq!(story.marked("Gold"), set(0..60));
}

//! Many segments, files, objects and runs: what a pass of the schedule asks of S3, how large a ledger is, and that everyone
//! has a turn.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use itb::standin::QUEUE;
use itb::standin::fault::{Call, Fault};
use serde_json::{Value, json};

use crate::faults::story::{Story, export, file, outcomes, people, set};
use crate::support::{Function, TIMEOUT};

/// How often each operation was asked for since call number `from`.
fn operations(story: &Story, from: usize) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for call in story.world.account.s3.calls().into_iter().skip(from) {
        *counted.entry(call.operation).or_default() += 1;
    }
    counted
}

fn segment(number: u32) -> String {
    format!("Segment {number:03}")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_pass_asks_twice_for_each_of_two_hundred_segments_and_once_for_a_thousand_objects() {
    let story = Story::begin().await;
    story.configure(&export("x", "", ""));
    for number in 0..200 {
        story.put(&file("x", &segment(number), 20, 1), people(number..number + 2));
    }
    let first = story.world.host(Function::Scheduled).await.invoke(&json!({}), Duration::from_mins(10)).await.unwrap();
    assert_eq!(first["reports"].as_array().unwrap().len(), 200);
    // A thousand former runs of each of twenty segments.
    for number in 0..20 {
        for run in 0..1_000 {
            let (month, day) = (1 + run / 25 % 10, 1 + run % 25);
            let (hour, name) = (run / 250, segment(number));
            story.put(&format!("incoming/x/{name}/2025/{month:02}/{day:02}/{hour:02}00/{name}_1.csv"), "LoyaltyId\r\n");
        }
    }
    let from = story.world.account.s3.calls().len();
    let host = story.world.notifying_host("digest").await;
    let began = Instant::now();
    let answer = host.invoke(&json!({}), TIMEOUT).await.unwrap();
    let counted = operations(&story, from);
    println!(
        "an idle pass over 200 segments and 20,200 objects: {counted:?} calls of S3, {:.1} s",
        began.elapsed().as_secs_f64()
    );
    assert_eq!(answer["reports"], json!([]), "nothing is to be done");
    let asked = |operation: &str| counted.get(operation).copied().unwrap_or_default();
    assert!(asked("GetObject") <= 2 * 200 + 10, "a ledger and a report for each segment: {counted:?}");
    assert!(asked("ListObjectsV2") <= 21 + 5, "{counted:?}");
    assert!(counted.values().sum::<usize>() <= 2 * 200 + 21 + 25, "{counted:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_files_of_a_run_have_a_small_ledger_and_fetch_each_part_once() {
    let story = Story::begin().await;
    story.configure(&export("x", "segments = [\"Gold\"]", ""));
    let mut asked = Vec::new();
    for day in [20, 21] {
        for part in 0..500 {
            story.put(&file("x", "Gold", day, part), people(2 * part..2 * part + 2));
        }
        let from = story.world.account.s3.calls().len();
        let host = story.world.host(Function::Scheduled).await;
        let answer = host.invoke(&json!({}), Duration::from_mins(10)).await.unwrap();
        assert_eq!(outcomes(answer["reports"].as_array().unwrap()), ["delivered"], "{answer}");
        asked.push(operations(&story, from));
    }
    assert_eq!(story.marked("Gold"), set(0..1_000));
    let ledger = format!("{}/ledger.json", story.world.state("Gold"));
    let bytes = story.world.account.get_object(&ledger).unwrap().unwrap().len();
    println!("500 files in a run after a run of 500: {asked:?} calls of S3, a ledger of {bytes} bytes");
    assert!(asked[1]["GetObject"] <= 500 * 8, "{asked:?}");
    assert!(bytes <= 500 * 1_500, "{bytes} bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_runs_leave_a_ledger_that_does_not_grow() {
    let story = Story::begin().await;
    story.configure(&export("x", "segments = [\"Gold\"]", ""));
    story.put(&file("x", "Gold", 20, 1), people(0..5));
    story.pass().await;
    let ledger = format!("{}/ledger.json", story.world.state("Gold"));
    let mut kept = story.world.account.get_json(&ledger).unwrap().unwrap();
    let run = kept["history"][0].clone();
    let history = kept["history"].as_array_mut().unwrap();
    for number in 0..1_000 {
        let mut past = run.clone();
        past["run"] = format!("2024-{:02}-{:02}T{:02}:00Z", 1 + number % 12, 1 + number / 12 % 28, number / 336).into();
        history.insert(0, past);
    }
    story.put(&ledger, kept.to_string());
    story.put(&file("x", "Gold", 21, 1), people(0..6));
    story.pass().await;
    let bytes = story.world.account.get_object(&ledger).unwrap().unwrap().len();
    let kept: Value = story.world.account.get_json(&ledger).unwrap().unwrap();
    assert_eq!(kept["history"].as_array().unwrap().len(), 100);
    println!("a ledger after 1,000 runs: {bytes} bytes");
    assert!(bytes <= 60_000, "{bytes} bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn passes_with_too_little_time_serve_every_segment_once_and_none_is_killed() {
    const SEGMENTS: usize = 30;
    let story = Story::begin().await;
    story.configure(&export("x", "", ""));
    for number in (0..).take(SEGMENTS) {
        story.put(&file("x", &segment(number), 20, 1), people(number..number + 2));
    }
    // As far as S3 is from a function.
    story.world.account.s3.set_faults(Some(Arc::new(|_: &Call| Fault::Delay(Duration::from_millis(30)))));
    let host = story.world.host(Function::Scheduled).await;
    let mut served: Vec<String> = Vec::new();
    let mut interrupted: Vec<String> = Vec::new();
    let mut passes = 0;
    while served.len() < SEGMENTS {
        passes += 1;
        assert!(passes <= 30, "{} of {SEGMENTS} segments after 30 passes", served.len());
        let before = served.len();
        let answer = host.invoke(&json!({}), Duration::from_secs(8)).await.unwrap();
        let reports = answer["reports"].as_array().unwrap();
        let segments_that_are = |outcome: &str| {
            let those = reports.iter().filter(|report| report["outcome"] == outcome);
            those.map(|report| report["segment"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let unfinished = segments_that_are("unfinished");
        assert!(unfinished.len() <= 1, "the last one at most: {unfinished:?}");
        interrupted.extend(unfinished);
        served.extend(segments_that_are("delivered"));
        assert!(served.len() > before, "a pass that does nothing");
    }
    println!("{SEGMENTS} segments by passes of 8 s at 30 ms a call: {passes} passes");
    assert!(passes > 1, "one pass was enough");
    served.sort();
    served.dedup();
    assert_eq!(served.len(), SEGMENTS, "none was served twice");
    let bodies = story.world.account.queues.bodies(QUEUE);
    let mut queued: Vec<String> = bodies
        .iter()
        .map(|body| serde_json::from_str::<Value>(body).unwrap()["continue"]["segment"].as_str().unwrap().to_owned())
        .collect();
    println!("{} messages for what was unfinished", queued.len());
    // Nobody takes the messages here, so a segment may be the last one of a slow pass twice.
    queued.sort();
    interrupted.sort();
    assert_eq!(queued, interrupted, "one message each time a segment is unfinished");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_functions_on_one_segment_do_not_drown_in_conflicts() {
    let story = Story::begin().await;
    story.configure(&export("x", "segments = [\"Gold\"]", ""));
    let mut hosts = Vec::new();
    for part in 0..10 {
        story.put(&file("x", "Gold", 20, part), people(200 * part..200 * part + 200));
        hosts.push(story.world.host(Function::ObjectCreated).await);
    }
    // As far as S3 is from a function, so that they meet.
    story.world.account.s3.set_faults(Some(Arc::new(|_: &Call| Fault::Delay(Duration::from_millis(20)))));
    let from = story.world.account.s3.calls().len();
    let events: Vec<Value> = (0..10).map(|part| story.world.s3_event(&file("x", "Gold", 20, part))).collect();
    let delivering = hosts.iter().zip(&events).map(|(host, event)| host.invoke(event, TIMEOUT));
    for answer in futures::future::join_all(delivering).await {
        answer.unwrap();
    }
    let calls = story.world.account.s3.calls().split_off(from);
    let of_ledger = |operation: &str| {
        calls.iter().filter(|call| call.operation == operation && call.resource.ends_with("ledger.json")).count()
    };
    let (read, written) = (of_ledger("GetObject"), of_ledger("PutObject"));
    println!("ten functions on one segment: the ledger is read {read} times, and {written} writes are tried");
    story.world.account.s3.set_faults(None);
    story.schedule().await.unwrap();
    assert_eq!(story.marked("Gold"), set(0..2_000));
    // A claim and an end of each file, and the completion: without conflicts 21 writes or so.
    assert!(written <= 200 && read <= 250, "{read} reads, {written} writes");
}

//! Several functions that send through one connection at the same time keep its rate together.

use std::fmt::Write;

use crate::support::{Function, TIMEOUT, World};
use futures::future::join_all;
use itb::standin::braze::{RateLimit, Record};
use serde_json::json;

/// Requests a second of the connection, and what Braze admits in 3 s.
const RATE: u64 = 150;

/// Requests, of one object each, in each file.
const REQUESTS: u64 = 600;

fn people(file: u32) -> String {
    let mut rows = "LoyaltyId,EMail,FirstName,Points\n".to_owned();
    for id in 0..REQUESTS {
        writeln!(rows, "LID-{file}-{id},member.{file}.{id}@example.jp,\"山田, 海斗\",{id}").unwrap();
    }
    rows
}

fn file(number: u32) -> String {
    format!("incoming/BlobExport/HighValueCustomers/2026/11/23/0102/HighValueCustomers_{number}.csv")
}

async fn world() -> World {
    let world = World::with(|settings| {
        settings.braze.rate_limit = RateLimit::per_three_seconds(3 * RATE);
        settings.braze.record = Record::Summary;
    })
    .await;
    world.configure(&format!("requests_per_second = {RATE}\nobjects_per_request = 1"), "");
    world
}

/// Requests that were admitted, and in how many seconds.
fn admitted(world: &World) -> (u64, f64) {
    let records = world.account.braze.records();
    let times: Vec<_> = records.iter().filter(|record| record.status == 201).map(|record| record.at).collect();
    let seconds = times.iter().max().unwrap().duration_since(*times.iter().min().unwrap()).as_secs_f64();
    (times.len() as u64, seconds)
}

#[tokio::test(flavor = "multi_thread")]
async fn three_functions_together_keep_the_rate_and_use_it() {
    let world = world().await;
    for number in 1..=3 {
        world.put(&file(number), people(number));
    }
    let (world, answers) = {
        let events: Vec<_> = (1..=3).map(|number| world.s3_event(&file(number))).collect();
        let invocations = events.iter().map(|event| world.invoke(Function::ObjectCreated, event));
        let answers = tokio::time::timeout(TIMEOUT, join_all(invocations)).await.unwrap();
        (world, answers)
    };
    for answer in answers {
        assert!(answer.is_ok(), "{answer:?}");
    }
    let counters = world.account.braze.counters();
    let (admitted, seconds) = admitted(&world);
    let (refused, share) = (counters.rate_limited, admitted as f64 / RATE as f64 / seconds);
    println!("{admitted} admitted in {seconds:.1} s, {share:.2} of the rate; {refused} refused");
    assert_eq!(admitted, 3 * REQUESTS);
    assert!(refused * 100 <= admitted, "{refused} of {admitted} were refused");
    assert!((0.75..=1.05).contains(&share), "{share:.2} of the rate");
    assert_eq!(world.account.list("state/.rates/").len(), 0, "all have left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_was_killed_holds_its_share_for_seconds_only() {
    let world = world().await;
    world.put("state/.rates/braze-eu/00000000000000aa", "");
    world.put(&file(1), people(1));
    let answer = world.deliver(&file(1)).await;
    assert_eq!(answer["rows"]["accepted"].as_u64(), Some(REQUESTS), "{answer}");
    let (_, seconds) = admitted(&world);
    let alone = REQUESTS as f64 / RATE as f64;
    assert!(seconds > 1.5 * alone, "half of the rate while the other seems to send: {seconds:.1} s");

    // Nothing is told when there is nothing to send.
    let before = world.account.s3.calls().len();
    assert!(world.invoke(Function::Scheduled, &json!({})).await.is_ok());
    let asked = world.account.s3.calls().split_off(before);
    assert!(!asked.is_empty() && asked.iter().all(|call| !call.resource.contains(".rates")), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_of_one_company_share_the_rate() {
    let world = world().await;
    world.configure(&format!("requests_per_second = {RATE}\nobjects_per_request = 1\ncompany = \"acme\""), "");
    // A function that sends through another connection of the company.
    world.put("state/.rates/company~acme/00000000000000aa", "");
    world.put(&file(1), people(1));
    let answer = world.deliver(&file(1)).await;
    assert_eq!(answer["rows"]["accepted"].as_u64(), Some(REQUESTS), "{answer}");
    let (_, seconds) = admitted(&world);
    assert!(seconds > 1.5 * REQUESTS as f64 / RATE as f64, "half of the rate while the other sends: {seconds:.1} s");
    assert_eq!(world.account.list("state/.rates/braze-eu/").len(), 0);
}

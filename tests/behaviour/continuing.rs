//! What a continuation costs: it reads on where the last invocation stopped, and reads nothing of it again but compressed
//! bytes, which it does not parse.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use crate::support::{Function, RUN, World};
use flate2::Compression;
use flate2::write::GzEncoder;
use insights_to_braze::rows::{ReadSettings, RowReader};
use itb::standin::braze::Latency;
use serde_json::json;

fn people(rows: u32) -> String {
    let mut text = "LoyaltyId,EMail,FirstName,Points\r\n".to_owned();
    for id in 0..rows {
        write!(text, "LID-{id:06},member.{id}@example.jp,\"山田 \"\"{id}\"\"\",{id}\r\n").unwrap();
    }
    text
}

fn compressed(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn what_was_read_before_is_not_parsed_again() {
    let text = people(5_000);
    let file = compressed(text.as_bytes());
    let mut reader = RowReader::open(file.as_slice(), ReadSettings::default()).await.unwrap();
    for _ in 0..3_000 {
        reader.next_row().await.unwrap().unwrap();
    }
    let (header, position) = (reader.header().clone(), reader.position());
    assert_eq!(position.row, 3_000);
    drop(reader);

    // Before the position now stands what no parser would get through unharmed: quotation marks that are never closed.
    let before = usize::try_from(position.byte).unwrap();
    let mut spoilt = "\",\"".repeat(before / 3 + 1).into_bytes();
    spoilt.truncate(before);
    spoilt.extend_from_slice(&text.as_bytes()[before..]);
    let file = compressed(&spoilt);
    let mut reader = RowReader::resume(file.as_slice(), ReadSettings::default(), header, position).await.unwrap();
    let mut rows = 0;
    while let Some(row) = reader.next_row().await.unwrap() {
        assert!(row.problem().is_none(), "row {rows}");
        rows += 1;
    }
    assert_eq!((rows, reader.position().row), (2_000, 5_000));
}

/// Delivers a file in as many invocations as short times make of it.
async fn in_many_invocations(key: &str, content: Vec<u8>, rows: u64) -> (World, u32) {
    let world = World::with(|settings| {
        settings.braze.latency = Latency { fixed: Duration::from_millis(30), jitter: Duration::ZERO };
    })
    .await;
    world.configure("requests_per_second = 100\nobjects_per_request = 5", "");
    world.put(key, content);
    let host = world.host(Function::ObjectCreated).await;
    let mut answer = host.invoke(&world.s3_event(key), Duration::from_secs(3)).await.unwrap();
    let mut invocations = 1;
    while answer["reports"][0]["outcome"] == "unfinished" {
        assert!(invocations < 40, "it does not get on: {answer}");
        let continuation = json!({ "continue": { "export": "loyalty", "segment": "HighValueCustomers" } });
        answer = host.invoke(&continuation, Duration::from_secs(3)).await.unwrap();
        invocations += 1;
    }
    assert_eq!(answer["reports"][0]["rows"]["accepted"].as_u64(), Some(rows), "{answer}");
    (world, invocations)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_file_is_read_from_the_byte_where_the_last_invocation_stopped() {
    const ROWS: u32 = 3_500;
    let key = format!("{RUN}/HighValueCustomers_1.csv");
    let (world, invocations) = in_many_invocations(&key, people(ROWS).into_bytes(), u64::from(ROWS)).await;
    let calls = world.account.s3.calls();
    let reads = calls.iter().filter(|call| call.operation == "GetObject" && call.resource == key);
    let from: Vec<u64> = reads.map(|call| call.first_byte).collect();
    println!("{invocations} invocations, which read from {from:?}");
    assert!(invocations >= 3 && from.len() >= 3, "{invocations} invocations");
    assert!(from[0] == 0 && from.is_sorted_by(|before, after| before < after), "{from:?}");
    let requests = world.account.braze.counters().requests;
    // Of the chunk that is not answered whole when time is up, what had been sent is sent again.
    let needed = u64::from(ROWS) / 5;
    assert!((needed..=needed * 11 / 10).contains(&requests), "{requests} requests, {needed} needed");
}

/// Every second of a delivery writes a checkpoint into the ledger. Nobody else writes it meanwhile, so it need not be read.
#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_is_one_call() {
    let world = World::start().await;
    world.configure("requests_per_second = 100\nobjects_per_request = 5", "");
    let key = format!("{RUN}/HighValueCustomers_1.csv");
    world.put(&key, people(2_500));
    let host = world.host(Function::ObjectCreated).await;
    let answer = host.invoke(&world.s3_event(&key), Duration::from_mins(1)).await.unwrap();
    assert_eq!(answer["reports"][0]["rows"]["accepted"], 2_500, "{answer}");
    let calls = world.account.s3.calls();
    let of_ledger = calls.iter().filter(|call| call.resource.ends_with("/ledger.json"));
    let operations: Vec<&str> = of_ledger.map(|call| call.operation.as_str()).collect();
    let writes = operations.iter().filter(|operation| **operation == "PutObject").count();
    assert!(writes >= 5, "{operations:?}");
    let in_a_row = operations.split(|operation| *operation != "PutObject").map(<[&str]>::len).max();
    assert!(in_a_row >= Some(writes - 2), "{operations:?}");
}

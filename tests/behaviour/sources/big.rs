//! Many files, and big ones. With `FETCH_MUCH=1`, all of 20,000 files are copied, and 2 GB: some minutes more.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::json;

use super::azurite::{Container, account_url};
use super::{FOLDER, configure, csv};
use crate::support::{Function, World};

/// Time for one invocation. On a busy machine a minute is too short for a thousand files.
const TIME: Duration = Duration::from_mins(10);

/// What a function may use of its memory for a fetch.
const MEMORY: u64 = 96 * 1024 * 1024;

fn much() -> bool {
    std::env::var_os("FETCH_MUCH").is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_files_take_two_lists_and_then_one() {
    let world = World::start().await;
    let container = Container::create("a-thousand").await;
    configure(&world, &container, &account_url());
    let content = csv(0..1);
    for hundred in 0..10 {
        let blobs = (0..100).map(|number| format!("{FOLDER}/S{number}/2026/11/23/0{hundred}00/S{number}_1.csv"));
        futures::future::join_all(blobs.map(|blob| {
            let (container, content) = (&container, content.clone());
            async move { container.put(&blob, content).await }
        }))
        .await;
    }
    let host = world.host(Function::OnDemand).await;
    let fetch = json!({ "action": "fetch" });
    let first = host.invoke(&fetch, TIME).await.unwrap();
    assert_eq!(first["sources"][0]["files"]["fetched"], 1_000, "{first}");
    assert_eq!((container.requests("comp=list"), &first["sources"][0]["list_calls"]), (2, &json!(2)));
    let calls = world.account.s3.calls().len();
    let second = host.invoke(&fetch, TIME).await.unwrap();
    assert_eq!(second["sources"][0]["files"]["unchanged"], 1_000, "{second}");
    assert_eq!((container.requests("comp=list"), container.requests(".csv")), (3, 1_000));
    // No object is asked what it is a copy of.
    let asked = world.account.s3.calls().split_off(calls);
    assert!(!asked.iter().any(|call| call.operation == "HeadObject"), "{asked:?}");
    assert!(host.peak_memory().unwrap() < MEMORY, "{:?}", host.peak_memory());

    // Without the index, the objects themselves say it.
    world.account.delete_object("state/.sources/ci/index.json").unwrap();
    let third = host.invoke(&fetch, TIME).await.unwrap();
    assert_eq!(third["sources"][0]["files"]["unchanged"], 1_000, "{third}");
    assert_eq!(container.requests(".csv"), 1_000);
}

/// Azure lists 5,000 files with a call.
#[tokio::test(flavor = "multi_thread")]
async fn twenty_thousand_files_take_four_lists() {
    let world = World::start().await;
    let container = Container::create("twenty-thousand").await;
    configure(&world, &container, &account_url());
    for hundred in 0..200 {
        let blobs = (0..100).map(|number| format!("{FOLDER}/S{hundred}/2026/11/23/0102/S{hundred}_{number}.csv"));
        futures::future::join_all(blobs.map(|blob| {
            let container = &container;
            async move { container.put(&blob, "a\n").await }
        }))
        .await;
    }
    let host = world.host(Function::OnDemand).await;
    let answer = host.invoke(&json!({ "action": "fetch", "dry_run": true }), TIME).await.unwrap();
    let report = &answer["sources"][0];
    assert_eq!((&report["files"]["fetched"], &report["list_calls"]), (&json!(20_000), &json!(4)), "{report}");
    assert_eq!(container.requests("comp=list"), 4);
    if much() {
        let mut invocations = 0;
        while world.account.list("incoming/").len() < 20_000 {
            let answer = host.invoke(&json!({ "action": "fetch" }), Duration::from_mins(15)).await.unwrap();
            invocations += 1;
            println!("invocation {invocations}: {} files", answer["sources"][0]["files"]["fetched"]);
        }
        // A connection that breaks on a busy machine is tried again.
        assert!((20_000..20_100).contains(&container.requests(".csv")), "{}", container.requests(".csv"));
    }
    assert!(host.peak_memory().unwrap() < MEMORY, "{:?}", host.peak_memory());
}

#[tokio::test(flavor = "multi_thread")]
async fn big_files_are_streamed_in_flat_memory() {
    let world = World::start().await;
    let container = Container::create("big").await;
    configure(&world, &container, &account_url());
    let mut content = String::new();
    while content.len() < 192 * 1024 * 1024 {
        write!(content, "LID-{:09},p@example.jp,海斗,{}\r\n", content.len(), content.len() * 7).unwrap();
    }
    let files = if much() { 11 } else { 1 };
    let blobs: Vec<String> = (1..=files).map(|number| format!("A/2026/11/23/0102/A_{number}.csv")).collect();
    for blob in &blobs {
        container.put(&format!("{FOLDER}/{blob}"), content.clone()).await;
    }
    let host = world.host(Function::OnDemand).await;
    let answer = host.invoke(&json!({ "action": "fetch" }), Duration::from_mins(15)).await.unwrap();
    assert_eq!(answer["sources"][0]["bytes"], files * content.len(), "{answer}");
    let peak = host.peak_memory().unwrap();
    let report = &answer["sources"][0];
    println!("{} bytes in {} s, at most {peak} bytes of memory", report["bytes"], report["seconds"]);
    assert!(peak < MEMORY, "{peak}");
    for blob in &blobs {
        assert!(world.get_text(&format!("incoming/BlobExport/{blob}")) == content, "{blob}");
    }
}

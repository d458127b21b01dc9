//! A container that changes while it is read, functions that are killed, and two at a time.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join;
use serde_json::{Value, json};

use super::azurite::{Container, account_url};
use super::proxy::{Deed, Halfway, Proxy};
use super::{FOLDER, configure, csv, fetch};
use crate::support::{Function, TIMEOUT, World};

const FILE: &str = "A/2026/11/23/0102/A_1.csv";

fn key() -> String {
    format!("incoming/BlobExport/{FILE}")
}

fn blob() -> String {
    format!("{FOLDER}/{FILE}")
}

/// Fetches while `change` happens in the middle of the file.
async fn fetch_with(world: &World, halfway: &Halfway, change: impl Future<Output = ()>) -> Value {
    let middle = async {
        halfway.reached.notified().await;
        change.await;
        halfway.go_on.notify_one();
    };
    join(fetch(world, json!({})), middle).await.0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_replaced_in_the_middle_of_reading_is_fetched_again() {
    for (name, breaks) in [("replaced", false), ("replaced-and-broken", true)] {
        let world = World::start().await;
        let container = Container::create(name).await;
        let proxy = Proxy::start().await;
        configure(&world, &container, &proxy.account_url);
        container.put(&blob(), csv(0..500)).await;
        let halfway = Arc::<Halfway>::default();
        let deed = if breaks { Deed::Break(Arc::clone(&halfway)) } else { Deed::Halve(Arc::clone(&halfway)) };
        proxy.on("A_1.csv", 1, deed);
        let report = fetch_with(&world, &halfway, container.put(&blob(), csv(0..700))).await;
        assert_eq!(report["outcome"], "fetched", "{report}");
        assert_eq!(world.get_text(&key()), csv(0..700), "{name}");
        assert_eq!(fetch(&world, json!({})).await["files"]["unchanged"], 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_disappears_is_named_and_the_others_are_fetched() {
    let world = World::start().await;
    let container = Container::create("disappears").await;
    let proxy = Proxy::start().await;
    configure(&world, &container, &proxy.account_url);
    container.put(&blob(), csv(0..500)).await;
    container.put(&format!("{FOLDER}/B/2026/11/23/0102/B_1.csv"), csv(0..5)).await;
    let halfway = Arc::<Halfway>::default();
    proxy.on("A_1.csv", 1, Deed::Break(Arc::clone(&halfway)));
    let report = fetch_with(&world, &halfway, container.delete(&blob())).await;
    assert_eq!((&report["outcome"], &report["gone"]), (&json!("fetched"), &json!([blob()])), "{report}");
    let keys: Vec<String> = world.account.list("incoming/").into_iter().map(|object| object.key).collect();
    assert_eq!(keys, ["incoming/BlobExport/B/2026/11/23/0102/B_1.csv"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_connection_and_a_wrong_byte_are_noticed() {
    let world = World::start().await;
    let container = Container::create("spoilt").await;
    let proxy = Proxy::start().await;
    configure(&world, &container, &proxy.account_url);
    container.put(&blob(), csv(0..500)).await;
    proxy.on("A_1.csv", 1, Deed::Spoil);
    assert_eq!(fetch(&world, json!({})).await["outcome"], "fetched");
    assert_eq!(world.get_text(&key()), csv(0..500), "it was read again");
    container.put(&blob(), csv(0..600)).await;
    proxy.on("A_1.csv", 3, Deed::Spoil);
    let report = fetch(&world, json!({})).await;
    assert_eq!((&report["outcome"], &report["code"]), (&json!("failed"), &json!("ITB-K16")), "{report}");
    assert_eq!(world.get_text(&key()), csv(0..500), "nothing of it was stored");
    assert_eq!(fetch(&world, json!({})).await["outcome"], "fetched");
    assert_eq!(world.get_text(&key()), csv(0..600));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_is_killed_in_the_middle_of_a_file_leaves_nothing_behind() {
    let world = World::start().await;
    let container = Container::create("killed").await;
    let proxy = Proxy::start().await;
    configure(&world, &container, &proxy.account_url);
    // Large enough for an upload in parts, which a killed function leaves unfinished.
    let content = csv(0..700_000);
    assert!(content.len() > 20 * 1024 * 1024);
    container.put(&blob(), content.clone()).await;
    let halfway = Arc::<Halfway>::default();
    proxy.on("A_1.csv", 1, Deed::Halve(Arc::clone(&halfway)));
    let host = world.host(Function::Scheduled).await;
    let killed = async {
        halfway.reached.notified().await;
        while world.account.s3.uploads_in_progress() == 0 {
            tokio::task::yield_now().await;
        }
        host.kill();
    };
    let event = json!({});
    let (ended, ()) = join(host.invoke(&event, TIMEOUT), killed).await;
    assert!(ended.is_err());
    assert!(world.account.list("incoming/").is_empty());
    // The lease of the killed function ends within half a minute, which the next one waits for.
    let report = fetch(&world, json!({})).await;
    assert_eq!(report["outcome"], "fetched", "{report}");
    assert!(world.get_text(&key()) == content);
    assert_eq!(world.account.s3.uploads_in_progress(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_functions_at_the_same_time_read_no_file_twice() {
    let world = World::start().await;
    let container = Container::create("two-functions").await;
    configure(&world, &container, &account_url());
    for number in 0..30 {
        container.put(&format!("{FOLDER}/A/2026/11/23/0102/A_{number}.csv"), csv(0..50)).await;
    }
    let (one, other) = join(fetch(&world, json!({})), fetch(&world, json!({}))).await;
    let fetched = |report: &Value| report["files"]["fetched"].as_u64().unwrap();
    assert_eq!(fetched(&one) + fetched(&other), 30, "{one} {other}");
    assert_eq!(container.requests(".csv"), 30);
    let lost = if fetched(&one) == 0 { &one } else { &other };
    assert!(["ITB-K24", "ITB-K21"].contains(&lost["code"].as_str().unwrap()), "{lost}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_that_runs_out_of_time_continues_through_the_queue() {
    let world = World::start().await;
    let container = Container::create("out-of-time").await;
    let proxy = Proxy::start().await;
    configure(&world, &container, &proxy.account_url);
    for number in 0..12 {
        container.put(&format!("{FOLDER}/A/2026/11/23/0102/A_{number}.csv"), csv(0..50)).await;
    }
    // The first four never end, so that the time of the invocation does.
    proxy.on(".csv", 4, Deed::Halve(Arc::default()));
    let mut function = world.account.function(Function::Scheduled.binary());
    function.environment.insert("FETCH_QUEUE_URL".to_owned(), world.account.queue_url());
    let host = itb::standin::lambda::LambdaHost::start(function).await.unwrap();
    let answer = host.invoke(&json!({}), Duration::from_secs(4)).await.unwrap();
    let report = &answer["sources"][0];
    assert_eq!((&report["outcome"], &report["code"]), (&json!("unfinished"), &json!("ITB-K23")), "{answer}");
    let continued = world.account.deliver_messages(&host, Duration::from_secs(5), TIMEOUT).await.unwrap().unwrap();
    assert_eq!(continued["sources"][0]["outcome"], "fetched", "{continued}");
    assert_eq!(world.account.list("incoming/").len(), 12);
    assert!(world.account.deliver_messages(&host, Duration::ZERO, TIMEOUT).await.is_none());
}

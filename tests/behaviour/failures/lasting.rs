//! What lasts is told by every scheduled invocation, until its cause is gone: the alarms are about these figures.

use itb::standin::braze::RestApiKey;
use itb::standin::lambda::LambdaHost;
use serde_json::{Value, json};

use super::rows;
use crate::support::{API_KEY, Function, RUN, TIMEOUT, World};

/// The gauges that the last invocation wrote for the stack, which are those of its only export.
fn gauges(host: &LambdaHost) -> Value {
    let lines: Vec<Value> = host
        .log_lines()
        .iter()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line.get("SegmentsHeld").is_some())
        .collect();
    let of_stack = lines.iter().rfind(|line| line.get("Export").is_none()).expect("a line of the stack");
    let of_export = lines.iter().rfind(|line| line["Export"] == "loyalty").expect("a line of the export");
    let figures = |line: &Value| {
        ["SegmentsHeld", "SegmentsFailing", "SegmentsSuperseded", "SegmentsOverdue"].map(|name| line[name].clone())
    };
    assert_eq!(figures(of_stack), figures(of_export));
    json!(figures(of_stack))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_braze_refuses_counts_in_every_invocation_until_it_is_right() {
    let world = World::start().await;
    world.configure("", "settle_minutes = 0");
    world.put(&format!("{RUN}/HighValueCustomers_1.csv"), rows(20, 1));
    world.account.braze.set_keys(Vec::new());
    let scheduled = world.host(Function::Scheduled).await;
    for _ in 0..3 {
        scheduled.invoke(&json!({}), TIMEOUT).await.unwrap_err();
        assert_eq!(gauges(&scheduled), json!([0, 1, 0, 0]));
    }
    world.account.braze.set_keys(vec![RestApiKey { key: API_KEY.to_owned(), may_track: true }]);
    scheduled.invoke(&json!({}), TIMEOUT).await.unwrap();
    assert_eq!(gauges(&scheduled), json!([0, 0, 0, 0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_run_counts_in_every_invocation_until_somebody_decides() {
    let world = World::start().await;
    world.configure("", "settle_minutes = 0");
    let scheduled = world.host(Function::Scheduled).await;
    world.put(&format!("{RUN}/HighValueCustomers_1.csv"), rows(100, 1));
    scheduled.invoke(&json!({}), TIMEOUT).await.unwrap();
    assert_eq!(gauges(&scheduled), json!([0, 0, 0, 0]));
    world.put(&format!("{}/HighValueCustomers_1.csv", RUN.replace("0102", "0302")), rows(40, 1));
    for _ in 0..3 {
        scheduled.invoke(&json!({}), TIMEOUT).await.unwrap();
        assert_eq!(gauges(&scheduled), json!([1, 0, 0, 0]));
    }
    world.run(json!({ "segment": "HighValueCustomers", "run": "2026-11-23T03:02Z", "allow_leavers": 60 })).await;
    scheduled.invoke(&json!({}), TIMEOUT).await.unwrap();
    assert_eq!(gauges(&scheduled), json!([0, 0, 0, 0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_are_older_than_the_newest_again_and_again_count() {
    let world = World::start().await;
    world.configure("", "settle_minutes = 0");
    let scheduled = world.host(Function::Scheduled).await;
    world.put(&format!("{}/HighValueCustomers_1.csv", RUN.replace("23/0102", "27/0102")), rows(20, 1));
    scheduled.invoke(&json!({}), TIMEOUT).await.unwrap();
    for day in [20, 21, 22] {
        assert_eq!(gauges(&scheduled), json!([0, 0, 0, 0]));
        let key = format!("{}/HighValueCustomers_1.csv", RUN.replace("23/0102", &format!("{day}/0102")));
        world.put(&key, rows(20, 1));
        world.deliver(&key).await;
        scheduled.invoke(&json!({}), TIMEOUT).await.unwrap();
    }
    assert_eq!(gauges(&scheduled), json!([0, 0, 1, 0]));
}

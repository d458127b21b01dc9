//! What lasts is reported by every scheduled invocation, until its cause is gone: the alarms are about these figures.

use std::time::Duration;

use itb::standin::braze::RestApiKey;
use itb::standin::lambda::LambdaHost;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::rows;
use crate::support::{API_KEY, Function, RUN, TIMEOUT, World};

/// The gauges that this invocation, counted from 1, wrote for the stack, which are those of its only export.
async fn gauges(host: &LambdaHost, invocation: usize) -> Value {
    let figures = |line: &Value| {
        json!(
            ["SegmentsHeld", "SegmentsFailing", "SegmentsSuperseded", "SegmentsOverdue"].map(|name| line[name].clone())
        )
    };
    let written = async {
        loop {
            let lines = host.log_lines();
            let lines = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let gauges: Vec<Value> = lines.filter(|line| line.get("SegmentsHeld").is_some()).collect();
            let (of_export, of_stack): (Vec<_>, Vec<_>) = gauges.iter().partition(|line| line["Export"] == "loyalty");
            if let Some(stack) = of_stack.get(invocation - 1) {
                assert_eq!(figures(stack), figures(of_export[invocation - 1]));
                return figures(stack);
            }
            // A line may arrive later than the answer.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(TIMEOUT, written).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_braze_refuses_counts_in_every_invocation_until_it_is_right() {
    let world = World::start().await;
    world.configure("", "settle_minutes = 0");
    world.put(&format!("{RUN}/HighValueCustomers_1.csv"), rows(20, 1));
    world.account.braze.set_keys(Vec::new());
    let scheduled = world.host(Function::Scheduled).await;
    for invocation in 1..=3 {
        scheduled.invoke(&json!({}), TIMEOUT).await.unwrap_err();
        assert_eq!(gauges(&scheduled, invocation).await, json!([0, 1, 0, 0]));
    }
    world.account.braze.set_keys(vec![RestApiKey::tracking(API_KEY)]);
    scheduled.invoke(&json!({}), TIMEOUT).await.unwrap();
    assert_eq!(gauges(&scheduled, 4).await, json!([0, 0, 0, 0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_run_counts_in_every_invocation_until_somebody_decides() {
    let world = World::start().await;
    world.configure("", "settle_minutes = 0");
    let scheduled = world.host(Function::Scheduled).await;
    world.put(&format!("{RUN}/HighValueCustomers_1.csv"), rows(100, 1));
    scheduled.invoke(&json!({}), TIMEOUT).await.unwrap();
    assert_eq!(gauges(&scheduled, 1).await, json!([0, 0, 0, 0]));
    world.put(&format!("{}/HighValueCustomers_1.csv", RUN.replace("0102", "0302")), rows(40, 1));
    for invocation in 2..=4 {
        scheduled.invoke(&json!({}), TIMEOUT).await.unwrap();
        assert_eq!(gauges(&scheduled, invocation).await, json!([1, 0, 0, 0]));
    }
    world.run(json!({ "segment": "HighValueCustomers", "run": "2026-11-23T03:02Z", "allow_leavers": 60 })).await;
    scheduled.invoke(&json!({}), TIMEOUT).await.unwrap();
    assert_eq!(gauges(&scheduled, 5).await, json!([0, 0, 0, 0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_are_older_than_the_newest_again_and_again_count() {
    let world = World::start().await;
    world.configure("", "settle_minutes = 0");
    let scheduled = world.host(Function::Scheduled).await;
    world.put(&format!("{}/HighValueCustomers_1.csv", RUN.replace("23/0102", "27/0102")), rows(20, 1));
    scheduled.invoke(&json!({}), TIMEOUT).await.unwrap();
    for (invocation, day) in (1..).zip([20, 21, 22]) {
        assert_eq!(gauges(&scheduled, invocation).await, json!([0, 0, 0, 0]));
        let key = format!("{}/HighValueCustomers_1.csv", RUN.replace("23/0102", &format!("{day}/0102")));
        world.put(&key, rows(20, 1));
        world.deliver(&key).await;
        scheduled.invoke(&json!({}), TIMEOUT).await.unwrap();
    }
    assert_eq!(gauges(&scheduled, 4).await, json!([0, 0, 1, 0]));
}

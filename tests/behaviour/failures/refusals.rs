//! Braze, or a proxy in its place, refuses everything: that says nothing about rows. The delivery stops after a few requests,
//! and the next one delivers everybody.

use std::sync::Arc;

use itb::standin::braze::TrackCall;
use itb::standin::braze::answers;
use itb::standin::fault::{Answer, Fault};
use serde_json::{Value, json};

use super::{ATTRIBUTE, rows};
use crate::support::{Function, RUN, TIMEOUT, World};

const RUN_ID: &str = "2026-11-23T01:02Z";

/// The refusal of each object by name, with the status that Braze uses.
fn by_name(status: u16, call: &TrackCall) -> Answer {
    let errors: Vec<Value> = (0..call.identifiers.len())
        .map(|index| json!({ "type": "attribute is blocklisted", "input_array": "attributes", "index": index }))
        .collect();
    let body = json!({ "message": "success", "attributes_processed": 0, "errors": errors });
    Answer::new(status, "application/json", body.to_string())
}

fn refuse(world: &World, answer: impl Fn(&TrackCall) -> Answer + Send + Sync + 'static) {
    world.account.braze.set_faults(Some(Arc::new(move |call: &TrackCall| Fault::Answer(answer(call)))));
}

fn in_braze(world: &World) -> usize {
    world.account.braze.count_with_attribute(ATTRIBUTE, &json!(true))
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_refused_stops_after_ten_requests_and_loses_nothing() {
    type Refusal = fn(&TrackCall) -> Answer;
    let refusals: [(&str, Refusal, &str, u64); 6] = [
        ("400 that names nobody", |_| answers::names_no_one(), "ITB-B08", 10),
        ("400 with texts", |_| answers::errors_as_texts(), "ITB-B08", 10),
        ("400 for each object", |call| by_name(400, call), "ITB-B08", 10),
        ("201 with an error for each object", |call| by_name(201, call), "ITB-B08", 10),
        ("413", |_| Answer::new(413, "text/plain", "too large"), "ITB-B08", 10),
        ("400 with a web page", |_| answers::html_error(400), "ITB-B05", 5),
    ];
    for (what, refusal, code, most) in refusals {
        let world = World::start().await;
        world.configure("", "settle_minutes = 0");
        let files = [1, 2].map(|number| format!("{RUN}/HighValueCustomers_{number}.csv"));
        world.put(&files[0], rows(1500, 1));
        world.put(&files[1], rows(1500, 2));
        refuse(&world, refusal);
        let answer = world.run(json!({ "segment": "HighValueCustomers" })).await;
        let report = &answer["reports"][0];
        assert_eq!((&report["outcome"], &report["code"]), (&json!("failed"), &json!(code)), "{what}: {report}");
        assert_eq!(report["rows"]["rejected"], 0, "{what}: {report}");
        let requests = world.account.braze.counters().requests;
        println!("{what}: {requests} requests for 3,000 rows, {}", report["outcome"]);
        assert!(requests <= most, "{what}: {requests} requests");
        assert_eq!(report["requests"]["sent"], requests, "{what}");
        let message = report["message"].as_str().unwrap();
        assert!(message.contains("Nothing is lost"), "{what}: {message}");

        world.account.braze.set_faults(None);
        let answer = world.run(json!({ "segment": "HighValueCustomers" })).await;
        let report = &answer["reports"][0];
        assert_eq!(report["outcome"], "delivered", "{what}: {report}");
        assert_eq!((in_braze(&world), &report["members"]["after"]), (1500, &json!(1500)), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_rows_that_are_all_refused_are_not_rejected() {
    let world = World::start().await;
    let key = format!("{RUN}/HighValueCustomers_1.csv");
    world.put(&key, rows(3, 1));
    refuse(&world, |_| answers::names_no_one());
    let host = world.host(Function::ObjectCreated).await;
    let error = host.invoke(&world.s3_event(&key), TIMEOUT).await.unwrap_err();
    assert!(error.message.contains("refused everything: 4 requests"), "{}", error.message);
    let report = world.report("HighValueCustomers", RUN_ID);
    assert_eq!((&report["outcome"], &report["rows"]["rejected"]), (&json!("failed"), &json!(0)), "{report}");
    world.account.braze.set_faults(None);
    host.invoke(&world.s3_event(&key), TIMEOUT).await.unwrap();
    assert_eq!(in_braze(&world), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn leavers_that_are_all_refused_stay_on_the_list() {
    let world = World::start().await;
    world.configure("", "settle_minutes = 0\nmax_leavers = 1.0");
    world.put(&format!("{RUN}/HighValueCustomers_1.csv"), rows(400, 1));
    world.run(json!({ "segment": "HighValueCustomers" })).await;
    assert_eq!(in_braze(&world), 400);
    let next = RUN.replace("0102", "0302");
    world.put(&format!("{next}/HighValueCustomers_1.csv"), rows(100, 1));
    world.account.braze.reset_counters();
    refuse(&world, |_| answers::names_no_one());
    let answer = world.run(json!({ "segment": "HighValueCustomers" })).await;
    assert_eq!(answer["reports"][0]["outcome"], "failed", "{answer}");
    assert_eq!(world.account.braze.counters().requests, 10);
    world.account.braze.set_faults(None);
    let answer = world.run(json!({ "segment": "HighValueCustomers" })).await;
    assert_eq!(answer["reports"][0]["outcome"], "delivered", "{answer}");
    assert_eq!(in_braze(&world), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_few_bad_rows_at_the_beginning_are_rejected_and_the_others_delivered() {
    let world = World::start().await;
    world.configure("", "settle_minutes = 0");
    world.put(&format!("{RUN}/HighValueCustomers_1.csv"), rows(3000, 1));
    let bad: Vec<String> = (0..7).map(|number| format!("会員-{number}")).collect();
    world.account.braze.set_faults(Some(answers::poisoned_by(bad)));
    let answer = world.run(json!({ "segment": "HighValueCustomers" })).await;
    let report = &answer["reports"][0];
    assert_eq!((&report["outcome"], &report["rows"]["rejected"]), (&json!("delivered"), &json!(7)), "{report}");
    assert_eq!(in_braze(&world), 2993);
}

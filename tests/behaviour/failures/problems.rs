//! A run whose rows, or whose values, are missing in Braze is not simply delivered.

use std::fmt::Write as _;
use std::sync::Arc;

use itb::standin::braze::TrackCall;
use itb::standin::fault::{Answer, Fault};
use serde_json::{Value, json};

use super::ATTRIBUTE;
use crate::support::{Function, RUN, World};

const RUN_ID: &str = "2026-11-23T01:02Z";

/// Rows of which so many have no identifier, and so many points that are no number.
fn rows(good: u32, nobody: u32, bad_points: u32) -> String {
    let mut text = "LoyaltyId,EMail,FirstName,Points\r\n".to_owned();
    for number in 0..good {
        let points = if number < bad_points { "たくさん".to_owned() } else { number.to_string() };
        write!(text, "会員-{number},p{number}@example.jp,\"海斗, {number}\",{points}\r\n").unwrap();
    }
    for _ in 0..nobody {
        text += ",,\"nobody\r\n🎉\",1\r\n";
    }
    text
}

async fn deliver(world: &World, hour: &str, content: String) -> Value {
    world.configure("", "settle_minutes = 0");
    world.put(&format!("{}/HighValueCustomers_1.csv", RUN.replace("0102", hour)), content);
    world.run(json!({ "segment": "HighValueCustomers" })).await["reports"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_rejected_rows_or_missing_values_are_a_problem_until_a_run_without_them() {
    let world = World::start().await;
    let report = deliver(&world, "0102", rows(190, 10, 0)).await;
    assert_eq!(report["outcome"], "delivered", "5 % are no problem: {report}");
    let report = deliver(&world, "0202", rows(188, 12, 0)).await;
    assert_eq!(
        (&report["outcome"], &report["code"]),
        (&json!("delivered_with_problems"), &json!("ITB-R17")),
        "{report}"
    );
    let message = report["message"].as_str().unwrap();
    assert!(message.starts_with("Delivered with problems: 12 of 200 rows (6 %) rejected\n"), "{message}");
    let page = world.get_text("reports/loyalty/HighValueCustomers/2026-11-23T02:02Z/report.html");
    assert!(page.contains("outcome warning") && page.contains("188 of 200 rows are in Braze"), "{page}");
    let again = world.run(json!({ "segment": "HighValueCustomers" })).await;
    assert_eq!(again["reports"][0]["outcome"], "delivered_with_problems", "{again}");
    let status = world.invoke(Function::OnDemand, &json!({ "action": "status", "export": "loyalty" })).await.unwrap();
    let segments = status["exports"][0]["segments"].as_array().unwrap();
    let segment = segments.iter().find(|segment| segment["segment"] == "HighValueCustomers").unwrap();
    assert_eq!(segment["runs"][0]["problems"], json!(["12 of 200 rows (6 %) rejected"]), "{segment:#}");
    let outcomes: Vec<&Value> = segment["history"].as_array().unwrap().iter().map(|run| &run["outcome"]).collect();
    assert_eq!(outcomes, ["delivered", "delivered_with_problems"]);

    let report = deliver(&world, "0302", rows(200, 0, 41)).await;
    assert_eq!(report["outcome"], "delivered_with_problems", "{report}");
    assert!(
        report["message"].as_str().unwrap().contains("loyalty_points not sent for 41 of 200 rows (21 %)"),
        "{report}"
    );
    let history = world.get_text("reports/loyalty/history.html");
    assert!(history.contains("1 delivered with problems."), "{history}");
    let report = deliver(&world, "0402", rows(200, 0, 40)).await;
    assert_eq!(report["outcome"], "delivered", "20 % are no problem: {report}");
}

/// Refuses each object of a request by name, if its first identifier begins with "bad".
fn refuse_bad(call: &TrackCall) -> Fault {
    if !call.identifiers[0].starts_with("bad") {
        return Fault::None;
    }
    let error = |index| json!({ "type": "blocklisted", "input_array": "attributes", "index": index });
    let errors: Vec<Value> = (0..call.identifiers.len()).map(error).collect();
    let body = json!({ "message": "success", "attributes_processed": 0, "errors": errors });
    Fault::Answer(Answer::new(201, "application/json", body.to_string()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_which_braze_has_nothing_or_a_file_that_it_refuses_is_not_delivered() {
    let world = World::start().await;
    world.account.braze.set_faults(Some(Arc::new(refuse_bad)));
    let report = deliver(&world, "0102", rows(60, 0, 0).replace("会員", "bad")).await;
    assert_eq!((&report["outcome"], &report["rows"]["rejected"]), (&json!("delivered_with_problems"), &json!(60)));
    assert!(report["message"].as_str().unwrap().contains("all 60 rows rejected"), "{report}");

    let world = World::start().await;
    world.account.braze.set_faults(Some(Arc::new(refuse_bad)));
    world.put(&format!("{RUN}/HighValueCustomers_2.csv"), rows(2, 0, 0).replace("会員", "bad"));
    let report = deliver(&world, "0102", rows(1000, 0, 0)).await;
    assert_eq!(report["outcome"], "delivered_with_problems", "{report}");
    assert!(report["message"].as_str().unwrap().contains("HighValueCustomers_2.csv: all 2 rows rejected"), "{report}");
    assert_eq!(world.account.braze.count_with_attribute(ATTRIBUTE, &json!(true)), 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_accept_and_say_something_else_are_noted() {
    let world = World::start().await;
    let body = json!({ "message": "partially processed", "attributes_processed": 2 }).to_string();
    let answer = Answer::new(201, "application/json", body);
    world.account.braze.set_faults(Some(Arc::new(move |_: &TrackCall| Fault::AnswerAfter(answer.clone()))));
    let report = deliver(&world, "0102", rows(5, 0, 0)).await;
    assert_eq!((&report["outcome"], &report["rows"]["accepted"]), (&json!("delivered"), &json!(5)), "{report}");
    let notes = report["notes"].to_string();
    assert!(notes.contains("3 objects fewer as processed") && notes.contains("partially processed"), "{notes}");
    assert_eq!(world.report("HighValueCustomers", RUN_ID)["notes"], report["notes"]);
}

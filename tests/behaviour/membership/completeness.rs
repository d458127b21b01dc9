//! When a run is known to be complete, and what then becomes of those who are not in it.

use std::fmt::Write as _;
use std::ops::Range;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Function, TIMEOUT, World};

const ATTRIBUTE: &str = "High Value Customers";

fn people(numbers: Range<u32>) -> String {
    let mut text = "LoyaltyId,EMail,FirstName,Points\r\n".to_owned();
    for number in numbers {
        write!(text, "\"会員-{number}, \"\"🎉\"\"\",p{number}@example.jp,\"O'Connor\r\n海斗\",7\r\n").unwrap();
    }
    text
}

fn marked(world: &World) -> [usize; 2] {
    [true, false].map(|value| world.account.braze.count_with_attribute(ATTRIBUTE, &json!(value)))
}

/// What the only report says of the outcome and the members.
fn shown(report: &Value) -> (&str, [u64; 4]) {
    let members = ["before", "entered", "left", "after"].map(|name| report["members"][name].as_u64().unwrap());
    (report["outcome"].as_str().unwrap(), members)
}

/// Time passes for S3 and everything else that the account has.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn without_a_description_a_run_is_complete_when_its_folder_has_been_quiet() {
    let world = World::start().await;
    world.configure("", "settle_minutes = 2");
    let file = |day: u32, part: u32| {
        format!("incoming/BlobExport/HighValueCustomers/2026/11/{day}/0102/HighValueCustomers_{part}.csv")
    };
    let schedule = world.host(Function::Scheduled).await;
    let scheduled = async || {
        let answer = schedule.invoke(&json!({}), TIMEOUT).await.unwrap();
        assert_eq!(answer["reports"].as_array().map(Vec::len), Some(1), "{answer}");
        answer["reports"][0].clone()
    };
    world.put(&file(20, 1), people(0..10));
    assert_eq!(shown(&scheduled().await), ("waiting", [0, 10, 0, 10]));
    pass(Duration::from_secs(130)).await;
    assert_eq!(shown(&scheduled().await), ("delivered", [0, 10, 0, 10]));

    world.put(&file(21, 1), people(4..10));
    assert_eq!(scheduled().await["outcome"], "waiting");
    pass(Duration::from_secs(80)).await;
    // A further file: the folder is quiet from now on, and nobody of it has left.
    world.put(&file(21, 2), people(2..4));
    assert_eq!(scheduled().await["outcome"], "waiting");
    pass(Duration::from_secs(80)).await;
    assert_eq!(scheduled().await["outcome"], "waiting");
    assert_eq!(marked(&world), [10, 0], "no one leaves before the run is complete");
    pass(Duration::from_secs(50)).await;
    assert_eq!(shown(&scheduled().await), ("delivered", [10, 0, 2, 8]));
    assert_eq!(marked(&world), [8, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layout_with_one_file_per_run_is_evidence_enough() {
    let world = World::start().await;
    let file = |second: u32| format!("incoming/BlobExport/loyalty_HighValueCustomers_{second}.csv");
    world.put(&file(1_763_856_000), people(0..10));
    assert_eq!(shown(&world.deliver(&file(1_763_856_000)).await), ("delivered", [0, 10, 0, 10]));
    world.put(&file(1_763_942_400), people(3..11));
    assert_eq!(shown(&world.deliver(&file(1_763_942_400)).await), ("delivered", [10, 1, 3, 8]));
    assert_eq!(marked(&world), [8, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_leave_keep_the_attribute_if_the_export_says_so() {
    let world = World::start().await;
    // Where no one is set to false, no number of leavers is too large.
    world.configure("", "settle_minutes = 0\non_leave = \"keep\"\nmax_leavers = 0.0");
    let file = |day: u32| format!("incoming/BlobExport/HighValueCustomers/2026/11/{day}/0102/HighValueCustomers_1.csv");
    let run = async || world.run(json!({ "segment": "HighValueCustomers" })).await["reports"][0].clone();
    world.put(&file(20), people(0..20));
    assert_eq!(shown(&run().await), ("delivered", [0, 20, 0, 20]));
    let objects = world.account.braze.counters().objects;
    world.put(&file(21), people(12..22));
    let report = run().await;
    assert_eq!(shown(&report), ("delivered", [20, 2, 12, 10]), "{report}");
    assert_eq!(marked(&world), [22, 0]);
    assert_eq!(world.account.braze.counters().objects - objects, 2, "those who entered, and no one else: {report}");
    // Whoever comes back has entered, and is told again as far as anybody can know.
    world.put(&file(22), people(0..22));
    assert_eq!(shown(&run().await), ("delivered", [10, 12, 0, 22]));
    assert_eq!(marked(&world), [22, 0]);
}

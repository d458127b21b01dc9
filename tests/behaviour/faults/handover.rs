//! More hand-overs of attributes, and what stays on record over them.

use std::collections::BTreeSet;
use std::time::Duration;

use itb::standin::fault::{Call, Fault};
use serde_json::json;

use crate::faults::story::{Story, export, file, names, outcomes, people, rows, set};
use crate::support::{API_KEY, SECRET};

fn renamed(export_name: &str, segment: &str, attribute: &str) -> String {
    let listed = format!("segments = [\"{segment}\"]");
    export(export_name, &listed, &names(export_name, &format!("{segment} = \"{attribute}\"")))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_exports_swap_their_attributes() {
    let story = Story::begin().await;
    let configure = |gold: &str, silver: &str| {
        story.configure(&format!("{}{}", renamed("a", "Gold", gold), renamed("b", "Silver", silver)));
    };
    configure("A", "B");
    story.put(&file("a", "Gold", 20, 1), people(0..40));
    story.put(&file("b", "Silver", 20, 1), people(20..60));
    story.pass().await;
    for (day, gold, silver) in [(21, "B", "A"), (22, "A", "B"), (23, "B", "A")] {
        configure(gold, silver);
        story.put(&file("a", "Gold", day, 1), people(0..day));
        story.put(&file("b", "Silver", day, 1), people(10..day + 10));
        assert_eq!(outcomes(&story.pass().await), ["delivered", "delivered"], "{day}");
        assert_eq!((story.marked(gold), story.marked(silver)), (set(0..day), set(10..day + 10)), "{day}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_of_three_is_right_in_every_order_of_arrival() {
    for order in [["Gold", "Silver", "Bronze"], ["Bronze", "Silver", "Gold"], ["Silver", "Gold", "Bronze"]] {
        let story = Story::begin().await;
        let configure = |attributes: [&str; 3]| {
            let [gold, silver, bronze] = attributes;
            let names = names("x", &format!("Gold = \"{gold}\"\nSilver = \"{silver}\"\nBronze = \"{bronze}\""));
            story.configure(&export("x", "segments = [\"Gold\", \"Silver\", \"Bronze\"]", &names));
        };
        let members = |segment: &str| match segment {
            "Gold" => 0..30,
            "Silver" => 20..50,
            _ => 40..70,
        };
        configure(["A", "B", "C"]);
        for segment in order {
            story.put(&file("x", segment, 20, 1), people(members(segment)));
        }
        story.pass().await;
        configure(["D", "A", "B"]);
        for segment in order {
            let key = file("x", segment, 21, 1);
            story.put(&key, people(members(segment)));
            story.lands(&key).await.unwrap();
        }
        story.pass().await;
        let marked = ["D", "A", "B"].map(|attribute| story.marked(attribute));
        assert_eq!(marked, [set(0..30), set(20..50), set(40..70)], "{order:?}");
        let status = story.ask(json!({ "action": "status" })).await.unwrap();
        assert_eq!(status["unfed"][0]["attribute"], "C", "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_hand_over_changes_no_one_and_is_released_by_its_number() {
    let story = Story::begin().await;
    story.configure(&export("x", "segments = [\"Gold\"]", ""));
    story.put(&file("x", "Gold", 20, 1), people(0..40));
    story.pass().await;
    story.configure(&renamed("x", "GoldV2", "Gold").replace("max_leavers = 1.0", ""));
    story.put(&file("x", "GoldV2", 21, 1), people(30..50));
    assert_eq!(outcomes(&story.pass().await), ["held"]);
    assert_eq!(story.marked("Gold"), set(0..50));
    // A way back: nobody has been set to `false`.
    story.configure(&export("x", "segments = [\"Gold\"]", ""));
    story.put(&file("x", "Gold", 22, 1), people(0..40));
    assert_eq!(outcomes(&story.pass().await), ["delivered"]);
    assert_eq!(story.marked("Gold"), set(0..40), "those of the run that was held leave again");
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_rows_do_not_keep_a_former_name_alive() {
    let story = Story::begin().await;
    let both = |gold: &str, silver: &str| {
        let names = names("x", &format!("Gold = \"{gold}\"\nSilver = \"{silver}\""));
        story.configure(&export("x", "segments = [\"Gold\", \"Silver\"]", &names));
    };
    let with_broken_row = |numbers: std::ops::Range<u32>| format!("{},,\r\n", people(numbers));
    both("Old", "Silver");
    story.put(&file("x", "Gold", 20, 1), with_broken_row(0..40));
    story.put(&file("x", "Silver", 20, 1), people(20..60));
    story.pass().await;
    both("New", "Silver");
    for day in 21..24 {
        story.put(&file("x", "Gold", day, 1), with_broken_row(0..40));
        story.pass().await;
    }
    both("New", "Old");
    story.put(&file("x", "Gold", 24, 1), with_broken_row(0..40));
    story.put(&file("x", "Silver", 24, 1), people(20..60));
    story.pass().await;
    story.put(&file("x", "Gold", 25, 1), with_broken_row(0..22));
    story.pass().await;
    assert_eq!((story.marked("Old"), story.marked("New")), (set(20..60), set(0..22)));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_at_each_stop_of_a_tour_of_workspaces_is_right_in_each() {
    let story = Story::begin().await;
    story.world.account.set_secret("production", json!({ "api_key": API_KEY }).to_string());
    let connections =
        format!("{}{}", story.connection("test", SECRET, ""), story.connection("production", "production", ""));
    let left = |reports: &[serde_json::Value]| reports[0]["members"].clone();
    let mut members = Vec::new();
    for (day, connection, numbers) in
        [(20, "test", 0..50), (21, "production", 5..50), (22, "test", 10..50), (23, "production", 15..50)]
    {
        let exports = export("x", "segments = [\"Gold\"]", "").replace("\"braze\"", &format!("\"{connection}\""));
        story.configure_connections(&connections, &exports);
        story.put(&file("x", "Gold", day, 1), people(numbers));
        members.push(left(&story.pass().await));
    }
    let left: Vec<_> = members.iter().map(|members| members["left"].as_u64().unwrap()).collect();
    assert_eq!(left, [0, 0, 10, 10], "compared with what that workspace had: {members:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_to_the_write_that_completes_a_run_may_be_lost() {
    let story = Story::begin().await;
    story.configure(&export("x", "segments = [\"Gold\"]", ""));
    story.put(&file("x", "Gold", 20, 1), people(0..40));
    story.pass().await;
    let runs = || {
        let objects = story.world.account.list(&format!("{}/runs/", story.world.state("Gold")));
        objects.into_iter().map(|object| object.key).collect::<Vec<_>>()
    };
    // Every ledger is written and no answer comes: each step is found to be done already.
    story.world.account.s3.set_faults(Some(std::sync::Arc::new(|call: &Call| {
        let ledger = call.operation == "PutObject" && call.resource.ends_with("ledger.json");
        if ledger && call.number.is_multiple_of(2) { Fault::DropAfter } else { Fault::None }
    })));
    story.put(&file("x", "Gold", 21, 1), people(10..40));
    let first = story.schedule().await;
    story.world.account.s3.set_faults(None);
    story.schedule().await.unwrap();
    assert_eq!(story.marked("Gold"), set(10..40), "{first:?}");
    story.schedule().await.unwrap();
    let mut left = runs();
    let before = story.world.ledger("Gold")["before_last"].to_string();
    left.retain(|key| !before.contains(key));
    assert!(
        left.iter().all(|key| key.contains("/2026-11-21T01:02Z/")),
        "of the run before, the list of its members alone is left: {left:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retirement_that_is_killed_tries_those_again_whom_braze_refused() {
    let story = Story::begin().await;
    story.configure(&export("x", "segments = [\"Gold\"]", ""));
    story.put(&file("x", "Gold", 20, 1), people(0..60));
    story.pass().await;
    story.configure(&export("loyalty", "segments = [\"Silver\"]", ""));
    // The former export is gone, too.
    let poisoned = itb::standin::braze::answers::poisoned_by(["c1", "c2"].map(str::to_owned));
    story.world.account.braze.set_faults(Some(poisoned));
    let retire = json!({ "action": "retire", "export": "x", "segment": "Gold" });
    story.ask(retire.clone()).await.unwrap();
    let status = story.ask(json!({ "action": "status" })).await.unwrap();
    assert_eq!(status["unfed"][0]["people"], 2, "{status}");
    story.world.account.braze.set_faults(None);
    let answer = story.ask(retire).await.unwrap();
    assert_eq!(answer["reports"][0]["outcome"], "delivered", "{answer}");
    assert_eq!(story.with("Gold", &json!(false)), set(0..60));
}

/// Gold leads to `attribute`, with a first name beside it.
fn with_name(attribute: &str) -> String {
    let fields = "[exports.x.attributes]\nfirst_name = \"FirstName\"\n";
    export("x", "segments = [\"Gold\"]", &format!("{fields}{}", names("x", &format!("Gold = \"{attribute}\""))))
}

fn called(name: &str) -> String {
    rows(0..40, |number| format!("c{number},p{number}@example.com,{name}"))
}

fn first_names(story: &Story) -> BTreeSet<String> {
    let profiles = story.world.account.braze.profiles();
    profiles.iter().map(|profile| profile.standard["first_name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_attribute_waits_until_an_older_run_is_no_longer_sent_under_the_former_name() {
    let story = Story::begin().await;
    let connection = story.connection("braze", SECRET, "requests_per_second = 10\nobjects_per_request = 2");
    story.configure_connections(&connection, &with_name("A"));
    let older = file("x", "Gold", 20, 1);
    story.put(&older, called("海斗"));
    let renamed = async {
        while story.requests() == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        story.configure_connections(&connection, &with_name("B"));
        story.put(&file("x", "Gold", 21, 1), called("蓮"));
        story.pass().await
    };
    let (_, reports) = tokio::join!(story.lands(&older), renamed);
    assert_eq!(outcomes(&reports), ["delivered"], "{reports:?}");
    assert_eq!(first_names(&story), BTreeSet::from(["蓮".to_owned()]), "the newer run has the last word");
    assert_eq!(story.marked("B"), set(0..40));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_that_returns_to_an_attribute_sends_the_values_of_its_run() {
    let story = Story::begin().await;
    for (day, attribute, name) in [(20, "A", "海斗"), (21, "B", "蓮"), (22, "A", "海斗"), (23, "B", "蓮")] {
        story.configure(&with_name(attribute));
        story.put(&file("x", "Gold", day, 1), called(name));
        story.pass().await;
        assert_eq!(first_names(&story), BTreeSet::from([name.to_owned()]), "{day}");
        assert_eq!(story.marked(attribute), set(0..40), "{day}");
    }
}

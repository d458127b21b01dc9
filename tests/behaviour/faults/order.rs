//! Which run is the newest, and what becomes of those that are named wrongly.

use serde_json::json;

use crate::faults::story::{Story, export, file, outcomes, people, set};

fn at(hour: &str) -> String {
    format!("incoming/x/Gold/2026/10/25/{hour}/Gold_1.csv")
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_hour_that_comes_twice_the_later_arrival_is_the_later_run() {
    let story = Story::begin().await;
    story.configure(&export("x", "segments = [\"Gold\"]\ntime_zone = \"Europe/Berlin\"", ""));
    story.put(&at("0230"), people(0..20));
    story.lands(&at("0230")).await.unwrap();
    story.pass().await;
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    story.put(&at("0210"), people(5..25));
    story.lands(&at("0210")).await.unwrap();
    story.pass().await;
    assert_eq!(story.marked("Gold"), set(5..25));
    story.put(&at("0300"), people(6..25));
    story.pass().await;
    assert_eq!(story.marked("Gold"), set(6..25));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_dated_in_the_future_blocks_nothing() {
    for year in [2062, 2099] {
        let story = Story::begin().await;
        story.configure(&export("x", "segments = [\"Gold\"]", ""));
        let future = format!("incoming/x/Gold/{year}/01/01/0000/Gold_1.csv");
        story.put(&future, people(50..60));
        let landed = story.lands(&future).await;
        let shown = format!("{landed:?}");
        assert!(shown.contains("later than now by more than a day"), "{shown}");
        assert_eq!(story.requests(), 0);
        for day in [27, 28] {
            story.put(&file("x", "Gold", day, 1), people(0..day));
            let reports = story.schedule().await;
            let shown = format!("{reports:?}");
            assert_eq!(story.marked("Gold"), set(0..day), "{shown}");
        }
        let report = story.world.get_text(&format!("reports/x/Gold/{year}-01-01T00:00Z/report.json"));
        assert!(report.contains("\"failed\"") && report.contains("later than now"), "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_drops_a_run_with_a_wrong_name() {
    let story = Story::begin().await;
    story.configure(&export("x", "segments = [\"Gold\"]", ""));
    story.put(&file("x", "Gold", 20, 1), people(0..40));
    story.pass().await;
    // Dated a few days too late, and with other people.
    story.put(&file("x", "Gold", 28, 1), people(30..50));
    story.pass().await;
    story.put(&file("x", "Gold", 21, 1), people(0..41));
    let landed = story.lands(&file("x", "Gold", 21, 1)).await.unwrap();
    assert_eq!(landed["reports"][0]["outcome"], "superseded", "{landed}");
    let forget =
        |dry_run: bool| json!({ "action": "forget", "export": "x", "run": "2026-11-28T01:02Z", "dry_run": dry_run });
    let answer = story.ask(forget(true)).await.unwrap();
    assert_eq!(answer["segments"][0]["outcome"], "would_be_forgotten", "{answer}");
    assert_eq!(story.marked("Gold"), set(30..50));
    let answer = story.ask(forget(false)).await.unwrap();
    assert_eq!(answer["segments"][0]["outcome"], "forgotten", "{answer}");
    let reports = story.pass().await;
    assert_eq!(outcomes(&reports), ["delivered"], "{reports:?}");
    assert_eq!(story.marked("Gold"), set(0..41));
    assert_eq!(outcomes(&story.pass().await), [""; 0], "and it does not come back");
}

#[tokio::test(flavor = "multi_thread")]
async fn run_after_run_that_is_superseded_is_seen() {
    let story = Story::begin().await;
    story.configure(&export("x", "segments = [\"Gold\"]", ""));
    story.put(&file("x", "Gold", 28, 1), people(0..5));
    story.pass().await;
    for day in 20..23 {
        story.put(&file("x", "Gold", day, 1), people(0..6));
        story.lands(&file("x", "Gold", day, 1)).await.unwrap();
    }
    let status = story.ask(json!({ "action": "status", "export": "x" })).await.unwrap();
    let gold = &status["exports"][0]["segments"][0];
    assert_eq!(gold["superseded_in_a_row"], 3, "{status}");
    assert!(gold["message"].as_str().unwrap().contains("forget"), "{status}");
}

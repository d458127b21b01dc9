//! One attribute has one feeder, and a hand-over is an ordinary run.

use serde_json::json;

use crate::faults::story::{Story, export, file, names, outcomes, people, set};
use crate::support::SECRET;

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_that_is_replaced_hands_its_attribute_over() {
    let story = Story::begin().await;
    story.configure(&export("x", "segments = [\"Gold\"]", ""));
    story.put(&file("x", "Gold", 20, 1), people(0..40));
    story.pass().await;
    story.configure(&export("x", "segments = [\"GoldV2\"]", &names("x", "GoldV2 = \"Gold\"")));
    story.put(&file("x", "GoldV2", 21, 1), people(10..50));
    let reports = story.pass().await;
    assert_eq!(reports[0]["members"], json!({ "before": 40, "entered": 10, "stayed": 30, "left": 10, "after": 40 }));
    assert_eq!(reports[0]["rows"]["unchanged"], 30, "the same objects are not sent again");
    assert_eq!((story.marked("Gold"), story.with("Gold", &json!(false))), (set(10..50), set(0..10)));

    // The former segment cannot take it away from the new one.
    for subject in [json!({ "export": "x", "segment": "Gold" }), json!({ "connection": "braze", "attribute": "Gold" })]
    {
        let mut event = json!({ "action": "retire" });
        event.as_object_mut().unwrap().extend(subject.as_object().unwrap().clone());
        let error = story.ask(event).await.unwrap_err();
        assert!(error.contains("is fed by the segment GoldV2 of the export x"), "{error}");
    }
    story.put(&file("x", "GoldV2", 22, 1), people(10..50));
    story.pass().await;
    assert_eq!(story.marked("Gold"), set(10..50));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_attributes_are_swapped() {
    let story = Story::begin().await;
    let configure = |gold: &str, silver: &str| {
        let renamed = names("x", &format!("Gold = \"{gold}\"\nSilver = \"{silver}\""));
        story.configure(&export("x", "segments = [\"Gold\", \"Silver\"]", &renamed));
    };
    configure("A", "B");
    story.put(&file("x", "Gold", 20, 1), people(0..40));
    story.put(&file("x", "Silver", 20, 1), people(20..60));
    story.pass().await;
    configure("B", "A");
    for day in [21, 22] {
        story.put(&file("x", "Gold", day, 1), people(0..40));
        story.put(&file("x", "Silver", day, 1), people(20..60));
        assert_eq!(outcomes(&story.pass().await), ["delivered", "delivered"]);
        assert_eq!((story.marked("A"), story.marked("B")), (set(20..60), set(0..40)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_move_along_a_chain_whichever_file_lands_first() {
    let story = Story::begin().await;
    let configure = |gold: &str, silver: &str| {
        let renamed = names("x", &format!("Gold = \"{gold}\"\nSilver = \"{silver}\""));
        story.configure(&export("x", "segments = [\"Gold\", \"Silver\"]", &renamed));
    };
    configure("Best", "Silver");
    story.put(&file("x", "Gold", 20, 1), people(0..40));
    story.put(&file("x", "Silver", 20, 1), people(20..60));
    story.pass().await;
    configure("Top", "Best");
    for segment in ["Silver", "Gold"] {
        let numbers = if segment == "Gold" { 0..40 } else { 20..60 };
        story.put(&file("x", segment, 21, 1), people(numbers));
        story.lands(&file("x", segment, 21, 1)).await.unwrap();
    }
    story.pass().await;
    assert_eq!((story.marked("Best"), story.marked("Top")), (set(20..60), set(0..40)));
    // Nothing feeds the attribute that was left, and whoever asks is told.
    let status = story.ask(json!({ "action": "status" })).await.unwrap();
    assert_eq!(status["unfed"][0]["attribute"], "Silver", "{status}");
    assert_eq!(status["unfed"][0]["people"], 40);
    story.put(&file("x", "Gold", 22, 1), people(0..41));
    let reports = story.pass().await;
    assert!(reports[0]["notes"].to_string().contains("\\\"Silver\\\" is still set for 40 people"), "{reports:?}");
    let dry = story.ask(json!({ "action": "run", "export": "x", "dry_run": true })).await.unwrap();
    assert!(dry["reports"][0]["notes"].to_string().contains("still set for 40 people"), "{dry}");
    let retired = story.ask(json!({ "action": "retire", "connection": "braze", "attribute": "Silver" })).await.unwrap();
    assert_eq!(retired["reports"][0]["outcome"], "delivered", "{retired}");
    assert_eq!((story.marked("Silver"), story.with("Silver", &json!(false))), (set(0..0), set(20..60)));
    assert_eq!((story.marked("Best"), story.marked("Top")), (set(20..60), set(0..41)));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_segments_that_are_found_the_first_one_feeds_the_attribute() {
    for two_connections in [false, true] {
        let story = Story::begin().await;
        let second = export("b", "", "").replace("\"braze\"", if two_connections { "\"again\"" } else { "\"braze\"" });
        let connections = format!(
            "{}{}",
            story.connection("braze", SECRET, ""),
            if two_connections { story.connection("again", SECRET, "") } else { String::new() }
        );
        story.configure_connections(&connections, &format!("{}{second}", export("a", "", "")));
        story.put(&file("a", "Gold", 20, 1), people(0..40));
        story.put(&file("b", "Gold", 20, 1), people(20..60));
        let error = story.schedule().await.unwrap_err();
        assert!(error.contains("fed by the segment Gold of the export a"), "{error}");
        assert_eq!(story.marked("Gold"), set(0..40), "nothing of the second is sent");
        story.put(&file("a", "Gold", 21, 1), people(0..25));
        story.schedule().await.unwrap_err();
        assert_eq!(story.marked("Gold"), set(0..25));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_given_beats_one_that_is_found() {
    let story = Story::begin().await;
    story.configure(&export("x", "", &names("x", "Platinum = \"Gold\"")));
    story.put(&file("x", "Gold", 20, 1), people(0..40));
    story.put(&file("x", "Platinum", 20, 1), people(20..60));
    let error = story.schedule().await.unwrap_err();
    assert!(error.contains("fed by the segment Platinum of the export x"), "{error}");
    assert_eq!(story.marked("Gold"), set(20..60));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_workspace_is_delivered_to_everyone_and_coming_back_is_right() {
    let story = Story::begin().await;
    story.world.account.set_secret("production", json!({ "api_key": crate::support::API_KEY }).to_string());
    let configure = |connection: &str| {
        let connections =
            format!("{}{}", story.connection("test", SECRET, ""), story.connection("production", "production", ""));
        let exports = export("x", "segments = [\"Gold\"]", "").replace("\"braze\"", &format!("\"{connection}\""));
        story.configure_connections(&connections, &exports);
    };
    configure("test");
    story.put(&file("x", "Gold", 20, 1), people(0..99));
    story.pass().await;
    story.world.account.braze.forget_profiles();
    configure("production");
    assert_eq!(outcomes(&story.pass().await), ["delivered"], "the same run goes to the other workspace");
    assert_eq!(story.marked("Gold"), set(0..99));
    story.put(&file("x", "Gold", 21, 1), people(10..99));
    story.pass().await;
    assert_eq!(story.marked("Gold"), set(10..99));
    // Back: whoever left meanwhile leaves here as well.
    story.world.account.braze.forget_profiles();
    for number in 0..99 {
        story.world.account.braze.insert_profile(Some(&format!("c{number}")), None);
    }
    configure("test");
    story.put(&file("x", "Gold", 22, 1), people(10..99));
    let reports = story.pass().await;
    assert_eq!(reports[0]["members"]["left"], 10, "{reports:?}");
    assert_eq!(story.with("Gold", &json!(false)), set(0..10));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_folder_goes_to_two_workspaces() {
    let story = Story::begin().await;
    let connections = format!(
        "{}{}",
        story.connection("eu", SECRET, "workspace = \"brand-a\""),
        story.connection("us", SECRET, "workspace = \"brand-b\"")
    );
    let first = export("a", "segments = [\"Gold\"]", "").replace("\"braze\"", "\"eu\"");
    let second =
        export("b", "segments = [\"Gold\"]", "").replace("\"braze\"", "\"us\"").replace("incoming/b", "incoming/a");
    story.configure_connections(&connections, &format!("{first}{second}"));
    story.put(&file("a", "Gold", 20, 1), people(0..30));
    assert_eq!(outcomes(&story.pass().await), ["delivered", "delivered"]);
    assert_eq!(story.world.account.braze.counters().objects, 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_export_takes_over_what_the_former_one_fed() {
    let story = Story::begin().await;
    story.configure(&export("loyalty", "", ""));
    story.put(&file("loyalty", "Gold", 20, 1), people(0..40));
    story.pass().await;
    story.configure(&export("crm", "folder = \"incoming/loyalty\"", "").replace("folder = \"incoming/crm\"\n", ""));
    story.put(&file("loyalty", "Gold", 21, 1), people(5..40));
    let reports = story.pass().await;
    assert_eq!(reports[0]["members"]["left"], 5, "{reports:?}");
    assert_eq!(story.marked("Gold"), set(5..40));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_export_is_left_of_is_retired_by_its_attribute() {
    let story = Story::begin().await;
    story.configure(&export("x", "", ""));
    story.put(&file("x", "Gold", 20, 1), people(0..12));
    story.pass().await;
    // A segment that is found is fed as long as there are files.
    let retire = json!({ "action": "retire", "export": "x", "segment": "Gold" });
    let error = story.ask(retire.clone()).await.unwrap_err();
    assert!(error.contains("is fed by the segment Gold"), "{error}");
    story.configure(&export("y", "", ""));
    let status = story.ask(json!({ "action": "status" })).await.unwrap();
    assert_eq!(status["unfed"][0]["people"], 12, "{status}");
    let dry = json!({ "action": "retire", "connection": "braze", "attribute": "Gold", "dry_run": true });
    let requests = story.requests();
    assert!(story.ask(dry).await.unwrap().to_string().contains("12"));
    assert_eq!(story.requests(), requests);
    let answer = story.ask(retire).await.unwrap();
    assert_eq!(answer["reports"][0]["outcome"], "delivered", "{answer}");
    assert_eq!((story.marked("Gold"), story.with("Gold", &json!(false))), (set(0..0), set(0..12)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_a_segment_that_is_not_there_is_said_with_the_one_that_is_meant() {
    let story = Story::begin().await;
    story.configure(&export("x", "", &names("x", "GodlMembers = \"Best\"")));
    story.put(&file("x", "GoldMembers", 20, 1), people(0..5));
    let reports = story.pass().await;
    let notes = reports[0]["notes"].to_string();
    assert!(notes.contains("segment \\\"GodlMembers\\\" found. Did you mean \\\"GoldMembers\\\"?"), "{notes}");
    assert_eq!(story.marked("GoldMembers"), set(0..5));
}

//! What Braze refused, what a killed function left, and what was deleted or changed in the state.

use insights_to_braze::state::Part;
use itb::standin::braze::answers;
use serde_json::json;

use crate::faults::story::{Story, export, file, outcomes, people, set};

const GOLD: &str = "segments = [\"Gold\"]";

#[tokio::test(flavor = "multi_thread")]
async fn leavers_whom_braze_refused_are_tried_again_until_it_accepts() {
    let story = Story::begin().await;
    story.configure(&export("x", GOLD, ""));
    story.put(&file("x", "Gold", 20, 1), people(0..40));
    story.pass().await;
    story.world.account.braze.set_faults(Some(answers::poisoned_by(["c1", "c2", "c3"].map(str::to_owned))));
    story.put(&file("x", "Gold", 21, 1), people(10..40));
    story.pass().await;
    assert_eq!(story.marked("Gold").len(), 33);
    story.world.account.braze.set_faults(None);
    story.put(&file("x", "Gold", 22, 1), people(10..40));
    story.pass().await;
    assert_eq!(story.marked("Gold"), set(10..40));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retirement_keeps_on_record_whom_braze_refused() {
    let story = Story::begin().await;
    story.configure(&export("x", GOLD, ""));
    story.put(&file("x", "Gold", 20, 1), people(0..60));
    story.pass().await;
    story.configure(&export("x", "segments = [\"Silver\"]", ""));
    story.world.account.braze.set_faults(Some(answers::poisoned_by(["c1", "c2"].map(str::to_owned))));
    let retire = json!({ "action": "retire", "connection": "braze", "attribute": "Gold" });
    let answer = story.ask(retire.clone()).await.unwrap();
    let report = &answer["reports"][0];
    assert_eq!(report["outcome"], "failed", "{answer}");
    assert!(
        report["message"]
            .as_str()
            .unwrap()
            .contains("58 members set to `false` or removed (`on_leave`); Braze rejected 2 members"),
        "{answer}"
    );
    story.world.account.braze.set_faults(None);
    let answer = story.ask(retire).await.unwrap();
    assert_eq!(answer["reports"][0]["outcome"], "delivered", "{answer}");
    assert_eq!((story.marked("Gold"), story.with("Gold", &json!(false))), (set(0..0), set(0..60)));
    assert_eq!(story.world.account.list(&story.world.state("Gold")), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_is_gone_is_noticed_and_rebuilt_and_no_one_is_changed() {
    let story = Story::begin().await;
    story.configure(&export("x", "segments = [\"Gold\", \"Silver\"]", ""));
    story.put(&file("x", "Gold", 20, 1), people(0..40));
    story.put(&file("x", "Silver", 20, 1), people(0..10));
    story.pass().await;
    let ledger = format!("{}/ledger.json", story.world.state("Gold"));
    for damaged in [false, true] {
        if damaged {
            story.world.put(&ledger, "{\"format\": 2, ");
        } else {
            story.world.account.delete_object(&ledger).unwrap();
        }
        story.put(&file("x", "Gold", 21, 1), people(10..40));
        let error = story.schedule().await.unwrap_err();
        assert!(error.contains("ledger.json") && error.contains("rebuild"), "{error}");
        let status = story.ask(json!({ "action": "status" })).await.unwrap();
        let segments = &status["exports"][0]["segments"];
        assert!(segments[0]["damage"].as_str().unwrap().contains("rebuild"), "{status}");
        assert_eq!(segments[1]["last_complete"]["members"], 10, "the others are shown: {status}");
    }
    let rebuild = json!({ "action": "rebuild", "export": "x", "segment": "Gold" });
    let answer = story.ask(rebuild).await.unwrap();
    assert_eq!(answer["damage"].as_array().unwrap().len(), 1, "{answer}");
    let reports = story.pass().await;
    assert_eq!(outcomes(&reports), ["held"], "{reports:?}");
    assert_eq!(story.marked("Gold"), set(0..40));
    let release =
        json!({ "action": "run", "export": "x", "segment": "Gold", "run": "2026-11-21T01:02Z", "allow_leavers": 10 });
    let answer = story.ask(release).await.unwrap();
    assert_eq!(answer["reports"][0]["outcome"], "delivered", "{answer}");
    assert_eq!(story.marked("Gold"), set(10..40));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_is_gone_or_of_another_attribute_is_never_delivered_over() {
    let story = Story::begin().await;
    story.configure(&export("x", "segments = [\"Gold\", \"Silver\"]", ""));
    story.put(&file("x", "Gold", 20, 1), people(0..40));
    story.put(&file("x", "Silver", 20, 1), people(100..140));
    story.pass().await;
    let part_of = |attribute: &str| {
        let objects = story.world.account.list(&story.world.state(attribute));
        objects.into_iter().map(|object| object.key).find(|key| Part::is_one(key)).unwrap()
    };
    let (gold, silver) = (part_of("Gold"), part_of("Silver"));
    let foreign = story.world.account.get_object(&silver).unwrap().unwrap();
    for content in [None, Some(foreign), Some(b"no part".to_vec())] {
        match content {
            None => story.world.account.delete_object(&gold).unwrap(),
            Some(content) => story.world.put(&gold, content),
        }
        story.put(&file("x", "Gold", 21, 1), people(10..40));
        let error = story.schedule().await.unwrap_err();
        assert!(error.contains(&gold) && error.contains("rebuild"), "{error}");
    }
    story.ask(json!({ "action": "rebuild", "export": "x", "segment": "Gold" })).await.unwrap();
    assert_eq!(outcomes(&story.pass().await), ["delivered"], "nobody is known who could leave");
    assert!(story.marked("Gold").is_superset(&set(10..40)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_version_of_the_configuration_works_again() {
    let story = Story::begin().await;
    let first = export("x", GOLD, "");
    story.configure(&first);
    story.put(&file("x", "Gold", 20, 1), people(0..10));
    story.pass().await;
    let text = story.world.get_text("config/exports.toml");
    story.configure(&export("x", "segments = [\"Silver\"]", "[exports.x.attribute_names]\nSilver = \"Gold\""));
    story.put(&file("x", "Silver", 21, 1), people(0..11));
    story.pass().await;
    // The former version is current again.
    story.world.put("config/exports.toml", text);
    story.put(&file("x", "Gold", 22, 1), people(0..12));
    assert_eq!(outcomes(&story.pass().await), ["delivered"]);
    assert_eq!(story.marked("Gold"), set(0..12));
}

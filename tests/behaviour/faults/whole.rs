//! Absence is no evidence: what is missing makes nobody a leaver, and a release names what it releases.

use serde_json::json;

use crate::faults::story::{Story, export, file, outcomes, people, rows, set};

const GOLD: &str = "segments = [\"Gold\"]";

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_failed_and_was_deleted_keeps_the_run_open() {
    let story = Story::begin().await;
    story.configure(&export("x", GOLD, ""));
    for part in 1..=3 {
        story.put(&file("x", "Gold", 20, part), people(part * 30..part * 30 + 30));
    }
    story.pass().await;
    assert_eq!(story.marked("Gold").len(), 90);
    for part in 1..=2 {
        story.put(&file("x", "Gold", 21, part), people(part * 30..part * 30 + 30));
    }
    story.put(&file("x", "Gold", 21, 3), "Other,Columns\r\n1,2\r\n");
    story.schedule().await.unwrap_err();
    story.world.account.delete_object(&file("x", "Gold", 21, 3)).unwrap();
    let reports = story.pass().await;
    assert_eq!(outcomes(&reports), ["waiting"], "{reports:?}");
    assert!(reports[0]["message"].as_str().unwrap().contains("Gold_3.csv"), "{reports:?}");
    assert_eq!(story.marked("Gold").len(), 90, "no one leaves");
    // An operator says that the run is right without it.
    let forget =
        json!({ "action": "forget", "export": "x", "run": "2026-11-21T01:02Z", "file": file("x", "Gold", 21, 3) });
    story.ask(forget).await.unwrap();
    let reports = story.pass().await;
    assert_eq!(outcomes(&reports), ["delivered"], "{reports:?}");
    assert_eq!(story.marked("Gold"), set(30..90));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_landed_and_is_gone_keeps_the_run_open() {
    let story = Story::begin().await;
    story.configure(&export("x", GOLD, ""));
    story.put(&file("x", "Gold", 20, 1), people(0..30));
    story.pass().await;
    story.lands(&file("x", "Gold", 21, 2)).await.unwrap();
    story.put(&file("x", "Gold", 21, 1), people(0..15));
    assert_eq!(outcomes(&story.pass().await), ["waiting"]);
    assert_eq!(story.marked("Gold"), set(0..30));
    story.put(&file("x", "Gold", 21, 2), people(15..31));
    assert_eq!(outcomes(&story.pass().await), ["delivered"]);
    assert_eq!(story.marked("Gold"), set(0..31));
}

fn model(parts: u32) -> String {
    let partitions: Vec<_> = (1..=parts)
        .map(|part| {
            json!({ "name": part.to_string(), "refreshTime": "2026-11-21T01:02:03Z",
                    "location": format!("https://a.blob.core.windows.net/c/{}", &file("x", "Gold", 21, part)["incoming/".len()..]),
                    "fileFormatSettings": { "$type": "CsvFormatSettings", "columnHeaders": true } })
        })
        .collect();
    let attributes = ["LoyaltyId", "EMail", "FirstName"].map(|name| json!({ "name": name, "dataType": "string" }));
    json!({ "name": "x", "version": "1.0", "entities": [{
        "$type": "LocalEntity", "name": "Gold", "attributes": attributes, "partitions": partitions }] })
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_file_that_is_still_empty_is_not_here() {
    let story = Story::begin().await;
    story.configure(&export("x", GOLD, "").replace("settle_minutes = 0", "settle_minutes = 30"));
    story.put("incoming/x/model.json", model(2));
    story.put(&file("x", "Gold", 20, 1), people(0..40));
    story.ask(json!({ "action": "run", "export": "x" })).await.unwrap();
    story.put(&file("x", "Gold", 21, 1), people(0..20));
    story.put(&file("x", "Gold", 21, 2), "");
    let reports = story.pass().await;
    assert_eq!(outcomes(&reports), ["waiting"], "{reports:?}");
    story.put(&file("x", "Gold", 21, 2), people(20..40));
    assert_eq!(outcomes(&story.pass().await), ["delivered"]);
    assert_eq!(story.marked("Gold"), set(0..40));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_without_an_identifier_make_no_leavers() {
    let story = Story::begin().await;
    story.configure(&export("x", GOLD, ""));
    story.put(&file("x", "Gold", 20, 1), people(0..40));
    story.pass().await;
    let mut text = people(0..30).into_bytes();
    for number in 30..40 {
        text.extend_from_slice(format!("c{number}\0,,\r\n").as_bytes());
    }
    story.put(&file("x", "Gold", 21, 1), text);
    let reports = story.pass().await;
    assert_eq!(outcomes(&reports), ["held"], "{reports:?}");
    assert!(reports[0]["message"].as_str().unwrap().contains("10 rows could not be read"), "{reports:?}");
    assert_eq!(story.marked("Gold"), set(0..40));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_run_from_which_no_one_would_leave_is_not_held() {
    let story = Story::begin().await;
    story.configure(&export("x", GOLD, ""));
    story.put(&file("x", "Gold", 20, 1), people(0..0));
    assert_eq!(outcomes(&story.pass().await), ["delivered"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_names_its_run_and_its_number() {
    let story = Story::begin().await;
    let export = export("x", "segments = [\"Gold\", \"Silver\"]", "").replace("max_leavers = 1.0", "");
    story.configure(&export);
    for segment in ["Gold", "Silver"] {
        story.put(&file("x", segment, 23, 1), people(0..100));
    }
    story.pass().await;
    story.put(&file("x", "Gold", 24, 1), people(0..40));
    story.put(&file("x", "Silver", 24, 1), people(0..50));
    assert_eq!(outcomes(&story.pass().await), ["held", "held"]);
    let release = |further: serde_json::Value| {
        let mut event = json!({ "action": "run", "export": "x" });
        event.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        event
    };
    for unnamed in [json!({ "allow_leavers": true }), json!({ "allow_leavers": 60 })] {
        let error = story.ask(release(unnamed)).await.unwrap_err();
        for word in ["\"allow_leavers\": 60", "\"allow_leavers\": 50", "\"run\": \"2026-11-24T01:02Z\""] {
            assert!(error.contains(word), "{error}");
        }
    }
    // The first file of the next run lands before anybody has decided.
    story.put(&file("x", "Gold", 25, 1), people(0..3));
    story.lands(&file("x", "Gold", 25, 1)).await.unwrap();
    let answer = story.ask(release(json!({ "run": "2026-11-24T01:02Z", "allow_leavers": 60 }))).await.unwrap();
    assert_eq!((story.marked("Gold"), story.marked("Silver")), (set(0..100), set(0..100)), "{answer}");
    // Another number is refused with the right one.
    let wrong = release(json!({ "segment": "Silver", "run": "2026-11-24T01:02Z", "allow_leavers": 49 }));
    let answer = story.ask(wrong).await.unwrap();
    assert!(answer.to_string().contains("50 people would leave, not 49"), "{answer}");
    assert_eq!(story.marked("Silver"), set(0..100));
    let right = release(json!({ "segment": "Silver", "run": "2026-11-24T01:02Z", "allow_leavers": 50 }));
    let answer = story.ask(right).await.unwrap();
    assert_eq!(answer["reports"][0]["outcome"], "delivered", "{answer}");
    assert_eq!((story.marked("Gold"), story.marked("Silver")), (set(0..100), set(0..50)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_asks_again_when_a_file_has_changed() {
    let story = Story::begin().await;
    story.configure(&export("x", GOLD, "").replace("max_leavers = 1.0", ""));
    story.put(&file("x", "Gold", 23, 1), people(0..100));
    story.pass().await;
    story.put(&file("x", "Gold", 24, 1), people(0..40));
    story.pass().await;
    story.put(&file("x", "Gold", 24, 1), people(0..30));
    let release = json!({ "action": "run", "export": "x", "run": "2026-11-24T01:02Z", "allow_leavers": 60 });
    let answer = story.ask(release).await.unwrap();
    assert_eq!(answer["reports"][0]["outcome"], "held", "{answer}");
    assert!(answer.to_string().contains("\\\"allow_leavers\\\": 70"), "{answer}");
    assert_eq!(story.marked("Gold"), set(0..100));
}

#[tokio::test(flavor = "multi_thread")]
async fn send_all_covers_every_file_in_several_invocations() {
    let story = Story::begin().await;
    let config = |further: &str| {
        let connection = story.connection("braze", crate::support::SECRET, further);
        story.configure_connections(&connection, &export("x", GOLD, ""));
    };
    config("");
    story.put(&file("x", "Gold", 20, 1), people(0..60));
    story.put(&file("x", "Gold", 20, 2), people(60..120));
    story.pass().await;
    config("requests_per_second = 10\nobjects_per_request = 2");
    let before = story.world.account.braze.counters().objects;
    let host = story.world.host(crate::support::Function::OnDemand).await;
    let event = json!({ "action": "run", "export": "x", "send": "all" });
    let answer = host.invoke(&event, std::time::Duration::from_secs(4)).await.unwrap();
    assert_eq!(answer["reports"][0]["outcome"], "unfinished", "{answer}");
    config("");
    assert_eq!(outcomes(&story.pass().await), ["delivered"]);
    let sent = story.world.account.braze.counters().objects - before;
    assert!((120..160).contains(&sent), "{sent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_mapping_is_delivered_as_a_dry_run_says() {
    let story = Story::begin().await;
    story.configure(&export("x", GOLD, ""));
    story.put(&file("x", "Gold", 23, 1), rows(0..2, |number| format!("c{number},,海斗")));
    story.pass().await;
    story.configure(&export("x", GOLD, "[exports.x.attributes]\nfirst_name = \"FirstName\""));
    let dry = story.ask(json!({ "action": "run", "export": "x", "dry_run": true })).await.unwrap();
    assert_eq!(dry["reports"][0]["rows"]["accepted"], 2, "{dry}");
    let run = story.ask(json!({ "action": "run", "export": "x" })).await.unwrap();
    assert_eq!(run["reports"][0]["rows"]["accepted"], 2, "{run}");
    story.configure(&export("x", GOLD, "[exports.x.attribute_names]\nGold = \"VIP Gold\""));
    let run = story.ask(json!({ "action": "run", "export": "x" })).await.unwrap();
    assert_eq!(run["reports"][0]["rows"]["accepted"], 2, "{run}");
    assert_eq!(story.marked("VIP Gold"), set(0..2));
}

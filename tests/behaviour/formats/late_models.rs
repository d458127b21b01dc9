//! A `model.json` that comes after its files: what it changes is fixed in the same run, and nothing else is touched.

use serde_json::{Value, json};

use crate::formats::desk::Desk;

const MODEL: &str = "incoming/Copied/model.json";
const HEADER: &str = "LoyaltyId,EMail,Points,Joined\n";
const FIRST: &str = "incoming/Copied/Gold/2026/11/23/0102/Gold_1.csv";
const SECOND: &str = "incoming/Copied/Gold/2026/11/23/0102/Gold_2.csv";

fn configure(desk: &Desk, further: &str) {
    desk.configure(&format!(
        "[exports.loyalty]\nconnection = \"braze\"\nfolder = \"incoming/Copied\"\n{further}\
         data_matching = {{ customer_id = \"LoyaltyId\", email = \"EMail\" }}\n\
         attributes = {{ points = \"Points\", joined = \"Joined\" }}\n"
    ));
}

/// The model of the files, whose columns have these types.
fn model(files: &[&str], columns: [(&str, &str); 4], header: bool) -> String {
    let attributes: Vec<Value> = columns.iter().map(|(name, kind)| json!({ "name": name, "dataType": kind })).collect();
    let partitions: Vec<Value> = files
        .iter()
        .map(|key| {
            let path = key.trim_start_matches("incoming/Copied/");
            json!({ "name": path, "location": format!("https://a.blob.core.windows.net/ci/BlobExport/{path}"),
                    "fileFormatSettings": { "columnHeaders": header } })
        })
        .collect();
    json!({ "entities": [{ "name": "Gold", "attributes": attributes, "partitions": partitions }] }).to_string()
}

const TYPED: [(&str, &str); 4] =
    [("LoyaltyId", "string"), ("EMail", "string"), ("Points", "int64"), ("Joined", "date")];
const TEXTS: [(&str, &str); 4] =
    [("LoyaltyId", "guid"), ("EMail", "string"), ("Points", "string"), ("Joined", "string")];

fn sent(desk: &Desk) -> u64 {
    desk.world.account.braze.counters().requests
}

#[tokio::test(flavor = "multi_thread")]
async fn members_whose_types_it_changes_are_sent_again_in_the_same_run() {
    let desk = Desk::start().await;
    configure(&desk, "");
    desk.world.put(FIRST, format!("{HEADER}P1,ann@example.com,7,11/23/2026\nP2,,,\n"));
    desk.world.put(SECOND, format!("{HEADER}P3,,0012,2026-11-23\n"));
    assert_eq!(desk.deliver(FIRST).await["outcome"], "waiting");
    assert_eq!(desk.deliver(SECOND).await["outcome"], "waiting");
    assert_eq!(desk.people()["P1"]["points"], json!("7"), "without a model text stays text");

    desk.world.put(MODEL, model(&[FIRST, SECOND], TYPED, true));
    let report = desk.deliver(MODEL).await;
    assert_eq!(report["outcome"], "delivered", "{report}");
    assert_eq!(report["rows"], json!({ "read": 3, "accepted": 2, "unchanged": 1, "duplicate": 0, "rejected": 0 }));
    assert_eq!(report["members"]["after"], 3, "{report}");
    assert_eq!(report["members"]["left"], 0, "{report}");
    assert!(report["notes"].to_string().contains("read again"), "{report}");
    let people = desk.people();
    assert_eq!(people["P1"], json!({ "Gold": true, "email": "ann@example.com", "points": 7, "joined": "2026-11-23" }));
    assert_eq!(people["P3"], json!({ "Gold": true, "points": 12, "joined": "2026-11-23" }));
    assert_eq!(people.len(), 3);

    // The same event once more, and a copy of the same model, find nothing to do.
    let before = sent(&desk);
    desk.world.put(MODEL, model(&[FIRST, SECOND], TYPED, true));
    let again = desk.landed(MODEL).await.unwrap();
    assert_eq!(again["reports"], json!([]), "{again}");
    assert_eq!(sent(&desk), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_changes_nothing_sends_nothing_and_completes_the_run() {
    let desk = Desk::start().await;
    configure(&desk, "");
    desk.world.put(FIRST, format!("{HEADER}P1,ann@example.com,7,11/23/2026\n"));
    desk.deliver(FIRST).await;
    let before = sent(&desk);
    desk.world.put(MODEL, model(&[FIRST], TEXTS, true));
    let report = desk.deliver(MODEL).await;
    assert_eq!(report["outcome"], "delivered", "{report}");
    assert_eq!(report["rows"]["accepted"], 1, "{report}");
    assert!(report.get("notes").is_none_or(|notes| !notes.to_string().contains("read again")), "{report}");
    assert_eq!(sent(&desk), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_need_it_are_delivered_when_it_comes() {
    let desk = Desk::start().await;
    configure(&desk, "");
    desk.world.put(FIRST, "P1,ann@example.com,7,11/23/2026\n");
    let error = desk.landed(FIRST).await.unwrap_err();
    assert!(error.contains("for a file without a header"), "{error}");
    desk.world.put(MODEL, model(&[FIRST], TYPED, false));
    let report = desk.deliver(MODEL).await;
    assert_eq!(report["outcome"], "delivered", "{report}");
    assert_eq!(desk.people()["P1"]["points"], json!(7));
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_in_the_order_of_an_earlier_model_are_put_right() {
    let desk = Desk::start().await;
    configure(&desk, "");
    desk.world.put(MODEL, model(&["incoming/Copied/Gold/2026/11/22/0102/Gold_1.csv"], TEXTS, false));
    // The columns have another order since, and there is one more.
    desk.world.put(FIRST, "7,P1,11/23/2026,ann@example.com\n8,P2,11/24/2026,\n");
    assert_eq!(desk.deliver(FIRST).await["outcome"], "waiting");
    let [id, email, points, joined] = TYPED;
    desk.world.put(MODEL, model(&[FIRST], [points, id, joined, email], false));
    let report = desk.deliver(MODEL).await;
    assert_eq!(report["outcome"], "delivered", "{report}");
    assert_eq!(report["rows"]["accepted"], 2, "{report}");
    let people = desk.people();
    assert_eq!(people["P2"], json!({ "Gold": true, "points": 8, "joined": "2026-11-24" }));
    assert_eq!(people["7"]["Gold"], json!(false), "everyone who was marked by mistake is unmarked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complete_run_is_corrected_too_by_its_event_or_by_the_schedule() {
    for by_event in [true, false] {
        let desk = Desk::start().await;
        configure(&desk, "settle_minutes = 0\n");
        desk.world.put(FIRST, format!("{HEADER}P1,ann@example.com,7,11/23/2026\n"));
        desk.deliver(FIRST).await;
        desk.scheduled().await.unwrap();
        let report = desk.world.report("Gold", "2026-11-23T01:02Z");
        assert_eq!(report["outcome"], "delivered", "{report}");
        assert_eq!(desk.scheduled().await.unwrap()["reports"], json!([]), "nothing is left to be done");

        desk.world.put(MODEL, model(&[FIRST], TYPED, true));
        if by_event {
            desk.deliver(MODEL).await;
        } else {
            desk.scheduled().await.unwrap();
        }
        let report = desk.world.report("Gold", "2026-11-23T01:02Z");
        assert_eq!(report["outcome"], "delivered", "{report}");
        assert_eq!((&report["members"]["left"], &report["members"]["after"]), (&json!(0), &json!(1)), "{report}");
        assert_eq!(desk.people()["P1"]["points"], json!(7));
        assert_eq!(desk.scheduled().await.unwrap()["reports"], json!([]), "nothing is left to be done");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_model_of_the_next_run_does_not_touch_this_one() {
    let desk = Desk::start().await;
    configure(&desk, "settle_minutes = 0\n");
    desk.world.put(FIRST, format!("{HEADER}P1,ann@example.com,7,11/23/2026\n"));
    desk.deliver(FIRST).await;
    let before = sent(&desk);
    let next = FIRST.replace("/23/0102/", "/24/0102/");
    desk.world.put(MODEL, model(&[&next], TYPED, true));
    desk.landed(MODEL).await.unwrap();
    desk.scheduled().await.unwrap();
    assert_eq!(sent(&desk), before, "nothing is sent of the run that the model does not list");
    assert_eq!(desk.people()["P1"]["points"], json!("7"));

    desk.world.put(&next, format!("{HEADER}P1,ann@example.com,7,11/23/2026\n"));
    let report = desk.deliver(&next).await;
    assert_eq!(report["outcome"], "delivered", "{report}");
    assert_eq!(desk.people()["P1"]["points"], json!(7));
}

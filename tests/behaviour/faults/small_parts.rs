//! A first delivery at a low rate leaves thousands of small parts.

use std::sync::Arc;
use std::time::Duration;

use insights_to_braze::state::{PartWriter, read_part};
use itb::standin::fault::{Call, Fault};
use serde_json::{Value, json};

use crate::faults::story::{Story, export, file, outcomes, people, set};
use crate::support::Function;

const PEOPLE: u32 = 2_000;

/// Puts a part of its own in place of each line of the last complete run's.
fn take_apart(story: &Story) {
    let key = format!("{}/ledger.json", story.world.state("Gold").trim_end_matches('/'));
    let mut ledger = story.world.account.get_json(&key).unwrap().unwrap();
    let mut small = Vec::new();
    for part in ledger["last_complete"]["parts"].as_array().unwrap() {
        let whole = part["key"].as_str().unwrap();
        let bytes = story.world.account.get_object(whole).unwrap().unwrap();
        read_part(whole, &bytes, |_, row| {
            let key = whole.replace(".part", &format!("-{:06}.part", small.len()));
            let mut writer = PartWriter::new();
            writer.push(row);
            let (bytes, part) = writer.finish(&key);
            story.put(&key, bytes);
            small.push(json!({ "key": key, "rows": part.rows }));
        })
        .unwrap();
    }
    assert_eq!(small.len(), PEOPLE as usize);
    let files = ledger["runs"]
        .as_object_mut()
        .unwrap()
        .values_mut()
        .flat_map(|run| run["files"].as_object_mut().unwrap().values_mut().map(|file| &mut file["parts"]));
    for parts in files {
        *parts = Value::Array(small.clone());
    }
    ledger["last_complete"]["parts"] = Value::Array(small);
    ledger["last_complete"].as_object_mut().unwrap().remove("base");
    story.put(&key, ledger.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_parts_are_compared_within_a_minute() {
    let story = Story::begin().await;
    story.configure(&export("x", "segments = [\"Gold\"]", ""));
    story.put(&file("x", "Gold", 20, 1), people(0..PEOPLE));
    story.pass().await;
    take_apart(&story);

    // As far as S3 is from a function, and the time of a small one.
    story.world.account.s3.set_faults(Some(Arc::new(|_: &Call| Fault::Delay(Duration::from_millis(30)))));
    story.put(&file("x", "Gold", 21, 1), people(100..PEOPLE));
    let host = story.world.host(Function::Scheduled).await;
    let answer = host.invoke(&json!({}), Duration::from_mins(1)).await.unwrap();
    let reports = answer["reports"].as_array().unwrap();
    assert_eq!(outcomes(reports), ["delivered"], "{reports:?}");
    assert_eq!(reports[0]["members"]["left"], 100, "{reports:?}");
    assert_eq!(story.marked("Gold"), set(100..PEOPLE));
}

//! Files as they are found: from spreadsheets, databases, other encodings, and folders that hold more than exports.

use serde_json::{Value, json};

use crate::formats::desk::Desk;

const IDENTIFIERS: &str = "data_matching = { customer_id = \"Id\", email = \"Email\" }\n";

fn configure(desk: &Desk, further: &str) {
    desk.configure(&format!(
        "[exports.x]\nconnection = \"braze\"\nfolder = \"incoming/x\"\nsettle_minutes = 0\n{IDENTIFIERS}{further}"
    ));
}

async fn deliver(desk: &Desk, key: &str, text: impl AsRef<[u8]>) -> Value {
    let key = format!("incoming/x/{key}");
    desk.world.put(&key, text);
    desk.deliver(&key).await
}

fn rows(count: usize, row: impl Fn(usize) -> String) -> String {
    (0..count).map(|n| row(n) + "\n").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn identifiers_that_merge_people_are_held_before_anything_is_sent() {
    let desk = Desk::start().await;
    configure(&desk, "");
    let text = format!("Id,Email\n{}", rows(20, |n| format!("1.23457E+11,u{n}@example.com")));
    let report = deliver(&desk, "Gold/2026/11/24/0102/Gold_1.csv", text).await;
    assert_eq!(report["outcome"], "held", "{report}");
    assert!(report["message"].as_str().unwrap().contains("\"allow_identifiers\": 20"), "{report}");
    assert!(desk.people().is_empty());

    let text = format!("Id,Email\n{}", rows(20, |n| format!("Gold,u{n}@example.com")));
    let report = deliver(&desk, "Silver/2026/11/24/0102/Silver_1.csv", text).await;
    assert_eq!(report["outcome"], "held", "{report}");
    assert!(desk.people().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn words_for_nothing_are_no_identifiers() {
    let desk = Desk::start().await;
    configure(&desk, "");
    let ids = ["NULL", "null", "#N/A", "nan", "undefined", "00000000-0000-0000-0000-000000000000", "#REF!"];
    let text = format!("Id,Email\n{}", rows(ids.len(), |n| format!("{},p{n}@example.com", ids[n])));
    let report = deliver(&desk, "Seg/2026/11/23/0102/p.csv", text).await;
    assert_eq!(report["rows"]["accepted"], ids.len(), "{report}");
    let people = desk.people();
    assert_eq!(people.len(), ids.len());
    assert!(people.keys().all(|name| name.contains('@')), "{people:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_a_table_are_no_members() {
    let desk = Desk::start().await;
    configure(&desk, "");
    let attributes: Vec<Value> = ["Id", "SinkModifiedOn", "Email", "IsDelete"]
        .iter()
        .map(|name| json!({ "name": name, "dataType": "string" }))
        .collect();
    let model = json!({ "name": "cdm", "version": "1.0", "entities": [{ "$type": "LocalEntity", "name": "seg",
        "annotations": [{ "name": "Athena:PartitionGranularity", "value": "Year" }], "attributes": attributes }] });
    desk.world.put("incoming/x/model.json", model.to_string());
    let text = "1,11/23/2026 0:15:00 AM,a@example.com,\n2,11/23/2026 0:15:00 AM,b@example.com,\n";
    let report = deliver(&desk, "seg/2026/11/23/0015/2026.csv", text).await;
    assert_eq!(report["outcome"], "held", "{report}");
    assert!(report["message"].as_str().unwrap().contains("IsDelete"), "{report}");
    assert!(desk.people().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn spark_excel_and_japanese_windows_are_read() {
    let desk = Desk::start().await;
    let fields = "[exports.x.attributes]\ncompany = \"Company\"\nnote = \"Note\"\n";
    configure(&desk, fields);
    let text = "Company,Id,Email,Note\n\"Screens 48\\\"\",7,a@example.com,\"Made, there, by, us\"\nfine,8,b@example.com,x\n\"foo \\\" bar\",9,c@example.com,y\n";
    let report = deliver(&desk, "Seg/2026/11/23/0102/p.csv", text).await;
    assert_eq!(report["rows"]["accepted"], 3, "{report}");
    assert_eq!(desk.people()["7"]["company"], "Screens 48\"");
    assert_eq!(desk.people()["9"]["company"], "foo \" bar");

    desk.forget_people();
    configure(&desk, "[exports.x.csv]\nencoding = \"shift_jis\"\n[exports.x.attributes]\nlast_name = \"氏名\"\n");
    let (text, ..) = encoding_rs::SHIFT_JIS.encode("Id,Email,氏名\r\n000123,taro@example.jp,山田\r\n");
    deliver(&desk, "Seg/2026/11/24/0102/p.csv", text).await;
    assert_eq!(desk.people()["000123"]["last_name"], "山田");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delimiter_at_the_end_of_every_line_costs_no_row() {
    let desk = Desk::start().await;
    configure(&desk, "");
    let report = deliver(&desk, "Seg/2026/11/23/0102/p.csv", "Id,Email\n1,a@example.com,\n2,b@example.com,\n").await;
    assert_eq!(report["rows"]["accepted"], 2, "{report}");
    let wrong = format!("Id,Email\n{}", rows(6, |n| format!("{n},p{n}@example.com,x")));
    desk.world.put("incoming/x/Seg/2026/11/24/0102/p.csv", wrong);
    let error = desk.landed("incoming/x/Seg/2026/11/24/0102/p.csv").await.unwrap_err();
    assert!(error.contains("every row is rejected for the same reason: too many fields: 3 instead of 2"), "{error}");
}

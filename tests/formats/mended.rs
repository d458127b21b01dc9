//! `rejected.csv`: opens as its source does, and dropped in again after mending it is part of the same run.

use serde_json::{Value, json};

use crate::desk::{Desk, gzip};

const FOLDER: &str = "incoming/Copied/Gold/2026/11/23/0102";

fn configure(desk: &Desk) {
    desk.configure(
        "[exports.loyalty]\nconnection = \"braze\"\nfolder = \"incoming/Copied\"\n\
         data_matching = { customer_id = \"LoyaltyId\", email = \"EMail\" }\n\
         attributes = { first_name = \"FirstName\" }\n",
    );
}

fn model(files: &[&str], header: bool, delimiter: &str) -> Value {
    let partitions: Vec<Value> = files
        .iter()
        .map(|file| {
            json!({ "name": file, "location": format!("https://a/ci/BlobExport/Gold/2026/11/23/0102/{file}"),
                    "fileFormatSettings": { "columnHeaders": header, "delimiter": delimiter } })
        })
        .collect();
    json!({ "entities": [{ "$type": "LocalEntity", "name": "Gold", "partitions": partitions, "attributes": [
        { "name": "LoyaltyId", "dataType": "string" }, { "name": "EMail", "dataType": "string" },
        { "name": "FirstName", "dataType": "string" }] }] })
}

/// The rejected rows of the run, as someone would open them.
fn rejected(desk: &Desk) -> String {
    desk.world.get_text("reports/loyalty/Gold/2026-11-23T01:02Z/rejected.csv")
}

#[tokio::test(flavor = "multi_thread")]
async fn mended_rows_join_their_run_and_nobody_leaves() {
    for (mark, delimiter, ending, header, compressed) in [
        ("", ",", "\n", true, false),
        ("\u{feff}", ";", "\r\n", true, true),
        ("", "\t", "\r\n", false, false),
        ("\u{feff}", "|", "\n", false, true),
    ] {
        let desk = Desk::start().await;
        configure(&desk);
        desk.world.put("incoming/Copied/model.json", model(&["Gold_1.csv"], header, delimiter).to_string());
        let mut rows = vec!["A,ann@example.com,Ann", ",,\"Zoë, the \"\"second\"\"\"", "C,cy@example.com,Cy"];
        if header {
            rows.insert(0, "LoyaltyId,EMail,FirstName");
        }
        let text = format!("{mark}{}{ending}", rows.join(ending)).replace(',', delimiter);
        let text = text.replace(&format!("Zoë{delimiter}"), "Zoë,");
        let key = format!("{FOLDER}/Gold_1.csv");
        desk.world.put(&key, if compressed { gzip(text.as_bytes(), 1) } else { text.into_bytes() });
        let report = desk.deliver(&key).await;
        assert_eq!(report["outcome"], "delivered", "{report}");
        assert_eq!(report["rows"]["rejected"], 1, "{report}");
        assert_eq!(report["members"]["after"], 2, "{report}");

        let file = rejected(&desk);
        let columns = ["LoyaltyId", "EMail", "FirstName", "reason", "line", "file"].join(delimiter);
        assert!(file.starts_with(&format!("{mark}{columns}{ending}")), "{file:?}");
        assert_eq!(file.matches('\n').count(), 2, "{file:?}");
        assert!(!file.replace(ending, "").contains(['\r', '\n']), "one line ending, that of the source: {file:?}");
        let mended = file.replace(
            &format!("{ending}{delimiter}{delimiter}"),
            &format!("{ending}B{delimiter}bo@example.com{delimiter}"),
        );
        assert_ne!(mended, file);
        let again = format!("{FOLDER}/rejected mended.csv");
        desk.world.put(&again, mended);
        let report = desk.deliver(&again).await;
        assert_eq!(report["outcome"], "delivered", "{report}");
        assert_eq!(report["run"], "2026-11-23T01:02Z");
        assert_eq!(report["members"]["left"], 0, "{report}");
        assert_eq!(report["members"]["after"], 3, "{report}");
        assert_eq!(report["rows"]["accepted"], 3, "{report}");
        let people = desk.people();
        assert_eq!(
            people["B"],
            json!({ "Gold": true, "email": "bo@example.com", "first_name": "Zoë, the \"second\"" })
        );
        assert_eq!(people["A"]["Gold"], json!(true));
        assert_eq!(people.len(), 3, "the further columns reach nobody");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_any_kind_of_breakage_can_be_mended() {
    let desk = Desk::start().await;
    configure(&desk);
    let key = format!("{FOLDER}/Gold_1.csv");
    desk.world.put(
        &key,
        "LoyaltyId,EMail,FirstName\nA,ann@example.com,Ann\nB,bo@example.com\nC,cy@example.com,Cy,extra,more\n\
         D,di@example.com,\"Di\nE,ed@example.com,Ed\n",
    );
    let report = desk.deliver(&key).await;
    assert_eq!(report["rows"], json!({ "read": 5, "accepted": 2, "unchanged": 0, "duplicate": 0, "rejected": 3 }));
    let lines: Vec<String> = rejected(&desk).lines().map(str::to_owned).collect();
    assert_eq!(lines[0], "LoyaltyId,EMail,FirstName,reason,line,file");
    assert_eq!(lines[1], format!("B,bo@example.com,,too few fields: 2 instead of 3,3,{key}"));
    assert_eq!(lines[2], format!("C,cy@example.com,Cy,too many fields: 5 instead of 3,4,{key},extra,more"));
    assert!(lines[3].starts_with("D,di@example.com,\"\"\"Di\","), "{}", lines[3]);
    // Whoever mends them in a spreadsheet fills in, takes out what is too much and the mark, and saves under another name.
    let mended = [
        lines[0].clone(),
        lines[1].replace("example.com,,", "example.com,Bo,"),
        lines[2].replace(",extra,more", ""),
        lines[3].replace("\"\"\"Di\"", "Di"),
    ];
    let again = format!("{FOLDER}/mended.csv");
    desk.world.put(&again, mended.join("\r\n"));
    let report = desk.deliver(&again).await;
    assert_eq!(report["rows"]["accepted"], 5, "{report}");
    let people = desk.people();
    let names: Vec<&Value> = people.values().map(|person| &person["first_name"]).collect();
    assert_eq!(names, ["Ann", "Bo", "Cy", "Di", "Ed"]);
}

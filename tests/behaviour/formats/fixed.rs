//! `rejected.csv`: opens as its source does, and dropped in again after mending it is part of the same run.

use serde_json::{Value, json};

use crate::formats::desk::{Desk, gzip};

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
async fn fixed_rows_join_their_run_and_no_one_leaves() {
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
        assert_eq!(report["outcome"], "delivered_with_problems", "{report}");
        assert_eq!(report["rows"]["rejected"], 1, "{report}");
        assert_eq!(report["members"]["after"], 2, "{report}");

        let file = rejected(&desk);
        let columns = ["LoyaltyId", "EMail", "FirstName", "reason", "line", "file"].join(delimiter);
        assert!(file.starts_with(&format!("{mark}{columns}{ending}")), "{file:?}");
        assert_eq!(file.matches('\n').count(), 2, "{file:?}");
        assert!(!file.replace(ending, "").contains(['\r', '\n']), "one line ending, that of the source: {file:?}");
        let fixed = file.replace(
            &format!("{ending}{delimiter}{delimiter}"),
            &format!("{ending}B{delimiter}bo@example.com{delimiter}"),
        );
        assert_ne!(fixed, file);
        let again = format!("{FOLDER}/rejected fixed.csv");
        desk.world.put(&again, fixed);
        let report = desk.deliver(&again).await;
        assert_eq!(report["outcome"], "delivered_with_problems", "one of its four rows stays rejected: {report}");
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

/// Every row has a field too many at its beginning, and a cell that is awkward to write back.
const AWKWARD: &str = "LoyaltyId;EMail;FirstName\r\n\
    x;\"007\";ann@example.com;\"Ann; \"\"the\r\nfirst\"\"\"\r\n\
    x;0012;;\"=1+1\"\r\n\
    x;\"会員 1\";kaito@example.jp;\"\t海斗 🎉, \u{a0}\"\r\n\
    x;B-4;bo@example.com;'Bo' \\ |\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn awkward_cells_come_back_as_they_were() {
    let desk = Desk::start().await;
    configure(&desk);
    let key = format!("{FOLDER}/Gold_1.csv");
    desk.world.put(&key, AWKWARD);
    let report = desk.deliver(&key).await;
    assert_eq!(report["rows"]["rejected"], 4, "{report}");
    let file = rejected(&desk);
    assert!(file.starts_with("LoyaltyId;EMail;FirstName;reason;line;file\r\nx;007;ann@example.com;"), "{file:?}");
    // The field too many stands at the end now; whoever mends it moves the cells to the left.
    let mut fixed = csv::WriterBuilder::new().delimiter(b';').flexible(true).from_writer(Vec::new());
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').flexible(true).from_reader(file.as_bytes());
    fixed.write_record(reader.headers().unwrap()).unwrap();
    for row in reader.records() {
        let row = row.unwrap();
        assert!(row[3].starts_with("too many fields: 4 instead of 3"), "{row:?}");
        fixed.write_record([&row[1], &row[2], &row[6], &row[3], &row[4], &row[5]]).unwrap();
    }
    let again = format!("{FOLDER}/rejected.csv");
    desk.world.put(&again, fixed.into_inner().unwrap());
    let report = desk.deliver(&again).await;
    assert_eq!(report["rows"]["accepted"], 4, "{report}");
    let people = desk.people();
    assert_eq!(people["007"]["first_name"], "Ann; \"the\r\nfirst\"");
    assert_eq!(people["0012"]["first_name"], "=1+1");
    assert_eq!(people["会員 1"]["first_name"], "\t海斗 🎉, \u{a0}");
    assert_eq!(people["B-4"]["first_name"], "'Bo' \\ |");
    assert_eq!(people.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_one_run_make_one_table_and_what_does_not_fit_makes_another() {
    let desk = Desk::start().await;
    configure(&desk);
    let header = "LoyaltyId,EMail,FirstName";
    let broken = |part: u32| format!(",broken{part}");
    let files = [
        (1, format!("\u{feff}{header}\r\n{}\r\n", broken(1)).into_bytes()),
        (2, gzip(format!("{header}\n{}\n", broken(2)).as_bytes(), 2)),
        (3, format!("\"LoyaltyId\",\"EMail\",\"FirstName\"\n{}\n", broken(3)).into_bytes()),
        (4, format!("{header}\n{}\nOK,,\n", broken(4)).replace(',', ";").into_bytes()),
    ];
    for (part, content) in files {
        let key = format!("{FOLDER}/Gold_{part}.csv");
        desk.world.put(&key, content);
        desk.deliver(&key).await;
    }
    let text = rejected(&desk);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert_eq!(lines[0], "\u{feff}LoyaltyId,EMail,FirstName,reason,line,file");
    for (line, part) in lines[1..].iter().zip(1..) {
        assert!(line.replace('"', "").starts_with(&format!(",broken{part},,too few fields")), "{text}");
    }
    let second = desk.world.get_text("reports/loyalty/Gold/2026-11-23T01:02Z/rejected-2.csv");
    assert!(second.starts_with("LoyaltyId;EMail;FirstName;reason;line;file\n;broken4;;too few"), "{second}");

    // Rows that are still broken when they are dropped in again keep to the same table.
    let again = format!("{FOLDER}/fixed.csv");
    desk.world.put(&again, text.replace(",broken1,", "1,one@example.com,"));
    let report = desk.deliver(&again).await;
    assert_eq!(report["rows"]["rejected"], 6, "{report}");
    let text = rejected(&desk);
    assert_eq!(text.matches("LoyaltyId").count(), 1, "{text}");
    assert!(text.contains(&format!(",3,{again}")) && !text.contains(&format!("Gold_2.csv,{again}")), "{text}");

    // Files that are replaced by whole ones leave no rows behind.
    for part in 1..=4 {
        desk.world.put(&format!("{FOLDER}/Gold_{part}.csv"), format!("{header}\n{part},,\n"));
        desk.deliver(&format!("{FOLDER}/Gold_{part}.csv")).await;
    }
    desk.world.put(&again, format!("{header}\n5,,\n"));
    let report = desk.deliver(&again).await;
    assert_eq!(report["rows"]["rejected"], 0, "{report}");
    assert_eq!(rejected(&desk), "");
    assert_eq!(desk.world.get_text("reports/loyalty/Gold/2026-11-23T01:02Z/rejected-2.csv"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_any_kind_of_breakage_can_be_fixed() {
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
    let fixed = [
        lines[0].clone(),
        lines[1].replace("example.com,,", "example.com,Bo,"),
        lines[2].replace(",extra,more", ""),
        lines[3].replace("\"\"\"Di\"", "Di"),
    ];
    let again = format!("{FOLDER}/fixed.csv");
    desk.world.put(&again, fixed.join("\r\n"));
    let report = desk.deliver(&again).await;
    assert_eq!(report["rows"]["accepted"], 5, "{report}");
    let people = desk.people();
    let names: Vec<&Value> = people.values().map(|person| &person["first_name"]).collect();
    assert_eq!(names, ["Ann", "Bo", "Cy", "Di", "Ed"]);
}

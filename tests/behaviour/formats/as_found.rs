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

/// A person looks at the identifiers, finds them right, and names the number of rows in the message.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_doubtful_identifiers_is_held_until_a_person_names_the_number() {
    let desk = Desk::start().await;
    configure(&desk, "");
    let family = |n: usize| format!("F-{:02},person{n}@example.com", n / 4);
    let text = format!("Id,Email\n{}", rows(20, family));
    let report = deliver(&desk, "Families/2026/11/24/0102/p.csv", text).await;
    assert_eq!((&report["outcome"], &report["code"]), (&json!("held"), &json!("ITB-D05")), "{report}");

    // It is held and has not failed: nothing to retry, and the schedule leaves it as it is.
    let status = desk.on_demand(json!({ "action": "status", "export": "x" })).await.unwrap();
    let file = &status["exports"][0]["segments"][0]["runs"][0]["files"][0];
    assert_eq!(file["progress"], "held", "{status}");
    assert!(file["message"].as_str().unwrap().contains("\"allow_identifiers\": 20"), "{status}");
    let answer = desk.scheduled().await.unwrap();
    assert_eq!(answer["reports"][0]["outcome"], "held", "{answer}");
    let retried = desk.on_demand(json!({ "action": "retry", "dry_run": true })).await;
    assert!(
        !retried.as_ref().is_ok_and(|answer| answer["retried"].as_array().is_some_and(|all| !all.is_empty())),
        "{retried:?}"
    );

    let run =
        |allowed: u64| json!({ "action": "run", "export": "x", "segment": "Families", "allow_identifiers": allowed });
    let preview = json!({ "action": "run", "export": "x", "dry_run": true });
    let answer = desk.on_demand(preview).await.unwrap();
    let would_be_held = answer["reports"][0]["preview"]["would_be_held"].as_str().unwrap_or_default();
    assert!(would_be_held.contains("\"allow_identifiers\": 20"), "{answer}");
    let answer = desk.on_demand(run(19)).await.unwrap();
    assert_eq!(answer["reports"][0]["outcome"], "held", "another number is about another file: {answer}");
    assert!(desk.people().is_empty());
    let answer = desk.on_demand(run(20)).await.unwrap();
    assert_eq!(answer["reports"][0]["outcome"], "delivered", "{answer}");
    assert_eq!(desk.people().len(), 5);
    let answer = desk.scheduled().await.unwrap();
    assert!(!answer.to_string().contains("held"), "{answer}");
}

/// Microsoft's Synapse Link for Dataverse writes what changed since its last run into a folder each.
#[tokio::test(flavor = "multi_thread")]
async fn no_increment_of_a_change_feed_is_delivered() {
    let desk = Desk::start().await;
    configure(&desk, "path = \"{run:%Y-%m-%dT%H.%M.%SZ}/{segment}/{part}.csv\"\n");
    let header = "Id,SinkModifiedOn,Email,IsDelete\n";
    for (folder, rows) in [
        ("2026-11-23T00.15.12Z", "1,11/23/2026 0:15:00 AM,a@example.com,\n2,11/23/2026 0:15:00 AM,b@example.com,\n"),
        (
            "2026-11-23T01.12.48Z",
            "3,11/23/2026 1:12:00 AM,c@example.com,\n1,11/23/2026 1:12:00 AM,a@example.com,True\n",
        ),
    ] {
        let report = deliver(&desk, &format!("{folder}/seg/2026.csv"), format!("{header}{rows}")).await;
        assert_eq!(report["outcome"], "held", "{report}");
        assert!(report["message"].as_str().unwrap().contains("IsDelete"), "{report}");
    }
    assert!(desk.people().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_and_parts_are_no_segments() {
    let desk = Desk::start().await;
    configure(&desk, "");
    let others = [
        "Seg - Copy.csv",
        "Seg - Copy (2).csv",
        "Seg - コピー.csv",
        "Segのコピー.csv",
        "Seg copy.csv",
        "Seg_copy2.csv",
        "Copy of Seg.csv",
        "Kopie von Seg.csv",
        "Seg - Kopie.csv",
        "Copie de Seg.csv",
        "Seg_old.csv",
        "Seg_bak.csv",
        "Seg_part1.csv",
        "Seg-part2.csv",
        "SegPart3.csv",
        "Seg (1).csv",
        "Seg_1.csv",
        "Seg_teil2.csv",
        "Seg_20261123.csv",
        "Seg.csv@snapshot=2026-11-23T01:02:03.4567890Z",
    ];
    for name in others.iter().chain(&["Seg.csv"]) {
        desk.world.put(&format!("incoming/x/{name}"), "Id,Email\na,a@example.com\n");
    }
    let answer = desk.on_demand(json!({ "action": "run", "export": "x" })).await.unwrap();
    let segments: Vec<&Value> = answer["reports"].as_array().unwrap().iter().map(|report| &report["segment"]).collect();
    assert_eq!(segments, ["Seg"], "{answer}");
    let ignored: u64 =
        answer["ignored"].as_array().unwrap().iter().filter_map(|ignored| ignored["objects"].as_u64()).sum();
    assert_eq!(ignored, others.len() as u64, "{answer}");
    let person = desk.people().into_values().next().unwrap();
    assert_eq!(person.as_object().unwrap().keys().collect::<Vec<_>>(), ["Seg", "email"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encoding_that_is_not_set_is_named_with_what_to_do() {
    let desk = Desk::start().await;
    for (name, header, encoding, setting) in [
        ("優良顧客", "会員番号,メールアドレス\r\n", encoding_rs::SHIFT_JIS, "shift_jis"),
        ("Größte", "Kundennummer,Straße\r\n", encoding_rs::WINDOWS_1252, "windows-1252"),
    ] {
        let columns: Vec<&str> = header.trim().split(',').collect();
        let export = |further: &str| {
            desk.configure(&format!(
                "[exports.x]\nconnection = \"braze\"\nfolder = \"incoming/x\"\nsettle_minutes = 0\n{further}\
                 [exports.x.data_matching]\ncustomer_id = \"{}\"\n[exports.x.attributes]\nfirst_name = \"{}\"\n",
                columns[0], columns[1]
            ));
        };
        export("");
        let key = format!("incoming/x/{name}/2026/11/23/0102/p.csv");
        let text = format!("{header}000123,山田\r\n");
        let (bytes, ..) =
            encoding.encode(if setting == "shift_jis" { &text } else { "Kundennummer,Straße\r\n000123,Jörg\r\n" });
        desk.world.put(&key, bytes);
        let error = desk.landed(&key).await.unwrap_err();
        for part in [format!("encoding = \"{setting}\""), "CSV UTF-8".to_owned()] {
            assert!(error.contains(&part), "{part}: {error}");
        }
        assert!(setting != "shift_jis" || error.contains("Shift_JIS (CP932)"), "{error}");
        export(&format!("csv = {{ encoding = \"{setting}\" }}\n"));
        let report = desk.deliver(&key).await;
        assert_eq!(report["rows"]["accepted"], 1, "{report}");
        let expected = if setting == "shift_jis" { "山田" } else { "Jörg" };
        assert_eq!(desk.people()["000123"]["first_name"], expected);
        desk.forget_people();
    }
}

/// macOS writes names in the decomposed form, old Japanese systems in half width.
#[tokio::test(flavor = "multi_thread")]
async fn names_that_look_the_same_are_the_same() {
    const COMPOSED: &str = "プレミアム";
    const DECOMPOSED: &str = "フ\u{309a}レミアム";
    for (listed, folder, header) in [
        (COMPOSED, DECOMPOSED, "会員番号,メールアドレス"),
        (DECOMPOSED, COMPOSED, "会員番号,メールアト\u{3099}レス"),
        (COMPOSED, COMPOSED, "会員番号,ﾒｰﾙｱﾄﾞﾚｽ"),
    ] {
        let desk = Desk::start().await;
        desk.configure(&format!(
            "[exports.x]\nconnection = \"braze\"\nfolder = \"incoming/x\"\nsettle_minutes = 0\nsegments = [\"{listed}\"]\n\
             [exports.x.data_matching]\ncustomer_id = \"会員番号\"\nemail = \"メールアドレス\"\n\
             [exports.x.attribute_names]\n\"{listed}\" = \"Premium\"\n"
        ));
        let report =
            deliver(&desk, &format!("{folder}/2026/11/23/0102/p.csv"), format!("{header}\n1,a@example.jp\n")).await;
        assert_eq!(report["rows"]["accepted"], 1, "{report}");
        assert!(!report["notes"].to_string().contains("u{"), "ordinary text is not escaped: {report}");
        assert_eq!(desk.people()["1"]["Premium"], true, "{report}");
        assert_eq!(desk.people()["1"]["email"], "a@example.jp");
        let run = json!({ "action": "run", "export": "x", "segment": folder, "dry_run": true });
        let answer = desk.on_demand(run).await.unwrap();
        assert_eq!(answer["reports"].as_array().unwrap().len(), 1, "{answer}");
    }
}

/// An export of which the header, or the model, does not know the delimiter at the end of each line.
#[tokio::test(flavor = "multi_thread")]
async fn rows_of_another_width_are_read_if_the_field_too_many_is_empty() {
    let desk = Desk::start().await;
    configure(&desk, "");
    let attributes: Vec<Value> =
        ["Id", "Email", "N"].iter().map(|name| json!({ "name": name, "dataType": "string" })).collect();
    let model = json!({ "name": "x", "version": "1.0", "entities": [{ "$type": "LocalEntity", "name": "Seg",
        "attributes": attributes, "partitions": [{ "name": "1",
        "location": "https://a.blob.core.windows.net/ci/x/Seg/2026/11/23/0102/p.csv",
        "fileFormatSettings": { "$type": "CsvFormatSettings", "columnHeaders": false } }] }] });
    desk.world.put("incoming/x/model.json", model.to_string());
    // A line without that delimiter is read as well.
    let text = "1,a@example.com,x,\n2,b@example.com,y,\n3,c@example.com,z,\n4,d@example.com,z\n";
    let text = format!("{}{text}", rows(200, |n| format!("m{n},m{n}@example.com,x,")));
    let report = deliver(&desk, "Seg/2026/11/23/0102/p.csv", text).await;
    assert_eq!((&report["rows"]["accepted"], &report["rows"]["rejected"]), (&json!(204), &json!(0)), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_part_of_the_run_is_ignored_with_a_note() {
    let desk = Desk::start().await;
    configure(&desk, "");
    let folder = "incoming/x/Gold/2026/11/24/0102";
    desk.world
        .put(&format!("{folder}/Gold_1.csv"), format!("Id,Email\n{}", rows(30, |n| format!("{n},p{n}@example.com"))));
    // It is read before the others, by its name: the last file is the first that is read.
    desk.world.put(&format!("{folder}/readme.csv"), "Country,Members,Comment\nJP,20,\nDE,10,done by hand\n");
    let preview = json!({ "action": "run", "export": "x", "dry_run": true });
    let answer = desk.on_demand(preview).await.unwrap();
    let note = "readme.csv: ignored, because it has no identifying column";
    assert!(answer["reports"][0]["notes"].to_string().contains(note), "{answer}");
    let answer = desk.scheduled().await.unwrap();
    let report = &answer["reports"][0];
    assert_eq!((&report["outcome"], &report["rows"]["accepted"]), (&json!("delivered"), &json!(30)), "{answer}");
    assert!(report["notes"].to_string().contains(note), "{answer}");

    // A part that lost its header is a part: the run fails, and nobody has left.
    let folder = "incoming/x/Gold/2026/11/25/0102";
    desk.world
        .put(&format!("{folder}/Gold_1.csv"), format!("Id,Email\n{}", rows(20, |n| format!("{n},p{n}@example.com"))));
    desk.world.put(&format!("{folder}/Gold_2.csv"), rows(10, |n| format!("x,{},p{0}@example.com", n + 20)));
    let error = desk.scheduled().await.unwrap_err();
    assert!(error.contains("Gold_2.csv"), "{error}");
    assert!(desk.people().values().all(|person| person["Gold"] == true), "no one has left");
}

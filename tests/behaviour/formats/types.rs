//! Every type, by `model.json` and its culture, by declaration and by Braze's own fields: the cell and what Braze then holds.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::formats::desk::Desk;

/// A cell and what Braze holds of it; `None` is a cell that Braze would refuse or has nothing to do for.
type Cell = (&'static str, &'static str, Option<Value>);

fn iso_and_en_us() -> Vec<Cell> {
    vec![
        ("string", "00501", Some(json!("00501"))),
        ("string", "  two spaces ", Some(json!("  two spaces "))),
        ("string", "TRUE", Some(json!("TRUE"))),
        ("string", "NULL", None),
        ("string", "Null", Some(json!("Null"))),
        ("string", "   ", None),
        ("guid", "CE759201-F786-D590-BF21-34BFF576C369", Some(json!("CE759201-F786-D590-BF21-34BFF576C369"))),
        ("int64", "9223372036854775807", Some(json!(9_223_372_036_854_775_807_i64))),
        ("int64", "-42", Some(json!(-42))),
        ("int64", "12.0", Some(json!(12))),
        ("int64", "12.5", None),
        ("int64", "1,00", None),
        ("double", "0.1", Some(json!(0.1))),
        ("double", "12.10", Some(json!(12.1))),
        ("double", "1e3", Some(json!(1000.0))),
        ("double", "NaN", None),
        ("decimal", "19.99", Some(json!(19.99))),
        ("decimal", "-.5", Some(json!(-0.5))),
        ("boolean", "True", Some(json!(true))),
        ("boolean", "FALSE", Some(json!(false))),
        ("boolean", "1", Some(json!(true))),
        ("boolean", "0", Some(json!(false))),
        ("boolean", "yes", Some(json!(true))),
        ("boolean", "on", None),
        ("date", "2026-11-23", Some(json!("2026-11-23"))),
        ("date", "11/23/2026", Some(json!("2026-11-23"))),
        ("date", "2/30/2026", None),
        ("dateTime", "2026-11-23T01:02:03Z", Some(json!("2026-11-23T01:02:03Z"))),
        ("dateTime", "2020-03-13 09:49:00Z", Some(json!("2020-03-13T09:49:00Z"))),
        ("dateTime", "11/23/2026 1:02:03 PM", Some(json!("2026-11-23T13:02:03Z"))),
        ("dateTime", "11/23/2026 12:00:00 AM", Some(json!("2026-11-23T00:00:00Z"))),
        ("dateTime", "2026-11-23 01:02:03.1234567", Some(json!("2026-11-23T01:02:03.123Z"))),
        ("dateTime", "32/11/2026 01:02:03", None),
        ("dateTimeOffset", "2026-11-23T01:02:03+09:00", Some(json!("2026-11-22T16:02:03Z"))),
        ("dateTimeOffset", "11/23/2026 1:02:03 AM +00:00", Some(json!("2026-11-23T01:02:03Z"))),
        ("DATETIMEOFFSET", "2026-11-23 01:02:03 -05:30", Some(json!("2026-11-23T06:32:03Z"))),
        ("json", "{\"a\":1}", Some(json!("{\"a\":1}"))),
        ("time", "01:02:03", Some(json!("01:02:03"))),
        ("unclassified", "42", Some(json!("42"))),
        ("somethingNew", "42", Some(json!("42"))),
    ]
}

fn german() -> Vec<Cell> {
    vec![
        ("decimal", "19,99", Some(json!(19.99))),
        ("decimal", "1.234,5", Some(json!(1234.5))),
        ("double", "-0,50", Some(json!(-0.5))),
        ("int64", "12,0", Some(json!(12))),
        ("date", "23.11.2026", Some(json!("2026-11-23"))),
        ("dateTime", "01.02.2026 13:02:03", Some(json!("2026-02-01T13:02:03Z"))),
        ("dateTime", "2026-11-23T01:02:03Z", Some(json!("2026-11-23T01:02:03Z"))),
        ("dateTime", "11/23/2026 1:02:03 PM", None),
    ]
}

fn japanese() -> Vec<Cell> {
    vec![
        ("date", "2026/11/23", Some(json!("2026-11-23"))),
        ("dateTime", "2026/1/2 3:04:05", Some(json!("2026-01-02T03:04:05Z"))),
        ("decimal", "1234.5", Some(json!(1234.5))),
        ("date", "11/23/2026", None),
    ]
}

fn british() -> Vec<Cell> {
    vec![
        ("date", "02/03/2026", Some(json!("2026-03-02"))),
        ("dateTime", "02/03/2026 14:05", Some(json!("2026-03-02T14:05:00Z"))),
        ("decimal", "0.25", Some(json!(0.25))),
    ]
}

/// A calendar that is not known: a day and a month are never guessed apart.
fn unknown_culture() -> Vec<Cell> {
    vec![("date", "11/23/2026", None), ("date", "2026-11-23", Some(json!("2026-11-23")))]
}

#[tokio::test(flavor = "multi_thread")]
async fn types_of_the_model_are_what_braze_stores() {
    let desk = Desk::start().await;
    let tables: [(Option<&str>, Vec<Cell>); 6] = [
        (None, iso_and_en_us()),
        (Some("en-US"), iso_and_en_us()),
        (Some("de-DE"), german()),
        (Some("ja-JP"), japanese()),
        (Some("en-GB"), british()),
        (Some("th-TH"), unknown_culture()),
    ];
    for (number, (culture, cells)) in tables.iter().enumerate() {
        desk.forget_people();
        let (folder, segment) = (format!("incoming/types{number}"), format!("Gold{number}"));
        let fields: Vec<String> = (0..cells.len()).map(|n| format!("v{n} = \"C{n}\"")).collect();
        desk.configure(&format!(
            "[exports.types{number}]\nconnection = \"braze\"\nfolder = \"{folder}\"\ndata_matching = {{ customer_id = \"Id\" }}\nattributes = {{ {} }}\n",
            fields.join(", ")
        ));
        let mut attributes = vec![json!({ "name": "Id", "dataType": "string" })];
        attributes.extend(
            cells.iter().enumerate().map(|(n, (kind, ..))| json!({ "name": format!("C{n}"), "dataType": kind })),
        );
        let mut model = json!({ "name": "types", "version": "1.0", "entities": [
            { "$type": "LocalEntity", "name": segment, "attributes": attributes, "partitions": [] }] });
        if let Some(culture) = culture {
            model["culture"] = json!(culture);
        }
        desk.world.put(&format!("{folder}/model.json"), model.to_string());
        let quoted: Vec<String> =
            cells.iter().map(|(_, cell, _)| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
        let key = format!("{folder}/{segment}/2026/11/23/0102/{segment}_1.csv");
        desk.world.put(&key, format!("P1,{}\n", quoted.join(",")));
        let report = desk.deliver(&key).await;
        assert_eq!(report["rows"]["accepted"], 1, "{culture:?}: {report}");
        let people = desk.people();
        for (n, (kind, cell, expected)) in cells.iter().enumerate() {
            assert_eq!(people["P1"].get(format!("v{n}")), expected.as_ref(), "{culture:?} {kind} {cell:?}");
        }
        let is_empty = |cell: &str| cell.trim().is_empty() || matches!(cell, "NULL" | "NaN");
        let refused = cells.iter().filter(|(_, cell, expected)| expected.is_none() && !is_empty(cell)).count();
        let dropped: u64 =
            report["dropped_fields"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
        assert_eq!(dropped, refused as u64, "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn declared_types_win_over_the_model() {
    let cells: [(&str, &str, Option<Value>); 14] = [
        ("type = \"integer\"", "007", Some(json!(7))),
        ("type = \"float\"", "12", Some(json!(12.0))),
        ("type = \"boolean\"", "t", Some(json!(true))),
        ("type = \"date\"", "2026-11-23T23:59:59+09:00", Some(json!("2026-11-23"))),
        ("type = \"datetime\"", "2026-11-23", Some(json!("2026-11-23T00:00:00Z"))),
        ("type = \"string\"", "42", Some(json!("42"))),
        ("type = \"array\"", "red; blue ;;red;緑", Some(json!(["red", "blue", "緑"]))),
        ("type = \"array\", separator = \"|\"", "a;b|c", Some(json!(["a;b", "c"]))),
        ("type = \"array\"", " ; ", None),
        ("empty = \"remove\"", "", None),
        ("type = \"integer\"", "seven", None),
        ("type = \"boolean\"", "vielleicht", None),
        ("type = \"date\"", "tomorrow", None),
        ("empty = \"keep\"", "", None),
    ];
    let desk = Desk::start().await;
    let fields: Vec<String> =
        cells.iter().enumerate().map(|(n, (how, ..))| format!("v{n} = {{ column = \"C{n}\", {how} }}")).collect();
    desk.configure(&format!(
        "[exports.types]\nconnection = \"braze\"\nfolder = \"incoming/types\"\ndata_matching = {{ customer_id = \"Id\" }}\nattributes = {{ {} }}\n",
        fields.join(", ")
    ));
    let attributes: Vec<Value> =
        (0..cells.len()).map(|n| json!({ "name": format!("C{n}"), "dataType": "int64" })).collect();
    let model = json!({ "entities": [{ "name": "Gold", "attributes": attributes }] });
    desk.world.put("incoming/types/model.json", model.to_string());
    let header: Vec<String> = (0..cells.len()).map(|n| format!("C{n}")).collect();
    let row: Vec<&str> = cells.iter().map(|(_, cell, _)| *cell).collect();
    let key = "incoming/types/Gold/2026/11/23/0102/Gold_1.csv";
    desk.world.put(key, format!("{}\tId\n{}\tP1\n", header.join("\t"), row.join("\t")));
    let report = desk.deliver(key).await;
    assert_eq!(report["rows"]["accepted"], 1, "{report}");
    for (n, (how, cell, expected)) in cells.iter().enumerate() {
        assert_eq!(desk.people()["P1"].get(format!("v{n}")), expected.as_ref(), "{how} {cell:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn brazes_own_fields_have_their_own_rules() {
    let cells: Vec<Cell> = vec![
        ("dob", "11/23/1980", Some(json!("1980-11-23"))),
        ("dob", "1980-11-23 00:00:00Z", Some(json!("1980-11-23"))),
        ("dob", "23.11.1980", None),
        ("country", "de", Some(json!("DE"))),
        ("country", "Germany", Some(json!("DE"))),
        ("country", "Korea", None),
        ("language", "JA", Some(json!("ja"))),
        ("language", "japanese", None),
        ("gender", "Female", Some(json!("F"))),
        ("gender", "x", None),
        ("phone", "+44 20 7946 0958", Some(json!("+442079460958"))),
        ("phone", "12", None),
        ("email_subscribe", "Opted_In", Some(json!("opted_in"))),
        ("email_subscribe", "maybe", None),
        ("push_subscribe", "unsubscribed", Some(json!("unsubscribed"))),
        ("time_zone", "Asia/Tokyo", Some(json!("Asia/Tokyo"))),
        ("time_zone", "JST", None),
        ("first_name", "山田 \"Kai\"", Some(json!("山田 \"Kai\""))),
        ("home_city", "A Coruña", Some(json!("A Coruña"))),
        ("date_of_first_session", "2026-11-23 01:02:03", Some(json!("2026-11-23T01:02:03Z"))),
    ];
    let desk = Desk::start().await;
    let mut names: Vec<&str> = cells.iter().map(|(name, ..)| *name).collect();
    names.dedup();
    let fields: Vec<String> = names.iter().map(|name| format!("{name} = \"{name}\"")).collect();
    desk.configure(&format!(
        "[exports.own]\nconnection = \"braze\"\nfolder = \"incoming/own\"\ndata_matching = {{ customer_id = \"Id\" }}\nattributes = {{ {} }}\n",
        fields.join(", ")
    ));
    let mut text = format!("Id;{}\r\n", names.join(";"));
    for (n, (name, cell, _)) in cells.iter().enumerate() {
        let row: Vec<String> = names
            .iter()
            .map(|column| if column == name { format!("\"{}\"", cell.replace('"', "\"\"")) } else { String::new() })
            .collect();
        write!(text, "P{n};{}\r\n", row.join(";")).unwrap();
    }
    let key = "incoming/own/Gold/2026/11/23/0102/Gold_1.csv";
    desk.world.put(key, text);
    let report = desk.deliver(key).await;
    assert_eq!(report["rows"]["accepted"], cells.len(), "{report}");
    let people = desk.people();
    for (n, (name, cell, expected)) in cells.iter().enumerate() {
        assert_eq!(people[&format!("P{n}")].get(*name), expected.as_ref(), "{name} {cell:?}");
    }
    let dropped = report["dropped_fields"].as_object().unwrap();
    assert_eq!(dropped.values().map(|count| count.as_u64().unwrap()).sum::<u64>(), 7, "{report}");
}

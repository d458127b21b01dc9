//! `inspect`: the first thing that one runs on a new tenant.

use serde_json::{Value, json};

use crate::formats::desk::{Desk, gzip};
use crate::support::{AWKWARD, Function, RUN};

const KEY: &str = "incoming/BlobExport/HighValueCustomers/2026/11/23/0102/HighValueCustomers_1.csv";

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_event_works_in_the_real_function() {
    let desk = Desk::start().await;
    desk.world.configure("", "");
    desk.world.put(KEY, AWKWARD);
    let event: Value = serde_json::from_str(include_str!("../../../events/inspect.json")).unwrap();
    let answer = desk.world.invoke(Function::OnDemand, &event).await.unwrap();
    assert_eq!(answer["action"], "inspect");
    let read = &answer["objects"][0]["exports"]["loyalty"];
    assert_eq!(read["read_as"], "file", "{answer}");
    assert_eq!((&read["segment"], &read["run"]), (&json!("HighValueCustomers"), &json!("2026-11-23T01:02Z")));
    assert_eq!((&read["attribute"], &read["layout"]), (&json!("High Value Customers"), &json!("dated folders")));
    let file = &answer["files"][0];
    assert_eq!(file["fits"], true, "{file}");
    let dialect = json!({ "delimiter": ",", "quotes": "when needed", "line_ending": "CR LF", "gzip": false, "byte_order_mark": true });
    assert_eq!(file["dialect"], dialect);
    assert_eq!(file["header"], "in the file");
    let names: Vec<&Value> = file["columns"].as_array().unwrap().iter().map(|column| &column["name"]).collect();
    assert_eq!(names, ["LoyaltyId", "EMail", "FirstName", "Points"]);
    assert_eq!(file["columns"][1]["first_values"], json!(["a…@a….jp", "a…@a….ie", ""]));
    assert_eq!(file["columns"][0]["first_values"], json!(["0000", "AAA-0", "AAA-0"]));
    assert!(file["columns"][0]["looks_like"].as_array().unwrap().contains(&json!("digits with a leading zero")));
    assert_eq!(file["configured"][3]["read_as"], "a whole number");
    assert_eq!(file["configured"][3]["type_from"], "exports.toml");
    assert_eq!(file["configured"][3]["found"], json!({ "how": "exactly", "number": 4 }));
    for personal in ["kaito", "海斗", "Siobh", "mia@", "LID-2", "0012", "Zoë"] {
        assert!(!answer.to_string().contains(personal), "{personal}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_listed_object_by_object_and_nothing_is_written() {
    let desk = Desk::start().await;
    desk.world.configure("", "");
    desk.world.put(KEY, gzip(AWKWARD.as_bytes(), 2));
    desk.world.put(&format!("{RUN}/HighValueCustomers_2.csv"), "loyaltyid;Points\nA;1\n");
    desk.world.put("incoming/BlobExport/Gold/2026/11/23/0102/Gold_1.csv", "a\n1\n");
    desk.world.put("incoming/BlobExport/ChurnRisk/2026/11/23/0102/ChurnRisk_1.csv", "x@example.com;Ann Smith;1234\n");
    desk.world.put("incoming/BlobExport/ChurnRisk/2026/11/22/0102/ChurnRisk_1.csv", "older\n");
    desk.world.put("incoming/BlobExport/notes.docx", "x");
    desk.world.put("incoming/BlobExport/HighValueCustomers/2026/11/23/0102/x.csv.filepart", "x");
    let before = desk.world.account.list("");
    let answer = desk.inspect(json!({ "key": "incoming/BlobExport" })).await;
    assert_eq!(desk.world.account.list(""), before);
    assert_eq!(desk.world.account.braze.counters().requests, 0);
    let mut of_export = desk.inspect(json!({ "export": "loyalty" })).await;
    let check_first = of_export.as_object_mut().unwrap().remove("check_first").unwrap();
    assert_eq!(check_first[0]["code"], "ITB-W02", "the connection has not been used: {check_first}");
    assert_eq!(answer, of_export, "the same folder, the same answer");

    let object = |ending: &str| {
        let objects = answer["objects"].as_array().unwrap();
        objects.iter().find(|object| object["key"].as_str().unwrap().ends_with(ending)).unwrap()["exports"]["loyalty"]
            .clone()
    };
    assert_eq!(object("Gold_1.csv")["reason"], "its segment is not in the export's `segments`");
    assert_eq!(object("notes.docx")["read_as"], "ignored");
    assert!(object(".filepart")["reason"].as_str().unwrap().contains("half-uploaded"));
    assert_eq!(answer["ignored"].as_object().unwrap().len(), 3, "{answer}");

    let files = answer["files"].as_array().unwrap();
    assert_eq!(files.len(), 3, "the newest run of each segment: {answer}");
    let file = |ending: &str| files.iter().find(|file| file["key"].as_str().unwrap().ends_with(ending)).unwrap();
    assert_eq!(file("HighValueCustomers_1.csv")["dialect"]["gzip"], true);
    let second = file("HighValueCustomers_2.csv");
    assert_eq!(second["fits"], false);
    let problem = second["problem"].as_str().unwrap();
    assert!(
        problem.contains("data_matching.email = \"EMail\": no such column") && problem.contains("\"Points\""),
        "{problem}"
    );
    assert_eq!(second["configured"][0]["found"], json!({ "how": "nearly", "number": 1, "name": "loyaltyid" }));
    assert_eq!(second["configured"][1]["found"], json!({ "how": "missing" }));
    // The row that was taken for a header holds a person, who is not shown.
    let churn = file("ChurnRisk_1.csv");
    assert!(churn["key"].as_str().unwrap().contains("/2026/11/23/"));
    assert!(!churn.to_string().contains("example.com") && !churn.to_string().contains("Smith"), "{churn}");
    assert!(answer["message"].as_str().unwrap().contains("2 files have a problem"), "{}", answer["message"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_listed_with_the_keys_of_its_partitions() {
    let desk = Desk::start().await;
    desk.world.configure("", "");
    let partition = |part: u32| {
        json!({ "name": part.to_string(), "refreshTime": "2026-11-23T01:02:03Z",
                "location": format!("https://acct.blob.core.windows.net/ci/Old%20Name/HighValueCustomers/2026/11/23/0102/HighValueCustomers_{part}.csv?sig=s3cret"),
                "fileFormatSettings": { "columnHeaders": "false", "delimiter": ";" } })
    };
    let attribute = |name: &str, kind: &str| json!({ "name": name, "dataType": kind });
    let model = json!({ "culture": "de-DE", "entities": [{ "name": "HighValueCustomers", "partitions": [partition(1), partition(2)],
        "attributes": [attribute("LoyaltyId", "string"), attribute("EMail", "string"), attribute("FirstName", "string"), attribute("Points", "int64")] }] });
    desk.world.put("incoming/BlobExport/model.json", model.to_string());
    desk.world.put(KEY, "0012;k@example.jp;海斗;7\n");
    for subject in
        [json!({ "key": KEY }), json!({ "key": "incoming/BlobExport/model.json" }), json!({ "export": "loyalty" })]
    {
        let answer = desk.inspect(subject).await;
        let entity = &answer["models"][0]["entities"][0];
        assert_eq!(entity["culture"], "de-DE", "{answer}");
        assert_eq!(entity["columns"][3], json!(["Points", "int64"]));
        assert_eq!(entity["delivered_by"], json!(["loyalty"]));
        let partitions = entity["partitions"].as_array().unwrap();
        assert_eq!((&partitions[0]["key"], &partitions[0]["exists"]), (&json!(KEY), &json!(true)));
        assert_eq!(partitions[0]["location"], "Old Name/HighValueCustomers/2026/11/23/0102/HighValueCustomers_1.csv");
        assert_eq!(partitions[0]["format"], "columnHeaders false, delimiter ';'");
        assert_eq!(partitions[1]["exists"], false);
        assert!(!answer.to_string().contains("s3cret"));
    }
    let answer = desk.inspect(json!({ "key": KEY })).await;
    let file = &answer["files"][0];
    assert_eq!(file["header"], "none in the file; the columns are those of the model");
    assert_eq!((&file["model"], &file["fits"]), (&json!("incoming/BlobExport/model.json"), &json!(true)));
    assert_eq!(file["columns"][3]["model_type"], "int64");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_file_or_model_is_shown_and_the_rest_continues() {
    let desk = Desk::start().await;
    desk.world.configure("", "");
    desk.world.put(KEY, "L\0o\0y\0a\0l\0t\0y\0I\0d\0,\0E\0M\0a\0i\0l\0\n\0");
    desk.world.put(
        "incoming/BlobExport/ChurnRisk/2026/11/23/0102/ChurnRisk_1.csv",
        "LoyaltyId,EMail,FirstName,Points\nA,a@example.com,Ann,1\nB\n",
    );
    let answer = desk.inspect(json!({ "export": "loyalty" })).await;
    let files = answer["files"].as_array().unwrap();
    assert_eq!(files[0]["row_problems"], json!(["line 3: too few fields: 1 instead of 4"]));
    assert!(files[1]["problem"].as_str().unwrap().contains("UTF-16LE"), "{answer}");
    desk.world.put("incoming/BlobExport/model.json", "{");
    let answer = desk.inspect(json!({ "export": "loyalty" })).await;
    assert!(answer["models"][0]["problem"].as_str().unwrap().contains("not JSON"), "{answer}");
    assert!(answer["files"][0]["problem"].as_str().unwrap().contains("not JSON"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_still_to_come_is_read_by_its_name() {
    let desk = Desk::start().await;
    desk.world.configure("", "");
    let answer = desk.inspect(json!({ "key": KEY })).await;
    assert_eq!(answer["objects"][0]["exists"], false);
    assert_eq!(answer["objects"][0]["exports"]["loyalty"]["segment"], "HighValueCustomers");
    assert!(answer["message"].as_str().unwrap().contains("No files found"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_incoming_can_be_inspected_and_requests_are_checked() {
    let desk = Desk::start().await;
    desk.world.configure("", "");
    for (request, part) in [
        (json!({ "key": "config/exports.toml" }), "below incoming/"),
        (json!({ "key": "state/" }), "below incoming/"),
        (json!({}), "key or export"),
        (json!({ "key": KEY, "export": "loyalty" }), "one of the two"),
        (json!({ "export": "loyalti" }), "existing: loyalty"),
        (json!({ "export": "loyalty", "segment": "x" }), "does not know"),
    ] {
        let mut event = request;
        event["action"] = json!("inspect");
        let error = desk.on_demand(event).await.unwrap_err();
        assert!(error.contains(part), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_folder_is_listed_in_part() {
    let desk = Desk::start().await;
    desk.world.configure("", "");
    for day in 1..=28 {
        for hour in 0..10 {
            let key = format!("incoming/BlobExport/ChurnRisk/2026/10/{day:02}/{hour:02}00/ChurnRisk_1.csv");
            desk.world.put(&key, format!("LoyaltyId,EMail,FirstName,Points\nD{day}H{hour},,,\n"));
        }
    }
    let answer = desk.inspect(json!({ "export": "loyalty" })).await;
    assert_eq!(answer["objects"].as_array().unwrap().len(), 200);
    assert_eq!(answer["files"].as_array().unwrap().len(), 1);
    assert_eq!(answer["files"][0]["run"], "2026-10-28T09:00Z");
    let message = answer["message"].as_str().unwrap();
    assert!(message.contains("280 objects") && message.contains("The first 200"), "{message}");
}

//! `model.json` and manifests as they come: other names, texts for booleans, entities that live elsewhere, signatures.

use serde_json::{Value, json};

use crate::formats::desk::Desk;
use crate::support::{Function, TIMEOUT};

const SIGNATURE: &str = "canary-c2lnbmF0dXJl";

fn configure(desk: &Desk, further: &str) {
    desk.configure(&format!(
        "[exports.loyalty]\nconnection = \"braze\"\nfolder = \"incoming/Copied\"\n{further}\
         data_matching = {{ customer_id = \"LoyaltyId\", email = \"EMail\" }}\n\
         attributes = {{ points = \"Points\" }}\n"
    ));
}

/// As another tool would write it: `tables`, columnHeaders as text, an entity that lives elsewhere, one without a file, and
/// locations with a snapshot and a shared access signature, in a folder that has another name here.
fn awkward_model() -> Value {
    let location = |part: u32| {
        format!(
            "https://acct.dfs.core.windows.net/ci/CustomerInsights_0/BlobExport/Gold/2026/11/23/0102/Gold_{part}.csv?snapshot=2026-11-23T01:09:00Z&sv=2026&sig={SIGNATURE}"
        )
    };
    let partition = |part: u32| {
        json!({ "name": part.to_string(), "location": location(part), "refreshTime": "2026-11-23T01:02:03Z",
                "fileFormatSettings": { "$type": "CsvFormatSettings", "columnHeaders": "false", "delimiter": "\\t" } })
    };
    json!({ "name": "BlobExport", "version": "1.0", "culture": "de-DE", "annotations": [{ "name": "x", "value": "y" }], "tables": [
        { "$type": "ReferenceEntity", "name": "Product", "source": "Other", "modelId": "m" },
        { "$type": "LocalEntity", "name": "Silver", "attributes": [{ "name": "LoyaltyId", "dataType": "string" }],
          "partitions": [{ "name": "0", "location": null }] },
        { "$type": "LocalEntity", "name": "Gold", "c360:PrimaryKey": "LoyaltyId",
          "attributes": [{ "name": "LoyaltyId", "dataType": "GUID" }, { "name": "EMail", "dataType": "String" },
                         { "name": "Points", "dataType": "Decimal" }],
          "partitions": [partition(1), partition(2)] }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_awkward_model_is_obeyed_and_completes_the_run() {
    let desk = Desk::start().await;
    configure(&desk, "");
    let model = format!("\u{feff}{}", awkward_model());
    desk.world.put("incoming/Copied/model.json", model);
    let key = |part: u32| format!("incoming/Copied/Gold/2026/11/23/0102/Gold_{part}.csv");
    desk.world.put(&key(1), "P1\tann@example.com\t12,50\nP2\t\t3\n");
    desk.world.put(&key(2), "P3\t\"tab\tin@example.com\"\t0,1\n");
    assert_eq!(desk.deliver(&key(1)).await["outcome"], "waiting");
    let report = desk.deliver(&key(2)).await;
    assert_eq!(report["outcome"], "delivered_with_problems", "an email with a tab in it is not sent: {report}");
    assert_eq!(report["members"]["after"], 3);
    let people = desk.people();
    assert_eq!(people["P1"], json!({ "Gold": true, "email": "ann@example.com", "points": 12.5 }));
    assert_eq!(people["P3"], json!({ "Gold": true, "points": 0.1 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_in_a_location_is_in_no_log_report_state_or_answer() {
    let desk = Desk::start().await;
    configure(&desk, "");
    desk.world.put("incoming/Copied/model.json", awkward_model().to_string());
    let key = "incoming/Copied/Gold/2026/11/23/0102/Gold_1.csv";
    desk.world.put(key, "P1\tann@example.com\t12,50\n");
    let mut function = desk.world.account.function(Function::ObjectCreated.binary());
    function.environment.insert("LOG_LEVEL".to_owned(), "trace".to_owned());
    let host = itb::standin::lambda::LambdaHost::start(function).await.unwrap();
    let mut said = String::new();
    for landed in [key, "incoming/Copied/model.json"] {
        said += &host.invoke(&desk.world.s3_event(landed), TIMEOUT).await.unwrap().to_string();
    }
    said += &desk.inspect(json!({ "key": "incoming/Copied/" })).await.to_string();
    said +=
        &desk.on_demand(json!({ "action": "run", "export": "loyalty", "dry_run": true })).await.unwrap().to_string();
    // A model that cannot be read is told without what is in it.
    desk.world.put("incoming/Copied/model.json", format!("{{\"entities\": [\"https://a?sig={SIGNATURE}\"]}}"));
    let broken = host.invoke(&desk.world.s3_event("incoming/Copied/model.json"), TIMEOUT).await.unwrap_err();
    assert!(broken.message.contains("model.json"), "{broken}");
    said += &broken.to_string();
    said += &desk.inspect(json!({ "key": "incoming/Copied/" })).await.to_string();
    said += &host.log_lines().join("\n");
    for object in desk.world.account.list("") {
        if !object.key.ends_with("model.json") {
            let content = desk.world.account.get_object(&object.key).unwrap().unwrap();
            said += &String::from_utf8_lossy(&content);
        }
    }
    assert!(said.contains("\"outcome\":\"waiting\""), "the delivery is among what was searched");
    assert!(!said.contains(SIGNATURE) && !said.contains("snapshot="), "a signature got out");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_with_relative_locations_says_format_and_completeness() {
    let desk = Desk::start().await;
    configure(&desk, "csv.columns = [\"LoyaltyId\", \"EMail\", \"Points\"]\n");
    let partition = |part: u32| {
        json!({ "location": format!("Gold/2026/11/23/0102/Gold_{part}.csv"), "exhibitsTraits": [
            { "traitReference": "is.partition.format.CSV", "arguments": [
                { "name": "columnHeaders", "value": "false" }, { "name": "delimiter", "value": "|" }] }] })
    };
    let manifest = json!({ "manifestName": "default", "entities": [
        { "type": "LocalEntity", "entityName": "Gold", "entityPath": "Gold.cdm.json/Gold", "dataPartitions": [partition(1), partition(2)] }] });
    desk.world.put("incoming/Copied/default.manifest.cdm.json", manifest.to_string());
    let key = |part: u32| format!("incoming/Copied/Gold/2026/11/23/0102/Gold_{part}.csv");
    desk.world.put(&key(1), "P1|ann@example.com|a, b; c\n");
    desk.world.put(&key(2), "P2|bob@example.com|d\n");
    assert_eq!(desk.deliver(&key(1)).await["outcome"], "waiting");
    assert_eq!(desk.deliver(&key(2)).await["outcome"], "delivered");
    assert_eq!(desk.people()["P1"]["points"], "a, b; c");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_differs_in_case_and_space_is_matched_with_a_note() {
    let desk = Desk::start().await;
    configure(&desk, "");
    let key = "incoming/Copied/Gold/2026/11/23/0102/Gold_1.csv";
    desk.world.put(key, "loyaltyid, EMAIL ,POINTS,Other,other\nP1,ann@example.com,7,x,y\n");
    let report = desk.deliver(key).await;
    assert_eq!(desk.people()["P1"], json!({ "Gold": true, "email": "ann@example.com", "points": "7" }));
    let notes: Vec<&str> = report["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect();
    for part in ["\"loyaltyid\"", "\" EMAIL \"", "\"POINTS\"", "occurs 2 times: columns 4, 5"] {
        assert!(notes.iter().any(|note| note.starts_with(key) && note.contains(part)), "{part}: {notes:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declared_encoding_is_that_of_a_file_that_is_not_utf8() {
    let desk = Desk::start().await;
    configure(&desk, "");
    let model = json!({ "entities": [{ "name": "Gold", "attributes": [
        { "name": "LoyaltyId", "dataType": "string" }, { "name": "EMail", "dataType": "string" }, { "name": "Points", "dataType": "string" }],
        "partitions": [{ "location": "https://a/ci/Copied/Gold/2026/11/23/0102/Gold_1.csv",
                         "fileFormatSettings": { "columnHeaders": false, "encoding": "windows-1252" } }] }] });
    desk.world.put("incoming/Copied/model.json", model.to_string());
    let key = "incoming/Copied/Gold/2026/11/23/0102/Gold_1.csv";
    desk.world.put(key, b"P1,ann@example.com,Ren\xe9\n");
    assert_eq!(desk.deliver(key).await["outcome"], "delivered");
    assert_eq!(desk.people()["P1"]["points"], "René");
    desk.world.put(key, "P1,ann@example.com,Ren\u{e9}\n");
    assert_eq!(desk.deliver(key).await["outcome"], "delivered");
}

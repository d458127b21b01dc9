//! A whole export, from Azure to Braze.

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use std::io::Write as _;

use super::azurite::{Container, account_url};
use super::{FOLDER, configure, csv, fetch, model, outcomes, scheduled};
use crate::support::{Function, World, assert_silent};

const JAPANESE: &str = "優良顧客 (東京)";

fn gzipped(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_as_customer_insights_writes_it_is_fetched_and_delivered() {
    let world = World::start().await;
    let container = Container::create("whole-export").await;
    configure(&world, &container, &account_url());
    let files = [
        "HighValueCustomers/2026/11/23/0102/HighValueCustomers_1.csv",
        "HighValueCustomers/2026/11/23/0102/HighValueCustomers_2.csv",
        "ChurnRisk/2026/11/23/0102/ChurnRisk_1.csv.gz",
    ];
    let japanese = format!("{JAPANESE}/2026/11/23/0102/{JAPANESE}_1.csv");
    // Customer Insights writes model.json once for all tables; here it comes first, and a folder as a hierarchical account lists it.
    let tables: [(&str, &[&str]); 3] =
        [("HighValueCustomers", &files[..2]), ("ChurnRisk", &files[2..]), (JAPANESE, &[&japanese])];
    container.put(&format!("{FOLDER}/model.json"), model(&container, &tables)).await;
    container.put(&format!("{FOLDER}/HighValueCustomers"), "").await;
    container.put(&format!("{FOLDER}/{}", files[0]), csv(0..40)).await;
    container.put(&format!("{FOLDER}/{}", files[1]), csv(40..60)).await;
    container.put(&format!("{FOLDER}/{}", files[2]), gzipped(&csv(10..20))).await;
    container.put(&format!("{FOLDER}/{japanese}"), csv(0..5)).await;
    container.put("CustomerInsights_0a1b2c/OtherExport/model.json", "{}").await;

    let answer = scheduled(&world).await;
    let fetched = &answer["sources"][0];
    assert_eq!((&fetched["outcome"], &fetched["files"]["fetched"]), (&json!("fetched"), &json!(5)), "{answer}");
    assert_eq!(fetched["message"], "Copied 5 files.");
    let delivered = [("ChurnRisk", "delivered"), ("HighValueCustomers", "delivered"), (JAPANESE, "delivered")];
    assert_eq!(outcomes(&answer), delivered);
    assert_eq!(world.has_attribute("LID-59", "High Value Customers"), true);
    assert_eq!(world.has_attribute("LID-19", "ChurnRisk"), true);
    assert_eq!(world.has_attribute("LID-4", JAPANESE), true);

    let calls = world.account.s3.calls();
    let written = calls.iter().filter(|call| call.operation == "PutObject" && call.resource.starts_with("incoming/"));
    let keys: Vec<&str> = written.map(|call| call.resource.as_str()).collect();
    assert_eq!(keys.len(), 5, "{keys:?}");
    assert_eq!(keys[4], "incoming/BlobExport/model.json", "the files that it lists come first: {keys:?}");
    assert_eq!(world.get_text(&format!("incoming/BlobExport/{}", files[1])), csv(40..60));

    // The second pass finds everything in its place: one call for the list, and none for a file.
    let (lists, reads) = (container.requests("comp=list"), container.requests(".csv"));
    let answer = scheduled(&world).await;
    assert_eq!(answer["sources"][0]["message"], "Nothing new: the bucket has every file.", "{answer}");
    assert_eq!(answer["sources"][0]["files"]["unchanged"], 5);
    assert_eq!((container.requests("comp=list"), container.requests(".csv")), (lists + 1, reads));
    assert!(outcomes(&answer).is_empty(), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_half_written_waits_for_its_other_half() {
    let world = World::start().await;
    let container = Container::create("half-written").await;
    configure(&world, &container, &account_url());
    let run = |run: &str, part: u32| format!("HighValueCustomers/2026/11/{run}/0102/HighValueCustomers_{part}.csv");
    let (first, second, third) = (run("23", 1), run("24", 1), run("24", 2));
    container.put(&format!("{FOLDER}/{first}"), csv(0..40)).await;
    container.put(&format!("{FOLDER}/model.json"), model(&container, &[("HighValueCustomers", &[&first])])).await;
    assert_eq!(outcomes(&scheduled(&world).await), [("HighValueCustomers", "delivered")]);

    // Half of the next run: no one leaves because of the half that is not there yet.
    let of_next = model(&container, &[("HighValueCustomers", &[&second, &third])]);
    container.put(&format!("{FOLDER}/model.json"), of_next).await;
    container.put(&format!("{FOLDER}/{second}"), csv(0..20)).await;
    assert_eq!(outcomes(&scheduled(&world).await), [("HighValueCustomers", "waiting")]);
    assert_eq!(world.has_attribute("LID-39", "High Value Customers"), true);

    container.put(&format!("{FOLDER}/{third}"), csv(20..38)).await;
    assert_eq!(outcomes(&scheduled(&world).await), [("HighValueCustomers", "delivered")]);
    assert_eq!(world.has_attribute("LID-39", "High Value Customers"), false);
    assert_eq!(world.has_attribute("LID-37", "High Value Customers"), true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_and_connect_copy_nothing() {
    let world = World::start().await;
    let container = Container::create("dry-run").await;
    configure(&world, &container, &account_url());
    container.put(&format!("{FOLDER}/A/2026/11/23/0102/A_1.csv"), csv(0..9)).await;
    container.put(&format!("{FOLDER}/model.json"), "{}").await;
    let report = fetch(&world, json!({ "source": "ci", "dry_run": true })).await;
    assert_eq!((&report["outcome"], &report["files"]["fetched"]), (&json!("dry_run"), &json!(2)), "{report}");
    assert_eq!(report["message"], "Nothing was copied. 2 files would be.");
    let connect = json!({ "action": "connect", "source": "ci" });
    let connected = world.invoke(Function::OnDemand, &connect).await.unwrap();
    assert_eq!(connected["outcome"], "connected", "{connected}");
    assert_eq!(connected["days_left"], 364);
    assert!(connected["message"].as_str().unwrap().contains("2 files in the folder"), "{connected}");
    assert!(world.account.list("incoming/").is_empty() && world.account.list("state/").is_empty());

    assert_eq!(fetch(&world, json!({})).await["files"]["fetched"], 2);
    let status = world.invoke(Function::OnDemand, &json!({ "action": "status" })).await.unwrap();
    let source = &status["sources"][0];
    assert_eq!((&source["source"], &source["days_left"]), (&json!("ci"), &json!(364)), "{status}");
    assert_eq!(source["message"], "Copied 2 files.");
    assert_silent([status.to_string(), report.to_string()]);
}

/// Nothing of a SAS is in a log line, an answer, or an object of the bucket.
#[tokio::test(flavor = "multi_thread")]
async fn no_sas_is_anywhere() {
    let world = World::start().await;
    let container = Container::create("canary").await;
    configure(&world, &container, &account_url());
    container.put(&format!("{FOLDER}/A/2026/11/23/0102/A_1.csv"), csv(0..9)).await;
    let mut function = world.account.function(Function::Scheduled.binary());
    function.environment.insert("LOG_LEVEL".to_owned(), "trace".to_owned());
    let host = itb::standin::lambda::LambdaHost::start(function).await.unwrap();
    let answer = host.invoke(&json!({}), crate::support::TIMEOUT).await.unwrap();
    assert_eq!(answer["sources"][0]["files"]["fetched"], 1, "{answer}");
    // The second time, Azure is out of reach: what the connection says may hold the address.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    configure(&world, &container, &format!("http://127.0.0.1:{port}/devstoreaccount1"));
    let failed = host.invoke(&json!({}), crate::support::TIMEOUT).await;
    let failed = failed.map(|answer| answer["sources"].to_string()).unwrap_err().to_string();
    assert!(failed.contains("can't reach 127.0.0.1/devstoreaccount1/canary"), "{failed}");
    let is_silent = |text: &str| !text.contains("canary-sas") && !text.contains("sig=") && !text.contains("AccountKey");
    let mut texts = host.log_lines();
    texts.extend([answer.to_string(), failed]);
    let content = |key: &str| world.account.get_object(key).unwrap().unwrap_or_default();
    let objects = world.account.list("");
    texts.extend(objects.iter().map(|object| String::from_utf8_lossy(&content(&object.key)).into_owned()));
    assert!(texts.len() > 10);
    for text in texts {
        assert!(is_silent(&text), "{text}");
    }
}

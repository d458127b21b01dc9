//! Files come from Azure Blob Storage: an export as Customer Insights writes it, fetched by the real functions from Azurite,
//! Microsoft's own emulator.

mod azurite;
mod big;
mod changing;
mod entra;
mod proxy;
mod refusals;
mod whole;

use serde_json::{Value, json};

use self::azurite::Container;
use crate::support::{Function, World};

/// The folder that Customer Insights writes an export into.
pub(crate) const FOLDER: &str = "CustomerInsights_0a1b2c/BlobExport";
pub(crate) const SAS_SECRET: &str = "insights-to-braze/azure";

/// The configuration with the source `ci`, and its secret.
pub(crate) fn configure(world: &World, container: &Container, account_url: &str) {
    configure_with(world, container, account_url, &container.good_sas());
}

pub(crate) fn configure_with(world: &World, container: &Container, account_url: &str, sas: &str) {
    world.account.set_secret(SAS_SECRET, json!({ "sas": sas }).to_string());
    configure_at(world, account_url, &container.name);
}

/// The configuration alone.
pub(crate) fn configure_at(world: &World, account_url: &str, container: &str) {
    let export = world.config("", "").replace("segments = [\"HighValueCustomers\", \"ChurnRisk\"]\n", "");
    let source = format!(
        "[sources.ci]\nkind = \"azure-blob\"\naccount_url = \"{account_url}\"\ncontainer = \"{container}\"\n\
         folder = \"{FOLDER}\"\nsecret = \"{SAS_SECRET}\"\ninto = \"incoming/BlobExport\"\n"
    );
    world.put("config/exports.toml", format!("{export}\n{source}"));
}

/// The rows of a file.
pub(crate) fn csv(ids: std::ops::Range<u32>) -> String {
    let rows = ids.map(|id| format!("LID-{id},p{id}@example.jp,海斗,{id}\r\n"));
    std::iter::once("LoyaltyId,EMail,FirstName,Points\r\n".to_owned()).chain(rows).collect()
}

/// `model.json` as Customer Insights writes it: each table with the files of its newest run, by their addresses in Azure.
pub(crate) fn model(container: &Container, tables: &[(&str, &[&str])]) -> String {
    let entities: Vec<Value> = tables
        .iter()
        .map(|(table, files)| {
            let attributes = ["LoyaltyId", "EMail", "FirstName", "Points"];
            let partitions = files.iter().map(|file| {
                let location = format!("https://contoso.blob.core.windows.net/{}/{FOLDER}/{file}", container.name);
                json!({ "name": file.rsplit('/').next(), "refreshTime": "2026-11-23T01:02:03Z", "location": location,
                        "fileFormatSettings": { "$type": "CsvFormatSettings", "columnHeaders": true, "delimiter": "," } })
            });
            json!({ "$type": "LocalEntity", "name": table,
                    "attributes": attributes.map(|name| json!({ "name": name, "dataType": "string" })),
                    "partitions": partitions.collect::<Vec<_>>() })
        })
        .collect();
    json!({ "name": "BlobExport", "version": "1.0", "entities": entities }).to_string()
}

pub(crate) async fn scheduled(world: &World) -> Value {
    world.invoke(Function::Scheduled, &json!({})).await.unwrap()
}

pub(crate) async fn fetch(world: &World, further: Value) -> Value {
    let mut event = json!({ "action": "fetch" });
    event.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    let answer = world.invoke(Function::OnDemand, &event).await.unwrap();
    answer["sources"][0].clone()
}

/// The outcome of each segment in an answer.
pub(crate) fn outcomes(answer: &Value) -> Vec<(&str, &str)> {
    let reports = answer["reports"].as_array().unwrap();
    reports
        .iter()
        .map(|report| (report["segment"].as_str().unwrap_or_default(), report["outcome"].as_str().unwrap_or_default()))
        .collect()
}

//! What Azure refuses, in the words of the places where it can be fixed.

use serde_json::json;

use super::azurite::{self, Container, account_url};
use super::proxy::{Deed, Proxy};
use super::{FOLDER, SAS_SECRET, configure, configure_with, csv, fetch};
use crate::support::{Function, World, assert_silent};

async fn failed(world: &World) -> (String, String) {
    let report = fetch(world, json!({})).await;
    assert_eq!(report["outcome"], "failed", "{report}");
    assert!(!report.to_string().contains("sig="), "{report}");
    assert!(!report.to_string().contains("canary"), "{report}");
    (report["code"].as_str().unwrap().to_owned(), report["message"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sas_that_is_not_good_enough_is_named_with_what_to_do() {
    let world = World::start().await;
    let container = Container::create("not-good-enough").await;
    container.put(&format!("{FOLDER}/A/2026/11/23/0102/A_1.csv"), csv(0..5)).await;
    let far = "2099-01-01T00:00:00Z";
    let spoilt = container.good_sas().replace("sig=", "sig=AA");
    for (sas, code, says) in [
        (container.sas("rl", "2026-01-31T10:00:00Z"), "ITB-K05", "expired at 2026-01-31T10:00:00Z"),
        (container.sas("r", far), "ITB-K06", "lacks the permission List"),
        (container.sas("l", far), "ITB-K06", "lacks the permission Read"),
        // Azurite's answer to a wrong signature; that of Azure is below.
        (spoilt, "ITB-K09", "a SAS of another container"),
        ("sv=1&sr=c".to_owned(), "ITB-K03", "\"sv\" or \"sig\" is missing"),
    ] {
        configure_with(&world, &container, &account_url(), &sas);
        let (found, message) = failed(&world).await;
        assert_eq!(found, code, "{message}");
        assert!(message.contains(says), "{message}");
    }
    // The status shows what failed.
    let status = world.invoke(Function::OnDemand, &json!({ "action": "status" })).await.unwrap();
    assert_eq!(status["sources"][0]["last"]["outcome"], "failed", "{status}");
    configure_with(&world, &container, &account_url(), &container.sas("rl", far));
    assert_eq!(fetch(&world, json!({})).await["outcome"], "fetched");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sas_that_ends_soon_is_reported_two_weeks_before() {
    let world = World::start().await;
    let container = Container::create("ends-soon").await;
    for (days, warned) in [(13, true), (20, false)] {
        let end = jiff::Timestamp::now().as_second() + days * 24 * 3_600 + 60;
        let sas = container.sas("rl", &jiff::Timestamp::from_second(end).unwrap().to_string());
        configure_with(&world, &container, &account_url(), &sas);
        container.put(&format!("{FOLDER}/A/2026/11/23/0102/A_{days}.csv"), csv(0..5)).await;
        let report = fetch(&world, json!({})).await;
        assert_eq!((&report["outcome"], &report["days_left"]), (&json!("fetched"), &json!(days)));
        assert_eq!(report["code"] == "ITB-K26", warned, "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_azure_says_is_translated() {
    let world = World::start().await;
    let container = Container::create("says").await;
    let proxy = Proxy::start().await;
    configure(&world, &container, &proxy.account_url);
    container.put(&format!("{FOLDER}/A/2026/11/23/0102/A_1.csv"), csv(0..5)).await;
    for (holding, status, azure, code, says) in [
        ("comp=list", 403, "AuthenticationFailed", "ITB-K07", "Check that it was copied whole"),
        ("comp=list", 403, "AuthorizationFailure", "ITB-K09", "storage account > Networking"),
        ("comp=list", 403, "AuthorizationPermissionMismatch", "ITB-K08", "Storage Blob Data Reader"),
        ("A_1.csv", 403, "AuthorizationPermissionMismatch", "ITB-K08", "is not allowed to read"),
        ("comp=list", 403, "KeyBasedAuthenticationNotPermitted", "ITB-K10", "enable storage account key access"),
        ("comp=list", 404, "ContainerNotFound", "ITB-K11", "Check container and account_url"),
        ("A_1.csv", 409, "BlobArchived", "ITB-K15", "Change its access tier"),
        ("comp=list", 400, "InvalidQueryParameterValue", "ITB-K14", "400 InvalidQueryParameterValue"),
    ] {
        proxy.on(holding, 1, Deed::Refuse(status, azure));
        let (found, message) = failed(&world).await;
        assert_eq!(found, code, "{azure}: {message}");
        assert!(message.contains(says), "{azure}: {message}");
    }
    // A moment's overload is nothing that anyone has to know.
    proxy.on("comp=list", 1, Deed::Refuse(503, "ServerBusy"));
    assert_eq!(fetch(&world, json!({})).await["outcome"], "fetched");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_places_and_secrets_are_named() {
    let world = World::start().await;
    let container = Container::create("wrong-places").await;
    configure(&world, &container, &account_url());
    let report = fetch(&world, json!({})).await;
    assert_eq!(report["code"], "ITB-K25", "an empty folder: {report}");
    assert!(report["message"].as_str().unwrap().contains("blob soft delete"), "{report}");
    let config = world.get_text("config/exports.toml");
    world.put("config/exports.toml", config.replace("container = \"wrong-places\"", "container = \"not-there\""));
    world.account.set_secret(SAS_SECRET, json!({ "sas": azurite::account_sas() }).to_string());
    assert_eq!(failed(&world).await.0, "ITB-K11");
    world.put("config/exports.toml", config.replace(SAS_SECRET, "insights-to-braze/absent"));
    let (code, message) = failed(&world).await;
    assert_eq!(code, "ITB-K01");
    assert!(message.contains("SourceSecretArns"), "{message}");
}

/// A source that fails keeps nothing else from being delivered, and makes the invocation fail, which the alarm sees.
#[tokio::test(flavor = "multi_thread")]
async fn exports_are_delivered_although_a_source_fails() {
    let world = World::start().await;
    let container = Container::create("fails").await;
    configure_with(&world, &container, &account_url(), &container.sas("rl", "2026-01-31T10:00:00Z"));
    world.put("incoming/BlobExport/ChurnRisk/2026/11/23/0102/ChurnRisk_1.csv", csv(0..5));
    let error = world.invoke(Function::Scheduled, &json!({})).await.unwrap_err().to_string();
    assert!(error.contains("source ci: the SAS of the source ci expired"), "{error}");
    assert_eq!(world.has_attribute("LID-4", "ChurnRisk"), true);
    let connect = world.invoke(Function::OnDemand, &json!({ "action": "connect", "source": "ci" })).await.unwrap();
    assert_eq!((&connect["outcome"], &connect["code"]), (&json!("failed"), &json!("ITB-K05")));
    assert_silent([connect.to_string()]);
}

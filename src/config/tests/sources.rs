//! `[sources.NAME]`

use super::{file, mistake, mistakes, refused, right};

const ACCOUNT: &str =
    "the URL of the Blob service of a storage account, such as \"https://ACCOUNT.blob.core.windows.net\"";
const CONTAINER: &str = "the name of a container: 3 to 63 lower-case letters, digits and single hyphens";

/// A right source with further lines; the first of them replaces the line of the same key.
fn source(line: &str) -> String {
    let key = line.split('=').next().unwrap_or_default().trim();
    let lines = [
        "kind = \"azure-blob\"",
        "account_url = \"https://contoso.blob.core.windows.net\"",
        "container = \"customer-insights\"",
        "secret = \"insights-to-braze/azure\"",
        "into = \"incoming/BlobExport\"",
    ];
    let kept: Vec<&str> = lines.iter().copied().filter(|kept| !kept.starts_with(&format!("{key} "))).collect();
    format!("[sources.ci]\n{line}\n{}\n", kept.join("\n"))
}

#[test]
fn a_source_alone_is_a_right_file() {
    let config = right(&source("folder = \"/CustomerInsights_0/Blob Export 顧客/\""));
    let ci = config.sources.get("ci").unwrap();
    assert_eq!(ci.account_url.as_deref(), Some("https://contoso.blob.core.windows.net"));
    assert_eq!(ci.container.as_deref(), Some("customer-insights"));
    assert_eq!(ci.folder, "CustomerInsights_0/Blob Export 顧客");
    assert_eq!((ci.into.as_str(), ci.keep_days, &*ci.secret), ("incoming/BlobExport", 7, "insights-to-braze/azure"));
    assert_eq!(right(&source("keep_days = 31")).sources.get("ci").unwrap().keep_days, 31);
}

#[test]
fn with_a_sas_url_in_the_secret_account_and_container_are_left_out_together() {
    let both = "account_url = \"https://contoso.blob.core.windows.net\"\ncontainer = \"customer-insights\"\n";
    let neither = source("").replace(both, "");
    assert_eq!(right(&neither).sources.get("ci").unwrap().account_url, None);
    let one = mistake(&source("").replace("container = \"customer-insights\"\n", ""));
    assert_eq!((one.key.as_str(), one.found.as_str()), ("container", "nothing, the key is missing"));
    assert!(one.advice.unwrap().contains("go together"));
    let other = mistake(&source("").replace("account_url = \"https://contoso.blob.core.windows.net\"\n", ""));
    assert_eq!(other.key, "account_url");
}

#[test]
fn every_mistake_of_a_source_is_reported_with_all_others() {
    let text = file("objects_per_request = 0", "")
        + "[sources.ci]\nkind = \"azure\"\naccount_url = \"contoso\"\ncontainer = \"CI\"\nkeep_days = 0\nfolders = \"x\"\n";
    let keys: Vec<String> = mistakes(&text).into_iter().map(|mistake| mistake.key).collect();
    let expected =
        ["objects_per_request", "into", "secret", "kind", "account_url", "container", "keep_days", "folders"];
    assert_eq!(keys.len(), expected.len(), "{keys:?}");
    assert!(expected.iter().all(|key| keys.iter().any(|found| found == key)), "{keys:?}");
    let unknown = mistakes(&text).into_iter().find(|mistake| mistake.key == "folders").unwrap();
    assert_eq!(unknown.advice.unwrap(), "did you mean \"folder\"?");
}

#[test]
fn urls_of_accounts() {
    for (url, taken) in [
        ("https://contoso.blob.core.windows.net/", "https://contoso.blob.core.windows.net"),
        ("HTTPS://Contoso.Blob.Core.Windows.Net", "https://contoso.blob.core.windows.net"),
        ("https://contoso.z01.blob.storage.azure.net", "https://contoso.z01.blob.storage.azure.net"),
        ("http://127.0.0.1:10000/devstoreaccount1", "http://127.0.0.1:10000/devstoreaccount1"),
    ] {
        let config = right(&source(&format!("account_url = \"{url}\"")));
        assert_eq!(config.sources.get("ci").unwrap().account_url.as_deref(), Some(taken));
    }
    for (url, found, advice) in [
        (
            "https://contoso.blob.core.windows.net/ci?sv=1&sig=canary",
            "a URL with a SAS, a user or a fragment (not shown)",
            "store the SAS in the secret, as {\"sas\": \"…\"}",
        ),
        ("contoso", "the text \"contoso\"", "write it as \"https://contoso.blob.core.windows.net\""),
        (
            "https://contoso.dfs.core.windows.net",
            "the text \"https://contoso.dfs.core.windows.net\"",
            "the files are read through the Blob service: write \"https://contoso.blob.core.windows.net\"",
        ),
        (
            "https://contoso.blob.core.windows.net/ci",
            "the text \"https://contoso.blob.core.windows.net/ci\"",
            "write what follows the host as container and folder",
        ),
        (
            "http://contoso.blob.core.windows.net",
            "the text \"http://contoso.blob.core.windows.net\"",
            "only https is allowed",
        ),
    ] {
        let text = source(&format!("account_url = \"{url}\""));
        let mistake = refused(&text, "sources.ci", "account_url", found, ACCOUNT);
        assert_eq!(mistake.advice.as_deref(), Some(advice));
    }
}

#[test]
fn names_of_containers() {
    right(&source("container = \"$root\""));
    for name in ["ci", "Customer-Insights", "a--b", "-ab", "ab-", "a_b", "container/folder"] {
        let text = source(&format!("container = \"{name}\""));
        refused(&text, "sources.ci", "container", &format!("the text \"{name}\""), CONTAINER);
    }
}

#[test]
fn a_sas_in_the_place_of_a_secrets_name_is_not_shown() {
    for secret in [
        "sv=2024-11-04&sig=canary%3D",
        "https://contoso.blob.core.windows.net/ci?sv=1&sig=canary",
        "?sv=1&sr=c&sig=canary",
    ] {
        let mistake = mistake(&source(&format!("secret = \"{secret}\"")));
        assert_eq!(mistake.key, "secret");
        assert!(mistake.advice.as_deref().unwrap().contains("write only the secret's name here"));
        assert!(!mistake.to_string().contains("canary"), "{mistake}");
    }
}

#[test]
fn folders_are_below_incoming_and_of_one_source_alone() {
    let elsewhere = mistake(&source("into = \"archive/BlobExport\""));
    assert_eq!((elsewhere.key.as_str(), elsewhere.found.as_str()), ("into", "the text \"archive/BlobExport\""));
    let upwards = mistake(&source("folder = \"../other\""));
    assert_eq!(upwards.key, "folder");
    for into in ["incoming/BlobExport", "incoming/BlobExport/inner"] {
        let second = source(&format!("into = \"{into}\"")).replace("[sources.ci]", "[sources.second]");
        let overlapping = mistake(&format!("{}{second}", source("")));
        assert_eq!((overlapping.table.as_str(), overlapping.key.as_str()), ("sources.second", "into"));
        assert_eq!(overlapping.found, format!("\"{into}\", which overlaps with into of [sources.ci]"));
    }
    let beside = source("into = \"incoming/BlobExport2\"").replace("[sources.ci]", "[sources.second]");
    right(&format!("{}{beside}", source("")));
}

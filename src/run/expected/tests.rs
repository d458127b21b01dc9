#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::json;

use super::*;
use crate::run::layout::tests::{export, with_path};

const BLOB_EXPORT: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/model/blob-export.json"));
const MANIFEST: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/model/default.manifest.cdm.json"));

fn run(text: &str) -> RunId {
    text.parse().expect(text)
}

fn expected(
    export: &Export,
    segment: &str,
    at: &str,
    model: &[u8],
    model_key: &str,
    existing: &[&str],
) -> Option<Vec<String>> {
    let model = Model::parse(model).expect("a model");
    expected_files(export, &segment.into(), run(at), &model, model_key, existing)
}

fn keys(folder: &str, segment: &str, time: &str, parts: &[u8]) -> Vec<String> {
    parts.iter().map(|part| format!("{folder}/{segment}/{time}/{segment}_{part}.csv")).collect()
}

#[test]
fn a_run_has_the_files_that_the_model_lists_for_it() {
    for folder in ["incoming/BlobExport", "incoming"] {
        let export = export(folder, None);
        let at = "incoming/BlobExport";
        let model_key = "incoming/BlobExport/model.json";
        let files = |segment, time| expected(&export, segment, time, BLOB_EXPORT, model_key, &[]);
        let high = keys(at, "HighValueCustomers", "2026/11/23/0102", &[1, 2, 3]);
        assert_eq!(files("HighValueCustomers", "2026-11-23T01:02Z"), Some(high));
        assert_eq!(files("HighValueCustomers", "2026-11-22T01:02Z"), None, "another run");
        let older = keys(at, "Male_under_40", "2026/11/22/0101", &[1]);
        assert_eq!(files("Male_under_40", "2026-11-22T01:01Z"), Some(older));
        assert_eq!(files("EmptySoFar", "2026-11-23T01:02Z"), None);
        assert_eq!(files("Product", "2026-11-23T01:02Z"), None);
        let other_name = keys(at, "ChurnSegmentDemo", "2026/11/23/0102", &[1]);
        assert_eq!(files("ChurnSegmentDemo", "2026-11-23T01:02Z"), Some(other_name));
    }
}

#[test]
fn runs_are_listed_oldest_first() {
    let model = Model::parse(BLOB_EXPORT).unwrap();
    let export = export("incoming/BlobExport", None);
    let runs = listed_runs(&export, &"Male_under_40".into(), &model, "incoming/BlobExport/model.json", &[]).unwrap();
    let runs: Vec<String> = runs.keys().map(ToString::to_string).collect();
    assert_eq!(runs, ["2026-11-22T01:01Z", "2026-11-23T01:02Z"]);
}

#[test]
fn a_copy_under_another_folder_is_found_and_a_missing_file_stays_missing() {
    let export = export("incoming/loyalty", Some(&["HighValueCustomers"]));
    let there = keys("incoming/loyalty/copy", "HighValueCustomers", "2026/11/23/0102", &[1, 3]);
    let older = keys("incoming/loyalty/copy", "HighValueCustomers", "2026/11/22/0102", &[1, 2, 3]);
    let existing: Vec<&str> = there.iter().chain(&older).map(String::as_str).collect();
    let files = expected(
        &export,
        "HighValueCustomers",
        "2026-11-23T01:02Z",
        BLOB_EXPORT,
        "incoming/loyalty/model.json",
        &existing,
    )
    .expect("the model lists the run");
    assert_eq!(files.len(), 3);
    let missing: Vec<_> = files.iter().filter(|key| !existing.contains(&key.as_str())).collect();
    assert_eq!(missing, ["incoming/loyalty/HighValueCustomers/2026/11/23/0102/HighValueCustomers_2.csv"]);
}

#[test]
fn the_same_file_listed_twice_is_expected_once() {
    let location = "https://a/ci/Blob/S/2026/11/23/0102/S_1.csv";
    let model = json!({"entities": [{"name": "S", "partitions": [
        {"location": location}, {"location": format!("{location}?snapshot=2026-11-23T01:09:00Z")},
    ]}]});
    let export = export("incoming/Blob", None);
    let files =
        expected(&export, "S", "2026-11-23T01:02Z", model.to_string().as_bytes(), "incoming/Blob/model.json", &[]);
    assert_eq!(files, Some(vec!["incoming/Blob/S/2026/11/23/0102/S_1.csv".to_owned()]));
}

#[test]
fn a_manifest_is_evidence_only_where_it_lists_every_file() {
    let export = export("incoming/BlobExport", None);
    let key = "incoming/BlobExport/default.manifest.cdm.json";
    let files = |segment| expected(&export, segment, "2026-11-23T01:02Z", MANIFEST, key, &[]);
    let high = keys("incoming/BlobExport", "HighValueCustomers", "2026/11/23/0102", &[1, 2]);
    assert_eq!(files("HighValueCustomers"), Some(high));
    assert_eq!(files("Patterned"), None);
    assert_eq!(files("Incremental"), None);
}

#[test]
fn a_location_that_shows_neither_key_nor_run_is_no_evidence() {
    let model = json!({"entities": [{"name": "S", "partitions": [
        {"location": "https://a/ci/Blob/S/2026/11/23/0102/S_1.csv"}, {"location": "https://a/ci/Blob/S/0f3b.bin"},
    ]}]});
    let export = export("incoming/Blob", None);
    let files =
        expected(&export, "S", "2026-11-23T01:02Z", model.to_string().as_bytes(), "incoming/Blob/model.json", &[]);
    assert_eq!(files, None);
}

#[test]
fn partitions_of_other_segments_folders_do_not_count() {
    let model = json!({"entities": [{"name": "S", "partitions": [
        {"location": "https://a/ci/Blob/S/2026/11/23/0102/S_1.csv"},
        {"location": "https://a/ci/Blob/T/2026/11/23/0102/T_1.csv"},
    ]}]});
    for segments in [None, Some(["S"].as_slice())] {
        let export = export("incoming/Blob", segments);
        let files =
            expected(&export, "S", "2026-11-23T01:02Z", model.to_string().as_bytes(), "incoming/Blob/model.json", &[]);
        assert_eq!(files, Some(vec!["incoming/Blob/S/2026/11/23/0102/S_1.csv".to_owned()]));
    }
}

#[test]
fn a_path_reads_the_listed_files_too() {
    let model = json!({"entities": [{"name": "S", "partitions": [
        {"location": "https://a/ci/sftp/S_20261123010203_0.csv"}, {"location": "https://a/ci/sftp/S_20261123010203_1.csv"},
    ]}]});
    let export = with_path(export("incoming/sftp", None), "{segment}_{run}_{part}.csv");
    let files =
        expected(&export, "S", "2026-11-23T01:02:03Z", model.to_string().as_bytes(), "incoming/sftp/model.json", &[]);
    let there = ["incoming/sftp/S_20261123010203_0.csv", "incoming/sftp/S_20261123010203_1.csv"];
    assert_eq!(files, Some(there.map(str::to_owned).to_vec()));
}

#[test]
fn an_overwritten_file_has_no_run_in_its_key() {
    let model = json!({"entities": [{"name": "Orders", "partitions": [{"location": "https://a/ci/Orders.csv"}]}]});
    let export = export("incoming/flow", None);
    let model = Model::parse(model.to_string().as_bytes()).unwrap();
    let runs =
        listed_runs(&export, &"Orders".into(), &model, "incoming/flow/model.json", &["incoming/flow/Orders.csv"]);
    assert_eq!(runs, Some(BTreeMap::new()));
}

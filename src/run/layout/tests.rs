#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::config::{Connection, Consent, CsvSettings, DataMatching, Hostname, OnLeave, Schedule, SendRule};

/// An export named `loyalty` with this folder.
pub(in crate::run) fn export(folder: &str, segments: Option<&[&str]>) -> Export {
    let connection = Connection {
        name: "braze-eu".into(),
        display_name: "Braze".to_owned(),
        hostname: Hostname { scheme: "https", authority: "rest.fra-01.braze.eu".to_owned() },
        secret: crate::names::SecretName::OfStack,
        workspace: "workspace".into(),
        agree_to_data_transfer: true,
        requests_per_second: NonZeroU32::MIN,
        requests_per_hour: None,
        company: None,
        objects_per_request: 75,
        state_identifiers: crate::config::StateIdentifiers::Plain,
        audit_bucket: None,
        audit_prefix: String::new(),
    };
    Export {
        name: "loyalty".into(),
        connection: Arc::new(connection),
        folder: folder.to_owned(),
        path: None,
        segments: segments.map(|names| names.iter().map(|name| SegmentName::from(*name)).collect()),
        schedule: Schedule::Active,
        on_upload: true,
        send: SendRule::Changes,
        on_leave: OnLeave::False,
        create_profiles: true,
        max_leavers: 0.5,
        settle_minutes: 30,
        refresh_days: None,
        audit_days: None,
        trial: 200,
        data_matching: DataMatching { customer_id: Some("CustomerId".to_owned()), ..DataMatching::default() },
        attributes: Vec::new(),
        attribute_names: BTreeMap::new(),
        audit_segment_ids: BTreeMap::new(),
        null_values: Vec::new(),
        default_country: None,
        culture: None,
        consent: Consent::Stricter,
        csv: CsvSettings::default(),
        time_zone: jiff::tz::TimeZone::UTC,
        language: crate::texts::Language::English,
    }
}

pub(in crate::run) fn with_path(mut export: Export, path: &str) -> Export {
    export.path = Some(PathPattern::parse(path).expect(path));
    export
}

fn modified() -> Timestamp {
    "2026-12-24T18:30:15.5Z".parse().unwrap()
}

#[test]
fn what_cannot_be_a_segments_name_is_none() {
    let export = export("incoming/BlobExport", None);
    for segment in ["a\u{7}b", "line\nbreak", "back\\slash", &"x".repeat(257)] {
        let key = format!("incoming/BlobExport/{segment}/2026/11/23/0102/x_1.csv");
        assert_eq!(placed(&export, &key), "NoSegmentName", "{segment:?}");
    }
    for step in [".", ".."] {
        assert_eq!(placed(&export, &format!("incoming/BlobExport/{step}/2026/11/23/0102/x_1.csv")), "HalfUploaded");
    }
    let key = format!("incoming/BlobExport/{}/2026/11/23/0102/x_1.csv", "ロ".repeat(256));
    assert!(placed(&export, &key).starts_with("ロロ"));
}

/// The place in one line: `segment run part layout`, `model folder`, or the reason.
fn placed(export: &Export, key: &str) -> String {
    match place(export, key, 10, modified()) {
        Place::File(file) => {
            let alone = if file.one_file_per_run { " alone" } else { "" };
            format!("{}|{}|{}|{:?}{alone}", file.segment, file.run, file.part, file.layout)
        }
        Place::Model(model) => format!("model {}", model.folder),
        Place::Ignored(reason) => format!("{reason:?}"),
    }
}

#[track_caller]
fn check(export: &Export, cases: &[(&str, &str)]) {
    for (key, expected) in cases {
        assert_eq!(placed(export, key), *expected, "{key}");
    }
}

#[test]
fn dated_folders_at_any_depth() {
    let cases = [
        ("HighValue/2026/11/23/0102/HighValue_1.csv", "HighValue|2026-11-23T01:02Z|HighValue_1.csv|Dated"),
        (
            "CustomerInsights_0/BlobExport/HighValue/2026/11/23/0102/HighValue_1.csv.gz",
            "HighValue|2026-11-23T01:02Z|HighValue_1.csv.gz|Dated",
        ),
        ("HighValue/2026/11/23/0102/OtherName_1.csv", "HighValue|2026-11-23T01:02Z|OtherName_1.csv|Dated"),
        ("HighValue/2026/11/23/0102/fixed.csv", "HighValue|2026-11-23T01:02Z|fixed.csv|Dated"),
        ("HighValue/2026/11/23/0102/rejected.csv", "HighValue|2026-11-23T01:02Z|rejected.csv|Dated"),
        (
            "HighValue/2026/11/23/0102/Adobe_HighValue_1613059142.csv",
            "HighValue|2026-11-23T01:02Z|Adobe_HighValue_1613059142.csv|Dated",
        ),
        ("HighValue/2026/11/23/2359/H.CSV.GZ", "HighValue|2026-11-23T23:59Z|H.CSV.GZ|Dated"),
        ("HighValue/2024/02/29/0000/H.Tsv", "HighValue|2024-02-29T00:00Z|H.Tsv|Dated"),
        ("HighValue/2026/11/23/0102/H.txt", "HighValue|2026-11-23T01:02Z|H.txt|Dated"),
        ("高額顧客/2026/11/23/0102/高額顧客_1.csv", "高額顧客|2026-11-23T01:02Z|高額顧客_1.csv|Dated"),
        ("High Value + 100%/2026/11/23/0102/a b+c%20.csv", "High Value + 100%|2026-11-23T01:02Z|a b+c%20.csv|Dated"),
        ("2026/2026/11/23/0102/x.csv", "2026|2026-11-23T01:02Z|x.csv|Dated"),
        ("HighValue/2026/11/23/2460/H.csv", "UnknownKey"),
        ("HighValue/2026/13/23/0102/H.csv", "UnknownKey"),
        ("HighValue/2026/11/31/0102/H.csv", "UnknownKey"),
        ("HighValue/2026/11/23/2560/Adobe_H_1613059142.csv", "UnknownKey"),
        ("HighValue/2026/11/23/0102/sub/H.csv", "UnknownKey"),
        ("HighValue/2026/11/23/102/H.csv", "UnknownKey"),
        ("/2026/11/23/0102/H.csv", "UnknownKey"),
        ("2026/11/23/0102/H.csv", "UnknownKey"),
        ("HighValue/2026/11/23/0102/H.parquet", "OtherKind"),
        ("HighValue/2026/11/23/0102/_SUCCESS", "OtherKind"),
        ("HighValue/2026/11/23/0102/.csv", "HalfUploaded"),
        ("HighValue/2026/11/23/0102/H.csv.zip", "OtherKind"),
    ];
    for folder in ["incoming/BlobExport", "incoming", "incoming/deep/er"] {
        let export = export(folder, None);
        for (path, expected) in cases {
            assert_eq!(placed(&export, &format!("{folder}/{path}")), expected, "{folder} {path}");
        }
    }
}

#[test]
fn a_folder_is_not_the_beginning_of_another_folders_name() {
    let blob = export("incoming/Blob", None);
    check(
        &blob,
        &[
            ("incoming/BlobExport/HighValue/2026/11/23/0102/H.csv", "OutsideFolder"),
            ("incoming/Blob/HighValue/2026/11/23/0102/H.csv", "HighValue|2026-11-23T01:02Z|H.csv|Dated"),
            ("incoming/blob/HighValue/2026/11/23/0102/H.csv", "OutsideFolder"),
            ("reports/Blob/HighValue/2026/11/23/0102/H.csv", "OutsideFolder"),
            ("incoming/Blob", "OutsideFolder"),
            ("", "OutsideFolder"),
            ("incoming/model.json", "OutsideFolder"),
        ],
    );
}

#[test]
fn only_listed_segments_are_files() {
    let export = export("incoming/BlobExport", Some(&["HighValue", "高額顧客"]));
    check(
        &export,
        &[
            ("incoming/BlobExport/HighValue/2026/11/23/0102/x.csv", "HighValue|2026-11-23T01:02Z|x.csv|Dated"),
            ("incoming/BlobExport/高額顧客/2026/11/23/0102/x.csv", "高額顧客|2026-11-23T01:02Z|x.csv|Dated"),
            ("incoming/BlobExport/ChurnRisk/2026/11/23/0102/HighValue_1.csv", "SegmentNotListed"),
            ("incoming/BlobExport/highvalue/2026/11/23/0102/x.csv", "SegmentNotListed"),
            ("incoming/BlobExport/Adobe_ChurnRisk_1613059142.csv", "SegmentNotListed"),
            ("incoming/BlobExport/ChurnRisk.csv", "SegmentNotListed"),
        ],
    );
}

#[test]
fn the_folder_itself_is_a_segment_only_where_it_is_listed() {
    let key = "incoming/BlobExport/HighValue/2026/11/23/0102/x.csv";
    let listed = export("incoming/BlobExport/HighValue", Some(&["HighValue"]));
    check(
        &listed,
        &[
            (key, "HighValue|2026-11-23T01:02Z|x.csv|Dated"),
            ("incoming/BlobExport/model.json", "model incoming/BlobExport"),
            ("incoming/model.json", "OutsideFolder"),
        ],
    );
    let unlisted = export("incoming/BlobExport/HighValue", None);
    check(&unlisted, &[(key, "UnknownKey"), ("incoming/BlobExport/model.json", "OutsideFolder")]);
}

#[test]
fn flat_names_with_a_known_export() {
    for folder in ["incoming/Adobe_EU", "incoming/Adobe_EU/CustomerInsights_7a1f"] {
        let export = export("incoming/Adobe_EU", None);
        for (file, expected) in [
            ("Adobe_EU_Male_under_40_1613059142.csv", "Male_under_40"),
            ("loyalty_Male_under_40_1613059142.csv", "Male_under_40"),
            ("LOYALTY_ChurnRisk_1613059142.csv", "ChurnRisk"),
            ("Other_Male_under_40_1613059142.csv", "Male_under_40"),
            ("My_Export_High_Value_1613059142.csv", "Export_High_Value"),
            ("loyalty_高額_顧客_1613059142.csv", "高額_顧客"),
        ] {
            let expected = format!("{expected}|2021-02-11T15:59:02Z|{file}|Flat alone");
            assert_eq!(placed(&export, &format!("{folder}/{file}")), expected, "{file}");
        }
    }
}

#[test]
fn flat_names_with_listed_segments() {
    let export = export("incoming/adobe", Some(&["Value", "High_Value", "Churn"]));
    check(
        &export,
        &[
            (
                "incoming/adobe/My_Export_High_Value_1613059142.csv",
                "High_Value|2021-02-11T15:59:02Z|My_Export_High_Value_1613059142.csv|Flat alone",
            ),
            (
                "incoming/adobe/My_Export_Value_1613059142.csv.gz",
                "Value|2021-02-11T15:59:02Z|My_Export_Value_1613059142.csv.gz|Flat alone",
            ),
            // The export's name is known, so the segment is `Low_Value`, although `Value` is listed.
            ("incoming/adobe/loyalty_Low_Value_1613059142.csv", "SegmentNotListed"),
            ("incoming/adobe/adobe_Low_Value_1613059142.csv", "SegmentNotListed"),
            ("incoming/adobe/My_Export_Other_1613059142.csv", "SegmentNotListed"),
            ("incoming/adobe/My_Export_Value_161305914.csv", "UnclearSegment"),
            ("incoming/adobe/Value_1613059142.csv", "UnclearSegment"),
        ],
    );
}

#[test]
fn files_that_each_run_overwrites() {
    let any = export("incoming/sftp", None);
    check(
        &any,
        &[
            ("incoming/sftp/ChurnRisk.csv", "ChurnRisk|2026-12-24T18:30:15Z|ChurnRisk.csv|Overwritten alone"),
            (
                "incoming/sftp/ChurnRisk/ChurnRisk.csv.gz",
                "ChurnRisk|2026-12-24T18:30:15Z|ChurnRisk.csv.gz|Overwritten alone",
            ),
            ("incoming/sftp/高額顧客.CSV", "高額顧客|2026-12-24T18:30:15Z|高額顧客.CSV|Overwritten alone"),
            ("incoming/sftp/Over65.csv", "Over65|2026-12-24T18:30:15Z|Over65.csv|Overwritten alone"),
            ("incoming/sftp/ChurnRisk/part.csv", "UnknownKey"),
            ("incoming/sftp/a/b/ChurnRisk.csv", "UnknownKey"),
            ("incoming/sftp/ChurnRisk_1.csv", "UnclearSegment"),
            ("incoming/sftp/Male_under_40.csv", "UnclearSegment"),
            ("incoming/sftp/ChurnRisk-20261123.csv", "UnclearSegment"),
            ("incoming/sftp/ChurnRisk20261123x.csv", "UnclearSegment"),
            ("incoming/sftp/ChurnRisk (1).csv", "UnclearSegment"),
            ("incoming/sftp/2026.csv", "UnclearSegment"),
            ("incoming/sftp/rejected.csv", "UnclearSegment"),
            ("incoming/sftp/readme.md", "OtherKind"),
        ],
    );
    let listed = export("incoming/sftp", Some(&["Male_under_40", "rejected"]));
    check(
        &listed,
        &[
            (
                "incoming/sftp/Male_under_40.csv",
                "Male_under_40|2026-12-24T18:30:15Z|Male_under_40.csv|Overwritten alone",
            ),
            ("incoming/sftp/rejected.csv", "rejected|2026-12-24T18:30:15Z|rejected.csv|Overwritten alone"),
            ("incoming/sftp/Male_under_40_1.csv", "UnclearSegment"),
            ("incoming/sftp/ChurnRisk.csv", "SegmentNotListed"),
        ],
    );
}

#[test]
fn a_path_decides_alone() {
    let parts = with_path(export("incoming/sftp", None), "{segment}_{run}_{part}.csv.gz");
    check(
        &parts,
        &[
            (
                "incoming/sftp/High_Value_20261123010203_0.csv.gz",
                "High_Value|2026-11-23T01:02:03Z|High_Value_20261123010203_0.csv.gz|Pattern",
            ),
            ("incoming/sftp/HighValue/2026/11/23/0102/HighValue_1.csv", "PathDoesNotFit"),
            ("incoming/sftp/loyalty_HighValue_1613059142.csv", "PathDoesNotFit"),
            ("incoming/sftp/ChurnRisk.csv", "PathDoesNotFit"),
            ("incoming/sftp/model.json", "model incoming/sftp"),
            ("incoming/sftp/High_Value_20261123010203_0.csv.gz.filepart", "HalfUploaded"),
        ],
    );
    let listed = with_path(export("incoming/sftp", Some(&["Value"])), "{segment}_{run}_{part}");
    check(
        &listed,
        &[
            ("incoming/sftp/Value_20261123_0.anything", "Value|2026-11-23T00:00Z|Value_20261123_0.anything|Pattern"),
            ("incoming/sftp/Other_20261123_0.csv", "SegmentNotListed"),
        ],
    );
    let exported = with_path(export("incoming/sftp", Some(&["Value"])), "{export}_{segment}_{run:%s}.csv");
    check(
        &exported,
        &[
            ("incoming/sftp/loyalty_High_Value_1613059142.csv", "SegmentNotListed"),
            ("incoming/sftp/x_Value_1613059142.csv", "Value|2021-02-11T15:59:02Z|x_Value_1613059142.csv|Pattern alone"),
        ],
    );
    let overwritten = with_path(export("incoming/sftp", None), "out/{segment}.psv");
    check(&overwritten, &[("incoming/sftp/out/A_1.psv", "A_1|2026-12-24T18:30:15Z|out/A_1.psv|Overwritten alone")]);
}

#[test]
fn objects_that_are_no_files() {
    let export = export("incoming/BlobExport", None);
    check(
        &export,
        &[
            ("incoming/BlobExport/", "FolderMarker"),
            ("incoming/BlobExport/HighValue/2026/", "FolderMarker"),
            ("incoming/BlobExport/model.json", "model incoming/BlobExport"),
            ("incoming/BlobExport/CustomerInsights_0/X/model.json", "model incoming/BlobExport/CustomerInsights_0/X"),
            ("incoming/BlobExport/MODEL.JSON", "model incoming/BlobExport"),
            ("incoming/BlobExport/default.manifest.cdm.json", "model incoming/BlobExport"),
            ("incoming/BlobExport/HighValue.cdm.json", "OtherKind"),
            ("incoming/BlobExport/my-model.json", "OtherKind"),
            ("incoming/BlobExport/model.json.tmp", "HalfUploaded"),
        ],
    );
    for half in [
        "H.csv.filepart",
        "H.csv.FILEPART",
        "H.csv.part",
        "H.csv.partial",
        "H.csv.tmp",
        "H.tmp",
        "H.csv.crdownload",
        ".H.csv",
        ".H.csv.Xy12Zq",
        ".DS_Store",
        "H.csv~",
    ] {
        let key = format!("incoming/BlobExport/HighValue/2026/11/23/0102/{half}");
        assert_eq!(placed(&export, &key), "HalfUploaded", "{half}");
    }
    assert_eq!(placed(&export, "incoming/BlobExport/.trash/2026/11/23/0102/H.csv"), "HalfUploaded");
    assert_eq!(placed(&export, "incoming/BlobExport/../2026/11/23/0102/H.csv"), "HalfUploaded");
}

#[test]
fn an_empty_object_is_ignored_but_its_key_is_readable() {
    let export = export("incoming/BlobExport", None);
    let key = "incoming/BlobExport/HighValue/2026/11/23/0102/HighValue_1.csv";
    assert_eq!(place(&export, key, 0, modified()), Place::Ignored(IgnoredReason::EmptyObject));
    assert!(matches!(place_key(&export, key, modified()), Place::File(_)));
    let model = place(&export, "incoming/BlobExport/model.json", 0, modified());
    assert_eq!(model, Place::Ignored(IgnoredReason::EmptyObject));
    let marker = place(&export, "incoming/BlobExport/HighValue/", 0, modified());
    assert_eq!(marker, Place::Ignored(IgnoredReason::FolderMarker));
}

#[test]
fn a_model_describes_its_folder_and_the_nearest_one_counts() {
    let key = "incoming/a/b/S/2026/11/23/0102/x.csv";
    let models = [
        "incoming/a/model.json",
        "incoming/a/b/default.manifest.cdm.json",
        "incoming/a/b/model.json",
        "incoming/a/bb/model.json",
        "incoming/a/b/S/2026/11/22/model.json",
    ];
    assert_eq!(nearest_model(key, models), Some("incoming/a/b/model.json"));
    assert_eq!(nearest_model(key, models.into_iter().take(2)), Some("incoming/a/b/default.manifest.cdm.json"));
    assert_eq!(nearest_model("incoming/c/x.csv", models), None);
    let place = ModelPlace { folder: "incoming/a/b".to_owned() };
    assert!(place.describes(key));
    assert!(!place.describes("incoming/a/bb/x.csv"));
}

#[test]
fn reasons_and_layouts_are_written_in_plain_words() {
    assert_eq!(IgnoredReason::EmptyObject.to_string(), "empty");
    assert_eq!(IgnoredReason::OutsideFolder.to_string(), "outside the export's folder");
    assert_eq!(Layout::Dated.to_string(), "dated folders");
}

proptest! {
    #![proptest_config(crate::run::seeded())]

    #[test]
    fn any_key_is_placed_or_ignored(key in any::<String>(), size in 0_u64..2, listed in any::<bool>()) {
        let export = export("incoming/BlobExport", listed.then_some(&["A"]));
        let _ = place(&export, &key, size, modified());
        let _ = place(&export, &format!("incoming/BlobExport/{key}"), size, modified());
    }

    #[test]
    fn likely_keys_are_placed_or_ignored(key in "(incoming|BlobExport|A|[0-9]{4}|[0-9]{2}|[a-z_]{0,3}[0-9]{10}|\\.csv|\\.gz|_|/|é){0,14}") {
        let everything = export("incoming", None);
        if let Place::File(file) = place(&everything, &key, 1, modified()) {
            prop_assert!(key.starts_with("incoming/"));
            prop_assert!(!file.segment.as_str().is_empty() && !file.segment.as_str().contains('/'));
            prop_assert!(key.ends_with(&file.part));
        }
    }

    #[test]
    fn every_documented_key_is_placed(
        segment in "[A-Za-z][A-Za-z0-9_]{0,20}", month in 1_u8..=12, day in 1_u8..=28, hour in 0_u8..24, minute in 0_u8..60, part in 0_u32..100_000,
    ) {
        let export = export("incoming/BlobExport", None);
        let key = format!("incoming/BlobExport/{segment}/2026/{month:02}/{day:02}/{hour:02}{minute:02}/{segment}_{part}.csv");
        let Place::File(file) = place(&export, &key, 1, modified()) else { panic!("{key}") };
        prop_assert_eq!(file.segment.as_str(), segment);
        prop_assert_eq!(file.run.to_string(), format!("2026-{month:02}-{day:02}T{hour:02}:{minute:02}Z"));
        prop_assert!(!file.one_file_per_run);
    }
}

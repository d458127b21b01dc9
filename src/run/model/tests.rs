#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::run::model::DataType;

const BLOB_EXPORT: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/model/blob-export.json"));
const AS_TEXT: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/model/as-text.json"));
const DATAFLOW: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/model/dataflow.json"));
const MANIFEST: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/model/default.manifest.cdm.json"));

fn parse(json: &[u8]) -> Model {
    Model::parse(json).expect("a model")
}

fn entity<'m>(model: &'m Model, segment: &str) -> &'m Entity {
    model.entity(&SegmentName::from(segment)).expect(segment)
}

#[test]
fn columns_types_and_culture_of_an_export_are_read() {
    let model = parse(BLOB_EXPORT);
    let high = entity(&model, "HighValueCustomers");
    let types: Vec<_> = high.column_types().collect();
    assert_eq!(types.len(), 12);
    assert_eq!(types[0], ("CustomerId", DataType::String));
    assert_eq!(types[5], ("BirthDate", DataType::DateTime));
    assert_eq!(types[6], ("Points", DataType::Int64));
    assert_eq!(types[8], ("IsActive", DataType::Boolean));
    assert_eq!(high.culture(), Some("en-US"));
    assert_eq!(high.partitions.len(), 3);
    assert_eq!(high.partitions[0].refresh_time, Some("2026-11-23T01:02:03Z".parse().unwrap()));
    let expected = FileFormat {
        column_headers: Some(true),
        delimiter: Some(','),
        encoding: Some("UTF-8".to_owned()),
        quote_style: Some(QuoteStyle::Csv),
        csv_style: Some(CsvStyle::QuoteAlways),
    };
    assert_eq!(high.partitions[0].format, expected);
}

#[test]
fn entities_of_other_models_are_skipped() {
    let names: Vec<_> = parse(BLOB_EXPORT).entities().iter().map(|entity| entity.name.clone()).collect();
    assert_eq!(names, ["HighValueCustomers", "Male_under_40", "ChurnProneCustomers", "EmptySoFar", "SchemaOnly"]);
}

#[test]
fn an_entity_is_found_by_name_then_by_case_then_by_its_folders() {
    let model = parse(BLOB_EXPORT);
    assert_eq!(entity(&model, "highvaluecustomers").name, "HighValueCustomers");
    assert_eq!(entity(&model, "ChurnSegmentDemo").name, "ChurnProneCustomers");
    assert!(model.entity(&SegmentName::from("Product")).is_none());
    let twins = json!({"entities": [{"name": "AB"}, {"name": "Ab"}]}).to_string();
    let model = parse(twins.as_bytes());
    assert_eq!(entity(&model, "Ab").name, "Ab");
    assert!(model.entity(&SegmentName::from("ab")).is_none(), "two names differ in case alone");
}

#[test]
fn a_partition_without_a_location_describes_columns_alone() {
    let model = parse(BLOB_EXPORT);
    let empty = entity(&model, "EmptySoFar");
    assert_eq!(empty.partitions.len(), 1);
    assert!(empty.files("incoming/BlobExport/model.json", &[]).is_empty());
    assert!(entity(&model, "SchemaOnly").partitions.is_empty());
}

#[test]
fn case_text_booleans_tables_and_a_byte_order_mark_are_tolerated() {
    assert!(AS_TEXT.starts_with(b"\xEF\xBB\xBF"));
    let model = parse(AS_TEXT);
    let loyal = entity(&model, "ロイヤル会員");
    let types: Vec<_> = loyal.column_types().collect();
    assert_eq!(
        types,
        [
            ("顧客ID", DataType::String),
            ("E-mail", DataType::String),
            ("ポイント", DataType::Int64),
            ("Joined", DataType::String),
            ("Note", DataType::String),
        ]
    );
    let expected = FileFormat {
        column_headers: Some(false),
        delimiter: Some(';'),
        encoding: Some("utf-16".to_owned()),
        quote_style: Some(QuoteStyle::None),
        csv_style: Some(CsvStyle::QuoteAfterDelimiter),
    };
    assert_eq!(loyal.partitions[0].format, expected);
    assert_eq!(loyal.culture(), None);
    let key = "incoming/sftp/ロイヤル会員/2026/11/23/0102/part 1+2.csv";
    let files = loyal.files("incoming/sftp/model.json", &[key]);
    assert_eq!(files[0].key.as_deref(), Some(key));
    assert!(files[0].exists);
    assert!(!format!("{model:?}").contains("c2VjcmV0"), "the signature is not kept");
}

#[test]
fn a_dataflow_says_nothing_of_its_text_form() {
    let model = parse(DATAFLOW);
    let orders = entity(&model, "Orders");
    assert_eq!(orders.partitions[0].format, FileFormat::default());
    assert_eq!(orders.format_of("incoming/Orders.csv", "incoming/model.json"), FileFormat::default());
    assert!(orders.partitions[0].refresh_time.is_some());
    let files = orders.files("incoming/flow/model.json", &["incoming/flow/Orders.csv"]);
    assert_eq!(files[0].key.as_deref(), Some("incoming/flow/Orders.csv"));
}

#[test]
fn a_manifest_lists_relative_files_and_their_form() {
    let model = parse(MANIFEST);
    let high = entity(&model, "HighValueCustomers");
    assert!(high.columns.is_empty());
    assert!(high.lists_every_file());
    let files = high.files("incoming/BlobExport/default.manifest.cdm.json", &[]);
    let keys: Vec<_> = files.iter().filter_map(|file| file.key.as_deref()).collect();
    assert_eq!(
        keys,
        [
            "incoming/BlobExport/HighValueCustomers/2026/11/23/0102/HighValueCustomers_1.csv",
            "incoming/BlobExport/HighValueCustomers/2026/11/23/0102/HighValueCustomers_2.csv",
        ]
    );
    let format = high.format_of(keys[0], "incoming/BlobExport/default.manifest.cdm.json");
    assert_eq!(format.column_headers, Some(true));
    assert_eq!(format.delimiter, Some(';'));
    assert!(!entity(&model, "Patterned").lists_every_file());
    assert!(!entity(&model, "Incremental").lists_every_file());
}

#[test]
fn the_text_form_is_that_of_the_partition() {
    let location = |n: u8| format!("https://a/ci/Blob/S/2026/11/23/0102/S_{n}.csv");
    let document = json!({"entities": [{"name": "S", "partitions": [
        {"location": location(1), "fileFormatSettings": {"delimiter": "\\t", "columnHeaders": 1}},
        {"location": location(2), "fileFormatSettings": {"delimiter": "|", "columnHeaders": "0"}},
    ]}]})
    .to_string();
    let model = parse(document.as_bytes());
    let entity = entity(&model, "S");
    let format = |key| entity.format_of(key, "incoming/Blob/model.json");
    assert_eq!(format("incoming/Blob/S/2026/11/23/0102/S_1.csv").delimiter, Some('\t'));
    assert_eq!(format("incoming/Blob/S/2026/11/23/0102/S_1.csv").column_headers, Some(true));
    assert_eq!(format("incoming/Blob/S/2026/11/23/0102/S_2.csv").delimiter, Some('|'));
    assert_eq!(format("incoming/Blob/S/2026/11/23/0102/S_2.csv").column_headers, Some(false));
    assert_eq!(format("incoming/Blob/S/2026/11/23/0102/S_9.csv"), FileFormat::default());
}

#[test]
fn errors_say_what_is_wrong_and_where() {
    let secret = "https://acct/ci/x.csv?sig=TOPSECRET";
    for (document, names) in [
        (json!([]).to_string(), "a list at $ instead of an object"),
        (json!({"name": "x"}).to_string(), "no \"entities\" at $"),
        (json!({"entities": null}).to_string(), "no \"entities\" at $"),
        (json!({"entities": {}}).to_string(), "an object at $.entities instead of a list"),
        (json!({"entities": [secret]}).to_string(), "another text at $.entities[0] instead of an object"),
        (json!({"entities": [{"attributes": []}]}).to_string(), "no \"name\" at $.entities[0]"),
        (json!({"entities": [{"name": " "}]}).to_string(), "an empty text at $.entities[0].name"),
        (
            json!({"entities": [{"name": "A", "attributes": [{"name": "a"}, {"dataType": "string"}]}]}).to_string(),
            "no \"name\" at $.entities[0].attributes[1]",
        ),
        (
            json!({"entities": [{"name": "A", "partitions": [{"location": [secret]}]}]}).to_string(),
            "a list at $.entities[0].partitions[0].location",
        ),
        (
            json!({"entities": [{"name": "A", "partitions": [{"fileFormatSettings": {"columnHeaders": "perhaps"}}]}]})
                .to_string(),
            "partitions[0].fileFormatSettings.columnHeaders instead of true or false",
        ),
        (
            json!({"entities": [{"name": "A", "partitions": [{"fileFormatSettings": {"delimiter": secret}}]}]})
                .to_string(),
            "delimiter of one character",
        ),
        (json!({"culture": 7, "entities": []}).to_string(), "a number at $.culture"),
        ("{\"entities\": [".to_owned(), "line 1 column 14"),
        (String::new(), "not JSON"),
        (format!("{{\"{secret}\" 1}}"), "not JSON"),
    ] {
        let message = Model::parse(document.as_bytes()).expect_err(&document).to_string();
        assert!(message.contains(names), "{document}: {message}");
        assert!(!message.contains("SECRET"), "{message}");
    }
    assert_eq!(Model::parse(b"\xFF\xFE{\0}\0"), Err(ModelError::Utf16));
    let deep = "[".repeat(100_000);
    assert!(Model::parse(deep.as_bytes()).is_err());
}

fn json_value() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![
        "entities",
        "tables",
        "name",
        "$type",
        "attributes",
        "dataType",
        "partitions",
        "location",
        "refreshTime",
        "fileFormatSettings",
        "columnHeaders",
        "delimiter",
        "entityName",
        "dataPartitions",
        "exhibitsTraits",
        "traitReference",
        "arguments",
        "value",
        "culture",
    ]);
    let text = prop::sample::select(vec![
        "LocalEntity",
        "ReferenceEntity",
        "S",
        "",
        "https://a/ci/S/2026/11/23/0102/x.csv?sig=s",
        "true",
        ",",
        "é",
        "is.partition.format.CSV",
        "2026-11-23T01:02:03Z",
        "//",
        "a://",
        ":/",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        text.prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            proptest::collection::btree_map(key.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(crate::run::seeded())]

    #[test]
    fn any_bytes_are_a_model_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Model::parse(&bytes);
    }

    #[test]
    fn any_json_is_a_model_or_an_error(entities in proptest::collection::vec(json_value(), 0..4), root in json_value()) {
        let _ = Model::parse(root.to_string().as_bytes());
        let document = serde_json::json!({ "entities": entities });
        if let Ok(model) = Model::parse(document.to_string().as_bytes()) {
            for entity in model.entities() {
                let _ = entity.files("incoming/S/model.json", &["incoming/S/2026/11/23/0102/x.csv"]);
                prop_assert!(model.entity(&SegmentName::from(entity.name.as_str())).is_some());
            }
        }
    }

    #[test]
    fn a_broken_export_is_a_model_or_an_error(at in 0..BLOB_EXPORT.len(), byte in any::<u8>()) {
        let mut broken = BLOB_EXPORT.to_vec();
        broken[at] = byte;
        let _ = Model::parse(&broken);
        let _ = Model::parse(&broken[..at]);
    }
}

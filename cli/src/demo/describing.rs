//! The texts around the files: `model.json` as Customer Insights writes it, and `exports.toml` as a user would.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::export_writer::{Dialect, WrittenFile};
use super::people::COLUMNS;
use super::population::Segment;

/// The export's folder in the bucket.
pub(super) const FOLDER: &str = "incoming/BlobExport";
/// The secret with the key.
pub(super) const SECRET: &str = "insights-to-braze/demo";
/// The export's name.
pub(super) const EXPORT: &str = "loyalty";

const CONTAINER: &str =
    "https://contosolake.blob.core.windows.net/customerinsights/CustomerInsights_7a1f0c52-3b7e-4d1e-9d3a-6a2a0f5d9c11";

/// The `model.json` beside these files.
pub(super) fn model_json(files: &[WrittenFile], written_at: Timestamp) -> String {
    let attributes: Vec<Value> =
        COLUMNS.iter().map(|(name, data_type)| json!({"name": name, "dataType": data_type})).collect();
    let entities: Vec<Value> = Segment::BOTH
        .iter()
        .map(|segment| {
            let of_segment = files.iter().filter(|file| file.segment == *segment);
            let partitions: Vec<Value> = of_segment.map(|file| partition(file, written_at)).collect();
            json!({
                "$type": "LocalEntity",
                "name": segment.table(),
                "description": "",
                "annotations": [{"name": "c360:PrimaryKey", "value": "CustomerId"}],
                "attributes": attributes,
                "partitions": partitions,
            })
        })
        .collect();
    let model = json!({
        "application": "Customer Insights",
        "name": "BlobExport",
        "description": "",
        "version": "1.0",
        "culture": "en-US",
        "modifiedTime": written_at.to_string(),
        "annotations": [{"name": "c360:Environment", "value": "Contoso"}],
        "isHidden": false,
        "entities": entities,
    });
    format!("{model:#}")
}

fn partition(file: &WrittenFile, written_at: Timestamp) -> Value {
    let style = if Dialect::of(file.segment).quote_always { "QuoteAlways" } else { "QuoteAfterDelimiter" };
    let name = file.path.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or_default();
    json!({
        "name": name,
        "refreshTime": written_at.to_string(),
        "location": format!("{CONTAINER}/BlobExport/{}", file.path),
        "fileFormatSettings": {
            "$type": "CsvFormatSettings",
            "columnHeaders": true,
            "delimiter": ",",
            "quoteStyle": "QuoteStyle.Csv",
            "csvStyle": format!("CsvStyle.{style}"),
            "encoding": "UTF-8",
        },
    })
}

/// The `exports.toml` of the demonstration, for a workspace at `hostname`.
pub(super) fn exports_toml(hostname: &str) -> String {
    let [high_value, churn_risk] = Segment::BOTH;
    format!(
        r#"[connections.demo]
display_name = "Braze, a mock server on this machine"
hostname = "{hostname}"
secret = "{SECRET}"
agree_to_data_transfer = true

[exports.{EXPORT}]
connection = "demo"
folder = "{FOLDER}"
segments = ["{}", "{}"]
on_leave = "false"

[exports.{EXPORT}.data_matching]
customer_id = "LoyaltyId"
email = "EMail"

[exports.{EXPORT}.attributes]
first_name = "FirstName"
last_name = "LastName"
dob = "BirthDate"
country = "Country"
language = "Language"
phone = "Phone"
loyalty_points = {{ column = "Points", empty = "remove" }}
balance = "Balance"
is_active = "IsActive"
postal_code = "PostalCode"
address = "Address"

[exports.{EXPORT}.attribute_names]
{} = "{}"
"#,
        high_value.table(),
        churn_risk.table(),
        high_value.table(),
        high_value.attribute(),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use insights_to_braze::config::Config;
    use insights_to_braze::names::SegmentName;
    use insights_to_braze::run::model::Model;

    use super::*;

    #[test]
    fn the_configuration_is_right_and_names_the_attributes() {
        let config = Config::parse(&exports_toml("http://127.0.0.1:4000")).unwrap();
        let export = config.exports.get(EXPORT).unwrap();
        for segment in Segment::BOTH {
            let attribute = export.attribute_of(&SegmentName::new(segment.table()));
            assert_eq!(attribute.as_str(), segment.attribute());
        }
        assert_eq!(export.folder, FOLDER);
    }

    #[test]
    fn the_model_lists_each_file_where_it_will_lie() {
        let path = "ChurnRisk/2026/11/23/0102/ChurnRisk_2.csv.gz".to_owned();
        let files = [WrittenFile { segment: Segment::ChurnRisk, path, rows: 1 }];
        let model = Model::parse(model_json(&files, Timestamp::UNIX_EPOCH).as_bytes()).unwrap();
        let entity = model.entity(&SegmentName::new("ChurnRisk")).unwrap();
        let key = format!("{FOLDER}/{}", files[0].path);
        let listed = entity.files(&format!("{FOLDER}/model.json"), &[&key]);
        assert!(listed.len() == 1 && listed[0].exists, "{listed:?}");
        assert_eq!(entity.columns.len(), COLUMNS.len());
    }
}

//! Says what a `model.json` or a manifest says, and which key each of its partitions means.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::error::InspectError;
use crate::config::Export;
use crate::names::{ExportName, SegmentName};
use crate::run::model::{Entity, FileFormat};
use crate::run::{ModelReadError, Models};

/// Most entities, columns and partitions listed, of each.
const LISTED: usize = 100;

/// What a description says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InspectedModel {
    /// Its key.
    pub key: String,
    /// The exports whose files it describes.
    pub exports: Vec<ExportName>,
    /// Why it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Its entities.
    pub entities: Vec<InspectedEntity>,
}

/// A table of a description.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InspectedEntity {
    /// Its name.
    pub name: String,
    /// The exports that deliver a segment of this name.
    pub delivered_by: Vec<ExportName>,
    /// How dates and numbers are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub culture: Option<String>,
    /// Its columns, each as name and type.
    pub columns: Vec<(String, &'static str)>,
    /// Whether the list of partitions is complete, so that it shows when a run is complete.
    pub lists_every_file: bool,
    /// How many partitions it has.
    pub partition_count: usize,
    /// Its partitions.
    pub partitions: Vec<InspectedPartition>,
}

/// A file that a description lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InspectedPartition {
    /// Its name.
    pub name: String,
    /// When it was refreshed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_time: Option<Timestamp>,
    /// The path of its location, without host, container and query.
    pub location: String,
    /// The key that this means here.
    pub key: Option<String>,
    /// Whether an object with this key was found where one looked.
    pub exists: bool,
    /// How its text form is described.
    pub format: String,
}

pub(super) async fn inspect_model(
    models: &Models,
    key: &str,
    exports: &[Arc<Export>],
    existing: &[String],
) -> Result<InspectedModel, InspectError> {
    let mut inspected = InspectedModel {
        key: key.to_owned(),
        exports: exports.iter().map(|export| export.name.clone()).collect(),
        problem: None,
        entities: Vec::new(),
    };
    match models.read(key).await {
        Ok(Some(model)) => {
            let existing: Vec<&str> = existing.iter().map(String::as_str).collect();
            inspected.entities = model
                .entities()
                .iter()
                .take(LISTED)
                .map(|entity| inspected_entity(entity, key, exports, &existing))
                .collect();
        }
        Ok(None) => inspected.problem = Some("it no longer exists".to_owned()),
        Err(error @ ModelReadError::Model { .. }) => inspected.problem = Some(error.to_string()),
        Err(error) => return Err(error.into()),
    }
    Ok(inspected)
}

fn inspected_entity(entity: &Entity, model_key: &str, exports: &[Arc<Export>], existing: &[&str]) -> InspectedEntity {
    let segment = SegmentName::new(entity.name.as_str());
    let partitions = entity.files(model_key, existing).into_iter().take(LISTED).map(|file| InspectedPartition {
        name: file.partition.name.clone(),
        refresh_time: file.partition.refresh_time,
        location: file.location.path_text(),
        exists: file.exists,
        key: file.key,
        format: in_words(&file.partition.format),
    });
    InspectedEntity {
        name: entity.name.clone(),
        delivered_by: exports
            .iter()
            .filter(|export| export.delivers(&segment))
            .map(|export| export.name.clone())
            .collect(),
        culture: entity.culture().map(str::to_owned),
        columns: entity.column_types().take(LISTED).map(|(name, kind)| (name.to_owned(), kind.as_str())).collect(),
        lists_every_file: entity.lists_every_file(),
        partition_count: entity.partitions.len(),
        partitions: partitions.collect(),
    }
}

fn in_words(format: &FileFormat) -> String {
    let header = format.column_headers.map(|has| format!("columnHeaders {has}"));
    let delimiter = format.delimiter.map(|delimiter| format!("delimiter {delimiter:?}"));
    let encoding = format.encoding.as_ref().map(|encoding| format!("encoding {encoding:?}"));
    let quotes = format.quote_style.map(|style| format!("quoteStyle {style:?}"));
    let style = format.csv_style.map(|style| format!("csvStyle {style:?}"));
    let said: Vec<String> = [header, delimiter, encoding, quotes, style].into_iter().flatten().collect();
    if said.is_empty() { "not said".to_owned() } else { said.join(", ") }
}

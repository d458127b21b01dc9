use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::data_type::DataType;
use super::error::ModelError;
use super::format::FileFormat;
use super::json::Node;
use crate::run::location::{ExistingKeys, Location};

/// One table of a model: a segment.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// Its name: the segment's table name.
    pub name: String,
    /// Its columns in the order of the files; empty where the document keeps them elsewhere, as a manifest does.
    pub columns: Vec<ModelColumn>,
    /// Its files, of all runs that the model lists.
    pub partitions: Vec<Partition>,
    /// How dates and numbers are written, as an IETF language tag; `None` is ISO 8601 and a decimal point.
    pub culture: Option<String>,
    /// Whether its files are the changes of a table and not the table: Synapse Link for Dataverse marks its entities so.
    pub is_change_feed: bool,
    /// Whether the list of partitions is complete.
    pub(super) lists_every_file: bool,
}

/// One column of an entity.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelColumn {
    /// The attribute's name.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
}

/// One file of an entity.
#[derive(Clone, Debug, PartialEq)]
pub struct Partition {
    /// Its name, often a number; empty where none is given.
    pub name: String,
    /// Its location; `None` if the model describes only the columns.
    pub location: Option<Location>,
    /// When it was refreshed.
    pub refresh_time: Option<Timestamp>,
    /// Its format.
    pub format: FileFormat,
}

/// A partition with a location, and its key in the bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedFile<'m> {
    /// The partition.
    pub partition: &'m Partition,
    /// Its location in the model.
    pub location: &'m Location,
    /// Its key in the bucket, whether or not the file exists; `None` if it doesn't follow from the location.
    pub key: Option<String>,
    /// Whether the file exists.
    pub exists: bool,
}

impl Entity {
    /// The partitions that have a location, each with its key.
    ///
    /// `model_key` is the key of the model itself; `existing` are the known keys of files in and below the export's folder.
    /// Without any, keys follow from the folder's name alone.
    pub fn files(&self, model_key: &str, existing: &[&str]) -> Vec<ListedFile<'_>> {
        let existing = ExistingKeys::new(existing);
        let listed = self.partitions.iter().filter_map(|partition| {
            let location = partition.location.as_ref()?;
            let key = location.key(model_key, &existing);
            let exists = key.as_deref().is_some_and(|key| existing.has(key));
            Some(ListedFile { partition, location, key, exists })
        });
        listed.collect()
    }

    /// The types of the columns by name.
    pub fn column_types(&self) -> impl Iterator<Item = (&str, DataType)> {
        self.columns.iter().map(|column| (column.name.as_str(), column.data_type))
    }

    /// How dates and numbers are written, as an IETF language tag such as `en-US`.
    pub fn culture(&self) -> Option<&str> {
        self.culture.as_deref()
    }

    /// Whether the list of partitions is complete. With patterns or increments in a manifest it isn't, and can't prove that a
    /// run is complete.
    pub fn lists_every_file(&self) -> bool {
        self.lists_every_file
    }

    /// The format of the partition with this key, otherwise the one that all partitions share, otherwise an unknown format.
    ///
    /// A file that is not listed may have a header even if the others have none: fixed rows that are uploaded beside the files
    /// of a run have one.
    pub fn format_of(&self, key: &str, model_key: &str) -> FileFormat {
        let files = self.files(model_key, &[key]);
        if let Some(file) = files.iter().find(|file| file.exists) {
            return file.partition.format.clone();
        }
        let mut formats = self.partitions.iter().map(|partition| &partition.format);
        match formats.next() {
            Some(first) if formats.all(|format| format == first) => {
                let column_headers = first.column_headers.filter(|has_header| *has_header);
                FileFormat { column_headers, ..first.clone() }
            }
            _ => FileFormat::default(),
        }
    }

    /// Whether any of its files is in this segment's dated folders.
    pub(super) fn is_in(&self, segment: &str) -> bool {
        let locations = self.partitions.iter().filter_map(|partition| partition.location.as_ref());
        locations.filter_map(Location::dated).any(|dated| dated.segment == segment)
    }
}

/// Reads an entity of a `model.json`; `None` if its data is in another model.
pub(super) fn entity(node: &Node<'_>, culture: Option<&str>) -> Result<Option<Entity>, ModelError> {
    if node.text_of("$type")?.is_some_and(|kind| !kind.trim().eq_ignore_ascii_case("LocalEntity")) {
        return Ok(None);
    }
    let name = node.required("name")?.name()?.to_owned();
    let mut columns = Vec::new();
    for attribute in node.elements_of("attributes")? {
        columns.push(ModelColumn {
            name: attribute.required("name")?.name()?.to_owned(),
            data_type: attribute.text_of("dataType")?.map_or(DataType::String, DataType::parse),
        });
    }
    let mut partitions = Vec::new();
    for node in node.elements_of("partitions")? {
        let settings = node.member("fileFormatSettings");
        partitions.push(Partition {
            name: node.text_of("name")?.unwrap_or_default().to_owned(),
            location: node.text_of("location")?.and_then(Location::parse),
            refresh_time: node.text_of("refreshTime")?.and_then(time),
            format: FileFormat::read(|name| settings.as_ref()?.member(name))?,
        });
    }
    let culture = culture.map(str::to_owned);
    let is_change_feed = is_of_synapse_link(node);
    Ok(Some(Entity { name, columns, partitions, culture, is_change_feed, lists_every_file: true }))
}

/// Whether an entity has an annotation of Synapse Link, such as `Athena:PartitionGranularity`.
fn is_of_synapse_link(node: &Node<'_>) -> bool {
    let annotations = node.elements_of("annotations").unwrap_or_default();
    annotations.iter().any(|annotation| {
        annotation.text_of("name").ok().flatten().is_some_and(|name| name.trim().starts_with("Athena:"))
    })
}

/// Parses a time, in UTC unless it has an offset. Other texts are ignored, because the time is only for information.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.parse().ok().or_else(|| {
        let time: DateTime = text.parse().ok()?;
        TimeZone::UTC.to_timestamp(time).ok()
    })
}

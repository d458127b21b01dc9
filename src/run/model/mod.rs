//! `model.json` and `*.manifest.cdm.json`: the columns and types of each segment, and its files.
//!
//! The reader is lenient: it accepts members in any case, `tables` for `entities` and booleans as text, ignores unknown
//! members and annotations, and skips entities of other models. What could put a value into the wrong column, such as an
//! attribute without a name, is an error.
//!
//! Sources: "The metadata file (model.json) for the Common Data Model" and "Common Data Model manifest", Microsoft.

mod data_type;
mod entity;
mod error;
mod format;
mod json;
mod manifest;

use serde_json::Value;

pub use data_type::DataType;
pub use entity::{Entity, ListedFile, ModelColumn, Partition};
pub use error::ModelError;
pub use format::{CsvStyle, FileFormat, QuoteStyle};

use crate::names::SegmentName;
use crate::values::composed;
use json::Node;

/// A parsed `model.json` or manifest.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    entities: Vec<Entity>,
}

impl Model {
    /// Parses a `model.json` or a manifest, with or without a byte-order mark. The document is held in memory, so the caller
    /// limits its size.
    pub fn parse(json: &[u8]) -> Result<Self, ModelError> {
        if json.starts_with(&[0xFF, 0xFE]) || json.starts_with(&[0xFE, 0xFF]) {
            return Err(ModelError::Utf16);
        }
        let json = json.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(json);
        let document: Value =
            serde_json::from_slice(json).map_err(|error| ModelError::NotJson { problem: error.to_string() })?;
        let root = Node::root(&document);
        let entities = match root.member("entities").or_else(|| root.member("tables")) {
            Some(entities) => entities,
            None => root.required("entities")?,
        };
        let culture = root.text_of("culture")?.map(str::trim).filter(|culture| !culture.is_empty());
        let mut found = Vec::new();
        for entity in entities.elements()? {
            let read = if manifest::is_entity(&entity) {
                Some(manifest::entity(&entity, culture)?)
            } else {
                entity::entity(&entity, culture)?
            };
            found.extend(read);
        }
        Ok(Self { entities: found })
    }

    /// The entities in the order of the document.
    pub fn entities(&self) -> &[Entity] {
        &self.entities
    }

    /// The entity of a segment: the one with its name; otherwise with its name in another case, since SFTP exports convert
    /// folder names to lower case; otherwise the only one with files in the segment's dated folders, since the names of a table
    /// and its folder can differ.
    pub fn entity(&self, segment: &SegmentName) -> Option<&Entity> {
        let name = segment.as_str();
        let same_form = composed(name);
        self.entities
            .iter()
            .find(|entity| entity.name == name)
            .or_else(|| only(self.entities.iter().filter(|entity| composed(&entity.name) == same_form)))
            .or_else(|| only(self.entities.iter().filter(|entity| entity.name.eq_ignore_ascii_case(name))))
            .or_else(|| only(self.entities.iter().filter(|entity| entity.is_in(name))))
    }
}

fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next()?;
    if items.next().is_some() { None } else { Some(first) }
}

#[cfg(test)]
mod tests;

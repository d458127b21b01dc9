//! `model.json` and `*.manifest.cdm.json`: the columns and types of each segment, and its files.
//!
//! Read tolerantly: members in any case, `tables` for `entities`, booleans as text, unknown members and annotations
//! left aside, entities that live in another model skipped. What would put a value into the wrong column, such as an
//! attribute without a name, is an error.
//!
//! Sources: "The metadata file (model.json) for the Common Data Model" and "Common Data Model manifest", Microsoft.

mod data_type;
mod entity;
mod format;
mod json;
mod manifest;

use serde_json::Value;

pub use data_type::DataType;
pub use entity::{Entity, ListedFile, ModelColumn, Partition};
pub use format::{CsvStyle, FileFormat, QuoteStyle};

use crate::message::codes;
use crate::names::SegmentName;
use crate::values::composed;
use json::Node;

/// What a `model.json` or a manifest says.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    entities: Vec<Entity>,
}

/// Why a `model.json` can't be read. The texts contain no values, because a location may contain a signature.
///
/// Fix: run the export again, or copy the file again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The file is not JSON.
    #[error("the model.json is not JSON: {problem}\nRun the export again, or copy the file again.")]
    NotJson {
        /// What the JSON reader says, with line and column.
        problem: String,
    },
    /// The file is UTF-16.
    ///
    /// Fix: save it as UTF-8.
    #[error("the model.json is UTF-16, not UTF-8\nSave it as UTF-8.")]
    Utf16,
    /// A required member is missing.
    #[error("the model.json has no \"{member}\" at {path}")]
    Missing {
        /// Where it is looked for, as a JSON path.
        path: String,
        /// The member's name.
        member: &'static str,
    },
    /// A value has the wrong type.
    #[error("the model.json has {found} at {path} instead of {expected}")]
    Unexpected {
        /// Where, as a JSON path.
        path: String,
        /// What is allowed.
        expected: &'static str,
        /// What kind of value was found.
        found: &'static str,
    },
}

codes!(ModelError { NotJson = "ITB-F31", Utf16 = "ITB-F32", Missing = "ITB-F33", Unexpected = "ITB-F34" });

impl Model {
    /// Reads a whole document, a `model.json` or a manifest, told apart by their content. A byte-order mark may stand
    /// before it. How large a document may be is for the caller to decide: it is held in memory as a whole.
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

    /// The entities that have files here, in the order of the document.
    pub fn entities(&self) -> &[Entity] {
        &self.entities
    }

    /// The entity of a segment: the one of its name; else of its name in another case, since SFTP exports lower
    /// the case of folders; else the only one whose files lie in the segment's dated folders, since a table's
    /// name and its folder's can differ.
    pub fn entity(&self, segment: &SegmentName) -> Option<&Entity> {
        let name = segment.as_str();
        let same_form = composed(name);
        self.entities
            .iter()
            .find(|entity| entity.name == name)
            .or_else(|| only(self.entities.iter().filter(|entity| composed(&entity.name) == same_form)))
            .or_else(|| only(self.entities.iter().filter(|entity| entity.name.eq_ignore_ascii_case(name))))
            .or_else(|| only(self.entities.iter().filter(|entity| entity.lies_in(name))))
    }
}

fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next()?;
    if items.next().is_some() { None } else { Some(first) }
}

#[cfg(test)]
mod tests;

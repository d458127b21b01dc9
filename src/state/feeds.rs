//! What the present configuration leads to which attribute.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::feeder::{Feeder, Mapping, Mappings};
use crate::bucket::ETag;
use crate::config::{Config, Connection, Export};
use crate::names::{AttributeName, ExportName, SecretName, WorkspaceName};

/// The exports of a configuration, and which content of `exports.toml` they were read from.
#[derive(Clone, Debug)]
pub struct Feeds {
    exports: BTreeMap<ExportName, Arc<Export>>,
    /// The key and the content of the file.
    pub stored: Option<(String, ETag)>,
}

/// What leads to one attribute of one workspace.
#[derive(Clone, Copy, Debug)]
pub struct AttributeFeeds<'a> {
    feeds: &'a Feeds,
    workspace: &'a WorkspaceName,
    attribute: &'a AttributeName,
}

impl Feeds {
    /// The exports of `config`, which is stored as `stored`.
    pub fn new(config: &Config, stored: Option<(String, ETag)>) -> Self {
        Self { exports: config.exports.clone(), stored }
    }

    /// The secrets of all connections to the workspace of `connection`, its own first.
    pub fn secrets_of(&self, connection: &Connection) -> Vec<SecretName> {
        let others = self.exports.values().map(|export| &export.connection);
        let others =
            others.filter(|other| other.workspace == connection.workspace && other.secret != connection.secret);
        let others: BTreeSet<&SecretName> = others.map(|other| &other.secret).collect();
        [&connection.secret].into_iter().chain(others).cloned().collect()
    }

    /// What leads to `attribute` of `workspace`.
    pub fn of<'a>(&'a self, workspace: &'a WorkspaceName, attribute: &'a AttributeName) -> AttributeFeeds<'a> {
        AttributeFeeds { feeds: self, workspace, attribute }
    }
}

impl AttributeFeeds<'_> {
    fn exports(&self) -> impl Iterator<Item = &Arc<Export>> {
        self.feeds.exports.values().filter(|export| export.connection.workspace == *self.workspace)
    }

    /// The first export that delivers every segment it finds, and so one with the attribute's name.
    pub fn found_by(&self) -> Option<&Arc<Export>> {
        let segment = self.attribute.as_str();
        self.exports().find(|export| export.segments.is_none() && !export.attribute_names.contains_key(segment))
    }
}

impl Mappings for AttributeFeeds<'_> {
    fn explicit(&self) -> Option<Feeder> {
        self.exports().find_map(|export| {
            let listed = export.segments.iter().flatten();
            let named = export.attribute_names.keys().filter(|_| export.segments.is_none());
            let mut segments = listed.chain(named);
            let segment = segments.find(|segment| export.attribute_of(segment) == *self.attribute)?;
            Some(Feeder::new(&export.name, segment))
        })
    }

    fn mapping(&self, feeder: &Feeder) -> Option<Mapping> {
        let export = self.exports().find(|export| export.name == feeder.export)?;
        if !export.delivers(&feeder.segment) || export.attribute_of(&feeder.segment) != *self.attribute {
            return None;
        }
        let explicit = export.segments.is_some() || export.attribute_names.contains_key(&feeder.segment);
        Some(if explicit { Mapping::Explicit } else { Mapping::Found })
    }
}

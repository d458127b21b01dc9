//! Reads the whole file.

use std::sync::Arc;

use toml::de::DeTable;

use super::error::ConfigError;
use super::export::Connections;
use super::mistakes::{Mistakes, Refusal, Reported, syntax_error};
use super::reference::{
    Key, Table, connection as connection_keys, connections, export as export_keys, exports, root,
    source as source_keys, sources,
};
use super::shown::{may_be_key, shown};
use super::source::{self, Source};
use super::table::TableReader;
use super::{Config, Export, conflicts, connection, export};

impl Config {
    /// The most bytes of an `exports.toml`: it is written by people, and a larger one is none.
    pub const SIZE_LIMIT: u64 = 1024 * 1024;

    /// What to do about a file that is not UTF-8 text, as its bytes show it.
    pub fn how_to_save(bytes: &[u8]) -> &'static str {
        match bytes {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
                "It is UTF-16, which Windows calls Unicode: in Notepad, choose Save as and the encoding UTF-8"
            }
            _ => "Save it as UTF-8",
        }
    }

    /// Reads the text of an `exports.toml`.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Syntax`] where the text is not TOML; otherwise [`ConfigError::Mistakes`] with every mistake in
    /// the file. A file with connections and without exports is right: its connections can be tested.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let document = DeTable::parse(text).map_err(|error| syntax_error(text, &error))?;
        let mut mistakes = Mistakes::new(text);
        let root = TableReader::root(&document, &root::TABLE, &mut mistakes);
        let connections: Connections =
            named_tables(&root, &root::CONNECTIONS, [&connections::TABLE, &connection_keys::TABLE], &mut mistakes)
                .into_iter()
                .map(|(name, table)| {
                    let connection = table.and_then(|table| connection::read(name, &table, &mut mistakes));
                    (name.to_owned(), connection.map(Arc::new))
                })
                .collect();
        let mut outlines = Vec::new();
        let mut exports: Vec<Result<Export, Reported>> = Vec::new();
        for (name, table) in named_tables(&root, &root::EXPORTS, [&exports::TABLE, &export_keys::TABLE], &mut mistakes)
        {
            match table {
                Ok(table) => {
                    let (export, outline) = export::read(name, &table, &connections, &mut mistakes);
                    outlines.push(outline);
                    exports.push(export);
                }
                Err(reported) => exports.push(Err(reported)),
            }
        }
        let sources = read_sources(&root, &mut mistakes);
        if connections.is_empty() && exports.is_empty() && sources.is_empty() && mistakes.is_empty() {
            let allowed = format!("{} and {}", root::CONNECTIONS.kind, root::EXPORTS.kind);
            mistakes.add_to_file(Refusal::new("nothing", allowed));
        }
        conflicts::check(&outlines, &mut mistakes);
        let connections: Result<Vec<_>, Reported> = connections.into_values().collect();
        let exports: Result<Vec<_>, Reported> = exports.into_iter().collect();
        let sources: Result<Vec<_>, Reported> = sources.into_iter().collect();
        match (connections, exports, sources) {
            (Ok(connections), Ok(exports), Ok(sources)) if mistakes.is_empty() => Ok(Self {
                connections: connections.into_iter().map(|connection| (connection.name.clone(), connection)).collect(),
                exports: exports.into_iter().map(|export| (export.name.clone(), Arc::new(export))).collect(),
                sources: sources.into_iter().map(|source| (source.name.clone(), Arc::new(source))).collect(),
            }),
            _ => Err(mistakes.into_error()),
        }
    }
}

fn read_sources(root: &TableReader<'_, '_>, mistakes: &mut Mistakes<'_>) -> Vec<Result<Source, Reported>> {
    let mut destinations = Vec::new();
    let mut sources = Vec::new();
    for (name, table) in named_tables(root, &root::SOURCES, [&sources::TABLE, &source_keys::TABLE], mistakes) {
        sources.push(table.and_then(|table| {
            let (source, destination) = source::read(name, &table, mistakes);
            destinations.extend(destination);
            source
        }));
    }
    source::check_destinations(&destinations, mistakes);
    sources
}

/// The tables `[connections.NAME]`, `[exports.NAME]` or `[sources.NAME]` with their names, in the order of the file.
/// `references` describes the table of names and then one table in it.
fn named_tables<'a, 't>(
    root: &TableReader<'a, 't>,
    key: &Key,
    references: [&Table; 2],
    mistakes: &mut Mistakes<'_>,
) -> Vec<(&'a str, Result<TableReader<'a, 't>, Reported>)> {
    let [of_names, of_one] = references;
    let Ok(Some(tables)) = root.table(key, of_names, mistakes) else {
        return Vec::new();
    };
    let entries = tables.entries();
    let read = entries.into_iter().map(|(name, value)| {
        if !is_name(name.value) {
            let allowed = format!("a name of 1 to {LONGEST_NAME} letters, digits, - and _");
            mistakes.add(tables.path(), name.value, name.offset, Refusal::new(shown(name.value), allowed));
        }
        let allowed = format!("a table [{}]", of_one.path);
        (name.value, tables.child(&name, value, of_one, &allowed, mistakes))
    });
    read.collect()
}

/// The longest name: names are part of the keys of state and reports in the bucket.
const LONGEST_NAME: usize = 100;

fn is_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len())
        && !may_be_key(name)
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

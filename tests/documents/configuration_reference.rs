//! `docs/configuration.md` and `docs/exports.schema.json` say what the code reads: both are rendered from the tables that
//! the parser uses, and compared with the files. The examples in the documentation are parsed as well.
//!
//! `REWRITE_CONFIGURATION_REFERENCE=1 cargo test --workspace --test documents` writes both anew.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use insights_to_braze::config::Config;
use insights_to_braze::config::reference::{Key, Kind, Presence, TABLES, Table};
use serde_json::{Map, Value, json};

const BEGIN: &str =
    "<!-- Rendered by tests/documents/configuration_reference.rs from src/config/reference: from here -->\n";
const END: &str = "<!-- to here -->\n";
const HOW: &str = "set REWRITE_CONFIGURATION_REFERENCE=1 and run this test again to write it anew";

fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(file(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn rewrites() -> bool {
    std::env::var_os("REWRITE_CONFIGURATION_REFERENCE").is_some()
}

#[test]
fn the_documentation_has_every_table_and_key() {
    let text = read("docs/configuration.md");
    let (before, rest) = text.split_once(BEGIN).expect("the marker at the beginning");
    let (found, after) = rest.split_once(END).expect("the marker at the end");
    let rendered = reference();
    assert!(rendered.contains("| `settle_minutes` | whole number | `30` |"), "{rendered}");
    if rewrites() {
        fs::write(file("docs/configuration.md"), format!("{before}{BEGIN}{rendered}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(found, rendered, "docs/configuration.md differs from src/config/reference: {HOW}");
}

#[test]
fn the_schema_has_every_table_and_key() {
    let schema = schema();
    if rewrites() {
        let text = serde_json::to_string_pretty(&schema).unwrap();
        fs::write(file("docs/exports.schema.json"), format!("{text}\n")).unwrap();
        return;
    }
    let found: Value = serde_json::from_str(&read("docs/exports.schema.json")).unwrap();
    assert_eq!(found, schema, "docs/exports.schema.json differs from src/config/reference: {HOW}");
}

#[test]
fn the_schema_knows_the_keys_of_a_full_file() {
    let full: Value = toml::from_str(&read("tests/fixtures/config/full.toml")).unwrap();
    let keys = keys_unknown_to(&schema(), &full);
    assert!(keys.is_empty(), "{keys:?}");
    let wrong: Value = toml::from_str("[exports.loyalty]\nsettle_minuts = 3").unwrap();
    assert_eq!(keys_unknown_to(&schema(), &wrong), ["settle_minuts"]);
}

#[test]
fn the_examples_in_the_documentation_are_right() {
    for (path, least) in [("docs/configuration.md", 2), ("docs/deploy.md", 2), ("README.md", 1), ("README.ja.md", 1)] {
        let text = read(path);
        let examples: Vec<&str> = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert!(examples.len() >= least, "{path} has {} examples", examples.len());
        for example in examples {
            Config::parse(example).unwrap_or_else(|error| panic!("{path}:\n{example}\n{error}"));
        }
    }
}

/// All tables in Markdown.
fn reference() -> String {
    let mut text = String::new();
    for table in TABLES {
        let heading = if table.path.is_empty() { "Top level".to_owned() } else { format!("`[{}]`", table.path) };
        write!(text, "\n### {heading}\n\n{}.\n\n", capitalised(table.meaning)).unwrap();
        text.push_str("| key | type | if left out | allowed | meaning |\n| --- | --- | --- | --- | --- |\n");
        for key in table.keys {
            row(&mut text, &format!("`{}`", key.name), key);
        }
        if let Some(key) = table.chosen_keys {
            row(&mut text, &format!("*{}*", key.name), key);
        }
    }
    text.push('\n');
    text
}

fn row(text: &mut String, name: &str, key: &Key) {
    let absent = match key.presence {
        Presence::Required => "**required**".to_owned(),
        Presence::Default(value) => format!("`{value}`"),
        Presence::Optional(words) => words.to_owned(),
    };
    let kind = match key.kind {
        Kind::Text(_) | Kind::UnshownText(_) | Kind::OneOf(_) => "text",
        Kind::Boolean => "boolean",
        Kind::WholeNumber(..) => "whole number",
        Kind::Number(..) => "number",
        Kind::TextList(_) | Kind::Texts(_) => "list of texts",
        Kind::Table(_) => "table",
        Kind::TextOrTable(_) => "text or table",
    };
    let allowed = key.kind.to_string().replace('\\', "\\\\").replace('|', "\\|").replace('_', "\\_");
    writeln!(text, "| {name} | {kind} | {absent} | {allowed} | {} |", key.meaning.replace('|', "\\|")).unwrap();
}

fn capitalised(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// The same tables as a JSON Schema, for editors.
fn schema() -> Value {
    let mut schema = schema_of_table(table(""));
    schema["$schema"] = "http://json-schema.org/draft-07/schema#".into();
    schema["title"] = "exports.toml of insights-to-braze".into();
    schema
}

fn table(path: &str) -> &'static Table {
    TABLES.iter().copied().find(|table| table.path == path).unwrap_or_else(|| panic!("no table [{path}]"))
}

fn schema_of_table(table: &Table) -> Value {
    let properties: Map<String, Value> =
        table.keys.iter().map(|key| (key.name.to_owned(), schema_of_key(table, key))).collect();
    let required: Vec<&str> =
        table.keys.iter().filter(|key| matches!(key.presence, Presence::Required)).map(|key| key.name).collect();
    let others = table.chosen_keys.map_or(Value::Bool(false), |key| schema_of_key(table, key));
    let mut schema = json!({
        "type": "object",
        "description": capitalised(table.meaning),
        "properties": properties,
        "additionalProperties": others,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn schema_of_key(parent: &Table, key: &Key) -> Value {
    let text = || json!({ "type": "string", "minLength": 1 });
    let inner = || {
        let path = if parent.path.is_empty() { key.name.to_owned() } else { format!("{}.{}", parent.path, key.name) };
        schema_of_table(table(&path))
    };
    let mut schema = match key.kind {
        Kind::Text(_) | Kind::UnshownText(_) => text(),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::WholeNumber(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Kind::Number(least, most) => json!({ "type": "number", "minimum": least, "maximum": most }),
        // The names of Customer Insights' types are understood as well, so that these are not the only ones.
        Kind::OneOf(names) if key.name == "type" => json!({ "type": "string", "examples": names }),
        Kind::OneOf(texts) => json!({ "enum": texts }),
        Kind::TextList(_) => json!({ "type": "array", "minItems": 1, "uniqueItems": true, "items": text() }),
        Kind::Texts(_) => json!({ "type": "array", "uniqueItems": true, "items": text() }),
        Kind::Table(_) => inner(),
        Kind::TextOrTable(_) => json!({ "anyOf": [text(), inner()] }),
    };
    schema["description"] = format!("{} Allowed: {}.", key.meaning, key.kind).into();
    if let Presence::Default(value) = key.presence {
        schema["default"] = serde_json::from_str(value).expect("a default that JSON writes as TOML does");
    }
    schema
}

/// Keys of a file that the schema has no place for.
fn keys_unknown_to(schema: &Value, file: &Value) -> Vec<String> {
    let Value::Object(entries) = file else {
        return Vec::new();
    };
    let schema = schema["anyOf"].as_array().and_then(|schemas| schemas.last()).unwrap_or(schema);
    let unknown = entries.iter().flat_map(|(name, value)| {
        let of_any_name = Some(&schema["additionalProperties"]).filter(|of| of.is_object());
        match schema["properties"].get(name).or(of_any_name) {
            Some(of) => keys_unknown_to(of, value),
            None => vec![name.clone()],
        }
    });
    unknown.collect()
}

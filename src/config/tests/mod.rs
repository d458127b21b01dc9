//! What a right file gives, and that a wrong one names every mistake in it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod audits;
mod connections;
mod exports;
mod hostnames;
mod limits;
mod sources;
mod together;
mod whole_file;

use super::{Config, ConfigError, Mistake};

/// A right connection and a right export, each with further lines; the first of them replaces the line of the same key.
fn file(connection: &str, export: &str) -> String {
    let connection_key = connection.split('=').next().unwrap_or_default().trim();
    let export_key = export.split('=').next().unwrap_or_default().trim();
    let keep = |lines: &[&str], key: &str| -> String {
        let kept: Vec<&str> =
            lines.iter().copied().filter(|line| !line.starts_with(&format!("{key} "))).chain([""]).collect();
        kept.join("\n")
    };
    let connections =
        keep(&["hostname = \"rest.fra-01.braze.eu\"", "secret = \"insights-to-braze/eu\""], connection_key);
    let exports = keep(
        &[
            "connection = \"eu\"",
            "folder = \"incoming/Clienti\"",
            "data_matching = { customer_id = \"顧客ID\", email = \"E-Mail\" }",
        ],
        export_key,
    );
    format!("[connections.eu]\n{connection}\n{connections}[exports.clienti]\n{export}\n{exports}")
}

fn right(text: &str) -> Config {
    Config::parse(text).unwrap_or_else(|error| panic!("refused:\n{text}\n{error}"))
}

fn mistakes(text: &str) -> Vec<Mistake> {
    match Config::parse(text) {
        Ok(_) => panic!("accepted:\n{text}"),
        Err(ConfigError::Syntax(error)) => panic!("not TOML:\n{text}\n{error}"),
        Err(ConfigError::Mistakes(mistakes)) => mistakes,
    }
}

/// The one mistake of a file; more or fewer fail the test.
fn mistake(text: &str) -> Mistake {
    let mut all = mistakes(text);
    assert_eq!(all.len(), 1, "{text}\n{all:#?}");
    all.remove(0)
}

/// Asserts that the file has one mistake, of this place and in these words, and gives it back.
#[track_caller]
fn refused(text: &str, table: &str, key: &str, found: &str, allowed: &str) -> Mistake {
    let mistake = mistake(text);
    let seen = [&mistake.table, &mistake.key, &mistake.found, &mistake.allowed].map(String::as_str);
    assert_eq!(seen, [table, key, found, allowed]);
    mistake
}

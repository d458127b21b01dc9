//! Every table and key of `exports.toml` with its kind, default, allowed values and meaning.
//!
//! The one source of truth: the parser takes kinds, ranges and defaults from here, messages take their wording, and a
//! configuration reference or a JSON Schema can be generated from [`TABLES`].

mod keys;

use std::fmt;

pub use keys::{
    TABLES, attribute_names, attributes, audit_segment_ids, connection, connections, csv, data_matching, email, export,
    exports, field, root, source, sources,
};

use super::shown::alternatives;

/// One table of the file.
#[derive(Debug)]
pub struct Table {
    /// Its header; parts in capitals are names that the user chooses: `exports.NAME.csv`.
    pub path: &'static str,
    /// What it is for.
    pub meaning: &'static str,
    /// Its keys.
    pub keys: &'static [&'static Key],
    /// What any other key means, where the user chooses the keys.
    pub chosen_keys: Option<&'static Key>,
}

/// One key of a table.
#[derive(Debug)]
pub struct Key {
    /// The key, or a word in capitals where the user chooses it.
    pub name: &'static str,
    /// Which values it takes.
    pub kind: Kind,
    /// Whether it may be left out, and what then holds.
    pub presence: Presence,
    /// What it does.
    pub meaning: &'static str,
}

/// Which values a key takes. Displays as messages say it after "allowed:".
#[derive(Debug)]
pub enum Kind {
    /// A text, never empty; in words, which.
    Text(&'static str),
    /// A text, never empty, that no message may show; in words, which.
    UnshownText(&'static str),
    /// `true` or `false`.
    Boolean,
    /// A whole number from the first to the second, both included.
    WholeNumber(u64, u64),
    /// A number, with or without a fraction, from the first to the second, both included.
    Number(f64, f64),
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A list of different texts, not empty; in words, of which.
    TextList(&'static str),
    /// A list of different texts, or an empty one; in words, of which.
    Texts(&'static str),
    /// A table; in words, which.
    Table(&'static str),
    /// A text or a table; in words, which.
    TextOrTable(&'static str),
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(words)
            | Self::UnshownText(words)
            | Self::TextList(words)
            | Self::Texts(words)
            | Self::Table(words)
            | Self::TextOrTable(words) => f.write_str(words),
            Self::Boolean => f.write_str("true or false"),
            Self::WholeNumber(least, most) => write!(f, "a whole number from {least} to {most}"),
            Self::Number(least, most) => write!(f, "a number from {least} to {most}"),
            Self::OneOf(texts) => f.write_str(&alternatives(texts)),
        }
    }
}

/// Whether a key may be left out.
#[derive(Debug)]
pub enum Presence {
    /// It may not.
    Required,
    /// It may; this value, as TOML writes it, then holds.
    Default(&'static str),
    /// It may; in words, what then holds.
    Optional(&'static str),
}

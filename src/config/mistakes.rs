//! Collects errors while the file is read, so that all of them are reported together.

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error as TomlError};

use super::error::{ConfigError, Mistake, SyntaxError};
use super::shown::toml_key;

/// Proof that a mistake has been recorded. It is returned instead of a value, so that no mistake goes unrecorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reported(());

/// A value and the byte where it, or the key that leads to it, begins in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Located<T> {
    pub(super) value: T,
    pub(super) offset: usize,
}

/// Why a value is refused, without its place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) found: String,
    pub(super) allowed: String,
    pub(super) advice: Option<String>,
}

impl Refusal {
    pub(super) fn new(found: impl Into<String>, allowed: impl Into<String>) -> Self {
        Self { found: found.into(), allowed: allowed.into(), advice: None }
    }

    pub(super) fn advise(mut self, advice: Option<String>) -> Self {
        self.advice = advice;
        self
    }
}

/// The mistakes found so far.
pub(super) struct Mistakes<'t> {
    text: &'t str,
    found: Vec<Located<Mistake>>,
}

impl<'t> Mistakes<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, found: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Records a mistake in `key` of `table` at the byte `offset`. The key is without TOML's quotes.
    pub(super) fn add(&mut self, table: &str, key: &str, offset: usize, refusal: Refusal) -> Reported {
        let Refusal { found, allowed, advice } = refusal;
        let line = position(self.text, offset).0;
        let value = Mistake { table: table.to_owned(), key: toml_key(key), found, allowed, advice, line };
        self.found.push(Located { value, offset });
        Reported(())
    }

    /// Records a mistake that concerns the file as a whole.
    pub(super) fn add_to_file(&mut self, refusal: Refusal) {
        let Refusal { found, allowed, advice } = refusal;
        let value = Mistake { table: String::new(), key: String::new(), found, allowed, advice, line: 1 };
        self.found.push(Located { value, offset: 0 });
    }

    /// The mistakes in the order of the file.
    pub(super) fn into_error(mut self) -> ConfigError {
        self.found.sort_by_key(|mistake| mistake.offset);
        ConfigError::Mistakes(self.found.into_iter().map(|mistake| mistake.value).collect())
    }
}

/// The entries of a table in the order of the file; the TOML crate gives them sorted by key.
pub(super) fn in_file_order<'a, 't>(table: &'a DeTable<'t>) -> Vec<(Located<&'a str>, &'a Spanned<DeValue<'t>>)> {
    let mut entries: Vec<_> = table
        .iter()
        .map(|(key, value)| (Located { value: key.get_ref().as_ref(), offset: key.span().start }, value))
        .collect();
    entries.sort_by_key(|(key, _)| key.offset);
    entries
}

/// The TOML crate's error with a place that people can find and a word on what to do.
pub(super) fn syntax_error(text: &str, error: &TomlError) -> SyntaxError {
    let span = error.span().unwrap_or(text.len()..text.len());
    let (line, column) = position(text, span.start);
    let problem = error.message().trim_end_matches(", expected nothing").to_owned();
    if let Some((column, advice)) = look_alike(text, line) {
        return SyntaxError { line, column, problem, advice };
    }
    let found = text.get(span).unwrap_or_default();
    let advice = if problem.contains("duplicate key") {
        "Each key and table can occur only once: merge the two."
    } else if problem.contains("key with no value") {
        "Write `key = value`, with an equals sign."
    } else if problem.contains("unclosed") {
        "Close the bracket, on the same line for a table's name and for `{ … }`."
    } else if problem.contains("unicode") || problem.contains("escape") {
        "In double quotes, a backslash starts an escape: write the text in single quotes."
    } else if problem.contains("literal string") && found.is_empty() || problem.contains("basic string") {
        "Close the text with the quote it starts with."
    } else if found.starts_with(|first: char| !first.is_ascii_digit()) {
        "Write texts in straight double quotes, and true and false in lower case without quotes."
    } else {
        "Write texts in double quotes, lists in `[ ]`, and each key on its own line."
    };
    SyntaxError { line, column, problem, advice }
}

/// The column of the first character outside of quotes and comments that looks like one of TOML's and is not, as input
/// methods and word processors write it, and what to do about it.
fn look_alike(text: &str, line: usize) -> Option<(usize, &'static str)> {
    let mut quote = None;
    for (column, c) in (1..).zip(text.lines().nth(line.checked_sub(1)?)?.chars()) {
        match (quote, c) {
            (None, '#') => return None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '\u{3000}' | '\u{a0}' | '\u{2007}' | '\u{202f}') => {
                return Some((column, "A full-width or no-break space is here: replace it with an ordinary space."));
            }
            (None, '\u{ff01}'..='\u{ff5e}') => {
                return Some((column, "A full-width character is here: replace it with the ordinary one."));
            }
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

/// Line and column, both from 1, of the byte `offset`; the column counts characters.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

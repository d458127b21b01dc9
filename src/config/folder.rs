//! Reads folders below `incoming/`, and `path`: where files land and how their keys are read.

use super::mistakes::{Located, Mistakes, Refusal, Reported};
use super::reference::{Key, export as keys};
use super::shown::{may_be_key, on_one_line, shown};
use super::table::TableReader;
use crate::pattern::PathPattern;

/// A folder below `incoming/`, without the slash at its end.
pub(super) fn read_folder(
    table: &TableReader<'_, '_>,
    key: &Key,
    mistakes: &mut Mistakes<'_>,
) -> Result<Located<String>, Reported> {
    const PREFIX: &str = "incoming/";
    const LONGEST_FOLDER: usize = 512;
    let text = table.needed_text(key, mistakes)?;
    let folder = text.value.strip_suffix('/').unwrap_or(&text.value);
    let trimmed = folder.trim_start_matches('/');
    let found = if folder.chars().any(char::is_control) || folder.contains('\\') {
        format!("{}, with a backslash or control character", shown(&text.value))
    } else if folder.split('/').any(|part| part == "." || part == "..") {
        format!("{}, with the part \".\" or \"..\"", shown(&text.value))
    } else if trimmed.starts_with(PREFIX) && folder.split('/').any(str::is_empty) {
        format!("{}, with an empty part", shown(&text.value))
    } else if folder.len() > LONGEST_FOLDER {
        format!("a folder of {} bytes", folder.len())
    } else if folder.starts_with(PREFIX) {
        return Ok(Located { value: folder.to_owned(), offset: text.offset });
    } else {
        shown(&text.value)
    };
    let advice = if text.value.contains("://") {
        Some("write the folder without the bucket".to_owned())
    } else if trimmed.starts_with(PREFIX) {
        None
    } else {
        Some("files that land elsewhere in the bucket trigger nothing".to_owned())
    };
    Err(table.refuse(key, text.offset, Refusal::new(found, key.kind.to_string()).advise(advice), mistakes))
}

/// Whether two folders are the same, or one is in the other.
pub(super) fn overlap(one: &str, other: &str) -> bool {
    let is_in = |outer: &str, inner: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    is_in(one, other) || is_in(other, one)
}

/// The pattern for keys that no known layout fits.
pub(super) fn read_path(
    table: &TableReader<'_, '_>,
    mistakes: &mut Mistakes<'_>,
) -> Result<Option<PathPattern>, Reported> {
    let Some(text) = table.text(&keys::PATH, mistakes)? else {
        return Ok(None);
    };
    PathPattern::parse(&text.value).map(Some).map_err(|error| {
        let advice = Some(on_one_line(&error.to_string())).filter(|_| !may_be_key(&text.value));
        let refusal = Refusal::new(shown(&text.value), keys::PATH.kind.to_string()).advise(advice);
        table.refuse(&keys::PATH, text.offset, refusal, mistakes)
    })
}

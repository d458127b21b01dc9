//! Reads `[exports.NAME.csv]`.

use std::collections::BTreeSet;

use super::mistakes::{Located, Mistakes, Refusal, Reported};
use super::reference::{csv as keys, export};
use super::shown::{did_you_mean, quoted};
use super::table::TableReader;
use super::{CsvSettings, values};
use crate::rows::{ReadLimits, TextEncoding};

/// Reads the table.
///
/// `identifying` are the columns of data matching. The listed columns must contain them, because otherwise no row could be
/// matched; additional fields may be missing in files without a header.
pub(super) fn read(
    export_table: &TableReader<'_, '_>,
    identifying: &[Located<String>],
    mistakes: &mut Mistakes<'_>,
) -> Result<CsvSettings, Reported> {
    let Some(table) = export_table.table(&export::CSV, &keys::TABLE, mistakes)? else {
        return Ok(CsvSettings::default());
    };
    let delimiter = table.choice(&keys::DELIMITER, mistakes, delimiter);
    let escape = table.choice(&keys::ESCAPE, mistakes, |text| match text {
        "\\" => Some(true),
        "\"" => Some(false),
        _ => None,
    });
    let encoding = values::meaning(&table, &keys::ENCODING, mistakes, TextEncoding::of_label);
    let columns = read_columns(&table, identifying, mistakes);
    let limits = read_limits(&table, mistakes);
    let max_rejected_bytes = table.needed_whole_number(&keys::MAX_REJECTED_BYTES, mistakes);
    Ok(CsvSettings {
        delimiter: delimiter?.map(|delimiter| delimiter.value),
        backslash_escapes: escape?.map(|escape| escape.value),
        encoding: encoding?,
        columns: columns?,
        limits: limits?,
        max_rejected_bytes: max_rejected_bytes?,
    })
}

fn read_limits(table: &TableReader<'_, '_>, mistakes: &mut Mistakes<'_>) -> Result<ReadLimits, Reported> {
    let max_record_bytes = table.needed_whole_number(&keys::MAX_RECORD_BYTES, mistakes);
    let max_header_bytes = table.needed_whole_number(&keys::MAX_HEADER_BYTES, mistakes);
    let max_columns = table.needed_whole_number(&keys::MAX_COLUMNS, mistakes);
    let max_text_bytes = table.needed_whole_number(&keys::MAX_TEXT_BYTES, mistakes);
    Ok(ReadLimits {
        max_record_bytes: max_record_bytes?,
        max_header_bytes: max_header_bytes?,
        max_columns: max_columns?,
        max_text_bytes: max_text_bytes?,
    })
}

fn delimiter(text: &str) -> Option<u8> {
    match text {
        "," => Some(b','),
        ";" => Some(b';'),
        "\t" | "tab" => Some(b'\t'),
        "|" => Some(b'|'),
        _ => None,
    }
}

fn read_columns(
    table: &TableReader<'_, '_>,
    identifying: &[Located<String>],
    mistakes: &mut Mistakes<'_>,
) -> Result<Option<Vec<String>>, Reported> {
    let Some(columns) = table.text_list(&keys::COLUMNS, mistakes)? else {
        return Ok(None);
    };
    let offset = columns.first().map_or(table.offset(), |first| first.offset);
    let columns: Vec<String> = columns.into_iter().map(|column| column.value).collect();
    let absent: BTreeSet<&str> = identifying
        .iter()
        .map(|column| column.value.as_str())
        .filter(|name| !columns.iter().any(|column| column == name))
        .collect();
    let mut reported = None;
    for name in absent {
        let refusal =
            Refusal::new(format!("no column {}", quoted(name)), "a list with every column that data_matching names");
        let advice = did_you_mean(name, columns.iter().map(String::as_str))
            .map(|question| format!("in data_matching, {question}"));
        reported = Some(table.refuse(&keys::COLUMNS, offset, refusal.advise(advice), mistakes));
    }
    reported.map_or(Ok(Some(columns)), Err)
}

//! Reads settings about values: countries, cultures, the order of dates, texts that mean an empty cell.

use super::attribute_name::types_of;
use super::mistakes::{Located, Mistakes, Refusal, Reported};
use super::reference::{Key, export, field};
use super::shown::{quoted, shown};
use super::table::TableReader;
use super::{ValueType, Written};
use crate::braze_fields::StandardField;
use crate::values::{Country, Culture, DateOrder};

/// The names of `date_order`.
pub(super) const DATE_ORDERS: &[&str] = &["day_first", "month_first", "year_first"];

/// The country of a key that holds one.
pub(super) fn country(table: &TableReader<'_, '_>, mistakes: &mut Mistakes<'_>) -> Result<Option<Country>, Reported> {
    meaning(table, &export::DEFAULT_COUNTRY, mistakes, Country::of_text)
}

/// The culture of a key that holds one.
pub(super) fn culture(
    table: &TableReader<'_, '_>,
    key: &Key,
    mistakes: &mut Mistakes<'_>,
) -> Result<Option<Culture>, Reported> {
    meaning(table, key, mistakes, |tag| if tag.is_empty() { None } else { Culture::of_tag(tag) })
}

/// What the text of a key means, where it has one.
pub(super) fn meaning<T>(
    table: &TableReader<'_, '_>,
    key: &Key,
    mistakes: &mut Mistakes<'_>,
    meaning: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Reported> {
    let Some(text) = table.text(key, mistakes)? else { return Ok(None) };
    if let Some(found) = meaning(text.value.trim()) {
        return Ok(Some(found));
    }
    let refusal = Refusal::new(shown(&text.value), key.kind.to_string());
    Err(table.refuse(key, text.offset, refusal, mistakes))
}

/// How the values of a field's column are written. Each key needs a field of a type that it says something of.
pub(super) fn written(
    table: &TableReader<'_, '_>,
    value_type: Option<&ValueType>,
    standard: Option<StandardField>,
    mistakes: &mut Mistakes<'_>,
) -> Result<Written, Reported> {
    let of_standard = |kind: &str| standard.is_some_and(|field| types_of(field).contains(&kind));
    let is_date = matches!(value_type, Some(ValueType::Date | ValueType::DateTime)) || of_standard("date");
    let is_number = matches!(value_type, Some(ValueType::Integer | ValueType::Float));
    let is_boolean = value_type == Some(&ValueType::Boolean) || of_standard("boolean");
    // A type that model.json declares is not known here.
    let open = value_type.is_none() && standard.is_none();
    let country_column = table.text(&field::COUNTRY_COLUMN, mistakes);
    let true_values = table.text_list(&field::TRUE_VALUES, mistakes);
    let false_values = table.text_list(&field::FALSE_VALUES, mistakes);
    let date_order = table.choice(&field::DATE_ORDER, mistakes, date_order);
    let culture = culture(table, &field::CULTURE, mistakes);
    let excel_serial = table.boolean(&field::EXCEL_SERIAL, mistakes);
    let (country_column, true_values, false_values) = (country_column?, true_values?, false_values?);
    let (date_order, culture, excel_serial) = (date_order?, culture?, excel_serial?);
    let uses = [
        (country_column.is_some(), standard == Some(StandardField::Phone), &field::COUNTRY_COLUMN, "the field phone"),
        (true_values.is_some(), is_boolean || open, &field::TRUE_VALUES, "type = \"boolean\""),
        (false_values.is_some(), is_boolean || open, &field::FALSE_VALUES, "type = \"boolean\""),
        (date_order.is_some(), is_date || open, &field::DATE_ORDER, "type = \"date\" or \"datetime\""),
        (culture.is_some(), is_date || is_number || open, &field::CULTURE, "a date or a number as type"),
        (excel_serial, is_date || open, &field::EXCEL_SERIAL, "type = \"date\" or \"datetime\""),
    ];
    for (is_set, fits, key, needs) in uses {
        if is_set && !fits {
            let refusal = Refusal::new("a field of another type", format!("{} only beside {needs}", key.name));
            return Err(table.refuse(key, table.offset(), refusal, mistakes));
        }
    }
    let (true_values, false_values) = (true_values.unwrap_or_default(), false_values.unwrap_or_default());
    if let Some(both) = true_values.iter().find(|text| false_values.iter().any(|other| other.value == text.value)) {
        let found = format!("{} in true_values and in false_values", quoted(&both.value));
        let refusal = Refusal::new(found, "a text in one of the two lists");
        return Err(table.refuse(&field::TRUE_VALUES, both.offset, refusal, mistakes));
    }
    let texts = |list: Vec<Located<String>>| list.into_iter().map(|text| text.value).collect();
    Ok(Written {
        country_column: country_column.map(|column| column.value),
        true_values: texts(true_values),
        false_values: texts(false_values),
        date_order: date_order.map(|order| order.value),
        culture,
        excel_serial,
    })
}

fn date_order(name: &str) -> Option<DateOrder> {
    match name {
        "day_first" => Some(DateOrder::DayMonthYear),
        "month_first" => Some(DateOrder::MonthDayYear),
        "year_first" => Some(DateOrder::YearMonthDay),
        _ => None,
    }
}

//! Reads `[exports.NAME.data_matching]`, `[exports.NAME.attributes]` and the types of fields.

use toml::Spanned;
use toml::de::DeValue;

use super::attribute_name::{check_field, types_of};
use super::mistakes::{Located, Mistakes, Refusal, Reported};
use super::reference::{attributes, data_matching, email as email_keys, export, field as keys};
use super::shown::{alternatives, describe, quoted};
use super::table::TableReader;
use super::{DataMatching, EmailUse, EmptyRule, FieldMapping, ValueType, Written, values};
use crate::braze_fields::StandardField;

/// The names of `type` as messages list them.
pub(super) const VALUE_TYPE_NAMES: &[&str] = &["string", "integer", "float", "boolean", "date", "datetime", "array"];

/// Further names that mean the same, lower case and without `_`, `-` and spaces: those of Customer Insights and the
/// Common Data Model (Microsoft documentation, "model.json", table of data types) and of everyday use.
const OTHER_TYPE_NAMES: [(&str, &str); 24] = [
    ("text", "string"),
    ("guid", "string"),
    ("uuid", "string"),
    ("json", "string"),
    ("time", "string"),
    ("unclassified", "string"),
    ("int", "integer"),
    ("int16", "integer"),
    ("int32", "integer"),
    ("int64", "integer"),
    ("long", "integer"),
    ("bigint", "integer"),
    ("wholenumber", "integer"),
    ("double", "float"),
    ("decimal", "float"),
    ("number", "float"),
    ("single", "float"),
    ("real", "float"),
    ("bool", "boolean"),
    ("dateonly", "date"),
    ("datetimeoffset", "datetime"),
    ("datetime2", "datetime"),
    ("timestamp", "datetime"),
    ("list", "array"),
];

/// The default separator of the texts of an array.
const DEFAULT_SEPARATOR: &str = ";";

/// Which columns identify a member; at least one must be named. `identifying` takes them with their places.
pub(super) fn read_data_matching(
    export_table: &TableReader<'_, '_>,
    identifying: &mut Vec<Located<String>>,
    mistakes: &mut Mistakes<'_>,
) -> Result<DataMatching, Reported> {
    let Some(table) = export_table.table(&export::DATA_MATCHING, &data_matching::TABLE, mistakes)? else {
        return Ok(DataMatching::default());
    };
    let customer_id = table.text(&data_matching::CUSTOMER_ID, mistakes);
    let email = read_email(&table, mistakes);
    let email_column = email.as_ref().ok().and_then(|email| email.as_ref().map(|(column, _)| column.clone()));
    identifying.extend(customer_id.iter().flatten().cloned().chain(email_column));
    let (customer_id, email) = (customer_id?.map(|column| column.value), email?);
    if customer_id.is_none() && email.is_none() {
        let refusal = Refusal::new("neither customer_id nor email", export::DATA_MATCHING.kind.to_string());
        return Err(export_table.refuse(&export::DATA_MATCHING, table.offset(), refusal, mistakes));
    }
    let (email, email_use) = email.map_or((None, EmailUse::Set), |(column, email_use)| (Some(column.value), email_use));
    Ok(DataMatching { customer_id, email, email_use })
}

/// The column of the email address, in the short form or the long one.
fn read_email(
    table: &TableReader<'_, '_>,
    mistakes: &mut Mistakes<'_>,
) -> Result<Option<(Located<String>, EmailUse)>, Reported> {
    let entry = table.entries().into_iter().find(|(name, _)| name.value == data_matching::EMAIL.name);
    let Some((name, value)) = entry.filter(|(_, value)| value.get_ref().as_table().is_some()) else {
        return Ok(table.text(&data_matching::EMAIL, mistakes)?.map(|column| (column, EmailUse::Set)));
    };
    let table = table.child(&name, value, &email_keys::TABLE, &data_matching::EMAIL.kind, mistakes)?;
    let column = table.needed_text(&email_keys::COLUMN, mistakes);
    let email_use = table.needed_choice(&email_keys::USE, mistakes, EmailUse::from_name);
    Ok(Some((column?, email_use?)))
}

/// Reads the additional fields, in the order of the file; `names` gets all of their names, valid or not.
pub(super) fn read_attributes(
    export_table: &TableReader<'_, '_>,
    names: &mut Vec<Located<String>>,
    mistakes: &mut Mistakes<'_>,
) -> Result<Vec<FieldMapping>, Reported> {
    let Some(table) = export_table.table(&export::ATTRIBUTES, &attributes::TABLE, mistakes)? else {
        return Ok(Vec::new());
    };
    let entries = table.entries();
    names.extend(entries.iter().map(|(name, _)| Located { value: name.value.to_owned(), offset: name.offset }));
    let fields: Vec<_> = entries.iter().map(|(name, value)| read_field(&table, name, value, mistakes)).collect();
    fields.into_iter().collect()
}

fn read_field<'a, 't>(
    table: &TableReader<'a, 't>,
    name: &Located<&str>,
    value: &'a Spanned<DeValue<'t>>,
    mistakes: &mut Mistakes<'_>,
) -> Result<FieldMapping, Reported> {
    let standard =
        check_field(name.value).map_err(|refusal| mistakes.add(table.path(), name.value, name.offset, refusal));
    let allowed = attributes::TABLE.chosen_keys.map_or_else(String::new, |key| key.kind.to_string());
    let (column, value_type, empty, written) = match value.get_ref() {
        DeValue::String(column) if !column.trim().is_empty() => {
            let column = Located { value: column.clone().into_owned(), offset: value.span().start };
            (Ok(column), Ok(None), Ok(EmptyRule::Keep), Ok(Written::default()))
        }
        DeValue::Table(_) => {
            let table = table.child(name, value, &keys::TABLE, &allowed, mistakes)?;
            let column = table.needed_text(&keys::COLUMN, mistakes);
            let value_type = read_value_type(&table, standard.ok().flatten(), mistakes);
            let empty = table.needed_choice(&keys::EMPTY, mistakes, EmptyRule::from_name);
            let types = value_type.as_ref().ok().zip(standard.as_ref().ok());
            let written = types.map_or_else(
                || Ok(Written::default()),
                |(value_type, standard)| values::written(&table, value_type.as_ref(), *standard, mistakes),
            );
            (column, value_type, empty, written)
        }
        other => {
            let refusal = Refusal::new(describe(other), allowed);
            return Err(mistakes.add(table.path(), name.value, name.offset, refusal));
        }
    };
    standard?;
    Ok(FieldMapping {
        name: name.value.to_owned(),
        column: column?.value,
        value_type: value_type?,
        empty: empty?,
        written: written?,
    })
}

fn read_value_type(
    table: &TableReader<'_, '_>,
    standard: Option<StandardField>,
    mistakes: &mut Mistakes<'_>,
) -> Result<Option<ValueType>, Reported> {
    let name = table.choice(&keys::TYPE, mistakes, value_type_name);
    let separator = table.text(&keys::SEPARATOR, mistakes);
    let (name, separator) = (name?, separator?);
    if let Some(separator) = &separator
        && name.as_ref().is_none_or(|name| name.value != "array")
    {
        let found = format!("separator = {} without type = \"array\"", quoted(&separator.value));
        let refusal = Refusal::new(found, "separator only together with type = \"array\"");
        return Err(table.refuse(&keys::SEPARATOR, separator.offset, refusal, mistakes));
    }
    let Some(name) = name else {
        return Ok(None);
    };
    if let Some(standard) = standard
        && !types_of(standard).contains(&name.value)
    {
        let found = format!("{} for Braze's standard field {}", quoted(name.value), standard.as_str());
        return Err(table.refuse(
            &keys::TYPE,
            name.offset,
            Refusal::new(found, alternatives(types_of(standard))),
            mistakes,
        ));
    }
    Ok(Some(match name.value {
        "integer" => ValueType::Integer,
        "float" => ValueType::Float,
        "boolean" => ValueType::Boolean,
        "date" => ValueType::Date,
        "datetime" => ValueType::DateTime,
        "array" => ValueType::Array {
            separator: separator.map_or_else(|| DEFAULT_SEPARATOR.to_owned(), |separator| separator.value),
        },
        _ => ValueType::String,
    }))
}

/// The name in [`VALUE_TYPE_NAMES`] that a user's spelling means.
fn value_type_name(text: &str) -> Option<&'static str> {
    let folded: String = text.to_ascii_lowercase().replace(['_', '-', ' '], "");
    let same = VALUE_TYPE_NAMES.iter().copied().find(|name| *name == folded);
    same.or_else(|| OTHER_TYPE_NAMES.iter().find(|(other, _)| *other == folded).map(|(_, name)| *name))
}

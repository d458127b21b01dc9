//! How each configured column is found in a file and read: what someone wants to know before the first delivery.

use serde::Serialize;

use super::columns::{ColumnTypes, Found, Header};
use super::field_type::FieldType;
use crate::braze_fields::StandardField;
use crate::config::Export;

/// One column that the configuration names, as a file has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfiguredColumn {
    /// The key in the export's table, such as `data_matching.email`.
    pub setting: String,
    /// The column that it names.
    pub column: String,
    /// How it was found.
    pub found: ColumnFound,
    /// What its cells are read as.
    pub read_as: &'static str,
    /// Who says so.
    pub type_from: TypeFrom,
}

/// How a column was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "how")]
pub enum ColumnFound {
    /// Under its very name.
    Exactly {
        /// Its number in the file, from 1.
        number: usize,
    },
    /// Under a name that differs in case or white space around it.
    Nearly {
        /// Its number in the file, from 1.
        number: usize,
        /// What the file calls it.
        name: String,
    },
    /// Not at all.
    Missing,
    /// More than once.
    Ambiguous {
        /// The numbers of the columns that could be meant, from 1.
        numbers: Vec<usize>,
    },
}

/// Who says what a column's cells are read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum TypeFrom {
    /// It identifies the member.
    #[serde(rename = "data matching")]
    DataMatching,
    /// Braze's own field has a type of its own.
    #[serde(rename = "Braze's own field")]
    Braze,
    /// `type` in `exports.toml`.
    #[serde(rename = "exports.toml")]
    Config,
    /// `dataType` in `model.json`.
    #[serde(rename = "model.json")]
    Model,
    /// Nothing: it is text.
    #[serde(rename = "nothing declared")]
    Nothing,
}

impl ConfiguredColumn {
    /// Every column that `export` names, in the order of the configuration, as a file with `columns` has it.
    pub fn all_of(export: &Export, columns: &[String], types: &ColumnTypes) -> Vec<Self> {
        let header = Header::new(columns);
        let one = |setting: String, column: &str, read_as, type_from| Self {
            setting,
            found: ColumnFound::of(header.find(column), columns),
            column: column.to_owned(),
            read_as,
            type_from,
        };
        let matching = &export.data_matching;
        let identifying =
            [("customer_id", &matching.customer_id, "text"), ("email", &matching.email, "an email address")];
        let identifying = identifying.into_iter().filter_map(|(key, column, read_as)| {
            Some(one(format!("data_matching.{key}"), column.as_deref()?, read_as, TypeFrom::DataMatching))
        });
        let fields = export.attributes.iter().flat_map(|field| {
            let modelled = types.data_type(&field.column);
            let standard = StandardField::of_name(&field.name);
            let field_type = standard.map_or_else(
                || FieldType::of_custom_attribute(field.value_type.as_ref(), modelled),
                FieldType::of_standard,
            );
            let from = match (standard, &field.value_type, modelled) {
                (Some(_), ..) => TypeFrom::Braze,
                (None, Some(_), _) => TypeFrom::Config,
                (None, None, Some(_)) => TypeFrom::Model,
                (None, None, None) => TypeFrom::Nothing,
            };
            let setting = format!("attributes.{}", field.name);
            let country = field.written.country_column.as_ref().map(|column| {
                one(format!("{setting}.country_column"), column, FieldType::Country.in_words(), TypeFrom::Config)
            });
            std::iter::once(one(setting, &field.column, field_type.in_words(), from)).chain(country)
        });
        identifying.chain(fields).collect()
    }
}

impl ColumnFound {
    fn of(found: Found, columns: &[String]) -> Self {
        match found {
            Found::Exactly(at) => Self::Exactly { number: at + 1 },
            Found::Nearly(at) => Self::Nearly { number: at + 1, name: columns.get(at).cloned().unwrap_or_default() },
            Found::Nowhere => Self::Missing,
            Found::Ambiguous(positions) => {
                Self::Ambiguous { numbers: positions.into_iter().map(|at| at + 1).collect() }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ColumnTypes;
    use super::super::tests::{export, field, names};
    use super::{ColumnFound, ConfiguredColumn, TypeFrom};
    use crate::config::{EmptyRule, ValueType};
    use crate::run::model::DataType;

    #[test]
    fn each_configured_column_says_how_it_was_found_and_who_types_it() {
        let fields = vec![
            field("dob", "Born", None, EmptyRule::Keep),
            field("points", "Points", None, EmptyRule::Keep),
            field("tags", "Tags", Some(ValueType::Array { separator: ";".to_owned() }), EmptyRule::Keep),
            field("note", "Note", None, EmptyRule::Keep),
        ];
        let columns = names(&["LoyaltyId", " email ", "Points", "POINTS", "Born", "Tags", "tags"]);
        let types = ColumnTypes::new([("points".to_owned(), DataType::Int64)], None);
        let found = ConfiguredColumn::all_of(&export(fields), &columns, &types);
        let configured: Vec<_> =
            found.iter().map(|column| (column.setting.as_str(), column.read_as, column.type_from)).collect();
        assert_eq!(
            configured,
            [
                ("data_matching.customer_id", "text", TypeFrom::DataMatching),
                ("data_matching.email", "an email address", TypeFrom::DataMatching),
                ("attributes.dob", "a date", TypeFrom::Braze),
                ("attributes.points", "a whole number", TypeFrom::Model),
                ("attributes.tags", "a list of texts", TypeFrom::Config),
                ("attributes.note", "text", TypeFrom::Nothing),
            ]
        );
        assert_eq!(found[0].found, ColumnFound::Exactly { number: 1 });
        assert_eq!(found[1].found, ColumnFound::Nearly { number: 2, name: " email ".to_owned() });
        assert_eq!(found[5].found, ColumnFound::Missing);
        let both =
            ConfiguredColumn::all_of(&export(vec![field("n", "points", None, EmptyRule::Keep)]), &columns, &types);
        assert_eq!(both[2].found, ColumnFound::Ambiguous { numbers: vec![3, 4] });
    }
}

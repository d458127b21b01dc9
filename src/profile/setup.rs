//! Tying an export to a header: which column fills which field, and what does not fit.

use std::sync::Arc;

use crate::braze_fields::{NameProblem, StandardField, check_field, check_segment_attribute};
use crate::config::{Consent, EmptyRule, Export, FieldMapping, ValueType};
use crate::message::Coded;
use crate::names::AttributeName;
use crate::values::Culture;

use super::columns::{ColumnTypes, Found, Header};
use super::field::Field;
use super::field_type::FieldType;
use super::json;
use super::match_error::{MatchProblem, toml_key};
use super::note::ColumnNote;

/// What is found while an export is tied to a header.
pub(super) struct Setup<'s> {
    header: Header<'s>,
    export: &'s Export,
    columns: &'s [String],
    types: &'s ColumnTypes,
    /// Everything that does not fit.
    pub(super) problems: Vec<MatchProblem>,
    /// What fits, but should be known.
    pub(super) notes: Vec<String>,
    /// Whether a configured column was found, so that the header surely is one.
    pub(super) any_found: bool,
}

impl<'s> Setup<'s> {
    pub(super) fn new(export: &'s Export, columns: &'s [String], types: &'s ColumnTypes) -> Self {
        let mut notes = Vec::new();
        let unknown = types.culture_tag().filter(|tag| Culture::of_tag(tag).is_none() && export.culture.is_none());
        if let Some(tag) = unknown {
            notes.push(ColumnNote::UnknownCulture { culture: tag.to_owned() }.with_code());
        }
        Self { header: Header::new(columns), export, columns, types, problems: Vec::new(), notes, any_found: false }
    }

    pub(super) fn identifier_column(&mut self, key: &str, column: Option<&str>) -> Option<usize> {
        column.and_then(|column| self.column(key.to_owned(), column))
    }

    fn column(&mut self, key: String, column: &str) -> Option<usize> {
        let found = self.header.find(column);
        self.any_found |= found != Found::Nowhere;
        match found {
            Found::Exactly(at) => Some(at),
            Found::Nearly(at) => {
                let found = self.columns[at].clone();
                self.notes.push(ColumnNote::NearlyNamed { key, column: column.to_owned(), found }.with_code());
                Some(at)
            }
            Found::Nowhere => {
                self.problems.push(MatchProblem::Missing { key, column: column.to_owned() });
                None
            }
            Found::Ambiguous(positions) => {
                self.problems.push(MatchProblem::Ambiguous { key, column: column.to_owned(), positions });
                None
            }
        }
    }

    pub(super) fn check_attribute_name(&mut self, attribute: &AttributeName) {
        if let Err(problem) = check_segment_attribute(attribute.as_str()) {
            let reason = reason_against(problem);
            self.problems.push(MatchProblem::AttributeName { attribute: attribute.to_string(), reason });
        }
    }

    pub(super) fn field(&mut self, mapping: &FieldMapping, attribute: &AttributeName) -> Option<Field> {
        let key = format!("attributes.{}", toml_key(&mapping.name));
        if let Some(reason) = unusable_name(&mapping.name, attribute) {
            self.problems.push(MatchProblem::FieldName { key: key.clone(), reason });
        }
        let standard = StandardField::of_name(&mapping.name);
        let field_type = standard.map_or_else(
            || FieldType::of_custom_attribute(mapping.value_type.as_ref(), self.types.data_type(&mapping.column)),
            FieldType::of_standard,
        );
        let field_type = field_type.written(&mapping.written);
        self.note_settings_without_effect(&key, mapping, standard);
        let country_column = match &mapping.written.country_column {
            Some(column) => Some(self.column(format!("{key}.country_column"), column)?),
            None => None,
        };
        let column = self.column(key, &mapping.column)?;
        let declared = mapping.written.culture.or(self.export.culture);
        let mut culture = declared.unwrap_or_else(|| self.types.culture());
        culture.date_order = mapping.written.date_order.or(culture.date_order);
        let removable = standard.is_none_or(StandardField::can_be_removed);
        Some(Field {
            name: Arc::from(mapping.name.as_str()),
            column,
            key: json::member_key(&mapping.name),
            value: field_type,
            culture,
            order_is_set: declared.is_some() || mapping.written.date_order.is_some(),
            certain_dates_only: false,
            country_column,
            country: self.export.default_country,
            only_stricter: self.export.consent == Consent::Stricter
                && standard.is_some_and(StandardField::is_subscription_state),
            empty: if removable { mapping.empty } else { EmptyRule::Keep },
            costs_data_point: standard.is_none_or(StandardField::costs_data_point),
        })
    }

    fn note_settings_without_effect(&mut self, key: &str, mapping: &FieldMapping, standard: Option<StandardField>) {
        let Some(standard) = standard else {
            return;
        };
        let same_type = |declared: &ValueType| {
            *declared == ValueType::String
                || FieldType::of_custom_attribute(Some(declared), None) == FieldType::of_standard(standard)
        };
        if !mapping.value_type.as_ref().is_none_or(same_type) {
            self.notes.push(ColumnNote::TypeWithoutEffect { key: key.to_owned() }.with_code());
        }
        if mapping.empty == EmptyRule::Remove && !standard.can_be_removed() {
            self.notes.push(ColumnNote::RemoveWithoutEffect { key: key.to_owned() }.with_code());
        }
    }
}

/// Why a further field cannot have its name.
fn unusable_name(name: &str, attribute: &AttributeName) -> Option<&'static str> {
    if name == attribute.as_str() {
        return Some("the segment's attribute has the same name; rename one of them");
    }
    check_field(name).err().map(reason_against)
}

fn reason_against(problem: NameProblem) -> &'static str {
    match problem {
        NameProblem::Empty => "the name is empty",
        NameProblem::SpaceAtAnEnd => "the name starts or ends with a space, which Braze removes",
        NameProblem::Dollar => "the name starts with $, which Braze reserves for commands",
        NameProblem::ControlCharacter => "the name contains a control character",
        NameProblem::TooLong { .. } => "the name is longer than 255 characters",
        NameProblem::Identifier(_) | NameProblem::Reserved => "Braze reserves this name; choose another one",
        NameProblem::Standard(_) => "Braze has a standard field of this name",
        NameProblem::OtherSpelling(_) => {
            "Braze would store this as a custom attribute; write the standard field in lower case"
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use crate::config::{EmptyRule, ValueType};
    use crate::names::AttributeName;

    use super::super::tests::{HEADER, attribute, export, field, names, try_matcher};
    use super::super::{ColumnTypes, Matcher};

    #[test]
    fn columns_that_differ_in_case_or_space_match_with_a_note() {
        let matcher = try_matcher(&export(vec![]), &["loyaltyid", " EMAIL "]).unwrap();
        assert!(matcher.identify(&["L-1", "a@example.com"][..]).is_some());
        assert_eq!(
            matcher.notes(),
            [
                "data_matching.customer_id = \"LoyaltyId\": the column in the file is \"loyaltyid\" [ITB-M04]",
                "data_matching.email = \"EMail\": the column in the file is \" EMAIL \" [ITB-M04]",
            ]
        );
    }

    #[test]
    fn settings_without_effect_are_noted() {
        let fields = vec![
            field("dob", "A", Some(ValueType::Integer), EmptyRule::Keep),
            field("push_subscribe", "A", Some(ValueType::String), EmptyRule::Remove),
        ];
        let types = ColumnTypes::new([], Some("tlh".to_owned()));
        let matcher =
            Matcher::new(&export(fields), &attribute(), &names(&["LoyaltyId", "EMail", "A"]), &types).unwrap();
        let notes = matcher.notes().join("\n");
        for part in ["\"tlh\"", "attributes.dob: the declared type", "attributes.push_subscribe: empty"] {
            assert!(notes.contains(part), "{part} in {notes}");
        }
        assert_eq!(matcher.notes().len(), 3);
    }

    #[test]
    fn every_column_that_does_not_fit_is_in_one_error() {
        let fields = vec![
            field("first_name", "FirstName", None, EmptyRule::Keep),
            field("loyalty points", "Points", None, EmptyRule::Keep),
        ];
        let error = try_matcher(&export(fields), &["Id", "EMail", "points", "POINTS"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the export \"loyalty\" does not match this file: data_matching.customer_id = \"LoyaltyId\": no such column; \
             attributes.first_name = \"FirstName\": no such column; \
             attributes.\"loyalty points\" = \"Points\": 2 columns match (number 3, 4)\n\
             Nothing is lost. Its columns are \"Id\", \"EMail\", \"points\", \"POINTS\"; \
             correct [exports.loyalty] in exports.toml, or include the columns in the export \
             (for a file without a header, list its columns in [exports.loyalty.csv] columns)."
        );
    }

    #[test]
    fn one_missing_identifier_is_an_error_although_the_other_is_there() {
        let error = try_matcher(&export(vec![]), &["LoyaltyId", "Mail"]).unwrap_err();
        assert_eq!(error.problems.len(), 1);
        assert!(error.to_string().contains("data_matching.email = \"EMail\": no such column"));
    }

    #[test]
    fn values_that_were_taken_for_a_header_are_not_shown() {
        let error = try_matcher(&export(vec![]), &["L-1", "Anna", "anna@example.com"]).unwrap_err().to_string();
        assert!(!error.contains("Anna") && !error.contains("example.com"), "{error}");
        assert!(error.contains("[exports.loyalty.csv] columns"), "{error}");
        let error = try_matcher(&export(vec![]), &["C-100123", "Anna"]).unwrap_err().to_string();
        assert!(!error.contains("Anna"), "{error}");
    }

    #[test]
    fn a_header_of_ten_thousand_columns_is_cut_in_the_message() {
        let columns: Vec<String> = (0..10_000).map(|_| "Column".to_owned()).collect();
        let error =
            Matcher::new(&export(vec![]), &attribute(), &columns, &ColumnTypes::default()).unwrap_err().to_string();
        assert!(error.len() < 2000 && error.contains("and 9950 more"), "{error}");
    }

    #[test]
    fn names_with_a_meaning_of_their_own_are_refused() {
        let fields = ["email", "_update_existing_only", " High Value Customers", "  "];
        let mappings = fields.iter().map(|name| field(name, "EMail", None, EmptyRule::Keep)).collect();
        let error = try_matcher(&export(mappings), &HEADER).unwrap_err();
        assert_eq!(error.problems.len(), fields.len());
        for name in ["email", "first_name", "external_id", "", &"x".repeat(256)] {
            let attribute = AttributeName::new(name);
            let error =
                Matcher::new(&export(vec![]), &attribute, &names(&HEADER), &ColumnTypes::default()).unwrap_err();
            assert!(error.to_string().contains("attribute_names"), "{error}");
        }
    }
}

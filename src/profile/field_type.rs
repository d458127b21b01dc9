//! What a cell must hold for a field, and how its value is written.

use std::collections::HashSet;

use crate::braze_fields::StandardField;
use crate::config::ValueType;

use super::culture::Culture;
use super::dropped_fields::DropReason;
use super::{codes, date_time, fits_attribute, json, number, phone, time_zone, trimmed};
use crate::run::model::DataType;

/// The most elements that Braze keeps in an array (Braze, "User attributes object").
const ARRAY_MAX_ELEMENTS: usize = 500;
/// The largest array that Braze takes, in bytes of JSON (the same page: 100 KB).
const ARRAY_MAX_BYTES: usize = 100_000;
/// An array of so few elements is searched for a repeated one without an allocation.
const FEW_ELEMENTS: usize = 16;

/// The type of a field: a general one, or the rule of one of Braze's own fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FieldType {
    Text,
    Integer,
    Float,
    Boolean,
    Date,
    DateTime,
    Array { separator: String },
    Country,
    Language,
    Gender,
    Phone,
    TimeZone,
    SubscriptionState,
}

/// What became of a cell that Braze would take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Appended {
    /// One JSON value was appended.
    Value,
    /// The cell holds nothing; nothing was appended.
    Empty,
}

impl FieldType {
    /// The type of a custom attribute: the declared one, else that of `model.json`, else text.
    pub(super) fn of_custom_attribute(declared: Option<&ValueType>, modelled: Option<DataType>) -> Self {
        match declared {
            Some(ValueType::String) => Self::Text,
            Some(ValueType::Integer) => Self::Integer,
            Some(ValueType::Float) => Self::Float,
            Some(ValueType::Boolean) => Self::Boolean,
            Some(ValueType::Date) => Self::Date,
            Some(ValueType::DateTime) => Self::DateTime,
            Some(ValueType::Array { separator }) => Self::Array { separator: separator.clone() },
            None => modelled.map_or(Self::Text, Self::of_data_type),
        }
    }

    /// The type of a field of Braze's own.
    pub(super) fn of_standard(field: StandardField) -> Self {
        match field {
            StandardField::FirstName | StandardField::LastName | StandardField::HomeCity => Self::Text,
            StandardField::Country => Self::Country,
            StandardField::Language => Self::Language,
            StandardField::Dob => Self::Date,
            StandardField::Gender => Self::Gender,
            StandardField::Phone => Self::Phone,
            StandardField::TimeZone => Self::TimeZone,
            StandardField::EmailSubscribe | StandardField::PushSubscribe => Self::SubscriptionState,
            StandardField::DateOfFirstSession
            | StandardField::DateOfLastSession
            | StandardField::MarkedEmailAsSpamAt => Self::DateTime,
            StandardField::EmailOpenTrackingDisabled | StandardField::EmailClickTrackingDisabled => Self::Boolean,
        }
    }

    pub(super) fn of_data_type(data_type: DataType) -> Self {
        match data_type {
            DataType::Int64 => Self::Integer,
            DataType::Double | DataType::Decimal => Self::Float,
            DataType::Boolean => Self::Boolean,
            DataType::Date => Self::Date,
            DataType::DateTime | DataType::DateTimeOffset => Self::DateTime,
            DataType::String | DataType::Guid | DataType::Time | DataType::Json | DataType::Unclassified => Self::Text,
        }
    }

    /// What a cell is read as, for people.
    pub(super) fn in_words(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "a whole number",
            Self::Float => "a number",
            Self::Boolean => "true or false",
            Self::Date => "a date",
            Self::DateTime => "a date and time",
            Self::Array { .. } => "a list of texts",
            Self::Country => "a country code",
            Self::Language => "a language code",
            Self::Gender => "a gender",
            Self::Phone => "a phone number",
            Self::TimeZone => "a time zone",
            Self::SubscriptionState => "a subscription state",
        }
    }

    /// Appends the value of `cell` as JSON. After an error `out` may hold a part of it, which the caller cuts off.
    pub(super) fn append(&self, out: &mut Vec<u8>, cell: &str, culture: Culture) -> Result<Appended, DropReason> {
        if is_blank(cell) {
            return Ok(Appended::Empty);
        }
        match self {
            Self::Text => append_text(out, cell),
            Self::Integer => number::append_integer(out, cell, culture.decimal_comma),
            Self::Float => number::append_float(out, cell, culture.decimal_comma),
            Self::Boolean => append_boolean(out, trimmed(cell)),
            Self::Date => date_time::append_date(out, cell, culture),
            Self::DateTime => date_time::append_date_time(out, cell, culture),
            Self::Array { separator } => return append_array(out, cell, separator),
            Self::Country => append_if_some(out, codes::country(trimmed(cell)), DropReason::NotACountry),
            Self::Language => append_if_some(out, codes::language(trimmed(cell)), DropReason::NotALanguage),
            Self::Gender => append_if_some(out, gender(trimmed(cell)), DropReason::NotAGender),
            Self::Phone => phone::append_phone(out, cell),
            Self::TimeZone => append_time_zone(out, trimmed(cell)),
            Self::SubscriptionState => {
                append_if_some(out, subscription_state(trimmed(cell)), DropReason::NotASubscriptionState)
            }
        }?;
        Ok(Appended::Value)
    }
}

fn is_blank(cell: &str) -> bool {
    // Nearly every cell begins with a character that is no white space.
    !cell.as_bytes().first().is_some_and(u8::is_ascii_graphic) && cell.trim().is_empty()
}

fn append_text(out: &mut Vec<u8>, cell: &str) -> Result<(), DropReason> {
    if !fits_attribute(cell) {
        return Err(DropReason::TooLong);
    }
    json::append_string(out, cell);
    Ok(())
}

fn append_boolean(out: &mut Vec<u8>, text: &str) -> Result<(), DropReason> {
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    if is("true") || is("t") || is("1") {
        out.extend_from_slice(b"true");
    } else if is("false") || is("f") || is("0") {
        out.extend_from_slice(b"false");
    } else {
        return Err(DropReason::NotABoolean);
    }
    Ok(())
}

/// Appends the elements between the separators, without white space around them, without empty ones and each once:
/// Braze keeps unique elements only.
fn append_array(out: &mut Vec<u8>, cell: &str, separator: &str) -> Result<Appended, DropReason> {
    let start = out.len();
    let mut seen = Seen::default();
    let elements = if separator.is_empty() { None } else { Some(cell.split(separator)) };
    let whole = elements.is_none().then_some(cell);
    for element in elements.into_iter().flatten().chain(whole).map(str::trim).filter(|element| !element.is_empty()) {
        if !seen.insert(element) {
            continue;
        }
        if seen.len() > ARRAY_MAX_ELEMENTS {
            return Err(DropReason::TooManyElements);
        }
        if !fits_attribute(element) {
            return Err(DropReason::ElementTooLong);
        }
        out.push(if out.len() == start { b'[' } else { b',' });
        json::append_string(out, element);
    }
    if out.len() == start {
        return Ok(Appended::Empty);
    }
    out.push(b']');
    if out.len() - start > ARRAY_MAX_BYTES {
        return Err(DropReason::ArrayTooLarge);
    }
    Ok(Appended::Value)
}

/// The elements of an array so far.
#[derive(Default)]
struct Seen<'c> {
    few: [&'c str; FEW_ELEMENTS],
    few_len: usize,
    many: HashSet<&'c str>,
}

impl<'c> Seen<'c> {
    /// Whether `element` is new.
    fn insert(&mut self, element: &'c str) -> bool {
        if self.few[..self.few_len].contains(&element) {
            return false;
        }
        match self.few.get_mut(self.few_len) {
            Some(free) => {
                *free = element;
                self.few_len += 1;
                true
            }
            None => self.many.insert(element),
        }
    }

    fn len(&self) -> usize {
        self.few_len + self.many.len()
    }
}

/// Appends a code that was found in a list, where it was.
fn append_if_some(out: &mut Vec<u8>, code: Option<&'static str>, otherwise: DropReason) -> Result<(), DropReason> {
    json::append_string(out, code.ok_or(otherwise)?);
    Ok(())
}

/// Braze's letter for a letter or, in any case, the word by which its documentation explains the letter.
fn gender(text: &str) -> Option<&'static str> {
    const GENDERS: [(&str, &str); 5] =
        [("M", "male"), ("F", "female"), ("O", "other"), ("N", "not applicable"), ("P", "prefer not to say")];
    GENDERS
        .into_iter()
        .find(|(letter, word)| text.eq_ignore_ascii_case(letter) || text.eq_ignore_ascii_case(word))
        .map(|(letter, _)| letter)
}

fn append_time_zone(out: &mut Vec<u8>, text: &str) -> Result<(), DropReason> {
    if !time_zone::is_time_zone(text) {
        return Err(DropReason::NotATimeZone);
    }
    json::append_string(out, text);
    Ok(())
}

/// Braze takes the states in small letters only.
fn subscription_state(text: &str) -> Option<&'static str> {
    ["opted_in", "subscribed", "unsubscribed"].into_iter().find(|state| text.eq_ignore_ascii_case(state))
}

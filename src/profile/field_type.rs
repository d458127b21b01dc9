//! What a cell must hold for a field, and how its value is written.

use std::collections::HashSet;

use serde::Deserialize;

use crate::braze_fields::StandardField;
use crate::config::{ValueType, Written};
use crate::run::model::DataType;
use crate::values::{Country, Culture, boolean, language, phone_number, plain_forms};

use super::dropped_fields::DropReason;
use super::{date_time, fits_attribute, json, number, time_zone, trimmed};

/// The most elements that Braze keeps in an array (Braze, "User attributes object").
const ARRAY_MAX_ELEMENTS: usize = 500;
/// The largest array that Braze takes, in bytes of JSON (the same page: 100 KB).
const ARRAY_MAX_BYTES: usize = 100_000;
/// A text with this many digits may be a phone number without its country.
const DIGITS_OF_A_PHONE: usize = 7;
/// An array of so few elements is searched for a repeated one without an allocation.
const FEW_ELEMENTS: usize = 16;

/// The type of a field: a general one, or the rule of one of Braze's own fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FieldType {
    Text,
    /// An address on the web, which may be longer than other texts.
    Address,
    Integer,
    Float,
    Boolean(BooleanWords),
    Date {
        excel_serial: bool,
    },
    DateTime {
        excel_serial: bool,
    },
    Array {
        separator: String,
    },
    Country,
    Language,
    Gender,
    Phone,
    TimeZone,
    SubscriptionState,
}

/// What the values of a custom attribute are in Braze ("Data types").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// True or false.
    Boolean,
    /// A number.
    Number,
    /// A text.
    Text,
    /// A day or a time.
    Time,
    /// A list.
    List,
}

impl ValueKind {
    /// What the values of a declared type are.
    pub fn of(declared: &ValueType) -> Self {
        FieldType::of_custom_attribute(Some(declared), None).kind()
    }

    /// One of its values, for people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Boolean => "true or false",
            Self::Number => "a number",
            Self::Text => "text",
            Self::Time => "a date or time",
            Self::List => "a list",
        }
    }
}

/// The texts that a column writes for true and false besides the usual ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct BooleanWords {
    true_values: Vec<String>,
    false_values: Vec<String>,
}

/// What a cell is read by, beside the type of its field.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ReadBy {
    /// How the column writes dates and numbers.
    pub(super) culture: Culture,
    /// Where a telephone number without its country is from.
    pub(super) country: Option<Country>,
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
    pub(super) const BOOLEAN: Self = Self::Boolean(BooleanWords { true_values: Vec::new(), false_values: Vec::new() });
    pub(super) const DATE: Self = Self::Date { excel_serial: false };
    pub(super) const DATE_TIME: Self = Self::DateTime { excel_serial: false };

    /// The same type, with what is said of the way in which the column writes it.
    pub(super) fn written(self, written: &Written) -> Self {
        let excel_serial = written.excel_serial;
        match self {
            Self::Boolean(_) => Self::Boolean(BooleanWords {
                true_values: written.true_values.clone(),
                false_values: written.false_values.clone(),
            }),
            Self::Date { .. } => Self::Date { excel_serial },
            Self::DateTime { .. } => Self::DateTime { excel_serial },
            other => other,
        }
    }

    /// Whether cells are dates, in which the order of day and month matters.
    pub(super) fn is_date(&self) -> bool {
        matches!(self, Self::Date { .. } | Self::DateTime { .. })
    }

    /// The type of a custom attribute: the declared one, else that of `model.json`, else text.
    pub(super) fn of_custom_attribute(declared: Option<&ValueType>, modelled: Option<DataType>) -> Self {
        match declared {
            Some(ValueType::String) => Self::Text,
            Some(ValueType::Integer) => Self::Integer,
            Some(ValueType::Float) => Self::Float,
            Some(ValueType::Boolean) => Self::BOOLEAN,
            Some(ValueType::Date) => Self::DATE,
            Some(ValueType::DateTime) => Self::DATE_TIME,
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
            StandardField::ImageUrl => Self::Address,
            StandardField::Dob => Self::DATE,
            StandardField::Gender => Self::Gender,
            StandardField::Phone => Self::Phone,
            StandardField::TimeZone => Self::TimeZone,
            StandardField::EmailSubscribe | StandardField::PushSubscribe => Self::SubscriptionState,
            StandardField::DateOfFirstSession
            | StandardField::DateOfLastSession
            | StandardField::MarkedEmailAsSpamAt => Self::DATE_TIME,
            StandardField::EmailOpenTrackingDisabled | StandardField::EmailClickTrackingDisabled => Self::BOOLEAN,
        }
    }

    pub(super) fn of_data_type(data_type: DataType) -> Self {
        match data_type {
            DataType::Int64 => Self::Integer,
            DataType::Double | DataType::Decimal => Self::Float,
            DataType::Boolean => Self::BOOLEAN,
            DataType::Date => Self::DATE,
            DataType::DateTime | DataType::DateTimeOffset => Self::DATE_TIME,
            DataType::String | DataType::Guid | DataType::Time | DataType::Json | DataType::Unclassified => Self::Text,
        }
    }

    /// What the values are in Braze.
    pub(super) fn kind(&self) -> ValueKind {
        match self {
            Self::Integer | Self::Float => ValueKind::Number,
            Self::Boolean(_) => ValueKind::Boolean,
            Self::Date { .. } | Self::DateTime { .. } => ValueKind::Time,
            Self::Array { .. } => ValueKind::List,
            _ => ValueKind::Text,
        }
    }

    /// What a cell is read as, for people.
    pub(super) fn in_words(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Address => "an address of up to 1,024 characters",
            Self::Integer => "a whole number",
            Self::Float => "a number",
            Self::Boolean(_) => "true or false",
            Self::Date { .. } => "a date",
            Self::DateTime { .. } => "a date and time",
            Self::Array { .. } => "a list of texts",
            Self::Country => "a country",
            Self::Language => "a language code",
            Self::Gender => "a gender",
            Self::Phone => "a phone number",
            Self::TimeZone => "a time zone",
            Self::SubscriptionState => "a subscription state",
        }
    }

    /// Appends the value of `cell` as JSON. After an error `out` may hold a part of it, which the caller cuts off.
    pub(super) fn append(&self, out: &mut Vec<u8>, cell: &str, by: ReadBy) -> Result<Appended, DropReason> {
        if is_blank(cell) {
            return Ok(Appended::Empty);
        }
        match self {
            Self::Text => append_text(out, cell),
            Self::Address => append_address(out, trimmed(cell)),
            Self::Integer => number::append_integer(out, cell, by.culture),
            Self::Float => number::append_float(out, cell, by.culture),
            Self::Boolean(words) => append_boolean(out, trimmed(cell), words),
            Self::Date { excel_serial } => date_time::append_date(out, cell, by.culture, *excel_serial),
            Self::DateTime { excel_serial } => date_time::append_date_time(out, cell, by.culture, *excel_serial),
            Self::Array { separator } => return append_array(out, cell, separator),
            Self::Country => {
                let country = Country::of_text(&plain_forms(trimmed(cell))).map(Country::code);
                append_if_some(out, country, DropReason::NotACountry)
            }
            Self::Language => append_if_some(out, language(trimmed(cell)), DropReason::NotALanguage),
            Self::Gender => append_if_some(out, gender(trimmed(cell)), DropReason::NotAGender),
            Self::Phone => append_phone(out, cell, by.country),
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

/// Braze keeps up to 1,024 characters of `image_url` ("User attributes object").
fn append_address(out: &mut Vec<u8>, cell: &str) -> Result<(), DropReason> {
    const LONGEST: usize = 1024;
    if cell.chars().count() > LONGEST {
        return Err(DropReason::AddressTooLong);
    }
    json::append_string(out, cell);
    Ok(())
}

fn append_boolean(out: &mut Vec<u8>, text: &str, words: &BooleanWords) -> Result<(), DropReason> {
    let is_one_of = |declared: &[String]| declared.iter().any(|word| word.trim() == text);
    let value = if is_one_of(&words.true_values) {
        true
    } else if is_one_of(&words.false_values) {
        false
    } else {
        boolean(text).ok_or(DropReason::NotABoolean)?
    };
    out.extend_from_slice(if value { b"true" } else { b"false" });
    Ok(())
}

fn append_phone(out: &mut Vec<u8>, cell: &str, country: Option<Country>) -> Result<(), DropReason> {
    if let Some(number) = phone_number(cell, country) {
        json::append_string(out, &number);
        return Ok(());
    }
    let cell = plain_forms(cell);
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    let lacks_country =
        country.is_none() && digits >= DIGITS_OF_A_PHONE && !cell.trim_start_matches(['(', ' ']).starts_with('+');
    Err(if lacks_country { DropReason::PhoneWithoutCountry } else { DropReason::NotAPhoneNumber })
}

/// The texts of a JSON list, where a cell is one: texts and numbers, and null for nothing.
fn json_list(cell: &str) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Element {
        Text(String),
        Number(serde_json::Number),
        Truth(bool),
        Nothing(()),
    }
    let cell = cell.trim();
    if !cell.starts_with('[') || !cell.ends_with(']') {
        return None;
    }
    let elements: Vec<Element> = serde_json::from_str(cell).ok()?;
    let texts = elements.into_iter().filter_map(|element| match element {
        Element::Text(text) => Some(text),
        Element::Number(number) => Some(number.to_string()),
        Element::Truth(truth) => Some(truth.to_string()),
        Element::Nothing(()) => None,
    });
    Some(texts.collect())
}

/// Appends the elements of an array: those of a JSON list, otherwise the texts between the separators.
fn append_array(out: &mut Vec<u8>, cell: &str, separator: &str) -> Result<Appended, DropReason> {
    if let Some(texts) = json_list(cell) {
        return append_elements(out, texts.iter().map(String::as_str));
    }
    if separator.is_empty() {
        append_elements(out, std::iter::once(cell))
    } else {
        append_elements(out, cell.split(separator))
    }
}

/// Appends elements without white space around them, without empty ones and each once: Braze keeps unique elements only.
fn append_elements<'c>(out: &mut Vec<u8>, elements: impl Iterator<Item = &'c str>) -> Result<Appended, DropReason> {
    let start = out.len();
    let mut seen = Seen::default();
    for element in elements.map(str::trim).filter(|element| !element.is_empty()) {
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

/// Braze's letter for a letter or, in any case, the word by which its documentation explains the letter, in the languages
/// of Braze's dashboard.
fn gender(text: &str) -> Option<&'static str> {
    const GENDERS: [(&str, &[&str]); 5] = [
        ("M", &["male", "man", "männlich", "mann", "masculin", "homme", "masculino", "hombre", "男性", "男"]),
        ("F", &["female", "woman", "weiblich", "frau", "féminin", "femme", "femenino", "mujer", "女性", "女"]),
        ("O", &["other", "divers", "andere", "autre", "otro", "その他"]),
        ("N", &["not applicable", "nicht zutreffend", "non applicable", "no aplicable", "該当なし"]),
        ("P", &["prefer not to say", "keine angabe", "préfère ne pas le dire", "prefiero no decirlo", "回答しない"]),
    ];
    let lower = text.to_lowercase();
    GENDERS
        .into_iter()
        .find(|(letter, words)| text.eq_ignore_ascii_case(letter) || words.contains(&lower.as_str()))
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
    let text = text.replace([' ', '-'], "_");
    ["opted_in", "subscribed", "unsubscribed"].into_iter().find(|state| text.eq_ignore_ascii_case(state))
}

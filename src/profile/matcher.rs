//! One export tied to one file's header: rows in, attribute objects out.

use std::ops::Range;
use std::sync::Arc;

use crate::braze_fields::StandardField;
use crate::config::{EmailUse, EmptyRule, Export};
use crate::names::AttributeName;
use crate::values::Country;

use super::columns::ColumnTypes;
use super::date_time::OrderShown;
use super::dropped_fields::{DropReason, DroppedFields};
use super::field::Field;
use super::field_type::{Appended, FieldType, ReadBy, ValueKind};
use super::match_error::MatchError;
use super::null_words::NullWords;
use super::setup::Setup;
use super::{EXTERNAL_ID_MAX_BYTES, Fields, Identifier, Matched, Rejection, RejectionReason, email, json, trimmed};

/// How a state ends that is never looser than another.
const UNSUBSCRIBED: &[u8] = b"\"unsubscribed\"";

/// The place of the email among the counts of dropped fields; the additional fields follow in their order.
const EMAIL_SLOT: usize = 0;

/// Makes attribute objects of the rows of one file.
#[derive(Clone, Debug)]
pub struct Matcher {
    customer_id: Option<usize>,
    email: Option<usize>,
    email_name: Arc<str>,
    /// Whether the address is sent beside a customer ID.
    sets_email: bool,
    /// What every object holds behind its identifiers: the update-only flag where wanted, and the segment's attribute.
    constant_members: Vec<u8>,
    pub(super) fields: Vec<Field>,
    null: NullWords,
    pub(super) notes: Vec<String>,
}

/// The identifying cells of a row, checked.
pub(super) struct Identity<'r> {
    pub(super) identifier: Identifier<'r>,
    email: Option<&'r str>,
    dropped: Option<DropReason>,
}

impl Matcher {
    /// Matches `export` with a file with these `columns`, for the segment with `attribute`.
    ///
    /// `types` is what `model.json` says of the columns; it may be empty. A column is looked for under its exact name
    /// first, then whatever the case and the white space around it, which gives a note.
    ///
    /// # Errors
    ///
    /// Lists everything that does not fit: every configured column that the file does not have or has more than once,
    /// and every attribute whose name Braze would not take. One missing identifier is an error even where the other
    /// is there: half the members would be missed, or their profiles doubled.
    pub fn new(
        export: &Export,
        attribute: &AttributeName,
        columns: &[String],
        types: &ColumnTypes,
    ) -> Result<Self, MatchError> {
        let mut setup = Setup::new(export, columns, types);
        let customer_id =
            setup.identifier_column("data_matching.customer_id", export.data_matching.customer_id.as_deref());
        let email = setup.identifier_column("data_matching.email", export.data_matching.email.as_deref());
        setup.check_attribute_name(attribute);
        let fields = export.attributes.iter().filter_map(|mapping| setup.field(mapping, attribute)).collect();
        if !setup.problems.is_empty() {
            return Err(MatchError::new(&export.name, setup.problems, columns, setup.any_found));
        }
        Ok(Self {
            customer_id,
            email,
            email_name: Arc::from("email"),
            sets_email: export.data_matching.email_use == EmailUse::Set,
            constant_members: constant_members(export.create_profiles, attribute),
            fields,
            null: NullWords::new(&export.null_values),
            notes: setup.notes,
        })
    }

    /// What someone should know although it is no error, for the report: columns matched under a slightly different
    /// name, and settings without effect. Names columns, never values.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The custom attributes that additional fields fill, and what their values are.
    pub fn custom_fields(&self) -> impl Iterator<Item = (&str, ValueKind)> {
        let is_custom = |field: &&Field| StandardField::of_name(&field.name).is_none();
        self.fields.iter().filter(is_custom).map(|field| (&*field.name, field.value.kind()))
    }

    /// Whom a row is about: its customer ID where Braze could take that, else its email address where it is one.
    ///
    /// For rows that are rejected for another reason than their identifiers, such as too few cells.
    pub fn identify<'r, R: Fields<'r> + ?Sized>(&self, row: &R) -> Option<Identifier<'r>> {
        match self.customer_id(row) {
            Ok(Some(id)) => Some(Identifier::ExternalId(id)),
            Ok(None) | Err(_) => match self.email(row) {
                Ok(Some(address)) => Some(Identifier::Email(address)),
                Ok(None) | Err(_) => None,
            },
        }
    }

    /// Appends the attribute object of `row` to `object`: one complete JSON object. After a rejection `object` is as it
    /// was before. Fields that Braze would not take are left out and counted in `dropped`.
    ///
    /// Does not allocate, but for `object` to grow, for the first field dropped for each reason, and for arrays of
    /// more than a few elements.
    pub fn match_row<'r, R: Fields<'r> + ?Sized>(
        &self,
        row: &R,
        object: &mut Vec<u8>,
        dropped: &mut DroppedFields,
    ) -> Result<Matched<'r>, Rejection<'r>> {
        self.match_row_noting(row, object, dropped, |_, _| {})
    }

    /// The same, and notes where in `object` the value of each field is, by its place in [`Export::fields_sent`].
    pub fn match_row_noting<'r, R: Fields<'r> + ?Sized>(
        &self,
        row: &R,
        object: &mut Vec<u8>,
        dropped: &mut DroppedFields,
        mut note: impl FnMut(usize, Range<usize>),
    ) -> Result<Matched<'r>, Rejection<'r>> {
        let identity = self.identity(row).map_err(|reason| Rejection { reason, identifier: self.identify(row) })?;
        if let Some(reason) = identity.dropped {
            dropped.count(EMAIL_SLOT, &self.email_name, reason);
        }
        let mut attributes = 1;
        attributes += u32::from(self.append_identifiers(object, &identity, |email| note(0, email)));
        let first = usize::from(self.notes_email());
        object.extend_from_slice(&self.constant_members);
        let mut for_new_only = false;
        for (at, field) in self.fields.iter().enumerate() {
            let before = object.len();
            match field.append(object, row, &self.null) {
                Ok(Appended::Value) if field.only_stricter && !object.ends_with(UNSUBSCRIBED) => {
                    object.truncate(before);
                    for_new_only = true;
                }
                Ok(Appended::Value) => {
                    attributes += u32::from(field.costs_data_point);
                    note(first + at, before..object.len());
                }
                Ok(Appended::Empty) => object.truncate(before),
                Err(reason) => {
                    object.truncate(before);
                    dropped.count(EMAIL_SLOT + 1 + at, &field.name, reason);
                }
            }
        }
        let for_new_only =
            for_new_only.then(|| self.append_looser_states(object, row, |at, value| note(first + at, value)));
        object.push(b'}');
        Ok(Matched { identifier: identity.identifier, email: identity.email, attributes, for_new_only })
    }

    /// Appends the subscription states that would make one looser. Where they begin.
    fn append_looser_states<'r, R: Fields<'r> + ?Sized>(
        &self,
        object: &mut Vec<u8>,
        row: &R,
        mut note: impl FnMut(usize, Range<usize>),
    ) -> usize {
        let begin = object.len();
        for (at, field) in self.fields.iter().enumerate().filter(|(_, field)| field.only_stricter) {
            let before = object.len();
            let appended = field.append(object, row, &self.null);
            if appended != Ok(Appended::Value) || object.ends_with(UNSUBSCRIBED) {
                object.truncate(before);
            } else {
                note(at, before..object.len());
            }
        }
        begin
    }

    /// Whether the address is a field of members with a customer ID.
    fn notes_email(&self) -> bool {
        self.sets_email && self.customer_id.is_some() && self.email.is_some()
    }

    /// Whether the email is among them. `note` gets its place if the customer ID identifies.
    fn append_identifiers(
        &self,
        object: &mut Vec<u8>,
        identity: &Identity<'_>,
        note: impl FnOnce(Range<usize>),
    ) -> bool {
        match identity.identifier {
            Identifier::ExternalId(id) => {
                object.extend_from_slice(br#"{"external_id":"#);
                json::append_string(object, id);
                let Some(address) = identity.email.filter(|_| self.sets_email) else { return false };
                let before = object.len();
                object.extend_from_slice(br#","email":"#);
                json::append_string(object, address);
                note(before..object.len());
            }
            Identifier::Email(address) => {
                object.extend_from_slice(br#"{"email":"#);
                json::append_string(object, address);
            }
        }
        true
    }

    pub(super) fn identity<'r, R: Fields<'r> + ?Sized>(&self, row: &R) -> Result<Identity<'r>, RejectionReason> {
        let id = self.customer_id(row)?;
        let email = self.email(row);
        match (id, email) {
            (Some(id), Ok(email)) => Ok(Identity { identifier: Identifier::ExternalId(id), email, dropped: None }),
            (Some(id), Err(reason)) => {
                Ok(Identity { identifier: Identifier::ExternalId(id), email: None, dropped: Some(reason) })
            }
            (None, Ok(Some(address))) => {
                Ok(Identity { identifier: Identifier::Email(address), email: Some(address), dropped: None })
            }
            (None, Ok(None)) => Err(RejectionReason::NoIdentifier),
            (None, Err(_)) => Err(RejectionReason::EmailNotAnAddress),
        }
    }

    /// Whether a column of the email is set.
    pub(super) fn has_email(&self) -> bool {
        self.email.is_some() && self.email != self.customer_id
    }

    /// The email's cell, if it is not that of the customer ID and not empty.
    pub(super) fn email_cell<'r, R: Fields<'r> + ?Sized>(&self, row: &R) -> Option<&'r str> {
        let text = trimmed(row.field(self.email.filter(|_| self.has_email())?)?);
        (!text.is_empty() && !self.null.is_no_identifier(text)).then_some(text)
    }

    /// Whether the customer ID's cell holds a word for nothing.
    pub(super) fn holds_null_word<'r, R: Fields<'r> + ?Sized>(&self, row: &R) -> bool {
        let text = self.customer_id.and_then(|column| row.field(column)).map(trimmed);
        text.is_some_and(|text| !text.is_empty() && self.null.is_no_identifier(text))
    }

    /// The customer ID, without white space around it; `None` when the cell is empty.
    fn customer_id<'r, R: Fields<'r> + ?Sized>(&self, row: &R) -> Result<Option<&'r str>, RejectionReason> {
        let Some(column) = self.customer_id else { return Ok(None) };
        let id = row.field(column).ok_or(RejectionReason::CustomerIdUnreadable)?;
        let id = trimmed(id);
        if id.len() > EXTERNAL_ID_MAX_BYTES {
            return Err(RejectionReason::CustomerIdTooLong);
        }
        if holds_control_character(id) {
            return Err(RejectionReason::CustomerIdControlCharacter);
        }
        if is_in_exponent_form(id) {
            return Err(RejectionReason::CustomerIdInExponentForm);
        }
        Ok((!id.is_empty() && !self.null.is_no_identifier(id)).then_some(id))
    }

    /// The email address, without white space around it; `None` when the cell is empty.
    fn email<'r, R: Fields<'r> + ?Sized>(&self, row: &R) -> Result<Option<&'r str>, DropReason> {
        let Some(column) = self.email else { return Ok(None) };
        let text = trimmed(row.field(column).ok_or(DropReason::NotReadable)?);
        if text.is_empty() || self.null.is_no_identifier(text) {
            Ok(None)
        } else if email::is_address(text) {
            Ok(Some(text))
        } else {
            Err(DropReason::NotAnAddress)
        }
    }
}

impl Field {
    /// Appends the member of this field. After anything but [`Appended::Value`] the caller cuts off what was appended.
    fn append<'r, R: Fields<'r> + ?Sized>(
        &self,
        object: &mut Vec<u8>,
        row: &R,
        null: &NullWords,
    ) -> Result<Appended, DropReason> {
        let cell = row.field(self.column).ok_or(DropReason::NotReadable)?;
        object.extend_from_slice(&self.key);
        if self.certain_dates_only && OrderShown::by(cell) == Some(OrderShown::Either) {
            return Err(DropReason::DayOrMonth);
        }
        let appended = if null.holds(trimmed(cell)) {
            Appended::Empty
        } else {
            let country = if self.value == FieldType::Phone { self.country(row, null) } else { None };
            self.value.append(object, cell, ReadBy { culture: self.culture, country })?
        };
        if appended == Appended::Empty && self.empty == EmptyRule::Remove {
            object.extend_from_slice(b"null");
            return Ok(Appended::Value);
        }
        Ok(appended)
    }

    /// Where a telephone number without its country is from. A column that names no country leaves it open.
    fn country<'r, R: Fields<'r> + ?Sized>(&self, row: &R, null: &NullWords) -> Option<Country> {
        let text = trimmed(self.country_column.and_then(|column| row.field(column)).unwrap_or_default());
        if text.is_empty() || null.holds(text) { self.country } else { Country::of_text(text) }
    }
}

/// `1.23457E+11`, as spreadsheets and data frames write a long number.
fn is_in_exponent_form(id: &str) -> bool {
    // One digit comes first; few identifiers continue like this.
    if !matches!(id.as_bytes(), [b'0'..=b'9', b'.' | b',' | b'e' | b'E', ..]) {
        return false;
    }
    let Some((mantissa, exponent)) = id.split_once("E+").or_else(|| id.split_once("e+")) else { return false };
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once(['.', ',']).map_or((mantissa, None), |(w, f)| (w, Some(f)));
    whole.len() == 1
        && are_digits(whole)
        && fraction.is_none_or(are_digits)
        && exponent.len() >= 2
        && are_digits(exponent)
}

/// Control characters are those of ASCII, and U+0080 to U+009F, which UTF-8 writes with a first byte of 0xC2.
fn holds_control_character(text: &str) -> bool {
    let may_be_one = |byte: u8| byte < 0x20 || byte == 0x7f || byte == 0xc2;
    text.bytes().any(may_be_one) && text.chars().any(char::is_control)
}

fn constant_members(create_profiles: bool, attribute: &AttributeName) -> Vec<u8> {
    let mut members = Vec::new();
    if !create_profiles {
        members.extend_from_slice(br#","_update_existing_only":true"#);
    }
    members.extend_from_slice(&json::member_key(attribute.as_str()));
    members.extend_from_slice(b"true");
    members
}

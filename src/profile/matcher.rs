//! One export tied to one file's header: rows in, attribute objects out.

use std::sync::Arc;

use crate::config::{EmptyRule, Export};
use crate::names::AttributeName;

use super::columns::ColumnTypes;
use super::culture::Culture;
use super::dropped_fields::{DropReason, DroppedFields};
use super::field::Field;
use super::field_type::Appended;
use super::match_error::MatchError;
use super::setup::Setup;
use super::{EXTERNAL_ID_MAX_BYTES, Fields, Identifier, Matched, Rejection, RejectionReason, email, json, trimmed};

/// The place of the email among the counts of dropped fields; the further fields follow it in their order.
const EMAIL_SLOT: usize = 0;

/// Makes attribute objects of the rows of one file.
#[derive(Clone, Debug)]
pub struct Matcher {
    customer_id: Option<usize>,
    email: Option<usize>,
    email_name: Arc<str>,
    /// What every object holds behind its identifiers: the update-only flag where wanted, and the segment's attribute.
    constant_members: Vec<u8>,
    fields: Vec<Field>,
    culture: Culture,
    notes: Vec<String>,
}

/// The identifying cells of a row, checked.
struct Identity<'r> {
    identifier: Identifier<'r>,
    email: Option<&'r str>,
    dropped: Option<DropReason>,
}

impl Matcher {
    /// Ties `export` to a file with these `columns`, for the segment that `attribute` stands for.
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
        let mut setup = Setup::new(columns, types);
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
            constant_members: constant_members(export.create_profiles, attribute),
            fields,
            culture: types.culture(),
            notes: setup.notes,
        })
    }

    /// What someone should know although it is no error, for the report: columns matched under a slightly different
    /// name, and settings without effect. Names columns, never values.
    pub fn notes(&self) -> &[String] {
        &self.notes
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
        let identity = self.identity(row).map_err(|reason| Rejection { reason, identifier: self.identify(row) })?;
        if let Some(reason) = identity.dropped {
            dropped.count(EMAIL_SLOT, &self.email_name, reason);
        }
        let mut attributes = 1;
        append_identifiers(object, &identity);
        attributes += u32::from(identity.email.is_some());
        object.extend_from_slice(&self.constant_members);
        for (at, field) in self.fields.iter().enumerate() {
            let before = object.len();
            match field.append(object, row, self.culture) {
                Ok(Appended::Value) => attributes += u32::from(field.costs_data_point),
                Ok(Appended::Empty) => object.truncate(before),
                Err(reason) => {
                    object.truncate(before);
                    dropped.count(EMAIL_SLOT + 1 + at, &field.name, reason);
                }
            }
        }
        object.push(b'}');
        Ok(Matched { identifier: identity.identifier, email: identity.email, attributes })
    }

    fn identity<'r, R: Fields<'r> + ?Sized>(&self, row: &R) -> Result<Identity<'r>, RejectionReason> {
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
        Ok((!id.is_empty()).then_some(id))
    }

    /// The email address, without white space around it; `None` when the cell is empty.
    fn email<'r, R: Fields<'r> + ?Sized>(&self, row: &R) -> Result<Option<&'r str>, DropReason> {
        let Some(column) = self.email else { return Ok(None) };
        let text = trimmed(row.field(column).ok_or(DropReason::NotReadable)?);
        if text.is_empty() {
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
        culture: Culture,
    ) -> Result<Appended, DropReason> {
        let cell = row.field(self.column).ok_or(DropReason::NotReadable)?;
        object.extend_from_slice(&self.key);
        let appended = self.value.append(object, cell, culture)?;
        if appended == Appended::Empty && self.empty == EmptyRule::Remove {
            object.extend_from_slice(b"null");
            return Ok(Appended::Value);
        }
        Ok(appended)
    }
}

/// Control characters are those of ASCII, and U+0080 to U+009F, which UTF-8 writes with a first byte of 0xC2.
fn holds_control_character(text: &str) -> bool {
    let may_be_one = |byte: u8| byte < 0x20 || byte == 0x7f || byte == 0xc2;
    text.bytes().any(may_be_one) && text.chars().any(char::is_control)
}

fn append_identifiers(object: &mut Vec<u8>, identity: &Identity<'_>) {
    if let Identifier::ExternalId(id) = identity.identifier {
        object.extend_from_slice(br#"{"external_id":"#);
        json::append_string(object, id);
        if let Some(address) = identity.email {
            object.extend_from_slice(br#","email":"#);
            json::append_string(object, address);
        }
    } else if let Identifier::Email(address) = identity.identifier {
        object.extend_from_slice(br#"{"email":"#);
        json::append_string(object, address);
    }
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

//! What a form sent.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};

use super::state::Shared;
use super::trouble::Trouble;
use super::visit::Visit;

/// The fields of a form whose token is right.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    fields: Vec<(String, String)>,
}

impl Form {
    /// The fields in the text of a form.
    pub(crate) fn parse(text: &[u8]) -> Self {
        Self { fields: form_urlencoded::parse(text).into_owned().collect() }
    }

    /// A field, without white space at its ends; empty if there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// A field as it was sent.
    pub(crate) fn raw(&self, name: &str) -> &str {
        self.fields.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    /// All fields of this name.
    pub(crate) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.fields.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Whether a box is ticked or a button was pressed.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(found, _)| found == name)
    }

    /// The fields whose names begin with `prefix`: the rest of the name, and the value.
    pub(crate) fn beginning<'f>(&'f self, prefix: &'f str) -> impl Iterator<Item = (&'f str, &'f str)> {
        self.fields.iter().filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.as_str())))
    }

    /// The form with a field of this value in place of all of this name.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.fields.retain(|(found, _)| found != name);
        self.fields.push((name.to_owned(), value.into()));
    }

    /// The fields to send again as hidden ones: all but the token, the button that was pressed, and those of `without`.
    pub(crate) fn hidden(&self, without: &[&str]) -> Vec<(String, String)> {
        let is_kept = |name: &str| !["csrf", "key", "press"].contains(&name) && !without.contains(&name);
        self.fields.iter().filter(|(name, _)| is_kept(name)).cloned().collect()
    }
}

impl FromRequest<Shared> for Form {
    type Rejection = Trouble;

    async fn from_request(request: Request, console: &Shared) -> Result<Self, Trouble> {
        let visit = request.extensions().get::<Visit>().cloned().ok_or(Trouble::NotFound)?;
        let body = Bytes::from_request(request, console).await.map_err(|_| Trouble::TooLarge)?;
        let form = Self::parse(&body);
        if console.session.is_form(&visit.path, form.text("csrf")) { Ok(form) } else { Err(Trouble::Form) }
    }
}

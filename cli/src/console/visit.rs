//! Who asks for a page: the language, and the path within the session.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use insights_to_braze::texts::Language;

use super::state::Shared;
use super::trouble::Trouble;

/// A request that the guard let through.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub(crate) language: Language,
    /// The path below that of the session.
    pub(crate) path: String,
    query: String,
}

impl Visit {
    /// A visit to `path`.
    pub(crate) fn new(language: Language, path: &str, query: &str) -> Self {
        Self { language, path: path.to_owned(), query: query.to_owned() }
    }

    /// A parameter of the address.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let mut parameters = form_urlencoded::parse(self.query.as_bytes());
        parameters.find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
    }
}

impl FromRequestParts<Shared> for Visit {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Trouble> {
        parts.extensions.get::<Self>().cloned().ok_or(Trouble::NotFound)
    }
}

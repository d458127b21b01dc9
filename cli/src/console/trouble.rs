//! Why there is an error page in place of a page.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::ending::Failure;

/// What went wrong. The guard renders it in the language of the visit.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    /// There is no such page.
    NotFound,
    /// The form is not one of this session.
    Form,
    /// The form is larger than any of the console's.
    TooLarge,
    /// What a command of the terminal would have ended with.
    Failure(Arc<Failure>),
    /// A page that could not be rendered.
    Page(String),
}

impl Trouble {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Form => StatusCode::FORBIDDEN,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Failure(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Page(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl<F: Into<Failure>> From<F> for Trouble {
    fn from(failure: F) -> Self {
        Self::Failure(Arc::new(failure.into()))
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

//! The events of the three functions, parsed into types.
//!
//! All input from outside is checked here. An unsupported event is an [`EventError`], which names the field, what was found
//! and what is allowed.

pub mod caller;
mod fields;
pub mod object_created;
pub mod on_demand;
mod request;
pub mod scheduled;

use thiserror::Error;

use crate::message::codes;

/// Why a function does not accept an event.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventError {
    /// The event is of another kind.
    ///
    /// Fix: send one of the supported events.
    #[error("unsupported event: {found}\nSupported: {allowed}.")]
    Unknown {
        /// What it seems to be.
        found: String,
        /// What the function supports.
        allowed: &'static str,
    },
    /// A field of the payload is unknown or has a value that is not allowed.
    ///
    /// Fix: use one of the allowed fields or values.
    #[error("{field}: found {found}; allowed: {allowed}")]
    Field {
        /// The field's path.
        field: String,
        /// What was found.
        found: String,
        /// What is allowed.
        allowed: String,
    },
    /// Contributors are not allowed to do this.
    ///
    /// Fix: have someone with the operators' policy invoke the function itself, not its alias.
    #[error(
        "{asked} is not allowed for contributors\n\
         Someone with the operators' policy can do it, by invoking the function itself and not its alias."
    )]
    ForOperators {
        /// What was asked for.
        asked: String,
    },
}

codes!(EventError { Unknown = "ITB-E11", Field = "ITB-E12", ForOperators = "ITB-E13" });

impl EventError {
    pub(crate) fn field(field: impl Into<String>, found: impl Into<String>, allowed: impl Into<String>) -> Self {
        Self::Field { field: field.into(), found: found.into(), allowed: allowed.into() }
    }
}

/// The kind of a JSON value, for messages: values may be personal data.
pub(crate) fn kind_of(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "true or false",
        serde_json::Value::Number(_) => "a number",
        serde_json::Value::String(_) => "a text",
        serde_json::Value::Array(_) => "a list",
        serde_json::Value::Object(_) => "an object",
    }
}

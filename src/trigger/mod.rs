//! What an invocation asks for: the events of the three functions, read into types.
//!
//! Everything that comes from outside is checked here. What a function does not take is an [`EventError`], which names
//! the field, what was found and what is allowed.

pub mod caller;
pub mod object_created;
pub mod on_demand;
pub mod scheduled;

use thiserror::Error;

/// Why an event is not one that the function takes.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventError {
    /// It is something else altogether.
    #[error("this event is none that the function takes: {found}. It takes {allowed}")]
    Unknown {
        /// What it seems to be.
        found: String,
        /// What the function takes.
        allowed: &'static str,
    },
    /// A field has a wrong value.
    #[error("{field}: found {found}; allowed: {allowed}")]
    Field {
        /// The field's path.
        field: String,
        /// What was found.
        found: String,
        /// What is allowed.
        allowed: String,
    },
    /// A contributor asks for what operators alone may do.
    #[error(
        "{asked} is not for contributors. Somebody with the operators' policy asks for it, of the function itself and not \
             of its alias"
    )]
    ForOperators {
        /// What was asked for.
        asked: String,
    },
}

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

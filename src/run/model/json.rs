use serde_json::{Map, Value};

use super::error::ModelError;

/// A value in the document, and its path for error messages.
#[derive(Clone, Debug)]
pub(super) struct Node<'v> {
    value: &'v Value,
    path: String,
}

impl<'v> Node<'v> {
    pub(super) fn root(value: &'v Value) -> Self {
        Self { value, path: "$".to_owned() }
    }

    /// The member with this name in any case; `None` if it is absent, null, or this is not an object.
    pub(super) fn member(&self, name: &str) -> Option<Self> {
        let value = find(self.value.as_object()?, name)?;
        (!value.is_null()).then(|| Self { value, path: format!("{}.{name}", self.path) })
    }

    /// A required member.
    pub(super) fn required(&self, name: &'static str) -> Result<Self, ModelError> {
        if !self.value.is_object() {
            return Err(self.unexpected("an object"));
        }
        self.member(name).ok_or_else(|| ModelError::Missing { path: self.path.clone(), member: name })
    }

    /// The elements of a list.
    pub(super) fn elements(&self) -> Result<impl Iterator<Item = Self> + use<'v>, ModelError> {
        let list = self.value.as_array().ok_or_else(|| self.unexpected("a list"))?;
        let path = self.path.clone();
        Ok(list.iter().enumerate().map(move |(index, value)| Self { value, path: format!("{path}[{index}]") }))
    }

    /// The elements of a member that may be absent.
    pub(super) fn elements_of(&self, name: &str) -> Result<Vec<Self>, ModelError> {
        match self.member(name) {
            Some(list) => Ok(list.elements()?.collect()),
            None => Ok(Vec::new()),
        }
    }

    pub(super) fn text(&self) -> Result<&'v str, ModelError> {
        self.value.as_str().ok_or_else(|| self.unexpected("a text"))
    }

    /// The text of a member that may be absent.
    pub(super) fn text_of(&self, name: &str) -> Result<Option<&'v str>, ModelError> {
        self.member(name).map(|member| member.text()).transpose()
    }

    /// A text that is neither empty nor white space.
    pub(super) fn name(&self) -> Result<&'v str, ModelError> {
        let name = self.text()?;
        if name.trim().is_empty() { Err(self.unexpected("a text that is not empty")) } else { Ok(name) }
    }

    /// true or false, also as text in any case and as 1 or 0.
    pub(super) fn flag(&self) -> Result<bool, ModelError> {
        let flag = match self.value {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) => flag_from_text(text.trim()),
            Value::Number(number) => number.as_u64().and_then(|number| flag_from_text(&number.to_string())),
            _ => None,
        };
        flag.ok_or_else(|| self.unexpected("true or false"))
    }

    /// An error at this path, which shows the type that was found but not the value.
    pub(super) fn unexpected(&self, expected: &'static str) -> ModelError {
        let found = match self.value {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(text) if text.trim().is_empty() => "an empty text",
            Value::String(_) => "another text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        ModelError::Unexpected { path: self.path.clone(), expected, found }
    }
}

fn flag_from_text(text: &str) -> Option<bool> {
    match text {
        "1" => Some(true),
        "0" => Some(false),
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn find<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    object.get(name).or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

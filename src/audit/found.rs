//! A profile as an export of a segment has it.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value};

/// What an audit needs of a profile.
#[derive(Debug, PartialEq, Eq)]
pub struct ExportedProfile<'l> {
    /// The customer ID, if it has one.
    pub external_id: Option<Cow<'l, str>>,
    /// The email address, if it has one.
    pub email: Option<Cow<'l, str>>,
    /// Whether it has another value of the attribute than `true`, so that the segment is not the one that it should be.
    pub is_other: bool,
}

#[derive(Deserialize)]
struct Line<'l> {
    #[serde(borrow, default)]
    external_id: Option<Cow<'l, str>>,
    #[serde(borrow, default)]
    email: Option<Cow<'l, str>>,
    #[serde(default)]
    custom_attributes: Option<Map<String, Value>>,
}

impl<'l> ExportedProfile<'l> {
    /// The profile in a line of an export; `None` if it is none.
    pub fn read(line: &'l [u8], attribute: &str) -> Option<Self> {
        let Line { external_id, email, custom_attributes } = serde_json::from_slice(line).ok()?;
        let is_some = |text: &Cow<'l, str>| !text.trim().is_empty();
        let value = custom_attributes.as_ref().map(|attributes| attributes.get(attribute.trim()));
        Some(Self {
            external_id: external_id.filter(is_some),
            email: email.filter(is_some),
            // Exports have as little as possible: without any custom attribute, nothing was asked for.
            is_other: value.is_some_and(|value| value != Some(&Value::Bool(true))),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_line_has_identifiers_and_whether_the_attribute_is_true() {
        let read = |line: &str| {
            let profile = ExportedProfile::read(line.as_bytes(), "VIP ")?;
            Some((profile.external_id.map(Cow::into_owned), profile.email.map(Cow::into_owned), profile.is_other))
        };
        let both = r#"{"external_id":"\u6d77 1","email":"a@example.com","custom_attributes":{"VIP":true},"x":[1]}"#;
        assert_eq!(read(both).unwrap(), (Some("海 1".to_owned()), Some("a@example.com".to_owned()), false));
        assert_eq!(read(r#"{"external_id":" ","email":null}"#).unwrap(), (None, None, false));
        for other in [r#"{"custom_attributes":{"VIP":"true"}}"#, r#"{"custom_attributes":{}}"#] {
            assert!(read(other).unwrap().2, "{other}");
        }
        assert_eq!(read("no JSON"), None);
        assert_eq!(read(r#"{"external_id":7}"#), None);
    }
}

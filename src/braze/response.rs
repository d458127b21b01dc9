//! The bodies of Braze's answers to `POST /users/track`.
//!
//! Braze documents `errors` as strings on one page and as objects on another; recorded answers hold objects
//! `{"type", "input_array", "index"}`, where `index` counts inside the array that `input_array` names.

use serde_json::{Map, Value};

/// What an answer's JSON object says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TrackAnswer {
    /// `attributes_processed`.
    pub(super) processed: Option<u64>,
    /// Errors that name an attribute object: its index and Braze's text, in Braze's order.
    pub(super) named: Vec<(usize, String)>,
    /// Errors about attribute objects that name none of them.
    pub(super) unnamed: Vec<String>,
    /// `message`, or `error` where that is used instead.
    pub(super) message: Option<String>,
    /// Whether a member identifies this as an answer of Braze.
    pub(super) known: bool,
}

impl TrackAnswer {
    /// Reads the answer to a request of `objects` attribute objects. `None` when it is not a JSON object: empty, cut off,
    /// HTML.
    pub(super) fn parse(body: &[u8], objects: usize) -> Option<Self> {
        let Ok(Value::Object(members)) = serde_json::from_slice(body) else {
            return None;
        };
        let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
        let mut answer = Self {
            processed: members.get("attributes_processed").and_then(whole_number),
            message: text("message").or_else(|| text("error")),
            known: ["message", "errors", "attributes_processed"].iter().any(|name| members.contains_key(*name)),
            ..Self::default()
        };
        match members.get("errors") {
            Some(Value::Array(errors)) => errors.iter().for_each(|error| answer.add(error, objects)),
            Some(error) => answer.add(error, objects),
            None => {}
        }
        Some(answer)
    }

    /// Braze's text about the request as a whole, or about its only object.
    pub(super) fn reason(&self) -> Option<&str> {
        self.unnamed.first().or(self.message.as_ref()).map(String::as_str)
    }

    fn add(&mut self, error: &Value, objects: usize) {
        match error {
            Value::Null | Value::Bool(false) => {}
            Value::Object(members) => self.add_object(members, objects),
            Value::String(text) => self.unnamed.push(text.clone()),
            other => self.unnamed.push(other.to_string()),
        }
    }

    fn add_object(&mut self, members: &Map<String, Value>, objects: usize) {
        let array = members.get("input_array").and_then(Value::as_str);
        if array.is_some_and(|array| array != "attributes") {
            return;
        }
        let text = ["type", "message", "error"]
            .iter()
            .find_map(|name| members.get(*name).and_then(Value::as_str))
            .unwrap_or_default()
            .to_owned();
        let index = members.get("index").and_then(whole_number).and_then(|index| usize::try_from(index).ok());
        match index.filter(|index| *index < objects) {
            Some(index) => self.named.push((index, text)),
            None => self.unnamed.push(text),
        }
    }
}

fn whole_number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn parse(body: &str) -> TrackAnswer {
        TrackAnswer::parse(body.as_bytes(), 5).unwrap()
    }

    #[test]
    fn plain_success() {
        let answer = parse(r#"{"attributes_processed":5,"message":"success"}"#);
        assert_eq!(answer.processed, Some(5));
        assert_eq!(answer.message.as_deref(), Some("success"));
        assert!(answer.known && answer.named.is_empty() && answer.unnamed.is_empty());
        assert!(!parse(r#"{"status":"ok"}"#).known);
    }

    #[test]
    fn errors_by_index() {
        let answer = parse(
            r#"{"message":"success","attributes_processed":3,"errors":[
                {"type":"'email' is not a valid email","input_array":"attributes","index":1},
                {"type":"EMAIL_BAD_FORMAT","index":"4"},
                {"type":"about an event","input_array":"events","index":0}]}"#,
        );
        assert_eq!(answer.named, [(1, "'email' is not a valid email".into()), (4, "EMAIL_BAD_FORMAT".into())]);
        assert!(answer.unnamed.is_empty(), "errors of other arrays are none of ours");
    }

    #[test]
    fn errors_that_name_no_one() {
        let answer = parse(
            r#"{"errors":["bad request",{"type":"out of range","input_array":"attributes","index":5},
                {"type":"negative","index":-1},{"type":"fraction","index":1.5},{"type":"none"},null,17]}"#,
        );
        assert!(answer.named.is_empty());
        assert_eq!(answer.unnamed, ["bad request", "out of range", "negative", "fraction", "none", "17"]);
        assert_eq!(parse(r#"{"errors":"just text"}"#).unnamed, ["just text"]);
        assert_eq!(parse(r#"{"errors":{"type":"one","index":2}}"#).named, [(2, "one".into())]);
        assert_eq!(
            parse(r#"{"error":"Please send valid application/json"}"#).reason(),
            Some("Please send valid application/json")
        );
    }

    #[test]
    fn what_is_not_a_json_object_is_no_answer() {
        for body in ["", "   ", "<html>ok</html>", r#"{"message":"succ"#, "[]", "\"success\"", "\u{fffd}"] {
            assert_eq!(TrackAnswer::parse(body.as_bytes(), 5), None, "{body:?}");
        }
        assert_eq!(TrackAnswer::parse(b"\xff\xfe{}", 5), None);
        let deep = "[".repeat(100_000);
        assert_eq!(TrackAnswer::parse(deep.as_bytes(), 5), None);
    }
}

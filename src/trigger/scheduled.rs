//! The schedule's event: every active export, or those that `{"exports": [...]}` names.

use serde_json::Value;

use super::{EventError, kind_of};
use crate::names::ExportName;

const ALLOWED: &str = "EventBridge Scheduler's or EventBridge's scheduled events, {}, and {\"exports\": [\"…\"]}";

/// An invocation of `scheduled`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scheduled {
    /// The exports to deliver; `None` is every active one.
    pub exports: Option<Vec<ExportName>>,
}

impl Scheduled {
    /// Reads an event.
    pub fn parse(event: &Value) -> Result<Self, EventError> {
        let fields = match event {
            // A schedule without an input sends nothing or a text.
            Value::Null | Value::String(_) => return Ok(Self::default()),
            Value::Object(fields) => fields,
            other => return Err(EventError::Unknown { found: kind_of(other).to_owned(), allowed: ALLOWED }),
        };
        let is_rule = fields.get("detail-type").and_then(Value::as_str) == Some("Scheduled Event");
        if !is_rule && let Some(unknown) = fields.keys().find(|field| *field != "exports" && !is_schedulers(field)) {
            let found = format!("the field {:?}", unknown.chars().take(60).collect::<String>());
            return Err(EventError::Unknown { found, allowed: ALLOWED });
        }
        let Some(exports) = fields.get("exports") else {
            return Ok(Self::default());
        };
        let allowed = "a list of names of exports";
        let Value::Array(exports) = exports else {
            return Err(EventError::field("exports", kind_of(exports), allowed));
        };
        if exports.is_empty() {
            return Err(EventError::field("exports", "an empty list", "at least one name, or no such field"));
        }
        let names = exports.iter().enumerate().map(|(place, export)| {
            let name = export.as_str().map(ExportName::from);
            name.ok_or_else(|| EventError::field(format!("exports[{place}]"), kind_of(export), "the name of an export"))
        });
        Ok(Self { exports: Some(names.collect::<Result<_, _>>()?) })
    }
}

/// Fields of an `EventBridge` event, which a scheduler's input may repeat.
fn is_schedulers(field: &str) -> bool {
    ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"].contains(&field)
}

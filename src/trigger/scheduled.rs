//! The schedule's event: every active export, or those that `{"exports": [...]}` names. And the messages that continue a fetch.

use serde_json::Value;

use super::{EventError, kind_of};
use crate::names::{ExportName, SourceName};
use crate::queue::FetchContinuation;

const ALLOWED: &str = "EventBridge Scheduler's or EventBridge's scheduled events, {}, {\"exports\": [\"…\"]}, and \
                       {\"continue\": {\"source\": \"…\"}}, alone or in messages of Amazon SQS";

/// An invocation of `scheduled`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scheduled {
    /// The exports to deliver; `None` is every active one.
    pub exports: Option<Vec<ExportName>>,
    /// The sources whose fetch is continued. If there are any, nothing else is asked for.
    pub continued: Vec<SourceName>,
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
        if let Some(continued) = continued(event, fields.get("Records"))? {
            return Ok(Self { exports: None, continued });
        }
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
        Ok(Self { exports: Some(names.collect::<Result<_, _>>()?), continued: Vec::new() })
    }
}

/// The sources of messages that continue a fetch, each once; `None` if the event has none.
fn continued(event: &Value, records: Option<&Value>) -> Result<Option<Vec<SourceName>>, EventError> {
    let unknown = |found: &str| EventError::Unknown { found: found.to_owned(), allowed: ALLOWED };
    let messages: Vec<FetchContinuation> = match records {
        None if event.get("continue").is_some() => {
            vec![
                serde_json::from_value(event.clone())
                    .map_err(|_| unknown("a message that continues something else"))?,
            ]
        }
        None => return Ok(None),
        Some(records) => {
            let bodies = records.as_array().ok_or_else(|| unknown("records that are no list"))?;
            let read = bodies.iter().map(|record| {
                let body = record.get("body").and_then(Value::as_str);
                body.and_then(|body| serde_json::from_str(body).ok())
                    .ok_or_else(|| unknown("a message of another kind"))
            });
            read.collect::<Result<_, _>>()?
        }
    };
    let mut sources: Vec<SourceName> = messages.into_iter().map(|message| message.fetch.source).collect();
    sources.sort();
    sources.dedup();
    Ok(Some(sources))
}

/// Fields of an `EventBridge` event, which a scheduler's input may repeat.
fn is_schedulers(field: &str) -> bool {
    ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"].contains(&field)
}

//! New files: S3 notifications, alone or in SQS messages, and `EventBridge`'s "Object Created".
//!
//! Forms: Amazon S3 User Guide, "Event message structure" and "Using `EventBridge`"; AWS Lambda Developer Guide, "Using
//! Lambda with Amazon SQS". Keys are form-encoded in S3's own notifications and plain in `EventBridge`'s.

use aws_lambda_events::event::s3::S3Entity;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;

use super::{EventError, kind_of};
use crate::queue::{Continuation, ContinuedDelivery};

const ALLOWED: &str = "S3 notifications (also inside SQS messages), EventBridge events \"Object Created\" of aws.s3, \
                       and messages that continue a delivery";

/// A new object. S3 is asked for its size and content, because an event may be late.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Landed {
    /// The bucket.
    pub bucket: String,
    /// The key, decoded.
    pub key: String,
}

/// One task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// Deliver an object.
    Deliver(Landed),
    /// Continue a delivery.
    Continue(ContinuedDelivery),
}

/// What an invocation of `object-created` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectCreated {
    /// A single event, which fails as a whole.
    Direct(Vec<Task>),
    /// Messages of a queue, each of which fails separately.
    Messages(Vec<Message>),
}

/// A message of the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The queue's ID of the message.
    pub id: String,
    /// How often it has been received, this time included; 1 if the queue does not say.
    pub receives: u32,
    /// Its tasks, or what is wrong with it.
    pub tasks: Result<Vec<Task>, EventError>,
}

impl ObjectCreated {
    /// Reads an event.
    pub fn parse(event: &Value) -> Result<Self, EventError> {
        let records = event.get("Records").and_then(Value::as_array);
        let source = records.and_then(|records| records.first()).map(|record| {
            record.get("eventSource").or_else(|| record.get("EventSource")).and_then(Value::as_str).unwrap_or("")
        });
        match source {
            Some("aws:sqs") => Self::messages(records.map_or(&[], Vec::as_slice)),
            _ => tasks(event).map(Self::Direct),
        }
    }

    /// The tasks of a message, the same as of an invocation with its body.
    pub fn tasks_of(body: &str) -> Result<Vec<Task>, EventError> {
        let event =
            serde_json::from_str(body).map_err(|_| EventError::field("body", "text that is no JSON", ALLOWED))?;
        tasks(&event)
    }

    fn messages(records: &[Value]) -> Result<Self, EventError> {
        let messages = records.iter().enumerate().map(|(place, record)| {
            let id = record.get("messageId").and_then(Value::as_str).ok_or_else(|| {
                EventError::field(format!("Records[{place}].messageId"), "nothing", "the message's id, a text")
            })?;
            let field = format!("Records[{place}].body");
            let tasks = match record.get("body").map(|body| (body, body.as_str())) {
                Some((_, Some(body))) => serde_json::from_str(body)
                    .map_err(|_| EventError::field(&field, "text that is no JSON", ALLOWED))
                    .and_then(|body| tasks(&body)),
                Some((body, None)) => Err(EventError::field(&field, kind_of(body), "a text that contains JSON")),
                None => Err(EventError::field(&field, "nothing", "a text that contains JSON")),
            };
            // A number in a text (Amazon SQS API Reference, ReceiveMessage, ApproximateReceiveCount).
            let receives = record.pointer("/attributes/ApproximateReceiveCount").and_then(Value::as_str);
            let receives = receives.and_then(|count| count.parse().ok()).unwrap_or(1);
            Ok(Message { id: id.to_owned(), receives, tasks })
        });
        messages.collect::<Result<_, _>>().map(Self::Messages)
    }
}

/// The tasks of one event, or of the body of one message.
fn tasks(event: &Value) -> Result<Vec<Task>, EventError> {
    let unknown = |found: String| EventError::Unknown { found, allowed: ALLOWED };
    if !event.is_object() {
        return Err(unknown(kind_of(event).to_owned()));
    }
    // S3 sends this once when notifications are set up, and again whenever they are changed.
    if event.get("Event").and_then(Value::as_str) == Some("s3:TestEvent") {
        return Ok(Vec::new());
    }
    if let Some(continuation) = event.get("continue") {
        let continuation: Continuation = serde_json::from_value(event.clone()).map_err(|error| {
            EventError::field("continue", format!("{} ({error})", kind_of(continuation)), "export, segment and run")
        })?;
        return Ok(vec![Task::Continue(continuation.delivery)]);
    }
    if let Some(detail_type) = event.get("detail-type") {
        return event_bridge(event, detail_type);
    }
    match event.get("Records") {
        Some(Value::Array(records)) if records.is_empty() => {
            Err(EventError::field("Records", "an empty list", "at least one S3 record"))
        }
        Some(Value::Array(records)) => s3_records(records),
        Some(other) => Err(EventError::field("Records", kind_of(other), "a list of S3 records")),
        None => Err(unknown("it has neither Records, nor detail-type, nor continue".to_owned())),
    }
}

fn s3_records(records: &[Value]) -> Result<Vec<Task>, EventError> {
    for (place, record) in records.iter().enumerate() {
        let field = |name: &str| format!("Records[{place}].{name}");
        let source = record.get("eventSource").or_else(|| record.get("EventSource")).and_then(Value::as_str);
        if source != Some("aws:s3") {
            return Err(EventError::field(field("eventSource"), named(source), "aws:s3"));
        }
        // Minor versions add fields only (Amazon S3 User Guide, "Event message structure").
        if let Some(version) = record.get("eventVersion").and_then(Value::as_str)
            && !version.starts_with("2.")
        {
            return Err(EventError::field(field("eventVersion"), named(Some(version)), "2.x"));
        }
    }
    let mut tasks = Vec::new();
    for (place, record) in records.iter().enumerate() {
        let name = record.get("eventName").and_then(Value::as_str).unwrap_or_default();
        if !name.trim_start_matches("s3:").starts_with("ObjectCreated:") {
            continue;
        }
        // Only the fields that are needed: later versions add fields, and other senders leave some out.
        let entity = record.get("s3").map_or_else(|| S3Entity::deserialize(&Value::Null), S3Entity::deserialize);
        let entity = entity.map_err(|error| {
            let found = format!("a value of another form ({error})");
            EventError::field(format!("Records[{place}].s3"), found, "an object with bucket.name and object.key")
        })?;
        let missing = |name: &str| EventError::field(format!("Records[{place}].s3.{name}"), "nothing", "a text");
        let bucket = entity.bucket.name.ok_or_else(|| missing("bucket.name"))?;
        let key = entity.object.key.ok_or_else(|| missing("object.key"))?;
        let key = form_decoded(&key).ok_or_else(|| {
            EventError::field(format!("Records[{place}].s3.object.key"), "text that is not UTF-8", "an encoded key")
        })?;
        tasks.push(Task::Deliver(Landed { bucket, key }));
    }
    Ok(tasks)
}

fn event_bridge(event: &Value, detail_type: &Value) -> Result<Vec<Task>, EventError> {
    let source = event.get("source").and_then(Value::as_str);
    if source != Some("aws.s3") {
        return Err(EventError::field("source", named(source), "aws.s3"));
    }
    if detail_type.as_str() != Some("Object Created") {
        return Err(EventError::field("detail-type", named(detail_type.as_str()), "Object Created"));
    }
    let text = |path: [&str; 2]| {
        let value = event.get("detail").and_then(|detail| detail.get(path[0])).and_then(|value| value.get(path[1]));
        value.and_then(Value::as_str).map(str::to_owned).ok_or_else(|| {
            let found = value.map_or("nothing", kind_of);
            EventError::field(format!("detail.{}.{}", path[0], path[1]), found, "a text")
        })
    };
    Ok(vec![Task::Deliver(Landed { bucket: text(["bucket", "name"])?, key: text(["object", "key"])? })])
}

/// A name in an event, shortened because it comes from outside.
fn named(name: Option<&str>) -> String {
    name.map_or_else(|| "nothing".to_owned(), |name| format!("{:?}", name.chars().take(60).collect::<String>()))
}

/// S3 encodes keys in its notifications as HTML forms do: spaces as `+`, everything beyond ASCII percent-encoded.
fn form_decoded(key: &str) -> Option<String> {
    let key = key.replace('+', " ");
    percent_decode_str(&key).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

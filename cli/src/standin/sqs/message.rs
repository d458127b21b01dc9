//! Messages, and the forms in which they travel.

use jiff::Timestamp;
use s3s::crypto::{Checksum as _, Md5};
use serde_json::{Value, json};

use crate::standin::hexadecimal::hexadecimal;

/// A message that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Stays the same over all receives.
    pub message_id: String,
    /// Valid for the latest receive only.
    pub receipt_handle: String,
    /// The body.
    pub body: String,
    /// How often it was received, this time included.
    pub receive_count: u32,
    /// When it was sent.
    pub sent: Timestamp,
    /// When it was first received.
    pub first_received: Option<Timestamp>,
}

impl Message {
    /// Hexadecimal MD5 of the body.
    pub fn md5_of_body(&self) -> String {
        let mut digest = Md5::new();
        digest.update(self.body.as_bytes());
        hexadecimal(&digest.finalize())
    }

    fn system_attributes(&self) -> Value {
        json!({
            "ApproximateReceiveCount": self.receive_count.to_string(),
            "SentTimestamp": self.sent.as_millisecond().to_string(),
            "SenderId": "AIDAEXAMPLE",
            "ApproximateFirstReceiveTimestamp": self.first_received.unwrap_or(self.sent).as_millisecond().to_string(),
        })
    }

    /// As `ReceiveMessage` gives it.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "MessageId": self.message_id,
            "ReceiptHandle": self.receipt_handle,
            "Body": self.body,
            "MD5OfBody": self.md5_of_body(),
            "Attributes": self.system_attributes(),
        })
    }

    /// As Lambda gives it to a function, within `Records`.
    pub fn to_record(&self, queue: &str) -> Value {
        json!({
            "messageId": self.message_id,
            "receiptHandle": self.receipt_handle,
            "body": self.body,
            "attributes": self.system_attributes(),
            "messageAttributes": {},
            "md5OfBody": self.md5_of_body(),
            "eventSource": "aws:sqs",
            "eventSourceARN": queue_arn(queue),
            "awsRegion": "eu-central-1",
        })
    }

    /// The event that Lambda makes of a batch from `queue`.
    pub fn to_sqs_event(messages: &[Self], queue: &str) -> Value {
        json!({"Records": messages.iter().map(|message| message.to_record(queue)).collect::<Vec<_>>()})
    }
}

/// The ARN of a queue with this name.
pub(super) fn queue_arn(name: &str) -> String {
    format!("arn:aws:sqs:eu-central-1:123456789012:{name}")
}

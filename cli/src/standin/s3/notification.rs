//! What S3 tells about an object that was created.

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

/// An object was created or overwritten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectCreated {
    /// The bucket.
    pub bucket: String,
    /// The key, decoded.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// Without quotes.
    pub etag: String,
    /// Grows with every write to the same key, hexadecimal as S3 gives it.
    pub sequencer: String,
    /// `ObjectCreated:Put`, `ObjectCreated:Copy` or `ObjectCreated:CompleteMultipartUpload`.
    pub event_name: &'static str,
    /// When.
    pub at: Timestamp,
}

/// S3 leaves these as they are in the keys of its notifications and writes a space as `+`.
const LEFT_ALONE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/').remove(b' ');

impl ObjectCreated {
    /// One record of an S3 event notification (Amazon S3 user guide, "Event message structure"), the key encoded as S3 does.
    pub fn to_record(&self) -> Value {
        let key = utf8_percent_encode(&self.key, LEFT_ALONE).to_string().replace(' ', "+");
        json!({
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": "eu-central-1",
            "eventTime": self.at.to_string(),
            "eventName": self.event_name,
            "userIdentity": {"principalId": "AWS:AIDAEXAMPLE"},
            "requestParameters": {"sourceIPAddress": "127.0.0.1"},
            "responseElements": {"x-amz-request-id": "C3D13FE58DE4C810", "x-amz-id-2": "example"},
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "incoming",
                "bucket": {
                    "name": self.bucket,
                    "ownerIdentity": {"principalId": "A3NL1KOZZKExample"},
                    "arn": format!("arn:aws:s3:::{}", self.bucket),
                },
                "object": {"key": key, "size": self.size, "eTag": self.etag, "sequencer": self.sequencer},
            },
        })
    }

    /// The whole notification for these objects, as S3 sends it to a queue or a function.
    pub fn to_s3_event(objects: &[Self]) -> Value {
        json!({"Records": objects.iter().map(Self::to_record).collect::<Vec<_>>()})
    }

    /// The same as `EventBridge`'s "Object Created" event. Here the key is not encoded.
    pub fn to_eventbridge_event(&self) -> Value {
        json!({
            "version": "0",
            "id": "17793124-05d4-b198-2fde-7ededc63b103",
            "detail-type": "Object Created",
            "source": "aws.s3",
            "account": "123456789012",
            "time": self.at.to_string(),
            "region": "eu-central-1",
            "resources": [format!("arn:aws:s3:::{}", self.bucket)],
            "detail": {
                "version": "0",
                "bucket": {"name": self.bucket},
                "object": {"key": self.key, "size": self.size, "etag": self.etag, "sequencer": self.sequencer},
                "request-id": "N4N7GDK58NMKJ12R",
                "requester": "123456789012",
                "source-ip-address": "127.0.0.1",
                "reason": self.event_name.trim_start_matches("ObjectCreated:"),
            },
        })
    }
}

//! Why a function returns an error.

use lambda_runtime::Diagnostic;
use thiserror::Error;

use crate::bucket::BucketError;
use crate::config::ConfigError;
use crate::delivery::DeliveryError;
use crate::erase::EraseError;
use crate::message::{Coded, codes};
use crate::names::{AttributeName, SegmentName};
use crate::page::PageError;
use crate::queue::QueueError;
use crate::run::ModelReadError;
use crate::state::{Feeder, StateError};
use crate::topic::TopicError;
use crate::trigger::EventError;

/// Why a function returns an error.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HandlerError {
    /// The event is not supported.
    #[error(transparent)]
    Event(#[from] EventError),
    /// The event is about another bucket than the function's.
    ///
    /// Fix: check the source of the notification, or the environment variable `BUCKET`.
    #[error(
        "the event is about the bucket {found}, but this function reads the bucket {expected}\n\
         Check the source of the notification, or the environment variable BUCKET."
    )]
    OtherBucket {
        /// The bucket of the event.
        found: String,
        /// The bucket of the application.
        expected: String,
    },
    /// There is no `exports.toml` in the bucket.
    ///
    /// Fix: upload it, or set the environment variable `CONFIG_KEY` to its key.
    #[error(
        "s3://{bucket}/{key} does not exist\n\
         Nothing was delivered. Upload exports.toml there, or set the environment variable CONFIG_KEY to its key."
    )]
    NoConfig {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
    },
    /// The configuration is not valid. Nothing is delivered.
    #[error("s3://{bucket}/{key}: {source}")]
    Config {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
        /// All errors in it.
        source: ConfigError,
    },
    /// `exports.toml` is not UTF-8 text.
    ///
    /// Fix: save it as UTF-8.
    #[error("s3://{bucket}/{key} is not UTF-8 text\nNothing was delivered. {advice}.")]
    ConfigNotText {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
        /// What to do.
        advice: &'static str,
    },
    /// There is no connection, export or segment of this name.
    ///
    /// Fix: use one of the existing names.
    #[error("{kind} {name:?} does not exist; existing: {existing}")]
    NoSuch {
        /// What was asked for.
        kind: &'static str,
        /// Its name.
        name: String,
        /// Those that exist.
        existing: String,
    },
    /// The bucket failed.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// A `model.json` could not be read.
    #[error(transparent)]
    Model(#[from] ModelReadError),
    /// A segment feeds the attribute that is to be retired.
    ///
    /// Fix: remove the segment from `segments`, or give it another attribute under `attribute_names`.
    #[error(
        "nothing was changed: the attribute \"{attribute}\" is fed by {by}\n\
         To retire it, first remove the segment from `segments`, or give it another attribute under attribute_names."
    )]
    StillFed {
        /// The attribute.
        attribute: AttributeName,
        /// Who feeds it.
        by: Feeder,
    },
    /// `allow_leavers` names no run, or no number.
    ///
    /// Fix: give both, as the message or the report of the held run says.
    #[error("nothing was sent: allow_leavers takes the run and the number of people who leave with it\n{held}")]
    ReleaseUnnamed {
        /// What could be released.
        held: String,
    },
    /// A delivery failed before a report could be written.
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    /// The history page of an export could not be written.
    #[error(transparent)]
    Page(#[from] PageError),
    /// A delivery could not be continued, or the dead-letter queue failed.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// People could not be notified of the status of the segments.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// Erasing a person stopped early.
    #[error("{0}\nWhat has been erased stays erased. Run erase again.")]
    Erase(#[from] EraseError),
    /// The action `retry` needs a queue, but the function has none.
    ///
    /// Fix: set `QUEUE_URL`, or deploy with the template, which sets it.
    #[error(
        "the environment variable QUEUE_URL is not set\n\
         The action retry needs the URL of the queue for the events of files."
    )]
    NoQueue,
    /// A continued delivery found Braze unavailable. The message is that of the delivery.
    ///
    /// Fix: nothing to do; the delivery is retried automatically.
    #[error("{message}")]
    Outage {
        /// What Braze did.
        message: String,
    },
    /// Some deliveries failed; the others are done.
    ///
    /// Fix: each failed delivery has a report that says what to do.
    #[error("{} of {} deliveries failed: {messages}", .failed.len(), .of, messages = .failed.join("; "))]
    SomeFailed {
        /// What failed, and why.
        failed: Vec<String>,
        /// How many there were.
        of: usize,
    },
}

codes!(HandlerError wraps Event, Bucket, Model, Delivery, Page, Queue, Topic, Erase source Config {
    OtherBucket = "ITB-E04",
    NoConfig = "ITB-C01",
    ConfigNotText = "ITB-C02",
    NoSuch = "ITB-E05",
    NoQueue = "ITB-E06",
    Outage = "ITB-E07",
    SomeFailed = "ITB-E08",
    StillFed = "ITB-E14",
    ReleaseUnnamed = "ITB-E10",
});

impl HandlerError {
    /// The name that AWS Lambda shows as the error's type.
    fn type_name(&self) -> &'static str {
        match self {
            Self::Event(_) | Self::OtherBucket { .. } | Self::StillFed { .. } | Self::ReleaseUnnamed { .. } => {
                "InvalidEvent"
            }
            Self::NoConfig { .. } | Self::Config { .. } | Self::ConfigNotText { .. } => "InvalidConfig",
            Self::NoSuch { .. } => "NotFound",
            Self::Bucket(_) | Self::Model(ModelReadError::Bucket(_)) => "BucketFailed",
            Self::Model(_) | Self::Delivery(_) | Self::Outage { .. } | Self::SomeFailed { .. } => "DeliveryFailed",
            Self::Erase(_) => "EraseFailed",
            Self::Page(_) => "PageFailed",
            Self::Queue(_) | Self::NoQueue => "QueueFailed",
            Self::Topic(_) => "TopicFailed",
        }
    }
}

impl From<HandlerError> for Diagnostic {
    fn from(error: HandlerError) -> Self {
        Self { error_type: error.type_name().to_owned(), error_message: error.with_code() }
    }
}

impl From<StateError> for HandlerError {
    fn from(error: StateError) -> Self {
        Self::Delivery(DeliveryError::State(error))
    }
}

/// Names for a message.
pub(super) fn listed<T: ToString>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

pub(super) fn no_such_segment<'n>(
    segment: &SegmentName,
    existing: impl IntoIterator<Item = &'n SegmentName>,
) -> HandlerError {
    HandlerError::NoSuch { kind: "the segment", name: segment.to_string(), existing: listed(existing) }
}

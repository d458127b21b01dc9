//! The queue that continues deliveries that ran out of time, and the dead-letter queue.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::ChangeMessageVisibilityBatchRequestEntry;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::message::codes;
use crate::names::{AttributeName, ConnectionName, ExportName, SegmentName, SourceName};
use crate::pattern::RunId;
use crate::when_needed::WhenNeeded;

/// The message that makes another invocation continue: `{"continue": {"export": "…", "segment": "…", "run": "…"}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Continuation {
    /// What to continue.
    #[serde(rename = "continue")]
    pub delivery: ContinuedDelivery,
}

/// A delivery that is not finished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContinuedDelivery {
    /// The export.
    pub export: ExportName,
    /// The segment.
    pub segment: SegmentName,
    /// Whether it is the retirement of the segment and not a delivery.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retire: bool,
    /// Whether it is an audit of the segment and not a delivery.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub audit: bool,
    /// Whether a run of the segment is being undone and not delivered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undo: bool,
    /// The run that was being delivered, for information; the newest run is delivered next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The connection of the attribute that is retired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionName>,
    /// The attribute that is retired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribute: Option<AttributeName>,
}

impl ContinuedDelivery {
    /// A delivery of a segment.
    pub fn of(export: ExportName, segment: SegmentName, run: Option<RunId>) -> Self {
        Self { export, segment, retire: false, audit: false, undo: false, run, connection: None, attribute: None }
    }
}

/// The message that makes another invocation of `scheduled` continue a fetch: `{"continue": {"source": "…"}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FetchContinuation {
    /// What to continue.
    #[serde(rename = "continue")]
    pub fetch: ContinuedFetch,
}

/// A fetch that is not finished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContinuedFetch {
    /// The source.
    pub source: SourceName,
}

/// Errors of the queues.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum QueueError {
    /// The message that continues a delivery could not be sent.
    ///
    /// Fix: nothing to do if the export's schedule is active; otherwise run the export again.
    #[error(
        "can't send the message that continues the delivery to {url}: {reason}\n\
         Nothing is lost: the schedule continues the delivery, if it is active for the export."
    )]
    NotContinued {
        /// The queue.
        url: String,
        /// What SQS or the connection said.
        reason: String,
    },
    /// Messages of the dead-letter queue could not be read or moved.
    ///
    /// Fix: run `retry` again in a few minutes.
    #[error(
        "SQS {operation} failed for {url}: {reason}\n\
         Nothing is lost: messages that were not moved stay in the dead-letter queue. Run retry again in a few minutes."
    )]
    DeadLetters {
        /// The SQS operation.
        operation: &'static str,
        /// The queue.
        url: String,
        /// What SQS or the connection said.
        reason: String,
    },
}

codes!(QueueError { NotContinued = "ITB-S31", DeadLetters = "ITB-S32" });

/// The queue.
#[derive(Clone, Debug)]
pub struct Queue {
    client: WhenNeeded<Client>,
    url: String,
}

impl Queue {
    /// The queue with this URL.
    pub fn new(client: Client, url: String) -> Self {
        Self::when_needed(move || client, url)
    }

    /// The queue with this URL, with a client that is created when a message is sent.
    pub fn when_needed(client: impl FnOnce() -> Client + Send + 'static, url: String) -> Self {
        Self { client: WhenNeeded::new(client), url }
    }

    /// Sends the message that continues a delivery.
    pub async fn send(&self, delivery: ContinuedDelivery) -> Result<(), QueueError> {
        self.send_after(delivery, Duration::ZERO).await
    }

    /// Sends the message that continues a delivery after `wait`: at most 15 minutes (Amazon SQS API Reference, `SendMessage`,
    /// `DelaySeconds`).
    pub async fn send_after(&self, delivery: ContinuedDelivery, wait: Duration) -> Result<(), QueueError> {
        let failed = |reason| QueueError::NotContinued { url: self.url.clone(), reason };
        let body = serde_json::to_string(&Continuation { delivery }).map_err(|error| failed(error.to_string()))?;
        self.put(body, wait).await.map_err(failed)
    }

    /// Sends the message that continues a fetch.
    pub async fn send_fetch(&self, source: &SourceName) -> Result<(), QueueError> {
        let failed = |reason| QueueError::NotContinued { url: self.url.clone(), reason };
        let message = FetchContinuation { fetch: ContinuedFetch { source: source.clone() } };
        let body = serde_json::to_string(&message).map_err(|error| failed(error.to_string()))?;
        self.put(body, Duration::ZERO).await.map_err(failed)
    }

    /// Sends a message of the dead-letter queue to the queue again.
    pub async fn send_again(&self, letter: &DeadLetter) -> Result<(), QueueError> {
        self.put(letter.body.clone(), Duration::ZERO).await.map_err(|reason| QueueError::DeadLetters {
            operation: "SendMessage",
            url: self.url.clone(),
            reason,
        })
    }

    async fn put(&self, body: String, wait: Duration) -> Result<(), String> {
        let wait = i32::try_from(wait.as_secs()).ok().filter(|seconds| *seconds > 0);
        let message = self.client.send_message().queue_url(&self.url).message_body(body).set_delay_seconds(wait);
        let sent = message.send().await;
        sent.map(drop).map_err(|error| DisplayErrorContext(&error).to_string())
    }
}

/// A message of the dead-letter queue.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    /// The message as it was sent.
    pub body: String,
    /// What is needed to delete it, or to make it visible again.
    pub receipt: Receipt,
}

/// The receipt handle of a received message.
#[derive(Clone, Debug)]
pub struct Receipt(String);

/// The dead-letter queue, which keeps messages that failed too often (Amazon SQS Developer Guide, "Using dead-letter queues").
#[derive(Clone, Debug)]
pub struct DeadLetterQueue {
    client: WhenNeeded<Client>,
    url: String,
}

impl DeadLetterQueue {
    /// The queue with this URL, with a client that is created at its first use.
    pub fn when_needed(client: impl FnOnce() -> Client + Send + 'static, url: String) -> Self {
        Self { client: WhenNeeded::new(client), url }
    }

    /// Up to ten messages, hidden from other receivers for `hidden`. Empty when none is left.
    pub async fn receive(&self, hidden: Duration) -> Result<Vec<DeadLetter>, QueueError> {
        // SQS hides a message for 12 hours at most.
        let hidden = i32::try_from(hidden.as_secs().min(43_200)).unwrap_or(43_200);
        let received = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(10)
            .visibility_timeout(hidden)
            // With a wait, SQS asks all of its servers, so that an empty answer means an empty queue.
            .wait_time_seconds(1)
            .send()
            .await
            .map_err(|error| self.failed("ReceiveMessage", &DisplayErrorContext(&error)))?;
        let letters = received.messages.unwrap_or_default().into_iter().filter_map(|message| {
            Some(DeadLetter { body: message.body.unwrap_or_default(), receipt: Receipt(message.receipt_handle?) })
        });
        Ok(letters.collect())
    }

    /// Deletes a message.
    pub async fn delete(&self, receipt: &Receipt) -> Result<(), QueueError> {
        let deleted = self.client.delete_message().queue_url(&self.url).receipt_handle(&receipt.0).send().await;
        deleted.map(drop).map_err(|error| self.failed("DeleteMessage", &DisplayErrorContext(&error)))
    }

    /// Makes messages visible again immediately.
    pub async fn show_again(&self, receipts: &[Receipt]) -> Result<(), QueueError> {
        const OPERATION: &str = "ChangeMessageVisibilityBatch";
        for receipts in receipts.chunks(10) {
            let entries = receipts.iter().enumerate().map(|(place, receipt)| {
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(place.to_string());
                entry.receipt_handle(&receipt.0).visibility_timeout(0).build()
            });
            let entries = entries.collect::<Result<Vec<_>, _>>().map_err(|error| self.failed(OPERATION, &error))?;
            let request = self.client.change_message_visibility_batch().queue_url(&self.url).set_entries(Some(entries));
            let answer = request.send().await.map_err(|error| self.failed(OPERATION, &DisplayErrorContext(&error)))?;
            if let Some(failure) = answer.failed.first() {
                return Err(self.failed(OPERATION, &failure.message().unwrap_or("no reason given")));
            }
        }
        Ok(())
    }

    fn failed(&self, operation: &'static str, reason: &dyn std::fmt::Display) -> QueueError {
        QueueError::DeadLetters { operation, url: self.url.clone(), reason: reason.to_string() }
    }
}

//! The queue through which a delivery that runs out of time is continued.

use std::sync::{Arc, LazyLock};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::names::{ExportName, SegmentName};
use crate::run::RunId;

/// The message that lets another invocation go on: `{"continue": {"export": "…", "segment": "…", "run": "…"}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Continuation {
    /// What is to be continued.
    #[serde(rename = "continue")]
    pub delivery: ContinuedDelivery,
}

/// A delivery that is not at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContinuedDelivery {
    /// The export.
    pub export: ExportName,
    /// The segment.
    pub segment: SegmentName,
    /// The run that was under way, for whoever reads the message; what is delivered is the newest run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
}

/// The queue did not take a message.
#[derive(Debug, Error)]
#[error("the delivery could not be put into the queue {url} to be continued: {reason}. The schedule continues it")]
pub struct QueueError {
    url: String,
    reason: String,
}

/// A client that is made when it is needed.
type LazyClient = LazyLock<Client, Box<dyn FnOnce() -> Client + Send>>;

/// The queue.
#[derive(Clone, Debug)]
pub struct Queue {
    client: Arc<LazyClient>,
    url: String,
}

impl Queue {
    /// The queue with this URL.
    pub fn new(client: Client, url: String) -> Self {
        Self::when_needed(move || client, url)
    }

    /// The same with a client that is made when a message is sent.
    pub fn when_needed(client: impl FnOnce() -> Client + Send + 'static, url: String) -> Self {
        Self { client: Arc::new(LazyLock::new(Box::new(client))), url }
    }

    /// Asks for a delivery to be continued.
    pub async fn send(&self, delivery: ContinuedDelivery) -> Result<(), QueueError> {
        let failed = |reason| QueueError { url: self.url.clone(), reason };
        let body = serde_json::to_string(&Continuation { delivery }).map_err(|error| failed(error.to_string()))?;
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .send()
            .await
            .map_err(|error| failed(DisplayErrorContext(&error).to_string()))?;
        Ok(())
    }
}

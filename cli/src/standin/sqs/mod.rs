//! SQS: queues with visibility time-outs, receive counts and dead-letter queues (Amazon SQS developer guide).
//!
//! Programs speak to it over HTTP; tests and the demonstration also use the same queues directly.

mod message;
mod queue;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::aws_json::{self, JsonService, ServiceError};
use super::clock::Clock;
use super::fault::{Call, FaultScript, Gate};
use super::http::HttpServer;
use super::in_process::{self, InProcess};
pub use message::Message;
use message::queue_arn;
use queue::Queue;
pub use settings::{DeadLetters, QueueSettings};

/// Running queues.
pub struct Queues {
    server: Option<HttpServer>,
    in_process: InProcess,
    gate: Gate,
    service: Arc<Service>,
}

struct Service {
    clock: Clock,
    address: OnceLock<String>,
    queues: Mutex<BTreeMap<String, Queue>>,
    arrived: Notify,
}

impl Queues {
    /// Starts without any queue.
    pub async fn start(clock: Clock) -> io::Result<Self> {
        let mut started = Self::without_socket(clock);
        let server = aws_json::start(Arc::clone(&started.service), started.gate.clone(), clock).await?;
        let url = started.service.address.get_or_init(|| server.url());
        tracing::debug!(url, "queues are ready");
        started.server = Some(server);
        Ok(started)
    }

    /// The same without a socket: they are reached by [`Self::in_process`] alone.
    pub fn without_socket(clock: Clock) -> Self {
        let service =
            Arc::new(Service { clock, address: OnceLock::new(), queues: Mutex::default(), arrived: Notify::new() });
        let gate = Gate::default();
        let in_process = aws_json::in_process(&service, &gate, clock);
        Self { server: None, in_process, gate, service }
    }

    /// The endpoint, for `AWS_ENDPOINT_URL_SQS`.
    pub fn url(&self) -> String {
        self.server.as_ref().map_or_else(|| in_process::URL.to_owned(), HttpServer::url)
    }

    /// The port on 127.0.0.1; 0 without a socket.
    pub fn port(&self) -> u16 {
        self.server.as_ref().map_or(0, HttpServer::port)
    }

    /// The HTTP client that reaches it without a socket.
    pub fn in_process(&self) -> InProcess {
        self.in_process.clone()
    }

    /// Makes a queue, or changes the settings of one that exists.
    pub fn create_queue(&self, name: &str, settings: QueueSettings) {
        let mut queues = self.service.lock();
        match queues.get_mut(name) {
            Some(queue) => queue.settings = settings,
            None => drop(queues.insert(name.to_owned(), Queue::new(settings))),
        }
    }

    /// The URL of a queue with this name, for `QUEUE_URL`.
    pub fn queue_url(&self, name: &str) -> String {
        self.service.queue_url(name)
    }

    /// Sends a message past the protocol; one to a queue that does not exist is lost.
    pub fn send(&self, queue: &str, body: impl Into<String>) {
        drop(self.service.send(queue, body.into(), Duration::ZERO));
    }

    /// Sends to one queue, from a task of its own.
    pub fn sender(&self, queue: &str) -> QueueSender {
        QueueSender { service: Arc::clone(&self.service), queue: queue.to_owned() }
    }

    /// Receives up to `most` messages that are visible now.
    pub fn receive(&self, queue: &str, most: usize) -> Vec<Message> {
        self.service.receive(queue, most, None).unwrap_or_default()
    }

    /// Receives up to `most` messages, waiting up to `wait` for the first.
    pub async fn receive_within(&self, queue: &str, most: usize, wait: Duration) -> Vec<Message> {
        self.service.receive_within(queue, most, None, wait).await.unwrap_or_default()
    }

    /// Deletes a message that was received. A receipt that is no longer valid is ignored.
    pub fn delete(&self, queue: &str, receipt_handle: &str) {
        if let Some(queue) = self.service.lock().get_mut(queue) {
            queue.delete(receipt_handle);
        }
    }

    /// Makes a received message visible again after `timeout`, as Lambda does with failed ones (zero: at once).
    pub fn change_visibility(&self, queue: &str, receipt_handle: &str, timeout: Duration) {
        if let Some(queue) = self.service.lock().get_mut(queue) {
            queue.change_visibility(receipt_handle, Instant::now() + timeout);
        }
        self.service.arrived.notify_waiters();
    }

    /// How many messages are in the queue: visible, hidden or delayed.
    pub fn len(&self, queue: &str) -> usize {
        self.service.lock().get(queue).map_or(0, Queue::len)
    }

    /// Whether the queue holds no message at all.
    pub fn is_empty(&self, queue: &str) -> bool {
        self.len(queue) == 0
    }

    /// The bodies of all messages in the queue, the oldest first, without receiving them.
    pub fn bodies(&self, queue: &str) -> Vec<String> {
        self.service.lock().get(queue).map(Queue::bodies).unwrap_or_default()
    }

    /// Asks `script` what to do with each further call; `None` ends all faults.
    pub fn set_faults(&self, script: Option<FaultScript>) {
        self.gate.set_script(script);
    }

    /// The calls received over HTTP so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.gate.calls()
    }

    /// Empties the record of calls.
    pub fn forget_calls(&self) {
        self.gate.forget_calls();
    }
}

/// Sends messages to one queue.
#[derive(Clone)]
pub struct QueueSender {
    service: Arc<Service>,
    queue: String,
}

impl QueueSender {
    /// Sends a message past the protocol; one to a queue that does not exist is lost.
    pub fn send(&self, body: impl Into<String>) {
        drop(self.service.send(&self.queue, body.into(), Duration::ZERO));
    }
}

/// Bytes of a message (Amazon SQS developer guide, "message quotas").
const LARGEST_MESSAGE: usize = 1024 * 1024;

fn no_such_queue() -> ServiceError {
    let mut error = ServiceError::new("com.amazonaws.sqs#QueueDoesNotExist", "The specified queue does not exist.");
    error.query_code = Some("AWS.SimpleQueueService.NonExistentQueue");
    error
}

impl Service {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Queue>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queue_url(&self, name: &str) -> String {
        format!("{}/123456789012/{name}", self.address.get().map_or(in_process::URL, String::as_str))
    }

    fn send(&self, queue: &str, body: String, delay: Duration) -> Result<Message, ServiceError> {
        if body.is_empty() || body.len() > LARGEST_MESSAGE {
            return Err(ServiceError::new("com.amazonaws.sqs#InvalidParameterValue", "A message has 1 byte to 1 MiB."));
        }
        let message =
            self.lock().get_mut(queue).ok_or_else(no_such_queue)?.send(body, self.clock.now(), Instant::now() + delay);
        self.arrived.notify_waiters();
        Ok(message)
    }

    fn receive(&self, name: &str, most: usize, visibility: Option<Duration>) -> Result<Vec<Message>, ServiceError> {
        let mut queues = self.lock();
        let queue = queues.get_mut(name).ok_or_else(no_such_queue)?;
        let (received, dead) = queue.receive(most, visibility, self.clock.now());
        let dead_letters = queue.settings.dead_letters.as_ref().map(|policy| policy.queue.clone());
        if let Some(dead_letters) = dead_letters.and_then(|name| queues.get_mut(&name)) {
            for message in dead {
                dead_letters.take_over(message);
            }
        }
        Ok(received)
    }

    async fn receive_within(
        &self,
        name: &str,
        most: usize,
        visibility: Option<Duration>,
        wait: Duration,
    ) -> Result<Vec<Message>, ServiceError> {
        let end = Instant::now() + wait;
        loop {
            let arrived = self.arrived.notified();
            let received = self.receive(name, most, visibility)?;
            if !received.is_empty() || Instant::now() >= end {
                return Ok(received);
            }
            let next = self.lock().get(name).and_then(Queue::next_visible).unwrap_or(end).min(end);
            tokio::select! {
                () = arrived => {}
                () = tokio::time::sleep_until(next) => {}
            }
        }
    }

    fn send_message(&self, queue: &str, input: &Value) -> Result<Value, ServiceError> {
        let delay = Duration::from_secs(input["DelaySeconds"].as_u64().unwrap_or(0));
        let message = self.send(queue, text(input, "MessageBody"), delay)?;
        Ok(json!({"MessageId": message.message_id, "MD5OfMessageBody": message.md5_of_body()}))
    }

    fn send_batch(&self, queue: &str, input: &Value) -> Value {
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for entry in input["Entries"].as_array().into_iter().flatten() {
            match self.send_message(queue, entry) {
                Ok(mut sent) => {
                    sent["Id"] = entry["Id"].clone();
                    successful.push(sent);
                }
                Err(error) => failed.push(
                    json!({"Id": entry["Id"], "Code": error.code, "SenderFault": true, "Message": error.message}),
                ),
            }
        }
        json!({"Successful": successful, "Failed": failed})
    }

    async fn receive_message(&self, queue: &str, input: &Value) -> Result<Value, ServiceError> {
        let most = usize::try_from(input["MaxNumberOfMessages"].as_u64().unwrap_or(1).clamp(1, 10)).unwrap_or(1);
        let visibility = input["VisibilityTimeout"].as_u64().map(Duration::from_secs);
        let wait = Duration::from_secs(input["WaitTimeSeconds"].as_u64().unwrap_or(0).min(20));
        let received = self.receive_within(queue, most, visibility, wait).await?;
        Ok(json!({"Messages": received.iter().map(Message::to_json).collect::<Vec<_>>()}))
    }

    fn attributes(&self, name: &str) -> Result<Value, ServiceError> {
        let queues = self.lock();
        let queue = queues.get(name).ok_or_else(no_such_queue)?;
        let visible = queue.visible(Instant::now());
        let mut attributes = Map::new();
        attributes.insert("QueueArn".to_owned(), queue_arn(name).into());
        attributes.insert("ApproximateNumberOfMessages".to_owned(), visible.to_string().into());
        attributes
            .insert("ApproximateNumberOfMessagesNotVisible".to_owned(), (queue.len() - visible).to_string().into());
        attributes
            .insert("VisibilityTimeout".to_owned(), queue.settings.visibility_timeout.as_secs().to_string().into());
        Ok(json!({"Attributes": attributes}))
    }
}

fn text(input: &Value, name: &str) -> String {
    input[name].as_str().unwrap_or_default().to_owned()
}

impl JsonService for Service {
    const CONTENT_TYPE: &'static str = "application/x-amz-json-1.0";

    fn resource(&self, input: &Value) -> String {
        input["QueueUrl"].as_str().or_else(|| input["QueueName"].as_str()).unwrap_or_default().to_owned()
    }

    async fn serve(&self, operation: &str, input: &Value) -> Result<Value, ServiceError> {
        let url = text(input, "QueueUrl");
        let queue = url.rsplit('/').next().unwrap_or_default();
        let receipt = input["ReceiptHandle"].as_str().unwrap_or_default();
        match operation {
            "SendMessage" => self.send_message(queue, input),
            "SendMessageBatch" => Ok(self.send_batch(queue, input)),
            "ReceiveMessage" => self.receive_message(queue, input).await,
            "DeleteMessage" => {
                self.lock().get_mut(queue).ok_or_else(no_such_queue)?.delete(receipt);
                Ok(json!({}))
            }
            "DeleteMessageBatch" => {
                let mut queues = self.lock();
                let queue = queues.get_mut(queue).ok_or_else(no_such_queue)?;
                let entries = input["Entries"].as_array().into_iter().flatten();
                let deleted = entries.map(|entry| {
                    queue.delete(entry["ReceiptHandle"].as_str().unwrap_or_default());
                    json!({"Id": entry["Id"]})
                });
                Ok(json!({"Successful": deleted.collect::<Vec<_>>(), "Failed": []}))
            }
            "ChangeMessageVisibility" => {
                let timeout = Duration::from_secs(input["VisibilityTimeout"].as_u64().unwrap_or(0));
                let mut queues = self.lock();
                queues.get_mut(queue).ok_or_else(no_such_queue)?.change_visibility(receipt, Instant::now() + timeout);
                Ok(json!({}))
            }
            "ChangeMessageVisibilityBatch" => {
                let mut queues = self.lock();
                let queue = queues.get_mut(queue).ok_or_else(no_such_queue)?;
                let entries = input["Entries"].as_array().into_iter().flatten();
                let changed = entries.map(|entry| {
                    let timeout = Duration::from_secs(entry["VisibilityTimeout"].as_u64().unwrap_or(0));
                    let receipt = entry["ReceiptHandle"].as_str().unwrap_or_default();
                    queue.change_visibility(receipt, Instant::now() + timeout);
                    json!({"Id": entry["Id"]})
                });
                Ok(json!({"Successful": changed.collect::<Vec<_>>(), "Failed": []}))
            }
            "GetQueueUrl" => {
                let name = text(input, "QueueName");
                if self.lock().contains_key(&name) {
                    Ok(json!({"QueueUrl": self.queue_url(&name)}))
                } else {
                    Err(no_such_queue())
                }
            }
            "GetQueueAttributes" => self.attributes(queue),
            _ => Err(ServiceError::new(
                "com.amazonaws.sqs#UnsupportedOperation",
                format!("{operation} is not served here"),
            )),
        }
    }
}

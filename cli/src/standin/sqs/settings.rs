use std::time::Duration;

/// How a queue treats its messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    /// How long a received message is hidden from other receivers.
    pub visibility_timeout: Duration,
    /// Where a message goes that was received too often, and how often that is.
    pub dead_letters: Option<DeadLetters>,
}

/// The redrive policy of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetters {
    /// Name of the queue that takes them.
    pub queue: String,
    /// After so many receives without deletion, the next receive moves the message.
    pub max_receive_count: u32,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self { visibility_timeout: Duration::from_secs(30), dead_letters: None }
    }
}

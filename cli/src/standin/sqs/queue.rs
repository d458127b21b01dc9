//! One queue.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::message::Message;
use super::settings::QueueSettings;

pub(super) struct Queue {
    pub(super) settings: QueueSettings,
    stored: VecDeque<Stored>,
    sent: u64,
    receives: u64,
}

pub(super) struct Stored {
    message: Message,
    visible_from: Instant,
}

impl Queue {
    pub(super) fn new(settings: QueueSettings) -> Self {
        Self { settings, stored: VecDeque::new(), sent: 0, receives: 0 }
    }

    pub(super) fn send(&mut self, body: String, sent: Timestamp, visible_from: Instant) -> Message {
        self.sent += 1;
        let message_id = format!("{:08x}-0000-4000-8000-{:012x}", sent.as_second(), self.sent);
        let message =
            Message { message_id, receipt_handle: String::new(), body, receive_count: 0, sent, first_received: None };
        self.stored.push_back(Stored { message: message.clone(), visible_from });
        message
    }

    /// A message from the queue whose dead letters this one takes.
    pub(super) fn take_over(&mut self, mut stored: Stored) {
        stored.visible_from = Instant::now();
        stored.message.receive_count = 0;
        self.stored.push_back(stored);
    }

    /// Messages to deliver, and those that were received too often.
    pub(super) fn receive(
        &mut self,
        most: usize,
        visibility: Option<Duration>,
        at: Timestamp,
    ) -> (Vec<Message>, Vec<Stored>) {
        let now = Instant::now();
        let hidden_until = now + visibility.unwrap_or(self.settings.visibility_timeout);
        let limit = self.settings.dead_letters.as_ref().map_or(u32::MAX, |policy| policy.max_receive_count);
        let (mut received, mut dead, mut kept) = (Vec::new(), Vec::new(), VecDeque::new());
        for mut stored in self.stored.drain(..) {
            let visible = stored.visible_from <= now;
            if visible && stored.message.receive_count >= limit {
                dead.push(stored);
                continue;
            }
            if visible && received.len() < most {
                self.receives += 1;
                stored.visible_from = hidden_until;
                stored.message.receive_count += 1;
                stored.message.first_received.get_or_insert(at);
                stored.message.receipt_handle = format!("receipt-{}-{}", self.receives, stored.message.message_id);
                received.push(stored.message.clone());
            }
            kept.push_back(stored);
        }
        self.stored = kept;
        (received, dead)
    }

    pub(super) fn delete(&mut self, receipt_handle: &str) {
        self.stored.retain(|stored| receipt_handle.is_empty() || stored.message.receipt_handle != receipt_handle);
    }

    pub(super) fn change_visibility(&mut self, receipt_handle: &str, visible_from: Instant) {
        for stored in self.stored.iter_mut().filter(|stored| stored.message.receipt_handle == receipt_handle) {
            stored.visible_from = visible_from;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.stored.len()
    }

    pub(super) fn visible(&self, now: Instant) -> usize {
        self.stored.iter().filter(|stored| stored.visible_from <= now).count()
    }

    /// When the next message becomes visible.
    pub(super) fn next_visible(&self) -> Option<Instant> {
        self.stored.iter().map(|stored| stored.visible_from).min()
    }

    pub(super) fn bodies(&self) -> Vec<String> {
        self.stored.iter().map(|stored| stored.message.body.clone()).collect()
    }
}

//! What is strange about answers that accept objects: it changes no result, and the report notes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::response::TrackAnswer;
use crate::message::counted;

/// The most messages that are kept apart.
const MESSAGES: usize = 10;

/// The messages of an answer that accepts everything ("POST: Track users"; `queued` is that of older pages).
const EXPECTED: [&str; 2] = ["success", "queued"];

/// What was strange about answers that accepted objects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Oddities {
    /// How many objects fewer than were accepted `attributes_processed` counts.
    #[serde(default)]
    unprocessed: u64,
    /// Braze's messages other than those that are expected, without personal data, and how many requests had them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    messages: BTreeMap<String, u64>,
}

impl Oddities {
    /// Whether nothing was strange.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds what else was strange.
    pub fn add(&mut self, other: &Self) {
        self.unprocessed += other.unprocessed;
        for (message, requests) in &other.messages {
            self.add_message(message.clone(), *requests);
        }
    }

    /// Looks at the body of an answer that accepts `accepted` of `objects`.
    pub(super) fn note(&mut self, body: &[u8], objects: usize, accepted: usize, presentable: impl Fn(&str) -> String) {
        let Some(said) = TrackAnswer::parse(body, objects) else {
            return;
        };
        let processed = said.processed.unwrap_or(accepted as u64);
        self.unprocessed += (accepted as u64).saturating_sub(processed);
        if let Some(message) = said.message.filter(|message| !EXPECTED.contains(&message.to_lowercase().trim())) {
            self.add_message(presentable(&message), 1);
        }
    }

    fn add_message(&mut self, message: String, requests: u64) {
        if self.messages.len() < MESSAGES || self.messages.contains_key(&message) {
            *self.messages.entry(message).or_default() += requests;
        }
    }

    /// The notes of a report.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.unprocessed > 0 {
            notes.push(format!(
                "Braze counts {} fewer as processed (attributes_processed) than it accepted: compare the segment's size in Braze",
                counted(self.unprocessed, "object", "objects")
            ));
        }
        notes.extend(self.messages.iter().map(|(message, requests)| {
            let requests = counted(*requests, "request", "requests");
            format!("Braze accepted {requests} with an unexpected message: {message}")
        }));
        notes
    }
}

//! Where people are listed who may have been sent without a run that says so.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::part::Part;

/// Where people are listed who may have been sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    /// Parts that are certain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// Folders that may hold more parts than those.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folders: Vec<String>,
    /// When the first of it was delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

impl Sent {
    /// Whether nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.folders.is_empty()
    }
}

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use crate::standin::fault::Fault;

/// What a request was, for a fault script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackCall {
    /// Position in the order of arrival, from 1.
    pub number: u64,
    /// The identifier of each attribute object: its external id, otherwise its email, otherwise empty.
    pub identifiers: Vec<String>,
    /// When it arrived.
    pub at: Timestamp,
}

/// Decides the fate of each request to `/users/track` that has passed key and rate limit. Ready-made answers are in [`super::answers`].
pub type TrackFaultScript = Arc<dyn Fn(&TrackCall) -> Fault + Send + Sync>;

/// A request as it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackRecord {
    /// Position in the order of arrival, from 1.
    pub number: u64,
    /// When it arrived.
    pub at: Timestamp,
    /// The status it was answered with; 0 when the connection was closed instead.
    pub status: u16,
    /// Objects in it.
    pub objects: usize,
    /// The body, with [`super::Record::Bodies`] and when it was JSON.
    pub body: Option<Value>,
}

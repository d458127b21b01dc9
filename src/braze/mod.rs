//! Braze's REST API: sends attribute objects to `/users/track` at the connection's rate, and returns the result of each.
//!
//! [`TrackRequest`] is the body, [`BrazeClient::track`] sends it and returns a [`TrackOutcome`]. The retry policy is the
//! table in module `retry`; `limiter` keeps the rate. Braze's texts are shown only after module `reason` has removed
//! personal data, and no message contains the key.

mod check;
mod client;
mod counted;
mod first_answers;
mod http_clients;
mod limiter;
mod oddities;
mod outcome;
mod rate_headers;
mod read_memory;
mod reading;
mod reason;
mod request;
mod response;
mod retry;
mod segment_export;
mod sending;
mod shared;
#[cfg(test)]
mod tests;
mod transport;

pub use self::check::{CheckError, Proof};
pub use self::client::BrazeClient;
pub use self::first_answers::{FirstAnswers, SameRefusal};
pub use self::http_clients::{HttpClients, http_client};
pub use self::oddities::Oddities;
pub use self::outcome::{ObjectResult, Requests, StopReason, TrackOutcome};
pub use self::read_memory::{
    Endpoint, FieldsRead, ProfileRead, ReadMemory, ReadProfiles, Unread, WorkspaceAttribute, WorkspaceAttributes,
};
pub use self::request::{MAX_BODY, MAX_OBJECTS, TrackRequest};
pub use self::segment_export::{ExportError, SegmentExport};
pub use self::transport::{Answer, Body, Download, Lost, Post, Read, ReadAnswer, Transport};

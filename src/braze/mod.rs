//! Braze's REST API: sends attribute objects to `/users/track` at the rate that the connection admits, and finds out what
//! became of each.
//!
//! [`TrackRequest`] is the body, [`BrazeClient::track`] sends it and answers with a [`TrackOutcome`]. The retry policy is
//! the table in module `retry`, the pace is kept by `limiter`. Braze's texts reach nobody unfiltered (module `reason`), and
//! the key is in none of the messages.

mod check;
mod client;
mod http_clients;
mod limiter;
mod outcome;
mod over_time;
mod rate_headers;
mod reason;
mod request;
mod response;
mod retry;
#[cfg(test)]
mod tests;
mod transport;

pub use self::check::CheckError;
pub use self::client::BrazeClient;
pub use self::http_clients::{HttpClients, http_client};
pub use self::outcome::{ObjectFate, RequestCounts, StopReason, TrackOutcome};
pub use self::over_time::RequestsOverTime;
pub use self::request::{MAX_BODY, MAX_OBJECTS, TrackRequest};
pub use self::transport::{Answer, Lost, Post, Transport};

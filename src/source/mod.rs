//! Fetches files from where Customer Insights exports them: a container of Azure Blob Storage.
//!
//! A fetch lists the container, compares it with the bucket, and copies what is new or has changed, streamed and in bounded
//! memory. It only reads in Azure. Which content of a blob an object is, is in the object's metadata
//! ([`ETAG_OF_SOURCE`]), so that an index, which saves most questions, may be lost at any time.
//!
//! ```text
//! state/.sources/<source>/lease.json     who fetches now
//! state/.sources/<source>/index.json     which content of each blob is in the bucket
//! state/.sources/<source>/report.json    the last fetch
//! ```
//!
//! A `model.json` is copied when everything else that was in the container when its content was first seen is in the bucket:
//! its arrival is evidence. Newer files are copied first, so that of several runs only the newest is delivered.

mod access;
mod azure;
mod copy;
mod credential;
mod error;
mod fetch;
mod index;
mod lease;
pub mod metrics;
mod opened;
mod report;

pub use self::error::SourceError;
pub use self::fetch::Fetch;
pub use self::opened::{ETAG_OF_SOURCE, Opened, days_until};
pub use self::report::{FetchOutcome, FetchReport, Files};

//! Erases one person from what the application keeps: what a request of a data subject asks for.
//!
//! | where | what becomes of the person there | module |
//! | --- | --- | --- |
//! | `state/` | their lines are taken out of every part, their rows out of every piece of rejected rows | `state` |
//! | `reports/` | their rows are taken out of every `rejected.csv` | `reports` |
//! | `incoming/` | nothing: the files are the exporter's; the receipt names those that hold the person | `incoming` |
//! | Braze | nothing: the receipt says so | |
//!
//! Objects are written anew under their own keys, each by a conditional write, while a lease keeps deliveries of the
//! segment away. What erasing does is a repetition of itself: an attempt that was cut off is simply made again.

mod hold;
mod incoming;
mod message;
mod person;
mod receipt;
mod reports;
mod rows;
mod state;

use std::collections::BTreeSet;

use jiff::Timestamp;
use rand::RngExt;
use thiserror::Error;

pub use self::person::{Person, PersonError};
pub use self::receipt::{AttributeLeft, ErasedObject, HoldingFile, Outcome, Receipt, Unsearched};
use self::rows::RowSearch;
use crate::bucket::{Bucket, BucketError, Condition};
use crate::budget::TimeBudget;
use crate::config::Config;
use crate::message::codes;
use crate::names::SecretName;
use crate::rows::ReadError;
use crate::secrets::ApiKeys;
use crate::state::{PartStore, StateError};

/// Where receipts lie. No export can have this name, because of the full stop.
pub const RECEIPTS: &str = "reports/erase.receipts/";

/// Why nothing could be erased.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EraseError {
    /// The bucket failed.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// The state failed.
    #[error(transparent)]
    State(#[from] StateError),
    /// Rejected rows could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

codes!(EraseError wraps Bucket, State, Read {});

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Whom it is about.
    pub person: Person,
    /// What the asker calls the request, for the receipt.
    pub reference: Option<String>,
    /// Only tells where the person is.
    pub dry_run: bool,
}

/// One erasure at work.
struct Erasure<'a> {
    bucket: &'a Bucket,
    parts: PartStore,
    search: RowSearch<'a>,
    dry_run: bool,
    budget: TimeBudget,
    receipt: Receipt,
}

/// Erases the person of `request` from state and reports, looks for them in the exported files, and gives the receipt,
/// which is stored as well. A dry run changes nothing and stores nothing.
///
/// # Errors
///
/// Whatever keeps the bucket from being read or written. What has been erased by then stays so; ask again.
pub async fn erase(
    bucket: &Bucket,
    api_keys: &ApiKeys,
    config: &Config,
    request: &Request,
    budget: TimeBudget,
) -> Result<Receipt, EraseError> {
    let columns: BTreeSet<&str> =
        config.exports.values().filter_map(|export| export.data_matching.customer_id.as_deref()).collect();
    // Which of them encrypted a part is seen by the part.
    let secrets: BTreeSet<SecretName> =
        config.connections.values().map(|connection| connection.secret.clone()).collect();
    let secrets = secrets.into_iter().collect();
    let mut erasure = Erasure {
        bucket,
        parts: PartStore::new(bucket.clone(), api_keys.clone(), secrets, false),
        search: RowSearch::new(&request.person, columns),
        dry_run: request.dry_run,
        budget,
        receipt: Receipt::new(request, budget.now()),
    };
    erasure.erase_from_state().await?;
    erasure.erase_from_reports().await?;
    erasure.look_through_incoming().await?;
    let mut receipt = erasure.receipt;
    receipt.finish(budget.now());
    if !request.dry_run {
        let key = receipt_key(receipt.finished_at);
        receipt.stored_as = Some(key.clone());
        bucket.write(&key, receipt.to_json(), "application/json", &Condition::Absent).await?;
    }
    Ok(receipt)
}

fn receipt_key(now: Timestamp) -> String {
    let number: u32 = rand::rng().random();
    format!("{RECEIPTS}{}-{number:08x}.json", now.strftime("%Y-%m-%dT%H%M%SZ"))
}

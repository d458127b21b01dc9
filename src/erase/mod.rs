//! Erases one person from what the application stores, to fulfil a data subject's request.
//!
//! | where | what happens there | module |
//! | --- | --- | --- |
//! | `state/` | the person's lines are removed from every part, their rows from every piece of rejected rows | `state` |
//! | `reports/` | their rows are removed from every `rejected.csv` | `reports` |
//! | `incoming/` | nothing: the files belong to the exporter; the receipt lists those that contain the person | `incoming` |
//! | Braze | nothing: the receipt says so | |
//!
//! Objects are rewritten under their own keys, each by a conditional write, while a lease keeps deliveries of the segment
//! away. Erasing is idempotent: an interrupted attempt is simply repeated.

mod hold;
mod incoming;
mod message;
mod person;
mod receipt;
mod reports;
mod request;
mod rows;
mod state;

use std::collections::BTreeSet;

use jiff::Timestamp;
use rand::RngExt;
use thiserror::Error;

pub use self::person::{Person, PersonError};
pub use self::receipt::{AttributeLeft, ErasedObject, HoldingFile, Outcome, Receipt, Unsearched};
pub use self::request::Request;
use self::rows::RowSearch;
use crate::bucket::{Bucket, BucketError, Condition};
use crate::budget::TimeBudget;
use crate::config::Config;
use crate::message::codes;
use crate::names::SecretName;
use crate::rows::ReadError;
use crate::secrets::ApiKeys;
use crate::state::{PartStore, StateError};

/// The folder of receipts. No export can have this name, because of the full stop.
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

/// An erasure in progress.
struct Erasure<'a> {
    bucket: &'a Bucket,
    parts: PartStore,
    search: RowSearch<'a>,
    dry_run: bool,
    budget: TimeBudget,
    receipt: Receipt,
}

/// Erases the person of `request` from state and reports, looks for them in the exported files, and returns the receipt,
/// which is also stored. A dry run changes and stores nothing.
///
/// # Errors
///
/// An error of the bucket or the state. What has been erased by then stays erased; repeat the request.
pub async fn erase(
    bucket: &Bucket,
    api_keys: &ApiKeys,
    config: &Config,
    request: &Request,
    budget: TimeBudget,
) -> Result<Receipt, EraseError> {
    let columns: BTreeSet<&str> =
        config.exports.values().filter_map(|export| export.data_matching.customer_id.as_deref()).collect();
    // A part names the key that encrypted it.
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

//! One function at a time fetches from a source.

use std::time::Duration;

use jiff::Timestamp;

use super::error::SourceError;
use crate::bucket::{Bucket, BucketError, Condition};
use crate::budget::TimeBudget;
use crate::names::SourceName;
use crate::state::{Lease, LeaseKeeper};

/// How often a function looks whether another one still works.
const LOOK: Duration = Duration::from_millis(500);

const LARGEST: u64 = 64 * 1024;

/// The lease of a source.
#[derive(Debug)]
pub(super) struct FetchLease {
    bucket: Bucket,
    key: String,
    pub(super) keeper: LeaseKeeper,
}

impl FetchLease {
    /// Takes the lease. `None` if another function renews it; of one that was killed, the end is waited for, half a minute at
    /// most.
    pub(super) async fn take(
        bucket: &Bucket,
        source: &SourceName,
        owner: String,
        budget: TimeBudget,
    ) -> Result<Option<Self>, SourceError> {
        let key = super::index::key(source, "lease.json");
        let mut seen: Option<Lease> = None;
        loop {
            let now = budget.now();
            let stored = bucket.read(&key, LARGEST).await?;
            let (held, condition) = match stored {
                None => (None, Condition::Absent),
                Some((bytes, etag)) => (serde_json::from_slice::<Lease>(&bytes).ok(), Condition::Unchanged(etag)),
            };
            if let Some(held) = held.filter(|lease| lease.holds(now)) {
                if seen.as_ref().is_some_and(|seen| *seen != held) || budget.is_spent() {
                    return Ok(None);
                }
                seen = Some(held);
                tokio::time::sleep(LOOK).await;
                continue;
            }
            let lease = Lease { owner: owner.clone(), until: Lease::end(now, budget.ends_at()) };
            match bucket.write_json(&key, &lease, &condition).await {
                Ok(_) => {
                    let keeper = LeaseKeeper::new(lease, budget);
                    return Ok(Some(Self { bucket: bucket.clone(), key, keeper }));
                }
                // Another function was quicker: it is seen at the next look.
                Err(BucketError::Changed { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Writes the lease as it is now. [`BucketError::Changed`] if it is another function's.
    pub(super) async fn renew(&self, lease: Lease) -> Result<(), SourceError> {
        let until = lease.until;
        self.write_own(&lease).await?;
        self.keeper.renewed(until);
        Ok(())
    }

    /// Lets the next function begin at once.
    pub(super) async fn end(&self) {
        let ended = Lease { owner: self.keeper.owner().to_owned(), until: Timestamp::UNIX_EPOCH };
        if let Err(error) = self.write_own(&ended).await {
            tracing::warn!(%error, "the lease of a source could not be ended; it ends by itself in half a minute");
        }
    }

    async fn write_own(&self, lease: &Lease) -> Result<(), SourceError> {
        let lost = || BucketError::Changed { bucket: self.bucket.name().to_owned(), key: self.key.clone() };
        let Some((bytes, etag)) = self.bucket.read(&self.key, LARGEST).await? else { return Err(lost().into()) };
        let stored: Option<Lease> = serde_json::from_slice(&bytes).ok();
        if stored.is_none_or(|stored| stored.owner != lease.owner) {
            return Err(lost().into());
        }
        self.bucket.write_json(&self.key, lease, &Condition::Unchanged(etag)).await?;
        Ok(())
    }
}

//! Takes an attribute over: before a segment delivers to it for the first time, or again after it has fed another one.
//!
//! The values of additional fields are ordered by the runs of a segment, so nothing may still be delivered to an attribute
//! that the segment no longer feeds. Functions that started with an earlier `exports.toml` don't know of the change:
//!
//! 1. The attribute is recorded as one that the segment feeds.
//! 2. Every other recorded attribute is marked as vacant, once no function works on it.
//! 3. The segment feeds the attribute only if `exports.toml` is still the one that this function read, and the ledger has
//!    not changed since before that was checked.

use super::DeliveryError;
use super::segment::SegmentDelivery;
use crate::state::{Fed, Feeder, Ledger, StateKeys, TakeOverAnswer};

/// The result of the attempt to take the attribute over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TakenOver {
    /// The segment feeds it.
    Done,
    /// Something has to end first.
    Await {
        /// What it is.
        what: String,
    },
}

impl SegmentDelivery {
    /// Makes the segment the attribute's feeder.
    pub(super) async fn take_over(&self) -> Result<TakenOver, DeliveryError> {
        let workspace = &self.export.connection.workspace;
        let fed = Fed::add(&self.bucket, workspace, &self.feeder, &self.attribute).await?;
        let mut has_moved = false;
        for other in fed.others(&self.attribute) {
            has_moved = true;
            let now = self.budget.now();
            let left = StateKeys::new(workspace, other).ledger(&self.bucket);
            let at_work = left
                .update(|ledger| {
                    // Creates it if needed, so that a function that is about to create it finds it changed.
                    let new = || Ledger::new(other.clone(), self.feeder.clone());
                    ledger.get_or_insert_with(new).vacate(&self.feeder, now)
                })
                .await?;
            if let Some(at_work) = at_work {
                return Ok(TakenOver::Await { what: format!("{at_work} of {} to {other}", self.feeder) });
            }
        }
        let before = self.ledger.read().await?;
        if !self.configuration_is_current().await? {
            return Err(DeliveryError::ConfigurationChanged);
        }
        let now = self.budget.now();
        let mappings = self.feeds.of(workspace, &self.attribute);
        let answer = self
            .ledger
            .update(|ledger| {
                if *ledger != before {
                    return TakeOverAnswer::Await("another function");
                }
                let new = || Ledger::new(self.attribute.clone(), self.feeder.clone());
                ledger.get_or_insert_with(new).take_over(&self.feeder, &mappings, has_moved, now)
            })
            .await?;
        match answer {
            TakeOverAnswer::Done => Ok(TakenOver::Done),
            TakeOverAnswer::OwnedBy(owner) => Err(self.owned_by(owner)),
            TakeOverAnswer::Await(what) => {
                let former = before.map_or_else(|| self.feeder.clone(), |ledger| ledger.feeder);
                Ok(TakenOver::Await { what: format!("{what} of {former}") })
            }
        }
    }

    /// Whether the segment has fed other attributes of the workspace.
    pub(super) async fn has_moved(&self) -> Result<bool, DeliveryError> {
        let fed = Fed::read(&self.bucket, &self.export.connection.workspace, &self.feeder).await?;
        Ok(fed.others(&self.attribute).next().is_some())
    }

    pub(super) fn owned_by(&self, owner: Feeder) -> DeliveryError {
        DeliveryError::Owned { attribute: self.attribute.clone(), owner }
    }
}

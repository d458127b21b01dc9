//! Keeps deliveries away from an attribute while its state is rewritten.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::budget::TimeBudget;
use crate::randomness::Randomness;
use crate::state::{Lease, LeaseKeeper, Ledger, LedgerStore, Phase, StateError};

/// How often the lease is renewed.
const RENEWAL: Duration = Duration::from_secs(5);

/// How long an erasure waits for the end of a delivery before it skips the attribute.
const LONGEST_WAIT: Duration = Duration::from_secs(45);

/// The lease of a whole attribute.
#[derive(Debug)]
pub(super) struct Hold {
    store: LedgerStore,
    lease: LeaseKeeper,
    renewed: Instant,
}

impl Hold {
    /// Takes the lease of the attribute; `None` if deliveries held it for too long. An attribute without a ledger needs no
    /// lease, since nothing is being delivered.
    pub(super) async fn take(store: LedgerStore, budget: &TimeBudget) -> Result<Option<Self>, StateError> {
        let owner = Randomness::new().owner();
        let give_up = (Instant::now() + LONGEST_WAIT).min(budget.stop_sending());
        loop {
            let now = budget.now();
            let lease = Lease { owner: owner.clone(), until: Lease::end(now, budget.ends_at()) };
            if store.update(|ledger| take_now(ledger.as_mut(), &lease, now)).await? {
                let lease = LeaseKeeper::new(lease, *budget);
                return Ok(Some(Self { store, lease, renewed: Instant::now() }));
            }
            if Instant::now() >= give_up {
                return Ok(None);
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// Renews the lease if it is time; returns whether it is still ours.
    pub(super) async fn keep(&mut self) -> Result<bool, StateError> {
        if self.renewed.elapsed() < RENEWAL {
            return Ok(true);
        }
        let lease = self.lease.renewal();
        let ours = self.change(|ledger| ledger.lease = Some(lease.clone())).await?;
        self.renewed = Instant::now();
        Ok(ours)
    }

    /// Records what changed, and releases the attribute. Returns whether the lease was still ours.
    pub(super) async fn end(&self, mut change: impl FnMut(&mut Ledger)) -> Result<bool, StateError> {
        self.change(|ledger| {
            change(ledger);
            ledger.lease = None;
        })
        .await
    }

    async fn change(&self, mut change: impl FnMut(&mut Ledger)) -> Result<bool, StateError> {
        let owner = self.lease.owner();
        self.store
            .update(|ledger| match ledger {
                None => true,
                Some(ledger) if ledger.lease.as_ref().is_some_and(|lease| lease.owner == owner) => {
                    change(ledger);
                    true
                }
                Some(_) => false,
            })
            .await
    }
}

/// Takes the lease if no function works on the attribute.
fn take_now(ledger: Option<&mut Ledger>, lease: &Lease, now: Timestamp) -> bool {
    let Some(ledger) = ledger else {
        return true;
    };
    if ledger.lease.as_ref().is_none_or(|held| held.owner != lease.owner) && ledger.worked_on_by(now).is_some() {
        return false;
    }
    // Leavers are counted in the order of their lists, which lose people now. Sending one twice changes nothing.
    if let Some(retirement) = &mut ledger.retirement {
        (retirement.lease, retirement.done) = (None, 0);
    }
    for run in ledger.runs.values_mut() {
        if let Phase::Completing(completing) = &mut run.phase {
            (completing.lease, completing.done) = (None, 0);
        }
    }
    ledger.lease = Some(lease.clone());
    true
}

//! Keeps deliveries away from a segment while its state is rewritten.

use std::ops::ControlFlow;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::budget::TimeBudget;
use crate::randomness::Randomness;
use crate::state::{Lease, Ledger, LedgerStore, Phase, StateError};

/// How often the lease is renewed.
const RENEWAL: Duration = Duration::from_secs(5);

/// How long an erasure waits for the end of a delivery before it skips the segment.
const LONGEST_WAIT: Duration = Duration::from_secs(45);

/// The lease of a whole segment.
#[derive(Debug)]
pub(super) struct Hold {
    store: LedgerStore,
    owner: String,
    renewed: Instant,
}

impl Hold {
    /// Takes the lease of the segment; `None` if deliveries held it for too long. A segment without a ledger needs no lease,
    /// since nothing is being delivered.
    pub(super) async fn take(store: LedgerStore, budget: &TimeBudget) -> Result<Option<Self>, StateError> {
        let owner = Randomness::new().owner();
        let give_up = (Instant::now() + LONGEST_WAIT).min(budget.stop_sending());
        loop {
            let now = budget.now();
            let taken = store.update(|ledger| take_now(ledger.as_mut(), &owner, budget, now)).await?;
            if taken.is_continue() {
                return Ok(Some(Self { store, owner, renewed: Instant::now() }));
            }
            if Instant::now() >= give_up {
                return Ok(None);
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// Renews the lease if it is time; returns whether it is still ours.
    pub(super) async fn keep(&mut self, budget: &TimeBudget) -> Result<bool, StateError> {
        if self.renewed.elapsed() < RENEWAL {
            return Ok(true);
        }
        let until = Lease::end(budget.now(), budget.ends_at());
        let ours = self.change(|ledger, owner| ledger.lease = Some(Lease { owner: owner.to_owned(), until })).await?;
        self.renewed = Instant::now();
        Ok(ours)
    }

    /// Records what changed, and releases the segment. Returns whether the lease was still ours.
    pub(super) async fn end(&self, mut change: impl FnMut(&mut Ledger)) -> Result<bool, StateError> {
        self.change(|ledger, _| {
            change(ledger);
            ledger.lease = None;
        })
        .await
    }

    async fn change(&self, mut change: impl FnMut(&mut Ledger, &str)) -> Result<bool, StateError> {
        let answer = self
            .store
            .update(|ledger| match ledger {
                None => ControlFlow::Continue(()),
                Some(ledger) if ledger.lease.as_ref().is_some_and(|lease| lease.owner == self.owner) => {
                    change(ledger, &self.owner);
                    ControlFlow::Continue(())
                }
                Some(_) => ControlFlow::Break(()),
            })
            .await?;
        Ok(answer.is_continue())
    }
}

fn take_now(ledger: Option<&mut Ledger>, owner: &str, budget: &TimeBudget, now: Timestamp) -> ControlFlow<(), ()> {
    let Some(ledger) = ledger else {
        return ControlFlow::Continue(());
    };
    if ledger.worked_on_by(now).is_some() {
        return ControlFlow::Break(());
    }
    if let Some(retirement) = &mut ledger.retirement {
        // As with leavers, below.
        retirement.done = 0;
    }
    for run in ledger.runs.values_mut() {
        if let Phase::Completing { lease, done, .. } = &mut run.phase {
            // Leavers are counted in the order of the state, which now loses lines. Sending one of them twice changes nothing.
            (*lease, *done) = (None, 0);
        }
    }
    ledger.lease = Some(Lease { owner: owner.to_owned(), until: Lease::end(now, budget.ends_at()) });
    ControlFlow::Continue(())
}

//! Keeps a lease while its owner works.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::lease::Lease;
use crate::budget::TimeBudget;

/// How often a lease is renewed while nothing else is written.
const RENEWAL: Duration = Duration::from_secs(5);

/// A lease of which its owner knows until when it holds; shared by all that work under it.
///
/// An owner who cannot renew a lease stops sending when it ends: from then on another function may send something newer of the
/// same people, and Braze keeps no order.
#[derive(Clone, Debug)]
pub struct LeaseKeeper {
    owner: String,
    until: Arc<Mutex<Timestamp>>,
    budget: TimeBudget,
}

impl LeaseKeeper {
    /// Keeps a lease that has just been taken.
    pub fn new(lease: Lease, budget: TimeBudget) -> Self {
        Self { owner: lease.owner, until: Arc::new(Mutex::new(lease.until)), budget }
    }

    /// The number by which the owner proves itself.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The lease as a renewal writes it now.
    pub fn renewal(&self) -> Lease {
        Lease { owner: self.owner.clone(), until: Lease::end(self.budget.now(), self.budget.ends_at()) }
    }

    /// The lease has been renewed.
    pub fn renewed(&self, until: Timestamp) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    /// How long it still holds; `None` if it has ended.
    pub fn left(&self) -> Option<Duration> {
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        Duration::try_from(until.duration_since(self.budget.now())).ok().filter(|left| !left.is_zero())
    }

    /// Does `work`, and renews the lease with `renew` every few seconds until it is done.
    pub async fn keep_while<T, E, R: Future<Output = Result<(), E>>>(
        &self,
        renew: impl Fn(Lease) -> R,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = tokio::time::sleep(RENEWAL) => renew(self.renewal()).await?,
            }
        }
    }
}

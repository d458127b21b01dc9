//! What all requests of one connection share: the rate limit, and what was learned about Braze.

use std::sync::atomic::AtomicUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rand::rngs::SmallRng;
use tokio::time::Instant;

use super::limiter::{Limiter, NoStart};
use super::outcome::StopReason;
use super::read_memory::ReadMemory;
use super::retry::Stop;
use super::transport::Transport;
use crate::secrets::ApiKey;

pub(super) struct Shared {
    pub(super) host: String,
    pub(super) transport: Box<dyn Transport>,
    pub(super) limiter: Limiter,
    pub(super) random: Mutex<SmallRng>,
    /// The key that Braze refused, and why. It is not used again.
    pub(super) refused: Mutex<Option<(ApiKey, StopReason)>>,
    /// When a request was last answered, and what went wrong last.
    pub(super) last: Mutex<Last>,
    /// What was read, and what may not be read.
    pub(super) reads: Mutex<ReadMemory>,
    /// Requests that wait for a retry.
    pub(super) waiting: AtomicUsize,
}

#[derive(Default)]
pub(super) struct Last {
    pub(super) answered: Option<Instant>,
    pub(super) trouble: String,
}

impl Shared {
    pub(super) fn refusal_of(&self, key: &ApiKey) -> Option<StopReason> {
        lock(&self.refused).as_ref().filter(|(refused, _)| refused == key).map(|(_, reason)| reason.clone())
    }

    pub(super) fn stop_reason(&self, stop: Stop, status: u16) -> StopReason {
        let host = self.host.clone();
        match stop {
            Stop::Unauthorized => StopReason::Unauthorized { host },
            Stop::Forbidden => StopReason::Forbidden { host },
            Stop::NotFound => StopReason::NotFound { host, status },
            Stop::Redirected => StopReason::Redirected { host, status },
            Stop::NotBraze(found) => StopReason::NotBraze { host, status, found },
        }
    }

    pub(super) fn no_start(&self, no: NoStart) -> StopReason {
        match no {
            NoStart::OutOfTime => StopReason::OutOfTime,
            NoStart::Outage { failures, lasted } => {
                let last = lock(&self.last).trouble.clone();
                StopReason::Outage { host: self.host.clone(), failures, lasted, last }
            }
        }
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

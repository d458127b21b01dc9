//! Random numbers for the IDs of lease owners and for jitter.

use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

/// A source of random numbers. Clones share it.
///
/// In production it is seeded by the operating system. A simulation seeds it itself, so that it can be repeated.
#[derive(Clone, Debug)]
pub struct Randomness(Arc<Mutex<SmallRng>>);

impl Randomness {
    /// An unpredictable source.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(SmallRng::from_rng(&mut rand::rng()))))
    }

    /// A source that gives the same numbers for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(SmallRng::seed_from_u64(seed))))
    }

    /// Any number.
    pub fn number(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).random()
    }

    /// The number by which the owner of a lease or a share proves itself, as it is written.
    pub fn owner(&self) -> String {
        format!("{:016x}", self.number())
    }

    /// A number below `end`; 0 if `end` is 0.
    pub fn below(&self, end: u64) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).random_range(0..end.max(1))
    }
}

impl Default for Randomness {
    fn default() -> Self {
        Self::new()
    }
}

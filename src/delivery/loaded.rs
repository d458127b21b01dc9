//! Keeps the members of the last complete run in memory: all files of a run are compared with the same ones, and often another
//! invocation of the same instance delivers the next file.

use std::sync::{Arc, Mutex, PoisonError};

use super::sources::Source;
use crate::membership::{LastRun, SentSince};
use crate::secrets::state_key::StateKey;
use crate::state::CompleteRun;

/// The run that was loaded last. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct LoadedRun(Arc<Mutex<Option<(CompleteRun, LoadedMembers)>>>);

/// The members of a run, as they were loaded.
#[derive(Clone, Debug, Default)]
pub(super) struct LoadedMembers {
    pub(super) table: Arc<LastRun>,
    /// What the parts with them are encrypted with: each key once, and `None` if any is not encrypted.
    pub(super) sealed_with: Vec<Option<StateKey>>,
}

/// What was sent since the last complete run, as parts list it.
#[derive(Clone, Debug)]
pub(super) struct LoadedSent {
    /// The parts, and whether each is of a file that comes after the current one.
    pub(super) of: Vec<(Source, bool)>,
    pub(super) sent: Arc<SentSince>,
}

impl LoadedRun {
    /// Its members, if it is `run`; otherwise they are dropped. A change of the parts, of their lines that are true, or of the
    /// number of members makes it another run.
    pub(super) fn get(&self, run: &CompleteRun) -> Option<LoadedMembers> {
        let mut loaded = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.take_if(|(known, _)| known != run);
        loaded.as_ref().map(|(_, members)| members.clone())
    }

    pub(super) fn keep(&self, run: &CompleteRun, members: &LoadedMembers) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((run.clone(), members.clone()));
    }

    /// Frees the memory.
    pub(super) fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

//! Where people are listed: parts of the state, and how far each can be trusted.

use crate::state::{Ledger, Part};

/// How certain it is that Braze holds what a part says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Certainty {
    /// Braze accepted it.
    Certain,
    /// It may have been sent.
    Uncertain,
}

/// A part, and how far it can be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) key: String,
    /// How many lines it has, if a ledger says so.
    pub(super) rows: Option<u64>,
    pub(super) certainty: Certainty,
    /// The number of its first line.
    pub(super) first: Option<u32>,
    /// The object that says which of its lines are true.
    pub(super) live: Option<String>,
}

impl Source {
    /// The parts of the last complete run.
    pub(super) fn of_last_run(ledger: &Ledger) -> Vec<Self> {
        ledger.last_complete.iter().flat_map(|complete| &complete.parts).map(Self::certain).collect()
    }

    pub(super) fn certain(part: &Part) -> Self {
        let certainty = if part.outdated { Certainty::Uncertain } else { Certainty::Certain };
        Self { key: part.key.clone(), rows: Some(part.rows), certainty, first: part.first, live: part.live.clone() }
    }

    /// The same with lines that are no longer true.
    pub(super) fn with_all_lines(self) -> Self {
        Self { live: None, ..self }
    }

    /// A part that no ledger names.
    pub(super) fn uncertain(key: String) -> Self {
        Self { key, rows: None, certainty: Certainty::Uncertain, first: None, live: None }
    }
}

//! Makes a state usable again of which an object is missing or cannot be read, from what is left of it.

use std::collections::BTreeMap;

use super::DeliveryError;
use super::segment::SegmentDelivery;
use crate::state::{Ledger, Part, StateError, read_part};

/// What a rebuilt state says in the report of the run that it holds.
const CAUTION: &str = "the state of the attribute was damaged and has been rebuilt, so people may be missing in it";

/// What was found, and what is left.
#[derive(Debug, Default)]
pub struct Rebuilt {
    /// What is damaged, in words.
    pub damage: Vec<String>,
    /// How many lines about people are left.
    pub people: u64,
}

impl SegmentDelivery {
    /// Reads every object of the state. If something is damaged, a new ledger names all that can be read, trusts none of it,
    /// and holds the next run with which anyone would leave. With `dry_run`, nothing is written.
    pub async fn rebuild(&self, dry_run: bool) -> Result<Rebuilt, DeliveryError> {
        let mut rebuilt = Rebuilt::default();
        let known = match self.ledger.read().await {
            Ok(known) => known,
            Err(error @ (StateError::Unreadable { .. } | StateError::Format { .. })) => {
                rebuilt.damage.push(error.to_string());
                None
            }
            Err(error) => return Err(error.into()),
        };
        if known.as_ref().is_some_and(|ledger| ledger.worked_on_by(self.budget.now()).is_some()) {
            return Err(DeliveryError::Busy { what: format!("the attribute {}", self.attribute) });
        }
        let mut keys = self.bucket.keys(self.keys.everything()).await?;
        if let Some(former) = known.as_ref().and_then(|ledger| ledger.moved_from.as_ref()) {
            keys.extend(self.bucket.keys(former).await?);
        }
        // What an audit read in Braze says nothing about what was sent.
        let audited = self.keys.audit_folder();
        let is_named = |key: &str| known.as_ref().is_some_and(|ledger| ledger.needs(key));
        keys.retain(|key| Part::is_one(key) && (!key.starts_with(&audited) || is_named(key)));
        if known.is_none() && rebuilt.damage.is_empty() && !keys.is_empty() {
            rebuilt.damage.push(StateError::LedgerMissing { key: self.ledger.key().to_owned() }.to_string());
        }
        let mut parts = Vec::new();
        for key in &keys {
            match self.lines_of(key).await? {
                Ok(rows) => {
                    rebuilt.people += rows;
                    parts.push(Part { outdated: true, ..Part::new(key.clone(), rows) });
                }
                Err(error) => rebuilt.damage.push(error.to_string()),
            }
        }
        let rows: BTreeMap<&str, u64> = parts.iter().map(|part| (part.key.as_str(), part.rows)).collect();
        for part in known.clone().iter_mut().flat_map(Ledger::all_parts_mut) {
            match rows.get(part.key.as_str()) {
                None if !keys.contains(&part.key) => {
                    rebuilt.damage.push(StateError::PartMissing { key: part.key.clone() }.to_string());
                }
                Some(found) if *found != part.rows => {
                    let (key, found, expected) = (part.key.clone(), *found, part.rows);
                    rebuilt.damage.push(StateError::OtherRows { key, found, expected }.to_string());
                }
                _ => {}
            }
        }
        if rebuilt.damage.is_empty() || dry_run {
            return Ok(rebuilt);
        }
        let mut ledger = Ledger::new(self.attribute.clone(), self.feeder.clone());
        if let Some(known) = known {
            // Nothing else says that a run was undone.
            let undone: Vec<_> = known.runs.keys().copied().filter(|run| known.is_undone(*run)).collect();
            ledger.forgotten = known.forgotten;
            ledger.forgotten.extend(undone);
            (ledger.feeder, ledger.history, ledger.moved_from) = (known.feeder, known.history, known.moved_from);
        }
        ledger.earlier.parts = parts;
        ledger.caution = Some(CAUTION.to_owned());
        self.ledger.replace(ledger).await?;
        Ok(rebuilt)
    }

    /// How many lines a part has; the inner error is what is wrong with it.
    async fn lines_of(&self, key: &str) -> Result<Result<u64, StateError>, DeliveryError> {
        let part = match self.parts.read(key).await {
            Ok(Some(part)) => part,
            Ok(None) => return Ok(Err(StateError::PartMissing { key: key.to_owned() })),
            Err(error @ StateError::NotOpened { .. }) => return Ok(Err(error)),
            Err(error) => return Err(error.into()),
        };
        Ok(read_part(key, &part.bytes, |_, _| {}).map(|content| content.rows))
    }
}

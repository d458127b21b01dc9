//! The state of each attribute of each workspace: who has it, what Braze accepted, and which function works on it.
//!
//! # What is kept
//!
//! ```text
//! state/<workspace>/<attribute>/ledger.json                       the one object that functions contend for
//! state/<workspace>/<attribute>/runs/<run>/<file>-<attempt>/      parts: the members of one stretch of a file
//! ```
//!
//! A part is stored *before* the rows that it lists are sent, and becomes certain when the ledger names it, *after* Braze has
//! answered. So all that a killed function may have sent is recorded, and what is not certain is sent again.
//!
//! # The life of an attribute
//!
//! | step | of | module |
//! | --- | --- | --- |
//! | claim a file | `Waiting` → `Working` → `Delivered`, `Unfinished`, `Failed` | `claim` |
//! | compare, hold, send the leavers | `Open` → `Held`, `Completing` → `Complete` | `completion` |
//! | hand over, send again, release, forget | | `handover` |
//! | repair what an audit found | | `repair` |
//! | undo the last complete run | `Complete` → `Completing` → `Complete` | `undo` |
//! | retire | → no ledger | `retire` |
//!
//! Each step is a function of the ledger alone, and one conditional write. Any function may take any step: a run that is
//! `Completing` is finished before any file is touched, by the first function after its lease has ended. Only the owner of a
//! lease takes a file out of `Working`: every write demands the owner's random number in the ledger, so an owner that has lost
//! its lease cannot write.

mod attention;
mod claim;
mod complete_run;
mod completion;
mod error;
mod fed;
mod feeder;
mod feeds;
mod field_values;
mod format_1;
mod former;
mod handover;
mod keys;
mod lease;
mod lease_keeper;
mod ledger;
mod ledger_store;
mod line_set;
mod member_key;
mod part;
mod part_csv;
mod part_row;
mod part_store;
mod repair;
mod retire;
mod retirement;
mod run_record;
mod sent;
#[cfg(test)]
mod tests;
mod undo;
mod undo_record;

pub use self::attention::{Attention, LONG_WAIT, Overdue};
pub use self::claim::{ClaimAnswer, FileClaim, WriteAnswer};
pub use self::complete_run::{Base, CompleteRun, MEMBERS_NAMED_FROM};
pub use self::completion::{BeginAnswer, Compared, LeaversSent};
pub use self::error::StateError;
pub use self::fed::Fed;
pub use self::feeder::{Feeder, Mapping, Mappings};
pub use self::feeds::{AttributeFeeds, Feeds};
pub use self::field_values::{VALUES_KEPT, VALUES_OVERLAP, ValuesHead, ValuesRow, ValuesWriter, read_values};
pub use self::former::FormerState;
pub use self::handover::{RunAnswer, TakeOverAnswer};
pub use self::keys::{ReportKeys, StateKeys};
pub use self::lease::Lease;
pub use self::lease_keeper::LeaseKeeper;
pub use self::ledger::{FORMAT, Ledger};
pub use self::ledger_store::LedgerStore;
pub use self::line_set::LineSet;
pub use self::member_key::{EmailHash, Fingerprint, MemberKey};
pub use self::part::{BaseId, Part, PartContent, PartWriter, part_key, read_part};
pub use self::part_row::{PartRow, Standing};
pub use self::part_store::{PartStore, StoredPart};
pub use self::repair::RepairAnswer;
pub use self::retire::RetireAnswer;
pub use self::retirement::Retirement;
pub use self::run_record::{Checkpoint, Completing, FileRecord, Phase, Progress, RunRecord};
pub use self::sent::Sent;
pub use self::undo::{UndoAnswer, UndoLists, UndoRefusal};
pub use self::undo_record::{BeforeLast, Undo};

//! Whether everyone in Braze who has an attribute is a member, and the other way round: what an audit reads, compares and reports.
//!
//! | question | module |
//! | --- | --- |
//! | What is in a file of an export? | `archive`, `found` |
//! | Who is missing, and who should not have the attribute? | `matching` |
//! | How far is it? | `record` |
//! | What was found, and what was done about it? | `receipt`, `message`, `metrics` |
//!
//! Nothing here asks Braze or the bucket: the steps of an audit are in [`delivery`](crate::delivery).

mod archive;
mod found;
mod matching;
mod message;
pub mod metrics;
mod receipt;
mod record;

pub use self::archive::{ArchiveError, ExportLines};
pub use self::found::ExportedProfile;
pub use self::matching::{Addresses, HASHES, Listed, Pass, Verdict, Verdicts};
pub use self::message::{AuditError, AuditMessage};
pub use self::receipt::{AuditOutcome, Audited, ExportFile, Extra, Missing, Repair, Signature};
pub use self::record::{AuditRecord, AuditStage, AuditStore, ToSend};

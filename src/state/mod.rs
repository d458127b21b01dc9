//! The state: what has been delivered of a segment, and which function works on it.
//!
//! # What is kept
//!
//! ```text
//! state/<export>/<segment>/ledger.json                          what stands, and who is at work: the one object in contention
//! state/<export>/<segment>/runs/<run>/<file>/<attempt>-<n>.csv.gz   parts: the members of one stretch of a file
//! ```
//!
//! A part is stored *before* the rows it lists are sent, and becomes certain when the ledger names it, *after* Braze has
//! answered. So whatever a killed function may have sent is on record, and what is not certain is sent again.
//!
//! # States of a file
//!
//! ```text
//!              claim                     last row has its fate
//!  (unknown) ─────────▶ Working ───────────────────────────────▶ Delivered
//!                        │  ▲  │ cannot be read, Braze refuses the key
//!    out of time,        │  │  └──────────────▶ Failed ──┐
//!    newer run, outage   ▼  │ claim                      │ claim
//!                    Unfinished ◀───────────────────────┘
//! ```
//!
//! `claim` needs that nobody holds a lease on the file, and that no newer run has begun. A claim on a new content of the
//! file starts anew; what was delivered of the earlier content stays on record in the run. Only the owner of the lease
//! takes a file out of `Working`: every write demands the owner's random number in the ledger, so an owner that has lost
//! its lease cannot write.
//!
//! # States of a run
//!
//! ```text
//!         all files delivered,          few enough leavers
//!         evidence of completeness      or a person allowed them      leavers told
//!  Open ────────────────────────▶ (check) ─────────────────▶ Completing ──────────▶ Complete
//!   ▲                               │                                                  │
//!   │                               └──────▶ Held ── allowed ──▶ Completing            │
//!   └───────────────────────── a new file, or new content ─────────────────────────────┘
//! ```
//!
//! Any function may take any of these steps; each is one conditional write. A run that is `Completing` is finished before
//! any file of the segment is touched, by whoever comes first after its lease has ended. When a newer run begins, an
//! older one that is not complete is not sent any more. What was sent of it counts as known when the newer one is
//! compared, so that whoever only the older run had is unset as well.
//!
//! # The end of a segment
//!
//! ```text
//!             retire, nobody at work           all members unset
//!  (delivered) ─────────────────────▶ Retiring ─────────────────▶ (no ledger, nothing is known)
//!       ▲                              │    ▲ │ out of time, killed
//!       │                              │    └─┘ retire again
//!       └──────────────────────────────┘
//!         a file is delivered again, after the lease has ended: everybody is sent anew
//! ```

mod error;
mod keys;
mod lease;
mod ledger;
mod ledger_store;
mod member_key;
mod part;
mod part_store;
mod retirement;
mod stored_gzip;
#[cfg(test)]
mod tests;

pub use self::error::StateError;
pub use self::keys::StateKeys;
pub use self::lease::Lease;
pub use self::ledger::{
    Checkpoint, CompleteRun, FORMAT, FileRecord, Ledger, OlderConfiguration, Phase, Progress, RunRecord,
};
pub use self::ledger_store::LedgerStore;
pub use self::member_key::{EmailHash, Fingerprint, MemberKey};
pub use self::part::{Part, PartRow, PartWriter, Standing, read_part};
pub use self::part_store::{PartStore, StoredPart};
pub use self::retirement::Retirement;

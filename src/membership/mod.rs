//! Who is in a run, and who was known before: tables that are kept in memory while a run is delivered.

mod distinct;
mod elsewhere;
mod known;
mod last_run;
mod part_number;
mod recent;
mod run_members;
mod sent_since;
mod spread;
#[cfg(test)]
mod tests;

pub use self::distinct::DistinctMembers;
pub use self::elsewhere::{SentElsewhere, SentElsewhereBuilder};
pub use self::known::{Known, Sighting};
pub use self::last_run::{LastRun, LastRunBuilder};
pub use self::recent::RecentMembers;
pub use self::run_members::{Leaver, RunMembers};
pub use self::sent_since::SentSince;

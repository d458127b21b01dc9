//! From an object's key to its export, segment, run and file.
//!
//! [`layout::place`] reads one key for one export. It tries these layouts in this order; an export's `path` replaces them:
//!
//! | layout | key below the export's folder | run |
//! | --- | --- | --- |
//! | dated folders (Azure Blob, Data Lake) | `…/<Segment>/<yyyy>/<MM>/<dd>/<HHmm>/<file>.csv` | the folders |
//! | flat (Adobe Campaign) | `…/<export>_<segment>_<unix seconds>.csv` | the name |
//! | overwritten at each run | `<Segment>.csv` or `<Segment>/<Segment>.csv` | when the object was last modified |
//!
//! Files end in `.csv`, `.txt` or `.tsv`, each also with `.gz`, in any case.
//!
//! A `model.json` or `*.manifest.cdm.json` beside the files ([`model::Model`]) describes columns, types and the files of a
//! run ([`expected::expected_files`]).

mod dated;
pub mod expected;
mod found;
pub mod layout;
pub mod location;
pub mod model;
mod models;
mod order;

pub use self::found::{Evidence, FileToDeliver};
pub use self::models::{ModelReadError, Models};
pub use self::order::Order;

/// The same cases at every run of the tests, so that a failure is found again without a file of its seed.
#[cfg(test)]
pub(crate) fn seeded() -> proptest::test_runner::Config {
    proptest::test_runner::Config {
        rng_seed: proptest::test_runner::RngSeed::Fixed(20_261_123),
        failure_persistence: None,
        ..proptest::test_runner::Config::default()
    }
}

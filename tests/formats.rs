//! Every form that an export's files can have, each against profiles that were written down independently: the handler in
//! process, a real S3 protocol, a Braze workspace that keeps what it is sent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

#[path = "formats/as_found.rs"]
mod as_found;
#[path = "formats/desk.rs"]
mod desk;
#[path = "formats/dialects.rs"]
mod dialects;
#[path = "formats/inspected.rs"]
mod inspected;
#[path = "formats/late_models.rs"]
mod late_models;
#[path = "formats/mended.rs"]
mod mended;
#[path = "formats/models.rs"]
mod models;
#[path = "formats/paths.rs"]
mod paths;
#[path = "formats/spectrum.rs"]
mod spectrum;
#[path = "formats/types.rs"]
mod types;

//! What SECURITY.md promises, threat by threat, through the real binaries.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

#[path = "threats/erase.rs"]
mod erase;
#[path = "threats/formulas.rs"]
mod formulas;

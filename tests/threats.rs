//! What SECURITY.md promises, threat by threat, through the real binaries.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

mod support;

#[path = "threats/canary.rs"]
mod canary;
#[path = "threats/document.rs"]
mod document;
#[path = "threats/erase.rs"]
mod erase;
#[path = "threats/events.rs"]
mod events;
#[path = "threats/formulas.rs"]
mod formulas;
#[path = "threats/key.rs"]
mod key;
#[path = "threats/sealed.rs"]
mod sealed;

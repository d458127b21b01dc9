//! The program `itb`, as people run it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

mod changed_config;
mod changes;
mod check_first;
mod console;
mod deliver;
mod demo;
mod setup;
mod stack;
mod surfaces;

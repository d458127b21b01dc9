//! What the application does, through its public doors: the real binaries hosted as AWS Lambda hosts them, a real S3, SQS and
//! Secrets Manager protocol, real HTTP to a mock of Braze. One program, because each further one costs a minute of building.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    missing_docs
)]

mod audit;
mod bad_input;
mod connection;
mod continuing;
mod delivery;
mod emulator;
mod encrypted;
mod everyday;
mod failures;
mod faults;
mod formats;
mod functions;
mod hostile;
mod kills;
mod many;
mod membership;
mod on_demand;
mod pages;
mod permissions;
mod proof;
mod sharing;
mod sources;
mod stack;
mod support;
mod third_party;
mod threats;
mod undo;

//! What is written about the application is true: the map of its modules, the messages, the reference of `exports.toml`, the
//! links, what a release is called, the texts, and the words.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

mod configuration_reference;
mod map;
mod messages;
mod pages;
mod release;
mod texts;
mod words;

//! Writes Dynamics 365 Customer Insights segments to Braze: the library behind three AWS Lambda functions.
//!
//! Customer Insights exports each segment as CSV files. They land in an S3 bucket below `incoming/`, and every member's
//! profile in Braze gets a custom attribute with the segment's name. Whoever leaves the segment is told as well.
//!
//! # The map of the house
//!
//! Data flows one way, and the modules stand in the order of the flow. A later step imports earlier ones and never the
//! other way round.
//!
//! | question | module |
//! | --- | --- |
//! | What does a function find in its environment? | [`environment`] |
//! | What does an event ask for? | [`trigger`] |
//! | What happens then? | [`handler`] |
//! | Which segments go where? | [`config`] (`exports.toml`) |
//! | Which key opens Braze? | [`secrets`] |
//! | What lies in an export's folder? | [`survey`] |
//! | Which segment, run and file is an object? | [`run`] |
//! | What is known of a file before it is read? | [`description`] |
//! | How do bytes become rows? | [`rows`] |
//! | How does a row become a profile? | [`profile`] |
//! | Who entered, stayed, left? What has been delivered? | [`membership`] |
//! | How is a file delivered and a run completed? | [`delivery`] |
//! | How is Braze spoken to? | [`braze`] |
//! | What is told of it? | [`report`] |
//! | What do people see of it? | [`page`] |
//! | What is a new tenant's file, before anything is delivered? | [`inspect`] |
//! | How is one person erased? | [`erase`] |
//!
//! Beside the flow stand [`names`] (names that must not be mixed up), [`bucket`] (S3), [`queue`] (SQS), [`budget`] (the
//! time of an invocation), [`randomness`] and [`when_needed`] (clients that are made at their first use).
//!
//! # Promises
//!
//! - Every row read has one fate: accepted, unchanged, duplicate or rejected.
//! - An older run is never sent over a newer one, and nobody leaves because of a run that is not complete.
//! - Keys and personal data are in no log line, error, metric or panic.
//! - Memory does not grow with the size of a file.

pub mod braze;
pub mod bucket;
pub mod budget;
pub mod config;
pub mod delivery;
pub mod description;
pub mod environment;
pub mod erase;
pub mod function;
pub mod handler;
pub mod inspect;
pub mod membership;
pub mod names;
pub mod page;
pub mod profile;
pub mod queue;
pub mod randomness;
pub mod report;
pub mod rows;
pub mod run;
pub mod secrets;
pub mod survey;
pub mod trigger;
pub mod when_needed;

//! Writes Dynamics 365 Customer Insights segments to Braze: the library behind three AWS Lambda functions.
//!
//! Customer Insights exports each segment as CSV files. They land in an S3 bucket below `incoming/`, and every member's
//! profile in Braze gets a custom attribute with the segment's name. When a member leaves the segment, it is set to `false`
//! or removed.
//!
//! # The map
//!
//! The modules in the order of their imports: a module imports only modules listed above it. A test reads the imports and
//! fails when that is not so (`tests/documents/map.rs`).
//!
//! | module | question it answers |
//! | --- | --- |
//! | [`planted`] | Which bug is switched on, to prove that the tests find it? |
//! | [`names`] | Which names must not be mixed up? |
//! | [`masked`] | How is a person's value shown? |
//! | [`message`] | Which code does a message have, and how are numbers written in texts? |
//! | [`texts`] | How does a person read it, in English or Japanese? |
//! | [`values`] | What do countries, languages, dates and phone numbers of other systems mean? |
//! | [`clock`] | What time is it, in production and in a simulation? |
//! | [`randomness`] | Where do random numbers come from? |
//! | [`when_needed`] | How is a client created at its first use? |
//! | [`budget`] | How much time does an invocation have? |
//! | [`bucket`] | How are objects in S3 read and written? |
//! | [`pattern`] | How is a key read: path patterns, forms of a time stamp, the ID of a run? |
//! | [`queue`] | How does another invocation continue a delivery? |
//! | [`topic`] | How are people notified? |
//! | [`rows`] | How do bytes become rows? |
//! | [`braze_fields`] | Which names does Braze take for fields and attributes? |
//! | [`config`] | Which segments go where (`exports.toml`)? |
//! | [`run`] | Which segment, run and file is an object? |
//! | [`survey`] | Which runs are in an export's folder? |
//! | [`profile`] | How does a row become an attribute object? |
//! | [`description`] | What is known of a file before it is read? |
//! | [`secrets`] | Which keys does Secrets Manager hold? |
//! | [`braze`] | How are objects sent to Braze, and what is the result of each? |
//! | [`report`] | What happened in a delivery? |
//! | [`state`] | What has been delivered, and which function works on it? |
//! | [`source`] | Which files does Azure have that the bucket doesn't? |
//! | [`membership`] | Who entered, stayed and left? |
//! | [`proof`] | Does Braze hold what was sent? |
//! | [`audit`] | Does Braze have the attribute for exactly the members? |
//! | [`page`] | What do people see of it? |
//! | [`delivery`] | How is a file delivered and a run completed? |
//! | [`inspect`] | How would a new export's files be read? |
//! | [`erase`] | How is one person erased? |
//! | [`trigger`] | What does an event ask for? |
//! | [`handler`] | What does the application do about it? |
//! | [`environment`] | What does a function find in its environment? |
//! | [`function`] | How does a function start? |
//!
//! # Promises
//!
//! - Every row read has one result: accepted, unchanged, duplicate or rejected.
//! - An older run is never sent over a newer one, and no one is removed because of a run that is not complete.
//! - Keys and personal data are in no log line, error, metric or panic.
//! - Memory does not grow with the size of a file.

pub mod audit;
pub mod braze;
pub mod braze_fields;
pub mod bucket;
pub mod budget;
pub mod clock;
pub mod config;
pub mod delivery;
pub mod description;
pub mod environment;
pub mod erase;
pub mod function;
pub mod handler;
pub mod inspect;
pub mod masked;
pub mod membership;
pub mod message;
pub mod names;
pub mod page;
pub mod pattern;
pub mod planted;
pub mod profile;
pub mod proof;
pub mod queue;
pub mod randomness;
pub mod report;
pub mod rows;
pub mod run;
pub mod secrets;
pub mod source;
pub mod state;
pub mod survey;
pub mod texts;
pub mod topic;
pub mod trigger;
pub mod values;
pub mod when_needed;

//! The application on one's own machine: a demonstration, deliveries from a folder, and what the tests stand on.
//!
//! | what | module |
//! | --- | --- |
//! | the command line | `arguments` |
//! | `demo`: an export is made up, dropped into a bucket and delivered to a stand-in of Braze | `demo` |
//! | `deliver`: files of a folder go to a real Braze workspace | `deliver` |
//! | `dry-run`, `inspect`, `connect`, `status` and `report` | `dry_run`, `inspect`, `connect`, `status`, `report` |
//! | the handler of the Lambda functions on a bucket of this machine or of a deployed stack | `application` |
//! | a bucket in a folder | `workspace` |
//! | Ctrl-C | `interrupt` |
//! | tables and progress | `show` |
//! | S3, Secrets Manager, SQS, Braze and the Lambda Runtime API on this machine | [`standin`] |
//!
//! Nothing of this is in the Lambda functions.

mod api_key;
mod application;
mod arguments;
mod clients;
mod connect;
mod deliver;
mod demo;
mod dry_run;
mod ending;
mod files;
mod html;
mod inspect;
mod interrupt;
mod report;
mod show;
pub mod standin;
mod status;
mod workspace;

pub use arguments::run;

//! Every form that an export's files can have, each against profiles that were written down independently: the handler in
//! process, a real S3 protocol, a Braze workspace that keeps what it is sent.

mod as_found;
mod contacts;
mod desk;
mod dialects;
mod fixed;
mod inspected;
mod late_models;
mod models;
mod paths;
mod spectrum;
mod types;

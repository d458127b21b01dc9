//! Stand-ins for the services around the application, for the demonstration and the tests: S3, Secrets Manager, SQS, SNS, Braze and the Lambda Runtime API.
//!
//! Each listens on a free port of 127.0.0.1, speaks the real protocol over plain HTTP, can be told to fail in every way that the
//! real one fails, and ends when it is dropped. For a simulation they also answer without a socket ([`in_process`]).

mod account;
mod aws_json;
pub mod braze;
pub mod clock;
pub mod fault;
pub(crate) mod hexadecimal;
pub mod http;
pub mod in_process;
pub mod lambda;
pub mod s3;
pub mod secrets;
pub mod sns;
pub mod sqs;

pub use account::{Account, AccountSettings, BUCKET, DEAD_LETTER_QUEUE, QUEUE, TOPIC_ARN};

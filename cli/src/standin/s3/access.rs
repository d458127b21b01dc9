//! Who may call, and where faults strike: before an operation is begun.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use hyper::header::{AUTHORIZATION, HeaderValue, RANGE};
use percent_encoding::percent_decode_str;
use rand::RngExt;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::path::S3Path;
use s3s::{S3Result, s3_error};

use crate::standin::clock::Clock;
use crate::standin::fault::{Call, Fault, Gate, caller_of};

/// The secret access key that the AWS stand-ins expect requests to be signed with: another one in each process, so that
/// nobody else on the machine can read what they hold.
pub fn secret_access_key() -> &'static str {
    static KEY: OnceLock<String> = OnceLock::new();
    KEY.get_or_init(|| format!("{:032x}", rand::rng().random::<u128>()))
}

/// Every access key id is known, all with the same secret: the id then tells who called.
pub(super) struct AnyAccessKey;

#[async_trait::async_trait]
impl S3Auth for AnyAccessKey {
    async fn get_secret_key(&self, _access_key: &str) -> S3Result<SecretKey> {
        Ok(SecretKey::from(secret_access_key()))
    }
}

/// The decision for one request, handed from the access check to the server, which alone can close the connection.
#[derive(Clone, Default)]
pub(super) struct Verdict(pub(super) Arc<Mutex<Fault>>);

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Callers {
    /// Whoever signs with the secret.
    Signed,
    /// Anybody.
    Anybody,
}

/// Records each call and applies the fault script.
pub(super) struct FaultPoint {
    gate: Gate,
    clock: Clock,
    callers: Callers,
}

impl FaultPoint {
    pub(super) fn new(gate: Gate, clock: Clock, callers: Callers) -> Self {
        Self { gate, clock, callers }
    }
}

#[async_trait::async_trait]
impl S3Access for FaultPoint {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        if self.callers == Callers::Signed && context.credentials().is_none() {
            return Err(s3_error!(AccessDenied, "Requests to this server must be signed"));
        }
        let (bucket, key) = match context.s3_path() {
            S3Path::Root => (String::new(), String::new()),
            S3Path::Bucket { bucket } => (bucket.to_string(), prefix_of(context.uri().query().unwrap_or_default())),
            S3Path::Object { bucket, key } => (bucket.to_string(), key.to_string()),
        };
        let fault = self.gate.admit(Call {
            number: 0,
            operation: context.s3_op().name().to_owned(),
            bucket,
            resource: key,
            first_byte: first_byte_of(context.headers().get(RANGE)),
            caller: caller_of(context.headers().get(AUTHORIZATION)),
            at: self.clock.now(),
        });
        if let Some(Verdict(verdict)) = context.extensions_mut().get::<Verdict>() {
            *verdict.lock().unwrap_or_else(PoisonError::into_inner) = fault.clone();
        }
        match fault {
            Fault::None | Fault::DelayAfter(_) | Fault::AnswerAfter(_) | Fault::DropAfter => Ok(()),
            Fault::Delay(time) => {
                tokio::time::sleep(time).await;
                Ok(())
            }
            Fault::Hang => std::future::pending().await,
            // The server replaces this answer by the fault's.
            Fault::Answer(_) | Fault::DropBefore => Err(s3_error!(InternalError)),
        }
    }
}

/// The `prefix` of a listing's query string.
fn prefix_of(query: &str) -> String {
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix("prefix="))
        .map(|value| percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned())
        .unwrap_or_default()
}

/// The first byte of a range as `bytes=4096-`.
fn first_byte_of(range: Option<&HeaderValue>) -> u64 {
    let text = range.and_then(|range| range.to_str().ok()).and_then(|range| range.strip_prefix("bytes="));
    text.and_then(|range| range.split('-').next()?.parse().ok()).unwrap_or_default()
}

//! Faults on purpose, and the record of what was called: the same for S3, Secrets Manager and SQS.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::header::{HeaderName, HeaderValue};
use hyper::http::StatusCode;
use jiff::Timestamp;

use super::http::WholeResponse;

/// One call that an AWS stand-in received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Position in the order of arrival at this stand-in, from 1.
    pub number: u64,
    /// The operation in AWS's spelling, for instance `PutObject`, `GetSecretValue`, `SendMessage`.
    pub operation: String,
    /// The bucket of an S3 call; empty for the other services.
    pub bucket: String,
    /// S3 key (for `ListObjectsV2` the prefix), name of the secret, or URL of the queue.
    pub resource: String,
    /// The first byte that a `GetObject` asks for; 0 for everything else.
    pub first_byte: u64,
    /// The access key id that signed the call: tells apart functions that were given different ones.
    pub caller: String,
    /// When it arrived, on the stand-in's clock.
    pub at: Timestamp,
}

/// What a stand-in does to a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Serve it.
    #[default]
    None,
    /// Serve it after this time.
    Delay(Duration),
    /// Serve it at once and answer after this time.
    DelayAfter(Duration),
    /// Change nothing and give this answer.
    Answer(Answer),
    /// Serve it, but give this answer instead of the true one.
    AnswerAfter(Answer),
    /// Change nothing and close the connection without an answer.
    DropBefore,
    /// Serve it and close the connection without an answer.
    DropAfter,
    /// Change nothing and never answer: the caller's time-out decides.
    Hang,
}

/// An answer made up by a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Further headers, names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The whole body.
    pub body: Bytes,
}

impl Answer {
    /// An answer with this status, content type and body.
    pub fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self { status, headers: vec![("content-type", content_type.to_owned())], body: body.into() }
    }

    /// An S3 error, for instance 503 `SlowDown`, 500 `InternalError`, 409 `ConditionalRequestConflict`.
    pub fn s3_error(status: u16, code: &str) -> Self {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>Made by a fault script.</Message></Error>"
        );
        Self::new(status, "application/xml", body)
    }

    /// An error of a JSON service, for instance 400 `ThrottlingException`, 500 `InternalServiceError`.
    pub fn aws_error(status: u16, code: &str) -> Self {
        let body = serde_json::json!({"__type": code, "Message": "Made by a fault script."}).to_string();
        Self::new(status, "application/x-amz-json-1.1", body)
    }

    pub(crate) fn into_response(self) -> WholeResponse {
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

/// Decides the fate of each call. It is asked once per call, in the order of arrival.
pub type FaultScript = Arc<dyn Fn(&Call) -> Fault + Send + Sync>;

/// The fault script and the record of one stand-in.
#[derive(Clone, Default)]
pub(crate) struct Gate {
    state: Arc<Mutex<GateState>>,
}

#[derive(Default)]
struct GateState {
    script: Option<FaultScript>,
    calls: Vec<Call>,
    received: u64,
}

impl Gate {
    pub(crate) fn set_script(&self, script: Option<FaultScript>) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).script = script;
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).calls.clone()
    }

    pub(crate) fn forget_calls(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).calls.clear();
    }

    /// Records the call (its number is given here) and asks the script.
    pub(crate) fn admit(&self, mut call: Call) -> Fault {
        let script = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.received += 1;
            call.number = state.received;
            state.calls.push(call.clone());
            state.script.clone()
        };
        script.map_or(Fault::None, |script| script(&call))
    }
}

/// Reads the access key id from an `Authorization` header.
pub(crate) fn caller_of(authorization: Option<&HeaderValue>) -> String {
    authorization
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.split_once("Credential="))
        .and_then(|(_, rest)| rest.split_once('/'))
        .map(|(access_key_id, _)| access_key_id.to_owned())
        .unwrap_or_default()
}

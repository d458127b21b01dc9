//! The Runtime API as one process of the function sees it.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::http::StatusCode;
use hyper::{Method, Request, Response};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use super::error::InvocationError;
use crate::standin::http::{ConnectionClosed, HttpServer, WholeResponse};

/// Bytes of an answer to a synchronous invocation (AWS Lambda developer guide, "Lambda quotas").
const LARGEST_ANSWER: usize = 6 * 1024 * 1024;

const PREFIX: &str = "/2018-06-01/runtime/";

/// What an invocation ends with.
pub(super) type Outcome = Result<Value, InvocationError>;

/// An invocation on its way to the process.
pub(super) struct Invocation {
    pub(super) payload: Bytes,
    pub(super) timeout: Duration,
    pub(super) function_name: String,
    pub(super) outcome: oneshot::Sender<Outcome>,
}

/// The invocation that the process has fetched.
struct Current {
    request_id: String,
    outcome: oneshot::Sender<Outcome>,
}

struct Shared {
    waiting: tokio::sync::Mutex<mpsc::Receiver<Invocation>>,
    current: Mutex<Option<Current>>,
    init_error: Mutex<Option<InvocationError>>,
}

/// The API's server, for one process.
pub(super) struct RuntimeApi {
    server: HttpServer,
    shared: Arc<Shared>,
    sender: mpsc::Sender<Invocation>,
}

impl RuntimeApi {
    pub(super) async fn start() -> io::Result<Self> {
        let (sender, receiver) = mpsc::channel(1);
        let shared = Arc::new(Shared {
            waiting: tokio::sync::Mutex::new(receiver),
            current: Mutex::new(None),
            init_error: Mutex::new(None),
        });
        let serving = Arc::clone(&shared);
        let server = HttpServer::start(move |request| answer(Arc::clone(&serving), request), None).await?;
        Ok(Self { server, shared, sender })
    }

    /// Host and port, as `AWS_LAMBDA_RUNTIME_API` holds them.
    pub(super) fn address(&self) -> String {
        self.server.url().trim_start_matches("http://").to_owned()
    }

    pub(super) async fn hand_over(&self, invocation: Invocation) -> bool {
        self.sender.send(invocation).await.is_ok()
    }

    /// What the process told of a failed start.
    pub(super) fn init_error(&self) -> Option<InvocationError> {
        self.shared.init_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<WholeResponse, ConnectionClosed> {
    let path = request.uri().path().to_owned();
    let Some(rest) = path.strip_prefix(PREFIX) else { return Ok(status(StatusCode::NOT_FOUND)) };
    let parts: Vec<&str> = rest.split('/').collect();
    match (request.method(), parts.as_slice()) {
        (&Method::GET, ["invocation", "next"]) => shared.next().await,
        (&Method::POST, ["invocation", request_id, "response"]) => {
            let body = read(request).await?;
            Ok(shared.finish(request_id, response_of(&body)))
        }
        (&Method::POST, ["invocation", request_id, "error"]) => {
            let body = read(request).await?;
            Ok(shared.finish(request_id, Err(error_of(&body, "Unhandled"))))
        }
        (&Method::POST, ["init", "error"]) => {
            let body = read(request).await?;
            *shared.init_error.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(error_of(&body, "Runtime.InitError"));
            Ok(status(StatusCode::ACCEPTED))
        }
        _ => Ok(status(StatusCode::NOT_FOUND)),
    }
}

async fn read(request: Request<Incoming>) -> Result<Bytes, ConnectionClosed> {
    request.into_body().collect().await.map(http_body_util::Collected::to_bytes).map_err(|_| ConnectionClosed)
}

fn response_of(body: &Bytes) -> Outcome {
    if body.len() > LARGEST_ANSWER {
        let message = format!(
            "Response payload size ({} bytes) exceeded maximum allowed payload size ({LARGEST_ANSWER} bytes).",
            body.len()
        );
        return Err(InvocationError::new("Function.ResponseSizeTooLarge", message));
    }
    if body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(body)
        .map_err(|error| InvocationError::new("Runtime.InvalidResponse", format!("the answer is not JSON: {error}")))
}

fn error_of(body: &Bytes, otherwise: &str) -> InvocationError {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let error_type = text("errorType");
    InvocationError {
        error_type: if error_type.is_empty() { otherwise.to_owned() } else { error_type },
        message: text("errorMessage"),
    }
}

fn status(status: StatusCode) -> WholeResponse {
    let mut response = Response::new(Full::new(Bytes::from_static(b"{\"status\":\"OK\"}")));
    *response.status_mut() = status;
    response
}

impl Shared {
    /// Waits for an invocation, as long as it takes.
    async fn next(&self) -> Result<WholeResponse, ConnectionClosed> {
        let invocation = self.waiting.lock().await.recv().await.ok_or(ConnectionClosed)?;
        let request_id = request_id();
        let deadline = SystemTime::now() + invocation.timeout;
        let deadline_ms = deadline.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis().to_string();
        let arn = format!("arn:aws:lambda:eu-central-1:123456789012:function:{}", invocation.function_name);
        let mut response = Response::new(Full::new(invocation.payload));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in [
            ("lambda-runtime-aws-request-id", request_id.as_str()),
            ("lambda-runtime-deadline-ms", deadline_ms.as_str()),
            ("lambda-runtime-invoked-function-arn", arn.as_str()),
            ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0"),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).map_err(|_| ConnectionClosed)?);
        }
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Current { request_id, outcome: invocation.outcome });
        Ok(response)
    }

    fn finish(&self, request_id: &str, outcome: Outcome) -> WholeResponse {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        match current.take_if(|current| current.request_id == request_id) {
            Some(current) => {
                // The caller may have given up meanwhile.
                drop(current.outcome.send(outcome));
                status(StatusCode::ACCEPTED)
            }
            None => status(StatusCode::BAD_REQUEST),
        }
    }
}

fn request_id() -> String {
    let random: u128 = rand::random();
    let hex = format!("{random:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

//! What Secrets Manager and SQS have in common: AWS's JSON protocol, where `X-Amz-Target` names the operation.

use std::future::Future;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Body;
use hyper::header::AUTHORIZATION;
use serde_json::{Value, json};

use super::clock::Clock;
use super::fault::{Answer, Call, Fault, Gate, caller_of};
use super::http::{ConnectionClosed, HttpServer, WholeResponse};
use super::in_process::InProcess;

/// An error of the service.
#[derive(Debug)]
pub(crate) struct ServiceError {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// The code of the older query protocol, which SDKs still tell the errors of some services apart by.
    pub(crate) query_code: Option<&'static str>,
}

impl ServiceError {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), query_code: None }
    }
}

/// A service that speaks this protocol.
pub(crate) trait JsonService: Send + Sync + 'static {
    /// `application/x-amz-json-1.0` or `-1.1`.
    const CONTENT_TYPE: &'static str;

    /// What the call is about, for its record.
    fn resource(&self, input: &Value) -> String;

    /// Does what the operation asks for.
    fn serve(&self, operation: &str, input: &Value) -> impl Future<Output = Result<Value, ServiceError>> + Send;
}

/// Starts a server for `service`.
pub(crate) async fn start<S: JsonService>(service: Arc<S>, gate: Gate, clock: Clock) -> io::Result<HttpServer> {
    HttpServer::start(move |request| answer(Arc::clone(&service), gate.clone(), clock, request), None).await
}

/// Answers without a socket.
pub(crate) fn in_process<S: JsonService>(service: &Arc<S>, gate: &Gate, clock: Clock) -> InProcess {
    let (service, gate) = (Arc::clone(service), gate.clone());
    InProcess::new(move |request| answer(Arc::clone(&service), gate.clone(), clock, request.map(Full::new)))
}

async fn answer<S: JsonService, B: Body<Data = Bytes>>(
    service: Arc<S>,
    gate: Gate,
    clock: Clock,
    request: Request<B>,
) -> Result<WholeResponse, ConnectionClosed> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| ConnectionClosed)?.to_bytes();
    let target = parts.headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let operation = target.rsplit_once('.').map_or(target, |(_, operation)| operation).to_owned();
    let input: Value = serde_json::from_slice(&body).unwrap_or_default();
    let caller = caller_of(parts.headers.get(AUTHORIZATION));
    if caller.is_empty() {
        let error = ServiceError::new("MissingAuthenticationTokenException", "Request is missing Authentication Token");
        return Ok(refusal::<S>(&error).into_response());
    }
    let fault = gate.admit(Call {
        number: 0,
        operation: operation.clone(),
        bucket: String::new(),
        resource: service.resource(&input),
        first_byte: 0,
        caller,
        at: clock.now(),
    });
    let serve = async || match service.serve(&operation, &input).await {
        Ok(output) => Answer::new(200, S::CONTENT_TYPE, output.to_string()),
        Err(error) => refusal::<S>(&error),
    };
    let answer = match fault {
        Fault::None => serve().await,
        Fault::Delay(time) => {
            tokio::time::sleep(time).await;
            serve().await
        }
        Fault::Answer(answer) => answer,
        Fault::DelayAfter(time) => {
            let answer = serve().await;
            tokio::time::sleep(time).await;
            answer
        }
        Fault::AnswerAfter(answer) => {
            serve().await;
            answer
        }
        Fault::DropBefore => return Err(ConnectionClosed),
        Fault::DropAfter => {
            serve().await;
            return Err(ConnectionClosed);
        }
        Fault::Hang => std::future::pending().await,
    };
    Ok(answer.into_response())
}

fn refusal<S: JsonService>(error: &ServiceError) -> Answer {
    // The services spell the text's key differently.
    let body = json!({"__type": error.code, "message": error.message, "Message": error.message});
    let mut answer = Answer::new(400, S::CONTENT_TYPE, body.to_string());
    if let Some(code) = error.query_code {
        answer.headers.push(("x-amzn-query-error", format!("{code};Sender")));
    }
    answer
}

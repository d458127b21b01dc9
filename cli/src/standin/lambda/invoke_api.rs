//! The Invoke API, as programs call functions (AWS Lambda API reference, "Invoke"). Functions fail in its answer; what the
//! service refuses has an error of its own.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::AUTHORIZATION;
use hyper::{Method, Request};
use serde_json::{Value, json};

use super::LambdaHost;
use crate::standin::fault::{Answer, caller_of};
use crate::standin::http::{ConnectionClosed, HttpServer, WholeResponse};

/// Whether the owner of an access key id may invoke a function, which is named as in its ARN, with its qualifier.
pub type Policy = fn(access_key_id: &str, function: &str) -> bool;

/// The API of a region with some functions.
pub struct InvokeApi {
    server: HttpServer,
    service: Arc<Service>,
}

struct Service {
    hosts: Vec<Arc<LambdaHost>>,
    timeout: Duration,
    policy: Policy,
    invoked: Mutex<Vec<String>>,
}

impl InvokeApi {
    /// Serves `hosts` by their names. An invocation has at most `timeout`.
    pub async fn start(hosts: Vec<Arc<LambdaHost>>, timeout: Duration, policy: Policy) -> io::Result<Self> {
        let service = Arc::new(Service { hosts, timeout, policy, invoked: Mutex::default() });
        let serving = Arc::clone(&service);
        let server = HttpServer::start(move |request| answer(Arc::clone(&serving), request), None).await?;
        Ok(Self { server, service })
    }

    /// The endpoint, for `AWS_ENDPOINT_URL_LAMBDA`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The functions that were invoked, with their qualifiers, in this order.
    pub fn invoked(&self) -> Vec<String> {
        self.service.invoked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn answer(service: Arc<Service>, request: Request<Incoming>) -> Result<WholeResponse, ConnectionClosed> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| ConnectionClosed)?.to_bytes();
    let name =
        parts.uri.path().strip_prefix("/2015-03-31/functions/").and_then(|path| path.strip_suffix("/invocations"));
    let Some(name) = name.filter(|_| parts.method == Method::POST) else {
        return Ok(refusal(404, "UnknownOperationException", "there is no such operation"));
    };
    let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let qualifier = query.into_iter().find(|(key, _)| key == "Qualifier").map(|(_, value)| value.into_owned());
    let function = qualifier.as_ref().map_or_else(|| name.to_owned(), |qualifier| format!("{name}:{qualifier}"));
    let caller = caller_of(parts.headers.get(AUTHORIZATION));
    if caller.is_empty() {
        return Ok(refusal(403, "MissingAuthenticationTokenException", "Missing Authentication Token"));
    }
    let arn = format!("arn:aws:lambda:eu-central-1:123456789012:function:{function}");
    if !(service.policy)(&caller, &function) {
        let message = format!(
            "User: arn:aws:iam::123456789012:user/{caller} is not authorized to perform: lambda:InvokeFunction on resource: \
             {arn} because no identity-based policy allows the lambda:InvokeFunction action"
        );
        return Ok(refusal(403, "AccessDeniedException", &message));
    }
    let Some(host) = service.hosts.iter().find(|host| host.name() == name) else {
        return Ok(refusal(404, "ResourceNotFoundException", &format!("Function not found: {arn}")));
    };
    let Ok(payload) = serde_json::from_slice::<Value>(&body) else {
        return Ok(refusal(400, "InvalidRequestContentException", "Could not parse request body into json"));
    };
    service.invoked.lock().unwrap_or_else(PoisonError::into_inner).push(function);
    let outcome = host.invoke_as(qualifier.as_deref(), &payload, service.timeout).await;
    let mut answer = match outcome {
        Ok(answer) => Answer::new(200, "application/json", answer.to_string()),
        Err(error) => {
            let body = json!({ "errorType": error.error_type, "errorMessage": error.message });
            let mut answer = Answer::new(200, "application/json", body.to_string());
            answer.headers.push(("x-amz-function-error", "Unhandled".to_owned()));
            answer
        }
    };
    answer.headers.push(("x-amz-executed-version", "$LATEST".to_owned()));
    Ok(answer.into_response())
}

fn refusal(status: u16, code: &'static str, message: &str) -> WholeResponse {
    let mut answer = Answer::new(status, "application/json", json!({ "Type": "User", "Message": message }).to_string());
    answer.headers.push(("x-amzn-errortype", code.to_owned()));
    answer.into_response()
}

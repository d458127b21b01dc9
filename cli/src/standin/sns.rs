//! SNS: topics that remember what was published (Amazon SNS API Reference, the query protocol).

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Body;
use hyper::header::AUTHORIZATION;
use jiff::Timestamp;
use serde_json::Value;

use super::clock::Clock;
use super::fault::{Answer, Call, Gate, caller_of};
use super::http::{ConnectionClosed, HttpServer, WholeResponse};
use super::in_process::{self, InProcess};

/// A message that was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The topic.
    pub topic: String,
    /// The subject of the email.
    pub subject: String,
    /// What each protocol is given; `default` for those that have nothing of their own.
    pub message: Value,
    /// When it came.
    pub at: Timestamp,
}

impl Published {
    /// The text of the email.
    pub fn text(&self) -> &str {
        self.message["default"].as_str().unwrap_or_default()
    }
}

/// Running topics. Every topic exists.
pub struct Topics {
    server: Option<HttpServer>,
    in_process: InProcess,
    service: Arc<Service>,
}

struct Service {
    clock: Clock,
    gate: Gate,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    published: Vec<Published>,
    denied: bool,
}

impl Topics {
    /// Starts without any message.
    pub async fn start(clock: Clock) -> io::Result<Self> {
        let mut started = Self::without_socket(clock);
        let service = Arc::clone(&started.service);
        started.server = Some(HttpServer::start(move |request| answer(Arc::clone(&service), request), None).await?);
        Ok(started)
    }

    /// The same without a socket: they are reached by [`Self::in_process`] alone.
    pub fn without_socket(clock: Clock) -> Self {
        let service = Arc::new(Service { clock, gate: Gate::default(), state: Mutex::default() });
        let shared = Arc::clone(&service);
        let in_process = InProcess::new(move |request| answer(Arc::clone(&shared), request.map(Full::new)));
        Self { server: None, in_process, service }
    }

    /// The endpoint, for `AWS_ENDPOINT_URL_SNS`.
    pub fn url(&self) -> String {
        self.server.as_ref().map_or_else(|| in_process::URL.to_owned(), HttpServer::url)
    }

    /// The HTTP client that reaches it without a socket.
    pub fn in_process(&self) -> InProcess {
        self.in_process.clone()
    }

    /// What was published, the oldest first.
    pub fn published(&self) -> Vec<Published> {
        self.service.state.lock().unwrap_or_else(PoisonError::into_inner).published.clone()
    }

    /// Every call so far, in the order of arrival.
    pub fn calls(&self) -> Vec<Call> {
        self.service.gate.calls()
    }

    /// Denies publishing, or allows it again.
    pub fn deny(&self, denied: bool) {
        self.service.state.lock().unwrap_or_else(PoisonError::into_inner).denied = denied;
    }
}

async fn answer<B: Body<Data = Bytes>>(
    service: Arc<Service>,
    request: Request<B>,
) -> Result<WholeResponse, ConnectionClosed> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| ConnectionClosed)?.to_bytes();
    let caller = caller_of(parts.headers.get(AUTHORIZATION));
    if caller.is_empty() {
        return Ok(
            refusal(403, "MissingAuthenticationToken", "Request is missing Authentication Token").into_response()
        );
    }
    let field = |name: &str| {
        let mut fields = form_urlencoded::parse(&body);
        fields.find(|(field, _)| field == name).map(|(_, value)| value.into_owned())
    };
    // Faults are not scripted here.
    service.gate.admit(Call {
        number: 0,
        operation: field("Action").unwrap_or_default(),
        bucket: String::new(),
        resource: field("TopicArn").unwrap_or_default(),
        first_byte: 0,
        caller,
        at: service.clock.now(),
    });
    if field("Action").as_deref() != Some("Publish") {
        return Ok(refusal(400, "InvalidAction", "only Publish is known").into_response());
    }
    let subject = field("Subject").unwrap_or_default();
    if subject.len() >= 100 || !subject.is_ascii() || subject.contains('\n') {
        return Ok(refusal(400, "InvalidParameter", "Invalid parameter: Subject").into_response());
    }
    let text = field("Message").unwrap_or_default();
    let message = match field("MessageStructure").as_deref() {
        Some("json") => serde_json::from_str(&text).unwrap_or_default(),
        _ => serde_json::json!({ "default": text }),
    };
    if !message["default"].is_string() {
        return Ok(refusal(400, "InvalidParameter", "Invalid parameter: Message Structure").into_response());
    }
    let mut state = service.state.lock().unwrap_or_else(PoisonError::into_inner);
    if state.denied {
        return Ok(refusal(403, "AuthorizationError", "not authorized to perform: SNS:Publish").into_response());
    }
    let topic = field("TopicArn").unwrap_or_default();
    state.published.push(Published { topic, subject, message, at: service.clock.now() });
    let id = state.published.len();
    let body = format!(
        "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>\
         <MessageId>00000000-0000-4000-8000-{id:012x}</MessageId></PublishResult>\
         <ResponseMetadata><RequestId>00000000-0000-4000-8000-{id:012x}</RequestId></ResponseMetadata></PublishResponse>"
    );
    Ok(Answer::new(200, "text/xml", body).into_response())
}

fn refusal(status: u16, code: &str, message: &str) -> Answer {
    let body = format!(
        "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>00000000-0000-4000-8000-000000000000</RequestId></ErrorResponse>"
    );
    Answer::new(status, "text/xml", body)
}

//! One request to the workspace, from its headers to its answer.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Body;
use hyper::header::{CONTENT_TYPE, HeaderMap};
use hyper::{Method, Request};
use jiff::Timestamp;
use rand::RngExt;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use super::answers::{NO_VALID_DATA, RATE_LIMITED, json_answer, message};
use super::permission::refuse_key;
use super::profiles::identifier_of;
use super::rate::RateHeader;
use super::reading::{self, Reading};
use super::rules;
use super::segments;
use super::settings::{Keep, Latency, Permission, Record};
use super::shared::{Shared, Workspace};
use super::track_call::{TrackCall, TrackRecord};
use crate::standin::fault::{Answer, Fault};
use crate::standin::http::{ConnectionClosed, WholeResponse};

/// Bytes of a body ("API limits").
const LARGEST_BODY: usize = 4 * 1024 * 1024;
/// Objects of a request over its three arrays ("API limits").
const MOST_OBJECTS: usize = 75;

pub(super) async fn answer<B>(shared: Arc<Shared>, request: Request<B>) -> Result<WholeResponse, ConnectionClosed>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if let Some(read) = Reading::of(request.method(), request.uri().path()) {
        return reading::answer(shared, read, request).await;
    }
    if request.method() == Method::GET && request.uri().path().starts_with("/exports/") {
        return Ok(segments::download(&shared, request.uri().path()).into_response());
    }
    let at = shared.settings.clock.now();
    let (number, latency) = {
        let mut state = shared.lock();
        state.counters.arrived(at);
        (state.counters.requests, state.draw_latency())
    };
    let arrival = Arrival { number, at, latency };
    let (parts, body) = request.into_parts();
    let refused = refuse_address(&parts.method, parts.uri.path()).or_else(|| refuse_headers(&shared, &parts.headers));
    // The body is read in any case: a connection is reused only after that.
    let body = Limited::new(body, LARGEST_BODY).collect().await;
    let answered = match (refused, body) {
        (Some(answer), _) => arrival.refuse(answer).await,
        (None, Err(_)) => arrival.refuse(message(413, "Request body is too large.")).await,
        (None, Ok(body)) => track(&shared, &arrival, body.to_bytes()).await,
    };
    let mut state = shared.lock();
    state.counters.answered(answered.answer.as_ref().map_or(0, |answer| answer.status));
    state.record(&shared, &arrival, &answered);
    answered.answer.map(Answer::into_response).ok_or(ConnectionClosed)
}

/// A request that has come.
struct Arrival {
    number: u64,
    at: Timestamp,
    latency: Duration,
}

/// What became of it; no answer means that the connection is closed.
struct Answered {
    answer: Option<Answer>,
    objects: usize,
    body: Option<Bytes>,
}

impl Arrival {
    async fn wait(&self) {
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
    }

    async fn refuse(&self, answer: Answer) -> Answered {
        self.wait().await;
        Answered { answer: Some(answer), objects: 0, body: None }
    }
}

impl Workspace {
    fn draw_latency(&mut self) -> Duration {
        self.draw(self.latency)
    }

    /// A time of this distribution.
    pub(super) fn draw(&mut self, latency: Latency) -> Duration {
        let Latency { fixed, jitter } = latency;
        if jitter.is_zero() { fixed } else { fixed + jitter.mul_f64(self.random.random::<f64>()) }
    }

    fn record(&mut self, shared: &Shared, arrival: &Arrival, answered: &Answered) {
        let body = match shared.settings.record {
            Record::Nothing => return,
            Record::Summary => None,
            Record::Bodies => answered.body.as_ref().and_then(|body| serde_json::from_slice(body).ok()),
        };
        let status = answered.answer.as_ref().map_or(0, |answer| answer.status);
        self.records.push(TrackRecord {
            number: arrival.number,
            at: arrival.at,
            status,
            objects: answered.objects,
            body,
        });
    }
}

fn refuse_address(method: &Method, path: &str) -> Option<Answer> {
    match (method, path) {
        (&Method::POST, "/users/track") => None,
        // A slash at the end is among the causes that Braze lists for a 403.
        (&Method::POST, "/users/track/") => Some(message(403, "Forbidden")),
        _ => Some(message(404, "Invalid URL")),
    }
}

fn refuse_headers(shared: &Shared, headers: &HeaderMap) -> Option<Answer> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let content_type = text(CONTENT_TYPE).split(';').next().unwrap_or_default().trim();
    if !content_type.eq_ignore_ascii_case("application/json") {
        return Some(message(415, "Unsupported Media Type"));
    }
    refuse_key(shared, headers, Permission::UsersTrack)
}

/// The body of a request, as far as its mode needs it.
enum Content<'b> {
    Whole { attributes: Vec<Value>, others: [usize; 2] },
    Counted(CountedBody<'b>),
}

#[derive(Deserialize)]
struct WholeBody {
    #[serde(default)]
    attributes: Vec<Value>,
    #[serde(default)]
    events: Vec<IgnoredAny>,
    #[serde(default)]
    purchases: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct CountedBody<'b> {
    #[serde(borrow, default)]
    attributes: Vec<CountedObject<'b>>,
}

#[derive(Deserialize)]
struct CountedObject<'b> {
    #[serde(borrow, default)]
    external_id: Cow<'b, str>,
    #[serde(borrow, default)]
    email: Cow<'b, str>,
}

impl CountedObject<'_> {
    fn identifier(&self) -> &str {
        if self.external_id.is_empty() { &self.email } else { &self.external_id }
    }
}

impl Content<'_> {
    fn parse(body: &[u8], keep: Keep) -> Option<Content<'_>> {
        match keep {
            Keep::Counts => serde_json::from_slice(body).ok().map(Content::Counted),
            Keep::Profiles => {
                let WholeBody { attributes, events, purchases } = serde_json::from_slice(body).ok()?;
                Some(Content::Whole { attributes, others: [events.len(), purchases.len()] })
            }
        }
    }

    fn len(&self) -> usize {
        match self {
            Content::Whole { attributes, others } => attributes.len() + others.iter().sum::<usize>(),
            Content::Counted(body) => body.attributes.len(),
        }
    }

    fn identifiers(&self) -> Box<dyn Iterator<Item = &str> + Send + '_> {
        match self {
            Content::Whole { attributes, .. } => {
                Box::new(attributes.iter().map(|object| object.as_object().map_or("", identifier_of)))
            }
            Content::Counted(body) => Box::new(body.attributes.iter().map(CountedObject::identifier)),
        }
    }
}

async fn track(shared: &Shared, arrival: &Arrival, body: Bytes) -> Answered {
    let now = shared.settings.clock.since_epoch();
    let rate_headers = match admit(shared, now, body.len()) {
        Ok(headers) => headers,
        Err(answer) => return arrival.refuse(answer).await,
    };
    let content = Content::parse(&body, shared.settings.keep);
    let objects = content.as_ref().map_or(0, Content::len);
    let flight = shared.in_flight.enter(content.iter().flat_map(Content::identifiers));
    let fault = ask_script(shared, arrival, content.as_ref());
    if let Fault::Delay(time) = fault {
        tokio::time::sleep(time).await;
    }
    arrival.wait().await;
    let serve = || match &content {
        Some(content) => serve(shared, content),
        None => json_answer(400, &json!({"error": "Error while parsing request body. Please check your syntax."})),
    };
    let answer = match fault {
        Fault::None | Fault::Delay(_) => {
            let mut answer = serve();
            answer.headers.extend(rate_headers);
            Some(answer)
        }
        Fault::DelayAfter(time) => {
            let answer = serve();
            tokio::time::sleep(time).await;
            Some(answer)
        }
        Fault::Answer(answer) => Some(answer),
        Fault::AnswerAfter(answer) => {
            serve();
            Some(answer)
        }
        Fault::DropBefore => None,
        Fault::DropAfter => {
            serve();
            None
        }
        Fault::Hang => std::future::pending().await,
    };
    drop(flight);
    drop(content);
    Answered { answer, objects, body: Some(body) }
}

/// Counts the request against the rate limit.
fn admit(shared: &Shared, now: Duration, bytes: usize) -> Result<Vec<RateHeader>, Answer> {
    let mut guard = shared.lock();
    let state = &mut *guard;
    state.counters.bytes += bytes as u64;
    let admitted = state.windows.admit(now);
    let (in_three_seconds, in_hour) = state.windows.most();
    state.counters.most_in_three_seconds = in_three_seconds;
    state.counters.most_in_hour = in_hour;
    match admitted {
        Ok(limit) => Ok(limit.map(|limit| state.windows.headers(limit, false, now)).unwrap_or_default()),
        Err(limit) => {
            state.counters.rate_limited += 1;
            let mut answer = message(429, RATE_LIMITED);
            answer.headers.extend(state.windows.headers(limit, true, now));
            Err(answer)
        }
    }
}

fn ask_script(shared: &Shared, arrival: &Arrival, content: Option<&Content<'_>>) -> Fault {
    let Some(script) = shared.lock().faults.clone() else { return Fault::None };
    let identifiers = content.into_iter().flat_map(Content::identifiers).map(str::to_owned).collect();
    script(&TrackCall { number: arrival.number, identifiers, at: arrival.at })
}

fn serve(shared: &Shared, content: &Content<'_>) -> Answer {
    match content.len() {
        0 => return message(400, NO_VALID_DATA),
        objects if objects > MOST_OBJECTS => return message(400, "Max Input Length Exceeded"),
        objects => shared.lock().counters.objects += objects as u64,
    }
    match content {
        Content::Counted(body) => count(shared, body),
        Content::Whole { attributes, others } => apply_all(shared, attributes, *others),
    }
}

fn count(shared: &Shared, body: &CountedBody<'_>) -> Answer {
    let accepted = body.attributes.iter().filter(|object| !object.identifier().is_empty()).count();
    let mut state = shared.lock();
    state.counters.objects_accepted += accepted as u64;
    state.counters.objects_refused += (body.attributes.len() - accepted) as u64;
    if accepted == 0 {
        return message(400, NO_VALID_DATA);
    }
    json_answer(201, &json!({"attributes_processed": accepted, "message": "success"}))
}

fn apply_all(shared: &Shared, attributes: &[Value], [events, purchases]: [usize; 2]) -> Answer {
    let now = shared.settings.clock.since_epoch();
    let mut guard = shared.lock();
    let state = &mut *guard;
    let mut errors = Vec::new();
    for (index, object) in attributes.iter().enumerate() {
        let checked = object.as_object().ok_or("Each attribute object must be a JSON object").and_then(check_object);
        match checked {
            Ok(object) => state.accept(object, shared.settings.lag, now),
            Err(error) => errors.push(json!({"type": error, "input_array": "attributes", "index": index})),
        }
    }
    let accepted = attributes.len() - errors.len();
    state.counters.objects_accepted += accepted as u64;
    state.counters.objects_refused += errors.len() as u64;
    let mut body = Map::new();
    if accepted + events + purchases == 0 {
        body.insert("message".to_owned(), NO_VALID_DATA.into());
        body.insert("errors".to_owned(), errors.into());
        return json_answer(400, &body.into());
    }
    body.insert("message".to_owned(), "success".into());
    for (name, sent, processed) in [
        ("attributes_processed", attributes.len(), accepted),
        ("events_processed", events, events),
        ("purchases_processed", purchases, purchases),
    ] {
        if sent > 0 {
            body.insert(name.to_owned(), processed.into());
        }
    }
    if !errors.is_empty() {
        body.insert("errors".to_owned(), errors.into());
    }
    json_answer(201, &body.into())
}

fn check_object(object: &Map<String, Value>) -> Result<&Map<String, Value>, &'static str> {
    rules::identify(object)?;
    rules::check(object)?;
    Ok(object)
}

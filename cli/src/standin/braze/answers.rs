//! The answers of `/users/track`: those that a workspace gives, and those that a fault script can make up.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use super::rate::{HeaderForm, refusal_headers};
use super::track_call::{TrackCall, TrackFaultScript};
use crate::standin::clock::Clock;
use crate::standin::fault::{Answer, Fault};

const JSON: &str = "application/json";

/// The text that Braze gives when no object of a request is usable.
pub(super) const NO_VALID_DATA: &str =
    "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields.";

/// A JSON answer.
pub(super) fn json_answer(status: u16, body: &Value) -> Answer {
    Answer::new(status, JSON, body.to_string())
}

/// An answer with a fatal text in `message`.
pub(super) fn message(status: u16, text: &str) -> Answer {
    json_answer(status, &json!({"message": text}))
}

/// A 5xx with the HTML page of a proxy in front.
pub fn html_error(status: u16) -> Answer {
    let page = format!(
        "<html>\r\n<head><title>{status} Error</title></head>\r\n<body>\r\n<center><h1>{status} Error</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"
    );
    Answer::new(status, "text/html", page)
}

/// An answer without a body.
pub fn empty_body(status: u16) -> Answer {
    Answer { status, headers: Vec::new(), body: bytes::Bytes::new() }
}

/// A 201 whose JSON ends in the middle.
pub fn truncated_json() -> Answer {
    Answer::new(201, JSON, "{\"attributes_processed\":75,\"mess")
}

/// 202 "queued", which an older page describes for times of maintenance.
pub fn queued() -> Answer {
    message(202, "queued")
}

/// A 429 that asks to wait, in the given form.
pub fn too_many_requests(form: HeaderForm, wait: Duration, clock: Clock) -> Answer {
    let mut answer = message(429, RATE_LIMITED);
    answer.headers.extend(refusal_headers(form, wait, clock.since_epoch()));
    answer
}

/// The text of a 429.
pub(super) const RATE_LIMITED: &str = "You have exceeded the rate limit for this endpoint.";

/// A 400 that names no object.
pub fn names_no_one() -> Answer {
    message(400, "Invalid request.")
}

/// A 400 whose `errors` are texts, as the general page on errors shows them.
pub fn errors_as_texts() -> Answer {
    json_answer(400, &json!({"message": NO_VALID_DATA, "errors": ["One of the objects is not valid."]}))
}

/// A 400 whose `errors` are objects without `index`.
pub fn errors_without_index() -> Answer {
    let errors = json!([{"type": "EMAIL_BAD_FORMAT", "input_array": "attributes"}]);
    json_answer(400, &json!({"message": NO_VALID_DATA, "errors": errors}))
}

/// Answers [`names_no_one`] to every request in which one of these identifiers occurs, and serves all others.
pub fn poisoned_by(identifiers: impl IntoIterator<Item = String>) -> TrackFaultScript {
    let poisoned: HashSet<String> = identifiers.into_iter().collect();
    Arc::new(move |call: &TrackCall| {
        if call.identifiers.iter().any(|identifier| poisoned.contains(identifier)) {
            Fault::Answer(names_no_one())
        } else {
            Fault::None
        }
    })
}

/// Shares of requests that meet each fault; the rest is served.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FaultShares {
    /// 500, 502, 503, 504, with an HTML page or no body.
    pub server_error: f64,
    /// 429 in all header forms, asking to wait for [`FaultShares::wait`].
    pub rate_limited: f64,
    /// Served, but the connection is closed without an answer.
    pub lost_after: f64,
    /// Not served, and the connection is closed without an answer.
    pub lost_before: f64,
    /// Served, but the answer is 202, truncated JSON, or an HTML page.
    pub garbled: f64,
    /// What a 429 asks for; Braze counts in whole seconds.
    pub wait: Duration,
}

/// A script that draws a fault for each request from a seed.
pub fn seeded(seed: u64, shares: FaultShares, clock: Clock) -> TrackFaultScript {
    let random = Mutex::new(SmallRng::seed_from_u64(seed));
    Arc::new(move |_call: &TrackCall| {
        let (draw, variant) = {
            let mut random = random.lock().unwrap_or_else(PoisonError::into_inner);
            (random.random::<f64>(), random.random_range(0..4_usize))
        };
        let mut bound = shares.server_error;
        if draw < bound {
            let status = [500, 502, 503, 504][variant];
            return Fault::Answer(if variant == 3 { empty_body(status) } else { html_error(status) });
        }
        bound += shares.rate_limited;
        if draw < bound {
            let form =
                [HeaderForm::Epoch, HeaderForm::SecondsLeft, HeaderForm::RetryAfter, HeaderForm::Absent][variant];
            return Fault::Answer(too_many_requests(form, shares.wait, clock));
        }
        bound += shares.lost_after;
        if draw < bound {
            return Fault::DropAfter;
        }
        bound += shares.lost_before;
        if draw < bound {
            return Fault::DropBefore;
        }
        bound += shares.garbled;
        if draw < bound {
            return Fault::AnswerAfter([queued(), truncated_json(), html_error(502), empty_body(201)][variant].clone());
        }
        Fault::None
    })
}

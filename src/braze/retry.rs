//! What follows from an answer of Braze: the whole retry policy, as one table.
//!
//! Sending an object again is always harmless: it sets attributes to values. So a request with an uncertain result is sent
//! again, and one with an error that names no object is divided until the object is found.
//!
//! | answer | then |
//! | --- | --- |
//! | 2xx, JSON, no `errors` | all accepted; also 202 `queued` |
//! | 2xx with `errors` by index | those rejected, the others accepted |
//! | 2xx with `errors` that name no object | accepted if `attributes_processed` says so, else divided |
//! | 2xx empty or cut off | sent again up to [`UNREADABLE_TRIES`] times; then 201 and 202 count as accepted, since Braze answers so only after queueing; 200 stops |
//! | 2xx HTML or other text | sent again as often, then stops: a proxy answers in Braze's place |
//! | 400, 422 with `errors` by index | those rejected, the others sent again: Braze processes nothing of such a request |
//! | 400, 422 naming no object; 413 | divided; an object alone is rejected |
//! | 400, 422 with a web page | sent again up to [`UNREADABLE_TRIES`] times, then stops: a proxy answers in Braze's place |
//! | one same refusal of every object from the first request on | stops; see [`first_answers`](super::first_answers) |
//! | 401, 402, 403 | stops, for this key; the body is never shown |
//! | 404, 410, 3xx, 405, 415, 501 and other 4xx | stops: not Braze, or not as documented |
//! | 408, 425, other 5xx; time-out, connection lost | sent again after a backoff, or later if the answer says so |
//! | 429 | waits as the answer says; see [`limiter`](super::limiter) |
//!
//! Sources: Braze's pages "API errors", "API limits", "POST: Track users"; recorded answers where the pages are silent.

use std::time::Duration;

use rand::{Rng, RngExt};

use super::response::TrackAnswer;
use super::transport::Answer;

/// How often a request is sent if its 2xx answers are unreadable.
pub(super) const UNREADABLE_TRIES: u32 = 5;

/// How often a request is sent if it fails while others succeed. Its objects are then [`Unknown`].
///
/// [`Unknown`]: super::ObjectResult::Unknown
pub(super) const FAILING_TRIES: u32 = 10;

const BACKOFF_BASE: Duration = Duration::from_millis(200);
const BACKOFF_CAP: Duration = Duration::from_secs(20);

/// What to do after an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RetryAction {
    /// Every object is accepted.
    Accepted,
    /// Objects are refused by name.
    Rejected {
        /// Index and Braze's text, as it came.
        refused: Vec<(usize, String)>,
        /// What happens to the others.
        others: Others,
    },
    /// Objects are refused, but not which: divide; an object alone is rejected with this text.
    Halve(String),
    /// Send again after a backoff, and not before this.
    Retry(Option<Duration>),
    /// Send again when the rate limit allows it.
    RetryAfter(Option<Duration>),
    /// Send nothing more.
    Stop(Stop),
}

/// What happens to the objects that an answer does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Others {
    /// They are accepted.
    Accepted,
    /// They are sent again together.
    SendAgain,
    /// They are sent again in two halves.
    Halve,
}

/// Why to stop, without the connection's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    Unauthorized,
    Forbidden,
    NotFound,
    Redirected,
    NotBraze(&'static str),
}

/// The table. `objects` were sent; `readings` counts the 2xx answers to them so far, this one included.
pub(super) fn decide(answer: &Answer, objects: usize, readings: u32) -> RetryAction {
    match answer.status {
        200..=299 => taken(answer, objects, readings),
        300..=399 => RetryAction::Stop(Stop::Redirected),
        400 | 422 => refused(answer, objects, readings),
        401 => RetryAction::Stop(Stop::Unauthorized),
        402 | 403 => RetryAction::Stop(Stop::Forbidden),
        404 | 410 => RetryAction::Stop(Stop::NotFound),
        413 => RetryAction::Halve("the object is larger than a request may be (413)".to_owned()),
        415 => RetryAction::Stop(Stop::NotBraze("it does not accept JSON")),
        429 => RetryAction::RetryAfter(answer.rate.wait),
        501 => RetryAction::Stop(Stop::NotBraze("it does not support the request")),
        408 | 425 | 500..=599 => RetryAction::Retry(answer.rate.retry_after),
        _ => RetryAction::Stop(Stop::NotBraze("an unexpected status")),
    }
}

fn taken(answer: &Answer, objects: usize, readings: u32) -> RetryAction {
    let Some(said) = TrackAnswer::parse(&answer.body, objects).filter(|said| said.known) else {
        return unreadable(answer, readings);
    };
    let mut refused = said.named.clone();
    refused.sort_by_key(|(index, _)| *index);
    refused.dedup_by_key(|(index, _)| *index);
    let others = objects - refused.len();
    let all_others_processed = said.processed.is_some_and(|processed| processed >= others as u64);
    if said.unnamed.is_empty() || all_others_processed {
        return if refused.is_empty() {
            RetryAction::Accepted
        } else {
            RetryAction::Rejected { refused, others: Others::Accepted }
        };
    }
    if refused.is_empty() {
        RetryAction::Halve(said.reason().unwrap_or_default().to_owned())
    } else {
        RetryAction::Rejected { refused, others: Others::Halve }
    }
}

fn unreadable(answer: &Answer, readings: u32) -> RetryAction {
    if readings < UNREADABLE_TRIES {
        return RetryAction::Retry(None);
    }
    let body = answer.body.trim_ascii_start();
    // Braze's answers are JSON objects; a cut one still begins as one.
    let may_be_braze = !answer.html && (body.is_empty() || body.starts_with(b"{"));
    match answer.status {
        201 | 202 if may_be_braze => RetryAction::Accepted,
        _ if answer.html => RetryAction::Stop(Stop::NotBraze("a web page")),
        _ => RetryAction::Stop(Stop::NotBraze("not Braze's JSON")),
    }
}

/// Whether an answer that is tried again can't be read: its tries are counted apart from those of failures.
pub(super) fn is_unreadable(answer: &Answer) -> bool {
    answer.status < 300 || (matches!(answer.status, 400 | 422) && answer.html)
}

fn refused(answer: &Answer, objects: usize, readings: u32) -> RetryAction {
    // A proxy answers in Braze's place: that says nothing about any object.
    if answer.html {
        return unreadable(answer, readings);
    }
    let said = TrackAnswer::parse(&answer.body, objects).unwrap_or_default();
    let reason = said.reason().unwrap_or_default().to_owned();
    let mut refused = said.named;
    refused.sort_by_key(|(index, _)| *index);
    refused.dedup_by_key(|(index, _)| *index);
    if refused.is_empty() {
        RetryAction::Halve(reason)
    } else {
        RetryAction::Rejected { refused, others: Others::SendAgain }
    }
}

/// The wait before try number `tries` + 1: exponential with full jitter, so that requests that failed together do not
/// come back together.
pub(super) fn backoff(tries: u32, random: &mut impl Rng) -> Duration {
    let longest = BACKOFF_BASE.saturating_mul(1 << tries.saturating_sub(1).min(16)).min(BACKOFF_CAP);
    longest.mul_f64(random.random::<f64>())
}

//! Faults drawn from a seed, at every call that leaves the function.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use itb::standin::braze::answers;
use itb::standin::braze::{HeaderForm, TrackCall, TrackFaultScript};
use itb::standin::clock::Clock;
use itb::standin::fault::{Answer, Call, Fault, FaultScript};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;

/// Everything that may be drawn. A full run has to draw each of it.
pub(crate) const DRAWS: &[&str] = &[
    "S3: a read fails",
    "S3: a read is throttled",
    "S3: the connection of a read is lost",
    "S3: a read is slow",
    "S3: a write fails",
    "S3: a write is throttled",
    "S3: a write is done, and an error is answered",
    "S3: a write is done, and the connection is lost",
    "S3: a write is not done, and the connection is lost",
    "S3: a write is slow",
    "S3: a write conflicts with another",
    "S3: a listing fails",
    "S3: a listing is throttled",
    "S3: the connection of a listing is lost",
    "S3: a listing is slow",
    "S3: a call stalls for longer than a lease",
    "Secrets Manager: throttled",
    "Secrets Manager: fails",
    "Secrets Manager: the connection is lost",
    "Secrets Manager: slow",
    "SQS: throttled",
    "SQS: fails",
    "SQS: the connection is lost",
    "SQS: slow",
    "Braze: 429 with the time of day",
    "Braze: 429 with the seconds left",
    "Braze: 429 with Retry-After",
    "Braze: 429 without a time",
    "Braze: 5xx as HTML",
    "Braze: 5xx without a body",
    "Braze: lost before it was applied",
    "Braze: lost after it was applied",
    "Braze: 202 queued",
    "Braze: 201 with truncated JSON",
    "Braze: applied, and 5xx as HTML",
    "Braze: 201 without a body",
    "Braze: applied at once, answered late",
    "Braze: stalls",
    "Braze: 400 that names nobody",
    "Braze: 400 with texts",
    "Braze: 400 without an index",
    "Braze: 400 with an index",
    "function: killed between two awaits",
    "function: killed at a moment",
    "function: too little time",
    "function: two at once",
    "function: three at once",
    "function: four at once",
    "event: never comes",
    "event: comes twice",
    "event: comes again later",
    "event: by the schedule",
    "event: send all, on demand",
    "file: comes after its run is past",
    "file: never comes",
    "file: dated in the future",
    "file: deleted",
    "file: overwritten at rest",
    "file: overwritten while functions work",
    "file: compressed",
    "person: another ID",
    "person: the address alone, then an ID",
    "person: an ID, then the address alone",
    "row: twice in a run",
    "row: names nobody",
    "row: broken",
    "configuration: attribute renamed",
    "configuration: two attributes swapped",
    "configuration: mapping changed",
    "configuration: on_leave changed",
    "configuration: send changed",
    "configuration: segments listed, or found",
    "configuration: another Braze workspace",
    "configuration: on_leave = \"false\"",
    "configuration: on_leave = \"remove\"",
    "configuration: on_leave = \"keep\"",
    "key: rotated",
    "run: complete by model.json",
    "run: complete by quiet",
    "run: complete by its layout",
    "run: held, and released",
    "run: forgotten",
    "run: undone",
    "run: an older one is to be undone",
    "run: the same content again",
    "segment: retired",
    "case: one slow file, overwritten",
    "case: hundreds of people",
];

/// How often each was drawn.
#[derive(Default)]
pub(crate) struct Drawn(Mutex<BTreeMap<&'static str, u64>>);

impl Drawn {
    /// Counts one.
    #[track_caller]
    pub(crate) fn count(&self, what: &'static str) {
        debug_assert!(DRAWS.contains(&what), "{what} is not in the list of draws");
        *self.0.lock().expect("no panic before").entry(what).or_default() += 1;
    }

    pub(crate) fn taken(&self) -> BTreeMap<&'static str, u64> {
        std::mem::take(&mut *self.0.lock().expect("no panic before"))
    }
}

/// How often something goes wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rates {
    /// Of calls to AWS.
    pub(crate) aws: f64,
    /// Of requests to Braze.
    pub(crate) braze: f64,
    /// Of invocations: killed.
    pub(crate) kill: f64,
    /// Of calls: so slow that leases end.
    pub(crate) stall: f64,
    /// Of writes of a ledger: the same.
    pub(crate) ledger_stall: f64,
}

impl Rates {
    /// Nothing goes wrong.
    pub(crate) const CALM: Self = Self { aws: 0.0, braze: 0.0, kill: 0.0, stall: 0.0, ledger_stall: 0.0 };

    pub(crate) fn draw(random: &mut SmallRng) -> Self {
        let mut of = |choices: &[f64]| choices[random.random_range(0..choices.len())];
        Self {
            aws: of(&[0.0, 0.01, 0.05, 0.15]),
            braze: of(&[0.0, 0.05, 0.2, 0.5]),
            kill: of(&[0.0, 0.1, 0.3, 0.6]),
            stall: of(&[0.0, 0.0, 0.003, 0.02]),
            ledger_stall: of(&[0.0, 0.0, 0.0, 0.02]),
        }
    }

    /// Functions that lose their leases and live on.
    pub(crate) fn of_stalled_leases() -> Self {
        Self { ledger_stall: 0.08, ..Self::CALM }
    }
}

fn stalled(random: &mut SmallRng) -> Fault {
    Fault::Delay(Duration::from_millis(random.random_range(20_000..60_000)))
}

fn slow(random: &mut SmallRng) -> Fault {
    let time = Duration::from_millis(random.random_range(50..3_000));
    if random.random_bool(0.5) { Fault::Delay(time) } else { Fault::DelayAfter(time) }
}

/// S3.
pub(crate) fn s3(seed: u64, rates: Rates, drawn: Arc<Drawn>) -> FaultScript {
    let random = Mutex::new(SmallRng::seed_from_u64(seed));
    Arc::new(move |call: &Call| {
        let random = &mut *random.lock().expect("no panic before");
        let is_write = matches!(call.operation.as_str(), "PutObject" | "DeleteObjects" | "UploadPart");
        let is_ledger = call.operation == "PutObject" && call.resource.ends_with("ledger.json");
        if random.random_bool(rates.stall) || (is_ledger && random.random_bool(rates.ledger_stall)) {
            drawn.count("S3: a call stalls for longer than a lease");
            return stalled(random);
        }
        if !random.random_bool(rates.aws) {
            let time = Duration::from_micros(random.random_range(0..30_000));
            return if random.random_bool(0.5) { Fault::Delay(time) } else { Fault::DelayAfter(time) };
        }
        let is_list = call.operation.starts_with("List");
        let of = |read, write, list| {
            if is_write {
                write
            } else if is_list {
                list
            } else {
                read
            }
        };
        let (what, fault) = match random.random_range(0..8) {
            0 => (
                of("S3: a read fails", "S3: a write fails", "S3: a listing fails"),
                Fault::Answer(Answer::s3_error(500, "InternalError")),
            ),
            1 => (
                of("S3: a read is throttled", "S3: a write is throttled", "S3: a listing is throttled"),
                Fault::Answer(Answer::s3_error(503, "SlowDown")),
            ),
            2 => (
                of("S3: a read fails", "S3: a write is done, and an error is answered", "S3: a listing fails"),
                Fault::AnswerAfter(Answer::s3_error(503, "ServiceUnavailable")),
            ),
            3 => (
                of(
                    "S3: the connection of a read is lost",
                    "S3: a write is not done, and the connection is lost",
                    "S3: the connection of a listing is lost",
                ),
                Fault::DropBefore,
            ),
            4 => (
                of(
                    "S3: the connection of a read is lost",
                    "S3: a write is done, and the connection is lost",
                    "S3: the connection of a listing is lost",
                ),
                Fault::DropAfter,
            ),
            5 if is_ledger => (
                "S3: a write conflicts with another",
                Fault::Answer(Answer::s3_error(409, "ConditionalRequestConflict")),
            ),
            _ => (of("S3: a read is slow", "S3: a write is slow", "S3: a listing is slow"), slow(random)),
        };
        drawn.count(what);
        fault
    })
}

/// What is drawn of a JSON service: throttled, failing, lost, slow.
pub(crate) type Names = [&'static str; 4];

pub(crate) const SECRETS: Names = [
    "Secrets Manager: throttled",
    "Secrets Manager: fails",
    "Secrets Manager: the connection is lost",
    "Secrets Manager: slow",
];
pub(crate) const QUEUES: Names = ["SQS: throttled", "SQS: fails", "SQS: the connection is lost", "SQS: slow"];

/// Secrets Manager and SQS.
pub(crate) fn json_service(seed: u64, rates: Rates, names: Names, drawn: Arc<Drawn>) -> FaultScript {
    let random = Mutex::new(SmallRng::seed_from_u64(seed));
    Arc::new(move |_: &Call| {
        let random = &mut *random.lock().expect("no panic before");
        if !random.random_bool(rates.aws) {
            return Fault::None;
        }
        let (what, fault) = match random.random_range(0..5) {
            0 => (names[0], Fault::Answer(Answer::aws_error(400, "ThrottlingException"))),
            1 => (names[1], Fault::Answer(Answer::aws_error(500, "InternalServiceError"))),
            2 => (names[2], Fault::DropBefore),
            3 => (names[2], Fault::DropAfter),
            _ => (names[3], slow(random)),
        };
        drawn.count(what);
        fault
    })
}

/// The identifiers that Braze refuses at the moment.
pub(crate) type Poison = Arc<Mutex<BTreeSet<String>>>;

/// Braze.
pub(crate) fn braze(seed: u64, rates: Rates, poison: Poison, clock: Clock, drawn: Arc<Drawn>) -> TrackFaultScript {
    let random = Mutex::new(SmallRng::seed_from_u64(seed));
    Arc::new(move |call: &TrackCall| {
        let random = &mut *random.lock().expect("no panic before");
        let refused = {
            let poison = poison.lock().expect("no panic before");
            call.identifiers.iter().position(|identifier| poison.contains(identifier))
        };
        let (what, fault) = if let Some(index) = refused {
            // What Braze refuses is never applied, whatever becomes of the answer.
            let lost = random.random_bool(rates.braze / 2.0);
            if lost { ("Braze: lost before it was applied", Fault::DropBefore) } else { refusal(random, index) }
        } else if random.random_bool(rates.braze) {
            trouble(random, clock)
        } else if random.random_bool(rates.stall) {
            ("Braze: stalls", stalled(random))
        } else {
            let time = Duration::from_millis(random.random_range(0..400));
            if random.random_bool(0.5) {
                return Fault::Delay(time);
            }
            ("Braze: applied at once, answered late", Fault::DelayAfter(time))
        };
        drawn.count(what);
        fault
    })
}

fn refusal(random: &mut SmallRng, index: usize) -> (&'static str, Fault) {
    let (what, answer) = match random.random_range(0..4) {
        0 => ("Braze: 400 that names nobody", answers::names_no_one()),
        1 => ("Braze: 400 with texts", answers::errors_as_texts()),
        2 => ("Braze: 400 without an index", answers::errors_without_index()),
        _ => {
            let errors = json!([{ "type": "EMAIL_BAD_FORMAT", "input_array": "attributes", "index": index }]);
            let body = json!({ "message": "Valid data must be provided.", "errors": errors });
            ("Braze: 400 with an index", Answer::new(400, "application/json", body.to_string()))
        }
    };
    (what, Fault::Answer(answer))
}

fn trouble(random: &mut SmallRng, clock: Clock) -> (&'static str, Fault) {
    let forms = [
        ("Braze: 429 with the time of day", HeaderForm::Epoch),
        ("Braze: 429 with the seconds left", HeaderForm::SecondsLeft),
        ("Braze: 429 with Retry-After", HeaderForm::RetryAfter),
        ("Braze: 429 without a time", HeaderForm::Absent),
    ];
    let status = [500, 502, 503, 504][random.random_range(0..4)];
    match random.random_range(0..12) {
        0 | 1 => {
            let wait = Duration::from_secs(random.random_range(1..4));
            let (what, form) = forms[random.random_range(0..4)];
            (what, Fault::Answer(answers::too_many_requests(form, wait, clock)))
        }
        2 => ("Braze: 5xx as HTML", Fault::Answer(answers::html_error(status))),
        3 => ("Braze: 5xx without a body", Fault::Answer(answers::empty_body(status))),
        4 | 5 => ("Braze: lost before it was applied", Fault::DropBefore),
        6 | 7 => ("Braze: lost after it was applied", Fault::DropAfter),
        8 => ("Braze: 202 queued", Fault::AnswerAfter(answers::queued())),
        9 => ("Braze: 201 with truncated JSON", Fault::AnswerAfter(answers::truncated_json())),
        10 => ("Braze: applied, and 5xx as HTML", Fault::AnswerAfter(answers::html_error(status))),
        _ => ("Braze: 201 without a body", Fault::AnswerAfter(answers::empty_body(201))),
    }
}

//! Faults drawn from a seed, at every call that leaves the function.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use local::standin::braze::answers;
use local::standin::braze::{HeaderForm, TrackCall, TrackFaultScript};
use local::standin::clock::Clock;
use local::standin::fault::{Answer, Call, Fault, FaultScript};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;

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
}

impl Rates {
    pub(crate) fn draw(random: &mut SmallRng) -> Self {
        let mut of = |choices: &[f64]| choices[random.random_range(0..choices.len())];
        Self {
            aws: of(&[0.0, 0.01, 0.05, 0.15]),
            braze: of(&[0.0, 0.05, 0.2, 0.5]),
            kill: of(&[0.0, 0.1, 0.3, 0.6]),
            stall: of(&[0.0, 0.0, 0.003, 0.02]),
        }
    }
}

fn stalled(random: &mut SmallRng) -> Fault {
    Fault::Delay(Duration::from_millis(random.random_range(20_000..60_000)))
}

/// S3.
pub(crate) fn s3(seed: u64, rates: Rates) -> FaultScript {
    let random = Mutex::new(SmallRng::seed_from_u64(seed));
    Arc::new(move |call: &Call| {
        let random = &mut *random.lock().expect("no panic before");
        if random.random_bool(rates.stall) {
            return stalled(random);
        }
        if !random.random_bool(rates.aws) {
            return Fault::Delay(Duration::from_micros(random.random_range(0..30_000)));
        }
        match random.random_range(0..8) {
            0 => Fault::Answer(Answer::s3_error(500, "InternalError")),
            1 => Fault::Answer(Answer::s3_error(503, "SlowDown")),
            2 => Fault::AnswerAfter(Answer::s3_error(500, "InternalError")),
            3 => Fault::AnswerAfter(Answer::s3_error(503, "ServiceUnavailable")),
            4 => Fault::DropBefore,
            5 => Fault::DropAfter,
            6 if call.operation == "PutObject" && call.resource.ends_with("ledger.json") => {
                Fault::Answer(Answer::s3_error(409, "ConditionalRequestConflict"))
            }
            _ => Fault::Delay(Duration::from_millis(random.random_range(50..3_000))),
        }
    })
}

/// Secrets Manager and SQS.
pub(crate) fn json_service(seed: u64, rates: Rates) -> FaultScript {
    let random = Mutex::new(SmallRng::seed_from_u64(seed));
    Arc::new(move |_: &Call| {
        let random = &mut *random.lock().expect("no panic before");
        if !random.random_bool(rates.aws) {
            return Fault::None;
        }
        match random.random_range(0..5) {
            0 => Fault::Answer(Answer::aws_error(400, "ThrottlingException")),
            1 => Fault::Answer(Answer::aws_error(500, "InternalServiceError")),
            2 => Fault::DropBefore,
            3 => Fault::DropAfter,
            _ => Fault::Delay(Duration::from_millis(random.random_range(50..4_000))),
        }
    })
}

/// The identifiers that Braze refuses at the moment.
pub(crate) type Poison = Arc<Mutex<BTreeSet<String>>>;

/// Braze.
pub(crate) fn braze(seed: u64, rates: Rates, poison: Poison, clock: Clock) -> TrackFaultScript {
    let random = Mutex::new(SmallRng::seed_from_u64(seed));
    Arc::new(move |call: &TrackCall| {
        let random = &mut *random.lock().expect("no panic before");
        let refused = {
            let poison = poison.lock().expect("no panic before");
            call.identifiers.iter().position(|identifier| poison.contains(identifier))
        };
        if let Some(index) = refused {
            // What Braze refuses is never applied, whatever becomes of the answer.
            let lost = random.random_bool(rates.braze / 2.0);
            return if lost { Fault::DropBefore } else { Fault::Answer(refusal(random, index)) };
        }
        if random.random_bool(rates.braze) {
            return trouble(random, clock);
        }
        if random.random_bool(rates.stall) {
            return stalled(random);
        }
        Fault::Delay(Duration::from_millis(random.random_range(0..400)))
    })
}

fn refusal(random: &mut SmallRng, index: usize) -> Answer {
    match random.random_range(0..4) {
        0 => answers::names_nobody(),
        1 => answers::errors_as_texts(),
        2 => answers::errors_without_index(),
        _ => {
            let errors = json!([{ "type": "EMAIL_BAD_FORMAT", "input_array": "attributes", "index": index }]);
            let body = json!({ "message": "Valid data must be provided.", "errors": errors });
            Answer::new(400, "application/json", body.to_string())
        }
    }
}

fn trouble(random: &mut SmallRng, clock: Clock) -> Fault {
    let forms = [HeaderForm::Epoch, HeaderForm::SecondsLeft, HeaderForm::RetryAfter, HeaderForm::Absent];
    let status = [500, 502, 503, 504][random.random_range(0..4)];
    match random.random_range(0..12) {
        0 | 1 => {
            let wait = Duration::from_secs(random.random_range(1..4));
            Fault::Answer(answers::too_many_requests(forms[random.random_range(0..4)], wait, clock))
        }
        2 => Fault::Answer(answers::html_error(status)),
        3 => Fault::Answer(answers::empty_body(status)),
        4 | 5 => Fault::DropBefore,
        6 | 7 => Fault::DropAfter,
        8 => Fault::AnswerAfter(answers::queued()),
        9 => Fault::AnswerAfter(answers::truncated_json()),
        10 => Fault::AnswerAfter(answers::html_error(status)),
        _ => Fault::AnswerAfter(answers::empty_body(201)),
    }
}

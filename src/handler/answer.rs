//! What deliveries came to, and the answer that says so.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::cursor::Cursor;
use super::error::HandlerError;
use super::message::AnswerMessage;
use super::standing::AtRest;
use crate::message::Coded;
use crate::names::{ExportName, SegmentName};
use crate::report::{Outcome, Report};
use crate::source::{FetchOutcome, FetchReport};

/// How the deliveries of one or more exports ended.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    pub(super) reports: Vec<Report>,
    pub(super) ignored: Vec<Value>,
    pub(super) failed: Vec<String>,
    /// The segments of which not even a report could be made, and why.
    pub(super) failing: BTreeMap<(ExportName, SegmentName), String>,
    /// Whether something else failed than the delivery of a segment.
    pub(super) other_failures: bool,
    /// How many of those failed because of an outage of Braze alone.
    pub(super) outages: usize,
    /// How many were tried.
    pub(super) of: usize,
    pub(super) cursor: Cursor,
    pub(super) at_rest: AtRest,
}

impl Deliveries {
    /// A source that failed is a failure of the invocation, as a delivery is.
    pub(super) fn note_fetches(&mut self, fetched: &[FetchReport]) {
        for report in fetched.iter().filter(|report| report.outcome == FetchOutcome::Failed) {
            self.other_failures = true;
            self.of += 1;
            self.failed.push(format!("source {}: {}", report.source, report.as_message()));
        }
    }

    /// Says that an export was not looked at.
    pub(super) fn ignore_off(&mut self, export: &ExportName) {
        let reason = "its schedule is \"off\": only uploads and `run` by name deliver it";
        self.ignored.push(json!({ "export": export, "reason": reason }));
    }

    pub(super) fn fail(&mut self, export: &ExportName, segment: &SegmentName, error: &HandlerError) {
        tracing::error!(%export, %segment, %error, "a segment could not be delivered");
        self.of += 1;
        self.failed.push(format!("{export}/{segment}: {error}"));
        self.failing.insert((export.clone(), segment.clone()), error.to_string());
    }

    pub(super) fn answer(self, action: &str) -> Value {
        let mut further = vec![("action", action.into()), ("ignored", Value::Array(self.ignored))];
        let reported: Vec<String> = self
            .reports
            .iter()
            .filter(|report| report.outcome == Outcome::Failed)
            .map(|report| report.as_message().to_string())
            .collect();
        let errors: Vec<Value> = self
            .failed
            .iter()
            .filter(|failed| !reported.iter().any(|message| failed.ends_with(message.as_str())))
            .map(|failed| failed.as_str().into())
            .collect();
        if !errors.is_empty() {
            further.push(("errors", Value::Array(errors)));
        } else if self.reports.is_empty() {
            let message = AnswerMessage::NothingFound.to_message();
            further.extend([("message", message.text.into()), ("code", message.code.into())]);
        }
        answer(&self.reports, &further)
    }
}

/// An answer with reports and other fields.
pub(super) fn answer<T: Serialize>(reports: &[T], further: &[(&str, Value)]) -> Value {
    let mut answer = json!({ "reports": reports });
    if let Value::Object(fields) = &mut answer {
        fields.extend(further.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    }
    answer
}

//! The handler's answer to a delivery, and how it is shown.

use insights_to_braze::report::Report;
use serde::Deserialize;
use serde_json::Value;

use crate::ending::{Ending, Failure};
use crate::show;
use crate::texts::{self, Number, Word};

/// The part of the handler's answer that is looked into.
#[derive(Deserialize)]
pub(crate) struct Answer {
    pub(crate) reports: Vec<Report>,
    #[serde(default)]
    errors: Vec<String>,
    #[serde(default)]
    ignored: Vec<Ignored>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct Ignored {
    reason: String,
    objects: u64,
}

impl Answer {
    /// How a command ends with this answer.
    pub(crate) fn ending(&self) -> Ending {
        if !self.errors.is_empty() {
            Ending::Failed
        } else if self.reports.is_empty() {
            Ending::Usage
        } else {
            Ending::of_reports(&self.reports)
        }
    }

    /// Shows an answer as JSON or by its messages. How the command ends.
    pub(crate) fn end(answer: &Value, as_json: bool) -> Result<Ending, Failure> {
        let parsed = Self::deserialize(answer)?;
        if as_json {
            show::json(answer)?;
        } else {
            parsed.messages();
        }
        Ok(parsed.ending())
    }

    /// Shows the messages of the reports alone.
    pub(crate) fn messages(&self) {
        for report in &self.reports {
            show::line(format!("{}: {}", report.attribute, show::said(&report.message, &report.code)));
        }
    }

    /// Shows the answer in the terminal.
    pub(crate) fn print(&self) {
        show::reports(&self.reports);
        for report in &self.reports {
            show::preview(report);
        }
        for error in &self.errors {
            show::line(format!("{} {}", show::bad(texts::t("error")), show::message(error)));
        }
        let is_reported = |message: &String| self.reports.iter().any(|report| report.message == *message);
        if let Some(message) = self.message.as_ref().filter(|message| !is_reported(message)) {
            show::line(show::message(message));
        }
        for ignored in &self.ignored {
            let reason = show::message(&ignored.reason);
            show::line(texts::with("ignored", &[("n", Number(ignored.objects)), ("reason", Word(&reason))]));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_without_a_report_is_no_success() {
        let ending = |value: Value| serde_json::from_value::<Answer>(value).unwrap().ending();
        assert_eq!(ending(json!({"reports": [], "message": "No file", "ignored": []})), Ending::Usage);
        assert_eq!(ending(json!({"reports": [], "errors": ["S3 failed"]})), Ending::Failed);
    }
}

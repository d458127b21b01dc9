//! Failed deliveries: those that the state knows of, and those of which only the report of the newest run does.

use std::collections::BTreeMap;

use insights_to_braze::pattern::RunId;
use insights_to_braze::report::Outcome;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::application::Application;
use crate::ending::Failure;
use crate::report::newest;
use crate::show::{elements, text};

/// The newest run of a segment, whose delivery failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct FailedRun {
    pub(crate) export: String,
    pub(crate) segment: String,
    pub(crate) run: RunId,
    /// Why, and what to do.
    pub(crate) message: String,
    pub(crate) code: String,
}

/// The failed deliveries of the exports in `status`, the answer to the action of this name.
pub(crate) async fn all(application: &Application, status: &Value) -> Result<Vec<FailedRun>, Failure> {
    let mut all = Vec::new();
    for export in elements(&status["exports"]) {
        let Some(name) = export["export"].as_str() else { continue };
        let mut known = BTreeMap::new();
        for segment in elements(&export["segments"]) {
            if let Some(text) = segment["segment"].as_str() {
                known.insert(text.to_owned(), in_state(segment));
            }
        }
        for report in newest(application, name).await? {
            let (segment, Some(run)) = (report.segment.to_string(), report.run) else { continue };
            let state = known.entry(segment).or_default();
            let is_news = state.as_ref().is_none_or(|state| run > state.run || run == state.run && !state.is_over);
            if report.outcome == Outcome::Failed && is_news {
                *state = Some(Standing { run, is_over: false, failure: Some((report.message, report.code)) });
            }
        }
        all.extend(known.into_iter().filter_map(|(segment, state)| {
            let Standing { run, failure, .. } = state?;
            let (message, code) = failure?;
            Some(FailedRun { export: name.to_owned(), segment, run, message, code })
        }));
    }
    Ok(all)
}

/// The newest run of a segment in the state.
struct Standing {
    run: RunId,
    /// Whether it is delivered, or held.
    is_over: bool,
    /// The message and its code.
    failure: Option<(String, String)>,
}

fn in_state(segment: &Value) -> Option<Standing> {
    let runs = elements(&segment["runs"]).filter_map(|run| Some((RunId::deserialize(&run["run"]).ok()?, run)));
    let (run, newest) = runs.max_by_key(|(run, _)| *run)?;
    let mut failures = elements(&newest["files"]).filter(|file| file["progress"] == "failed");
    let failure = failures.next().map(|file| (text(&file["message"]), text(&file["code"])));
    let is_over = newest["phase"] == "complete" || newest["phase"] == "held";
    Some(Standing { run, is_over, failure })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn the_failure_of_the_newest_run_is_what_the_state_says() {
        let file = |progress: &str| json!({"progress": progress, "message": (progress == "failed").then_some("no key"), "code": "ITB-B01"});
        let segment = json!({"runs": [
            {"run": "2026-11-23T01:02Z", "phase": "open", "files": [file("failed")]},
            {"run": "2026-11-24T01:02Z", "phase": "open", "files": [file("delivered"), file("failed")]},
        ]});
        let Standing { run, is_over, failure } = in_state(&segment).unwrap();
        assert_eq!(
            (run.to_string().as_str(), failure),
            ("2026-11-24T01:02Z", Some(("no key".to_owned(), "ITB-B01".to_owned())))
        );
        assert!(!is_over && in_state(&json!({"runs": []})).is_none());
    }
}

//! The answer to the action `status` as pages show it.

use insights_to_braze::config::Config;
use insights_to_braze::report::RunSummary;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::application::Application;
use crate::ending::Failure;
use crate::failed::{self, FailedRun};
use crate::held::HeldRun;
use crate::show::{elements, text};
use crate::standing::outcome_of;

/// The state of all segments.
#[derive(Clone, Debug, Default)]
pub(crate) struct Status {
    pub(crate) segments: Vec<SegmentStatus>,
    pub(crate) held: Vec<HeldRun>,
    pub(crate) failed: Vec<FailedRun>,
    /// Attributes that no segment feeds: the connection, the attribute, how many people have it.
    pub(crate) unfed: Vec<(String, String, u64)>,
    /// Where files are fetched from: the name, and the text and the code of what was last heard of it.
    pub(crate) sources: Vec<[String; 3]>,
}

/// The state of a segment.
#[derive(Clone, Debug, Default)]
pub(crate) struct SegmentStatus {
    pub(crate) export: String,
    pub(crate) segment: String,
    pub(crate) attribute: String,
    pub(crate) members: Option<u64>,
    /// The last complete run.
    pub(crate) last_run: String,
    /// The outcome of the newest run so far; empty if there is none.
    pub(crate) outcome: String,
    pub(crate) message: String,
    pub(crate) code: String,
    /// Since when the newest run waits for the rest of its files.
    pub(crate) waiting_since: Option<Timestamp>,
    /// When the next delivery is usually due.
    pub(crate) expected_at: Option<Timestamp>,
    /// The runs that ended, the oldest first.
    pub(crate) history: Vec<RunSummary>,
    /// The last comparison with Braze.
    pub(crate) audit: Option<LastAudit>,
}

/// The last comparison of a segment with Braze.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct LastAudit {
    /// When they were compared.
    pub(crate) compared_at: Timestamp,
    /// Members who lacked the attribute.
    pub(crate) missing: u64,
    /// Others who had it.
    pub(crate) extra: u64,
    /// Profiles that could not be compared.
    #[serde(default)]
    pub(crate) unknown: u64,
}

impl SegmentStatus {
    /// How the outcome is coloured.
    pub(crate) fn tone(&self) -> &'static str {
        tone(&self.outcome)
    }

    /// Who entered and left with the last complete run.
    pub(crate) fn change(&self) -> Option<(u64, u64)> {
        let last = self.history.iter().rev().find(|run| run.run.to_string() == self.last_run)?;
        Some((last.members.entered, last.members.left))
    }
}

/// The colour of an outcome, as the style sheet names it.
pub(crate) fn tone(outcome: &str) -> &'static str {
    match outcome {
        "delivered" => "good",
        "delivered-with-problems" | "held" => "warning",
        "failed" => "bad",
        "waiting" | "unfinished" => "open",
        _ => "neutral",
    }
}

/// The key of the text of an outcome.
pub(crate) fn outcome_key(outcome: &str) -> String {
    if outcome.is_empty() { "outcome-none".to_owned() } else { format!("outcome-{}", outcome.replace('_', "-")) }
}

impl Status {
    /// The state of one export, or of all.
    pub(crate) async fn of(application: &Application, config: &Config, export: Option<&str>) -> Result<Self, Failure> {
        if config.exports.is_empty() {
            return Ok(Self::default());
        }
        let answer = application.on_demand(&json!({ "action": "status", "export": export })).await?;
        let failed = failed::all(application, &answer).await?;
        let mut segments = Vec::new();
        for export in elements(&answer["exports"]) {
            let name = text(&export["export"]);
            segments.extend(elements(&export["segments"]).map(|segment| segment_of(&name, segment, &failed)));
        }
        // Of a segment that failed before it had a state, only the report knows.
        for failure in &failed {
            if !segments.iter().any(|known| known.export == failure.export && known.segment == failure.segment) {
                let attribute = config.exports.get(failure.export.as_str());
                let attribute =
                    attribute.map(|export| export.attribute_of(&failure.segment.as_str().into()).to_string());
                segments.push(SegmentStatus {
                    export: failure.export.clone(),
                    segment: failure.segment.clone(),
                    attribute: attribute.unwrap_or_default(),
                    outcome: "failed".to_owned(),
                    ..SegmentStatus::default()
                });
            }
        }
        let unfed = elements(&answer["unfed"]).map(|unfed| {
            (text(&unfed["connection"]), text(&unfed["attribute"]), unfed["people"].as_u64().unwrap_or_default())
        });
        let sources =
            elements(&answer["sources"]).map(|source| ["source", "message", "code"].map(|name| text(&source[name])));
        let (unfed, sources) = (unfed.collect(), sources.collect());
        Ok(Self { segments, held: HeldRun::of_status(&answer), failed, unfed, sources })
    }

    /// A segment of an export.
    pub(crate) fn segment(&self, segment: &str) -> Option<&SegmentStatus> {
        self.segments.iter().find(|known| known.segment == segment)
    }
}

fn segment_of(export: &str, segment: &Value, failed: &[FailedRun]) -> SegmentStatus {
    let name = text(&segment["segment"]);
    let newest = elements(&segment["runs"]).last();
    let failure = failed.iter().find(|failed| failed.export == export && failed.segment == name);
    let outcome = if failure.is_some() { "failed" } else { newest.map(outcome_of).unwrap_or_default() };
    SegmentStatus {
        export: export.to_owned(),
        attribute: text(&segment["attribute"]),
        members: segment["last_complete"]["members"].as_u64(),
        last_run: segment["last_complete"]["run"].as_str().unwrap_or_default().to_owned(),
        outcome: outcome.to_owned(),
        message: text(&segment["message"]),
        code: text(&segment["code"]),
        waiting_since: newest
            .filter(|_| outcome == "waiting")
            .and_then(|run| Timestamp::deserialize(&run["started_at"]).ok()),
        expected_at: Timestamp::deserialize(&segment["expected_at"]).ok(),
        history: Vec::deserialize(&segment["history"]).unwrap_or_default(),
        // One that is in progress has not been compared yet.
        audit: LastAudit::deserialize(&segment["audit"]).ok(),
        segment: name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_has_the_outcome_of_its_newest_run() {
        let segment = json!({"segment": "VIP", "attribute": "VIP 会員", "last_complete": {"run": "2026-11-23T01:02Z", "members": 800},
            "runs": [{"run": "2026-11-23T01:02Z", "phase": "complete"}, {"run": "2026-11-24T01:02Z", "phase": "held"}], "history": []});
        let status = segment_of("loyalty", &segment, &[]);
        assert_eq!((status.outcome.as_str(), status.tone(), status.members), ("held", "warning", Some(800)));
        assert_eq!((status.last_run.as_str(), status.change()), ("2026-11-23T01:02Z", None));
        assert_eq!(
            (outcome_key("delivered_with_problems"), outcome_key("")),
            ("outcome-delivered-with-problems".into(), "outcome-none".into())
        );
    }
}

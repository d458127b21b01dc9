//! `status`: the status of every segment, from its ledger.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::message::AnswerMessage;
use super::{Configured, Handler, HandlerError};
use crate::budget::TimeBudget;
use crate::config::{Export, Schedule};
use crate::message::{Coded, Message};
use crate::names::{ExportName, SegmentName};
use crate::report::ReportMessage;
use crate::state::{CompleteRun, Feeder, Ledger, Phase, Progress, RunRecord, StateError, StateKeys};

/// How many past runs of a segment are shown: an answer of AWS Lambda has at most 6 MB.
const RUNS_TOLD: usize = 30;

impl Handler {
    pub(super) async fn status(
        &self,
        config: &Configured,
        only: Option<ExportName>,
        budget: TimeBudget,
    ) -> Result<Value, HandlerError> {
        // State that an earlier version works on stays where it is, and does not prevent the rest from being shown.
        if let Err(error) = config.former.move_all(&self.bucket, &self.api_keys, budget.now()).await {
            tracing::warn!(%error, "state of an earlier format could not be moved");
        }
        let exports: Vec<_> = match &only {
            Some(name) => vec![Self::export(config, name)?],
            None => config.exports.values().collect(),
        };
        let mut answers = Vec::new();
        for export in exports {
            let mut segments: BTreeSet<SegmentName> = export.segments.iter().flatten().cloned().collect();
            segments.extend(self.segments_with_state(export).await?);
            let mut statuses = Vec::new();
            for segment in segments {
                let keys = StateKeys::new(&export.connection.workspace, &export.attribute_of(&segment));
                let mut status = match self.read_state(&keys).await {
                    Ok(ledger) => segment_status(export, &segment, ledger.as_ref(), budget.now()),
                    Err(error) => damaged_status(export, &segment, &error),
                };
                let audit = self.audit_status(config, export, &segment, budget).await;
                if let Some(fields) = status.as_object_mut() {
                    fields.insert("in_config".to_owned(), true.into());
                    fields.extend(audit.map(|audit| ("audit".to_owned(), audit)));
                }
                statuses.push(status);
            }
            let known: BTreeSet<SegmentName> = segments_of(&statuses);
            for unfed in self.unfed(config, &export.connection.workspace, &BTreeSet::new()).await? {
                let feeder = &unfed.ledger.feeder;
                if feeder.export != export.name || known.contains(&feeder.segment) {
                    continue;
                }
                let mut status = segment_status(export, &feeder.segment, Some(&unfed.ledger), budget.now());
                if let Some(fields) = status.as_object_mut() {
                    fields.insert("in_config".to_owned(), false.into());
                    let retired = unfed.ledger.retirement.is_some();
                    let remark = if retired { AnswerMessage::BeingRetired } else { unfed.remark() };
                    let Message { text, code } = remark.to_message();
                    fields.insert("message".to_owned(), text.into());
                    fields.insert("code".to_owned(), code.into());
                }
                statuses.push(status);
            }
            answers.push(json!({
                "export": export.name,
                "connection": export.connection.name,
                "agree_to_data_transfer": export.connection.agree_to_data_transfer,
                "requests_per_second": export.connection.requests_per_second,
                "schedule": if export.schedule == Schedule::Active { "active" } else { "off" },
                "on_upload": export.on_upload,
                "segments": statuses,
            }));
        }
        let unfed = if only.is_none() { self.unfed_everywhere(config).await? } else { Vec::new() };
        let mut answer = json!({ "action": "status", "exports": answers, "unfed": unfed });
        if let (false, None, Some(fields)) = (config.sources.is_empty(), &only, answer.as_object_mut()) {
            fields.insert("sources".to_owned(), self.source_statuses(config, budget).await?.into());
        }
        Ok(answer)
    }

    /// The ledger of an attribute. One that is missing while there are parts is damage.
    async fn read_state(&self, keys: &StateKeys) -> Result<Option<Ledger>, StateError> {
        let store = keys.ledger(&self.bucket);
        let ledger = store.read().await?;
        if ledger.is_none() && self.bucket.keys(keys.everything()).await?.iter().any(|key| !StateKeys::is_clock(key)) {
            return Err(StateError::LedgerMissing { key: store.key().to_owned() });
        }
        Ok(ledger)
    }

    /// The attributes of all workspaces that are no longer fed.
    async fn unfed_everywhere(&self, config: &Configured) -> Result<Vec<Value>, HandlerError> {
        let mut unfed = Vec::new();
        let mut seen = BTreeSet::new();
        for connection in config.connections.values().filter(|connection| seen.insert(&connection.workspace)) {
            for attribute in self.unfed(config, &connection.workspace, &BTreeSet::new()).await? {
                let Message { text, code } = attribute.remark().to_message();
                unfed.push(json!({
                    "connection": connection.name,
                    "attribute": attribute.attribute,
                    "people": attribute.people(),
                    "last_fed_by": attribute.ledger.feeder,
                    "message": text,
                    "code": code,
                }));
            }
        }
        Ok(unfed)
    }
}

fn segments_of(statuses: &[Value]) -> BTreeSet<SegmentName> {
    statuses.iter().filter_map(|status| status["segment"].as_str()).map(SegmentName::from).collect()
}

/// The status of a segment whose state is damaged.
fn damaged_status(export: &Export, segment: &SegmentName, error: &StateError) -> Value {
    json!({
        "segment": segment,
        "attribute": export.attribute_of(segment),
        "last_complete": null,
        "runs": [],
        "retirement": null,
        "history": [],
        "damage": error.to_string(),
        "message": error.to_string(),
        "code": error.code(),
    })
}

fn segment_status(export: &Export, segment: &SegmentName, ledger: Option<&Ledger>, now: Timestamp) -> Value {
    let feeder = Feeder::new(&export.name, segment);
    let other = ledger.map(|ledger| &ledger.feeder).filter(|owner| **owner != feeder);
    let last = ledger.and_then(|ledger| ledger.last_complete.as_ref());
    let retirement = ledger.and_then(|ledger| ledger.retirement.as_ref());
    let overdue = ledger.and_then(|ledger| ledger.attention(now).overdue);
    let superseded = ledger.and_then(Ledger::superseded_in_a_row);
    let message = match (other, superseded, overdue) {
        (Some(owner), ..) => AnswerMessage::FedByAnother { owner: owner.clone() }.to_message(),
        (None, Some(runs), _) => ReportMessage::SupersededAgain { runs }.to_message(),
        (None, None, Some(overdue)) => AnswerMessage::Overdue(overdue).to_message(),
        (None, None, None) if last.is_none() => AnswerMessage::NoCompleteRun.to_message(),
        (None, None, None) => Message::default(),
    };
    json!({
        "segment": segment,
        "attribute": ledger.map_or_else(|| export.attribute_of(segment), |ledger| ledger.attribute.clone()),
        "fed_by": ledger.map(|ledger| &ledger.feeder),
        "superseded_in_a_row": ledger.map_or(0, |ledger| ledger.superseded.len()),
        "overdue_since": overdue.map(|overdue| overdue.since),
        "expected_at": ledger.and_then(Ledger::expected_at),
        "last_complete": last.map(|last| last_complete(last, ledger.is_some_and(|ledger| ledger.is_undone(last.run)))),
        "runs": ledger.map(|ledger| ledger.runs.iter().map(|(run, record)| {
            let mut status = run_status(record);
            if let Value::Object(fields) = &mut status {
                fields.insert("run".to_owned(), json!(run));
            }
            status
        }).collect::<Vec<_>>()).unwrap_or_default(),
        "retirement": retirement.map(|retirement| json!({
            "started_at": retirement.started_at, "done": retirement.done,
            "refused": retirement.refused.iter().map(|part| part.rows).sum::<u64>(),
        })),
        "history": ledger.map(|ledger| &ledger.history[ledger.history.len().saturating_sub(RUNS_TOLD)..]),
        "message": message.text,
        "code": message.code,
    })
}

fn last_complete(last: &CompleteRun, is_undone: bool) -> Value {
    let mut shown = json!({ "run": last.run, "members": last.members });
    if is_undone {
        shown["undone"] = true.into();
    }
    shown
}

fn run_status(record: &RunRecord) -> Value {
    let phase = match &record.phase {
        Phase::Open => "open",
        Phase::Completing(_) => "completing",
        Phase::Held { .. } => "held",
        Phase::Complete => "complete",
    };
    let files: Vec<Value> = record
        .files
        .iter()
        .map(|(key, file)| {
            let (progress, message, released_by) = match &file.progress {
                Progress::Waiting => ("waiting", None, None),
                Progress::Working { .. } => ("working", None, None),
                Progress::Unfinished => ("unfinished", None, None),
                Progress::Delivered => ("delivered", None, None),
                Progress::Failed { message, code } => ("failed", Some((message, code)), None),
                Progress::Held { message, code, released_by } => ("held", Some((message, code)), *released_by),
            };
            let (message, code) = message.unzip();
            json!({
                "key": key,
                "progress": progress,
                "rows": file.counts.rows,
                "requests": file.counts.requests.sent,
                "message": message,
                "code": code,
                "released_by": released_by,
            })
        })
        .collect();
    let held = match &record.phase {
        Phase::Held { people, before, reason, released } => {
            Some(json!({ "leavers": people, "before": before, "reason": reason, "released": released }))
        }
        _ => None,
    };
    let problems = if record.phase == Phase::Complete { record.problems() } else { Vec::new() };
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let undo = match &record.phase {
        Phase::Completing(completing) => completing
            .undo
            .as_ref()
            .map(|undo| json!({ "done": completing.done, "leavers": undo.removed, "restored": undo.members.entered })),
        _ => None,
    };
    json!({
        "phase": phase,
        "undo": undo,
        "problems": problems,
        "started_at": record.started_at,
        "files": files,
        "members": record.members,
        "held": held,
    })
}

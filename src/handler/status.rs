//! `status`: how every segment stands, from its ledger.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::message::AnswerMessage;
use super::{Handler, HandlerError};
use crate::config::{Config, Export, Schedule};
use crate::delivery::DeliveryError;
use crate::message::Coded;
use crate::names::{ExportName, SegmentName};
use crate::state::{Ledger, Phase, Progress, RunRecord, StateKeys};

/// How many past runs of a segment are told: an answer of AWS Lambda has at most 6 MB.
const RUNS_TOLD: usize = 30;

impl Handler {
    pub(super) async fn status(&self, config: &Config, only: Option<ExportName>) -> Result<Value, HandlerError> {
        let exports: Vec<_> = match &only {
            Some(name) => vec![Self::export(config, name)?],
            None => config.exports.values().collect(),
        };
        let mut answers = Vec::new();
        for export in exports {
            let mut segments: BTreeSet<SegmentName> = export.segments.iter().flatten().cloned().collect();
            segments.extend(self.known_segments(&export.name).await?);
            let mut told = Vec::new();
            for segment in segments {
                let ledger = StateKeys::new(&export.name, &segment).ledger(&self.bucket).read().await;
                let ledger = ledger.map_err(DeliveryError::from)?;
                told.push(segment_status(export, &segment, ledger.as_ref()));
            }
            answers.push(json!({
                "export": export.name,
                "connection": export.connection.name,
                "agree_to_data_transfer": export.connection.agree_to_data_transfer,
                "requests_per_second": export.connection.requests_per_second,
                "schedule": if export.schedule == Schedule::Active { "active" } else { "off" },
                "on_upload": export.on_upload,
                "segments": told,
            }));
        }
        Ok(json!({ "action": "status", "exports": answers }))
    }
}

fn segment_status(export: &Export, segment: &SegmentName, ledger: Option<&Ledger>) -> Value {
    let delivered = export.delivers(segment);
    let last = ledger.and_then(|ledger| ledger.last_complete.as_ref());
    let retirement = ledger.and_then(|ledger| ledger.retirement.as_ref());
    let message = match (delivered, last) {
        (false, _) if retirement.is_some() => Some(AnswerMessage::BeingRetired),
        (false, _) => Some(AnswerMessage::RemovedFromConfig),
        (true, None) => Some(AnswerMessage::NoCompleteRun),
        (true, Some(_)) => None,
    };
    let message = message.map(|message| message.to_message()).unwrap_or_default();
    json!({
        "segment": segment,
        "attribute": ledger.map_or_else(|| export.attribute_of(segment), |ledger| ledger.attribute.clone()),
        "in_config": delivered,
        "last_complete": last.map(|last| json!({ "run": last.run, "members": last.members })),
        "runs": ledger.map(|ledger| ledger.runs.iter().map(|(run, record)| {
            let mut status = run_status(record);
            if let Value::Object(fields) = &mut status {
                fields.insert("run".to_owned(), json!(run));
            }
            status
        }).collect::<Vec<_>>()).unwrap_or_default(),
        "retirement": retirement.map(|retirement| json!({
            "started_at": retirement.started_at, "done": retirement.done, "refused": retirement.refused,
        })),
        "history": ledger.map(|ledger| &ledger.history[ledger.history.len().saturating_sub(RUNS_TOLD)..]),
        "message": message.text,
        "code": message.code,
    })
}

fn run_status(record: &RunRecord) -> Value {
    let phase = match &record.phase {
        Phase::Open => "open",
        Phase::Completing { .. } => "completing",
        Phase::Held { .. } => "held",
        Phase::Complete => "complete",
    };
    let files: Vec<Value> = record
        .files
        .iter()
        .map(|(key, file)| {
            let (progress, message) = match &file.progress {
                Progress::Working { .. } => ("working", None),
                Progress::Unfinished => ("unfinished", None),
                Progress::Delivered => ("delivered", None),
                Progress::Failed { message } => ("failed", Some(message)),
                Progress::Held { message } => ("held", Some(message)),
            };
            json!({ "key": key, "progress": progress, "rows": file.counts.rows, "requests": file.counts.requests.sent, "message": message })
        })
        .collect();
    let held = match &record.phase {
        Phase::Held { leavers, before, reason } => {
            Some(json!({ "leavers": leavers, "before": before, "reason": reason }))
        }
        _ => None,
    };
    json!({
        "phase": phase,
        "started_at": record.started_at,
        "files": files,
        "members": record.members,
        "held": held,
    })
}

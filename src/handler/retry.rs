//! `retry`: delivers again what failed.
//!
//! A message that failed too often is in the dead-letter queue, where SQS keeps it for 14 days. Messages about the requested
//! export, segment or run go back into the queue unchanged; all others stay. A failure may also be known only from the state
//! or a report: its message may have expired, or the schedule failed. Such a run is sent to the queue as a delivery to
//! continue.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::error::no_such_segment;
use super::landed::INCOMING;
use super::message::AnswerMessage;
use super::{Configured, Handler, HandlerError};
use crate::budget::TimeBudget;
use crate::config::Export;
use crate::message::Coded;
use crate::names::{ExportName, SegmentName};
use crate::pattern::RunId;
use crate::queue::{ContinuedDelivery, DeadLetter, DeadLetterQueue, Queue, Receipt};
use crate::report::Trigger;
use crate::run::Models;
use crate::run::layout::{Place, place_key};
use crate::survey::Survey;
use crate::trigger::object_created::{Landed, ObjectCreated, Task};
use crate::trigger::on_demand::Retry;

/// The most dead letters that one invocation reads: their receipts are kept until the end.
const LETTERS: usize = 20_000;

/// What a dead letter or a failure is about. A description is about no segment, a continued delivery names no file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Subject {
    export: ExportName,
    segment: Option<SegmentName>,
    run: Option<RunId>,
}

/// Something that is delivered again.
#[derive(Debug, Default, Serialize)]
struct Retried {
    /// Dead letters about it.
    messages: u64,
    /// The keys that they name.
    files: BTreeSet<String>,
    /// Why it failed, as the state or the report says.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

/// What was found in the dead-letter queue.
#[derive(Debug, Default)]
struct Found {
    retried: BTreeMap<Subject, Retried>,
    /// Messages that stay, by reason.
    kept: BTreeMap<&'static str, u64>,
    receipts: Vec<Receipt>,
    /// Whether the time or the limit ended the search.
    cut_short: bool,
}

impl Handler {
    pub(super) async fn retry(
        &self,
        config: &Configured,
        wanted: &Retry,
        budget: TimeBudget,
    ) -> Result<Value, HandlerError> {
        let exports: Vec<&Arc<Export>> = match &wanted.export {
            Some(name) => vec![Self::export(config, name)?],
            None => config.exports.values().collect(),
        };
        if let (Some(segment), [export]) = (&wanted.segment, exports.as_slice())
            && !export.delivers(segment)
        {
            return Err(no_such_segment(segment, export.segments.iter().flatten()));
        }
        let queue = self.queue.as_ref().ok_or(HandlerError::NoQueue)?;
        let mut found = Found::default();
        if let Some(dead_letters) = &self.dead_letters {
            let searched = self.search(config, wanted, dead_letters, queue, budget, &mut found).await;
            // Whatever stays can be seen again, even if the search failed.
            let shown = dead_letters.show_again(&found.receipts).await;
            searched?;
            shown?;
        }
        for export in exports {
            self.retry_failures(config, export, wanted, queue, budget, &mut found).await?;
        }
        Ok(self.response(wanted, &found))
    }

    /// Reads the dead letters. Each is read once: it stays hidden from then on.
    async fn search(
        &self,
        config: &Configured,
        wanted: &Retry,
        dead_letters: &DeadLetterQueue,
        queue: &Queue,
        budget: TimeBudget,
        found: &mut Found,
    ) -> Result<(), HandlerError> {
        let mut seen = 0;
        loop {
            let left = budget.stop_waiting().saturating_duration_since(tokio::time::Instant::now());
            found.cut_short = budget.is_spent() || seen >= LETTERS;
            if found.cut_short {
                return Ok(());
            }
            // If this function is killed, all of them can be seen again when its time would have been over.
            let letters = dead_letters.receive(left + Duration::from_secs(1)).await?;
            if letters.is_empty() {
                return Ok(());
            }
            seen += letters.len();
            for letter in letters {
                if self.sort(config, wanted, &letter, found).await? && !wanted.dry_run {
                    // Sent before it is deleted: a function that is killed in between sends it twice, which does no harm.
                    queue.send_again(&letter).await?;
                    dead_letters.delete(&letter.receipt).await?;
                } else {
                    found.receipts.push(letter.receipt);
                }
            }
        }
    }

    /// Whether a dead letter is wanted; takes it down.
    async fn sort(
        &self,
        config: &Configured,
        wanted: &Retry,
        letter: &DeadLetter,
        found: &mut Found,
    ) -> Result<bool, HandlerError> {
        let Ok(tasks) = ObjectCreated::tasks_of(&letter.body) else {
            let reason = "records of failed invocations, and unsupported messages";
            *found.kept.entry(reason).or_default() += 1;
            return Ok(false);
        };
        let mut is_wanted = false;
        for task in tasks {
            let (subjects, key) = match task {
                Task::Deliver(landed) => (self.subjects_of(config, &landed).await?, Some(landed.key)),
                Task::Continue(delivery) => {
                    let ContinuedDelivery { export, segment, run, .. } = delivery;
                    (vec![Subject { export, segment: Some(segment), run }], None)
                }
            };
            for subject in subjects.into_iter().filter(|subject| wanted.covers(subject)) {
                is_wanted = true;
                let retried = found.retried.entry(subject).or_default();
                retried.messages += 1;
                retried.files.extend(key.clone());
            }
        }
        if !is_wanted {
            *found.kept.entry("messages about something else").or_default() += 1;
        }
        Ok(is_wanted)
    }

    /// The exports, segments and runs of an object. If it no longer exists, its key decides.
    async fn subjects_of(&self, config: &Configured, landed: &Landed) -> Result<Vec<Subject>, HandlerError> {
        if landed.bucket != self.bucket.name() || !landed.key.starts_with(INCOMING) {
            return Ok(Vec::new());
        }
        let object = self.bucket.summary(&landed.key).await?;
        let last_modified = object.map_or(jiff::Timestamp::UNIX_EPOCH, |object| object.last_modified);
        let subjects = config.exports.values().filter_map(|export| {
            let name = export.name.clone();
            match place_key(export, &landed.key, last_modified) {
                Place::File(placed) => {
                    Some(Subject { export: name, segment: Some(placed.segment), run: Some(placed.run) })
                }
                Place::Model(_) => Some(Subject { export: name, segment: None, run: None }),
                Place::Ignored(_) => None,
            }
        });
        Ok(subjects.collect())
    }

    /// Sees to failures of the newest runs that no dead letter is about.
    async fn retry_failures(
        &self,
        config: &Configured,
        export: &Arc<Export>,
        wanted: &Retry,
        queue: &Queue,
        budget: TimeBudget,
        found: &mut Found,
    ) -> Result<(), HandlerError> {
        let models = Models::new(self.bucket.clone());
        for (segment, runs) in Survey::of(&self.bucket, export, budget.now()).await?.segments {
            let Some(newest) = runs.newest.first() else { continue };
            let subject =
                Subject { export: export.name.clone(), segment: Some(segment.clone()), run: Some(newest.run) };
            if !wanted.covers(&subject) {
                continue;
            }
            let delivery = self.delivery(config, export, &segment, &models, budget, Trigger::OnDemand);
            let Some(failure) = delivery.failure(newest.run).await? else {
                continue;
            };
            let retried = found.retried.entry(subject).or_default();
            retried.failure = Some(failure);
            if retried.messages == 0 && !wanted.dry_run {
                let (export, run) = (export.name.clone(), Some(newest.run));
                queue.send(ContinuedDelivery::of(export, segment, run)).await?;
            }
        }
        Ok(())
    }

    fn response(&self, wanted: &Retry, found: &Found) -> Value {
        let retried: Vec<Value> = found
            .retried
            .iter()
            .map(|(subject, retried)| {
                json!({
                    "export": subject.export, "segment": subject.segment, "run": subject.run,
                    "messages": retried.messages, "files": retried.files, "failure": retried.failure,
                })
            })
            .collect();
        let kept: Vec<Value> =
            found.kept.iter().map(|(reason, messages)| json!({ "reason": reason, "messages": messages })).collect();
        let mut message = match (retried.is_empty(), wanted.dry_run) {
            (true, _) => vec![AnswerMessage::NothingFailed],
            (false, true) => vec![AnswerMessage::WouldRetry],
            (false, false) => vec![AnswerMessage::Retried],
        };
        if self.dead_letters.is_none() {
            message.push(AnswerMessage::NoDeadLetterQueue);
        }
        if found.cut_short {
            message.push(AnswerMessage::MoreDeadLetters);
        }
        let code = message.first().map(Coded::code);
        let message: Vec<String> = message.iter().map(ToString::to_string).collect();
        json!({
            "action": "retry", "dry_run": wanted.dry_run, "retried": retried, "ignored": kept, "message": message.join(" "),
            "code": code,
        })
    }
}

impl Retry {
    fn covers(&self, subject: &Subject) -> bool {
        self.export.as_ref().is_none_or(|export| *export == subject.export)
            && self.segment.as_ref().is_none_or(|segment| Some(segment) == subject.segment.as_ref())
            && self.run.is_none_or(|run| Some(run) == subject.run)
    }
}

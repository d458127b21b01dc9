//! Files that landed: found in the bucket, put together by run, delivered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::answer::answer;
use super::{Configured, Handler, HandlerError};
use crate::budget::TimeBudget;
use crate::config::Export;
use crate::delivery::{RunOptions, described_differently};
use crate::names::{ExportName, SegmentName};
use crate::pattern::RunId;
use crate::queue::ContinuedDelivery;
use crate::report::{Report, Trigger};
use crate::run::layout::{Layout, Place, place, place_key};
use crate::run::{Evidence, FileToDeliver, Models};
use crate::state::{FileRecord, Phase, Progress, RunRecord};
use crate::trigger::object_created::{Landed, Message, Task};

/// The folder whose files are delivered; nothing else triggers anything.
pub(super) const INCOMING: &str = "incoming/";

/// From this attempt on, a message that an outage of Braze keeps from being carried out is replaced by a new one. The
/// template's queue makes five attempts.
const RECEIVES_BEFORE_POSTPONING: u32 = 3;

/// How long the new message waits: the longest that SQS lets one wait.
const AFTER_OUTAGE: Duration = Duration::from_mins(15);

/// The files of one run that landed, and the tasks that brought them.
#[derive(Debug, Default)]
struct Group {
    files: Vec<FileToDeliver>,
    tasks: BTreeSet<usize>,
}

impl Group {
    fn add(&mut self, file: FileToDeliver) {
        if self.files.iter().all(|known| known.object.key != file.object.key) {
            self.files.push(file);
        }
    }
}

/// The work, in the order of export and segment, the newest run first: it makes an older one unnecessary.
type Groups = BTreeMap<(ExportName, SegmentName, std::cmp::Reverse<RunId>), Group>;

/// How the tasks ended.
#[derive(Debug, Default)]
struct Ended {
    reports: Vec<Report>,
    ignored: Vec<Value>,
    /// Tasks that have to come again, with the reason.
    failed: BTreeMap<usize, Failure>,
}

/// Why a task has to come again.
#[derive(Debug, Default)]
struct Failure {
    reasons: Vec<String>,
    /// The deliveries that would finish it, if only an outage of Braze prevents it.
    outage: Option<Vec<ContinuedDelivery>>,
}

impl Failure {
    /// Notes one of several reasons; `delivery` is what an outage alone keeps from being done.
    fn add(failed: &mut BTreeMap<usize, Self>, task: usize, reason: String, delivery: Option<ContinuedDelivery>) {
        let failure = failed.entry(task).or_insert_with(|| Self { reasons: Vec::new(), outage: Some(Vec::new()) });
        failure.reasons.push(reason);
        failure.outage = failure.outage.take().zip(delivery).map(|(mut deliveries, delivery)| {
            deliveries.push(delivery);
            deliveries
        });
    }
}

impl Handler {
    pub(super) async fn deliver_tasks(&self, tasks: Vec<Task>, budget: TimeBudget) -> Result<Value, HandlerError> {
        let of = tasks.len();
        let numbered = tasks.into_iter().enumerate().collect();
        let ended = self.process(numbered, budget).await?;
        if ended.failed.is_empty() {
            return Ok(answer(&ended.reports, &[("ignored", Value::Array(ended.ignored))]));
        }
        let failed = ended.failed.into_values().map(|failure| failure.reasons.join("; ")).collect();
        Err(HandlerError::SomeFailed { failed, of })
    }

    /// The messages that failed go back to the queue, and no others (AWS Lambda Developer Guide, "Handling errors for an
    /// SQS event source": partial batch responses).
    pub(super) async fn deliver_messages(
        &self,
        messages: Vec<Message>,
        budget: TimeBudget,
    ) -> Result<Value, HandlerError> {
        let mut failed: BTreeSet<usize> = BTreeSet::new();
        let mut tasks = Vec::new();
        for (place, message) in messages.iter().enumerate() {
            match &message.tasks {
                Ok(of_message) => tasks.extend(of_message.iter().map(|task| (place, task.clone()))),
                Err(error) => {
                    tracing::error!(message = message.id, %error, "unsupported message");
                    failed.insert(place);
                }
            }
        }
        if !tasks.is_empty() {
            let ended = self.process(tasks, budget).await?;
            failed.extend(self.without_worn(&messages, ended.failed).await);
        }
        let items: Vec<Value> = failed
            .into_iter()
            .filter_map(|place| messages.get(place))
            .map(|message| json!({ "itemIdentifier": message.id }))
            .collect();
        Ok(json!({ "batchItemFailures": items }))
    }

    /// A queue gives a message up after some attempts, and an outage of Braze may last longer than they do. Before that, a
    /// new message takes the place of one that nothing but an outage keeps from being carried out; the old one counts as
    /// done. Gives the places of those that have to come again.
    async fn without_worn(&self, messages: &[Message], failed: BTreeMap<usize, Failure>) -> Vec<usize> {
        let mut again = Vec::new();
        let mut sent: Vec<ContinuedDelivery> = Vec::new();
        'messages: for (place, failure) in failed {
            let postpone = messages.get(place).is_some_and(|message| message.receives >= RECEIVES_BEFORE_POSTPONING);
            let (Some(queue), Some(deliveries), true) = (&self.queue, failure.outage, postpone) else {
                again.push(place);
                continue;
            };
            for delivery in deliveries {
                if sent.contains(&delivery) {
                    continue;
                }
                if let Err(error) = queue.send_after(delivery.clone(), AFTER_OUTAGE).await {
                    tracing::error!(%error, "can't postpone a delivery");
                    again.push(place);
                    continue 'messages;
                }
                sent.push(delivery);
            }
            tracing::warn!(reason = failure.reasons.join("; "), "a delivery is postponed until Braze responds again");
        }
        again
    }

    async fn process(&self, tasks: Vec<(usize, Task)>, budget: TimeBudget) -> Result<Ended, HandlerError> {
        let mut ended = Ended::default();
        if tasks.is_empty() {
            return Ok(ended);
        }
        let config = self.config().await?;
        let models = Models::new(self.bucket.clone());
        let mut groups = Groups::new();
        for (place, task) in tasks {
            let done = match task {
                Task::Deliver(landed) => {
                    self.assign_to_run(&config, &models, place, &landed, &mut groups, &mut ended).await
                }
                Task::Continue(delivery) => {
                    let done = self.resume(&config, &delivery, budget).await;
                    if let Err(HandlerError::Outage { message }) = done {
                        Failure::add(&mut ended.failed, place, message, Some(delivery));
                        continue;
                    }
                    done.map(|reports| ended.reports.extend(reports))
                }
            };
            if let Err(error) = done {
                tracing::error!(%error, "can't process an event");
                Failure::add(&mut ended.failed, place, error.to_string(), None);
            }
        }
        for ((export, segment, run), group) in groups {
            if let Some(export) = config.exports.get(&export) {
                self.deliver_group(&config, export, &segment, run.0, group, &models, budget, &mut ended).await;
            }
        }
        self.keep_histories(&config, &ended.reports, budget).await;
        Ok(ended)
    }

    /// Finds the object and puts it to the other files of its run.
    async fn assign_to_run(
        &self,
        config: &Configured,
        models: &Models,
        task: usize,
        landed: &Landed,
        groups: &mut Groups,
        ended: &mut Ended,
    ) -> Result<(), HandlerError> {
        if landed.bucket != self.bucket.name() {
            let expected = self.bucket.name().to_owned();
            return Err(HandlerError::OtherBucket { found: landed.bucket.clone(), expected });
        }
        let mut ignore = |reason: String| {
            tracing::info!(key = landed.key, reason, "an object is ignored");
            ended.ignored.push(json!({ "key": landed.key, "reason": reason }));
        };
        if !landed.key.starts_with(INCOMING) {
            ignore(format!("outside {INCOMING}"));
            return Ok(());
        }
        let Some(object) = self.bucket.summary(&landed.key).await? else {
            ignore("no longer exists: it was renamed, moved or deleted".to_owned());
            return self.note_missing(config, models, &landed.key).await;
        };
        let mut reasons = BTreeSet::new();
        let mut taken = false;
        for export in config.exports.values() {
            match place(export, &object.key, object.size, object.last_modified) {
                Place::Ignored(reason) => {
                    reasons.insert(format!("export {}: {reason}", export.name));
                }
                _ if !export.on_upload => {
                    reasons.insert(format!("export {}: waits for the schedule (on_upload = false)", export.name));
                }
                Place::File(placed) => {
                    taken = true;
                    let file = FileToDeliver::new(object.clone(), &placed);
                    let key = (export.name.clone(), placed.segment, std::cmp::Reverse(placed.run));
                    let group = groups.entry(key).or_default();
                    group.tasks.insert(task);
                    group.add(file);
                }
                Place::Model(_) => {
                    taken = true;
                    self.add_described_runs(config, export, models, task, &object.key, groups).await?;
                }
            }
        }
        if !taken {
            ignore(reasons.into_iter().collect::<Vec<_>>().join("; "));
        }
        Ok(())
    }

    /// A file that landed and is gone belongs to its run all the same: the run is not complete without it, unless its
    /// description says so.
    async fn note_missing(&self, config: &Configured, models: &Models, key: &str) -> Result<(), HandlerError> {
        for export in config.exports.values() {
            let Place::File(placed) = place_key(export, key, Timestamp::UNIX_EPOCH) else { continue };
            if placed.layout == Layout::Overwritten {
                continue;
            }
            let budget = TimeBudget::ending_in(Duration::from_mins(1));
            let delivery = self.delivery(config, export, &placed.segment, models, budget, Trigger::ObjectCreated);
            delivery.note_missing(placed.run, key).await?;
        }
        Ok(())
    }

    /// A description that landed may complete the runs that wait for it.
    async fn add_described_runs(
        &self,
        config: &Configured,
        export: &Arc<Export>,
        models: &Models,
        task: usize,
        key: &str,
        groups: &mut Groups,
    ) -> Result<(), HandlerError> {
        let Some(model) = models.read(key).await? else {
            return Ok(());
        };
        for segment in self.segments_with_state(export).await? {
            if !export.delivers(&segment) || model.entity(&segment).is_none() {
                continue;
            }
            let budget = TimeBudget::ending_in(Duration::from_mins(1));
            let delivery = self.delivery(config, export, &segment, models, budget, Trigger::ObjectCreated);
            let Some(ledger) = delivery.ledger().await?.filter(|ledger| ledger.feeder.export == export.name) else {
                continue;
            };
            let Some((run, record)) = ledger.newest_run().and_then(|run| Some((run, ledger.runs.get(&run)?))) else {
                continue;
            };
            if matches!(record.phase, Phase::Open | Phase::Completing(_))
                || !described_differently(&self.bucket, models, export, &segment, &ledger, run).await?.is_empty()
            {
                let key = (export.name.clone(), segment, std::cmp::Reverse(run));
                let group = groups.entry(key).or_default();
                group.tasks.insert(task);
                self.add_failed_files(export, record, run, group).await?;
            }
        }
        Ok(())
    }

    /// Files that could not be read without the description, such as those without a header, are tried again with it.
    async fn add_failed_files(
        &self,
        export: &Export,
        record: &RunRecord,
        run: RunId,
        group: &mut Group,
    ) -> Result<(), HandlerError> {
        let has_failed = |file: &FileRecord| matches!(file.progress, Progress::Failed { .. } | Progress::Held { .. });
        for key in record.files.iter().filter(|(_, file)| has_failed(file)).map(|(key, _)| key) {
            if let Some(object) = self.bucket.summary(key).await?
                && let Place::File(placed) = place(export, key, object.size, object.last_modified)
                && placed.run == run
            {
                group.add(FileToDeliver::new(object, &placed));
            }
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "the group's name and contents, and the means to deliver it")]
    async fn deliver_group(
        &self,
        config: &Configured,
        export: &Arc<Export>,
        segment: &SegmentName,
        run: RunId,
        group: Group,
        models: &Models,
        budget: TimeBudget,
        ended: &mut Ended,
    ) {
        let delivery = self.delivery(config, export, segment, models, budget, Trigger::ObjectCreated);
        let evidence = Evidence {
            one_file_per_run: group.files.iter().any(|file| file.one_file_per_run),
            listed_last_change: None,
        };
        match self.deliver_run(&delivery, run, &group.files, RunOptions::default(), evidence).await {
            Ok(delivered) => {
                if delivered.again {
                    let reason = format!("{}/{segment}: {}", export.name, delivered.report.as_message());
                    let postponed = delivered
                        .outage
                        .then(|| ContinuedDelivery::of(export.name.clone(), segment.clone(), Some(run)));
                    for task in group.tasks {
                        Failure::add(&mut ended.failed, task, reason.clone(), postponed.clone());
                    }
                }
                ended.reports.push(delivered.report);
            }
            Err(error) => {
                for task in group.tasks {
                    Failure::add(&mut ended.failed, task, error.to_string(), None);
                }
            }
        }
    }
}

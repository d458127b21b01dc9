//! Reports what a delivery would send, without sending anything or writing any state.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use super::DeliveryError;
use super::chunk::ChunkBuilder;
use super::open::{FileBytes, Opened};
use super::segment::{Release, RunOptions, SegmentDelivery};
use super::stray::Sibling;
use super::trial::is_first;
use crate::config::{OnLeave, SendRule};
use crate::masked::masked;
use crate::membership::RunMembers;
use crate::message::Coded;
use crate::pattern::RunId;
use crate::profile::FirstLook;
use crate::proof::SentField;
use crate::report::{
    Check, Counts, Outcome, Preview, Problem, Report, ReportMessage, ReportedFile, RunSummary, Warning,
};
use crate::run::FileToDeliver;
use crate::state::{Ledger, Progress, RunRecord, StateKeys, TakeOverAnswer, read_part};

/// How many objects a dry run shows.
const OBJECTS_SHOWN: usize = 3;

/// What a part is called that is stored nowhere.
const PREVIEW: &str = "the preview";

impl SegmentDelivery {
    /// The report of what delivering `files`, taken to be the whole of `run`, would do.
    pub async fn preview(
        &self,
        run: RunId,
        files: &[FileToDeliver],
        options: RunOptions,
    ) -> Result<Report, DeliveryError> {
        let started_at = self.budget.now();
        if let Some(file) = files.first() {
            self.refuse_future(file).await?;
        }
        let connection = &self.export.connection;
        let ledger = match self.ledger.read().await? {
            Some(ledger) => Some(ledger),
            None => self.former.preview(&self.bucket, connection, &self.attribute, started_at).await?,
        };
        let mut ledger = ledger.unwrap_or_else(|| Ledger::new(self.attribute.clone(), self.feeder.clone()));
        let mappings = self.feeds.of(&connection.workspace, &self.attribute);
        // As if no function worked on it.
        match ledger.take_over(&self.feeder, &mappings, self.has_moved().await?, Timestamp::MAX) {
            TakeOverAnswer::OwnedBy(owner) => return Err(self.owned_by(owner)),
            TakeOverAnswer::Done | TakeOverAnswer::Await(_) => {}
        }
        let mut seen = Box::pin(self.look_into(run, files, options, &ledger)).await?;
        let sources = self.everything_before(&ledger, run).await?;
        let compared = self.compare_members(&ledger, std::mem::take(&mut seen.members), sources).await?;
        let people = if self.export.on_leave == OnLeave::Keep { 0 } else { compared.people };
        let record =
            RunRecord { leavers: seen.counts.clone(), ..RunRecord::new(self.order_of_run(run, files), started_at) };
        let is_released = options.release == Some(Release { run, people: compared.people });
        let too_many = self.reason_to_hold(&ledger, record.counts().unidentified, &compared).filter(|_| !is_released);
        let (proof, hold) = self.look_at_braze(&ledger, run, &seen.sent, seen.first).await?;
        let unproven = hold.filter(|hold| !hold.is_allowed(options.allow_differences)).map(|hold| hold.to_string());
        let would_be_held = seen.held.take().or(unproven).or_else(|| too_many.map(|reason| reason.to_string()));
        let requests = seen.requests + people.div_ceil(connection.objects_per_request as u64);
        #[expect(clippy::cast_precision_loss, reason = "a number of requests has fewer than 52 bits")]
        let seconds_at_the_limit = requests as f64 / f64::from(connection.requests_per_second.get());
        let all_delivered = seen.delivered == files.len() && !files.is_empty();
        let counts = Counts { data_points: seen.counts.data_points + people, ..seen.counts };
        let message = ReportMessage::WouldDeliver { requests, leavers: people }.to_message();
        let mut report = Report {
            run: Some(run),
            outcome: Outcome::DryRun,
            files: seen.files,
            members: compared.figures,
            proof,
            message: message.text,
            code: message.code,
            preview: Some(Preview {
                check_first: Vec::new(),
                requests,
                seconds_at_the_limit,
                objects: seen.objects,
                unset: people,
                would_be_held,
                last_run: last_run(&ledger),
            }),
            ..self.counted_report(started_at, counts)
        };
        report.notes.extend(seen.notes);
        if all_delivered {
            report.notes.insert(ReportMessage::DeliveredAlready.to_string());
        }
        let untested = self.bucket.folders(&StateKeys::of_workspace(&connection.workspace)).await?.is_empty();
        let mut warnings = Warning::of_config(&self.export, untested);
        let problems = Problem::of(seen.counts_by_file.iter().map(|(key, counts)| (key.as_str(), counts)));
        warnings.extend(Warning::of_dry_run(&report, problems, seen.doubts));
        if let Some(preview) = &mut report.preview {
            preview.check_first = warnings.iter().map(Check::from).collect();
        }
        report.seconds = report.finished_at.duration_since(started_at).as_secs_f64();
        Ok(report)
    }

    /// Notes whether a delivery would find that this very content has been delivered, and as it is configured now.
    fn note_delivered(&self, ledger: &Ledger, file: &FileToDeliver, options: RunOptions, seen: &mut Seen) {
        let record = ledger.runs.get(&file.run).and_then(|record| record.files.get(&file.object.key));
        let delivered = record.filter(|known| known.etag == file.object.etag && known.progress == Progress::Delivered);
        let Some(known) = delivered.filter(|_| options.send != Some(SendRule::All)) else {
            return;
        };
        if known.mapping.as_ref().is_none_or(|mapping| *mapping == self.mapping()) {
            seen.delivered += 1;
        } else {
            seen.notes.insert(format!(
                "{}: delivered before exports.toml changed; the next delivery, also by the schedule, reads it again and sends \
                 members whose values changed as a result",
                file.object.key
            ));
        }
    }

    /// What the files hold that would be sent.
    async fn look_into(
        &self,
        run: RunId,
        files: &[FileToDeliver],
        options: RunOptions,
        ledger: &Ledger,
    ) -> Result<Seen, DeliveryError> {
        let mut seen = Seen::default();
        let (mut matching, mut unlike) = (Vec::new(), Vec::new());
        for file in files {
            self.note_delivered(ledger, file, options, &mut seen);
            let mut known = self.load_known(ledger, run, None).await?;
            let elsewhere = self.sent_elsewhere(ledger, run, &mut known).await?;
            let known = (known, elsewhere);
            let Opened { mut builder, look, header, sent, .. } = match self.open_rows(file, options, known, None).await
            {
                Ok(opened) => opened,
                Err(error @ DeliveryError::Match { .. }) => {
                    unlike.push((file, error));
                    continue;
                }
                Err(error) => return Err(error),
            };
            builder.settings.refresh = self.refresh(ledger, run);
            seen.first |= is_first(ledger, &self.mapping(), &header.columns);
            seen.sent = sent;
            matching.push((&file.object.key, header.columns));
            if let Some(look) = &look {
                seen.note_doubts(&file.object.key, look, ledger.last_complete.is_none(), options);
            }
            let rows = self.look_through(builder, file, &mut seen).await?;
            seen.files.push(ReportedFile {
                key: file.object.key.clone(),
                etag: file.object.etag.bare().to_owned(),
                rows,
            });
        }
        let siblings: Vec<Sibling<'_>> = matching.iter().map(|(key, columns)| Sibling::new(key, columns)).collect();
        for (file, error) in unlike {
            let note = self.note_of_stray(file, &error, &siblings).await?;
            seen.notes.insert(note.ok_or(error)?);
        }
        Ok(seen)
    }

    async fn look_through(
        &self,
        mut builder: ChunkBuilder<FileBytes>,
        file: &FileToDeliver,
        seen: &mut Seen,
    ) -> Result<u64, DeliveryError> {
        let key = &file.object.key;
        seen.notes.extend(builder.notes(key));
        let mut of_file = Counts::default();
        loop {
            let chunk = match builder.next_chunk().await {
                Ok(chunk) => chunk,
                Err(source) => return Err(DeliveryError::Read { key: key.clone(), source }),
            };
            let mut counts = chunk.counts;
            for batch in chunk.requests.iter().chain(&chunk.alone) {
                seen.requests += 1;
                counts.rows.accepted += batch.len() as u64;
                counts.data_points += (0..batch.len()).map(|index| batch.data_points(index)).sum::<u64>();
                if seen.objects.len() < OBJECTS_SHOWN {
                    seen.show(&batch.request.body(), self.attribute.as_str());
                }
            }
            of_file.add(&counts);
            let (part, _) = chunk.part.finish(PREVIEW);
            read_part(PREVIEW, &part, |_, row| seen.members.push(&row))?;
            if chunk.last {
                break;
            }
        }
        let rows = of_file.rows.read;
        seen.counts.add(&of_file);
        seen.counts_by_file.push((key.clone(), of_file));
        Ok(rows)
    }
}

/// What is remembered of the last run that was delivered whole.
fn last_run(ledger: &Ledger) -> Option<RunSummary> {
    let last = ledger.last_complete.as_ref()?;
    ledger.history.iter().rfind(|summary| summary.run == last.run).cloned()
}

#[derive(Default)]
struct Seen {
    counts: Counts,
    counts_by_file: Vec<(String, Counts)>,
    /// What is doubtful about the identifiers.
    doubts: BTreeSet<String>,
    requests: u64,
    files: Vec<ReportedFile>,
    /// How many files a delivery would find delivered.
    delivered: usize,
    members: RunMembers,
    objects: Vec<Value>,
    notes: BTreeSet<String>,
    /// Why a file would be held before anything of it is sent.
    held: Option<String>,
    /// The custom attributes that would be sent.
    sent: Vec<SentField>,
    /// Whether they would be sent for the first time.
    first: bool,
}

impl Seen {
    fn note_doubts(&mut self, key: &str, look: &FirstLook, first_delivery: bool, options: RunOptions) {
        let doubts = look.identifiers();
        self.notes.extend(doubts.notes().map(|doubt| format!("{key}: {doubt}")));
        self.notes.extend(look.note_of_every_row().map(|note| format!("{key}: {note}")));
        self.doubts.extend(doubts.sentences().map(|doubt| format!("{key}: {doubt}")));
        let reason = doubts.reason_to_hold(first_delivery, options.allow_identifiers);
        self.held = self.held.take().or_else(|| {
            reason.map(|(reason, rows)| format!("{key}: {reason} (\"allow_identifiers\": {rows} lets it through)"))
        });
    }

    fn show(&mut self, body: &[u8], attribute: &str) {
        let Ok(Value::Object(mut body)) = serde_json::from_slice::<Value>(body) else {
            return;
        };
        let Some(Value::Array(objects)) = body.remove("attributes") else {
            return;
        };
        for object in objects.into_iter().take(OBJECTS_SHOWN - self.objects.len()) {
            self.objects.push(mask(object, attribute));
        }
    }
}

/// Hides personal values: of texts the shape is shown, of numbers and flags the kind.
fn mask(object: Value, attribute: &str) -> Value {
    let Value::Object(fields) = object else {
        return Value::Null;
    };
    let masked = fields.into_iter().map(|(name, value)| {
        let shown = name == attribute || name == "_update_existing_only" || value.is_null();
        let value = if shown { value } else { mask_value(&value) };
        (name, value)
    });
    Value::Object(masked.collect())
}

fn mask_value(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(masked(text)),
        Value::Array(values) => Value::Array(values.iter().map(mask_value).collect()),
        Value::Number(_) => Value::String("a number".to_owned()),
        Value::Bool(_) => Value::String("true or false".to_owned()),
        Value::Object(_) | Value::Null => Value::Null,
    }
}

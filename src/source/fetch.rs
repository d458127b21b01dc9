//! A fetch: lists, compares and copies, until nothing is left to copy or the time is up.

use std::collections::HashMap;

use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use jiff::{SignedDuration, Timestamp};

use super::azure::Blob;
use super::copy::{Copied, copy, is_model};
use super::error::SourceError;
use super::index::{Index, key as state_key};
use super::lease::FetchLease;
use super::opened::{ETAG_OF_SOURCE, Opened, prefix};
use super::report::{FetchMessage, FetchOutcome, FetchReport, LISTED};
use crate::bucket::{Bucket, BucketError, Condition, ETag};
use crate::budget::TimeBudget;
use crate::config::Source;
use crate::message::Coded;
use crate::names::SourceName;
use crate::secrets::{ApiKeys, RoleIdentity};

/// How many blobs are copied at the same time. Each takes some 10 MiB at most.
const COPIES: usize = 4;

/// How many objects are asked at the same time which blob they are a copy of.
const QUESTIONS: usize = 16;

/// In a container that changes all the time, the next fetch continues after this number of listings.
const PASSES: usize = 10;

/// A fetch from one source.
#[derive(Debug)]
pub struct Fetch<'f> {
    /// The source.
    pub source: &'f Source,
    /// Where the files go.
    pub bucket: &'f Bucket,
    /// The time that it has.
    pub budget: TimeBudget,
    /// Whether to only report what would be copied.
    pub dry_run: bool,
}

/// How the passes of a fetch ended.
enum Reached {
    Everything,
    TimeLimit,
}

/// How copying some blobs ended.
enum End {
    All,
    /// Some have another content by now.
    Again,
    TimeLimit,
}

/// A key, the blob for it, and the object that is there: its tag, and that of the blob it is a copy of.
type Asked<'b> = (&'b str, &'b Blob, Option<(ETag, Option<String>)>);

/// A blob, its key, and how copying it ended; `None` if it was too late to begin.
type CopyEnd = Option<(Blob, String, Result<Copied, SourceError>)>;

/// What a pass has to copy.
#[derive(Default)]
struct Work {
    files: Vec<(Blob, Condition)>,
    models: Vec<(Blob, Condition)>,
    unchanged: u64,
}

impl Fetch<'_> {
    /// Fetches. Whatever happens is in the report, which is also stored. `role` is the identity of the function's role, if this
    /// is a function.
    pub async fn run(&self, keys: &ApiKeys, role: Option<&RoleIdentity>, owner: String) -> FetchReport {
        let mut report = FetchReport::new(self.source, self.budget.now());
        let fetched = Box::pin(self.fetch(keys, role, owner, &mut report)).await;
        let now = self.budget.now();
        let files = report.files.fetched;
        match fetched {
            Err(error) => report.fail(&error, now),
            Ok(None) => report.end(FetchOutcome::Unfinished, &FetchMessage::Elsewhere, now),
            Ok(Some(_)) if self.dry_run => report.end(FetchOutcome::DryRun, &FetchMessage::WouldFetch { files }, now),
            Ok(Some(Reached::TimeLimit)) => {
                report.end(FetchOutcome::Unfinished, &FetchMessage::Unfinished { files }, now);
            }
            Ok(Some(Reached::Everything)) if report.files.listed == report.files.old && files == 0 => {
                let place = format!("{}/{}", report.place, self.source.folder);
                let old = report.files.old;
                report.end(FetchOutcome::Fetched, &FetchMessage::NothingThere { place, old }, now);
            }
            Ok(Some(Reached::Everything)) => report.end(FetchOutcome::Fetched, &FetchMessage::Fetched { files }, now),
        }
        if !self.dry_run && report.code != FetchMessage::Elsewhere.code() {
            self.store(&report).await;
        }
        report
    }

    /// The last report of a source, if there was a fetch.
    pub async fn last_report(bucket: &Bucket, source: &SourceName) -> Result<Option<FetchReport>, BucketError> {
        const LARGEST: u64 = 1024 * 1024;
        let stored = bucket.read(&state_key(source, "report.json"), LARGEST).await?;
        Ok(stored.and_then(|(bytes, _)| serde_json::from_slice(&bytes).ok()))
    }

    async fn store(&self, report: &FetchReport) {
        let key = state_key(&self.source.name, "report.json");
        if let Err(error) = self.bucket.write_json(&key, report, &Condition::Any).await {
            tracing::warn!(%error, "the report of a fetch can't be stored");
        }
    }

    async fn fetch(
        &self,
        keys: &ApiKeys,
        role: Option<&RoleIdentity>,
        owner: String,
        report: &mut FetchReport,
    ) -> Result<Option<Reached>, SourceError> {
        let opened = Opened::open(self.source, keys, role, self.budget.now()).await?;
        opened.place().clone_into(&mut report.place);
        report.set_end(opened.expires_at);
        let mut index = Index::read(self.bucket, &self.source.name).await;
        if self.dry_run {
            return self.passes(&opened, &mut index, report).await.map(Some);
        }
        let Some(lease) = FetchLease::take(self.bucket, &self.source.name, owner, self.budget).await? else {
            return Ok(None);
        };
        let renew = |renewed| lease.renew(renewed);
        let passes = self.passes(&opened, &mut index, report).boxed();
        let reached = lease.keeper.keep_while(renew, passes).await;
        lease.end().await;
        match reached {
            // Another function took over, because this one could not renew its lease in time.
            Err(SourceError::Bucket(BucketError::Changed { .. })) => Ok(None),
            reached => reached.map(Some),
        }
    }

    async fn passes(
        &self,
        opened: &Opened,
        index: &mut Index,
        report: &mut FetchReport,
    ) -> Result<Reached, SourceError> {
        // The models of the pass before, with the content that they had.
        let mut seen: HashMap<String, String> = HashMap::new();
        let mut again: Vec<(String, String)> = Vec::new();
        for pass in 0..PASSES {
            let Some(blobs) = self.list(opened, report).await? else { return Ok(Reached::TimeLimit) };
            for (key, name) in again.drain(..).filter(|(key, _)| !blobs.contains_key(key)) {
                tracing::warn!(key, "a file was deleted in the source while it was fetched");
                report.add_gone(name);
            }
            let work = self.compare(&blobs, index).await?;
            if pass == 0 {
                report.files.unchanged = work.unchanged;
            }
            if self.dry_run {
                for (blob, _) in work.files.iter().chain(&work.models) {
                    self.note(blob, report);
                }
                return Ok(Reached::Everything);
            }
            let has_files = !work.files.is_empty();
            let mut ended = self.copy_all(opened, work.files, index, report, &mut again).await;
            let (ready, later): (Vec<_>, Vec<_>) = work
                .models
                .into_iter()
                .partition(|(model, _)| matches!(ended, Ok(End::All)) && seen.get(&model.name) == Some(&model.etag));
            if !ready.is_empty() {
                ended = self.copy_all(opened, ready, index, report, &mut again).await;
            }
            report.files.changed += again.len() as u64;
            index.store(self.bucket, &self.source.name, |key| blobs.contains_key(key)).await;
            match ended? {
                End::TimeLimit => return Ok(Reached::TimeLimit),
                // After files were copied, the container is listed again: some may have changed or arrived in the meantime.
                End::All if later.is_empty() && !has_files => return Ok(Reached::Everything),
                End::All | End::Again => {}
            }
            seen = later.into_iter().map(|(model, _)| (model.name, model.etag)).collect();
        }
        Ok(Reached::Everything)
    }

    /// The blobs that are not too old, by the key that they have in the bucket; `None` if Azure did not answer in time.
    async fn list(
        &self,
        opened: &Opened,
        report: &mut FetchReport,
    ) -> Result<Option<HashMap<String, Blob>>, SourceError> {
        let days = SignedDuration::from_hours(24 * i64::from(self.source.keep_days));
        let oldest = self.budget.now().checked_sub(days).unwrap_or(Timestamp::MIN);
        let prefix = prefix(self.source);
        let mut blobs = HashMap::new();
        (report.files.listed, report.files.old) = (0, 0);
        let listing = opened.container.list(&prefix, |blob| {
            report.files.listed += 1;
            if blob.last_modified < oldest {
                report.files.old += 1;
            } else if let Some(rest) = blob.name.strip_prefix(&prefix) {
                blobs.insert(format!("{}/{rest}", self.source.into), blob);
            }
        });
        let Ok(calls) = tokio::time::timeout_at(self.budget.stop_waiting(), listing).await else { return Ok(None) };
        report.list_calls += calls?;
        Ok(Some(blobs))
    }

    /// What of the blobs the bucket does not have, the newest first.
    async fn compare(&self, blobs: &HashMap<String, Blob>, index: &mut Index) -> Result<Work, SourceError> {
        let mut objects: HashMap<String, ETag> = HashMap::new();
        let mut pages = self.bucket.pages(format!("{}/", self.source.into));
        while let Some(page) = pages.next().await? {
            let known = page.into_iter().filter(|object| blobs.contains_key(&object.key));
            objects.extend(known.map(|object| (object.key, object.etag)));
        }
        let (known, unknown): (Vec<_>, Vec<_>) = blobs
            .iter()
            .map(|(key, blob)| (key, blob, objects.remove(key)))
            .partition(|(key, blob, object)| object.as_ref().is_some_and(|object| index.has(key, &blob.etag, object)));
        let mut work = Work { unchanged: known.len() as u64, ..Work::default() };
        // A future of the SDK takes kilobytes: only those that run exist.
        let mut unknown = unknown.into_iter();
        let mut asked: FuturesUnordered<BoxFuture<'_, Result<Asked<'_>, SourceError>>> = FuturesUnordered::new();
        loop {
            while asked.len() < QUESTIONS
                && let Some((key, blob, object)) = unknown.next()
            {
                asked.push(self.ask(key, blob, object.is_some()).boxed());
            }
            let Some(answer) = asked.next().await else { break };
            let (key, blob, stored) = answer?;
            let condition = match stored {
                Some((etag, Some(copied))) if copied == blob.etag => {
                    index.insert(key, &blob.etag, etag);
                    work.unchanged += 1;
                    continue;
                }
                Some((etag, _)) => Condition::Unchanged(etag),
                None => Condition::Absent,
            };
            let kind = if is_model(&blob.name) { &mut work.models } else { &mut work.files };
            kind.push((blob.clone(), condition));
        }
        work.files.sort_by(|(one, _), (other, _)| {
            other.last_modified.cmp(&one.last_modified).then_with(|| one.name.cmp(&other.name))
        });
        Ok(work)
    }

    /// Which blob an object is a copy of, as its metadata says.
    async fn ask<'b>(&self, key: &'b str, blob: &'b Blob, exists: bool) -> Result<Asked<'b>, SourceError> {
        let stored = if exists { self.bucket.metadata(key, ETAG_OF_SOURCE).await? } else { None };
        Ok((key, blob, stored))
    }

    /// Copies blobs. One that fails does not keep the others from being copied.
    async fn copy_all(
        &self,
        opened: &Opened,
        blobs: Vec<(Blob, Condition)>,
        index: &mut Index,
        report: &mut FetchReport,
        again: &mut Vec<(String, String)>,
    ) -> Result<End, SourceError> {
        let all = blobs.len();
        let mut waiting = blobs.into_iter();
        let mut copies: FuturesUnordered<BoxFuture<'_, CopyEnd>> = FuturesUnordered::new();
        let (mut ended, mut failure) = (0, None);
        loop {
            while copies.len() < COPIES
                && let Some((blob, condition)) = waiting.next()
            {
                copies.push(self.copy_one(opened, blob, condition).boxed());
            }
            let next = tokio::time::timeout_at(self.budget.stop_waiting(), copies.next()).await;
            let Ok(Some(end)) = next else { break };
            // Copies that have begun may end.
            let Some((blob, key, ended_as)) = end else { continue };
            ended += 1;
            match ended_as {
                Ok(Copied::Stored(etag)) => {
                    tracing::info!(key, bytes = blob.size, "a file was fetched");
                    index.insert(&key, &blob.etag, etag);
                    self.note(&blob, report);
                }
                Ok(Copied::Again) => again.push((key, blob.name)),
                Ok(Copied::Gone) => report.add_gone(blob.name),
                Err(error) => {
                    tracing::error!(key, %error, "a file can't be fetched");
                    report.files.failed += 1;
                    failure = Some(error);
                }
            }
        }
        match failure {
            Some(error) => Err(error),
            None if ended < all => Ok(End::TimeLimit),
            None if again.is_empty() => Ok(End::All),
            None => Ok(End::Again),
        }
    }

    /// Copies one blob; `None` if it is too late to begin.
    async fn copy_one(&self, opened: &Opened, blob: Blob, condition: Condition) -> CopyEnd {
        if self.budget.is_spent() {
            return None;
        }
        let key = self.key(&blob);
        let copied = copy(self.source, &opened.container, self.bucket, &blob, &key, &condition).await;
        Some((blob, key, copied))
    }

    fn key(&self, blob: &Blob) -> String {
        let rest = blob.name.strip_prefix(&prefix(self.source)).unwrap_or(&blob.name);
        format!("{}/{rest}", self.source.into)
    }

    fn note(&self, blob: &Blob, report: &mut FetchReport) {
        report.files.fetched += 1;
        report.bytes += blob.size;
        if report.keys.len() < LISTED {
            report.keys.push(self.key(blob));
        }
    }
}

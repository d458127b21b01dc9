//! Loads what the state knows of a segment's members.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};

use futures::{StreamExt, TryStreamExt, stream};

use super::loaded::{LoadedMembers, LoadedSent};
use super::segment::SegmentDelivery;
use super::sources::{Certainty, Source};
use crate::membership::{Known, LastRunBuilder, SentSince};
use crate::pattern::RunId;
use crate::profile::Identifier;
use crate::secrets::state_key::StateKey;
use crate::state::{
    EmailHash, Fingerprint, Ledger, Part, PartContent, PartRow, Phase, Progress, RunRecord, Standing, StateError,
    StoredPart, read_part,
};

/// How many parts are fetched ahead. S3 takes some 30 ms for one, and a part of new members, 15,000 lines and 0.8 MB, is read in
/// 4 ms.
pub(super) const FETCHED_AHEAD: usize = 8;

/// What is found while parts are read.
pub(super) enum Read<'a> {
    /// A part begins, which was encrypted with this key, if it was.
    Part(&'a Option<StateKey>),
    /// A line of it.
    Line(Line<'a>),
    /// Lines of the last complete run that it names.
    Named(&'a PartContent),
}

/// A line of a part.
pub(super) struct Line<'a> {
    pub(super) row: &'a PartRow<'a>,
    certainty: Certainty,
    /// Its number, if it has one.
    pub(super) number: Option<u32>,
}

impl Line<'_> {
    /// What Braze accepted, as far as that is certain.
    fn fingerprint(&self) -> Fingerprint {
        match self.certainty {
            Certainty::Certain => self.row.fingerprint,
            Certainty::Uncertain if crate::planted::planted("uncertain-taken-for-accepted") => self.row.fingerprint,
            Certainty::Uncertain => Fingerprint::UNKNOWN,
        }
    }
}

impl SegmentDelivery {
    /// What is known before the file `key` of `run` is delivered: the last complete run, everything sent since, and the other
    /// files of the run. `None` is a file that is not delivered.
    pub(super) async fn load_known(&self, ledger: &Ledger, run: RunId, key: Option<&str>) -> Result<Known, StateError> {
        let last = self.last_run(ledger).await?;
        let by_address = last.table.has_any_by_address();
        // A dry run names no lines. Parts stay until they are encrypted in another way than is configured.
        let may_name = key.is_some()
            && self.export.data_matching.objects_tell_addresses()
            && last.sealed_with == [self.parts.sealing().await?];
        let base =
            ledger.last_complete.as_ref().and_then(|last| last.base_to_name(self.names_lines_from, self.budget.now()));
        let base = base.filter(|_| may_name);
        let [before, after] = Self::other_files(ledger, run, key);
        let earlier = self.sent_since(ledger, run).await?.into_iter().chain(before).map(|source| (source, false));
        // The files of a run are delivered from the last one to the first, so that what was loaded is continued.
        let sources: Vec<_> = earlier.chain(after.into_iter().rev().map(|source| (source, true))).collect();
        let sent = self.load_sent(&sources).await?;
        let mut known = Known::new(last.table, base, sent.clone());
        let last = Source::of_last_run(ledger);
        let since = sources.into_iter().map(|(source, _)| source).collect();
        self.forget_under_other_identifiers(&mut known, by_address, sent.addresses(), last, since).await?;
        Ok(known)
    }

    /// What these parts list, and whether each is of a file that comes after the current one. What was loaded for the file
    /// before is kept, and only the rest is read.
    async fn load_sent(&self, sources: &[(Source, bool)]) -> Result<Arc<SentSince>, StateError> {
        let kept = self.sent.lock().unwrap_or_else(PoisonError::into_inner).take();
        let kept = kept.and_then(|kept| Some((sources.strip_prefix(kept.of.as_slice())?, kept.sent)));
        let (rest, mut sent) = kept.unwrap_or((sources, Arc::default()));
        if !rest.is_empty() {
            let mut more = Arc::unwrap_or_clone(sent);
            // Those of later files come last.
            for later in [false, true] {
                let some = rest.iter().filter(|(_, is_later)| *is_later == later).map(|(source, _)| source.clone());
                self.add_sent(&mut more, some.collect(), later).await?;
            }
            more.seal();
            sent = Arc::new(more);
        }
        // What no ledger names may still change.
        if sources.iter().all(|(source, _)| source.rows.is_some()) {
            let kept = LoadedSent { of: sources.to_vec(), sent: sent.clone() };
            *self.sent.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        }
        Ok(sent)
    }

    /// Adds what these parts list, which are of files that come after the current one, or are not.
    async fn add_sent(&self, sent: &mut SentSince, sources: Vec<Source>, later: bool) -> Result<(), StateError> {
        self.read_sources(sources, |read| match read {
            Read::Part(_) => sent.next_part(),
            Read::Named(content) if later => sent.add_named_later(&content.seen),
            Read::Line(line) if line.row.standing != Standing::Address => {
                let key = line.row.key();
                sent.push(key, line.fingerprint(), later);
                if let Identifier::Email(_) = line.row.identifier {
                    sent.push_address(EmailHash::of_key(key));
                }
            }
            Read::Named(_) | Read::Line(_) => {}
        })
        .await
    }

    /// The members of the last complete run. They are kept in memory for the next file, also of a later invocation.
    async fn last_run(&self, ledger: &Ledger) -> Result<LoadedMembers, StateError> {
        let Some(complete) = &ledger.last_complete else {
            return Ok(LoadedMembers::default());
        };
        if let Some(loaded) = self.loaded.get(complete) {
            return Ok(loaded);
        }
        let lines: u64 = complete.parts.iter().map(|part| part.rows).sum();
        let mut last = LastRunBuilder::with_capacity(usize::try_from(lines).unwrap_or(0));
        let mut sealed_with: Vec<Option<StateKey>> = Vec::new();
        self.read_sources(Source::of_last_run(ledger), |read| match read {
            Read::Part(key) => {
                last.next_part();
                if !sealed_with.contains(key) {
                    sealed_with.push(key.clone());
                }
            }
            Read::Line(line) if line.row.standing != Standing::Address => {
                last.push(line.row, line.fingerprint(), line.number);
            }
            Read::Line(_) | Read::Named(_) => {}
        })
        .await?;
        let members = LoadedMembers { table: Arc::new(last.finish(complete.members)), sealed_with };
        self.loaded.keep(complete, &members);
        Ok(members)
    }

    /// The parts of the run's other files that are delivered: those before the file `key`, and those after it.
    fn other_files(ledger: &Ledger, run: RunId, key: Option<&str>) -> [Vec<Source>; 2] {
        let mut files = [Vec::new(), Vec::new()];
        let record = key.and_then(|key| ledger.runs.get(&run).map(|record| (key, record)));
        for (key, (other, file)) in
            record.iter().flat_map(|(key, record)| record.files.iter().map(move |file| (key, file)))
        {
            let side = match other.as_str().cmp(key) {
                std::cmp::Ordering::Less => 0,
                std::cmp::Ordering::Equal => continue,
                std::cmp::Ordering::Greater => 1,
            };
            if file.progress == Progress::Delivered {
                files[side].extend(file.parts.iter().map(Source::certain));
            }
        }
        files
    }

    /// Forgets what Braze accepted of members whose profile may have been changed since under another identifier: a row
    /// with the address alone changes the profile with a customer ID that has the address, and the other way round.
    ///
    /// Only what came after the last complete run matters: completing a run lists such members again without a fingerprint.
    async fn forget_under_other_identifiers(
        &self,
        known: &mut Known,
        by_address: bool,
        addresses: &[EmailHash],
        last: Vec<Source>,
        since: Vec<Source>,
    ) -> Result<(), StateError> {
        let any = by_address || !addresses.is_empty();
        if !addresses.is_empty() {
            self.read_lines(last.into_iter().chain(since.iter().cloned()).collect(), |line| {
                if line.row.email.is_some_and(|email| addresses.binary_search(&email).is_ok()) {
                    known.forget(line.row.key());
                }
            })
            .await?;
        }
        if any {
            self.read_lines(since, |line| {
                if let Some(email) = line.row.email {
                    known.forget_address(email);
                }
            })
            .await?;
        }
        Ok(())
    }

    /// Where everything is listed that may have been sent after the last complete run and before, or besides, the files
    /// of `run` as they are now.
    pub(super) async fn sent_since(&self, ledger: &Ledger, run: RunId) -> Result<Vec<Source>, StateError> {
        let mut sources = Vec::new();
        self.add_earlier(&mut sources, ledger).await?;
        for older in ledger.older_runs(run) {
            if let Some(record) = ledger.runs.get(&older).filter(|record| record.phase != Phase::Complete) {
                self.add_replaced(&mut sources, record).await?;
                self.add_files(&mut sources, record).await?;
            }
        }
        if let Some(record) = ledger.runs.get(&run) {
            self.add_replaced(&mut sources, record).await?;
        }
        Ok(sources)
    }

    /// The parts that list everyone who may have the attribute.
    pub(super) async fn everything_listed(&self, ledger: &Ledger) -> Result<Vec<Source>, StateError> {
        let mut sources = Source::of_last_run(ledger);
        self.add_earlier(&mut sources, ledger).await?;
        for record in ledger.runs.values().filter(|record| record.phase != Phase::Complete) {
            self.add_replaced(&mut sources, record).await?;
            self.add_files(&mut sources, record).await?;
        }
        Ok(sources)
    }

    async fn add_earlier(&self, sources: &mut Vec<Source>, ledger: &Ledger) -> Result<(), StateError> {
        sources.extend(ledger.earlier.parts.iter().map(Source::certain));
        for folder in &ledger.earlier.folders {
            self.add_uncertain(sources, folder, &ledger.earlier.parts).await?;
        }
        Ok(())
    }

    /// What was sent of contents that the run's files no longer have.
    async fn add_replaced(&self, sources: &mut Vec<Source>, run: &RunRecord) -> Result<(), StateError> {
        sources.extend(run.replaced.iter().map(Source::certain));
        for folder in &run.uncertain {
            self.add_uncertain(sources, folder, &run.replaced).await?;
        }
        Ok(())
    }

    async fn add_files(&self, sources: &mut Vec<Source>, run: &RunRecord) -> Result<(), StateError> {
        for file in run.files.values() {
            sources.extend(file.parts.iter().map(Source::certain));
            if !matches!(file.progress, Progress::Delivered | Progress::Waiting) {
                self.add_uncertain(sources, &file.folder, &file.parts).await?;
            }
        }
        Ok(())
    }

    /// Parts in `folder` that no ledger names: written before their rows were sent, by a function that did not get to
    /// the end.
    async fn add_uncertain(&self, sources: &mut Vec<Source>, folder: &str, named: &[Part]) -> Result<(), StateError> {
        let named: HashSet<&str> = named.iter().map(|part| part.key.as_str()).collect();
        let keys = self.bucket.keys(folder).await?;
        let unnamed = keys.into_iter().filter(|key| Part::is_one(key) && !named.contains(key.as_str()));
        sources.extend(unnamed.map(Source::uncertain));
        Ok(())
    }

    /// Reads parts one after the other. Of a part, only lines are given that are still true.
    pub(super) async fn read_sources(
        &self,
        sources: Vec<Source>,
        mut each: impl FnMut(Read<'_>),
    ) -> Result<(), StateError> {
        let live = self.parts.true_lines(sources.iter().filter_map(|source| source.live.as_ref())).await?;
        let mut parts = stream::iter(sources)
            .map(|source| async move {
                let part = self.read_whole_part(&source.key).await?;
                Ok::<_, StateError>((source, part))
            })
            .buffered(FETCHED_AHEAD);
        while let Some((source, StoredPart { bytes, sealed_with, .. })) = parts.try_next().await? {
            each(Read::Part(&sealed_with));
            let live = source.live.as_ref().and_then(|key| live.get(key));
            let content = read_part(&source.key, &bytes, |line, row| {
                let number = source.first.map(|first| first.saturating_add(line));
                if live.is_none_or(|live| number.is_none_or(|number| live.contains(number))) {
                    each(Read::Line(Line { row: &row, certainty: source.certainty, number }));
                }
            })?;
            if let Some(expected) = source.rows.filter(|rows| *rows != content.rows) {
                return Err(StateError::OtherRows { key: source.key, found: content.rows, expected });
            }
            if !content.seen.is_empty() {
                each(Read::Named(&content));
            }
        }
        Ok(())
    }

    /// Reads the lines of parts that are still true.
    pub(super) async fn read_lines(
        &self,
        sources: Vec<Source>,
        mut each: impl FnMut(Line<'_>),
    ) -> Result<(), StateError> {
        self.read_sources(sources, |read| {
            if let Read::Line(line) = read {
                each(line);
            }
        })
        .await
    }

    async fn read_whole_part(&self, key: &str) -> Result<StoredPart, StateError> {
        if let Some(part) = self.small_parts.get(key) {
            return Ok(part);
        }
        let Some(part) = self.parts.read(key).await? else {
            return Err(StateError::PartMissing { key: key.to_owned() });
        };
        self.small_parts.keep(key, &part);
        Ok(part)
    }
}

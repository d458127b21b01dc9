//! Loads what the state knows of a segment's members.

use std::collections::HashSet;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};

use super::segment::SegmentDelivery;
use crate::membership::{Known, KnownBuilder};
use crate::pattern::RunId;
use crate::profile::Identifier;
use crate::state::{
    EmailHash, Fingerprint, Ledger, Part, PartRow, Phase, Progress, RunRecord, Standing, StateError, read_part,
};

/// How many parts are fetched ahead. S3 takes some 30 ms for one, and a part of new members, 7,500 lines, is read in 2 ms.
pub(super) const FETCHED_AHEAD: usize = 16;

/// How certain it is that Braze holds what a part says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Certainty {
    /// Braze accepted it.
    Certain,
    /// It may have been sent.
    Uncertain,
}

/// Where a member is listed, relative to the current file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listed {
    /// In the last complete run.
    InLastRun,
    /// In what was sent since.
    Since,
    /// In a file of the same run that comes before it.
    Before,
    /// In a file of the same run that comes after it.
    After,
}

/// A part, and how far it can be trusted.
#[derive(Clone, Debug)]
pub(super) struct Source {
    key: String,
    /// How many lines it has, if a ledger says so.
    rows: Option<u64>,
    certainty: Certainty,
}

/// The members whom the state knows by their addresses alone.
#[derive(Debug, Default)]
struct ByAddress {
    /// Whether there are any.
    any: bool,
    /// Those that came after the last complete run.
    since: Vec<EmailHash>,
}

impl ByAddress {
    fn note(&mut self, row: &PartRow<'_>, since: bool) {
        if let Identifier::Email(_) = row.identifier {
            self.any = true;
            if since {
                self.since.push(EmailHash::of_key(row.key()));
            }
        }
    }
}

impl Source {
    /// The parts of the last complete run.
    pub(super) fn of_last_run(ledger: &Ledger) -> Vec<Self> {
        ledger.last_complete.iter().flat_map(|complete| &complete.parts).map(Self::certain).collect()
    }

    pub(super) fn certain(part: &Part) -> Self {
        let certainty = if part.outdated { Certainty::Uncertain } else { Certainty::Certain };
        Self { key: part.key.clone(), rows: Some(part.rows), certainty }
    }

    /// A part that no ledger names.
    fn uncertain(key: String) -> Self {
        Self { key, rows: None, certainty: Certainty::Uncertain }
    }
}

impl SegmentDelivery {
    /// What is known before the file `key` of `run` is delivered: the last complete run, everything sent since, and the other
    /// files of the run. `None` is a file that is not delivered.
    pub(super) async fn load_known(&self, ledger: &Ledger, run: RunId, key: Option<&str>) -> Result<Known, StateError> {
        let last = Source::of_last_run(ledger);
        let since = self.sent_since(ledger, run).await?;
        let [before, after] = Self::other_files(ledger, run, key);
        let members: u64 =
            last.iter().chain(&since).chain(&before).chain(&after).map(|source| source.rows.unwrap_or(0)).sum();
        let mut known = KnownBuilder::with_capacity(usize::try_from(members).unwrap_or(0));
        let mut by_address = ByAddress::default();
        let groups =
            [(&last, Listed::InLastRun), (&since, Listed::Since), (&before, Listed::Before), (&after, Listed::After)];
        for (sources, listed) in groups {
            self.read_sources(sources.clone(), |certainty, row| match row {
                None => known.next_part(),
                Some(row) if row.standing == Standing::Address => {}
                Some(row) => {
                    let fingerprint = match certainty {
                        Certainty::Certain => row.fingerprint,
                        Certainty::Uncertain if crate::planted::planted("uncertain-taken-for-accepted") => {
                            row.fingerprint
                        }
                        Certainty::Uncertain => Fingerprint::UNKNOWN,
                    };
                    match listed {
                        Listed::Before | Listed::After => {
                            known.push_of_run(row.key(), fingerprint, listed == Listed::After);
                        }
                        Listed::InLastRun | Listed::Since => {
                            let was_member = listed == Listed::InLastRun && row.standing == Standing::Member;
                            known.push(row.key(), fingerprint, was_member);
                        }
                    }
                    by_address.note(row, listed != Listed::InLastRun);
                }
            })
            .await?;
        }
        let mut known = known.finish();
        let since = since.into_iter().chain(before).chain(after).collect();
        self.forget_under_other_identifiers(&mut known, by_address, last, since).await?;
        Ok(known)
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
        by_address: ByAddress,
        last: Vec<Source>,
        since: Vec<Source>,
    ) -> Result<(), StateError> {
        let ByAddress { any, since: mut addresses } = by_address;
        addresses.sort_unstable();
        if !addresses.is_empty() {
            self.read_sources(last.into_iter().chain(since.iter().cloned()).collect(), |_, row| {
                if let Some((row, email)) = row.and_then(|row| Some((row, row.email?)))
                    && addresses.binary_search(&email).is_ok()
                {
                    known.forget(row.key());
                }
            })
            .await?;
        }
        if any {
            self.read_sources(since, |_, row| {
                if let Some(email) = row.and_then(|row| row.email) {
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
        let unnamed = keys.into_iter().filter(|key| key.ends_with(".csv.gz") && !named.contains(key.as_str()));
        sources.extend(unnamed.map(Source::uncertain));
        Ok(())
    }

    /// Reads parts one after the other; `each` gets every line, and `None` before each part.
    pub(super) async fn read_sources(
        &self,
        sources: Vec<Source>,
        mut each: impl FnMut(Certainty, Option<&PartRow<'_>>),
    ) -> Result<(), StateError> {
        let mut parts = stream::iter(sources)
            .map(|source| async move {
                let bytes = self.read_whole_part(&source.key).await?;
                Ok::<_, StateError>((source, bytes))
            })
            .buffered(FETCHED_AHEAD);
        while let Some((source, bytes)) = parts.try_next().await? {
            each(source.certainty, None);
            let found = read_part(&source.key, &bytes, |row| each(source.certainty, Some(&row)))?;
            if let Some(expected) = source.rows.filter(|rows| *rows != found) {
                return Err(StateError::OtherRows { key: source.key, found, expected });
            }
        }
        Ok(())
    }

    /// Reads parts of a run that are certain.
    pub(super) async fn read_parts(
        &self,
        parts: &[Part],
        mut each: impl FnMut(&PartRow<'_>),
    ) -> Result<(), StateError> {
        let sources = parts.iter().map(Source::certain).collect();
        self.read_sources(sources, |_, row| {
            if let Some(row) = row {
                each(row);
            }
        })
        .await
    }

    async fn read_whole_part(&self, key: &str) -> Result<Bytes, StateError> {
        if let Some(bytes) = self.small_parts.get(key) {
            return Ok(bytes);
        }
        let Some(part) = self.parts.read(key).await? else {
            return Err(StateError::PartMissing { key: key.to_owned() });
        };
        self.small_parts.keep(key, &part.bytes);
        Ok(part.bytes)
    }
}

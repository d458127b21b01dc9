//! Loads what the state knows of a segment's members.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

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
const FETCHED_AHEAD: usize = 8;

/// Of a list of parts that is gone through several times, the first ones stay in memory if they are small, in bytes:
/// a small segment's parts are fetched once, and a large one's take no memory.
const SMALL: usize = 16 * 1024;

/// So many of them, one megabyte together.
const KEPT: usize = 64;

/// How certain it is that Braze holds what a part says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Certainty {
    /// Braze accepted it.
    Certain,
    /// It may have been sent.
    Uncertain,
}

/// A part, and how far it can be trusted. Clones share what is kept of it.
#[derive(Clone, Debug)]
pub(super) struct Source {
    key: String,
    rows: u64,
    certainty: Certainty,
    kept: Arc<OnceLock<Bytes>>,
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
        Self { key: part.key.clone(), rows: part.rows, certainty, kept: Arc::default() }
    }

    /// A part that no ledger names.
    fn uncertain(key: String) -> Self {
        Self { key, rows: 0, certainty: Certainty::Uncertain, kept: Arc::default() }
    }
}

impl SegmentDelivery {
    /// What is known before a file of `run` is delivered: the last complete run, and everything sent since.
    pub(super) async fn load_known(&self, ledger: &Ledger, run: RunId) -> Result<Known, StateError> {
        let last = Source::of_last_run(ledger);
        let since = self.sent_since(ledger, run).await?;
        let members: u64 = last.iter().chain(&since).map(|source| source.rows).sum();
        let mut known = KnownBuilder::with_capacity(usize::try_from(members).unwrap_or(0));
        let mut by_address = ByAddress::default();
        for (sources, in_last_run) in [(&last, true), (&since, false)] {
            self.read_sources(sources.clone(), |certainty, row| match row {
                None => known.next_part(),
                Some(row) if row.standing == Standing::Address => {}
                Some(row) => {
                    let fingerprint = match certainty {
                        Certainty::Certain => row.fingerprint,
                        Certainty::Uncertain => Fingerprint::UNKNOWN,
                    };
                    known.push(row.key(), fingerprint, in_last_run && row.standing == Standing::Member);
                    by_address.note(row, !in_last_run);
                }
            })
            .await?;
        }
        let mut known = known.finish();
        self.forget_who_came_otherwise(&mut known, by_address, last, since).await?;
        Ok(known)
    }

    /// Forgets what Braze accepted of members whose profile may have been changed since under another identifier: a row
    /// with the address alone changes the profile with a customer ID that has the address, and the other way round.
    ///
    /// Only what came after the last complete run matters. When a run is completed, whoever came otherwise before is
    /// listed again, as somebody of whom nothing is certain.
    async fn forget_who_came_otherwise(
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
        for (id, record) in ledger.runs.range(..=run) {
            if *id < run && record.phase == Phase::Complete {
                continue;
            }
            self.add_replaced(&mut sources, record).await?;
            if *id < run {
                self.add_files(&mut sources, record).await?;
            }
        }
        Ok(sources)
    }

    /// Where everybody is listed who may have the attribute.
    pub(super) async fn everything_listed(&self, ledger: &Ledger) -> Result<Vec<Source>, StateError> {
        let mut sources = Source::of_last_run(ledger);
        for record in ledger.runs.values().filter(|record| record.phase != Phase::Complete) {
            self.add_replaced(&mut sources, record).await?;
            self.add_files(&mut sources, record).await?;
        }
        Ok(sources)
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
            if file.progress != Progress::Delivered {
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
        let mut parts = stream::iter(sources.into_iter().enumerate())
            .map(|(place, source)| async move {
                let bytes = match source.kept.get() {
                    Some(bytes) => bytes.clone(),
                    None => self.read_whole_part(&source.key).await?,
                };
                if place < KEPT && bytes.len() <= SMALL {
                    // Whether it has been kept already makes no difference.
                    let _ = source.kept.set(bytes.clone());
                }
                Ok::<_, StateError>((source, bytes))
            })
            .buffered(FETCHED_AHEAD);
        while let Some((source, bytes)) = parts.try_next().await? {
            each(source.certainty, None);
            read_part(&source.key, &bytes, |row| each(source.certainty, Some(&row)))?;
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
        match self.parts.read(key).await? {
            Some(part) => Ok(part.bytes),
            None => Err(StateError::PartMissing { key: key.to_owned() }),
        }
    }
}

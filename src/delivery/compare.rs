//! Compares the members of a run with what the state lists: who entered, who stayed, who left.

use std::sync::PoisonError;

use super::DeliveryError;
use super::load::{FETCHED_AHEAD, Line, Read};
use super::named::NamedLines;
use super::segment::SegmentDelivery;
use super::sources::Source;
use crate::config::OnLeave;
use crate::membership::{DistinctMembers, Leaver, RecentMembers, RunMembers};
use crate::profile::Identifier;
use crate::report::Members;
use crate::state::{Ledger, Part, PartRow, PartWriter, RunRecord, Standing, StateError, part_key};

/// The most lines in one part of a list of people.
const LINES: u64 = 15_000;

/// Who is in the run and who left, before anything is sent.
pub(super) struct Comparison {
    pub(super) members: RunMembers,
    pub(super) figures: Members,
    /// How many of them are members of the last complete run: what `max_leavers` is about. Those who came with a run that
    /// never was complete are not counted.
    pub(super) gone: u64,
    /// How many people's attribute would be set in all.
    pub(super) people: u64,
    /// Whether the state lists only members of the run, so that it need not be read again.
    pub(super) no_one_else: bool,
    /// The lines of the last complete run that the run's files name.
    pub(super) named: NamedLines,
    /// Whether parts of the last complete run are not encrypted as those of the run are.
    pub(super) sealed_otherwise: bool,
}

impl Comparison {
    /// With people whom the state lists as well, and no one else.
    fn of_the_same(members: RunMembers, figures: Members) -> Self {
        let named = NamedLines::default();
        Self { members, figures, gone: 0, people: 0, no_one_else: true, named, sealed_otherwise: false }
    }

    /// A first run with this many members.
    fn of_new_members(ledger: &Ledger, members: u64) -> Self {
        let figures = figures(ledger, 0, members);
        Self::of_the_same(RunMembers::default(), figures)
    }
}

/// Counts what becomes of those whom the state lists.
struct Tally {
    last_parts: usize,
    part: usize,
    gone: u64,
    people: u64,
    /// Lines of those who have left before, who are in the run under another identifier, or whose address is kept.
    elsewhere: u64,
    met: RecentMembers,
}

impl Tally {
    fn new(last_parts: usize) -> Self {
        Self { last_parts, part: 0, gone: 0, people: 0, elsewhere: 0, met: RecentMembers::default() }
    }

    /// Takes a line, or the beginning of a part. `judge` says whether the line's member left, and whether its address is kept.
    fn add(&mut self, read: &Read<'_>, judge: impl FnOnce(&PartRow<'_>, bool) -> (Option<Leaver>, bool)) {
        let row = match read {
            Read::Line(line) => line.row,
            Read::Part(_) => {
                self.part += 1;
                return;
            }
            Read::Named(_) => return,
        };
        let was_member = row.standing == Standing::Member;
        // The last complete run's parts come first.
        let in_last_run = was_member && self.part <= self.last_parts;
        match judge(row, in_last_run) {
            (None, keeps_address) => self.elsewhere += u64::from(keeps_address),
            (Some(Leaver::Gone), _) if was_member => {
                let new = u64::from(self.met.insert(row.key()));
                self.people += new;
                self.gone += if in_last_run { new } else { 0 };
            }
            (Some(_), _) => self.elsewhere += 1,
        }
    }
}

impl SegmentDelivery {
    /// Compares the members of a run, which its files' parts list, with the earlier state.
    pub(super) async fn compare(
        &self,
        ledger: &Ledger,
        record: &RunRecord,
        sources: Vec<Source>,
    ) -> Result<Comparison, DeliveryError> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).take();
        let parts = record.parts();
        if sources.is_empty() {
            let mut files = record.files.values();
            let counted = match (files.next(), files.next()) {
                (Some(alone), None) => self.members_counted(&alone.folder),
                _ => None,
            };
            return match counted {
                Some(members) => Ok(Comparison::of_new_members(ledger, members)),
                None => self.count_members(ledger, &parts).await,
            };
        }
        let mut members = RunMembers::with_capacity(lines_of(&parts));
        if self.export.data_matching.customer_id.is_some() && self.export.data_matching.email.is_some() {
            members.expect_addresses();
        }
        let names_any = parts.iter().any(|part| part.seen > 0);
        let mut named = if names_any { NamedLines::of(ledger, &self.parts).await? } else { NamedLines::default() };
        let mut are_foreign = false;
        self.read_sources(parts.iter().map(Source::certain).collect(), |read| match read {
            Read::Part(_) => {}
            Read::Line(line) => {
                members.push(line.row);
                if names_any {
                    named.note_own(line.row);
                }
            }
            Read::Named(content) if named.are_of(content) => named.add(content),
            Read::Named(_) => are_foreign = true,
        })
        .await?;
        if are_foreign {
            // Every step that numbers lines again has such files read again, so this is damage.
            let reason = "files of the run name lines of another one".to_owned();
            return Err(StateError::Unreadable { key: self.ledger.key().to_owned(), reason }.into());
        }
        let last_parts = ledger.last_complete.as_ref().map_or(0, |last| last.parts.len());
        if members.is_empty() && sources.len() == last_parts && named.are_all() {
            let figures = figures(ledger, named.len(), named.len());
            return Ok(Comparison { named, ..Comparison::of_the_same(members, figures) });
        }
        self.loaded.clear();
        named.seal();
        self.read_lines(named.sources(ledger), |line| {
            if let Some(row) = named.take(&line) {
                members.push(&row);
            }
        })
        .await?;
        let compared = self.compare_members(ledger, members, sources).await?;
        Ok(Comparison { named, ..compared })
    }

    /// Counts members if the state lists no one else, so that there is nothing to compare with.
    async fn count_members(&self, ledger: &Ledger, parts: &[Part]) -> Result<Comparison, DeliveryError> {
        let mut members = DistinctMembers::with_capacity(lines_of(parts));
        let sources = || parts.iter().map(Source::certain).collect();
        self.read_lines(sources(), |line| members.push(line.row)).await?;
        if members.seal() {
            self.read_lines(sources(), |line| members.push_again(line.row)).await?;
        }
        Ok(Comparison::of_new_members(ledger, members.count()))
    }

    /// Compares the members of a run with the last complete one and with everything that was sent since.
    pub(super) async fn compare_members(
        &self,
        ledger: &Ledger,
        mut members: RunMembers,
        sources: Vec<Source>,
    ) -> Result<Comparison, DeliveryError> {
        members.seal();
        let last_parts = ledger.last_complete.as_ref().map_or(0, |last| last.parts.len());
        let mut tally = Tally::new(last_parts);
        let (sealing, mut sealed_otherwise) = (self.parts.sealing().await?, false);
        self.read_sources(sources.clone(), |read| {
            if let Read::Part(key) = &read {
                sealed_otherwise |= tally.part < last_parts && **key != sealing;
            }
            tally.add(&read, |row, in_last_run| {
                let leaver = members.mark_seen(row, in_last_run);
                (leaver, members.keeps_address(row))
            });
        })
        .await?;
        if members.end_meeting() {
            // Lines that came later say more about earlier ones.
            tally = Tally::new(last_parts);
            self.read_sources(sources, |read| {
                tally.add(&read, |row, _| (members.leaver(row), members.keeps_address(row)));
            })
            .await?;
        }
        let Tally { gone, people, elsewhere, .. } = tally;
        let figures = figures(ledger, members.stayed(), members.len());
        let no_one_else = people + elsewhere == 0;
        let same = Comparison::of_the_same(members, figures);
        Ok(Comparison { gone, people, no_one_else, sealed_otherwise, ..same })
    }

    /// Stores lists of those who left, in the order in which they are sent, and of those whom a later run has to know.
    /// `prefix` is what their keys begin with.
    pub(super) async fn list_leavers(
        &self,
        members: &RunMembers,
        sources: Vec<Source>,
        prefix: &str,
        on_leave: OnLeave,
    ) -> Result<(Vec<Part>, Vec<Part>), DeliveryError> {
        // Customer IDs first, because an address may be the same profile.
        let (mut left, mut carried) = (Lists::new(prefix, "-left"), List::new(format!("{prefix}-carried")));
        let (mut met, mut met_addresses) = (RecentMembers::default(), RecentMembers::default());
        let mut sources = sources.into_iter();
        loop {
            let some: Vec<Source> = sources.by_ref().take(FETCHED_AHEAD).collect();
            if some.is_empty() {
                break;
            }
            self.read_lines(some, |Line { row, .. }| {
                match members.leaver(row) {
                    None if members.keeps_address(row) => {
                        if row.email.is_none_or(|email| met_addresses.insert(row.key().with_email(email))) {
                            carried.push(row.uncertain(Standing::Address));
                        }
                    }
                    None | Some(Leaver::RenamedElsewhere) => {}
                    Some(_) if !met.insert(row.key()) => {}
                    Some(Leaver::Renamed) => carried.push(row.uncertain(Standing::Left)),
                    // Nothing is sent to them, and nothing has to be known of them.
                    Some(Leaver::Gone) if on_leave == OnLeave::Keep => {}
                    Some(Leaver::Gone) => left.push(row.uncertain(Standing::Left)),
                }
            })
            .await?;
            left.store(self, false).await?;
            carried.store(self, false).await?;
        }
        left.store(self, true).await?;
        carried.store(self, true).await?;
        Ok((left.into_parts(), carried.parts))
    }

    /// Which parts of the last complete run continue to list members, with an object that says which of their lines are true; and
    /// lists of members whose line there says something else than Braze has. `prefix` is what their keys begin with.
    pub(super) async fn keep_named(
        &self,
        ledger: &Ledger,
        named: &NamedLines,
        prefix: &str,
    ) -> Result<(Vec<Part>, Vec<Part>), DeliveryError> {
        let key = format!("{prefix}-true.lines");
        let (kept, needs_object) = named.kept_parts(ledger, &key);
        if needs_object {
            self.parts.write_lines(&key, named.still_true()).await?;
        }
        let mut again = List::new(format!("{prefix}-again"));
        for some in named.sources_again(ledger).chunks(FETCHED_AHEAD) {
            self.read_lines(some.to_vec(), |line| {
                if named.is_again(&line) {
                    again.push(line.row.uncertain(Standing::Member));
                }
            })
            .await?;
            again.store(self, false).await?;
        }
        again.store(self, true).await?;
        Ok((kept, again.parts))
    }
}

/// A list of people, which is stored in several parts.
pub(super) struct List {
    prefix: String,
    pub(super) parts: Vec<Part>,
    full: Vec<PartWriter>,
    writer: PartWriter,
}

impl List {
    pub(super) fn new(prefix: String) -> Self {
        Self { prefix, parts: Vec::new(), full: Vec::new(), writer: PartWriter::new() }
    }

    pub(super) fn push(&mut self, row: PartRow<'_>) {
        self.writer.push(row);
        if self.writer.rows() >= LINES {
            self.full.push(std::mem::take(&mut self.writer));
        }
    }

    /// Stores what is full, or all.
    pub(super) async fn store(&mut self, delivery: &SegmentDelivery, all: bool) -> Result<(), DeliveryError> {
        if all && self.writer.rows() > 0 {
            self.full.push(std::mem::take(&mut self.writer));
        }
        for writer in self.full.drain(..) {
            let key = part_key(&format!("{}-{:06}", self.prefix, self.parts.len() + 1));
            let (bytes, part) = writer.finish(&key);
            delivery.parts.write(&key, bytes).await?;
            self.parts.push(part);
        }
        Ok(())
    }
}

/// Lists of people of whom those with a customer ID are sent before those with an address alone.
pub(super) struct Lists {
    by_id: List,
    by_email: List,
}

impl Lists {
    pub(super) fn new(prefix: &str, kind: &str) -> Self {
        let list = |kind: &str| List::new(format!("{prefix}{kind}"));
        Self { by_id: list(kind), by_email: list(&format!("{kind}-by-email")) }
    }

    pub(super) fn push(&mut self, row: PartRow<'_>) {
        match row.identifier {
            Identifier::ExternalId(_) => self.by_id.push(row),
            Identifier::Email(_) => self.by_email.push(row),
        }
    }

    /// Stores what is full, or all.
    pub(super) async fn store(&mut self, delivery: &SegmentDelivery, all: bool) -> Result<(), DeliveryError> {
        self.by_id.store(delivery, all).await?;
        self.by_email.store(delivery, all).await
    }

    /// The parts, in the order in which they are sent.
    pub(super) fn into_parts(mut self) -> Vec<Part> {
        self.by_id.parts.append(&mut self.by_email.parts);
        self.by_id.parts
    }
}

fn lines_of(parts: &[Part]) -> usize {
    usize::try_from(parts.iter().map(|part| part.rows).sum::<u64>()).unwrap_or(0)
}

/// The figures of a run with `after` members, `stayed` of whom the last complete run had.
fn figures(ledger: &Ledger, stayed: u64, after: u64) -> Members {
    let before = ledger.last_complete.as_ref().map_or(0, |last| last.members);
    Members { before, entered: after - stayed, stayed, left: before.saturating_sub(stayed), after }
}

//! Removes a person from the state: from every part below `state/`, whether a ledger names it or not, and from the pieces
//! of rejected rows.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::hold::Hold;
use super::receipt::{ErasedObject, SegmentLeft, Unsearched};
use super::{EraseError, Erasure};
use crate::bucket::{BucketError, ObjectSummary};
use crate::names::{ExportName, SegmentName};
use crate::rows::{Header, ReadSettings};
use crate::state::{Ledger, LedgerStore, MemberKey, PartWriter, Standing, StateKeys, StoredPart, read_part};

/// How often a segment is searched at most, until nothing more is found: a delivery that lost its lease may have stored
/// another part in the meantime.
const PASSES: u32 = 3;

/// What was found in one segment.
#[derive(Debug, Default)]
struct InSegment {
    objects: Vec<ErasedObject>,
    /// Members of the last complete run among the lines.
    members: HashSet<MemberKey>,
    /// Removed lines, by part.
    lines: BTreeMap<String, u64>,
}

/// A segment whose state is searched.
struct Segment {
    export: ExportName,
    name: SegmentName,
    folder: String,
    store: LedgerStore,
}

impl Erasure<'_> {
    pub(super) async fn erase_from_state(&mut self) -> Result<(), EraseError> {
        for folder in self.bucket.folders("state/").await? {
            let export = ExportName::from(folder.trim_start_matches("state/").trim_end_matches('/'));
            for folder in self.bucket.folders(&folder).await? {
                let Some(name) = StateKeys::segment_of_folder(&export, &folder) else {
                    continue;
                };
                let store = StateKeys::new(&export, &name).ledger(self.bucket);
                self.erase_from_segment(Segment { export: export.clone(), name, folder, store }).await?;
            }
        }
        Ok(())
    }

    async fn erase_from_segment(&mut self, segment: Segment) -> Result<(), EraseError> {
        let left = |reason: &str| SegmentLeft {
            export: segment.export.clone(),
            segment: segment.name.clone(),
            reason: reason.to_owned(),
        };
        if self.budget.is_spent() {
            self.receipt.left.push(left("the time limit was reached before its turn"));
            return Ok(());
        }
        // Most segments do not contain the person and need no lease.
        let mut found = InSegment::default();
        self.go_through(&segment, None, &mut found).await?;
        if self.dry_run || found.objects.is_empty() {
            self.receipt.take_state(found.objects, found.members.len() as u64);
            return Ok(());
        }
        let Some(mut hold) = Hold::take(segment.store.clone(), &self.budget).await? else {
            self.receipt.left.push(left("a delivery is running"));
            return Ok(());
        };
        let mut found = InSegment::default();
        let mut whole = true;
        for _ in 0..PASSES {
            let before = found.objects.len();
            whole = self.go_through(&segment, Some(&mut hold), &mut found).await?;
            if !whole || found.objects.len() == before {
                break;
            }
        }
        let InSegment { objects, members, lines } = found;
        let members = members.len() as u64;
        let ours = hold.end(|ledger| take_out(ledger, &lines, members)).await?;
        self.receipt.take_state(objects, members);
        if !whole || !ours {
            self.receipt.left.push(left("the time limit was reached, or a delivery started, before it was complete"));
        }
        Ok(())
    }

    /// Searches every object of a segment; with a hold, rewrites those that contain the person. Returns whether all objects
    /// were searched.
    async fn go_through(
        &mut self,
        segment: &Segment,
        mut hold: Option<&mut Hold>,
        found: &mut InSegment,
    ) -> Result<bool, EraseError> {
        let ledger = segment.store.read().await?;
        let last: BTreeSet<&str> = ledger
            .iter()
            .flat_map(|ledger| &ledger.last_complete)
            .flat_map(|last| last.parts.iter().map(|part| part.key.as_str()))
            .collect();
        let mut pages = self.bucket.pages(&segment.folder);
        while let Some(page) = pages.next().await? {
            for object in page {
                if self.budget.is_spent() {
                    return Ok(false);
                }
                if let Some(hold) = hold.as_deref_mut()
                    && !hold.keep(&self.budget).await?
                {
                    return Ok(false);
                }
                let writes = hold.is_some();
                if object.key.ends_with(".csv.gz") {
                    self.part(&object.key, last.contains(object.key.as_str()), writes, found).await?;
                } else if object.key.ends_with("-rejected.csv") {
                    self.piece(&object, ledger.as_ref(), writes, found).await?;
                }
            }
        }
        Ok(true)
    }

    async fn part(&self, key: &str, in_last_run: bool, writes: bool, found: &mut InSegment) -> Result<(), EraseError> {
        // Deleted in the meantime because its run is complete.
        let Some(part) = self.parts.read(key).await? else {
            return Ok(());
        };
        let person = self.search.person;
        let (mut lines, mut members) = (0, Vec::new());
        read_part(key, &part.bytes, |row| {
            if person.is(&row) {
                lines += 1;
                members.extend((in_last_run && row.standing == Standing::Member).then(|| row.key()));
            }
        })?;
        if lines == 0 {
            return Ok(());
        }
        if writes {
            self.write_part(key, &part).await?;
        }
        found.members.extend(members);
        *found.lines.entry(key.to_owned()).or_default() += lines;
        found.objects.push(ErasedObject { key: key.to_owned(), rows: lines });
        Ok(())
    }

    async fn write_part(&self, key: &str, part: &StoredPart) -> Result<(), EraseError> {
        let person = self.search.person;
        let mut writer = PartWriter::with_room(part.bytes.len());
        read_part(key, &part.bytes, |row| {
            if !person.is(&row) {
                writer.push(row);
            }
        })?;
        let (bytes, _) = writer.finish();
        Ok(self.parts.replace(key, part, bytes).await?)
    }

    /// A piece has no header of its own; the ledger has the one of its file.
    async fn piece(
        &mut self,
        object: &ObjectSummary,
        ledger: Option<&Ledger>,
        writes: bool,
        found: &mut InSegment,
    ) -> Result<(), EraseError> {
        let header = ledger.and_then(|ledger| header_of(ledger, &object.key));
        let settings = ReadSettings {
            delimiter: header.map(|header| header.dialect.delimiter),
            quoting: header.map(|header| header.dialect.quoting),
            ..ReadSettings::default()
        };
        let columns = header.map(|header| header.columns.as_slice());
        let rows = match self.rows_in(object, settings, columns, writes).await {
            Err(EraseError::Bucket(BucketError::Missing { .. })) => return Ok(()),
            Err(EraseError::Read(error)) => {
                self.receipt.unsearched.push(Unsearched::because(&object.key, &error));
                return Ok(());
            }
            other => other?,
        };
        if rows > 0 {
            found.objects.push(ErasedObject { key: object.key.clone(), rows });
        }
        Ok(())
    }
}

/// The header of the file whose rejected rows the piece `key` holds.
fn header_of<'l>(ledger: &'l Ledger, key: &str) -> Option<&'l Header> {
    let mut files = ledger.runs.values().flat_map(|run| run.files.values());
    let file = files.find(|file| key.starts_with(&file.folder))?;
    file.checkpoint.as_ref().map(|checkpoint| &checkpoint.header)
}

/// Updates the ledger's parts and members after lines were removed.
fn take_out(ledger: &mut Ledger, lines: &BTreeMap<String, u64>, members: u64) {
    if let Some(last) = &mut ledger.last_complete {
        last.members = last.members.saturating_sub(members);
    }
    for part in ledger.all_parts_mut() {
        part.rows = part.rows.saturating_sub(lines.get(&part.key).copied().unwrap_or(0));
    }
}

//! Removes a person from the state: from every part below `state/`, whether a ledger names it or not, and from the pieces
//! of rejected rows.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::hold::Hold;
use super::receipt::{AttributeLeft, ErasedObject, Unsearched};
use super::{EraseError, Erasure};
use crate::bucket::{BucketError, ObjectSummary};
use crate::names::{AttributeName, WorkspaceName};
use crate::rows::{Header, ReadSettings};
use crate::state::{
    Ledger, LedgerStore, LineSet, MemberKey, Part, PartWriter, Standing, StateKeys, StoredPart, ValuesWriter,
    read_part, read_values,
};

/// How often a segment is searched at most, until nothing more is found: a delivery that lost its lease may have stored
/// another part in the meantime.
const PASSES: u32 = 3;

/// What was found in one segment.
#[derive(Debug, Default)]
struct InAttribute {
    objects: Vec<ErasedObject>,
    /// Members of the last complete run among the lines.
    members: HashSet<MemberKey>,
}

/// Which lines of a part are about members of the last complete run.
struct TrueLines {
    first: u32,
    /// By number; `None`: all.
    live: Option<Arc<LineSet>>,
}

impl TrueLines {
    fn have(&self, line: u32) -> bool {
        self.live.as_ref().is_none_or(|live| live.contains(self.first + line))
    }
}

/// An attribute whose state is searched.
struct Attribute {
    workspace: WorkspaceName,
    name: AttributeName,
    /// Where its objects are. Those of format 1 stay where they were until a run is complete, which the ledger says.
    folder: String,
    store: LedgerStore,
}

impl Attribute {
    fn left(&self, reason: &str) -> AttributeLeft {
        AttributeLeft { workspace: self.workspace.clone(), attribute: self.name.clone(), reason: reason.to_owned() }
    }
}

impl Erasure<'_> {
    pub(super) async fn erase_from_state(&mut self) -> Result<(), EraseError> {
        for folder in self.bucket.folders(StateKeys::ROOT).await? {
            let workspace = StateKeys::workspace_of_folder(&folder);
            for folder in self.bucket.folders(&folder).await? {
                let Some(workspace) = workspace.clone() else {
                    // State of format 1 that belongs to no connection, so that no function works on it.
                    let name = AttributeName::from(folder.as_str());
                    let workspace = WorkspaceName::from("format 1");
                    let store = LedgerStore::new(self.bucket.clone(), format!("{folder}none"));
                    self.erase_from_attribute(Attribute { workspace, name, folder, store }).await?;
                    continue;
                };
                let Some(name) = StateKeys::attribute_of_folder(&workspace, &folder) else {
                    continue;
                };
                let store = StateKeys::new(&workspace, &name).ledger(self.bucket);
                self.erase_from_attribute(Attribute { workspace: workspace.clone(), name, folder, store }).await?;
            }
        }
        Ok(())
    }

    /// Damage of one attribute does not keep a person in all the others: it is left, and the receipt says why.
    async fn erase_from_attribute(&mut self, attribute: Attribute) -> Result<(), EraseError> {
        match self.search_attribute(&attribute).await {
            Err(EraseError::State(error)) if error.is_about_one_attribute() => {
                self.receipt.left.push(attribute.left(&error.to_string()));
                Ok(())
            }
            other => other,
        }
    }

    async fn search_attribute(&mut self, attribute: &Attribute) -> Result<(), EraseError> {
        if self.budget.is_spent() {
            self.receipt.left.push(attribute.left("the time limit was reached before its turn"));
            return Ok(());
        }
        // Most attributes do not contain the person and need no lease.
        let mut found = InAttribute::default();
        self.go_through(attribute, None, &mut found).await?;
        if self.dry_run || found.objects.is_empty() {
            self.receipt.take_state(found.objects, found.members.len() as u64);
            return Ok(());
        }
        let Some(mut hold) = Hold::take(attribute.store.clone(), &self.budget).await? else {
            self.receipt.left.push(attribute.left("a delivery is running"));
            return Ok(());
        };
        let mut found = InAttribute::default();
        let mut whole = true;
        for _ in 0..PASSES {
            let before = found.objects.len();
            whole = self.go_through(attribute, Some(&mut hold), &mut found).await?;
            if !whole || found.objects.len() == before {
                break;
            }
        }
        let InAttribute { objects, members } = found;
        let members = members.len() as u64;
        let ours = hold.end(|ledger| take_out(ledger, members)).await?;
        self.receipt.take_state(objects, members);
        if !whole || !ours {
            self.receipt
                .left
                .push(attribute.left("the time limit was reached, or a delivery started, before it was complete"));
        }
        Ok(())
    }

    /// Searches every object of an attribute; with a hold, rewrites those that contain the person. Returns whether all objects
    /// were searched.
    async fn go_through(
        &mut self,
        attribute: &Attribute,
        mut hold: Option<&mut Hold>,
        found: &mut InAttribute,
    ) -> Result<bool, EraseError> {
        let ledger = attribute.store.read().await?;
        let last = self.last_run(ledger.as_ref()).await?;
        let former = ledger.as_ref().and_then(|ledger| ledger.moved_from.as_ref());
        for folder in [Some(&attribute.folder), former].into_iter().flatten() {
            let mut pages = self.bucket.pages(folder);
            while let Some(page) = pages.next().await? {
                for object in page {
                    if self.budget.is_spent() {
                        return Ok(false);
                    }
                    if let Some(hold) = hold.as_deref_mut()
                        && !hold.keep().await?
                    {
                        return Ok(false);
                    }
                    let writes = hold.is_some();
                    if Part::is_one(&object.key) {
                        self.part(&object.key, last.get(&object.key), writes, found).await?;
                    } else if StateKeys::is_values(&object.key) {
                        self.values(&object.key, writes, found).await?;
                    } else if object.key.ends_with("-rejected.csv") {
                        self.piece(&object, ledger.as_ref(), writes, found).await?;
                    }
                }
            }
        }
        Ok(true)
    }

    /// The parts of the last complete run, by key.
    async fn last_run(&self, ledger: Option<&Ledger>) -> Result<HashMap<String, TrueLines>, EraseError> {
        let Some(last) = ledger.and_then(|ledger| ledger.last_complete.as_ref()) else {
            return Ok(HashMap::new());
        };
        let sets = self.parts.true_lines(last.parts.iter().filter_map(|part| part.live.as_ref())).await?;
        let of = |part: &Part| {
            let live = part.live.as_ref().and_then(|key| sets.get(key).cloned());
            (part.key.clone(), TrueLines { first: part.first.unwrap_or(0), live })
        };
        Ok(last.parts.iter().map(of).collect())
    }

    async fn part(
        &self,
        key: &str,
        in_last_run: Option<&TrueLines>,
        writes: bool,
        found: &mut InAttribute,
    ) -> Result<(), EraseError> {
        // Deleted in the meantime because its run is complete.
        let Some(part) = self.parts.read(key).await? else {
            return Ok(());
        };
        let person = self.search.person;
        let (mut lines, mut members) = (0, Vec::new());
        read_part(key, &part.bytes, |line, row| {
            if person.is(&row) {
                lines += 1;
                let is_true = in_last_run.is_some_and(|lines| lines.have(line));
                members.extend((is_true && row.standing == Standing::Member).then(|| row.key()));
            }
        })?;
        if lines == 0 {
            return Ok(());
        }
        if writes {
            self.write_part(key, &part).await?;
        }
        found.members.extend(members);
        found.objects.push(ErasedObject { key: key.to_owned(), rows: lines });
        Ok(())
    }

    /// A list of sent values has people as hashes.
    async fn values(&mut self, key: &str, writes: bool, found: &mut InAttribute) -> Result<(), EraseError> {
        let Some(list) = self.parts.read(key).await? else {
            return Ok(());
        };
        let person = self.search.person;
        let (mut lines, mut others) = (0, None);
        let read = read_values(&list.bytes, |head, row| {
            let others = others.get_or_insert_with(|| ValuesWriter::new(head, list.bytes.len()));
            match row {
                Some(row) if person.is_of(row) => lines += 1,
                row => row.into_iter().for_each(|row| others.push(*row)),
            }
        });
        if read.is_none() {
            self.receipt.unsearched.push(Unsearched { key: key.to_owned(), reason: "it is damaged".to_owned() });
        }
        if lines == 0 {
            return Ok(());
        }
        if let Some(others) = others.filter(|_| writes) {
            self.parts.replace(key, &list, others.finish()).await?;
        }
        found.objects.push(ErasedObject { key: key.to_owned(), rows: lines });
        Ok(())
    }

    async fn write_part(&self, key: &str, part: &StoredPart) -> Result<(), EraseError> {
        let person = self.search.person;
        let mut writer = PartWriter::new();
        let content = read_part(key, &part.bytes, |line, row| {
            // Someone else may have been erased before.
            while writer.rows() < line.into() {
                writer.push_erased();
            }
            if person.is(&row) {
                writer.push_erased();
            } else {
                writer.push(row);
            }
        })?;
        while writer.rows() < content.rows {
            writer.push_erased();
        }
        writer.add_seen(&content);
        let (bytes, _) = writer.finish(key);
        Ok(self.parts.replace(key, part, bytes).await?)
    }

    /// A piece has no header of its own; the ledger has the one of its file.
    async fn piece(
        &mut self,
        object: &ObjectSummary,
        ledger: Option<&Ledger>,
        writes: bool,
        found: &mut InAttribute,
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

/// Updates the ledger's count of members after lines were removed. Their places in the parts are kept.
fn take_out(ledger: &mut Ledger, members: u64) {
    if let Some(last) = &mut ledger.last_complete {
        last.members = last.members.saturating_sub(members);
    }
}

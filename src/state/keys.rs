//! Where the state of an attribute and the reports of a segment are in the bucket.

use jiff::Timestamp;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::feeder::Feeder;
use super::field_values::stamp;
use super::ledger_store::LedgerStore;
use crate::bucket::{Bucket, ETag};
use crate::names::{AttributeName, ExportName, SegmentName, WorkspaceName};
use crate::pattern::RunId;

/// What may not be in one level of a key as it is.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'/').add(b'\\').add(b'%');

/// How the key of a list of values ends.
const VALUES: &str = "-values";
/// How the key of an object ends that says that there will be no more of them.
const ENDED: &str = "-ended";

/// The keys of one attribute of one workspace.
#[derive(Clone, Debug)]
pub struct StateKeys {
    folder: String,
}

/// The keys of the reports of one segment of one export.
#[derive(Clone, Debug)]
pub struct ReportKeys {
    folder: String,
}

/// `name` as one level of a key. What is not ASCII stays as it is, so that people find their segments.
fn escaped(name: &str) -> String {
    if matches!(name, "." | "..") {
        return name.replace('.', "%2E");
    }
    let mut level = String::with_capacity(name.len());
    for character in name.chars() {
        if character.is_ascii() || character.is_control() {
            level.extend(utf8_percent_encode(character.encode_utf8(&mut [0; 4]), ESCAPED));
        } else {
            level.push(character);
        }
    }
    level
}

/// The name that a folder directly below `parent` is made of.
fn unescaped(parent: &str, folder: &str) -> Option<String> {
    let name = folder.strip_prefix(parent)?.strip_suffix('/')?;
    percent_encoding::percent_decode_str(name).decode_utf8().ok().map(String::from)
}

impl StateKeys {
    /// All state.
    pub const ROOT: &str = "state/";

    /// The keys of `attribute` in `workspace`.
    pub fn new(workspace: &WorkspaceName, attribute: &AttributeName) -> Self {
        Self { folder: format!("{}{}/", Self::of_workspace(workspace), escaped(attribute.as_str())) }
    }

    /// The prefix of all state of a workspace.
    pub fn of_workspace(workspace: &WorkspaceName) -> String {
        format!("{}{}/", Self::ROOT, escaped(workspace.as_str()))
    }

    /// The workspace whose state is in `folder`, a folder directly below [`StateKeys::ROOT`]; `None` for others.
    pub fn workspace_of_folder(folder: &str) -> Option<WorkspaceName> {
        unescaped(Self::ROOT, folder).map(WorkspaceName::new).filter(WorkspaceName::is_one)
    }

    /// The attribute whose state is in `folder`, a folder directly below that of its workspace.
    pub fn attribute_of_folder(workspace: &WorkspaceName, folder: &str) -> Option<AttributeName> {
        unescaped(&Self::of_workspace(workspace), folder).map(AttributeName::new)
    }

    /// The object that names the attributes of `workspace` which `feeder` has fed.
    pub fn fed(workspace: &WorkspaceName, feeder: &Feeder) -> String {
        let Feeder { export, segment } = feeder;
        format!("{}.fed/{}/{export}/{}.json", Self::ROOT, escaped(workspace.as_str()), escaped(segment.as_str()))
    }

    /// The prefix of the lists of values that were sent to `workspace`.
    pub fn values_of_workspace(workspace: &WorkspaceName) -> String {
        format!("{}.fields/{}/", Self::ROOT, escaped(workspace.as_str()))
    }

    /// Before the first list of values that was stored at `time` or later.
    pub fn values_since(workspace: &WorkspaceName, time: Timestamp) -> String {
        Self::values_of_workspace(workspace) + &stamp(time)
    }

    /// A list of values that `owner` sends with the attribute.
    pub fn values(&self, workspace: &WorkspaceName, time: Timestamp, owner: &str, number: u64) -> String {
        format!("{}-{}-{owner}-{number:06}{VALUES}", Self::values_since(workspace, time), self.mark())
    }

    /// An empty object that says that `owner` sends no more values with the attribute.
    pub fn values_ended(&self, workspace: &WorkspaceName, time: Timestamp, owner: &str) -> String {
        format!("{}-{}-{owner}{ENDED}", Self::values_since(workspace, time), self.mark())
    }

    /// The owner who ended, if `key` says so.
    pub fn owner_ended(key: &str) -> Option<&str> {
        key.strip_suffix(ENDED)?.rsplit('-').next()
    }

    /// The owner of a list of values.
    pub fn owner_of_values(key: &str) -> Option<&str> {
        key.strip_suffix(VALUES)?.rsplit('-').nth(1)
    }

    /// Whether `key` is a list of values.
    pub fn is_values(key: &str) -> bool {
        key.ends_with(VALUES)
    }

    /// Whether the list of values `key` is of the attribute.
    pub fn is_own_values(&self, key: &str) -> bool {
        key.contains(&format!("Z-{}-", self.mark()))
    }

    /// The attribute in the names of lists.
    fn mark(&self) -> String {
        format!("{:016x}", xxhash_rust::xxh3::xxh3_64(self.folder.as_bytes()))
    }

    /// The ledger.
    pub fn ledger(&self, bucket: &Bucket) -> LedgerStore {
        LedgerStore::new(bucket.clone(), format!("{}ledger.json", self.folder))
    }

    /// The folder of what belongs to a run.
    pub fn run_folder(&self, run: RunId) -> String {
        format!("{}runs/{run}/", self.folder)
    }

    /// The folder of the parts of one content of a file, for one attempt to deliver it.
    pub fn file_folder(&self, run: RunId, key: &str, etag: &ETag, attempt: &str) -> String {
        let file = xxhash_rust::xxh3::xxh3_64(format!("{key}\n{etag}").as_bytes());
        format!("{}{file:016x}-{attempt}/", self.run_folder(run))
    }

    /// The folder of lists that a retirement makes.
    pub fn retired_folder(&self) -> String {
        format!("{}retired/", self.folder)
    }

    /// The folder of what an audit needs.
    pub fn audit_folder(&self) -> String {
        format!("{}audit/", self.folder)
    }

    /// An empty object that is stored to learn what S3's clock says.
    pub fn clock(&self) -> String {
        format!("{}clock", self.folder)
    }

    /// Whether `key` is such an object.
    pub fn is_clock(key: &str) -> bool {
        key.ends_with("/clock")
    }

    /// Everything that is kept of the attribute.
    pub fn everything(&self) -> &str {
        &self.folder
    }
}

impl ReportKeys {
    /// The keys of `segment` in `export`.
    pub fn new(export: &ExportName, segment: &SegmentName) -> Self {
        Self { folder: format!("{}{}/", Self::of_export(export), escaped(segment.as_str())) }
    }

    /// The prefix of all reports of an export.
    pub fn of_export(export: &ExportName) -> String {
        format!("reports/{export}/")
    }

    /// The page of an export's history.
    pub fn history_page(export: &ExportName) -> String {
        format!("reports/{export}/history.html")
    }

    /// A file of the run's report, `report.json` or `rejected.csv`.
    pub fn report(&self, run: RunId, name: &str) -> String {
        format!("{}{run}/{name}", self.folder)
    }

    /// The receipt of an audit that was written at `time`. No export can have the name of this folder, because of the full stop.
    pub fn audit_receipt(&self, time: Timestamp) -> String {
        let of_segment = self.folder.strip_prefix("reports/").unwrap_or_default();
        format!("reports/audit.receipts/{of_segment}{}.json", time.strftime("%Y-%m-%dT%H%M%SZ"))
    }

    /// The prefix of all reports of the segment.
    pub fn everything(&self) -> &str {
        &self.folder
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{ReportKeys, StateKeys};
    use crate::names::{AttributeName, ExportName, SegmentName, WorkspaceName};

    #[test]
    fn names_are_folders_that_people_can_read() {
        let export = ExportName::from("loyalty");
        let workspace = WorkspaceName::from("rest.fra-01.braze.eu~insights-to-braze/braze-eu");
        for (name, folder) in [
            ("顧客 セグメント", "顧客 セグメント"),
            ("a/b\\c%d", "a%2Fb%5Cc%25d"),
            ("line\nbreak\u{85}", "line%0Abreak%C2%85"),
            ("..", "%2E%2E"),
            (".", "%2E"),
        ] {
            let run = "2026-11-23T01:02Z".parse().unwrap();
            let reports = ReportKeys::new(&export, &SegmentName::from(name));
            let report = format!("reports/loyalty/{folder}/2026-11-23T01:02Z/report.json");
            assert_eq!(reports.report(run, "report.json"), report);
            let attribute = AttributeName::from(name);
            let keys = StateKeys::new(&workspace, &attribute);
            let everything = format!("state/rest.fra-01.braze.eu~insights-to-braze%2Fbraze-eu/{folder}/");
            assert_eq!(keys.everything(), everything);
            assert_eq!(StateKeys::attribute_of_folder(&workspace, &everything), Some(attribute));
        }
        let of_workspace = StateKeys::of_workspace(&workspace);
        assert_eq!(StateKeys::workspace_of_folder(&of_workspace), Some(workspace));
        for other in ["state/loyalty/", "state/.rates/", "state/.fed/"] {
            assert_eq!(StateKeys::workspace_of_folder(other), None, "{other}");
        }
    }
}

//! Where the state and the reports of a segment lie in the bucket.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::ledger_store::LedgerStore;
use crate::bucket::{Bucket, ETag};
use crate::names::{ExportName, SegmentName};
use crate::pattern::RunId;

/// What may not stand as it is in one level of a key.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'/').add(b'\\').add(b'%');

/// The keys of one segment of one export.
#[derive(Clone, Debug)]
pub struct StateKeys {
    export: ExportName,
    segment: String,
}

/// `name` as one level of a key. What is not ASCII stays as it is, so that people find their segments.
fn escaped(name: &str) -> String {
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

impl StateKeys {
    /// The keys of `segment` in `export`.
    pub fn new(export: &ExportName, segment: &SegmentName) -> Self {
        Self { export: export.clone(), segment: escaped(segment.as_str()) }
    }

    /// The prefix of all state of an export's segments.
    pub fn of_export(export: &ExportName) -> String {
        format!("state/{export}/")
    }

    /// The page of an export's history.
    pub fn history_page(export: &ExportName) -> String {
        format!("reports/{export}/history.html")
    }

    /// The segment whose state lies in `folder`, a folder directly below [`StateKeys::of_export`].
    pub fn segment_of_folder(export: &ExportName, folder: &str) -> Option<SegmentName> {
        let segment = folder.strip_prefix(&Self::of_export(export))?.strip_suffix('/')?;
        let segment = percent_encoding::percent_decode_str(segment).decode_utf8().ok()?;
        Some(SegmentName::new(segment.as_ref()))
    }

    /// The ledger.
    pub fn ledger(&self, bucket: &Bucket) -> LedgerStore {
        LedgerStore::new(bucket.clone(), format!("state/{}/{}/ledger.json", self.export, self.segment))
    }

    /// The folder of all parts of a run.
    pub fn run_folder(&self, run: RunId) -> String {
        format!("state/{}/{}/runs/{run}/", self.export, self.segment)
    }

    /// The folder of the parts of one content of a file, for one delivery of it.
    pub fn file_folder(&self, run: RunId, key: &str, etag: &ETag, delivery: &str) -> String {
        let file = xxhash_rust::xxh3::xxh3_64(format!("{key}\n{etag}").as_bytes());
        format!("{}{file:016x}-{delivery}/", self.run_folder(run))
    }

    /// A file of the run's report, `report.json` or `rejected.csv`.
    pub fn report(&self, run: RunId, name: &str) -> String {
        format!("reports/{}/{}/{run}/{name}", self.export, self.segment)
    }

    /// The prefix of all reports of an export.
    pub fn reports_of_export(export: &ExportName) -> String {
        format!("reports/{export}/")
    }

    /// The prefix of all reports of the segment.
    pub fn reports(&self) -> String {
        format!("reports/{}/{}/", self.export, self.segment)
    }

    /// Everything that is kept of the segment.
    pub fn everything(&self) -> String {
        format!("state/{}/{}/", self.export, self.segment)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::StateKeys;
    use crate::names::{ExportName, SegmentName};

    #[test]
    fn a_segment_has_one_folder_that_people_can_read() {
        let export = ExportName::from("loyalty");
        for (segment, folder) in [
            ("顧客 セグメント", "顧客 セグメント"),
            ("a/b\\c%d", "a%2Fb%5Cc%25d"),
            ("line\nbreak\u{85}", "line%0Abreak%C2%85"),
        ] {
            let name = SegmentName::from(segment);
            let keys = StateKeys::new(&export, &name);
            let run = "2026-11-23T01:02Z".parse().unwrap();
            assert_eq!(
                keys.report(run, "report.json"),
                format!("reports/loyalty/{folder}/2026-11-23T01:02Z/report.json")
            );
            let found = StateKeys::segment_of_folder(&export, &format!("state/loyalty/{folder}/"));
            assert_eq!(found, Some(name));
        }
    }
}

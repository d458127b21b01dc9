//! Reads the files of the export into parts of the state.

use futures::{StreamExt, stream};
use tokio::io::AsyncRead;
use tokio::time::Instant;

use super::export::{Place, waiting};
use super::{Step, postponed};
use crate::audit::{
    ArchiveError, AuditError, AuditRecord, AuditStage, AuditStore, ExportFile, ExportLines, ExportedProfile,
};
use crate::bucket::{Bucket, ObjectSummary};
use crate::delivery::DeliveryError;
use crate::delivery::segment::SegmentDelivery;
use crate::profile::Identifier;
use crate::state::{EmailHash, Fingerprint, Part, PartRow, PartWriter, part_key};

/// The most profiles in a part.
const LINES: u64 = 15_000;

/// How many files are read at the same time: Braze writes some 5,000 profiles into each.
const AT_THE_SAME_TIME: usize = 8;

/// After this many files, it is recorded that they are read.
const RECORDED_AFTER: usize = 64;

/// What a downloaded export is called.
const DOWNLOAD: &str = "download";

/// A file that was read.
#[derive(Debug)]
struct FileRead {
    file: ExportFile,
    parts: Vec<Part>,
    unknown: u64,
    others: u64,
    unreadable: u64,
}

impl SegmentDelivery {
    /// Reads all files of the export, once it is ready.
    pub(super) async fn read_export(
        &self,
        store: &AuditStore,
        owner: &str,
        record: &mut AuditRecord,
    ) -> Result<Step, DeliveryError> {
        if record.files.is_empty() {
            self.is_awaited(record)?;
        }
        let read = match self.find_export(record).await? {
            Place::Nowhere => return Ok(waiting()),
            Place::Address(address) => self.download(record, &address).await,
            Place::Files(bucket, files) => Box::pin(self.read_files(store, owner, record, &bucket, files)).await,
        };
        match read {
            Ok(Some(true)) => {}
            Ok(Some(false)) => return Ok(Step::out_of_time()),
            Ok(None) => return Ok(waiting()),
            // The connection may have broken off: it is read again.
            Err(DeliveryError::Audit(error @ AuditError::File { source: ArchiveError::Broken(_), .. })) => {
                postponed(&error);
                return Ok(waiting());
            }
            Err(error) => return Err(error),
        }
        if record.unreadable > 0 {
            return Err(AuditError::NoProfiles { lines: record.unreadable }.into());
        }
        // People are changed while Braze writes the export, so a few may have another value by then.
        if record.others * 10 > record.profiles {
            return Err(AuditError::OtherSegment { others: record.others, profiles: record.profiles }.into());
        }
        record.stage = AuditStage::Read;
        Ok(Step::Done)
    }

    /// Reads the export at an address. `None` if it is not ready; otherwise whether it was read to its end in time.
    async fn download(&self, record: &mut AuditRecord, address: &str) -> Result<Option<bool>, DeliveryError> {
        let address = self.braze.may_be_asked(address).ok_or(AuditError::OtherAddress)?;
        let left = self.budget.stop_sending().saturating_duration_since(Instant::now());
        let body = match self.braze.download(address, left).await {
            Ok(Some(body)) => body,
            Ok(None) => return Ok(None),
            Err(error) => {
                postponed(&error);
                return Ok(None);
            }
        };
        let prefix = format!("{}found-download", self.audit_prefix(record));
        let reading = self.read_file(DOWNLOAD.to_owned(), body, prefix);
        match tokio::time::timeout_at(self.budget.stop_sending(), reading).await {
            Err(_) => Ok(Some(false)),
            Ok(read) => {
                take(record, read?);
                Ok(Some(true))
            }
        }
    }

    /// Reads the files that have not been read, several at a time. Returns whether there was time for all.
    async fn read_files(
        &self,
        store: &AuditStore,
        owner: &str,
        record: &mut AuditRecord,
        bucket: &Bucket,
        files: Vec<ObjectSummary>,
    ) -> Result<Option<bool>, DeliveryError> {
        let is_read = |file: &ObjectSummary| record.files.iter().any(|read| read.key == file.key);
        let rest: Vec<ObjectSummary> = files.into_iter().filter(|file| !is_read(file)).collect();
        let first = record.files.len();
        let prefix = self.audit_prefix(record);
        let mut reads = stream::iter(rest.into_iter().enumerate())
            .take_while(|_| std::future::ready(!self.budget.is_spent()))
            .map(|(number, file)| {
                let prefix = format!("{prefix}found-{:06}", first + number + 1);
                async move {
                    let content = bucket.open(&file.key, Some(&file.etag), 0).await?;
                    self.read_file(file.key, content.into_async_read(), prefix).await
                }
            })
            .buffered(AT_THE_SAME_TIME);
        while let Some(read) = reads.next().await {
            take(record, read?);
            if record.files.len().is_multiple_of(RECORDED_AFTER) && !store.put(owner, record).await? {
                return Err(super::lost(store));
            }
        }
        Ok(Some(!self.budget.is_spent()))
    }

    /// Reads one file. Of memory it takes what a part of the state does.
    async fn read_file(
        &self,
        key: String,
        content: impl AsyncRead + Send + Unpin,
        prefix: String,
    ) -> Result<FileRead, DeliveryError> {
        let failed = |source: ArchiveError| AuditError::File { file: key.clone(), source };
        let mut lines = ExportLines::open(content).await.map_err(failed)?;
        let file = ExportFile { key: key.clone(), sha256: String::new(), profiles: 0 };
        let mut read = FileRead { file, parts: Vec::new(), unknown: 0, others: 0, unreadable: 0 };
        let mut writer = PartWriter::new();
        while let Some(line) = lines.next().await.map_err(failed)? {
            let Some(profile) = ExportedProfile::read(line, self.attribute.as_str()) else {
                read.unreadable += 1;
                continue;
            };
            read.file.profiles += 1;
            read.others += u64::from(profile.is_other);
            let email = profile.email.as_deref().map(str::trim);
            let row = match (profile.external_id.as_deref(), email) {
                (Some(id), email) => (Identifier::ExternalId(id), email.map(EmailHash::of)),
                (None, Some(email)) => (Identifier::Email(email), None),
                (None, None) => {
                    read.unknown += 1;
                    continue;
                }
            };
            writer.push(PartRow::member(row.0, row.1, Fingerprint::UNKNOWN));
            if writer.rows() >= LINES {
                self.store_found(&prefix, std::mem::take(&mut writer), &mut read.parts).await?;
            }
        }
        if writer.rows() > 0 {
            self.store_found(&prefix, writer, &mut read.parts).await?;
        }
        read.file.sha256 = lines.digest().await.map_err(failed)?;
        Ok(read)
    }

    async fn store_found(&self, prefix: &str, writer: PartWriter, parts: &mut Vec<Part>) -> Result<(), DeliveryError> {
        let key = part_key(&format!("{prefix}-{:06}", parts.len() + 1));
        let (bytes, part) = writer.finish(&key);
        self.parts.write(&key, bytes).await?;
        parts.push(part);
        Ok(())
    }
}

/// Puts a file on record that was read; its lines get the numbers that follow.
fn take(record: &mut AuditRecord, read: FileRead) {
    record.profiles += read.file.profiles;
    record.unknown += read.unknown;
    record.others += read.others;
    record.unreadable += read.unreadable;
    record.files.push(read.file);
    let last = record.found.last().map_or(0, |part| u64::from(part.first.unwrap_or(0)) + part.rows);
    let mut next = last;
    for part in read.parts {
        let first = u32::try_from(next).unwrap_or(u32::MAX);
        next += part.rows;
        record.found.push(Part { first: Some(first), ..part });
    }
}

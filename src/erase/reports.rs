//! Removes a person's rows from every `rejected.csv`.

use super::receipt::{ErasedObject, Unsearched};
use super::{EraseError, Erasure};
use crate::bucket::{BucketError, ObjectSummary, Piece};
use crate::rows::ReadSettings;

/// How much of an object is copied at a time.
const STRETCH: u64 = 8 * 1024 * 1024;

/// Attempts to rewrite a file that a delivery writes at the same time.
const TRIES: u32 = 4;

impl Erasure<'_> {
    pub(super) async fn erase_from_reports(&mut self) -> Result<(), EraseError> {
        let mut pages = self.bucket.pages("reports/");
        while let Some(page) = pages.next().await? {
            for object in page.iter().filter(|object| object.key.rsplit('.').next() == Some("csv")) {
                if self.budget.is_spent() {
                    self.receipt.unsearched.push(Unsearched::out_of_time(&object.key));
                    continue;
                }
                self.erase_from_report(object).await?;
            }
        }
        Ok(())
    }

    async fn erase_from_report(&mut self, object: &ObjectSummary) -> Result<(), EraseError> {
        match self.rows_in(object, ReadSettings::default(), None, !self.dry_run).await {
            Ok(0) | Err(EraseError::Bucket(BucketError::Missing { .. })) => {}
            Ok(rows) => self.receipt.take_report(ErasedObject { key: object.key.clone(), rows }),
            Err(EraseError::Read(error)) => {
                self.receipt.unsearched.push(Unsearched::because(&object.key, &error));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// How many of a CSV object's rows are about the person; with `writes`, it is rewritten without them.
    pub(super) async fn rows_in(
        &self,
        object: &ObjectSummary,
        settings: ReadSettings,
        columns: Option<&[String]>,
        writes: bool,
    ) -> Result<u64, EraseError> {
        let mut object = object.clone();
        for _ in 0..TRIES {
            match self.rows_in_content(&object, settings.clone(), columns, writes).await {
                Err(EraseError::Bucket(BucketError::Changed { .. })) => {}
                other => return other,
            }
            match self.bucket.summary(&object.key).await? {
                Some(now) => object = now,
                None => return Ok(0),
            }
        }
        Err(BucketError::Changed { bucket: self.bucket.name().to_owned(), key: object.key }.into())
    }

    async fn rows_in_content(
        &self,
        object: &ObjectSummary,
        settings: ReadSettings,
        columns: Option<&[String]>,
        writes: bool,
    ) -> Result<u64, EraseError> {
        if object.size == 0 {
            return Ok(0);
        }
        let source = self.bucket.open(&object.key, Some(&object.etag), 0).await?.into_async_read();
        let found = self.search.find(source, settings, columns).await?;
        if found.rows > 0 && writes {
            let pieces: Vec<Piece> = found
                .remaining(STRETCH)
                .into_iter()
                .map(|bytes| Piece::Stretch { key: object.key.clone(), etag: object.etag.clone(), bytes })
                .collect();
            self.bucket.write_together(&object.key, "text/csv; charset=utf-8", &pieces, |_| ()).await?;
        }
        Ok(found.rows)
    }
}

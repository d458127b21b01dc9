//! Looks for a person in the files below `incoming/`, which belong to the exporter and are not changed.

use super::receipt::{HoldingFile, Unsearched};
use super::{EraseError, Erasure};
use crate::bucket::{BucketError, ObjectSummary};
use crate::rows::ReadSettings;

impl Erasure<'_> {
    pub(super) async fn look_through_incoming(&mut self) -> Result<(), EraseError> {
        let mut pages = self.bucket.pages("incoming/");
        while let Some(page) = pages.next().await? {
            for object in page.iter().filter(|object| object.size > 0 && is_searched(&object.key)) {
                if self.budget.is_spent() {
                    self.receipt.unsearched.push(Unsearched::out_of_time(&object.key));
                    continue;
                }
                self.look_through(object).await?;
            }
        }
        Ok(())
    }

    async fn look_through(&mut self, object: &ObjectSummary) -> Result<(), EraseError> {
        let source = match self.bucket.open(&object.key, Some(&object.etag), 0).await {
            Ok(stream) => stream.into_async_read(),
            Err(BucketError::Missing { .. }) => return Ok(()),
            Err(error @ BucketError::Changed { .. }) => {
                self.receipt.unsearched.push(Unsearched::because(&object.key, &error));
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        match self.search.find(source, ReadSettings::default(), None).await {
            Ok(found) if found.rows > 0 => {
                self.receipt.take_incoming(HoldingFile { key: object.key.clone(), rows: found.rows });
            }
            Ok(_) => {}
            Err(error) => {
                self.receipt.unsearched.push(Unsearched::because(&object.key, &error));
            }
        }
        Ok(())
    }
}

// Descriptions contain no people.
fn is_searched(key: &str) -> bool {
    key.rsplit('.').next() != Some("json")
}

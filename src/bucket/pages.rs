//! Lists the objects below a prefix page by page, so that memory does not grow with their number.

use super::{Bucket, BucketError, ETag, ObjectSummary, timestamp};

/// The objects whose key begins with a prefix, in the order of their keys.
#[derive(Debug)]
pub struct Pages<'b> {
    bucket: &'b Bucket,
    prefix: String,
    after: Option<String>,
    token: Option<String>,
    at_end: bool,
}

impl Bucket {
    /// The objects whose key begins with `prefix`. Nothing is asked yet.
    pub fn pages(&self, prefix: impl Into<String>) -> Pages<'_> {
        Pages { bucket: self, prefix: prefix.into(), after: None, token: None, at_end: false }
    }

    /// The same, from the first key after `after` on.
    pub fn pages_after(&self, prefix: impl Into<String>, after: String) -> Pages<'_> {
        Pages { after: Some(after), ..self.pages(prefix) }
    }

    /// The keys below `prefix`, all of them: for prefixes that hold few objects.
    pub async fn keys(&self, prefix: &str) -> Result<Vec<String>, BucketError> {
        let mut keys = Vec::new();
        let mut pages = self.pages(prefix);
        while let Some(page) = pages.next().await? {
            keys.extend(page.into_iter().map(|object| object.key));
        }
        Ok(keys)
    }
}

/// The age at which an unfinished multipart upload counts as abandoned.
const LONGEST_UPLOAD: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

impl Bucket {
    /// Whether an upload in several pieces to a key below `prefix` is in progress: its object is not there before its end (Amazon
    /// S3 API Reference, `ListMultipartUploads`). If that cannot be listed, it is not known, and a line in the log says so.
    pub async fn uploads_in_progress(&self, prefix: &str, now: jiff::Timestamp) -> bool {
        let answer = self.client.list_multipart_uploads().bucket(&self.name).prefix(prefix).send().await;
        let uploads = match answer {
            Ok(answer) => answer.uploads.unwrap_or_default(),
            Err(error) => {
                let error = self.error("ListMultipartUploads", prefix, &error);
                tracing::warn!(%error, "uploads in progress could not be listed; the role needs s3:ListBucketMultipartUploads");
                return false;
            }
        };
        let is_recent = |begun| now.duration_since(timestamp(Some(begun))) < LONGEST_UPLOAD;
        uploads.iter().any(|upload| upload.initiated().is_none_or(is_recent))
    }
}

impl Pages<'_> {
    /// The next page of at most 1,000 objects (Amazon S3 API Reference, `ListObjectsV2`), or `None` after the last.
    pub async fn next(&mut self) -> Result<Option<Vec<ObjectSummary>>, BucketError> {
        if self.at_end {
            return Ok(None);
        }
        let answer = self
            .bucket
            .client
            .list_objects_v2()
            .bucket(&self.bucket.name)
            .prefix(&self.prefix)
            .set_start_after(self.after.take())
            .set_continuation_token(self.token.take())
            .send()
            .await
            .map_err(|error| self.bucket.error("ListObjectsV2", &self.prefix, &error))?;
        self.token = answer.next_continuation_token;
        self.at_end = self.token.is_none();
        let objects = answer.contents.unwrap_or_default().into_iter().filter_map(|object| {
            Some(ObjectSummary {
                etag: ETag::new(object.e_tag.as_deref().unwrap_or_default()),
                size: u64::try_from(object.size.unwrap_or(0)).unwrap_or(0),
                last_modified: timestamp(object.last_modified.as_ref()),
                key: object.key?,
            })
        });
        Ok(Some(objects.collect()))
    }

    /// Whether the last page has been given.
    pub fn is_at_end(&self) -> bool {
        self.at_end
    }
}

//! Writes an object whose content arrives piece by piece, in bounded memory.

use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;

use super::together::MULTIPART_SIZE;
use super::{Bucket, BucketError, Condition, ETag, if_match, if_none_match};

/// What is known of an object besides its content.
#[derive(Clone, Debug)]
pub struct About {
    /// The type of its content.
    pub content_type: String,
    /// An entry of its metadata: name and value, both ASCII.
    pub metadata: (&'static str, String),
}

/// An object that is being written. Nothing is stored under its key before its end; at most some 16 MiB of it are in memory.
#[derive(Debug)]
pub struct Upload<'b> {
    bucket: &'b Bucket,
    key: String,
    about: About,
    parts: Option<(String, Vec<CompletedPart>)>,
    waiting: Vec<u8>,
}

impl Bucket {
    /// Begins to write an object. Nothing is sent yet.
    pub fn upload(&self, key: &str, about: About) -> Upload<'_> {
        Upload { bucket: self, key: key.to_owned(), about, parts: None, waiting: Vec::new() }
    }

    /// The tag of an object and the value of an entry of its metadata; `None` if it does not exist.
    pub async fn metadata(&self, key: &str, name: &str) -> Result<Option<(ETag, Option<String>)>, BucketError> {
        match self.client.head_object().bucket(&self.name).key(key).send().await {
            Ok(answer) => {
                let etag = ETag::new(answer.e_tag.as_deref().unwrap_or_default());
                Ok(Some((etag, answer.metadata.and_then(|mut metadata| metadata.remove(name)))))
            }
            Err(error) => match self.error("HeadObject", key, &error) {
                BucketError::Missing { .. } => Ok(None),
                other => Err(other),
            },
        }
    }

    /// Ends uploads of exactly this key that were begun and never finished, such as those of a function that was killed. Only
    /// for callers who know that no one else writes the key.
    async fn abort_abandoned(&self, key: &str) {
        let listed = self.client.list_multipart_uploads().bucket(&self.name).prefix(key).send().await;
        // Without the permission to list them, the lifecycle rule of the bucket removes them.
        let uploads = listed.map(|answer| answer.uploads.unwrap_or_default()).unwrap_or_default();
        for upload in uploads.iter().filter(|upload| upload.key() == Some(key)) {
            self.abort(key, upload.upload_id().unwrap_or_default()).await;
        }
    }

    async fn abort(&self, key: &str, id: &str) {
        let aborted = self.client.abort_multipart_upload().bucket(&self.name).key(key).upload_id(id).send().await;
        if let Err(error) = aborted {
            let error = self.error("AbortMultipartUpload", key, &error);
            tracing::warn!(%error, "an unfinished upload stays until the lifecycle rule of the bucket removes it");
        }
    }
}

impl Upload<'_> {
    /// Adds bytes to the end.
    pub async fn add(&mut self, bytes: &[u8]) -> Result<(), BucketError> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= MULTIPART_SIZE { self.store_part().await } else { Ok(()) }
    }

    async fn store_part(&mut self) -> Result<(), BucketError> {
        if self.parts.is_none() {
            self.bucket.abort_abandoned(&self.key).await;
            let About { content_type, metadata } = &self.about;
            let id = self.bucket.begin_upload(&self.key, content_type, Some(metadata)).await?;
            self.parts = Some((id, Vec::new()));
        }
        if let Some((id, parts)) = &mut self.parts {
            let body = std::mem::take(&mut self.waiting);
            parts.push(self.bucket.upload_part(&self.key, id, parts.len(), body).await?);
        }
        Ok(())
    }

    /// Makes the object what was added, under `condition`, and gives its tag. A condition that does not hold is
    /// [`BucketError::Changed`], and the object stays what it was.
    pub async fn finish(mut self, condition: &Condition) -> Result<ETag, BucketError> {
        if self.parts.is_some() && !self.waiting.is_empty() {
            self.store_part().await?;
        }
        let finished = match self.parts.take() {
            None => {
                let body = Bytes::from(std::mem::take(&mut self.waiting));
                let About { content_type, metadata } = &self.about;
                self.bucket.put(&self.key, body, content_type, condition, Some(metadata)).await
            }
            Some((id, parts)) => {
                let completed = self.complete(&id, parts, condition).await;
                if completed.is_err() {
                    self.bucket.abort(&self.key, &id).await;
                }
                completed
            }
        };
        finished.map_err(|error| match error {
            BucketError::Missing { bucket, key } => BucketError::Changed { bucket, key },
            other => other,
        })
    }

    async fn complete(&self, id: &str, parts: Vec<CompletedPart>, condition: &Condition) -> Result<ETag, BucketError> {
        let answer = self
            .bucket
            .client
            .complete_multipart_upload()
            .bucket(&self.bucket.name)
            .key(&self.key)
            .upload_id(id)
            .set_if_none_match(if_none_match(condition))
            .set_if_match(if_match(condition))
            .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(parts)).build())
            .send()
            .await
            .map_err(|error| self.bucket.error("CompleteMultipartUpload", &self.key, &error))?;
        Ok(ETag::new(answer.e_tag.as_deref().unwrap_or_default()))
    }

    /// Gives up. What was stored of it is removed.
    pub async fn abandon(self) {
        if let Some((id, _)) = &self.parts {
            self.bucket.abort(&self.key, id).await;
        }
    }
}

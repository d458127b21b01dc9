//! Writes an object whose content arrives piece by piece, in bounded memory.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;

use super::{Bucket, BucketError, Condition, ETag, entries, if_match, if_none_match};

/// Every part of a multipart upload but the last has at least 5 MiB (Amazon S3 User Guide, "Multipart upload limits").
const MULTIPART_SIZE: usize = 8 * 1024 * 1024;

/// What is known of an object besides its content.
#[derive(Clone, Debug)]
pub struct About {
    /// The type of its content.
    pub content_type: String,
    /// An entry of its metadata: name and value, both ASCII.
    pub metadata: Option<(&'static str, String)>,
    /// Whether no one else writes it, so that unfinished uploads of it, such as those of a function that was killed, can be
    /// ended.
    pub sole_writer: bool,
}

impl About {
    /// Content of this type, without metadata, which others may write too.
    pub fn content(content_type: &str) -> Self {
        Self { content_type: content_type.to_owned(), metadata: None, sole_writer: false }
    }
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
        Ok(self.head(key).await?.map(|answer| {
            let etag = ETag::new(answer.e_tag.as_deref().unwrap_or_default());
            (etag, answer.metadata.and_then(|mut metadata| metadata.remove(name)))
        }))
    }

    async fn begin_upload(
        &self,
        key: &str,
        content_type: &str,
        metadata: Option<&(&'static str, String)>,
    ) -> Result<String, BucketError> {
        let answer = self
            .client
            .create_multipart_upload()
            .bucket(&self.name)
            .key(key)
            .content_type(content_type)
            .set_metadata(metadata.map(entries))
            .send()
            .await
            .map_err(|error| self.error("CreateMultipartUpload", key, &error))?;
        Ok(answer.upload_id.unwrap_or_default())
    }

    async fn upload_part(
        &self,
        key: &str,
        id: &str,
        before: usize,
        body: Vec<u8>,
    ) -> Result<CompletedPart, BucketError> {
        let number = i32::try_from(before + 1).unwrap_or(i32::MAX);
        let answer = self
            .client
            .upload_part()
            .bucket(&self.name)
            .key(key)
            .upload_id(id)
            .part_number(number)
            .body(ByteStream::from(body))
            .customize()
            .disable_payload_signing()
            .send()
            .await
            .map_err(|error| self.error("UploadPart", key, &error))?;
        Ok(CompletedPart::builder().part_number(number).set_e_tag(answer.e_tag).build())
    }

    /// Ends uploads of exactly this key that were begun and never finished.
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
    pub async fn add(&mut self, mut bytes: &[u8]) -> Result<(), BucketError> {
        while self.waiting.len() + bytes.len() >= MULTIPART_SIZE {
            let (now, later) = bytes.split_at(MULTIPART_SIZE - self.waiting.len());
            self.wait(now);
            self.store_part().await?;
            bytes = later;
        }
        self.wait(bytes);
        Ok(())
    }

    /// Keeps bytes, which fit in the part. Its memory doubles as it grows, but never beyond a part: a function of 128 MB has
    /// room for several uploads.
    fn wait(&mut self, bytes: &[u8]) {
        let needed = self.waiting.len() + bytes.len();
        if needed > self.waiting.capacity() {
            let capacity = (2 * self.waiting.capacity()).clamp(needed, MULTIPART_SIZE);
            self.waiting.reserve_exact(capacity - self.waiting.len());
        }
        self.waiting.extend_from_slice(bytes);
    }

    async fn store_part(&mut self) -> Result<(), BucketError> {
        if self.parts.is_none() {
            if self.about.sole_writer {
                self.bucket.abort_abandoned(&self.key).await;
            }
            let About { content_type, metadata, .. } = &self.about;
            let id = self.bucket.begin_upload(&self.key, content_type, metadata.as_ref()).await?;
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
                let About { content_type, metadata, .. } = &self.about;
                self.bucket.put(&self.key, body, content_type, condition, metadata.as_ref()).await
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

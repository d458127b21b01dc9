//! The S3 bucket: the few operations that the application needs, with the conditions that keep its state consistent.
//!
//! State is written with S3's conditional writes (`If-None-Match: *`, `If-Match: <ETag>`; Amazon S3 User Guide,
//! "How to prevent object overwrites with conditional writes"), so that no database is needed for two functions to agree.

mod pages;
mod together;
mod upload;

use std::collections::HashMap;
use std::fmt;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use thiserror::Error;

pub use self::pages::Pages;
pub use self::together::Piece;
pub use self::upload::{About, Upload};
use crate::message::codes;

/// A bucket and the client that reaches it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bucket {
    client: Client,
    name: String,
}

/// Errors of the S3 bucket.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BucketError {
    /// No object has this key, or it was deleted.
    ///
    /// Fix: check the key, and whether something deletes or moves the file.
    #[error("s3://{bucket}/{key} does not exist\nCheck the key, and whether something deletes or moves the file.")]
    Missing {
        /// The bucket.
        bucket: String,
        /// The key that was asked for.
        key: String,
    },
    /// The object changed since it was read, or another write won.
    ///
    /// Fix: nothing to do; the next attempt reads the new content.
    #[error("s3://{bucket}/{key} changed since it was read\nNothing is lost: the next attempt reads the new content.")]
    Changed {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
    },
    /// The object is larger than its limit.
    ///
    /// Fix: check that the right file is stored under this key.
    #[error("s3://{bucket}/{key} is too large: {size} bytes, the limit is {limit}\nCheck that it is the right file.")]
    TooLarge {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
        /// Its size in bytes.
        size: u64,
        /// The largest size that is read, in bytes.
        limit: u64,
    },
    /// S3 returned an error or could not be reached.
    ///
    /// Fix: if it is not retried successfully, check the permissions of the role and the bucket's policy.
    #[error("S3 {operation} failed for s3://{bucket}/{key}: {reason}")]
    Failed {
        /// The S3 operation.
        operation: &'static str,
        /// The bucket.
        bucket: String,
        /// The key or prefix.
        key: String,
        /// What S3 or the connection said.
        reason: String,
    },
}

codes!(BucketError { Missing = "ITB-S01", Changed = "ITB-S02", TooLarge = "ITB-S03", Failed = "ITB-S04" });

/// What a write demands of the object that is there.
#[derive(Clone, Debug)]
pub enum Condition {
    /// Whatever is there is replaced.
    Any,
    /// Nothing may be there.
    Absent,
    /// The object with this tag must be there.
    Unchanged(ETag),
}

/// The entity tag of one content of an object, as S3 gives it, quotes included.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct ETag(String);

impl ETag {
    /// Takes a tag with or without its quotes: events carry it bare, answers quoted.
    pub fn new(tag: &str) -> Self {
        Self(format!("\"{}\"", tag.trim_matches('"')))
    }

    /// The tag without quotes, as events and reports carry it.
    pub fn bare(&self) -> &str {
        self.0.trim_matches('"')
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.bare())
    }
}

/// An object's metadata, from a listing or a `HEAD` request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectSummary {
    /// Its key, decoded.
    pub key: String,
    /// Which content it has.
    pub etag: ETag,
    /// Its size in bytes.
    pub size: u64,
    /// When S3 stored it, by S3's clock.
    pub last_modified: Timestamp,
}

impl Bucket {
    /// The bucket `name` through `client`.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    /// Another bucket, reached by the same client.
    #[must_use]
    pub fn other(&self, name: &str) -> Self {
        Self { client: self.client.clone(), name: name.to_owned() }
    }

    /// The bucket's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Opens an object for streaming. With `etag`, only that very content; `from` is the first byte wanted.
    pub async fn open(&self, key: &str, etag: Option<&ETag>, from: u64) -> Result<ByteStream, BucketError> {
        tracing::debug!(key, from, "an object is opened");
        let range = (from > 0).then(|| format!("bytes={from}-"));
        let answer = self
            .client
            .get_object()
            .bucket(&self.name)
            .key(key)
            .set_if_match(etag.map(|etag| etag.0.clone()))
            .set_range(range)
            .send()
            .await
            .map_err(|error| self.error("GetObject", key, &error))?;
        Ok(answer.body)
    }

    /// A whole object of at most `limit` bytes with its tag, or `None` if there is none.
    pub async fn read(&self, key: &str, limit: u64) -> Result<Option<(Bytes, ETag)>, BucketError> {
        Ok(self.read_dated(key, limit).await?.map(|(bytes, etag, _)| (bytes, etag)))
    }

    /// The same with the time at which it was stored, by S3's clock, in whole seconds.
    pub async fn read_dated(&self, key: &str, limit: u64) -> Result<Option<(Bytes, ETag, Timestamp)>, BucketError> {
        tracing::debug!(key, "an object is read");
        let answer = match self.client.get_object().bucket(&self.name).key(key).send().await {
            Ok(answer) => answer,
            Err(error) => {
                return match self.error("GetObject", key, &error) {
                    BucketError::Missing { .. } => Ok(None),
                    other => Err(other),
                };
            }
        };
        let size = u64::try_from(answer.content_length.unwrap_or(0)).unwrap_or(0);
        if size > limit {
            return Err(BucketError::TooLarge { bucket: self.name.clone(), key: key.to_owned(), size, limit });
        }
        let etag = ETag::new(answer.e_tag.as_deref().unwrap_or_default());
        let stored_at = timestamp(answer.last_modified.as_ref());
        Ok(Some((self.collected(key, answer.body).await?, etag, stored_at)))
    }

    async fn collected(&self, key: &str, body: ByteStream) -> Result<Bytes, BucketError> {
        let collected = body.collect().await.map_err(|error| BucketError::Failed {
            operation: "GetObject",
            bucket: self.name.clone(),
            key: key.to_owned(),
            reason: error.to_string(),
        })?;
        Ok(collected.into_bytes())
    }

    /// Stores an object under `condition` and gives its new tag.
    ///
    /// A condition that does not hold, and a write that lost against another one, are [`BucketError::Changed`].
    pub async fn write(
        &self,
        key: &str,
        body: impl Into<Bytes>,
        content_type: &str,
        condition: &Condition,
    ) -> Result<ETag, BucketError> {
        self.put(key, body.into(), content_type, condition, None).await
    }

    /// The same with `value` as JSON.
    pub async fn write_json(
        &self,
        key: &str,
        value: &impl Serialize,
        condition: &Condition,
    ) -> Result<ETag, BucketError> {
        let body = serde_json::to_vec(value).map_err(|error| BucketError::Failed {
            operation: "PutObject",
            bucket: self.name.clone(),
            key: key.to_owned(),
            reason: error.to_string(),
        })?;
        self.write(key, body, "application/json", condition).await
    }

    async fn put(
        &self,
        key: &str,
        body: Bytes,
        content_type: &str,
        condition: &Condition,
        metadata: Option<&(&'static str, String)>,
    ) -> Result<ETag, BucketError> {
        tracing::debug!(key, "an object is written");
        let answer = self
            .client
            .put_object()
            .bucket(&self.name)
            .key(key)
            .content_type(content_type)
            .set_metadata(metadata.map(entries))
            .body(ByteStream::from(body))
            .set_if_none_match(if_none_match(condition))
            .set_if_match(if_match(condition))
            .customize()
            // As the AWS CLI does: TLS and a checksum of the body, which is signed, protect it already.
            .disable_payload_signing()
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(ETag::new(answer.e_tag.as_deref().unwrap_or_default())),
            Err(error) => Err(match self.error("PutObject", key, &error) {
                // With If-Match, S3 answers 404 when the object is gone: for the caller the same as a changed one.
                BucketError::Missing { bucket, key } => BucketError::Changed { bucket, key },
                other => other,
            }),
        }
    }

    /// The metadata of an object; `None` if it does not exist.
    pub async fn summary(&self, key: &str) -> Result<Option<ObjectSummary>, BucketError> {
        Ok(self.head(key).await?.map(|answer| ObjectSummary {
            key: key.to_owned(),
            etag: ETag::new(answer.e_tag.as_deref().unwrap_or_default()),
            size: u64::try_from(answer.content_length.unwrap_or(0)).unwrap_or(0),
            last_modified: timestamp(answer.last_modified.as_ref()),
        }))
    }

    async fn head(&self, key: &str) -> Result<Option<HeadObjectOutput>, BucketError> {
        match self.client.head_object().bucket(&self.name).key(key).send().await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) => match self.error("HeadObject", key, &error) {
                BucketError::Missing { .. } => Ok(None),
                other => Err(other),
            },
        }
    }

    /// The folders directly below `prefix`, which ends with a slash; each with its own slash at the end.
    pub async fn folders(&self, prefix: &str) -> Result<Vec<String>, BucketError> {
        let mut folders = Vec::new();
        let mut token = None;
        loop {
            let answer = self
                .client
                .list_objects_v2()
                .bucket(&self.name)
                .prefix(prefix)
                .delimiter("/")
                .set_continuation_token(token)
                .send()
                .await
                .map_err(|error| self.error("ListObjectsV2", prefix, &error))?;
            folders.extend(answer.common_prefixes.unwrap_or_default().into_iter().filter_map(|common| common.prefix));
            token = answer.next_continuation_token;
            if token.is_none() {
                return Ok(folders);
            }
        }
    }

    /// Deletes an object if it is still the one with this tag; otherwise that is [`BucketError::Changed`] (Amazon S3 User
    /// Guide, "How to perform conditional deletes").
    pub async fn delete_unchanged(&self, key: &str, etag: &ETag) -> Result<(), BucketError> {
        let request = self.client.delete_object().bucket(&self.name).key(key).if_match(&etag.0);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(match self.error("DeleteObject", key, &error) {
                BucketError::Missing { bucket, key } => BucketError::Changed { bucket, key },
                other => other,
            }),
        }
    }

    /// Deletes objects. A key that is gone already counts as deleted.
    pub async fn delete(&self, keys: &[String]) -> Result<(), BucketError> {
        // DeleteObjects takes at most 1,000 keys (Amazon S3 API Reference).
        for keys in keys.chunks(1_000) {
            let failed = |reason: String| BucketError::Failed {
                operation: "DeleteObjects",
                bucket: self.name.clone(),
                key: keys.first().cloned().unwrap_or_default(),
                reason,
            };
            let objects = keys
                .iter()
                .map(|key| ObjectIdentifier::builder().key(key).build())
                .collect::<Result<Vec<_>, _>>()
                .map_err(|error| failed(error.to_string()))?;
            let delete = Delete::builder()
                .set_objects(Some(objects))
                .quiet(true)
                .build()
                .map_err(|error| failed(error.to_string()))?;
            let answer = self
                .client
                .delete_objects()
                .bucket(&self.name)
                .delete(delete)
                .send()
                .await
                .map_err(|error| self.error("DeleteObjects", keys.first().map_or("", String::as_str), &error))?;
            if let Some(error) = answer.errors().first() {
                return Err(failed(error.message().unwrap_or("no reason given").to_owned()));
            }
        }
        Ok(())
    }

    fn error<E>(&self, operation: &'static str, key: &str, error: &SdkError<E, HttpResponse>) -> BucketError
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let (bucket, key) = (self.name.clone(), key.to_owned());
        let status = error.raw_response().map(|response| response.status().as_u16());
        match status {
            Some(404) if error.code() == Some("NoSuchBucket") => BucketError::Failed {
                operation,
                reason:
                    "there is no such bucket. Check the environment variable BUCKET, or audit_bucket of the connection"
                        .to_owned(),
                bucket,
                key,
            },
            Some(404) => BucketError::Missing { bucket, key },
            // 409 is the answer to two conditional writes at the same moment.
            Some(409 | 412) => BucketError::Changed { bucket, key },
            Some(403) => BucketError::Failed {
                operation,
                reason: "access denied. The function's role needs this action on this key".to_owned(),
                bucket,
                key,
            },
            _ => BucketError::Failed { operation, bucket, key, reason: DisplayErrorContext(error).to_string() },
        }
    }
}

fn if_none_match(condition: &Condition) -> Option<String> {
    matches!(condition, Condition::Absent).then(|| "*".to_owned())
}

fn if_match(condition: &Condition) -> Option<String> {
    match condition {
        Condition::Unchanged(etag) => Some(etag.0.clone()),
        Condition::Any | Condition::Absent => None,
    }
}

/// An entry of metadata as the SDK takes it.
fn entries((name, value): &(&'static str, String)) -> HashMap<String, String> {
    HashMap::from([((*name).to_owned(), value.clone())])
}

fn timestamp(time: Option<&aws_sdk_s3::primitives::DateTime>) -> Timestamp {
    time.and_then(|time| Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).unwrap_or(0)).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

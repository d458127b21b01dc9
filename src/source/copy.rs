//! Copies one blob into the bucket: streamed, compared with what Azure says of it, and stored whole or not at all.

use futures::StreamExt;
use md5::{Digest, Md5};

use super::azure::{Blob, Container, ReadError};
use super::error::SourceError;
use super::opened::ETAG_OF_SOURCE;
use crate::bucket::{About, Bucket, BucketError, Condition, ETag, Upload};
use crate::config::Source;

/// How often a blob is read whose connection breaks.
const ATTEMPTS: u32 = 3;

/// How a copy ended.
#[derive(Debug)]
pub(super) enum Copied {
    /// The object is a copy of the blob.
    Stored(ETag),
    /// The blob has another content by now, or the object was written by someone else: the next listing shows it.
    Again,
    /// The blob was deleted.
    Gone,
}

/// Copies `blob` to `key` under `condition`.
pub(super) async fn copy(
    source: &Source,
    container: &Container,
    bucket: &Bucket,
    blob: &Blob,
    key: &str,
    condition: &Condition,
) -> Result<Copied, SourceError> {
    let mut attempt = 1;
    loop {
        match attempt_copy(source, container, bucket, blob, key, condition).await {
            Ok(etag) => return Ok(Copied::Stored(etag)),
            Err(CopyError::Bucket(BucketError::Changed { .. }) | CopyError::Read(ReadError::Changed)) => {
                return Ok(Copied::Again);
            }
            Err(CopyError::Read(ReadError::Gone)) => return Ok(Copied::Gone),
            Err(CopyError::Bucket(error)) => return Err(error.into()),
            Err(CopyError::Read(ReadError::Failed(error))) => return Err(error),
            Err(CopyError::Read(ReadError::Interrupted(error))) if attempt == ATTEMPTS => return Err(error),
            Err(CopyError::Read(ReadError::Interrupted(error))) => {
                tracing::warn!(%error, attempt, "a file is read again");
                attempt += 1;
            }
        }
    }
}

enum CopyError {
    Read(ReadError),
    Bucket(BucketError),
}

async fn attempt_copy(
    source: &Source,
    container: &Container,
    bucket: &Bucket,
    blob: &Blob,
    key: &str,
    condition: &Condition,
) -> Result<ETag, CopyError> {
    let content_type = if is_model(&blob.name) { "application/json" } else { "application/octet-stream" };
    // The lease of the source keeps other functions away.
    let about = About {
        metadata: Some((ETAG_OF_SOURCE, blob.etag.clone())),
        sole_writer: true,
        ..About::content(content_type)
    };
    let mut upload = bucket.upload(key, about);
    match stream(source, container, blob, &mut upload).await {
        Ok(()) => upload.finish(condition).await.map_err(CopyError::Bucket),
        Err(error) => {
            upload.abandon().await;
            Err(error)
        }
    }
}

async fn stream(source: &Source, container: &Container, blob: &Blob, upload: &mut Upload<'_>) -> Result<(), CopyError> {
    let mut body = container.open_blob(blob).await.map_err(CopyError::Read)?;
    let (mut digest, mut length) = (Md5::new(), 0);
    while let Some(bytes) = body.next().await {
        let bytes = bytes.map_err(|error| CopyError::Read(container.interrupted(&error)))?;
        digest.update(&bytes);
        length += bytes.len() as u64;
        upload.add(&bytes).await.map_err(CopyError::Bucket)?;
    }
    let damaged = |found: String| {
        let (of, blob) = (source.name.clone(), blob.name.clone());
        CopyError::Read(ReadError::Interrupted(SourceError::Damaged { of, blob, found }))
    };
    if length != blob.size {
        return Err(damaged(format!("{length} of {} bytes", blob.size)));
    }
    if blob.md5.as_ref().is_some_and(|md5| md5[..] != digest.finalize()[..]) {
        return Err(damaged("its MD5 differs".to_owned()));
    }
    Ok(())
}

/// Whether a blob describes others.
pub(super) fn is_model(name: &str) -> bool {
    name.rsplit('/').next() == Some("model.json")
}

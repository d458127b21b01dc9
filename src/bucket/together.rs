//! Writes an object that consists of pieces, in bounded memory.

use std::ops::Range;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;

use super::{Bucket, BucketError, Condition, ETag, entries};

/// A piece of the object.
#[derive(Clone, Debug)]
pub enum Piece {
    /// Bytes in memory.
    Bytes(Bytes),
    /// The content of the object with this key.
    Object(String),
    /// A range of an object's bytes.
    Stretch {
        /// The object's key.
        key: String,
        /// The version of its content.
        etag: ETag,
        /// The first byte, and the one after the last.
        bytes: Range<u64>,
    },
}

/// Every part of a multipart upload but the last has at least 5 MiB (Amazon S3 User Guide, "Multipart upload limits").
pub(super) const MULTIPART_SIZE: usize = 8 * 1024 * 1024;

/// A piece is small: rejected rows are stored before they are many.
const PIECE_LIMIT: u64 = 64 * 1024 * 1024;

impl Bucket {
    /// Stores `pieces`, one after the other, as one object. At most some 8 MiB and one piece are in memory. `see` is shown
    /// each object among the pieces once it has been read.
    pub async fn write_together(
        &self,
        key: &str,
        content_type: &str,
        pieces: &[Piece],
        mut see: impl FnMut(&Bytes),
    ) -> Result<(), BucketError> {
        let mut upload: Option<(String, Vec<CompletedPart>)> = None;
        let mut waiting = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Bytes(bytes) => waiting.extend_from_slice(bytes),
                Piece::Object(piece) => {
                    if let Some((bytes, _)) = self.read(piece, PIECE_LIMIT).await? {
                        see(&bytes);
                        waiting.extend_from_slice(&bytes);
                    }
                }
                Piece::Stretch { key, etag, bytes } => {
                    waiting.extend_from_slice(&self.read_stretch(key, etag, bytes.clone()).await?);
                }
            }
            if waiting.len() >= MULTIPART_SIZE {
                let (id, mut parts) = match upload.take() {
                    Some(upload) => upload,
                    None => (self.begin_upload(key, content_type, None).await?, Vec::new()),
                };
                parts.push(self.upload_part(key, &id, parts.len(), std::mem::take(&mut waiting)).await?);
                upload = Some((id, parts));
            }
        }
        let Some((id, mut parts)) = upload else {
            return self.write(key, waiting, content_type, &Condition::Any).await.map(drop);
        };
        if !waiting.is_empty() {
            parts.push(self.upload_part(key, &id, parts.len(), waiting).await?);
        }
        self.client
            .complete_multipart_upload()
            .bucket(&self.name)
            .key(key)
            .upload_id(id)
            .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(parts)).build())
            .send()
            .await
            .map_err(|error| self.error("CompleteMultipartUpload", key, &error))?;
        Ok(())
    }

    async fn read_stretch(&self, key: &str, etag: &ETag, bytes: Range<u64>) -> Result<Bytes, BucketError> {
        if bytes.is_empty() {
            return Ok(Bytes::new());
        }
        let answer = self
            .client
            .get_object()
            .bucket(&self.name)
            .key(key)
            .if_match(etag.0.clone())
            .range(format!("bytes={}-{}", bytes.start, bytes.end - 1))
            .send()
            .await
            .map_err(|error| self.error("GetObject", key, &error))?;
        self.collected(key, answer.body).await
    }

    pub(super) async fn begin_upload(
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

    pub(super) async fn upload_part(
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
            .send()
            .await
            .map_err(|error| self.error("UploadPart", key, &error))?;
        Ok(CompletedPart::builder().part_number(number).set_e_tag(answer.e_tag).build())
    }
}

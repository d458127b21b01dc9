//! Writes an object that consists of pieces, in bounded memory.

use std::ops::Range;

use bytes::Bytes;

use super::upload::About;
use super::{Bucket, BucketError, Condition, ETag};

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
        let mut upload = self.upload(key, About::content(content_type));
        for piece in pieces {
            match piece {
                Piece::Bytes(bytes) => upload.add(bytes).await?,
                Piece::Object(piece) => {
                    if let Some((bytes, _)) = self.read(piece, PIECE_LIMIT).await? {
                        see(&bytes);
                        upload.add(&bytes).await?;
                    }
                }
                Piece::Stretch { key, etag, bytes } => {
                    upload.add(&self.read_stretch(key, etag, bytes.clone()).await?).await?;
                }
            }
        }
        upload.finish(&Condition::Any).await.map(drop)
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
}

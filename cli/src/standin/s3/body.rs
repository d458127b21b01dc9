//! Request bodies into what is kept, with the digests that S3 checks, and what is kept into response bodies.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::{StreamExt, stream};
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Sha1, Sha256};
use s3s::dto::{Checksum, StreamingBlob};
use s3s::{S3Error, S3Result, TrailingHeaders, s3_error};

use super::held::Opened;
use super::storage::Storage;
use super::writer::Written;

/// The digests that a request promises for its body.
pub(super) struct Promised {
    pub(super) checksum: Checksum,
    pub(super) content_md5: Option<String>,
    pub(super) content_length: Option<i64>,
    /// `x-amz-sdk-checksum-algorithm`, when the digest itself follows the body.
    pub(super) algorithm: Option<String>,
}

impl Promised {
    fn hasher(&self) -> ChecksumHasher {
        let asked = |value: &Option<String>, name: &str| value.is_some() || self.algorithm.as_deref() == Some(name);
        ChecksumHasher {
            crc32: asked(&self.checksum.checksum_crc32, "CRC32").then(Crc32::new),
            crc32c: asked(&self.checksum.checksum_crc32c, "CRC32C").then(Crc32c::new),
            sha1: asked(&self.checksum.checksum_sha1, "SHA1").then(Sha1::new),
            sha256: asked(&self.checksum.checksum_sha256, "SHA256").then(Sha256::new),
            crc64nvme: asked(&self.checksum.checksum_crc64nvme, "CRC64NVME").then(Crc64Nvme::new),
        }
    }

    /// Takes over what followed the body.
    fn take_trailers(&mut self, trailers: Option<TrailingHeaders>) {
        let Some(trailers) = trailers.and_then(|trailers| trailers.take()) else { return };
        let text = |name: &str| trailers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        for (name, promised) in [
            ("x-amz-checksum-crc32", &mut self.checksum.checksum_crc32),
            ("x-amz-checksum-crc32c", &mut self.checksum.checksum_crc32c),
            ("x-amz-checksum-sha1", &mut self.checksum.checksum_sha1),
            ("x-amz-checksum-sha256", &mut self.checksum.checksum_sha256),
            ("x-amz-checksum-crc64nvme", &mut self.checksum.checksum_crc64nvme),
        ] {
            if let Some(value) = text(name) {
                *promised = Some(value);
            }
        }
    }

    fn verify(&self, written: &Written) -> S3Result<()> {
        let pairs = [
            (&self.checksum.checksum_crc32, &written.checksum.checksum_crc32),
            (&self.checksum.checksum_crc32c, &written.checksum.checksum_crc32c),
            (&self.checksum.checksum_sha1, &written.checksum.checksum_sha1),
            (&self.checksum.checksum_sha256, &written.checksum.checksum_sha256),
            (&self.checksum.checksum_crc64nvme, &written.checksum.checksum_crc64nvme),
        ];
        if pairs.iter().any(|(promised, found)| promised.is_some() && found.is_some() && promised != found) {
            return Err(s3_error!(BadDigest, "The checksum that you sent is not that of the body"));
        }
        if self.content_md5.as_ref().is_some_and(|promised| *promised != STANDARD.encode(written.md5)) {
            return Err(s3_error!(BadDigest, "The Content-MD5 that you sent is not that of the body"));
        }
        if self.content_length.is_some_and(|promised| u64::try_from(promised) != Ok(written.size)) {
            return Err(s3_error!(IncompleteBody));
        }
        Ok(())
    }
}

/// Keeps a request's body apart and checks what was promised for it.
pub(super) async fn receive(
    storage: &Storage,
    body: Option<StreamingBlob>,
    mut promised: Promised,
    trailers: Option<TrailingHeaders>,
) -> S3Result<Written> {
    let mut writer = storage.writer(promised.hasher()).map_err(S3Error::internal_error)?;
    if let Some(mut body) = body {
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| s3_error!(IncompleteBody, "{error}"))?;
            writer.write(&chunk).map_err(S3Error::internal_error)?;
        }
    }
    let written = writer.finish().map_err(S3Error::internal_error)?;
    promised.take_trailers(trailers);
    promised.verify(&written)?;
    Ok(written)
}

const CHUNK: u64 = 128 * 1024;

/// The bytes `start..end`. Those of a file come from the page cache, so they are read in place.
pub(super) fn send(opened: Opened, start: u64, end: u64) -> io::Result<StreamingBlob> {
    let mut file = match opened {
        Opened::File(file) => file,
        Opened::Memory(bytes) => {
            let place = |at| usize::try_from(at).map_err(io::Error::other);
            return Ok(StreamingBlob::from(s3s::Body::from(bytes.slice(place(start)?..place(end)?))));
        }
    };
    file.seek(SeekFrom::Start(start))?;
    if end - start <= CHUNK {
        return Ok(StreamingBlob::from(s3s::Body::from(read_chunk(&mut file, end - start)?)));
    }
    let chunks = stream::try_unfold((file, start), move |(mut file, at)| async move {
        if at == end {
            return Ok(None);
        }
        let length = CHUNK.min(end - at);
        read_chunk(&mut file, length).map(|chunk| Some((chunk, (file, at + length))))
    });
    Ok(StreamingBlob::wrap::<_, io::Error>(Box::pin(chunks)))
}

fn read_chunk(file: &mut File, length: u64) -> io::Result<Bytes> {
    let mut chunk = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    file.read_exact(&mut chunk)?;
    Ok(Bytes::from(chunk))
}

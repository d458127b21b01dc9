//! Uploads in parts.

use std::collections::BTreeMap;

use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::{
    Checksum, CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart, CreateMultipartUploadInput,
    CreateMultipartUploadOutput, ETag, ListMultipartUploadsInput, ListMultipartUploadsOutput, MultipartUpload,
    Timestamp, UploadPartInput, UploadPartOutput,
};
use s3s::{S3Error, S3Result, TrailingHeaders, s3_error};

use super::body::{self, Promised};
use super::operations::{Operations, etag};
use super::storage::{Content, ObjectHeaders, Precondition, Upload};
use super::writer::Written;
use crate::standin::clock::system_time;
use crate::standin::hexadecimal::hexadecimal;

/// Every part but the last has at least this many bytes (Amazon S3 user guide, "multipart upload limits").
const SMALLEST_PART: u64 = 5 * 1024 * 1024;

impl Operations {
    pub(super) fn begin_upload(&self, input: CreateMultipartUploadInput) -> S3Result<CreateMultipartUploadOutput> {
        let mut state = self.storage.lock();
        if !state.buckets.contains_key(&input.bucket) {
            return Err(s3_error!(NoSuchBucket));
        }
        let upload_id = format!("{:032x}", rand::random::<u128>());
        let upload = Upload {
            bucket: input.bucket.clone(),
            key: input.key.clone(),
            headers: ObjectHeaders {
                content_type: input.content_type,
                content_encoding: input.content_encoding,
                content_disposition: input.content_disposition,
                cache_control: input.cache_control,
                metadata: input.metadata,
            },
            algorithm: input.checksum_algorithm.map(|algorithm| algorithm.as_str().to_owned()),
            begun: self.storage.clock.now(),
            parts: BTreeMap::new(),
        };
        state.uploads.insert(upload_id.clone(), upload);
        Ok(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(upload_id),
            ..Default::default()
        })
    }

    /// The uploads that have begun and not ended, whose keys begin with the prefix.
    pub(super) fn list_uploads(&self, input: &ListMultipartUploadsInput) -> ListMultipartUploadsOutput {
        let prefix = input.prefix.as_deref().unwrap_or_default();
        let state = self.storage.lock();
        let uploads =
            state.uploads.iter().filter(|(_, upload)| upload.bucket == input.bucket && upload.key.starts_with(prefix));
        let listed = uploads.map(|(id, upload)| MultipartUpload {
            upload_id: Some(id.clone()),
            key: Some(upload.key.clone()),
            initiated: Some(Timestamp::from(system_time(upload.begun))),
            ..Default::default()
        });
        ListMultipartUploadsOutput {
            bucket: Some(input.bucket.clone()),
            uploads: Some(listed.collect()),
            ..Default::default()
        }
    }

    pub(super) async fn receive_part(
        &self,
        input: UploadPartInput,
        trailers: Option<TrailingHeaders>,
    ) -> S3Result<UploadPartOutput> {
        let algorithm = match self.storage.lock().uploads.get(&input.upload_id) {
            Some(upload) => upload.algorithm.clone(),
            None => return Err(s3_error!(NoSuchUpload)),
        };
        let promised = Promised {
            checksum: Checksum {
                checksum_crc32: input.checksum_crc32,
                checksum_crc32c: input.checksum_crc32c,
                checksum_crc64nvme: input.checksum_crc64nvme,
                checksum_sha1: input.checksum_sha1,
                checksum_sha256: input.checksum_sha256,
                ..Default::default()
            },
            content_md5: input.content_md5,
            content_length: input.content_length,
            algorithm: input.checksum_algorithm.map(|algorithm| algorithm.as_str().to_owned()).or(algorithm),
        };
        let written = body::receive(&self.storage, input.body, promised, trailers).await?;
        let output = UploadPartOutput {
            e_tag: Some(ETag::Strong(hexadecimal(&written.md5))),
            checksum_crc32: written.checksum.checksum_crc32.clone(),
            checksum_crc32c: written.checksum.checksum_crc32c.clone(),
            checksum_crc64nvme: written.checksum.checksum_crc64nvme.clone(),
            checksum_sha1: written.checksum.checksum_sha1.clone(),
            checksum_sha256: written.checksum.checksum_sha256.clone(),
            ..Default::default()
        };
        match self.storage.lock().uploads.get_mut(&input.upload_id) {
            Some(upload) => upload.parts.insert(input.part_number, written),
            None => return Err(s3_error!(NoSuchUpload)),
        };
        Ok(output)
    }

    pub(super) fn complete_upload(
        &self,
        input: CompleteMultipartUploadInput,
    ) -> S3Result<CompleteMultipartUploadOutput> {
        let precondition = Precondition::from_headers(input.if_match, input.if_none_match)?;
        let wanted = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
        let upload = self.storage.lock().uploads.remove(&input.upload_id).ok_or_else(|| s3_error!(NoSuchUpload))?;
        let (written, etag_text) = match self.join(&upload, &wanted) {
            Ok(joined) => joined,
            Err(error) => {
                self.storage.lock().uploads.insert(input.upload_id, upload);
                return Err(error);
            }
        };
        let content = Content { written, etag: Some(etag_text), headers: upload.headers.clone() };
        let event_name = "ObjectCreated:CompleteMultipartUpload";
        let committed = self.storage.commit(&upload.bucket, &upload.key, content, &precondition, event_name);
        // A condition that failed leaves the upload as it was: it may be completed later or aborted.
        let object = match committed {
            Ok(object) => object,
            Err(error) => {
                self.storage.lock().uploads.insert(input.upload_id, upload);
                return Err(error);
            }
        };
        Ok(CompleteMultipartUploadOutput {
            bucket: Some(upload.bucket),
            key: Some(upload.key),
            e_tag: Some(etag(&object)),
            ..Default::default()
        })
    }

    /// The parts asked for as one content, and the `ETag` of such an object: the digest of the parts' digests, and their number.
    fn join(&self, upload: &Upload, wanted: &[CompletedPart]) -> S3Result<(Written, String)> {
        if wanted.is_empty() {
            return Err(s3_error!(MalformedXML, "You must specify at least one part"));
        }
        let mut writer =
            self.storage.writer(s3s::checksum::ChecksumHasher::default()).map_err(S3Error::internal_error)?;
        let mut digest = Md5::new();
        let mut previous = 0;
        for (position, wanted_part) in wanted.iter().enumerate() {
            let number = wanted_part.part_number.unwrap_or_default();
            let part = upload.parts.get(&number).ok_or_else(|| s3_error!(InvalidPart))?;
            if wanted_part.e_tag.as_ref().is_some_and(|etag| etag.value() != hexadecimal(&part.md5)) {
                return Err(s3_error!(InvalidPart));
            }
            if number <= previous {
                return Err(s3_error!(InvalidPartOrder));
            }
            if part.size < SMALLEST_PART && position + 1 < wanted.len() {
                return Err(s3_error!(EntityTooSmall));
            }
            previous = number;
            digest.update(&part.md5);
            let mut content = part.held.open().map_err(S3Error::internal_error)?;
            writer.write_all_of(&mut content).map_err(S3Error::internal_error)?;
        }
        let written = writer.finish().map_err(S3Error::internal_error)?;
        Ok((written, format!("{}-{}", hexadecimal(&digest.finalize()), wanted.len())))
    }
}

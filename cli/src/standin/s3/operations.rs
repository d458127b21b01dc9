//! The S3 operations that the application, the SDKs and ordinary tools use.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, Bucket, Checksum, ChecksumMode, CommonPrefix,
    CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CopyObjectInput, CopyObjectOutput, CopyObjectResult,
    CopySource, CreateBucketInput, CreateBucketOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput,
    DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, ETag, ETagCondition,
    GetObjectInput, GetObjectOutput, HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput,
    ListBucketsInput, ListBucketsOutput, ListMultipartUploadsInput, ListMultipartUploadsOutput, ListObjectsV2Input,
    ListObjectsV2Output, MetadataDirective, Object, PutObjectInput, PutObjectOutput, Range, Timestamp, UploadPartInput,
    UploadPartOutput,
};
use s3s::{S3, S3Error, S3Request, S3Response, S3Result, s3_error};

use super::body::{self, Promised};
use crate::standin::clock::system_time;

use super::storage::{Content, ObjectHeaders, Precondition, Storage, StoredObject, matches, precondition_failed};

pub(super) struct Operations {
    pub(super) storage: Arc<Storage>,
}

impl Operations {
    pub(super) fn new(storage: Arc<Storage>) -> Self {
        Self { storage }
    }
}

pub(super) fn etag(object: &StoredObject) -> ETag {
    ETag::Strong(object.etag.clone())
}

fn last_modified(object: &StoredObject) -> Timestamp {
    Timestamp::from(system_time(object.last_modified))
}

fn length(bytes: u64) -> S3Result<i64> {
    i64::try_from(bytes).map_err(S3Error::internal_error)
}

/// The conditions of a read.
fn check_read(
    object: &StoredObject,
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
) -> S3Result<()> {
    if if_match.is_some_and(|condition| !matches(condition, object)) {
        return Err(precondition_failed("If-Match"));
    }
    if if_none_match.is_some_and(|condition| matches(condition, object)) {
        return Err(s3_error!(NotModified));
    }
    Ok(())
}

/// First byte, byte after the last, and the `Content-Range` when only a part was asked for.
fn span(range: Option<Range>, size: u64) -> S3Result<(u64, u64, Option<String>)> {
    let Some(range) = range else { return Ok((0, size, None)) };
    let range = range.check(size).map_err(|_| s3_error!(InvalidRange))?;
    let content_range = format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1));
    Ok((range.start, range.end, Some(content_range)))
}

/// S3 gives the checksum of a whole object only, and only when asked.
fn checksum_for(object: &StoredObject, mode: Option<&ChecksumMode>, partial: bool) -> Checksum {
    if mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED) && !partial {
        object.checksum.clone()
    } else {
        Checksum::default()
    }
}

#[async_trait::async_trait]
impl S3 for Operations {
    async fn create_bucket(&self, request: S3Request<CreateBucketInput>) -> S3Result<S3Response<CreateBucketOutput>> {
        self.storage.create_bucket(&request.input.bucket)?;
        let location = Some(format!("/{}", request.input.bucket));
        Ok(S3Response::new(CreateBucketOutput { location }))
    }

    async fn head_bucket(&self, request: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        if self.storage.lock().buckets.contains_key(&request.input.bucket) {
            Ok(S3Response::new(HeadBucketOutput::default()))
        } else {
            Err(s3_error!(NoSuchBucket))
        }
    }

    async fn list_buckets(&self, _request: S3Request<ListBucketsInput>) -> S3Result<S3Response<ListBucketsOutput>> {
        let buckets = self
            .storage
            .lock()
            .buckets
            .keys()
            .map(|name| Bucket { name: Some(name.clone()), ..Default::default() })
            .collect();
        Ok(S3Response::new(ListBucketsOutput { buckets: Some(buckets), ..Default::default() }))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        let (object, content) = self.storage.open_object(&input.bucket, &input.key)?;
        check_read(&object, input.if_match.as_ref(), input.if_none_match.as_ref())?;
        let (start, end, content_range) = span(input.range, object.size)?;
        let checksum = checksum_for(&object, input.checksum_mode.as_ref(), content_range.is_some());
        Ok(S3Response::new(GetObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            body: Some(body::send(content, start, end).map_err(S3Error::internal_error)?),
            cache_control: object.headers.cache_control.clone(),
            checksum_crc32: checksum.checksum_crc32,
            checksum_crc32c: checksum.checksum_crc32c,
            checksum_crc64nvme: checksum.checksum_crc64nvme,
            checksum_sha1: checksum.checksum_sha1,
            checksum_sha256: checksum.checksum_sha256,
            content_disposition: object.headers.content_disposition.clone(),
            content_encoding: object.headers.content_encoding.clone(),
            content_length: Some(length(end - start)?),
            content_range,
            content_type: object.headers.content_type.clone(),
            e_tag: Some(etag(&object)),
            last_modified: Some(last_modified(&object)),
            metadata: object.headers.metadata.clone(),
            ..Default::default()
        }))
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = request.input;
        let object = self.storage.object(&input.bucket, &input.key)?;
        check_read(&object, input.if_match.as_ref(), input.if_none_match.as_ref())?;
        let (start, end, content_range) = span(input.range, object.size)?;
        let checksum = checksum_for(&object, input.checksum_mode.as_ref(), content_range.is_some());
        Ok(S3Response::new(HeadObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            cache_control: object.headers.cache_control.clone(),
            checksum_crc32: checksum.checksum_crc32,
            checksum_crc32c: checksum.checksum_crc32c,
            checksum_crc64nvme: checksum.checksum_crc64nvme,
            checksum_sha1: checksum.checksum_sha1,
            checksum_sha256: checksum.checksum_sha256,
            content_disposition: object.headers.content_disposition.clone(),
            content_encoding: object.headers.content_encoding.clone(),
            content_length: Some(length(end - start)?),
            content_range,
            content_type: object.headers.content_type.clone(),
            e_tag: Some(etag(&object)),
            last_modified: Some(last_modified(&object)),
            metadata: object.headers.metadata.clone(),
            ..Default::default()
        }))
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let input = request.input;
        let precondition = Precondition::from_headers(input.if_match, input.if_none_match)?;
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
            algorithm: input.checksum_algorithm.map(|algorithm| algorithm.as_str().to_owned()),
        };
        let written = body::receive(&self.storage, input.body, promised, request.trailing_headers).await?;
        let headers = ObjectHeaders {
            content_type: input.content_type,
            content_encoding: input.content_encoding,
            content_disposition: input.content_disposition,
            cache_control: input.cache_control,
            metadata: input.metadata,
        };
        let object = self.storage.commit(
            &input.bucket,
            &input.key,
            Content { written, etag: None, headers },
            &precondition,
            "ObjectCreated:Put",
        )?;
        let checksum = object.checksum.clone();
        Ok(S3Response::new(PutObjectOutput {
            e_tag: Some(etag(&object)),
            checksum_crc32: checksum.checksum_crc32,
            checksum_crc32c: checksum.checksum_crc32c,
            checksum_crc64nvme: checksum.checksum_crc64nvme,
            checksum_sha1: checksum.checksum_sha1,
            checksum_sha256: checksum.checksum_sha256,
            ..Default::default()
        }))
    }

    async fn copy_object(&self, request: S3Request<CopyObjectInput>) -> S3Result<S3Response<CopyObjectOutput>> {
        let input = request.input;
        let CopySource::Bucket { bucket, key, .. } = &input.copy_source else {
            return Err(s3_error!(NotImplemented, "Only <bucket>/<key> is a copy source here"));
        };
        let (source, mut content) = self.storage.open_object(bucket, key)?;
        if input.copy_source_if_match.as_ref().is_some_and(|condition| !matches(condition, &source)) {
            return Err(precondition_failed("x-amz-copy-source-If-Match"));
        }
        if input.copy_source_if_none_match.as_ref().is_some_and(|condition| matches(condition, &source)) {
            return Err(precondition_failed("x-amz-copy-source-If-None-Match"));
        }
        let mut writer =
            self.storage.writer(s3s::checksum::ChecksumHasher::default()).map_err(S3Error::internal_error)?;
        writer.write_all_of(&mut content).map_err(S3Error::internal_error)?;
        let written = writer.finish().map_err(S3Error::internal_error)?;
        let replace =
            input.metadata_directive.is_some_and(|directive| directive.as_str() == MetadataDirective::REPLACE);
        let headers = if replace {
            ObjectHeaders {
                content_type: input.content_type,
                content_encoding: input.content_encoding,
                content_disposition: input.content_disposition,
                cache_control: input.cache_control,
                metadata: input.metadata,
            }
        } else {
            source.headers.clone()
        };
        let object = self.storage.commit(
            &input.bucket,
            &input.key,
            Content { written, etag: None, headers },
            &Precondition::None,
            "ObjectCreated:Copy",
        )?;
        let result = CopyObjectResult {
            e_tag: Some(etag(&object)),
            last_modified: Some(last_modified(&object)),
            ..Default::default()
        };
        Ok(S3Response::new(CopyObjectOutput { copy_object_result: Some(result), ..Default::default() }))
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        let input = request.input;
        let precondition = Precondition::from_headers(input.if_match, None)?;
        self.storage.delete(&input.bucket, &input.key, &precondition)?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let input = request.input;
        let mut deleted = Vec::new();
        let mut errors = Vec::new();
        for object in input.delete.objects {
            match self.storage.delete(
                &input.bucket,
                &object.key,
                &Precondition::from_headers(object.e_tag.map(ETagCondition::ETag), None)?,
            ) {
                Ok(()) => deleted.push(DeletedObject { key: Some(object.key), ..Default::default() }),
                Err(error) => errors.push(s3s::dto::Error {
                    code: Some(error.code().as_str().to_owned()),
                    key: Some(object.key),
                    message: error.message().map(str::to_owned),
                    ..Default::default()
                }),
            }
        }
        let quiet = input.delete.quiet.unwrap_or(false);
        Ok(S3Response::new(DeleteObjectsOutput {
            deleted: (!quiet).then_some(deleted),
            errors: (!errors.is_empty()).then_some(errors),
            ..Default::default()
        }))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        Ok(S3Response::new(self.list_page(request.input)?))
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        self.begin_upload(request.input).map(S3Response::new)
    }

    async fn upload_part(&self, request: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        self.receive_part(request.input, request.trailing_headers).await.map(S3Response::new)
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        self.complete_upload(request.input).map(S3Response::new)
    }

    async fn list_multipart_uploads(
        &self,
        request: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        Ok(S3Response::new(self.list_uploads(&request.input)))
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        match self.storage.lock().uploads.remove(&request.input.upload_id) {
            Some(_) => Ok(S3Response::new(AbortMultipartUploadOutput::default())),
            None => Err(s3_error!(NoSuchUpload)),
        }
    }
}

impl Operations {
    fn list_page(&self, input: ListObjectsV2Input) -> S3Result<ListObjectsV2Output> {
        let prefix = input.prefix.clone().unwrap_or_default();
        let delimiter = input.delimiter.clone().filter(|delimiter| !delimiter.is_empty());
        let limit = usize::try_from(input.max_keys.unwrap_or(1000).clamp(0, 1000)).unwrap_or(1000);
        let after = match &input.continuation_token {
            Some(token) => Some(decode_token(token)?),
            None => input.start_after.clone(),
        };
        let state = self.storage.lock();
        let objects = state.buckets.get(&input.bucket).ok_or_else(|| s3_error!(NoSuchBucket))?;
        let start = after.as_ref().filter(|after| **after >= prefix).map_or(Bound::Included(&prefix), Bound::Excluded);
        let mut contents = Vec::new();
        let mut groups = BTreeSet::new();
        let mut last = None;
        let mut truncated = false;
        for (key, object) in
            objects.range::<String, _>((start, Bound::Unbounded)).take_while(|(key, _)| key.starts_with(&prefix))
        {
            let group = delimiter.as_ref().and_then(|delimiter| {
                key[prefix.len()..]
                    .find(delimiter.as_str())
                    .map(|at| key[..prefix.len() + at + delimiter.len()].to_owned())
            });
            // A page that ended with a group goes on after the whole group.
            if group.as_ref().is_some_and(|group| groups.contains(group) || after.as_ref() == Some(group)) {
                continue;
            }
            if contents.len() + groups.len() == limit {
                truncated = limit > 0;
                break;
            }
            last = Some(group.clone().unwrap_or_else(|| key.clone()));
            match group {
                Some(group) => {
                    groups.insert(group);
                }
                None => contents.push(Object {
                    e_tag: Some(etag(object)),
                    key: Some(key.clone()),
                    last_modified: Some(last_modified(object)),
                    size: Some(length(object.size)?),
                    ..Default::default()
                }),
            }
        }
        Ok(ListObjectsV2Output {
            name: Some(input.bucket),
            prefix: Some(prefix),
            max_keys: Some(input.max_keys.unwrap_or(1000)),
            key_count: i32::try_from(contents.len() + groups.len()).ok(),
            continuation_token: input.continuation_token,
            is_truncated: Some(truncated),
            next_continuation_token: last.filter(|_| truncated).map(|last| URL_SAFE_NO_PAD.encode(last)),
            contents: Some(contents),
            common_prefixes: Some(groups.into_iter().map(|prefix| CommonPrefix { prefix: Some(prefix) }).collect()),
            delimiter: input.delimiter,
            encoding_type: input.encoding_type,
            start_after: input.start_after,
            ..Default::default()
        })
    }
}

fn decode_token(token: &str) -> S3Result<String> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| s3_error!(InvalidArgument, "The continuation token provided is incorrect"))
}

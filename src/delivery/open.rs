//! Opens a file: at its beginning as its `model.json` or its header describes it, or where the last checkpoint stands.

use aws_sdk_s3::primitives::ByteStream;
use tokio::io::AsyncRead;

use super::DeliveryError;
use super::chunk::{ChunkBuilder, ChunkSettings};
use super::claim::Claim;
use super::progress::Account;
use super::segment::{RunOptions, SegmentDelivery};
use crate::config::SendRule;
use crate::description::FileDescription;
use crate::membership::Known;
use crate::profile::{ColumnTypes, Matcher, TypesDigest};
use crate::rows::{Header, RowReader};
use crate::run::FileToDeliver;
use crate::state::Checkpoint;

/// The longest time that the requests of one chunk take at the connection's rate, in tenths of a second. Of longer chunks
/// more is sent twice when a function is killed; shorter ones make more parts, which every later run reads.
const TENTHS_PER_CHUNK: u32 = 2;

/// The most requests in one chunk, however many the connection admits.
const MOST_PER_CHUNK: usize = 100;

/// Bytes of a file, as they come from S3.
pub(super) type FileBytes = Box<dyn AsyncRead + Unpin + Send>;

impl SegmentDelivery {
    /// A builder of chunks that begins where the claim's record says.
    pub(super) async fn open(
        &self,
        file: &FileToDeliver,
        options: RunOptions,
        claim: &Claim,
        account: &mut Account,
    ) -> Result<ChunkBuilder<FileBytes>, DeliveryError> {
        let known = self.load_known(&claim.ledger, file.run, Some(&file.object.key)).await?;
        let send = if claim.file.resend { Some(SendRule::All) } else { options.send };
        let options = RunOptions { send, ..options };
        let (builder, header, types) = self.open_rows(file, options, known, claim.file.checkpoint.as_ref()).await?;
        if claim.file.checkpoint.is_none() {
            account.record.types = Some(types);
            account.record.mapping = Some(self.mapping());
        }
        account.record.notes.extend(builder.notes(&file.object.key));
        if options.reread {
            account.record.notes.insert(format!(
                "{}: read again, because its model.json or exports.toml describes it differently since; members whose values \
                 changed as a result were sent again",
                file.object.key
            ));
        }
        account.set_header(header);
        Ok(builder)
    }

    /// The same without a claim, for a dry run: reads from the beginning.
    pub(super) async fn open_rows(
        &self,
        file: &FileToDeliver,
        options: RunOptions,
        known: Known,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<(ChunkBuilder<FileBytes>, Header, TypesDigest), DeliveryError> {
        let key = &file.object.key;
        let described = Box::pin(self.describe(key)).await?;
        let reader = match checkpoint {
            None => {
                let source = self.bytes(file, 0).await?;
                RowReader::open(source, described.settings).await
            }
            Some(checkpoint) => {
                let gzip = checkpoint.header.dialect.gzip;
                let source = self.bytes(file, if gzip { 0 } else { checkpoint.position.byte }).await?;
                RowReader::resume(source, described.settings, checkpoint.header.clone(), checkpoint.position).await
            }
        };
        let reader = reader.map_err(|source| DeliveryError::Read { key: key.clone(), source })?;
        let header = reader.header().clone();
        let matcher = if header.empty {
            // A file without anything in it has no columns to look for, and no row that would need them.
            Matcher::new(&self.export_without_columns(), &self.attribute, &[], &ColumnTypes::default())
        } else {
            Matcher::new(&self.export, &self.attribute, &header.columns, &described.types)
        };
        let matcher = matcher.map_err(|source| DeliveryError::Match { key: key.clone(), source })?;
        // The shortest row is an identifier of one character and the line's end. Deflate makes nothing smaller than 1/1032.
        let expansion = if header.dialect.gzip { 1_032 } else { 1 };
        let most_rows = usize::try_from(file.object.size.saturating_mul(expansion) / 2 + 1).unwrap_or(usize::MAX);
        let builder = ChunkBuilder::new(reader, matcher, known, self.chunk_settings(options, most_rows));
        Ok((builder, header, described.types.digest()))
    }

    async fn bytes(&self, file: &FileToDeliver, from: u64) -> Result<FileBytes, DeliveryError> {
        // Reading from the very end is no range that S3 knows.
        if from >= file.object.size {
            return Ok(Box::new(tokio::io::empty()));
        }
        let stream: ByteStream = self.bucket.open(&file.object.key, Some(&file.object.etag), from).await?;
        Ok(Box::new(stream.into_async_read()))
    }

    fn export_without_columns(&self) -> crate::config::Export {
        let mut export = crate::config::Export::clone(&self.export);
        export.data_matching = crate::config::DataMatching::default();
        export.attributes.clear();
        export
    }

    fn chunk_settings(&self, options: RunOptions, most_rows: usize) -> ChunkSettings {
        let connection = &self.export.connection;
        let matching = &self.export.data_matching;
        let requests = connection.requests_per_second.get() * TENTHS_PER_CHUNK / 10;
        ChunkSettings {
            objects_per_request: connection.objects_per_request,
            requests_per_chunk: usize::try_from(requests).unwrap_or(usize::MAX).clamp(2, MOST_PER_CHUNK),
            send: options.send.unwrap_or(self.export.send),
            most_rows,
            mixed_identifiers: matching.customer_id.is_some() && matching.email.is_some(),
        }
    }

    /// What the description beside the file and the configuration say of it.
    async fn describe(&self, key: &str) -> Result<FileDescription, DeliveryError> {
        let model = self.models.describing(&self.export, &self.segment, key).await?;
        let model = model.as_ref().map(|(model_key, model)| (model_key.as_str(), model.as_ref()));
        Ok(FileDescription::of(&self.export, &self.segment, key, model))
    }
}

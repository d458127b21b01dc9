//! Opens a file: at its beginning, as its `model.json` or its header describes it, or at the last checkpoint.

use std::sync::Arc;

use aws_sdk_s3::primitives::ByteStream;
use tokio::io::AsyncRead;

use super::DeliveryError;
use super::chunk::{ChunkBuilder, ChunkSettings};
use super::claim::Claim;
use super::note::FileNote;
use super::progress::Account;
use super::refresh::Refresh;
use super::segment::{RunOptions, SegmentDelivery};
use crate::config::SendRule;
use crate::description::FileDescription;
use crate::membership::{Known, SentElsewhere};
use crate::pattern::RunId;
use crate::profile::{ColumnTypes, FirstLook, Matcher, TypesDigest, ValueKind};
use crate::proof::SentField;
use crate::rows::{Header, Kept, ReadError, RowProblem, RowReader};
use crate::run::FileToDeliver;
use crate::state::{Checkpoint, Ledger};

/// The longest time that the requests of one chunk take at the connection's rate, in tenths of a second. Of longer chunks
/// more is sent twice when a function is killed; shorter ones make more parts, which every later run reads.
const TENTHS_PER_CHUNK: u32 = 2;

/// The most requests in one chunk.
const MOST_PER_CHUNK: usize = 100;

/// Rows that begin in this many bytes of text are checked before anything is sent, and kept in memory until then.
const BYTES_CHECKED: u64 = 8 << 20;

/// Bytes of a file, as they come from S3.
pub(super) type FileBytes = Box<dyn AsyncRead + Unpin + Send>;

/// A file that has been opened.
pub(super) struct Opened {
    pub(super) builder: ChunkBuilder<FileBytes>,
    pub(super) header: Header,
    pub(super) types: TypesDigest,
    /// What its first rows show; `None` if that is not needed again.
    pub(super) look: Option<FirstLook>,
    /// The custom attributes that are sent.
    pub(super) sent: Vec<SentField>,
}

/// Refuses or holds a file whose first rows show that it is not what it should be.
fn judge(key: &str, look: &FirstLook, first_delivery: bool, allowed: Option<u64>) -> Result<(), DeliveryError> {
    let key = key.to_owned();
    if let Some((reason, rows)) = look.identifiers().reason_to_hold(first_delivery, allowed) {
        return Err(DeliveryError::DoubtfulIdentifiers { key, reason, rows });
    }
    match look.every_row_is_refused() {
        Some((reason, _)) => Err(DeliveryError::EveryRowRejected { key, reason: reason.to_owned() }),
        None => Ok(()),
    }
}

/// Looks at the first rows of a file, which `reader` reads from its beginning; at fewer if `another` file of its run has been
/// delivered.
pub(crate) async fn look_at<S: AsyncRead + Unpin>(
    reader: &mut RowReader<S>,
    described: &FileDescription,
    matcher: &Matcher,
    another: bool,
) -> Result<FirstLook, ReadError> {
    let look = FirstLook::new(matcher, &reader.header().columns, described.is_change_feed);
    let mut look = if another { look.at_another_file() } else { look };
    while reader.position().byte < BYTES_CHECKED
        && let Some(row) = reader.next_row().await?
    {
        let wants_more = match row.problem() {
            Some(RowProblem::RepeatedHeader) => true,
            Some(problem) => look.see_problem(problem),
            None => look.see(matcher, &row),
        };
        if !wants_more {
            break;
        }
    }
    Ok(look)
}

impl SegmentDelivery {
    /// A builder of chunks that begins where the claim's record says.
    pub(super) async fn open(
        &self,
        file: &FileToDeliver,
        options: RunOptions,
        claim: &Claim,
        account: &mut Account,
    ) -> Result<ChunkBuilder<FileBytes>, DeliveryError> {
        let mut known = self.load_known(&claim.ledger, file.run, Some(&file.object.key)).await?;
        let elsewhere = self.sent_elsewhere(&claim.ledger, file.run, &mut known).await?;
        let send = if claim.file.resend { Some(SendRule::All) } else { options.send };
        let options = RunOptions { send, ..options };
        let checkpoint = claim.file.checkpoint.as_ref();
        let Opened { mut builder, header, types, look, sent } =
            self.open_rows(file, options, (known, elsewhere), Some(claim)).await?;
        builder.settings.refresh = self.refresh(&claim.ledger, file.run);
        if checkpoint.is_none() {
            account.record.types = Some(types);
            account.record.mapping = Some(self.mapping());
            if let Some(look) = &look {
                let first_delivery = claim.ledger.last_complete.is_none();
                let allowed = claim.ledger.runs.get(&file.run).and_then(|run| run.allow_identifiers);
                judge(&file.object.key, look, first_delivery, allowed)?;
            }
        }
        self.prove(file, claim, account, &header, &sent).await?;
        let doubts = look.iter().flat_map(|look| look.identifiers().notes().collect::<Vec<_>>());
        account.record.notes.extend(doubts.map(|doubt| format!("{}: {doubt}", file.object.key)));
        account.record.notes.extend(builder.notes(&file.object.key));
        if options.reread {
            account.record.notes.insert(FileNote::ReadAgain.about(&file.object.key));
        }
        account.set_header(header);
        Ok(builder)
    }

    /// The same, or without a claim, for a dry run: from the beginning.
    pub(super) async fn open_rows(
        &self,
        file: &FileToDeliver,
        options: RunOptions,
        (known, elsewhere): (Known, Arc<SentElsewhere>),
        claim: Option<&Claim>,
    ) -> Result<Opened, DeliveryError> {
        let checkpoint = claim.and_then(|claim| claim.file.checkpoint.as_ref());
        let key = &file.object.key;
        let unreadable = |source| DeliveryError::Read { key: key.clone(), source };
        let described = Box::pin(self.describe(key)).await?;
        let settings = || described.settings.clone();
        let (reader, matcher, look) = match checkpoint {
            None => {
                let mut source = Kept::new(self.bytes(file, 0).await?);
                let mut reader = RowReader::open(&mut source, settings()).await.map_err(unreadable)?;
                let matcher = self.matcher(key, reader.header(), &described)?;
                let another = claim.is_some_and(|claim| claim.has_another_delivered(file));
                let look = look_at(&mut reader, &described, &matcher, another).await.map_err(unreadable)?;
                source.rewind();
                let source: FileBytes = Box::new(source);
                (RowReader::open(source, settings()).await, matcher, Some(look))
            }
            Some(Checkpoint { header, position }) => {
                let matcher = self.matcher(key, header, &described)?;
                let look = if matcher.wants_look() {
                    let mut reader =
                        RowReader::open(self.bytes(file, 0).await?, settings()).await.map_err(unreadable)?;
                    Some(look_at(&mut reader, &described, &matcher, false).await.map_err(unreadable)?)
                } else {
                    None
                };
                let from = if header.dialect.reads_from_beginning() { 0 } else { position.byte };
                let source = self.bytes(file, from).await?;
                (RowReader::resume(source, settings(), header.clone(), *position).await, matcher, look)
            }
        };
        let reader = reader.map_err(unreadable)?;
        let header = reader.header().clone();
        let matcher = look.iter().fold(matcher, Matcher::after);
        let sent = self.sent_fields(&matcher);
        // The shortest row is an identifier of one character and the line's end. Deflate makes nothing smaller than 1/1032.
        let expansion = if header.dialect.gzip { 1_032 } else { 1 };
        let most_rows = usize::try_from(file.object.size.saturating_mul(expansion) / 2 + 1).unwrap_or(usize::MAX);
        let builder = ChunkBuilder::new(reader, matcher, known, elsewhere, self.chunk_settings(options, most_rows));
        Ok(Opened { builder, header, types: described.types.digest(), look, sent })
    }

    /// How the rows of a file with this header become objects.
    fn matcher(&self, key: &str, header: &Header, described: &FileDescription) -> Result<Matcher, DeliveryError> {
        let matcher = if header.empty {
            // A file without anything in it has no columns to look for, and no row that would need them.
            Matcher::new(&self.export_without_columns(), &self.attribute, &[], &ColumnTypes::default())
        } else {
            Matcher::new(&self.export, &self.attribute, &header.columns, &described.types)
        };
        matcher.map_err(|source| DeliveryError::Match { key: key.to_owned(), source })
    }

    /// Which unchanged members a run sends again.
    pub(super) fn refresh(&self, ledger: &Ledger, run: RunId) -> Refresh {
        let last = ledger.last_complete.as_ref().filter(|last| last.run != run).and_then(|last| last.started_at);
        let begun = ledger.runs.get(&run).map_or_else(|| self.budget.now(), |record| record.started_at);
        Refresh::of(self.export.refresh_days, last, begun)
    }

    /// The custom attributes that are sent: the segment's own, and additional ones.
    fn sent_fields(&self, matcher: &Matcher) -> Vec<SentField> {
        let own = (self.attribute.as_str(), ValueKind::Boolean);
        let fields = [own].into_iter().chain(matcher.custom_fields());
        fields.map(|(name, kind)| SentField { name: name.to_owned(), kind }).collect()
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
            fields: self.export.fields_sent(),
            refresh: Refresh::Nobody,
        }
    }

    /// What the description beside the file and the configuration say of it.
    async fn describe(&self, key: &str) -> Result<FileDescription, DeliveryError> {
        let model = self.models.describing(&self.export, &self.segment, key).await?;
        let model = model.as_ref().map(|(model_key, model)| (model_key.as_str(), model.as_ref()));
        Ok(FileDescription::of(&self.export, &self.segment, key, model))
    }
}

//! Turns the rows of a file into requests, chunk by chunk.
//!
//! A chunk is the unit of certainty: its part is stored before its requests are sent, and it is written down as done when
//! all of them have been answered.

mod taking;

use std::sync::Arc;

use tokio::io::AsyncRead;

use self::taking::Taking;
use super::batch::Batch;
use super::filling::{Filling, Sending};
use super::refresh::Refresh;
use super::row_fields::RowFields;
use crate::config::SendRule;
use crate::membership::{Known, RecentMembers, SentElsewhere};
use crate::profile::{DroppedFields, Identifier, Matched, Matcher};
use crate::report::Counts;
use crate::rows::{Position, ReadError, Record, Row, RowReader};
use crate::state::{PartRow, PartWriter, ValuesHead, ValuesWriter};

/// A chunk ends when its part lists this many members. Several parts are in memory while they are compared.
const LINES: u64 = 15_000;

/// A chunk ends when it has read this many rows. Most of them have no line in its part if few are changed.
const ROWS: u64 = 60_000;

/// A chunk ends when it holds this much: requests, and rows that may have to be written to `rejected.csv`.
const BYTES: usize = 4 * 1024 * 1024;

/// A row that repeats one from before this many new members may be sent again. Twice as many are remembered, and
/// counted exactly.
const MEMBERS_REMEMBERED: usize = 525_000;

/// What a chunk's requests are made of and how many there are.
#[derive(Clone, Debug)]
pub(super) struct ChunkSettings {
    /// Attribute objects in one request.
    pub(super) objects_per_request: usize,
    /// Requests in one chunk.
    pub(super) requests_per_chunk: usize,
    /// Whether unchanged members are sent again.
    pub(super) send: SendRule,
    /// More rows than this cannot come.
    pub(super) most_rows: usize,
    /// Whether some rows are identified by customer ID and others by email: two of them may be one profile.
    pub(super) mixed_identifiers: bool,
    /// The additional fields that are sent.
    pub(super) fields: Vec<String>,
    /// Which unchanged members are sent again all the same.
    pub(super) refresh: Refresh,
}

/// A row that was rejected.
#[derive(Clone, Debug)]
pub(super) struct RejectedRow {
    /// Its line in the file.
    pub(super) line: u64,
    /// Why.
    pub(super) reason: String,
    /// Its fields.
    pub(super) record: Record,
}

/// An identifier that outlives its row.
#[derive(Clone, Debug)]
pub(super) enum OwnedIdentifier {
    /// A customer ID.
    ExternalId(Box<str>),
    /// An email address.
    Email(Box<str>),
}

impl OwnedIdentifier {
    pub(super) fn of(identifier: Identifier<'_>) -> Self {
        match identifier {
            Identifier::ExternalId(id) => Self::ExternalId(id.into()),
            Identifier::Email(email) => Self::Email(email.into()),
        }
    }

    pub(super) fn as_identifier(&self) -> Identifier<'_> {
        match self {
            Self::ExternalId(id) => Identifier::ExternalId(id),
            Self::Email(email) => Identifier::Email(email),
        }
    }
}

/// A stretch of a file, ready to be sent.
#[derive(Debug)]
pub(super) struct Chunk {
    /// Requests in any order, any number at a time.
    pub(super) requests: Vec<Batch>,
    /// Requests that may only be in flight alone.
    pub(super) alone: Vec<Batch>,
    /// What became of the rows that are not sent.
    pub(super) counts: Counts,
    /// The rows among them that were rejected.
    pub(super) rejected: Vec<RejectedRow>,
    /// The members, for the state.
    pub(super) part: PartWriter,
    /// The values of additional fields that are sent, for other segments.
    pub(super) values: ValuesWriter,
    /// Whether such a list was stored.
    pub(super) lists_values: bool,
    /// After the last row.
    pub(super) position: Position,
    /// Whether the file ends here.
    pub(super) last: bool,
}

/// Reads rows, compares them with what is known and collects chunks.
#[derive(Debug)]
pub(super) struct ChunkBuilder<S> {
    pub(super) reader: RowReader<S>,
    matcher: Matcher,
    known: Known,
    elsewhere: Arc<SentElsewhere>,
    recent: RecentMembers,
    fields: RowFields,
    /// The first line of the lists of sent values.
    values_head: ValuesHead,
    pub(super) settings: ChunkSettings,
    /// Batches that have been answered, to be filled again: as many as are in flight come and go all the time.
    pub(super) answered: Vec<Batch>,
    object: Vec<u8>,
    repeated_headers: u64,
    /// The size of the last part: those of one file are much alike.
    part_size: (usize, usize),
    /// Whether every member that the parts list has been counted, among those known or those met lately.
    all_counted: bool,
}

/// A chunk under construction.
struct Draft {
    answered: Vec<Batch>,
    open: Filling,
    open_alone: Filling,
    chunk: Chunk,
    dropped: DroppedFields,
    bytes: usize,
}

impl<S: AsyncRead + Unpin> ChunkBuilder<S> {
    pub(super) fn new(
        reader: RowReader<S>,
        matcher: Matcher,
        known: Known,
        elsewhere: Arc<SentElsewhere>,
        settings: ChunkSettings,
    ) -> Self {
        let all_counted = known.is_empty() && reader.position().row == 0;
        Self {
            reader,
            matcher,
            known,
            values_head: ValuesHead { fields: settings.fields.clone(), after: elsewhere.ended().to_vec() },
            elsewhere,
            fields: RowFields::of(&settings.fields),
            recent: RecentMembers::with_generations_of(MEMBERS_REMEMBERED.min(settings.most_rows)),
            settings,
            answered: Vec::new(),
            object: Vec::with_capacity(1024),
            repeated_headers: 0,
            part_size: (0, 0),
            all_counted,
        }
    }

    /// Remarks about the file `key` for the report.
    pub(super) fn notes(&self, key: &str) -> Vec<String> {
        let notes = self.reader.header().notes().into_iter().chain(self.matcher.notes().iter().cloned());
        notes.map(|note| format!("{key}: {note}")).collect()
    }

    /// The number of different members in the parts of all chunks so far, if none was known before and they are few enough to
    /// be counted while they are sent.
    pub(super) fn members(&self) -> Option<u64> {
        self.recent.met().filter(|_| self.all_counted)
    }

    /// How many lines in the middle of the file repeat its header.
    pub(super) fn repeated_headers(&self) -> u64 {
        self.repeated_headers
    }

    /// The next chunk. The last one says so; after it there is none.
    pub(super) async fn next_chunk(&mut self) -> Result<Chunk, ReadError> {
        let mut draft = Draft {
            answered: std::mem::take(&mut self.answered),
            open: Filling::default(),
            open_alone: Filling::default(),
            chunk: Chunk {
                requests: Vec::new(),
                alone: Vec::new(),
                counts: Counts::default(),
                rejected: Vec::new(),
                part: PartWriter::with_room_of(self.part_size, self.known.base().unwrap_or_default()),
                values: ValuesWriter::new(&self.values_head),
                lists_values: false,
                position: self.reader.position(),
                last: false,
            },
            dropped: DroppedFields::default(),
            bytes: 0,
        };
        loop {
            let Some(row) = self.reader.next_row().await? else {
                draft.chunk.last = true;
                break;
            };
            let taking = Taking {
                matcher: &self.matcher,
                known: &mut self.known,
                elsewhere: &self.elsewhere,
                fields: &mut self.fields,
                recent: &mut self.recent,
                settings: &self.settings,
                object: &mut self.object,
                repeated_headers: &mut self.repeated_headers,
                all_counted: &mut self.all_counted,
            };
            taking.take(&row, &mut draft);
            if draft.is_full(&self.settings) {
                break;
            }
            if draft.chunk.counts.rows.read.is_multiple_of(512) {
                // Lets answers be processed and requests start before the chunk is read to its end.
                tokio::task::yield_now().await;
            }
        }
        for alone in [false, true] {
            draft.settle(alone, &mut self.recent);
            draft.hand_over(alone, Batch::default());
        }
        self.answered = draft.answered;
        let mut chunk = draft.chunk;
        self.part_size = chunk.part.size();
        chunk.position = self.reader.position();
        chunk.counts.dropped_fields = draft.dropped.to_map();
        Ok(chunk)
    }
}

impl Draft {
    fn is_full(&self, settings: &ChunkSettings) -> bool {
        self.chunk.requests.len() + self.chunk.alone.len() >= settings.requests_per_chunk
            || self.chunk.part.rows() >= LINES
            || self.chunk.counts.rows.read >= ROWS
            || self.bytes >= BYTES
    }

    /// Lists a member: by the line of the last complete run that says the same, or by a line of its own.
    fn list<'a>(&mut self, line: Option<u32>, row: impl FnOnce() -> PartRow<'a>) {
        match line {
            Some(line) => self.chunk.part.push_seen(line),
            None => self.chunk.part.push(row()),
        }
    }

    fn reject(&mut self, row: &Row<'_>, reason: String) {
        self.chunk.counts.reject(&reason);
        let record = row.to_record();
        self.bytes += record.size() + reason.len();
        self.chunk.rejected.push(RejectedRow { line: row.line(), reason, record });
    }

    fn send(
        &mut self,
        row: &Row<'_>,
        matched: &Matched<'_>,
        sending: Sending<'_>,
        settings: &ChunkSettings,
        recent: &mut RecentMembers,
    ) {
        let alone = settings.mixed_identifiers && matches!(matched.identifier, Identifier::Email(_));
        if !self.open(alone).batch.request.would_fit(sending.object) {
            self.settle(alone, recent);
            if !self.open(alone).batch.request.would_fit(sending.object) {
                self.hand_over(alone, Batch::default());
            }
        }
        self.bytes += self.open(alone).push(row, matched, sending);
        if self.open(alone).batch.len() >= settings.objects_per_request {
            self.settle(alone, recent);
            if self.open(alone).batch.len() >= settings.objects_per_request {
                let next = self.answered.pop();
                let next = next.unwrap_or_else(|| Batch::with_room_of(&self.open(alone).batch));
                self.hand_over(alone, next);
            }
        }
    }

    /// The request that is being filled, of those that go with others or of those that go alone.
    fn open(&mut self, alone: bool) -> &mut Filling {
        if alone { &mut self.open_alone } else { &mut self.open }
    }

    fn settle(&mut self, alone: bool, recent: &mut RecentMembers) {
        let open = if alone { &mut self.open_alone } else { &mut self.open };
        open.settle(recent, &mut self.chunk.counts, &mut self.chunk.part);
    }

    /// Hands a settled request over, and begins the next one.
    fn hand_over(&mut self, alone: bool, next: Batch) {
        let batch = std::mem::replace(&mut self.open(alone).batch, next);
        if !batch.is_empty() {
            if alone { &mut self.chunk.alone } else { &mut self.chunk.requests }.push(batch);
        }
    }
}

//! Turns the rows of a file into requests, chunk by chunk.
//!
//! A chunk is the unit of certainty: its part is stored before its requests are sent, and it is written down as done when
//! all of them have been answered.

mod draft;
mod taking;

use std::sync::Arc;

use tokio::io::AsyncRead;

use self::draft::Draft;
pub(super) use self::draft::{Chunk, ChunkSettings, RejectedRow};
use self::taking::Taking;
use super::batch::Batch;
use super::filling::Filling;
use super::row_fields::RowFields;
use crate::membership::{Known, RecentMembers, SentElsewhere};
use crate::profile::{DroppedFields, Identifier, Matcher};
use crate::report::Counts;
use crate::rows::{ReadError, RowReader};
use crate::state::{PartWriter, ValuesHead, ValuesWriter};

/// A row that repeats one from before this many new members may be sent again. Twice as many are remembered, and
/// counted exactly.
const MEMBERS_REMEMBERED: usize = 525_000;

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

/// Reads rows, compares them with what is known and collects chunks.
#[derive(Debug)]
pub(super) struct ChunkBuilder<S> {
    pub(super) reader: RowReader<S>,
    matcher: Matcher,
    known: Known,
    elsewhere: Arc<SentElsewhere>,
    recent: RecentMembers,
    fields: RowFields,
    /// The head of the lists of sent values.
    values_head: ValuesHead,
    /// The bytes of the last one's lines.
    values_size: usize,
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
            values_size: 0,
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
                values: ValuesWriter::new(&self.values_head, self.values_size),
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
        self.values_size = chunk.values.size();
        chunk.position = self.reader.position();
        chunk.counts.dropped_fields = draft.dropped.to_map();
        Ok(chunk)
    }
}

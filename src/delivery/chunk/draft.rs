//! A chunk, and how it is filled.

use super::super::batch::Batch;
use super::super::filling::{Filling, Sending};
use super::super::refresh::Refresh;
use crate::config::SendRule;
use crate::membership::RecentMembers;
use crate::profile::{DroppedFields, Identifier, Matched};
use crate::report::Counts;
use crate::rows::{Position, Record, Row};
use crate::state::{PartRow, PartWriter, ValuesWriter};

/// A chunk ends when its part lists this many members. Several parts are in memory while they are compared.
const LINES: u64 = 15_000;

/// A chunk ends when it has read this many rows. Most of them have no line in its part if few are changed.
const ROWS: u64 = 60_000;

/// A chunk ends when it holds this much: requests, and rows that may have to be written to `rejected.csv`.
const BYTES: usize = 4 * 1024 * 1024;

/// What a chunk's requests are made of and how many there are.
#[derive(Clone, Debug)]
pub(in crate::delivery) struct ChunkSettings {
    /// Attribute objects in one request.
    pub(in crate::delivery) objects_per_request: usize,
    /// Requests in one chunk.
    pub(in crate::delivery) requests_per_chunk: usize,
    /// Whether unchanged members are sent again.
    pub(in crate::delivery) send: SendRule,
    /// More rows than this cannot come.
    pub(in crate::delivery) most_rows: usize,
    /// Whether some rows are identified by customer ID and others by email: two of them may be one profile.
    pub(in crate::delivery) mixed_identifiers: bool,
    /// The additional fields that are sent.
    pub(in crate::delivery) fields: Vec<String>,
    /// Which unchanged members are sent again all the same.
    pub(in crate::delivery) refresh: Refresh,
}

/// A row that was rejected.
#[derive(Clone, Debug)]
pub(in crate::delivery) struct RejectedRow {
    /// Its line in the file.
    pub(in crate::delivery) line: u64,
    /// Why.
    pub(in crate::delivery) reason: String,
    /// Its fields.
    pub(in crate::delivery) record: Record,
}

/// A stretch of a file, ready to be sent.
#[derive(Debug)]
pub(in crate::delivery) struct Chunk {
    /// Requests in any order, any number at a time.
    pub(in crate::delivery) requests: Vec<Batch>,
    /// Requests that may only be in flight alone.
    pub(in crate::delivery) alone: Vec<Batch>,
    /// What became of the rows that are not sent.
    pub(in crate::delivery) counts: Counts,
    /// The rows among them that were rejected.
    pub(in crate::delivery) rejected: Vec<RejectedRow>,
    /// The members, for the state.
    pub(in crate::delivery) part: PartWriter,
    /// The values of additional fields that are sent, for other segments.
    pub(in crate::delivery) values: ValuesWriter,
    /// Whether such a list was stored.
    pub(in crate::delivery) lists_values: bool,
    /// After the last row.
    pub(in crate::delivery) position: Position,
    /// Whether the file ends here.
    pub(in crate::delivery) last: bool,
}

/// A chunk under construction.
pub(super) struct Draft {
    pub(super) answered: Vec<Batch>,
    pub(super) open: Filling,
    pub(super) open_alone: Filling,
    pub(super) chunk: Chunk,
    pub(super) dropped: DroppedFields,
    pub(super) bytes: usize,
}

impl Draft {
    pub(super) fn is_full(&self, settings: &ChunkSettings) -> bool {
        self.chunk.requests.len() + self.chunk.alone.len() >= settings.requests_per_chunk
            || self.chunk.part.rows() >= LINES
            || self.chunk.counts.rows.read >= ROWS
            || self.bytes >= BYTES
    }

    /// Lists a member: by the line of the last complete run that says the same, or by a line of its own.
    pub(super) fn list<'a>(&mut self, line: Option<u32>, row: impl FnOnce() -> PartRow<'a>) {
        match line {
            Some(line) => self.chunk.part.push_seen(line),
            None => self.chunk.part.push(row()),
        }
    }

    pub(super) fn reject(&mut self, row: &Row<'_>, reason: String) {
        self.chunk.counts.reject(&reason);
        let record = row.to_record();
        self.bytes += record.size() + reason.len();
        self.chunk.rejected.push(RejectedRow { line: row.line(), reason, record });
    }

    pub(super) fn send(
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
    pub(super) fn open(&mut self, alone: bool) -> &mut Filling {
        if alone { &mut self.open_alone } else { &mut self.open }
    }

    pub(super) fn settle(&mut self, alone: bool, recent: &mut RecentMembers) {
        let open = if alone { &mut self.open_alone } else { &mut self.open };
        open.settle(recent, &mut self.chunk.counts, &mut self.chunk.part);
    }

    /// Hands a settled request over, and begins the next one.
    pub(super) fn hand_over(&mut self, alone: bool, next: Batch) {
        let batch = std::mem::replace(&mut self.open(alone).batch, next);
        if !batch.is_empty() {
            if alone { &mut self.chunk.alone } else { &mut self.chunk.requests }.push(batch);
        }
    }
}

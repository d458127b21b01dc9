//! The chunks in flight: which requests may be sent next, and which chunks have been answered completely.

use std::collections::VecDeque;

use super::batch::Batch;
use super::chunk::{Chunk, OwnedIdentifier, RejectedRow};
use crate::braze::ObjectResult;
use crate::report::Counts;
use crate::rows::Position;
use crate::state::{EmailHash, Fingerprint, Part, PartRow, PartWriter};

/// Chunks in the order of the file, from the first that has not been answered completely.
#[derive(Debug, Default)]
pub(super) struct Outstanding {
    chunks: VecDeque<ChunkInFlight>,
    /// The number of the first chunk.
    first: u64,
    in_flight: usize,
    alone_in_flight: usize,
}

/// A request in flight, and the chunk that it belongs to.
#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) chunk: u64,
    pub(super) alone: bool,
    pub(super) batch: Batch,
}

#[derive(Debug)]
struct ChunkInFlight {
    waiting: VecDeque<Batch>,
    waiting_alone: VecDeque<Batch>,
    in_flight: usize,
    counts: Counts,
    rejected: Vec<RejectedRow>,
    refused: Vec<(OwnedIdentifier, Option<EmailHash>)>,
    part: Part,
    position: Position,
}

/// A chunk whose rows all have a result.
#[derive(Debug)]
pub(super) struct DoneChunk {
    pub(super) counts: Counts,
    pub(super) rejected: Vec<RejectedRow>,
    /// Members whose object Braze refused.
    refused: Vec<(OwnedIdentifier, Option<EmailHash>)>,
    pub(super) part: Part,
    pub(super) position: Position,
}

impl DoneChunk {
    /// A part that makes refused members be sent again, or `None` if there are none.
    pub(super) fn refusals(&self) -> Option<PartWriter> {
        if self.refused.is_empty() {
            return None;
        }
        let mut part = PartWriter::new();
        for (identifier, email) in &self.refused {
            part.push(PartRow::member(identifier.as_identifier(), *email, Fingerprint::UNKNOWN));
        }
        Some(part)
    }
}

impl Outstanding {
    /// Adds a chunk whose part has been stored.
    pub(super) fn add(&mut self, chunk: Chunk, part: Part) {
        self.chunks.push_back(ChunkInFlight {
            waiting: chunk.requests.into(),
            waiting_alone: chunk.alone.into(),
            in_flight: 0,
            counts: chunk.counts,
            rejected: chunk.rejected,
            refused: Vec::new(),
            part,
            position: chunk.position,
        });
    }

    /// Requests that have not been sent.
    pub(super) fn waiting(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.waiting.len() + chunk.waiting_alone.len()).sum()
    }

    /// Requests in flight.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Whether nothing is outstanding.
    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// The next request that may be sent.
    pub(super) fn next_request(&mut self) -> Option<InFlight> {
        if self.alone_in_flight > 0 {
            return None;
        }
        let nothing_in_flight = self.in_flight == 0;
        for (number, chunk) in (self.first..).zip(&mut self.chunks) {
            let (batch, alone) = if let Some(batch) = chunk.waiting.pop_front() {
                (batch, false)
            } else if !chunk.waiting_alone.is_empty() {
                // A member identified by address may have the same profile as one with a customer ID, so these requests are
                // sent when all others have been answered.
                if !nothing_in_flight {
                    return None;
                }
                (chunk.waiting_alone.pop_front()?, true)
            } else {
                continue;
            };
            chunk.in_flight += 1;
            self.in_flight += 1;
            self.alone_in_flight += usize::from(alone);
            return Some(InFlight { chunk: number, alone, batch });
        }
        None
    }

    /// Takes back a request that was not answered for good, to be sent again first of all.
    pub(super) fn take_back(&mut self, sent: InFlight) {
        let alone = sent.alone;
        if let Some(chunk) = self.end_request(sent.chunk, alone) {
            let waiting = if alone { &mut chunk.waiting_alone } else { &mut chunk.waiting };
            waiting.push_front(sent.batch);
        }
    }

    /// Takes the answer to a request: a result for each object.
    pub(super) fn answer(&mut self, sent: &InFlight, results: Vec<ObjectResult>) {
        let Some(chunk) = self.end_request(sent.chunk, sent.alone) else {
            return;
        };
        for (index, result) in results.into_iter().enumerate() {
            match result {
                ObjectResult::Accepted => {
                    chunk.counts.rows.accepted += 1;
                    chunk.counts.data_points += sent.batch.data_points(index);
                }
                ObjectResult::Rejected(reason) => {
                    let Some(row) = sent.batch.row(index) else {
                        continue;
                    };
                    chunk.counts.reject(&reason);
                    chunk.refused.push((OwnedIdentifier::of(row.identifier), row.email));
                    chunk.rejected.push(RejectedRow { line: row.line, reason, record: row.record });
                }
                // Requests with such results are taken back, not answered.
                ObjectResult::Unknown | ObjectResult::NotSent => {}
            }
        }
    }

    /// The first chunk, if all of it has been answered.
    pub(super) fn next_done(&mut self) -> Option<DoneChunk> {
        let first = self.chunks.front()?;
        if first.in_flight > 0 || !first.waiting.is_empty() || !first.waiting_alone.is_empty() {
            return None;
        }
        let mut chunk = self.chunks.pop_front()?;
        self.first += 1;
        chunk.rejected.sort_by_key(|row| row.line);
        Some(DoneChunk {
            counts: chunk.counts,
            rejected: chunk.rejected,
            refused: chunk.refused,
            part: chunk.part,
            position: chunk.position,
        })
    }

    fn end_request(&mut self, number: u64, alone: bool) -> Option<&mut ChunkInFlight> {
        self.in_flight -= 1;
        self.alone_in_flight -= usize::from(alone);
        let place = usize::try_from(number.checked_sub(self.first)?).ok()?;
        let chunk = self.chunks.get_mut(place)?;
        chunk.in_flight -= 1;
        Some(chunk)
    }
}

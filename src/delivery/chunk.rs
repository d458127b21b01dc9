//! Turns the rows of a file into requests, chunk by chunk.
//!
//! A chunk is the unit of certainty: its part is stored before its requests are sent, and it is written down as done when
//! all of them have been answered.

use tokio::io::AsyncRead;

use super::batch::Batch;
use crate::config::SendRule;
use crate::membership::{
    EmailHash, Fingerprint, Known, Meeting, MemberKey, PartRow, PartWriter, RecentMembers, Standing, StateError,
};
use crate::profile::{DroppedFields, Identifier, Matched, Matcher};
use crate::report::Counts;
use crate::rows::{Position, ReadError, Record, Row, RowProblem, RowReader};

/// A chunk ends when it has read this many rows: as many as a part may list. Several parts are in memory while they are
/// compared.
const ROWS: u64 = 15_000;

/// A chunk ends when it holds this much: requests, and rows that may have to be written to `rejected.csv`.
const BYTES: usize = 4 * 1024 * 1024;

/// What a chunk's requests are made of and how many there are.
#[derive(Clone, Debug)]
pub(super) struct ChunkSettings {
    /// Attribute objects in one request.
    pub(super) objects_per_request: usize,
    /// Requests in one chunk.
    pub(super) requests_per_chunk: usize,
    /// Whether unchanged members are sent again.
    pub(super) send: SendRule,
    /// JSON that is added to each object, such as `,"Former Name":null`.
    pub(super) suffix: Vec<u8>,
    /// Whether some rows are identified by customer ID and others by email: two of them may be one profile.
    pub(super) mixed_identifiers: bool,
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
    /// Requests that may only be on their way when no other is.
    pub(super) alone: Vec<Batch>,
    /// What became of the rows that are not sent.
    pub(super) counts: Counts,
    /// The rows among them that were rejected.
    pub(super) rejected: Vec<RejectedRow>,
    /// The members, for the state.
    pub(super) part: PartWriter,
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
    recent: RecentMembers,
    pub(super) settings: ChunkSettings,
    object: Vec<u8>,
    repeated_headers: u64,
}

/// A chunk under construction.
struct Draft {
    open: Batch,
    open_alone: Batch,
    chunk: Chunk,
    dropped: DroppedFields,
    bytes: usize,
}

/// Why a chunk could not be built.
#[derive(Debug)]
pub(super) enum ChunkError {
    Read(ReadError),
    State(StateError),
}

impl From<ReadError> for ChunkError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl From<StateError> for ChunkError {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

impl<S: AsyncRead + Unpin> ChunkBuilder<S> {
    pub(super) fn new(reader: RowReader<S>, matcher: Matcher, known: Known, settings: ChunkSettings) -> Self {
        Self {
            reader,
            matcher,
            known,
            recent: RecentMembers::default(),
            settings,
            object: Vec::with_capacity(1024),
            repeated_headers: 0,
        }
    }

    /// Remarks about the file `key` for the report.
    pub(super) fn notes(&self, key: &str) -> Vec<String> {
        let notes = self.reader.header().notes().into_iter().chain(self.matcher.notes().iter().cloned());
        notes.map(|note| format!("{key}: {note}")).collect()
    }

    /// How many lines in the middle of the file repeat its header.
    pub(super) fn repeated_headers(&self) -> u64 {
        self.repeated_headers
    }

    /// The next chunk. The last one says so; after it there is none.
    pub(super) async fn next_chunk(&mut self) -> Result<Chunk, ChunkError> {
        let mut draft = Draft {
            open: Batch::default(),
            open_alone: Batch::default(),
            chunk: Chunk {
                requests: Vec::new(),
                alone: Vec::new(),
                counts: Counts::default(),
                rejected: Vec::new(),
                part: PartWriter::new(),
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
                recent: &mut self.recent,
                settings: &self.settings,
                object: &mut self.object,
                repeated_headers: &mut self.repeated_headers,
            };
            taking.take(&row, &mut draft)?;
            if draft.is_full(&self.settings) {
                break;
            }
            if draft.chunk.counts.rows.read.is_multiple_of(512) {
                // Answers that came meanwhile, and requests whose turn it is, do not wait for the whole chunk.
                tokio::task::yield_now().await;
            }
        }
        let mut chunk = draft.chunk;
        chunk.requests.extend((!draft.open.is_empty()).then_some(draft.open));
        chunk.alone.extend((!draft.open_alone.is_empty()).then_some(draft.open_alone));
        chunk.position = self.reader.position();
        chunk.counts.dropped_fields = draft.dropped.to_map();
        Ok(chunk)
    }
}

impl Draft {
    fn is_full(&self, settings: &ChunkSettings) -> bool {
        self.chunk.requests.len() + self.chunk.alone.len() >= settings.requests_per_chunk
            || self.chunk.counts.rows.read >= ROWS
            || self.bytes >= BYTES
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
        email: Option<EmailHash>,
        object: &[u8],
        settings: &ChunkSettings,
    ) {
        let alone = settings.mixed_identifiers && matches!(matched.identifier, Identifier::Email(_));
        let (open, full) = if alone {
            (&mut self.open_alone, &mut self.chunk.alone)
        } else {
            (&mut self.open, &mut self.chunk.requests)
        };
        if !open.request.would_fit(object) {
            full.push(std::mem::take(open));
        }
        self.bytes += open.push(object, row, matched, email);
        if open.len() >= settings.objects_per_request {
            let next = Batch::with_room_of(open);
            full.push(std::mem::replace(open, next));
        }
    }
}

/// The parts of the builder that a row meets.
struct Taking<'a> {
    matcher: &'a Matcher,
    known: &'a mut Known,
    recent: &'a mut RecentMembers,
    settings: &'a ChunkSettings,
    object: &'a mut Vec<u8>,
    repeated_headers: &'a mut u64,
}

impl Taking<'_> {
    fn take(mut self, row: &Row<'_>, draft: &mut Draft) -> Result<(), StateError> {
        if matches!(row.problem(), Some(RowProblem::RepeatedHeader)) {
            *self.repeated_headers += 1;
            return Ok(());
        }
        draft.chunk.counts.rows.read += 1;
        if let Some(problem) = row.problem() {
            self.keep_whoever_it_names(row, draft)?;
            draft.reject(row, problem.to_string());
            return Ok(());
        }
        self.object.clear();
        let matched = match self.matcher.match_row(row, self.object, &mut draft.dropped) {
            Ok(matched) => matched,
            Err(rejection) => {
                if let Some(identifier) = rejection.identifier {
                    draft.chunk.part.push(line_of(identifier, None, Fingerprint::UNKNOWN))?;
                }
                draft.reject(row, rejection.reason.to_string());
                return Ok(());
            }
        };
        let fingerprint = Fingerprint::of(self.object);
        let Some(held) = self.count_member(MemberKey::of(matched.identifier), draft) else {
            draft.chunk.counts.rows.duplicate += 1;
            return Ok(());
        };
        let email = match matched.identifier {
            Identifier::ExternalId(_) => matched.email.map(EmailHash::of),
            Identifier::Email(_) => None,
        };
        draft.chunk.part.push(line_of(matched.identifier, email, fingerprint))?;
        if held == fingerprint && self.settings.send == SendRule::Changes {
            draft.chunk.counts.rows.unchanged += 1;
            return Ok(());
        }
        if !self.settings.suffix.is_empty() {
            // The object is complete JSON; what is added goes before its closing brace.
            self.object.pop();
            self.object.extend_from_slice(&self.settings.suffix);
            self.object.push(b'}');
        }
        draft.send(row, &matched, email, self.object, self.settings);
        Ok(())
    }

    /// Counts a member that is met for the first time and gives what Braze holds of it; `None` if it was met before.
    fn count_member(&mut self, key: MemberKey, draft: &mut Draft) -> Option<Fingerprint> {
        let counts = &mut draft.chunk.counts;
        match self.known.meet(key) {
            Meeting::Again => None,
            Meeting::New => self.recent.insert(key).then(|| {
                counts.entered += 1;
                Fingerprint::UNKNOWN
            }),
            Meeting::Known { fingerprint, in_last_run } => {
                if in_last_run {
                    counts.stayed += 1;
                } else {
                    counts.entered += 1;
                }
                Some(fingerprint)
            }
        }
    }

    /// A row with too few or too many fields does not say which of them is the identifier. Any field that names a known
    /// member keeps that member in the run: nobody leaves because of a broken row.
    /// Its address goes on record too: without it, the next run could not tell that the same person comes under the address.
    fn keep_whoever_it_names(&self, row: &Row<'_>, draft: &mut Draft) -> Result<(), StateError> {
        let fields = || (0..row.len()).filter_map(|place| row.field(place)).map(str::trim);
        let email = fields().find(|field| field.contains('@')).map(EmailHash::of);
        for field in fields() {
            if field.is_empty() {
                continue;
            }
            for identifier in [Identifier::ExternalId(field), Identifier::Email(field)] {
                if self.known.contains(MemberKey::of(identifier)) {
                    let email = email.filter(|_| matches!(identifier, Identifier::ExternalId(_)));
                    draft.chunk.part.push(line_of(identifier, email, Fingerprint::UNKNOWN))?;
                }
            }
        }
        Ok(())
    }
}

fn line_of(identifier: Identifier<'_>, email: Option<EmailHash>, fingerprint: Fingerprint) -> PartRow<'_> {
    PartRow { identifier, email, fingerprint, standing: Standing::Member }
}

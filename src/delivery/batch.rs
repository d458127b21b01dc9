//! A request in flight, with the rows of its objects in as few bytes as possible until Braze has answered.
//!
//! Hundreds of requests are in flight at once, so the bytes kept per row decide how much memory a delivery needs.

use crate::braze::TrackRequest;
use crate::profile::{Identifier, Matched};
use crate::rows::{Record, Row};
use crate::state::EmailHash;

/// Bits of a number that one byte holds; the uppermost bit says that more follow (LEB128).
const NUMBER_BITS: u32 = 7;
const MORE_FOLLOWS: u8 = 1 << NUMBER_BITS;

/// What there is of a ticket, in its second number, below the data points.
const KIND_BITS: u32 = 3;
const BY_EMAIL: u64 = 1;
const WITH_ADDRESS: u64 = 1 << 1;
const IDENTIFIER_IS_FIELD: u64 = 1 << 2;

/// The most bytes of a batch that is filled again.
const ROOM_KEPT: usize = 64 * 1024;

/// A request and the rows of its objects.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) request: TrackRequest,
    /// Where each row's texts begin.
    starts: Vec<u32>,
    /// Of each row: its [`Ticket`]; its identifier unless that is one of the fields, after its length; its data, after its
    /// length; and the places of the fields in the data.
    texts: Vec<u8>,
}

/// What belongs to one object of a request, besides the row's texts.
#[derive(Clone, Copy, Debug)]
struct Ticket {
    /// The row's line in the file.
    line: u64,
    /// Which field the identifier is; `None` if it is none of them, as one with spaces around it.
    identifier: Option<usize>,
    by_email: bool,
    /// The email address as a state line has it.
    email: Option<EmailHash>,
    data_points: u32,
}

/// The row of one object of a request.
#[derive(Debug)]
pub(super) struct SentRow<'a> {
    /// Its line in the file.
    pub(super) line: u64,
    /// The identifier as a state line has it.
    pub(super) identifier: Identifier<'a>,
    /// The email address as a state line has it.
    pub(super) email: Option<EmailHash>,
    /// Its fields.
    pub(super) record: Record,
}

impl Batch {
    /// An empty batch with room for as much as `full` holds, and a little more: requests of one file are much alike, and
    /// room that is not used would be taken hundreds of times.
    pub(super) fn with_room_of(full: &Self) -> Self {
        let roomy = |bytes: usize| bytes + bytes / 32;
        Self {
            request: TrackRequest::with_capacity(roomy(full.request.size())),
            starts: Vec::with_capacity(full.len()),
            texts: Vec::with_capacity(roomy(full.texts.len())),
        }
    }

    /// The batch without its objects, to be filled again; `None` if it holds more room than most do.
    pub(super) fn emptied(mut self) -> Option<Self> {
        let room = self.request.size() + self.texts.capacity();
        self.request.clear();
        self.starts.clear();
        self.texts.clear();
        (room <= ROOM_KEPT).then_some(self)
    }

    /// The number of objects.
    pub(super) fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there is no object.
    pub(super) fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Adds an object and its row. Gives the bytes that both take.
    pub(super) fn push(
        &mut self,
        object: &[u8],
        row: &Row<'_>,
        matched: &Matched<'_>,
        email: Option<EmailHash>,
    ) -> usize {
        let start = self.begin_row();
        let (identifier, by_email) = match matched.identifier {
            Identifier::ExternalId(id) => (id, false),
            Identifier::Email(address) => (address, true),
        };
        let ticket = Ticket { line: row.line(), identifier: None, by_email, email, data_points: matched.attributes };
        if let Some((data, fields)) = row.in_one_piece() {
            let is_identifier = |(start, end): &(usize, usize)| data.get(*start..*end) == Some(identifier.as_bytes());
            let place = fields.iter().position(is_identifier);
            self.push_ticket(Ticket { identifier: place, ..ticket });
            if place.is_none() {
                self.push_text(identifier.as_bytes());
            }
            self.push_text(data);
            self.push_places(fields.iter().copied());
        } else {
            self.push_ticket(ticket);
            self.push_text(identifier.as_bytes());
            self.push_fields(row);
        }
        self.request.push(object);
        object.len() + self.texts.len() - start
    }

    /// The data points of the object at `index`.
    pub(super) fn data_points(&self, index: usize) -> u64 {
        let ticket = self.texts_of(index).and_then(|mut texts| texts.ticket());
        ticket.map_or(0, |ticket| u64::from(ticket.data_points))
    }

    /// The row of the object at `index`; `None` if there is no such object.
    pub(super) fn row(&self, index: usize) -> Option<SentRow<'_>> {
        let mut texts = self.texts_of(index)?;
        let ticket = texts.ticket()?;
        let identifier = texts.identifier(ticket)?;
        Some(SentRow { line: ticket.line, identifier, email: ticket.email, record: texts.fields()?.collect() })
    }

    /// The identifier and the email address of the row at `index`, as a state line has them.
    pub(super) fn member(&self, index: usize) -> Option<(Identifier<'_>, Option<EmailHash>)> {
        let mut texts = self.texts_of(index)?;
        let ticket = texts.ticket()?;
        Some((texts.identifier(ticket)?, ticket.email))
    }

    /// Takes the objects at `indexes` out, which are in order, and their rows.
    pub(super) fn remove(&mut self, indexes: &[usize]) {
        let mut kept = Self::with_room_of(self);
        for index in (0..self.len()).filter(|index| indexes.binary_search(index).is_err()) {
            if let (Some(object), Some(Texts(texts))) = (self.request.object(index), self.texts_of(index)) {
                kept.begin_row();
                kept.texts.extend_from_slice(texts);
                kept.request.push(object);
            }
        }
        *self = kept;
    }

    fn texts_of(&self, index: usize) -> Option<Texts<'_>> {
        let start = |index: usize| usize::try_from(*self.starts.get(index)?).ok();
        let end = start(index + 1).unwrap_or(self.texts.len());
        self.texts.get(start(index)?..end).map(Texts)
    }

    /// The texts of another row come next. Gives where they begin.
    fn begin_row(&mut self) -> usize {
        let start = self.texts.len();
        self.starts.push(u32::try_from(start).unwrap_or(u32::MAX));
        start
    }

    /// The line; the data points, and below them what else there is; the number of the identifier's field, and the address,
    /// if there are such.
    fn push_ticket(&mut self, ticket: Ticket) {
        let there = |is: bool, bit: u64| if is { bit } else { 0 };
        let kind = there(ticket.by_email, BY_EMAIL)
            | there(ticket.email.is_some(), WITH_ADDRESS)
            | there(ticket.identifier.is_some(), IDENTIFIER_IS_FIELD);
        self.push_number(ticket.line);
        self.push_number(u64::from(ticket.data_points) << KIND_BITS | kind);
        if let Some(field) = ticket.identifier {
            self.push_number(field as u64);
        }
        if let Some(EmailHash(hash)) = ticket.email {
            self.texts.extend_from_slice(&hash.to_le_bytes());
        }
    }

    fn push_text(&mut self, text: &[u8]) {
        self.push_number(text.len() as u64);
        self.texts.extend_from_slice(text);
    }

    /// Fields whose data has to be put together.
    fn push_fields(&mut self, row: &Row<'_>) {
        let fields = || (0..row.len()).map(|index| row.field_bytes(index).unwrap_or_default());
        self.push_number(fields().map(|field| field.len() as u64).sum());
        fields().for_each(|field| self.texts.extend_from_slice(field));
        let mut end = 0;
        self.push_places(fields().map(|field| {
            let start = end;
            end += field.len();
            (start, end)
        }));
    }

    /// The places of fields. If one byte, the delimiter, precedes a field: twice its length. Otherwise twice its length plus
    /// one, and the number of bytes that precede it.
    fn push_places(&mut self, fields: impl Iterator<Item = (usize, usize)>) {
        let mut expected = 0;
        for (start, end) in fields {
            let elsewhere = start != expected;
            self.push_number(2 * (end - start) as u64 + u64::from(elsewhere));
            if elsewhere {
                // Adjacent fields have no delimiter between them.
                self.push_number((start + 1 - expected) as u64);
            }
            expected = end + 1;
        }
    }

    fn push_number(&mut self, mut number: u64) {
        loop {
            let [lowest, ..] = number.to_le_bytes();
            number >>= NUMBER_BITS;
            if number == 0 {
                self.texts.push(lowest);
                break;
            }
            self.texts.push(lowest | MORE_FOLLOWS);
        }
    }
}

/// What is left of a row's texts to read.
struct Texts<'a>(&'a [u8]);

impl<'a> Texts<'a> {
    fn number(&mut self) -> Option<u64> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & !MORE_FOLLOWS) << shift;
            shift += NUMBER_BITS;
            if byte & MORE_FOLLOWS == 0 {
                return Some(number);
            }
        }
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(text)
    }

    /// What belongs to the row, which comes first.
    fn ticket(&mut self) -> Option<Ticket> {
        let line = self.number()?;
        let kind = self.number()?;
        let identifier = if kind & IDENTIFIER_IS_FIELD == 0 { None } else { Some(self.length()?) };
        let email = if kind & WITH_ADDRESS == 0 {
            None
        } else {
            let (hash, rest) = self.0.split_first_chunk()?;
            self.0 = rest;
            Some(EmailHash(u64::from_le_bytes(*hash)))
        };
        let data_points = u32::try_from(kind >> KIND_BITS).ok()?;
        Some(Ticket { line, identifier, by_email: kind & BY_EMAIL != 0, email, data_points })
    }

    /// The identifier, which comes next unless it is one of the fields.
    fn identifier(&mut self, ticket: Ticket) -> Option<Identifier<'a>> {
        let identifier = match ticket.identifier {
            Some(field) => self.fields()?.nth(field)?,
            None => self.text()?,
        };
        // It was a string when it was pushed.
        let identifier = std::str::from_utf8(identifier).ok()?;
        Some(if ticket.by_email { Identifier::Email(identifier) } else { Identifier::ExternalId(identifier) })
    }

    /// The fields of the row, whose data comes next, and then their places to the end.
    fn fields(&self) -> Option<impl Iterator<Item = &'a [u8]> + use<'a>> {
        let mut places = Texts(self.0);
        let data = places.text()?;
        let mut expected = 0;
        Some(std::iter::from_fn(move || {
            let place = places.length()?;
            let start = if place % 2 == 0 { expected } else { (expected + places.length()?).checked_sub(1)? };
            let end = start + place / 2;
            expected = end + 1;
            data.get(start..end)
        }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::rows::{ReadSettings, RowReader};

    #[tokio::test]
    async fn rows_come_back_as_they_were() {
        let long = "長い名前🌸".repeat(2_000);
        let file = format!("Id,Mail,Name\n顧客-一,,\"a\"\"b,\nc\"\n,zoë@example.com,\n L-3 ,x@example.com,{long}\n");
        let mut reader = RowReader::open(file.as_bytes(), ReadSettings::default()).await.unwrap();
        let identifiers =
            [Identifier::ExternalId("顧客-一"), Identifier::Email("zoë@example.com"), Identifier::ExternalId("L-3")];
        let mut batch = Batch::default();
        let mut records = Vec::new();
        for identifier in identifiers {
            let row = reader.next_row().await.unwrap().unwrap();
            let matched = Matched { identifier, email: None, attributes: 7, for_new_only: None };
            batch.push(b"{}", &row, &matched, Some(EmailHash::of("x@example.com")));
            records.push((row.line(), row.to_record()));
        }
        assert_eq!(records.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 4, 5]);
        assert_eq!((batch.len(), batch.request.len()), (3, 3));
        for (index, (line, record)) in records.iter().enumerate() {
            let row = batch.row(index).unwrap();
            assert_eq!((row.line, row.identifier, &row.record), (*line, identifiers[index], record));
            assert_eq!(row.email, Some(EmailHash::of("x@example.com")));
            assert_eq!(batch.data_points(index), 7);
        }
        assert!(batch.row(3).is_none());
        batch.remove(&[0, 2]);
        let row = batch.row(0).unwrap();
        assert_eq!((row.line, row.identifier, &row.record), (records[1].0, identifiers[1], &records[1].1));
        assert_eq!((batch.len(), batch.request.len(), batch.member(0).unwrap().0), (1, 1, identifiers[1]));
        assert!(Batch::with_room_of(&batch).is_empty());
        assert!(batch.emptied().is_some_and(|batch| batch.is_empty() && batch.request.is_empty()));
    }
}

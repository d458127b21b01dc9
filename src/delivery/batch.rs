//! A request on its way, with the rows that it stands for, kept as small as they can be until Braze has answered for them.
//!
//! Hundreds of requests are in flight at once, so what is kept of a row decides how much memory a delivery takes.

use crate::braze::TrackRequest;
use crate::membership::EmailHash;
use crate::profile::{Identifier, Matched};
use crate::rows::{Record, Row};

/// Bits of a length that one byte holds; the uppermost bit says that more follow (LEB128).
const LENGTH_BITS: u32 = 7;
const MORE_FOLLOWS: u8 = 1 << LENGTH_BITS;

/// The most bytes of a batch that is filled again.
const ROOM_KEPT: usize = 64 * 1024;

/// A request and what its objects stand for.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) request: TrackRequest,
    tickets: Vec<Ticket>,
    /// What [`Ticket::start`] points into: of each row the identifier and the row's data, each after its length, and then
    /// where the fields lie in the data.
    texts: Vec<u8>,
}

/// What belongs to one object of a request.
#[derive(Debug)]
struct Ticket {
    /// The row's line in the file.
    line: u64,
    /// Where its identifier begins in the texts.
    start: usize,
    by_email: bool,
    /// The email address as a state line has it.
    email: Option<EmailHash>,
    data_points: u32,
}

impl Ticket {
    /// The identifier, which is the first of the row's texts.
    fn identifier<'a>(&self, texts: &mut Texts<'a>) -> Option<Identifier<'a>> {
        // It was a string when it was pushed.
        let identifier = std::str::from_utf8(texts.text()?).ok()?;
        Some(if self.by_email { Identifier::Email(identifier) } else { Identifier::ExternalId(identifier) })
    }
}

/// The row that one object of a request stands for.
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
            tickets: Vec::with_capacity(full.len()),
            texts: Vec::with_capacity(roomy(full.texts.len())),
        }
    }

    /// The batch without its objects, to be filled again; `None` if it holds more room than most do.
    pub(super) fn emptied(mut self) -> Option<Self> {
        let room = self.request.size() + self.texts.capacity();
        self.request.clear();
        self.tickets.clear();
        self.texts.clear();
        (room <= ROOM_KEPT).then_some(self)
    }

    /// The number of objects.
    pub(super) fn len(&self) -> usize {
        self.tickets.len()
    }

    /// Whether there is no object.
    pub(super) fn is_empty(&self) -> bool {
        self.tickets.is_empty()
    }

    /// Adds an object and its row. Gives the bytes that both take.
    pub(super) fn push(
        &mut self,
        object: &[u8],
        row: &Row<'_>,
        matched: &Matched<'_>,
        email: Option<EmailHash>,
    ) -> usize {
        let start = self.texts.len();
        let (identifier, by_email) = match matched.identifier {
            Identifier::ExternalId(id) => (id, false),
            Identifier::Email(address) => (address, true),
        };
        self.push_text(identifier.as_bytes());
        match row.in_one_piece() {
            Some((data, fields)) => {
                self.push_text(data);
                self.push_places(fields.iter().copied());
            }
            None => self.push_fields(row),
        }
        self.tickets.push(Ticket { line: row.line(), start, by_email, email, data_points: matched.attributes });
        self.request.push(object);
        object.len() + self.texts.len() - start
    }

    /// The data points of the object at `index`.
    pub(super) fn data_points(&self, index: usize) -> u64 {
        self.tickets.get(index).map_or(0, |ticket| u64::from(ticket.data_points))
    }

    /// The row of the object at `index`; `None` if there is no such object.
    pub(super) fn row(&self, index: usize) -> Option<SentRow<'_>> {
        let ticket = self.tickets.get(index)?;
        let mut texts = Texts(self.texts_of(index)?);
        let identifier = ticket.identifier(&mut texts)?;
        Some(SentRow { line: ticket.line, identifier, email: ticket.email, record: texts.record()? })
    }

    /// The identifier and the email address of the row at `index`, as a state line has them.
    pub(super) fn member(&self, index: usize) -> Option<(Identifier<'_>, Option<EmailHash>)> {
        let ticket = self.tickets.get(index)?;
        Some((ticket.identifier(&mut Texts(self.texts_of(index)?))?, ticket.email))
    }

    /// Takes the objects at `indexes` out, which are in order, and their rows.
    pub(super) fn remove(&mut self, indexes: &[usize]) {
        let mut kept = Self::with_room_of(self);
        for (index, ticket) in self.tickets.iter().enumerate() {
            if indexes.binary_search(&index).is_err()
                && let (Some(object), Some(texts)) = (self.request.object(index), self.texts_of(index))
            {
                kept.tickets.push(Ticket { start: kept.texts.len(), ..*ticket });
                kept.texts.extend_from_slice(texts);
                kept.request.push(object);
            }
        }
        *self = kept;
    }

    fn texts_of(&self, index: usize) -> Option<&[u8]> {
        let start = self.tickets.get(index)?.start;
        let end = self.tickets.get(index + 1).map_or(self.texts.len(), |next| next.start);
        self.texts.get(start..end)
    }

    fn push_text(&mut self, text: &[u8]) {
        self.push_number(text.len());
        self.texts.extend_from_slice(text);
    }

    /// Fields whose data has to be put together.
    fn push_fields(&mut self, row: &Row<'_>) {
        let fields = || (0..row.len()).map(|index| row.field_bytes(index).unwrap_or_default());
        self.push_number(fields().map(<[u8]>::len).sum());
        fields().for_each(|field| self.texts.extend_from_slice(field));
        let mut end = 0;
        self.push_places(fields().map(|field| {
            let start = end;
            end += field.len();
            (start, end)
        }));
    }

    /// Where fields lie: twice the length, if the field comes after one byte, the delimiter; else one more, and then how many
    /// bytes it comes after.
    fn push_places(&mut self, fields: impl Iterator<Item = (usize, usize)>) {
        let mut expected = 0;
        for (start, end) in fields {
            let elsewhere = start != expected;
            self.push_number(2 * (end - start) + usize::from(elsewhere));
            if elsewhere {
                // Fields that lie side by side have no delimiter between them.
                self.push_number(start + 1 - expected);
            }
            expected = end + 1;
        }
    }

    fn push_number(&mut self, mut number: usize) {
        loop {
            let [lowest, ..] = number.to_le_bytes();
            number >>= LENGTH_BITS;
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
    fn number(&mut self) -> Option<usize> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= usize::from(byte & !MORE_FOLLOWS) << shift;
            shift += LENGTH_BITS;
            if byte & MORE_FOLLOWS == 0 {
                return Some(number);
            }
        }
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(text)
    }

    /// The row, whose data comes next, and then the places of its fields to the end.
    fn record(mut self) -> Option<Record> {
        let data = self.text()?;
        let mut expected = 0;
        let fields = std::iter::from_fn(|| {
            let place = self.number()?;
            let start = if place % 2 == 0 { expected } else { (expected + self.number()?).checked_sub(1)? };
            let end = start + place / 2;
            expected = end + 1;
            data.get(start..end)
        });
        Some(fields.collect())
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
            let matched = Matched { identifier, email: None, attributes: 7 };
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

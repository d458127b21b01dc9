//! The reader as its callers see it. Every text is read in pieces of several sizes, and each must give the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod compressed;
mod dialects;
mod headers;
mod hostile;
mod oracle;
mod resume;
mod stray_quotes;
mod written_back;

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use proptest::test_runner::{Config as ProptestConfig, RngSeed};
use tokio::io::{AsyncRead, ReadBuf};

use super::{Header, Position, ReadError, ReadSettings, Record, Row, RowProblem, RowReader};

/// A source that gives its bytes in pieces, and then ends or fails.
pub(super) struct Pieces {
    bytes: Vec<u8>,
    given: usize,
    size: usize,
    fails: bool,
}

impl Pieces {
    pub(super) fn new(bytes: &[u8], size: usize) -> Self {
        Self { bytes: bytes.to_vec(), given: 0, size, fails: false }
    }

    pub(super) fn failing(bytes: &[u8], size: usize) -> Self {
        Self { fails: true, ..Self::new(bytes, size) }
    }
}

impl AsyncRead for Pieces {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let rest = &self.bytes[self.given..];
        if rest.is_empty() && self.fails {
            return Poll::Ready(Err(io::Error::other("connection reset")));
        }
        let taken = rest.len().min(self.size).min(buffer.remaining());
        buffer.put_slice(&rest[..taken]);
        self.given += taken;
        Poll::Ready(Ok(()))
    }
}

/// One row as it was given.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Given {
    pub(super) line: u64,
    pub(super) number: u64,
    pub(super) fields: Vec<Vec<u8>>,
    pub(super) problem: Option<RowProblem>,
    pub(super) record: Record,
    pub(super) after: Position,
}

impl Given {
    fn of(row: &Row<'_>) -> Self {
        let fields = (0..row.len()).map(|index| row.field_bytes(index).unwrap().to_vec()).collect();
        for index in 0..row.len() {
            let bytes = row.field_bytes(index).unwrap();
            assert_eq!(row.field(index), std::str::from_utf8(bytes).ok());
        }
        assert_eq!(row.field(row.len()), None);
        let after = Position { byte: 0, line: 0, row: 0, strict_until: 0, not_utf8: None };
        Self {
            line: row.line(),
            number: row.number(),
            fields,
            problem: row.problem().cloned(),
            record: row.to_record(),
            after,
        }
    }

    pub(super) fn texts(&self) -> Vec<String> {
        self.fields.iter().map(|field| String::from_utf8(field.clone()).unwrap()).collect()
    }
}

/// So many cases of a property, the same in every run.
pub(super) fn cases(count: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_261_123),
        ..ProptestConfig::with_cases(count)
    }
}

pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

pub(super) async fn rest<S: AsyncRead + Unpin>(reader: &mut RowReader<S>) -> Result<Vec<Given>, ReadError> {
    let mut rows = Vec::new();
    while let Some(mut row) = reader.next_row().await?.map(|row| Given::of(&row)) {
        row.after = reader.position();
        rows.push(row);
    }
    Ok(rows)
}

pub(super) fn read_in_pieces(
    bytes: &[u8],
    settings: &ReadSettings,
    size: usize,
) -> Result<(Header, Vec<Given>), ReadError> {
    block_on(async {
        let mut reader = RowReader::open(Pieces::new(bytes, size), settings.clone()).await?;
        let rows = rest(&mut reader).await?;
        Ok((reader.header().clone(), rows))
    })
}

/// Reads a file in pieces of several sizes, which must not matter.
pub(super) fn try_read(bytes: &[u8], settings: &ReadSettings) -> Result<(Header, Vec<Given>), ReadError> {
    let whole = read_in_pieces(bytes, settings, usize::MAX);
    let sizes: &[usize] = if bytes.len() > 10_000 { &[4_099] } else { &[1, 2, 3, 5, 16, 61] };
    for &size in sizes {
        let pieces = read_in_pieces(bytes, settings, size);
        match (&whole, &pieces) {
            (Ok(whole), Ok(pieces)) => assert_eq!(whole, pieces, "pieces of {size}"),
            (Err(whole), Err(pieces)) => {
                assert_eq!(whole.to_string(), pieces.to_string(), "pieces of {size}");
            }
            _ => panic!("pieces of {size}: {whole:?} against {pieces:?}"),
        }
    }
    whole
}

pub(super) fn read_with(bytes: impl AsRef<[u8]>, settings: &ReadSettings) -> (Header, Vec<Given>) {
    try_read(bytes.as_ref(), settings).unwrap()
}

pub(super) fn read(bytes: impl AsRef<[u8]>) -> (Header, Vec<Given>) {
    read_with(bytes, &ReadSettings::default())
}

pub(super) fn read_error(bytes: impl AsRef<[u8]>, settings: &ReadSettings) -> ReadError {
    try_read(bytes.as_ref(), settings).unwrap_err()
}

/// The fields of every row, which all must be without a problem.
pub(super) fn texts(rows: &[Given]) -> Vec<Vec<String>> {
    for row in rows {
        assert_eq!(row.problem, None, "line {}", row.line);
    }
    rows.iter().map(Given::texts).collect()
}

pub(super) fn lines(rows: &[Given]) -> Vec<u64> {
    rows.iter().map(|row| row.line).collect()
}

/// Each row's line and problem in words, or its first field.
pub(super) fn outline(rows: &[Given]) -> Vec<(u64, String)> {
    let describe = |row: &Given| match &row.problem {
        Some(problem) => problem.to_string(),
        None => row.texts()[0].clone(),
    };
    rows.iter().map(|row| (row.line, describe(row))).collect()
}

//! The part of the text that is in memory: from the record being read to the end of what has been read.

use memchr::memrchr;
use tokio::io::AsyncRead;

use super::encoding::{BYTE_ORDER_MARK, TextEncoding};
use super::error::ReadError;
use super::source::Source;

/// How much text is read at once, at most.
const READ: usize = 64 << 10;

/// Less free room than this is not worth a read.
const LEAST_READ: usize = 16 << 10;

/// The part of the text that is in memory. It grows with the record being read and no further.
pub(super) struct Window<S> {
    /// `None` while it is being replaced.
    source: Option<Source<S>>,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// The position of `bytes[0]` in the text.
    base: u64,
    ended: bool,
    failed: bool,
    max_text_bytes: u64,
    /// The position in the text of the last NUL byte read so far.
    last_nul: Option<u64>,
}

impl<S: AsyncRead + Unpin> Window<S> {
    /// A window on `source`, whose first byte is at `base` in the text.
    pub(super) fn new(source: Source<S>, base: u64, max_text_bytes: u64) -> Self {
        Self {
            source: Some(source),
            bytes: Vec::new(),
            start: 0,
            end: 0,
            base,
            ended: false,
            failed: false,
            max_text_bytes,
            last_nul: None,
        }
    }

    /// What is in memory and not yet consumed.
    pub(super) fn unread(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// The bytes in memory, and where the unread part begins. The bytes consumed last are still before that.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where in [`Window::bytes`] the unread part begins.
    pub(super) fn start(&self) -> usize {
        self.start
    }

    /// Where in the text the unread part begins.
    pub(super) fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    /// Whether nothing follows the unread part.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Whether the text is compressed.
    pub(super) fn is_gzip(&self) -> bool {
        self.source.as_ref().is_some_and(Source::is_gzip)
    }

    /// Reads the text as one of `encoding`, of which nothing has been consumed.
    pub(super) fn decode(&mut self, encoding: TextEncoding) {
        let read = self.bytes[self.start..self.end].to_vec();
        self.source = self.source.take().map(|source| source.decoded(encoding, &read));
        (self.start, self.end, self.ended, self.last_nul) = (0, 0, false, None);
    }

    /// Whether there may be a NUL byte at or after the start of the unread part.
    pub(super) fn may_hold_nul(&self) -> bool {
        self.last_nul.is_some_and(|at| at >= self.offset())
    }

    /// Leaves `count` bytes behind.
    pub(super) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }

    /// Reads on. After an error every further call is an error: the end of such a text is not known.
    pub(super) async fn fill(&mut self) -> Result<(), ReadError> {
        if self.failed {
            return Err(ReadError::AfterError);
        }
        let read = self.read_more().await;
        self.failed = read.is_err();
        read
    }

    async fn read_more(&mut self) -> Result<(), ReadError> {
        if self.ended {
            return Ok(());
        }
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.base += self.start as u64;
            self.end -= self.start;
            self.start = 0;
        }
        if self.bytes.len() - self.end < LEAST_READ {
            self.bytes.resize((self.bytes.len() * 2).max(READ), 0);
        }
        let Some(source) = &mut self.source else { return Err(ReadError::AfterError) };
        let read = source.read(&mut self.bytes[self.end..]).await?;
        self.ended = read == 0;
        if let Some(at) = memrchr(0, &self.bytes[self.end..self.end + read]) {
            self.last_nul = Some(self.base + (self.end + at) as u64);
        }
        self.end += read;
        if self.base + self.end as u64 > self.max_text_bytes {
            return Err(ReadError::TextTooLong { limit: self.max_text_bytes });
        }
        Ok(())
    }

    /// Skips blank lines, and the byte-order mark of a file that was appended to another.
    /// `line`, the physical line at the start of the unread part, is kept up.
    pub(super) fn pass_blank_lines(&mut self, line: &mut u64) -> Blank {
        loop {
            let (bytes, lines) = match self.unread() {
                [] if self.ended => return Blank::End,
                [] => return Blank::NeedMore,
                [b'\r', b'\n', ..] => (2, 1),
                [b'\r'] if !self.ended => return Blank::NeedMore,
                [b'\n' | b'\r', ..] => (1, 1),
                [first, rest @ ..] if *first == BYTE_ORDER_MARK[0] => match rest {
                    [0xBB, 0xBF, ..] => (BYTE_ORDER_MARK.len(), 0),
                    [] | [0xBB] if !self.ended => return Blank::NeedMore,
                    _ => return Blank::Passed,
                },
                _ => return Blank::Passed,
            };
            self.consume(bytes);
            *line += lines;
        }
    }

    /// Skips to `offset` of the text, or to its end if that comes first.
    pub(super) async fn skip_to(&mut self, offset: u64) -> Result<(), ReadError> {
        loop {
            let ahead = offset.saturating_sub(self.offset());
            let here = self.unread().len();
            self.consume(usize::try_from(ahead).unwrap_or(usize::MAX).min(here));
            if self.offset() >= offset || self.ended {
                return Ok(());
            }
            self.fill().await?;
        }
    }
}

/// What follows blank lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blank {
    /// A record.
    Passed,
    /// More text is needed to decide.
    NeedMore,
    /// Nothing.
    End,
}

//! The bytes of the text: the file itself, or what its gzip members hold.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_compression::tokio::bufread::GzipDecoder;
use tokio::io::{AsyncRead, AsyncReadExt, BufReader, ReadBuf};

use super::decoding::Decoding;
use super::encoding::TextEncoding;
use super::error::ReadError;

/// The two bytes that every gzip member begins with (RFC 1952).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// How much compressed data is read at once.
const COMPRESSED_READ: usize = 64 << 10;

/// The text of a file.
pub(super) enum Source<S> {
    /// The file is the text.
    Plain(Sniffed<S>),
    /// The text is compressed, in one or more gzip members.
    Gzip(Box<GzipDecoder<BufReader<Sniffed<S>>>>),
    /// The text is of another encoding than UTF-8.
    Decoded(Box<Self>, Decoding),
}

impl<S: AsyncRead + Unpin> Source<S> {
    /// Recognises gzip by content.
    pub(super) async fn sniff(mut inner: S) -> Result<Self, ReadError> {
        let mut magic = [0; 2];
        let mut length = 0;
        while length < magic.len() {
            match inner.read(&mut magic[length..]).await.map_err(ReadError::Source)? {
                0 => break,
                read => length += read,
            }
        }
        let gzip = magic == GZIP_MAGIC;
        let sniffed = Sniffed { first: magic, given: 0, length, inner, failed: false };
        Ok(if gzip { Self::gunzip(sniffed) } else { Self::Plain(sniffed) })
    }

    /// Takes the file as compressed or not, as an earlier look at it found.
    pub(super) fn known(inner: S, gzip: bool) -> Self {
        let sniffed = Sniffed { first: [0; 2], given: 0, length: 0, inner, failed: false };
        if gzip { Self::gunzip(sniffed) } else { Self::Plain(sniffed) }
    }

    fn gunzip(sniffed: Sniffed<S>) -> Self {
        let mut decoder = GzipDecoder::new(BufReader::with_capacity(COMPRESSED_READ, sniffed));
        decoder.multiple_members(true);
        Self::Gzip(Box::new(decoder))
    }

    /// Whether the file is compressed.
    pub(super) fn is_gzip(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Gzip(_) => true,
            Self::Decoded(source, _) => source.is_gzip(),
        }
    }

    /// The same as UTF-8, of a file in `encoding` of which `read` have been read already.
    pub(super) fn decoded(self, encoding: TextEncoding, read: &[u8]) -> Self {
        Self::Decoded(Box::new(self), Decoding::new(encoding, read))
    }

    /// Reads text of another encoding.
    async fn read_decoded(source: &mut Self, decoding: &mut Decoding, buffer: &mut [u8]) -> Result<usize, ReadError> {
        loop {
            let written = decoding.decode(buffer);
            if written > 0 || decoding.is_done() {
                return Ok(written);
            }
            if let Some(room) = decoding.room() {
                let read = Box::pin(source.read(room)).await?;
                decoding.filled(read);
            }
        }
    }

    /// Reads text into `buffer`, which is not empty; 0 is the end of the text.
    pub(super) async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ReadError> {
        match self {
            Self::Plain(plain) => plain.read(buffer).await.map_err(ReadError::Source),
            Self::Decoded(source, decoding) => Self::read_decoded(source, decoding, buffer).await,
            Self::Gzip(decoder) => match decoder.read(buffer).await {
                Ok(read) => Ok(read),
                Err(error) if decoder.get_ref().get_ref().failed => Err(ReadError::Source(error)),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(ReadError::GzipTruncated),
                Err(error) => Err(ReadError::GzipDamaged(error)),
            },
        }
    }
}

/// A file whose first bytes were looked at. It remembers whether the file or its compression failed.
pub(super) struct Sniffed<S> {
    first: [u8; 2],
    given: usize,
    length: usize,
    inner: S,
    failed: bool,
}

impl<S: AsyncRead + Unpin> AsyncRead for Sniffed<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let first = &this.first[this.given..this.length];
        if !first.is_empty() {
            let taken = first.len().min(buffer.remaining());
            buffer.put_slice(&first[..taken]);
            this.given += taken;
            return Poll::Ready(Ok(()));
        }
        let read = Pin::new(&mut this.inner).poll_read(context, buffer);
        this.failed |= matches!(read, Poll::Ready(Err(_)));
        read
    }
}

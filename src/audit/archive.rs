//! Reads a file of an export, forward only: a zip archive or a gzip file of JSON lines.
//!
//! An archive is read as it arrives, from one local header to the next (PKWARE's .ZIP File Format Specification, 4.3). Its
//! directory, which comes last, is not needed, so an archive may be larger than the memory, and may have been written without
//! knowing the sizes of its files in advance (data descriptors).

use std::io::{self, Cursor};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_compression::tokio::bufread::{DeflateDecoder, GzipDecoder};
use aws_lc_rs::digest;
use flate2::Crc;
use thiserror::Error;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader, Chain, ReadBuf, Take};

use crate::message::{codes, hexadecimal};

/// The longest line: one profile with its identifiers and one attribute.
const LONGEST_LINE: usize = 1024 * 1024;

/// The most text of one file, uncompressed: some 100 million profiles.
const MOST_TEXT: u64 = 16 << 30;

const LOCAL_HEADER: u32 = 0x0403_4b50;
const DESCRIPTOR: u32 = 0x0807_4b50;
/// What follows the last file of an archive: the directory, or its end.
const AFTER_FILES: [u32; 4] = [0x0201_4b50, 0x0605_4b50, 0x0606_4b50, 0x0806_4b50];

const GZIP: [u8; 2] = [0x1f, 0x8b];
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const ENCRYPTED: u16 = 1;
const HAS_DESCRIPTOR: u16 = 8;
/// The extra field with sizes of 8 bytes (4.5.3).
const ZIP64: u16 = 1;

/// Why a file of an export can't be read.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// The file is neither a zip archive nor gzip, is encrypted, or uses another compression.
    ///
    /// Fix: check that the address or the bucket holds what Braze exported.
    #[error("it is no zip archive or gzip file that can be read: {found}")]
    Unsupported {
        /// What it is.
        found: &'static str,
    },
    /// The file is not as it was written.
    ///
    /// Fix: run the audit again.
    #[error("it is damaged: {found}")]
    Damaged {
        /// What is wrong.
        found: &'static str,
    },
    /// The file has more text than an export can have.
    ///
    /// Fix: check that the address or the bucket holds what Braze exported.
    #[error("it has a line or a text that is too long")]
    TooLong,
    /// The file broke off, or could not be decompressed.
    ///
    /// Fix: run the audit again.
    #[error("it broke off: {0}")]
    Broken(#[from] io::Error),
}

codes!(ArchiveError {
    Unsupported = "ITB-U31",
    Damaged = "ITB-U32",
    TooLong = "ITB-U33",
    Broken = "ITB-U34",
});

type Source<R> = BufReader<Chain<Cursor<[u8; 4]>, Digested<R>>>;

/// The lines of a file of an export.
pub struct ExportLines<R> {
    at: At<R>,
    line: Vec<u8>,
    text: u64,
}

enum At<R> {
    /// Before the header of a file of an archive, or behind the last one.
    Between(Source<R>),
    /// In a file of an archive.
    File(Box<ArchivedFile<R>>),
    Gzip(Box<BufReader<GzipDecoder<Source<R>>>>),
    Ended(Option<Source<R>>),
}

struct ArchivedFile<R> {
    content: BufReader<Content<R>>,
    header: Header,
    crc: Crc,
    length: u64,
}

enum Content<R> {
    Deflated(DeflateDecoder<Source<R>>),
    Stored(Take<Source<R>>),
}

/// What is needed of a local header.
#[derive(Clone, Copy, Debug)]
struct Header {
    has_descriptor: bool,
    is_long: bool,
    deflated: bool,
    crc: u32,
    packed: u64,
    length: u64,
}

impl<R: AsyncRead + Unpin> ExportLines<R> {
    /// Begins to read a file.
    pub async fn open(source: R) -> Result<Self, ArchiveError> {
        let mut source = Digested { source, digest: digest::Context::new(&digest::SHA256) };
        let mut first = [0; 4];
        source.read_exact(&mut first).await.map_err(|_| ArchiveError::Unsupported { found: "it is nearly empty" })?;
        let is_zip = u32::from_le_bytes(first) == LOCAL_HEADER || AFTER_FILES.contains(&u32::from_le_bytes(first));
        let source = BufReader::new(Cursor::new(first).chain(source));
        let at = if first.starts_with(&GZIP) {
            let mut decoder = GzipDecoder::new(source);
            decoder.multiple_members(true);
            At::Gzip(Box::new(BufReader::new(decoder)))
        } else if is_zip {
            At::Between(source)
        } else {
            return Err(ArchiveError::Unsupported { found: "it begins otherwise" });
        };
        Ok(Self { at, line: Vec::new(), text: 0 })
    }

    /// The next line that is not empty, without its end; `None` behind the last one of the last file.
    pub async fn next(&mut self) -> Result<Option<&[u8]>, ArchiveError> {
        loop {
            self.line.clear();
            let is_line = match &mut self.at {
                At::Ended(_) => return Ok(None),
                At::Between(_) => {
                    self.begin_file().await?;
                    continue;
                }
                At::File(file) => {
                    let ArchivedFile { content, crc, length, .. } = &mut **file;
                    let note = |bytes: &[u8]| {
                        crc.update(bytes);
                        *length += bytes.len() as u64;
                    };
                    read_line(content, &mut self.line, note).await?
                }
                At::Gzip(content) => read_line(content, &mut self.line, |_| {}).await?,
            };
            self.text += self.line.len() as u64;
            if self.text > MOST_TEXT {
                return Err(ArchiveError::TooLong);
            }
            if !is_line {
                self.end_file().await?;
            } else if !self.line.trim_ascii().is_empty() {
                return Ok(Some(self.line.trim_ascii()));
            }
        }
    }

    /// The SHA-256 of the whole file, as it is stored. Called at its end.
    pub async fn digest(self) -> Result<String, ArchiveError> {
        let At::Ended(Some(mut source)) = self.at else {
            return Err(ArchiveError::Damaged { found: "it was not read to its end" });
        };
        tokio::io::copy_buf(&mut source, &mut tokio::io::sink()).await?;
        let (_, Digested { digest, .. }) = source.into_inner().into_inner();
        Ok(hexadecimal(digest.finish().as_ref()))
    }

    async fn begin_file(&mut self) -> Result<(), ArchiveError> {
        let At::Between(mut source) = std::mem::replace(&mut self.at, At::Ended(None)) else { return Ok(()) };
        let mark = source.read_u32_le().await?;
        if AFTER_FILES.contains(&mark) {
            self.at = At::Ended(Some(source));
            return Ok(());
        }
        if mark != LOCAL_HEADER {
            return Err(ArchiveError::Damaged { found: "no header where a file should begin" });
        }
        let header = Header::read(&mut source).await?;
        let content = if header.deflated {
            Content::Deflated(DeflateDecoder::new(source))
        } else {
            Content::Stored(source.take(header.packed))
        };
        let file = ArchivedFile { content: BufReader::new(content), header, crc: Crc::new(), length: 0 };
        self.at = At::File(Box::new(file));
        Ok(())
    }

    async fn end_file(&mut self) -> Result<(), ArchiveError> {
        self.at = match std::mem::replace(&mut self.at, At::Ended(None)) {
            At::File(file) => At::Between(file.end().await?),
            At::Gzip(content) => At::Ended(Some(content.into_inner().into_inner())),
            other => other,
        };
        Ok(())
    }
}

impl<R: AsyncRead + Unpin> ArchivedFile<R> {
    /// Checks what was read, and goes behind the file.
    async fn end(self) -> Result<Source<R>, ArchiveError> {
        let mut source = match self.content.into_inner() {
            Content::Deflated(decoder) => decoder.into_inner(),
            Content::Stored(taken) => taken.into_inner(),
        };
        let (mut crc, mut length) = (self.header.crc, self.header.length);
        if self.header.has_descriptor {
            crc = source.read_u32_le().await?;
            if crc == DESCRIPTOR {
                crc = source.read_u32_le().await?;
            }
            length = if self.header.is_long {
                source.read_u64_le().await?;
                source.read_u64_le().await?
            } else {
                source.read_u32_le().await?;
                source.read_u32_le().await?.into()
            };
        }
        if crc != self.crc.sum() || length != self.length {
            return Err(ArchiveError::Damaged { found: "its check sum is another" });
        }
        Ok(source)
    }
}

impl Header {
    async fn read(source: &mut (impl AsyncRead + Unpin)) -> Result<Self, ArchiveError> {
        let _version = source.read_u16_le().await?;
        let flags = source.read_u16_le().await?;
        let method = source.read_u16_le().await?;
        let _modified = source.read_u32_le().await?;
        let crc = source.read_u32_le().await?;
        let (mut packed, mut length) = (u64::from(source.read_u32_le().await?), u64::from(source.read_u32_le().await?));
        let (name, extra) = (source.read_u16_le().await?, source.read_u16_le().await?);
        let mut bytes = vec![0; usize::from(name) + usize::from(extra)];
        source.read_exact(&mut bytes).await?;
        let long = long_sizes(bytes.get(usize::from(name)..).unwrap_or_default());
        if let Some([long_length, long_packed]) = long {
            (packed, length) = (long_packed, long_length);
        }
        let has_descriptor = flags & HAS_DESCRIPTOR != 0;
        if flags & ENCRYPTED != 0 {
            return Err(ArchiveError::Unsupported { found: "it is encrypted" });
        }
        if method != DEFLATED && (method != STORED || has_descriptor) {
            return Err(ArchiveError::Unsupported { found: "it has another compression" });
        }
        Ok(Self { has_descriptor, is_long: long.is_some(), deflated: method == DEFLATED, crc, packed, length })
    }
}

/// The length and the packed length in an extra field, if there are some.
fn long_sizes(mut extra: &[u8]) -> Option<[u64; 2]> {
    while let Some(([kind_low, kind_high, length_low, length_high], rest)) = extra.split_first_chunk() {
        let length = usize::from(u16::from_le_bytes([*length_low, *length_high]));
        let (field, after) = rest.split_at_checked(length)?;
        if u16::from_le_bytes([*kind_low, *kind_high]) == ZIP64 {
            let number = |at: usize| {
                field.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |bytes| u64::from_le_bytes(*bytes))
            };
            return Some([number(0), number(8)]);
        }
        extra = after;
    }
    None
}

/// Reads up to the next line feed, which is not kept. Whether there was anything.
async fn read_line(
    source: &mut (impl AsyncBufRead + Unpin),
    line: &mut Vec<u8>,
    mut note: impl FnMut(&[u8]),
) -> Result<bool, ArchiveError> {
    let mut any = false;
    loop {
        let bytes = source.fill_buf().await?;
        if bytes.is_empty() {
            return Ok(any);
        }
        any = true;
        let end = memchr::memchr(b'\n', bytes);
        let taken = end.map_or(bytes.len(), |end| end + 1);
        note(&bytes[..taken]);
        line.extend_from_slice(&bytes[..end.unwrap_or(taken)]);
        source.consume(taken);
        if line.len() > LONGEST_LINE {
            return Err(ArchiveError::TooLong);
        }
        if end.is_some() {
            return Ok(true);
        }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Content<R> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Deflated(decoder) => Pin::new(decoder).poll_read(context, buffer),
            Self::Stored(taken) => Pin::new(taken).poll_read(context, buffer),
        }
    }
}

/// A source whose bytes are digested as they are read.
struct Digested<R> {
    source: R,
    digest: digest::Context,
}

impl<R: AsyncRead + Unpin> AsyncRead for Digested<R> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let own = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut own.source).poll_read(context, buffer))?;
        own.digest.update(buffer.filled().get(before..).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests;

//! A content on its way into the storage: written outside of every bucket, with its digests.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use bytes::Bytes;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::Checksum;

use super::held::{Held, Sink};

/// A content that is complete but not yet an object. Dropped unused, its file is removed.
pub(super) struct Written {
    pub(super) held: Held,
    pub(super) size: u64,
    pub(super) md5: [u8; 16],
    pub(super) checksum: Checksum,
}

impl Drop for Written {
    fn drop(&mut self) {
        // After a commit the file has another name and there is nothing left to remove.
        if let Held::InFile(path) = &self.held {
            drop(std::fs::remove_file(path));
        }
    }
}

/// A content being written outside every bucket.
pub(super) struct Writer {
    sink: Sink,
    digest: Md5,
    hasher: ChecksumHasher,
    written: Written,
}

impl Writer {
    pub(super) fn to_file(path: PathBuf, hasher: ChecksumHasher) -> io::Result<Self> {
        Ok(Self::new(Sink::File(File::create(&path)?), Held::InFile(path), hasher))
    }

    pub(super) fn to_memory(hasher: ChecksumHasher) -> Self {
        Self::new(Sink::Memory(Vec::new()), Held::InMemory(Bytes::new()), hasher)
    }

    fn new(sink: Sink, held: Held, hasher: ChecksumHasher) -> Self {
        let written = Written { held, size: 0, md5: [0; 16], checksum: Checksum::default() };
        Self { sink, digest: Md5::new(), hasher, written }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.digest.update(bytes);
        self.hasher.update(bytes);
        self.written.size += bytes.len() as u64;
        self.sink.write_all(bytes)
    }

    pub(super) fn write_all_of(&mut self, source: &mut impl Read) -> io::Result<()> {
        let mut chunk = vec![0; 128 * 1024];
        loop {
            let length = source.read(&mut chunk)?;
            if length == 0 {
                return Ok(());
            }
            self.write(&chunk[..length])?;
        }
    }

    pub(super) fn finish(mut self) -> io::Result<Written> {
        self.sink.flush()?;
        if let Sink::Memory(bytes) = self.sink {
            self.written.held = Held::InMemory(bytes.into());
        }
        self.written.md5 = self.digest.finalize();
        self.written.checksum = self.hasher.finalize();
        Ok(self.written)
    }
}

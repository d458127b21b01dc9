//! Where the bytes of an object are: in a file of their own, or in memory.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use bytes::{Buf, Bytes};

/// Bytes that are kept.
#[derive(Debug)]
pub(super) enum Held {
    InFile(PathBuf),
    InMemory(Bytes),
}

impl Held {
    pub(super) fn open(&self) -> io::Result<Opened> {
        match self {
            Self::InFile(path) => File::open(path).map(Opened::File),
            Self::InMemory(bytes) => Ok(Opened::Memory(bytes.clone())),
        }
    }
}

/// Kept bytes, opened: they stay what they are whatever becomes of the object meanwhile.
#[derive(Debug)]
pub(super) enum Opened {
    File(File),
    Memory(Bytes),
}

impl Read for Opened {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(into),
            Self::Memory(bytes) => bytes.reader().read(into),
        }
    }
}

/// Where bytes are being written.
#[derive(Debug)]
pub(super) enum Sink {
    File(File),
    Memory(Vec<u8>),
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Memory(written) => written.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Memory(_) => Ok(()),
        }
    }
}

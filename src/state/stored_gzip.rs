//! Gzip data that is stored, not compressed: blocks of RFC 1951, section 3.2.4, in the envelope of RFC 1952.
//!
//! A compressor with compression turned off writes the same, but allocates 300 KB of tables that it doesn't use.

use flate2::Crc;

/// The mark of gzip, the method of deflate, and nothing known of name, time and system (RFC 1952, section 2.3).
const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
const LAST_BLOCK: u8 = 1;
const ANOTHER_FOLLOWS: u8 = 0;

/// Gzip data under construction, in memory.
#[derive(Debug)]
pub(super) struct StoredGzip {
    bytes: Vec<u8>,
    text: Crc,
}

impl StoredGzip {
    /// The envelope of an empty text, with room for this many bytes of text and for the envelope.
    pub(super) fn with_room(text: usize) -> Self {
        let mut bytes = Vec::with_capacity(text + text / 256 + 64);
        bytes.extend_from_slice(&HEAD);
        Self { bytes, text: Crc::new() }
    }

    /// Adds to the text.
    pub(super) fn push(&mut self, text: &[u8]) {
        self.text.update(text);
        for block in text.chunks(usize::from(u16::MAX)) {
            self.push_block(ANOTHER_FOLLOWS, block);
        }
    }

    /// The finished data.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.push_block(LAST_BLOCK, &[]);
        self.bytes.extend_from_slice(&self.text.sum().to_le_bytes());
        self.bytes.extend_from_slice(&self.text.amount().to_le_bytes());
        self.bytes
    }

    #[expect(clippy::cast_possible_truncation, reason = "no block is longer than 16 bits can say")]
    fn push_block(&mut self, kind: u8, block: &[u8]) {
        let length = block.len() as u16;
        self.bytes.push(kind);
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(&(!length).to_le_bytes());
        self.bytes.extend_from_slice(block);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn texts_come_back_as_they_were() {
        for lengths in [vec![], vec![0], vec![1, 65_535, 65_536], vec![300_000, 7]] {
            let mut gzip = StoredGzip::with_room(100);
            let mut text = Vec::new();
            for length in lengths {
                let piece = "顧客🌸".repeat(length / 10 + 1).into_bytes();
                gzip.push(&piece[..length]);
                text.extend_from_slice(&piece[..length]);
            }
            let bytes = gzip.finish();
            let mut read = Vec::new();
            GzDecoder::new(bytes.as_slice()).read_to_end(&mut read).unwrap();
            assert_eq!(read, text);
            assert!(bytes.len() <= text.len() + text.len() / 1_000 + 64, "{}", bytes.len());
        }
    }
}

//! Text of another encoding, as UTF-8.

use encoding_rs::{Decoder, DecoderResult};

use super::encoding::TextEncoding;

/// How much of the file is read at once.
const READ: usize = 16 << 10;

/// The most bytes that one step of a decoder needs room for.
const LEAST_ROOM: usize = 16;

/// A byte that is never valid in UTF-8. It replaces bytes that are invalid in the file's encoding, so that the row is rejected.
const NO_CHARACTER: u8 = 0xff;

/// Decodes a text piece by piece.
pub(super) struct Decoding {
    decoder: Decoder,
    /// What has been read of the file and not decoded.
    raw: Vec<u8>,
    start: usize,
    /// Whether the file ends behind it.
    pub(super) ended: bool,
    done: bool,
}

impl Decoding {
    /// A decoder of a file whose first bytes are `raw`. A byte-order mark is no part of the text.
    pub(super) fn new(encoding: TextEncoding, raw: &[u8]) -> Self {
        Self {
            decoder: encoding.0.new_decoder_with_bom_removal(),
            raw: raw.to_vec(),
            start: 0,
            ended: false,
            done: false,
        }
    }

    /// Room for the next bytes of the file, once all before them have been decoded.
    pub(super) fn room(&mut self) -> Option<&mut [u8]> {
        if self.start < self.raw.len() || self.ended {
            return None;
        }
        self.raw.resize(READ, 0);
        Some(&mut self.raw)
    }

    /// Notes that `count` bytes have been read into the room.
    pub(super) fn filled(&mut self, count: usize) {
        self.raw.truncate(count);
        self.start = 0;
        self.ended = count == 0;
    }

    /// Decodes into `text`. How many bytes it is; 0 if the file has to be read on, or has ended.
    pub(super) fn decode(&mut self, text: &mut [u8]) -> usize {
        let mut written = 0;
        while !self.done && text.len() - written >= LEAST_ROOM {
            let raw = &self.raw[self.start..];
            let (result, read, more) =
                self.decoder.decode_to_utf8_without_replacement(raw, &mut text[written..], self.ended);
            self.start += read;
            written += more;
            match result {
                DecoderResult::Malformed(..) => {
                    if let Some(place) = text.get_mut(written) {
                        *place = NO_CHARACTER;
                        written += 1;
                    }
                }
                DecoderResult::OutputFull => break,
                DecoderResult::InputEmpty => {
                    self.done = self.ended;
                    break;
                }
            }
        }
        written
    }

    /// Whether all of the file has been decoded.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }
}

//! One record at a time through csv-core, for what can't be split without copying: doubled quotation marks, quoted line
//! breaks, misplaced marks.

use csv_core::{ReadRecordResult, Reader};

use super::escapes::EscapedRecord;

/// The first size of the buffers, which grow from there.
const FIRST_BYTES: usize = 1 << 10;
const FIRST_FIELDS: usize = 16;

/// Reads one record after the other, line by line, into a buffer of its own.
pub(super) struct Unescape {
    core: Reader,
    /// The reader of records with backslashes, in the place of csv-core, and the delimiter.
    escaped: Option<(EscapedRecord, u8)>,
    /// More fields than this are counted but not kept.
    most: usize,
    text: Vec<u8>,
    ends: Vec<usize>,
    written: usize,
    kept: usize,
    uncounted: usize,
}

impl Unescape {
    pub(super) fn new(core: Reader, most: usize, backslashes: Option<u8>) -> Self {
        let escaped = backslashes.map(|delimiter| (EscapedRecord::default(), delimiter));
        Self { core, escaped, most, text: Vec::new(), ends: Vec::new(), written: 0, kept: 0, uncounted: 0 }
    }

    /// Begins a record.
    pub(super) fn begin(&mut self) {
        self.core.reset();
        if let Some((record, _)) = &mut self.escaped {
            *record = EscapedRecord::default();
            self.text.clear();
            self.ends.clear();
        }
        (self.written, self.kept, self.uncounted) = (0, 0, 0);
    }

    /// Reads a line with its ending. Whether the record is complete.
    pub(super) fn feed(&mut self, mut line: &[u8]) -> bool {
        if let Some((record, delimiter)) = &mut self.escaped {
            let complete = record.feed(line, *delimiter, &mut self.text, &mut self.ends);
            self.kept = self.ends.len().min(self.most);
            self.uncounted = self.ends.len() - self.kept;
            return complete;
        }
        // An empty input would mean the end of the text to csv-core.
        while !line.is_empty() {
            let (result, read, written, ends) =
                self.core.read_record(line, &mut self.text[self.written..], &mut self.ends[self.kept..]);
            line = &line[read..];
            self.written += written;
            self.kept += ends;
            match result {
                ReadRecordResult::Record | ReadRecordResult::End => return true,
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => {
                    let size = (self.text.len() * 2).max(FIRST_BYTES);
                    self.text.resize(size, 0);
                }
                ReadRecordResult::OutputEndsFull if self.ends.len() < self.most.max(FIRST_FIELDS) => {
                    let size = (self.ends.len() * 2).clamp(FIRST_FIELDS, self.most.max(FIRST_FIELDS));
                    self.ends.resize(size, 0);
                }
                ReadRecordResult::OutputEndsFull => {
                    self.kept -= 1;
                    self.uncounted += 1;
                }
            }
        }
        false
    }

    /// The fields read so far, without the one that is still open.
    pub(super) fn found(&self) -> usize {
        self.kept + self.uncounted
    }

    /// Where each field of a complete record ends.
    pub(super) fn ends(&self) -> &[usize] {
        &self.ends[..self.kept]
    }

    /// The fields, one after the other.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Puts `text` in the place of a record.
    pub(super) fn put(&mut self, text: &[u8]) {
        self.text.clear();
        self.text.extend_from_slice(text);
    }
}

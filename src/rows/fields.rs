//! Splits a line into fields without copying.

use memchr::{memchr, memchr_iter};

use super::quotes::QUOTE;

/// A bit for every byte of a word that is a delimiter, a quotation mark or a control character, the first byte's lowest.
/// Behind one of them, a byte that is none may have a bit too (Anderson, "Bit Twiddling Hacks": a word with a byte less than n).
fn marks(word: u64, delimiter: u8) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES * 0x80;
    let below = |bytes: u64, least: u64| bytes.wrapping_sub(ONES * least) & !bytes;
    let same = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    (below(word, 0x20) | same(delimiter) | same(QUOTE)) & HIGH
}

/// A field's place in the record's data: from, to.
pub(super) type Field = (usize, usize);

/// Splits lines, and keeps the places of the last one's fields.
pub(super) struct Fields {
    delimiter: u8,
    /// More fields than this are counted but not kept.
    most: usize,
    kept: Vec<Field>,
}

impl Fields {
    pub(super) fn new(delimiter: u8, most: usize) -> Self {
        Self { delimiter, most, kept: Vec::new() }
    }

    /// The fields of the last record.
    pub(super) fn kept(&self) -> &[Field] {
        &self.kept
    }

    /// Splits the first line of a text while looking for its end: returns the number of fields, and where the line ends. `None`
    /// if a quotation mark comes first, or if the end may be in the last few bytes or beyond them.
    pub(super) fn split_to_line_end(&mut self, text: &[u8], reads_quotes: bool) -> Option<(usize, usize)> {
        self.kept.clear();
        let mut found = 1;
        let mut start = 0;
        let (words, _) = text.as_chunks::<8>();
        for (number, word) in words.iter().enumerate() {
            let mut marks = marks(u64::from_le_bytes(*word), self.delimiter);
            while marks != 0 {
                let place = marks.trailing_zeros() / u8::BITS;
                marks &= marks - 1;
                let at = 8 * number + place as usize;
                match word[place as usize] {
                    byte if byte == self.delimiter => {
                        if found < self.most {
                            self.kept.push((start, at));
                        }
                        found += 1;
                        start = at + 1;
                    }
                    b'\n' | b'\r' => {
                        self.kept.push((start, at));
                        return Some((found, at));
                    }
                    QUOTE if reads_quotes => return None,
                    _ => {}
                }
            }
        }
        None
    }

    /// Splits a line in which every quotation mark is a character like any other. The number of fields.
    pub(super) fn split_plain(&mut self, line: &[u8]) -> usize {
        self.kept.clear();
        let mut found = 1;
        let mut start = 0;
        for at in memchr_iter(self.delimiter, line) {
            if found < self.most {
                self.kept.push((start, at));
            }
            found += 1;
            start = at + 1;
        }
        self.kept.push((start, line.len()));
        found
    }

    /// Splits a line whose quoted fields have nothing to unescape; `None` if there is more to it.
    pub(super) fn split_quoted(&mut self, line: &[u8]) -> Option<usize> {
        self.kept.clear();
        let mut found = 1;
        let mut start = 0;
        loop {
            let (field, end) = if line.get(start) == Some(&QUOTE) {
                let close = start + 1 + memchr(QUOTE, &line[start + 1..])?;
                ((start + 1, close), close + 1)
            } else {
                let end = memchr(self.delimiter, &line[start..]).map_or(line.len(), |at| start + at);
                ((start, end), end)
            };
            if found <= self.most {
                self.kept.push(field);
            }
            match line.get(end) {
                None => return Some(found),
                Some(&byte) if byte == self.delimiter => {
                    start = end + 1;
                    found += 1;
                }
                Some(_) => return None,
            }
        }
    }

    /// Splits a line whose quotation marks are not in order: every delimiter counts. A field between two marks is given without
    /// them, so that an identifier is what it is elsewhere.
    pub(super) fn split_broken(&mut self, line: &[u8]) -> usize {
        let found = self.split_plain(line);
        for (start, end) in &mut self.kept {
            if *end - *start >= 2 && line[*start] == QUOTE && line[*end - 1] == QUOTE {
                *start += 1;
                *end -= 1;
            }
        }
        found
    }

    /// Splits the beginning of a line, whose last field may be cut off and is left out.
    pub(super) fn split_beginning(&mut self, beginning: &[u8]) {
        self.split_broken(beginning);
        self.kept.pop();
    }

    /// Takes adjacent fields, each given by its end.
    pub(super) fn take_ends(&mut self, ends: &[usize]) {
        self.kept.clear();
        let mut start = 0;
        for &end in ends {
            self.kept.push((start, end));
            start = end;
        }
    }
}

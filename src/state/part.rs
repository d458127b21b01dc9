//! A part: the members that one stretch of a file has, as the state keeps them.
//!
//! A part is a CSV file in a gzip envelope, readable with `zcat`. Its columns:
//!
//! | column | what it holds |
//! | --- | --- |
//! | `external_id` | the customer ID, if one identifies the member |
//! | `email` | the email address, if only that identifies the member |
//! | `email_hash` | half of an XXH3 hash of the address of a member with a customer ID, in 11 digits |
//! | `fingerprint` | XXH3 hash of the object that Braze accepted, in 8 digits; empty: send it again |
//! | `standing` | empty: a member; `left`: a former member whose attribute is still to be set; `address`: see below; `erased`: a line of someone who was erased; `end-` and a hash of the part's key: the last line |
//!
//! The digits are those of base 64 (RFC 4648, section 5), the most significant first. The gzip data is stored, not
//! compressed: hashes cannot be made smaller, and the function's time costs more than the storage of the rest.
//!
//! The first line names the columns. A line for the same member in a later part replaces an earlier one; within one part, a
//! line with a fingerprint wins over one without. A line with the standing `address` replaces nothing: it only says that
//! the profile of a member, whose own line names no address, may still have this one in Braze.

use std::io::Read;

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use serde::{Deserialize, Serialize};

use super::StateError;
use super::member_key::{EmailHash, Fingerprint, MemberKey};
use super::stored_gzip::StoredGzip;
use crate::profile::Identifier;

const HEADER: &[u8] = b"external_id,email,email_hash,fingerprint,standing\n";

/// The digits of base 64 that need no quotes in CSV (RFC 4648, section 5).
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const DIGIT_BITS: u32 = 6;
pub(super) const HASH_DIGITS: usize = u64::BITS.div_ceil(DIGIT_BITS) as usize;
pub(super) const FINGERPRINT_DIGITS: usize = Fingerprint::BITS.div_ceil(DIGIT_BITS) as usize;

/// What each byte is worth as a digit.
const VALUES: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut value: u8 = 0;
    while (value as usize) < DIGITS.len() {
        values[DIGITS[value as usize] as usize] = value;
        value += 1;
    }
    values
};
const NO_DIGIT: u8 = u8::MAX;

/// A stored part, as the ledger refers to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its key in the bucket.
    pub key: String,
    /// The lines in it.
    pub rows: u64,
    /// Whether its fingerprints no longer say what Braze holds (a retirement was abandoned).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outdated: bool,
}

/// What someone in a part is to the segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A member.
    Member,
    /// A former member, whose attribute may still be set.
    Left,
    /// A member with another line; this one only keeps an address that the profile may still have.
    Address,
}

/// One line of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartRow<'a> {
    /// Who it is.
    pub identifier: Identifier<'a>,
    /// The hash of the email address of a member with a customer ID.
    pub email: Option<EmailHash>,
    /// The fingerprint of what Braze accepted.
    pub fingerprint: Fingerprint,
    /// Member or not.
    pub standing: Standing,
}

impl<'a> PartRow<'a> {
    /// The line of a member.
    pub fn member(identifier: Identifier<'a>, email: Option<EmailHash>, fingerprint: Fingerprint) -> Self {
        Self { identifier, email, fingerprint, standing: Standing::Member }
    }

    /// The key of the member that the line is about.
    pub fn key(&self) -> MemberKey {
        MemberKey::of(self.identifier)
    }
}

/// Writes a part into memory. A part is small: a stretch of a file has at most some 15,000 rows.
#[derive(Debug)]
pub struct PartWriter {
    gzip: StoredGzip,
    /// Lines that are not in the envelope yet.
    lines: Vec<u8>,
    text: usize,
    rows: u64,
}

/// So much text goes into the envelope at a time.
const BLOCK: usize = 32 * 1024;

impl PartWriter {
    /// An empty part.
    pub fn new() -> Self {
        Self::with_room(0)
    }

    /// An empty part, with room for `text` bytes of lines.
    pub fn with_room(text: usize) -> Self {
        Self { gzip: StoredGzip::with_room(text), lines: HEADER.to_vec(), text: 0, rows: 0 }
    }

    /// The lines so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The bytes of these lines.
    pub fn text(&self) -> usize {
        self.text + self.lines.len()
    }

    /// Adds a line.
    pub fn push(&mut self, row: PartRow<'_>) {
        match row.identifier {
            Identifier::ExternalId(id) => {
                push_field(&mut self.lines, id);
                self.lines.push(b',');
            }
            Identifier::Email(email) => {
                self.lines.push(b',');
                push_field(&mut self.lines, email);
            }
        }
        self.lines.push(b',');
        if let Some(EmailHash(hash)) = row.email {
            push_number::<HASH_DIGITS>(&mut self.lines, hash);
        }
        self.lines.push(b',');
        if row.fingerprint != Fingerprint::UNKNOWN {
            push_number::<FINGERPRINT_DIGITS>(&mut self.lines, row.fingerprint.bits());
        }
        self.lines.push(b',');
        self.lines.extend_from_slice(match row.standing {
            Standing::Member => b"",
            Standing::Left => b"left",
            Standing::Address => b"address",
        });
        self.lines.push(b'\n');
        self.rows += 1;
        if self.lines.len() >= BLOCK {
            self.drain();
        }
    }

    /// Keeps the place of someone who was erased, so that the part has as many lines as the ledger says.
    pub fn push_erased(&mut self) {
        self.lines.extend_from_slice(b",,,,erased\n");
        self.rows += 1;
    }

    /// The finished part, to be stored under `key`, and the number of its lines.
    pub fn finish(mut self, key: &str) -> (Bytes, u64) {
        self.lines.extend_from_slice(END);
        push_number::<HASH_DIGITS>(&mut self.lines, hash_of(key));
        self.lines.push(b'\n');
        self.drain();
        (self.gzip.finish().into(), self.rows)
    }

    fn drain(&mut self) {
        self.gzip.push(&self.lines);
        self.text += self.lines.len();
        self.lines.clear();
    }
}

impl Default for PartWriter {
    fn default() -> Self {
        Self::new()
    }
}

/// The text before the hash of the part's key in its last line. Parts of format 1 have no such line.
const END: &[u8] = b",,,,end-";

pub(super) fn hash_of(key: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(key.as_bytes())
}

/// Reads a part, line by line, and gives the number of its lines, those of people who were erased included. `key` is where it
/// was stored.
pub fn read_part(key: &str, bytes: &[u8], mut each: impl FnMut(PartRow<'_>)) -> Result<u64, StateError> {
    let damaged = |line: u64, found: &'static str| StateError::Damaged { key: key.to_owned(), line, found };
    let mut decoder = MultiGzDecoder::new(bytes);
    let mut buffer = vec![0; 2 * READ];
    let mut held = 0;
    let mut plain = Vec::new();
    let mut line = 0;
    let mut ended = false;
    loop {
        if buffer.len() - held < READ {
            buffer.resize(held + 2 * READ, 0);
        }
        let read = decoder.read(&mut buffer[held..]);
        let read = read.map_err(|_| damaged(line + 1, "it is not complete gzip data"))?;
        held += read;
        let text = &buffer[..held];
        let mut start = 0;
        while let Some((record, next)) = next_record(text, start) {
            line += 1;
            if ended {
                return Err(damaged(line, "something follows its last line"));
            } else if let Some(hash) = record.strip_prefix(END) {
                let hash =
                    <&[u8; HASH_DIGITS]>::try_from(hash).map_err(|_| "its last line has no hash").and_then(number);
                if hash.map_err(|found| damaged(line, found))? != hash_of(key) {
                    return Err(damaged(line, "it was stored under another key"));
                }
                ended = true;
            } else if record == b",,,,erased" {
                // An erased member.
            } else if line > 1 {
                each(parse_row(record, &mut plain).map_err(|found| damaged(line, found))?);
            } else if record != HEADER.trim_ascii_end() {
                return Err(damaged(line, "its first line does not name the columns of a part"));
            }
            start = next;
        }
        buffer.copy_within(start..held, 0);
        held -= start;
        if read == 0 {
            let rows = line.saturating_sub(1 + u64::from(ended));
            return if held == 0 { Ok(rows) } else { Err(damaged(line + 1, "its last line has no end")) };
        }
    }
}

/// How much text is taken from the decoder at a time.
const READ: usize = 64 * 1024;

/// The line that begins at `start`, and where the next begins; `None` if it does not end in `text`. A quoted field may
/// hold line feeds.
fn next_record(text: &[u8], start: usize) -> Option<(&[u8], usize)> {
    let rest = text.get(start..)?;
    let mut end = memchr::memchr2(b'\n', b'"', rest)?;
    let mut quoted = false;
    while quoted || rest.get(end) != Some(&b'\n') {
        // Two quotation marks side by side, which mean one, close the field and open it again.
        quoted ^= rest.get(end) == Some(&b'"');
        end += 1;
        end += memchr::memchr2(b'\n', b'"', rest.get(end..)?)?;
    }
    Some((rest.get(..end)?, start + end + 1))
}

/// Takes a line apart. `plain` is where a quoted identifier is put without its quotes.
fn parse_row<'a>(record: &'a [u8], plain: &'a mut Vec<u8>) -> Result<PartRow<'a>, &'static str> {
    // From the end: nothing but the identifier may hold commas, inside its quotes.
    let comma = record.iter().rposition(|&byte| byte == b',').ok_or("it has not five columns")?;
    let (rest, standing) = (record.get(..comma).unwrap_or_default(), record.get(comma + 1..).unwrap_or_default());
    let (rest, fingerprint) = last_number::<FINGERPRINT_DIGITS>(rest)?;
    let (identifiers, hash) = last_number::<HASH_DIGITS>(rest)?;
    let identifier = if let Some(email) = identifiers.strip_prefix(b",") {
        Identifier::Email(unquoted(email, plain)?)
    } else {
        let id = identifiers.strip_suffix(b",").ok_or("it has two identifiers")?;
        Identifier::ExternalId(unquoted(id, plain)?)
    };
    let fingerprint = fingerprint.map_or(Fingerprint::UNKNOWN, Fingerprint::from_bits);
    let standing = match standing {
        b"" => Standing::Member,
        b"left" => Standing::Left,
        b"address" => Standing::Address,
        _ => return Err("its standing is neither empty nor \"left\" nor \"address\""),
    };
    Ok(PartRow { identifier, email: hash.map(EmailHash), fingerprint, standing })
}

/// The text before the last comma, and the number after it, which has `N` digits or is left out.
fn last_number<const N: usize>(record: &[u8]) -> Result<(&[u8], Option<u64>), &'static str> {
    if let Some(before) = record.strip_suffix(b",") {
        return Ok((before, None));
    }
    let (before, digits) = record.split_last_chunk::<N>().ok_or("it has not five columns")?;
    let before = before.strip_suffix(b",").ok_or("a hash has not its number of digits")?;
    Ok((before, Some(number(digits)?)))
}

/// The text of a field, which is quoted if it holds a comma, a quotation mark or a line break.
fn unquoted<'a>(field: &'a [u8], plain: &'a mut Vec<u8>) -> Result<&'a str, &'static str> {
    let text = |bytes| std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8");
    let Some(quoted) = field.strip_prefix(b"\"") else {
        let whole = !field.is_empty() && memchr::memchr2(b',', b'"', field).is_none();
        return if whole { text(field) } else { Err("it has not one identifier") };
    };
    let mut rest = quoted.strip_suffix(b"\"").ok_or("a quotation mark is not closed")?;
    plain.clear();
    while let Some(mark) = memchr::memchr(b'"', rest) {
        let (before, after) = rest.split_at(mark);
        rest = after.strip_prefix(b"\"\"").ok_or("a quotation mark is out of place")?;
        plain.extend_from_slice(before);
        plain.push(b'"');
    }
    plain.extend_from_slice(rest);
    text(plain)
}

fn push_field(line: &mut Vec<u8>, field: &str) {
    // Identifiers are short: looking at one byte after the other is quicker than a searcher that has to be set up.
    if !field.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
        line.extend_from_slice(field.as_bytes());
        return;
    }
    line.push(b'"');
    for byte in field.bytes() {
        if byte == b'"' {
            line.push(b'"');
        }
        line.push(byte);
    }
    line.push(b'"');
}

/// Appends the lowest `6 * N` bits of `number`.
pub(super) fn push_number<const N: usize>(line: &mut Vec<u8>, number: u64) {
    let mut digits = [0; N];
    let mut rest = number;
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest & 0x3f) as usize];
        rest >>= DIGIT_BITS;
    }
    line.extend_from_slice(&digits);
}

/// The number that digits write.
pub(super) fn number<const N: usize>(digits: &[u8; N]) -> Result<u64, &'static str> {
    let (mut number, mut any, mut lost) = (0_u64, 0, 0);
    for digit in digits {
        let value = VALUES[usize::from(*digit)];
        any |= value;
        lost |= number >> (u64::BITS - DIGIT_BITS);
        number = (number << DIGIT_BITS) | u64::from(value);
    }
    if any == NO_DIGIT {
        return Err("a hash is not written in base 64");
    }
    if lost == 0 { Ok(number) } else { Err("a hash is larger than 64 bits") }
}

//! A part: the members that one stretch of a file has, as the state keeps them.
//!
//! A part is a gzip-compressed CSV file, readable with `zcat`. Its columns:
//!
//! | column | what it holds |
//! | --- | --- |
//! | `external_id` | the customer ID, if one identifies the member |
//! | `email` | the email address, if only that identifies the member |
//! | `email_hash` | 16 hex digits that stand for the address of a member with a customer ID (half of an XXH3 hash) |
//! | `fingerprint` | 12 hex digits that stand for the object that Braze accepted (XXH3); empty: send it again |
//! | `standing` | empty: a member; `left`: no member any more, whose attribute is still to be unset |
//!
//! The first line names the columns. A line for the same member in a later part replaces an earlier one; within one part, a
//! line with a fingerprint counts before one without.

use std::io::{Read, Write};

use bytes::Bytes;
use csv_core::{ReadRecordResult, Reader};
use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use super::StateError;
use super::member_key::{EmailHash, Fingerprint, MemberKey};
use crate::profile::Identifier;

const HEADER: &[u8] = b"external_id,email,email_hash,fingerprint,standing\n";

/// A stored part, as the ledger refers to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its key in the bucket.
    pub key: String,
    /// The lines in it.
    pub rows: u64,
    /// Whether its fingerprints no longer say what Braze holds (another workspace was configured).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outdated: bool,
}

/// What someone in a part is to the segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A member.
    Member,
    /// Nobody that the segment has, but whose attribute may still be set.
    Left,
}

/// One line of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartRow<'a> {
    /// Who it is.
    pub identifier: Identifier<'a>,
    /// Stands for the email address of a member with a customer ID.
    pub email: Option<EmailHash>,
    /// Stands for what Braze accepted.
    pub fingerprint: Fingerprint,
    /// Member or not.
    pub standing: Standing,
}

impl PartRow<'_> {
    /// The key of the member that the line is about.
    pub fn key(&self) -> MemberKey {
        MemberKey::of(self.identifier)
    }
}

/// Writes a part into memory. A part is small: a stretch of a file has at most some 200,000 rows.
#[derive(Debug)]
pub struct PartWriter {
    encoder: GzEncoder<Vec<u8>>,
    line: Vec<u8>,
    rows: u64,
}

impl PartWriter {
    /// An empty part.
    pub fn new() -> Self {
        Self {
            // The fastest level: hashes hardly compress, and the function's time costs more than the storage.
            encoder: GzEncoder::new(Vec::new(), Compression::fast()),
            line: HEADER.to_vec(),
            rows: 0,
        }
    }

    /// The lines so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Adds a line.
    pub fn push(&mut self, row: PartRow<'_>) -> Result<(), StateError> {
        match row.identifier {
            Identifier::ExternalId(id) => {
                push_field(&mut self.line, id);
                self.line.push(b',');
            }
            Identifier::Email(email) => {
                self.line.push(b',');
                push_field(&mut self.line, email);
            }
        }
        self.line.push(b',');
        if let Some(EmailHash(hash)) = row.email {
            push_hex(&mut self.line, hash, 16);
        }
        self.line.push(b',');
        if row.fingerprint != Fingerprint::UNKNOWN {
            push_hex(&mut self.line, row.fingerprint.bits(), 12);
        }
        self.line.push(b',');
        if row.standing == Standing::Left {
            self.line.extend_from_slice(b"left");
        }
        self.line.push(b'\n');
        self.rows += 1;
        if self.line.len() >= 32 * 1024 {
            self.drain()?;
        }
        Ok(())
    }

    /// The finished part and the number of its lines.
    pub fn finish(mut self) -> Result<(Bytes, u64), StateError> {
        self.drain()?;
        let bytes = self.encoder.finish().map_err(StateError::Compress)?;
        Ok((bytes.into(), self.rows))
    }

    fn drain(&mut self) -> Result<(), StateError> {
        self.encoder.write_all(&self.line).map_err(StateError::Compress)?;
        self.line.clear();
        Ok(())
    }
}

impl Default for PartWriter {
    fn default() -> Self {
        Self::new()
    }
}

/// Reads a part, line by line. `key` is where it came from, for the error.
pub fn read_part(key: &str, bytes: &[u8], mut each: impl FnMut(PartRow<'_>)) -> Result<(), StateError> {
    let damaged = |line: u64, found: &'static str| StateError::Damaged { key: key.to_owned(), line, found };
    let mut decoder = MultiGzDecoder::new(bytes);
    let mut reader = Reader::new();
    let mut input = vec![0; 64 * 1024];
    let (mut start, mut end, mut finished) = (0, 0, false);
    // An identifier of a rejected row may be long; it cannot be longer than a row may be.
    let mut output = vec![0; 16 * 1024];
    let mut ends = [0; 6];
    let (mut written, mut fields, mut line) = (0, 0, 0);
    loop {
        if start == end && !finished {
            start = 0;
            end = decoder.read(&mut input).map_err(|_| damaged(line + 1, "it is not whole gzip data"))?;
            finished = end == 0;
        }
        let chunk = input.get(start..end).unwrap_or_default();
        let (result, read, wrote, ended) = reader.read_record(chunk, &mut output[written..], &mut ends[fields..]);
        start += read;
        written += wrote;
        fields += ended;
        match result {
            ReadRecordResult::InputEmpty => {}
            ReadRecordResult::OutputFull => output.resize(output.len() * 2, 0),
            ReadRecordResult::OutputEndsFull => return Err(damaged(line + 1, "it has more than five columns")),
            ReadRecordResult::End => return Ok(()),
            ReadRecordResult::Record => {
                line += 1;
                if line > 1 {
                    each(parse_row(&output, &ends[..fields]).map_err(|found| damaged(line, found))?);
                } else if fields != 5 || !output.starts_with(b"external_idemailemail_hashfingerprintstanding") {
                    return Err(damaged(line, "its first line does not name the columns of a part"));
                }
                (written, fields) = (0, 0);
            }
        }
    }
}

fn parse_row<'a>(output: &'a [u8], ends: &[usize]) -> Result<PartRow<'a>, &'static str> {
    let &[id, email, hash, fingerprint, standing] = ends else {
        return Err("it has not five columns");
    };
    let field = |from: usize, to: usize| {
        output.get(from..to).and_then(|bytes| std::str::from_utf8(bytes).ok()).ok_or("it is not UTF-8")
    };
    let identifier = match (field(0, id)?, field(id, email)?) {
        ("", "") => return Err("it has no identifier"),
        (id, "") => Identifier::ExternalId(id),
        ("", email) => Identifier::Email(email),
        _ => return Err("it has two identifiers"),
    };
    let number = |text: &str| u64::from_str_radix(text, 16).map_err(|_| "a hash is not hexadecimal");
    let email = match field(email, hash)? {
        "" => None,
        text => Some(EmailHash(number(text)?)),
    };
    let fingerprint = match field(hash, fingerprint)? {
        "" => Fingerprint::UNKNOWN,
        text => Fingerprint::from_bits(number(text)?),
    };
    let standing = match output.get(fingerprint_end(ends)..standing) {
        Some(b"") => Standing::Member,
        Some(b"left") => Standing::Left,
        _ => return Err("its standing is neither empty nor \"left\""),
    };
    Ok(PartRow { identifier, email, fingerprint, standing })
}

fn fingerprint_end(ends: &[usize]) -> usize {
    ends.get(3).copied().unwrap_or_default()
}

fn push_field(line: &mut Vec<u8>, field: &str) {
    if memchr::memchr3(b',', b'"', b'\n', field.as_bytes()).is_none() && !field.contains('\r') {
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

fn push_hex(line: &mut Vec<u8>, number: u64, digits: u32) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for digit in (0..digits).rev() {
        line.push(DIGITS[((number >> (digit * 4)) & 0xf) as usize]);
    }
}

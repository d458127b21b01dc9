//! A part: the members that one stretch of a file has, as the state keeps them.
//!
//! ```text
//! bytes                        what they hold; numbers have the lowest byte first
//! 8                            "itbpart3"
//! 4, 4, 4, 4                   the number of lines; the bytes of identifiers; the bytes of the set of lines; zero
//! 8                            the base whose lines the set names
//! 32 for each line             key (16), hash of the address (8), fingerprint (6), marks (2)
//! identifiers                  of each line, in the same order: its length (LEB128) and its text
//! set of lines                 lines of the base that the stretch has unchanged (Roaring, portable format); nothing if none
//! 8                            XXH3 hash of all this, seeded with the hash of the part's own key
//! ```
//!
//! A line for the same member in a later part replaces an earlier one; within one part, a line with a fingerprint wins over one
//! without. A line with the standing `address` replaces nothing: it only says that the profile of a member, whose own line
//! names no address, may still have this one in Braze.
//!
//! A member of the last complete run whose row is unchanged has no line: the set names the one of that run. So a run
//! that changes little writes little.
//!
//! Parts of formats 1 and 2 are CSV in a gzip envelope ([`super::part_csv`]).

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::StateError;
use super::line_set::LineSet;
use super::member_key::{EmailHash, Fingerprint, MemberKey};
use super::part_csv;
use super::part_row::{PartRow, Standing, hash_of};
use crate::profile::Identifier;

const MAGIC: &[u8; 8] = b"itbpart3";
const HEAD: usize = 32;
const RECORD: usize = 32;
const CHECK: usize = 8;

/// How the key of a part ends.
const SUFFIX: &str = ".part";

/// The marks of a line, above its fingerprint.
const LEFT: u64 = 1 << Fingerprint::BITS;
const ADDRESS: u64 = 2 << Fingerprint::BITS;
const ERASED: u64 = 3 << Fingerprint::BITS;
const STANDING: u64 = 3 << Fingerprint::BITS;
const BY_EMAIL: u64 = 4 << Fingerprint::BITS;
const HAS_EMAIL: u64 = 8 << Fingerprint::BITS;

/// Bits of a length that one byte holds; the uppermost bit says that more follow.
const LENGTH_BITS: u32 = 7;
const MORE_FOLLOWS: u8 = 1 << LENGTH_BITS;

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
    /// How many lines of the last complete run it names besides.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub seen: u64,
    /// The number of its first line among those of the last complete run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u32>,
    /// The object that says which of its lines are still true; `None`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Part {
    /// A part with lines of its own alone.
    pub fn new(key: String, rows: u64) -> Self {
        Self { key, rows, outdated: false, seen: 0, first: None, live: None }
    }

    /// Whether the object `key` is a part.
    pub fn is_one(key: &str) -> bool {
        key.ends_with(SUFFIX) || key.ends_with(part_csv::SUFFIX)
    }
}

/// What a part holds besides lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartContent {
    /// The number of its lines, those of people who were erased included.
    pub rows: u64,
    /// Lines of the base that it names.
    pub seen: LineSet,
    /// Which base that is.
    pub base: BaseId,
}

/// Distinguishes the numbers of lines that one complete run after another has kept from those of another beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub struct BaseId(u64);

impl BaseId {
    /// The base that begins with these parts.
    pub fn of(parts: &[Part]) -> Self {
        let keys: Vec<&str> = parts.iter().map(|part| part.key.as_str()).collect();
        Self(xxh3_64(keys.join("\n").as_bytes()))
    }
}

impl From<BaseId> for String {
    fn from(BaseId(id): BaseId) -> Self {
        format!("{id:016x}")
    }
}

impl From<String> for BaseId {
    fn from(text: String) -> Self {
        Self(u64::from_str_radix(&text, 16).unwrap_or_default())
    }
}

/// Writes a part into memory. A part is small: a stretch of a file has at most some 15,000 lines.
#[derive(Debug)]
pub struct PartWriter {
    /// Room for the head, then the lines.
    records: Vec<u8>,
    texts: Vec<u8>,
    seen: LineSet,
    base: BaseId,
}

impl PartWriter {
    /// An empty part.
    pub fn new() -> Self {
        Self { records: vec![0; HEAD], texts: Vec::new(), seen: LineSet::default(), base: BaseId::default() }
    }

    /// An empty part, with room for as much as `full` holds. `base` is what its set of lines is about.
    pub fn with_room_of(full: (usize, usize), base: BaseId) -> Self {
        let mut records = Vec::with_capacity(HEAD + full.0 + full.1 + CHECK);
        records.resize(HEAD, 0);
        Self { records, texts: Vec::with_capacity(full.1), seen: LineSet::default(), base }
    }

    /// The lines so far.
    pub fn rows(&self) -> u64 {
        ((self.records.len() - HEAD) / RECORD) as u64
    }

    /// The bytes of lines and of identifiers so far.
    pub fn size(&self) -> (usize, usize) {
        (self.records.len() - HEAD, self.texts.len())
    }

    /// Lines of the base so far.
    pub fn seen(&self) -> u64 {
        self.seen.len()
    }

    /// Adds a line of the base whose member has a row that is unchanged.
    pub fn push_seen(&mut self, line: u32) {
        self.seen.insert(line);
    }

    /// Adds lines of the base.
    pub fn add_seen(&mut self, content: &PartContent) {
        self.seen.add(&content.seen);
        self.base = content.base;
    }

    /// Adds a line.
    pub fn push(&mut self, row: PartRow<'_>) {
        let (text, by_email) = match row.identifier {
            Identifier::ExternalId(id) => (id, 0),
            Identifier::Email(email) => (email, BY_EMAIL),
        };
        let standing = match row.standing {
            Standing::Member => 0,
            Standing::Left => LEFT,
            Standing::Address => ADDRESS,
        };
        let has_email = if row.email.is_some() { HAS_EMAIL } else { 0 };
        let email = row.email.map_or(0, |EmailHash(hash)| hash);
        self.push_record(row.key.bits(), email, row.fingerprint.bits() | standing | by_email | has_email);
        let mut length = text.len();
        while length >= usize::from(MORE_FOLLOWS) {
            let [lowest, ..] = length.to_le_bytes();
            self.texts.push(lowest | MORE_FOLLOWS);
            length >>= LENGTH_BITS;
        }
        let [lowest, ..] = length.to_le_bytes();
        self.texts.push(lowest);
        self.texts.extend_from_slice(text.as_bytes());
    }

    /// Keeps the place of someone who was erased, so that the part has as many lines as the ledger says.
    pub fn push_erased(&mut self) {
        self.push_record(0, 0, ERASED);
        self.texts.push(0);
    }

    fn push_record(&mut self, key: u128, email: u64, word: u64) {
        let mut record = [0; RECORD];
        record[..16].copy_from_slice(&key.to_le_bytes());
        record[16..24].copy_from_slice(&email.to_le_bytes());
        record[24..].copy_from_slice(&word.to_le_bytes());
        self.records.extend_from_slice(&record);
    }

    /// The finished part, to be stored under `key`.
    pub fn finish(self, key: &str) -> (Bytes, Part) {
        let rows = self.rows();
        let part = Part { seen: self.seen.len(), ..Part::new(key.to_owned(), rows) };
        let seen = if self.seen.is_empty() { Vec::new() } else { self.seen.to_bytes() };
        let mut bytes = self.records;
        let sizes = [rows, self.texts.len() as u64, seen.len() as u64, 0];
        bytes[..8].copy_from_slice(MAGIC);
        for (place, size) in bytes[8..24].chunks_exact_mut(4).zip(sizes) {
            place.copy_from_slice(&u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes());
        }
        bytes[24..HEAD].copy_from_slice(&self.base.0.to_le_bytes());
        bytes.extend_from_slice(&self.texts);
        bytes.extend_from_slice(&seen);
        let check = xxh3_64_with_seed(&bytes, hash_of(key));
        bytes.extend_from_slice(&check.to_le_bytes());
        (bytes.into(), part)
    }
}

impl Default for PartWriter {
    fn default() -> Self {
        Self::new()
    }
}

/// The key of the part with this beginning.
pub fn part_key(beginning: &str) -> String {
    format!("{beginning}{SUFFIX}")
}

/// Reads a part, line by line; `each` gets the line's place in the part. `key` is where it was stored.
pub fn read_part(key: &str, bytes: &[u8], mut each: impl FnMut(u32, PartRow<'_>)) -> Result<PartContent, StateError> {
    if bytes.starts_with(part_csv::GZIP) {
        let rows = part_csv::read(key, bytes, each)?;
        return Ok(PartContent { rows, ..PartContent::default() });
    }
    let damaged =
        |line: u32, found: &'static str| StateError::Damaged { key: key.to_owned(), line: line.into(), found };
    let (content, check) = bytes.split_last_chunk::<CHECK>().ok_or_else(|| damaged(1, NOT_WHOLE))?;
    if xxh3_64_with_seed(content, hash_of(key)) != u64::from_le_bytes(*check) {
        return Err(damaged(1, NOT_WHOLE));
    }
    let (head, body) = content.split_at_checked(HEAD).ok_or_else(|| damaged(1, NOT_WHOLE))?;
    if !head.starts_with(MAGIC) {
        return Err(damaged(1, NO_PART));
    }
    let size = |place: usize| u32_at(head, 8 + 4 * place);
    let (lines, texts) = (size(0), size(1) as usize);
    let (records, body) = body.split_at_checked(lines as usize * RECORD).ok_or_else(|| damaged(1, NO_PART))?;
    let (mut texts, seen) = body.split_at_checked(texts).ok_or_else(|| damaged(lines, NO_PART))?;
    for (line, record) in (0..).zip(records.chunks_exact(RECORD)) {
        let text = next_text(&mut texts).ok_or_else(|| damaged(line + 1, "it has no identifier"))?;
        let word = u64_at(record, 24);
        let standing = match word & STANDING {
            ERASED => continue,
            LEFT => Standing::Left,
            ADDRESS => Standing::Address,
            _ => Standing::Member,
        };
        each(
            line,
            PartRow {
                key: MemberKey::from_bits(u128::from(u64_at(record, 8)) << 64 | u128::from(u64_at(record, 0))),
                identifier: if word & BY_EMAIL == 0 { Identifier::ExternalId(text) } else { Identifier::Email(text) },
                email: (word & HAS_EMAIL != 0).then(|| EmailHash(u64_at(record, 16))),
                fingerprint: Fingerprint::from_bits(word),
                standing,
            },
        );
    }
    let seen = if seen.is_empty() { Some(LineSet::default()) } else { LineSet::from_bytes(seen) };
    let seen = seen.ok_or_else(|| damaged(lines, NO_PART))?;
    Ok(PartContent { rows: lines.into(), seen, base: BaseId(u64_at(head, 24)) })
}

const NOT_WHOLE: &str = "it is not as it was written, or was stored under another key";
const NO_PART: &str = "it is no part of the state";

fn next_text<'a>(texts: &mut &'a [u8]) -> Option<&'a str> {
    let (mut length, mut shift) = (0, 0);
    loop {
        let (byte, rest) = texts.split_first()?;
        *texts = rest;
        length |= usize::from(byte & !MORE_FOLLOWS).checked_shl(shift)?;
        shift += LENGTH_BITS;
        if byte & MORE_FOLLOWS == 0 {
            break;
        }
    }
    let (text, rest) = texts.split_at_checked(length)?;
    *texts = rest;
    std::str::from_utf8(text).ok()
}

fn u32_at(bytes: &[u8], place: usize) -> u32 {
    bytes.get(place..).and_then(|rest| rest.first_chunk()).map_or(0, |chunk| u32::from_le_bytes(*chunk))
}

fn u64_at(bytes: &[u8], place: usize) -> u64 {
    bytes.get(place..).and_then(|rest| rest.first_chunk()).map_or(0, |chunk| u64::from_le_bytes(*chunk))
}

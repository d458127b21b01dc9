//! Parts as formats 1 and 2 kept them: CSV in a gzip envelope. They are read until the attribute's next complete run.
//!
//! | column | what it holds |
//! | --- | --- |
//! | `external_id` | the customer ID, if one identifies the member |
//! | `email` | the email address, if only that identifies the member |
//! | `email_hash` | half of an XXH3 hash of the address of a member with a customer ID, in 11 digits |
//! | `fingerprint` | XXH3 hash of the object that Braze accepted, in 8 digits; empty: send it again |
//! | `standing` | empty: a member; `left`, `address`, `erased`: as in a [`Part`](super::Part); `end-` and a hash of the part's key: the last line |
//!
//! The digits are those of base 64 (RFC 4648, section 5), the most significant first.

use std::io::Read;

use flate2::bufread::MultiGzDecoder;

use super::StateError;
use super::member_key::{EmailHash, Fingerprint};
use super::part_row::{PartRow, Standing, hash_of};
use crate::profile::Identifier;

/// How the key of such a part ends.
pub(super) const SUFFIX: &str = ".csv.gz";

/// How its content begins.
pub(super) const GZIP: &[u8] = &[0x1f, 0x8b];

const HEADER: &[u8] = b"external_id,email,email_hash,fingerprint,standing\n";

/// The text before the hash of the part's key in its last line. Parts of format 1 have no such line.
const END: &[u8] = b",,,,end-";

/// Reads a part, line by line, and gives the number of its lines, those of people who were erased included. `key` is where it
/// was stored.
pub(super) fn read(key: &str, bytes: &[u8], mut each: impl FnMut(u32, PartRow<'_>)) -> Result<u64, StateError> {
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
                let row = parse_row(record, &mut plain).map_err(|found| damaged(line, found))?;
                each(u32::try_from(line - 2).unwrap_or(u32::MAX), row);
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
    Ok(PartRow::new(identifier, hash.map(EmailHash), fingerprint, standing))
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

/// The digits of base 64 that need no quotes in CSV (RFC 4648, section 5).
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const DIGIT_BITS: u32 = 6;
const HASH_DIGITS: usize = u64::BITS.div_ceil(DIGIT_BITS) as usize;
const FINGERPRINT_DIGITS: usize = Fingerprint::BITS.div_ceil(DIGIT_BITS) as usize;

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

/// The number that digits write.
fn number<const N: usize>(digits: &[u8; N]) -> Result<u64, &'static str> {
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

//! Lists of values of additional fields that were sent, so that segments that fill the same fields know of each other.
//!
//! ```text
//! state/.fields/<workspace>/<time>-<attribute>-<owner>-<number>-values.gz
//! state/.fields/<workspace>/<time>-<attribute>-<owner>-ended                empty: nothing more of it is sent
//! ```
//!
//! A profile has one value of a field, whichever segment sent it, but a part says what *its* segment has sent. So every delivery
//! also lists the values that it sends, *before* it sends them, and a member whose row is unchanged is sent all the same if
//! another segment has listed another value since, and it has not sent its own after that. People and values are in the list
//! as hashes. The first line is JSON; every other line has the member's key, the hash of the address and one hash for each field,
//! in the digits of parts, or nothing for a field that was not sent.

use std::io::Read;

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::digits::{FINGERPRINT_DIGITS, HASH_DIGITS, number, push_number};
use super::member_key::{EmailHash, Fingerprint, MemberKey};
use super::stored_gzip::StoredGzip;

/// Lists are kept for this long. A segment that has not been delivered for longer sends everyone again.
pub const VALUES_KEPT: SignedDuration = SignedDuration::from_hours(45 * 24);

/// What was listed this long before a delivery began may still have been sent after it: an invocation lasts for at most 15
/// minutes, and clocks differ.
pub const VALUES_OVERLAP: SignedDuration = SignedDuration::from_hours(1);

/// No list is larger: a chunk has some 15,000 rows.
const LARGEST: u64 = 256 * 1024 * 1024;

/// The first line of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValuesHead {
    /// The fields, by their names in Braze.
    pub fields: Vec<String>,
    /// The owners of deliveries that had ended before anything of this list was sent.
    pub after: Vec<String>,
}

/// A line of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValuesRow<'a> {
    /// Who it is about.
    pub member: MemberKey,
    /// The hash of the address, if the row has one.
    pub email: Option<EmailHash>,
    /// A hash of each field's value; unknown if it was not sent.
    pub values: &'a [Fingerprint],
}

/// Writes a list into memory.
#[derive(Debug, Default)]
pub struct ValuesWriter {
    lines: Vec<u8>,
    rows: u64,
}

impl ValuesWriter {
    /// An empty list.
    pub fn new(head: &ValuesHead) -> Self {
        let mut lines = serde_json::to_vec(head).unwrap_or_default();
        lines.push(b'\n');
        Self { lines, rows: 0 }
    }

    /// Adds a line.
    pub fn push(&mut self, row: ValuesRow<'_>) {
        for half in row.member.halves() {
            push_number::<HASH_DIGITS>(&mut self.lines, half);
        }
        self.lines.push(b',');
        if let Some(EmailHash(hash)) = row.email {
            push_number::<HASH_DIGITS>(&mut self.lines, hash);
        }
        for value in row.values {
            self.lines.push(b',');
            if value.is_known() {
                push_number::<FINGERPRINT_DIGITS>(&mut self.lines, value.bits());
            }
        }
        self.lines.push(b'\n');
        self.rows += 1;
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The finished list.
    pub fn finish(self) -> Bytes {
        let mut gzip = StoredGzip::with_room(self.lines.len());
        gzip.push(&self.lines);
        gzip.finish().into()
    }
}

/// Reads a list; `None` if it is damaged. `each` gets the first line alone, and then with each other line.
pub fn read_values(bytes: &[u8], mut each: impl FnMut(&ValuesHead, Option<&ValuesRow<'_>>)) -> Option<()> {
    let mut text = Vec::new();
    MultiGzDecoder::new(bytes).take(LARGEST).read_to_end(&mut text).ok()?;
    let mut lines = text.strip_suffix(b"\n")?.split(|byte| *byte == b'\n');
    let head: ValuesHead = serde_json::from_slice(lines.next()?).ok()?;
    each(&head, None);
    let mut values = Vec::with_capacity(head.fields.len());
    for line in lines {
        let mut columns = line.split(|byte| *byte == b',');
        let (high, low) = columns.next()?.split_at_checked(HASH_DIGITS)?;
        let half = |digits: &[u8]| number::<HASH_DIGITS>(digits.try_into().ok()?).ok();
        let member = MemberKey::from_bits(u128::from(half(high)?) << 64 | u128::from(half(low)?));
        let email = match columns.next()? {
            b"" => None,
            digits => Some(EmailHash(half(digits)?)),
        };
        values.clear();
        for digits in columns {
            values.push(match digits {
                b"" => Fingerprint::UNKNOWN,
                digits => Fingerprint::from_bits(number::<FINGERPRINT_DIGITS>(digits.try_into().ok()?).ok()?),
            });
        }
        if values.len() != head.fields.len() {
            return None;
        }
        each(&head, Some(&ValuesRow { member, email, values: &values }));
    }
    Some(())
}

/// The time in the name of a list, which is how keys are ordered.
pub(super) fn stamp(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::profile::Identifier;

    #[test]
    fn a_list_comes_back_as_it_was_and_damage_is_noticed() {
        let fields = vec!["first_name".to_owned(), "Punkte, \"bonus\"\n🎉".to_owned()];
        let head = ValuesHead { fields, after: vec!["1f".to_owned()] };
        let member = |id| MemberKey::of(Identifier::ExternalId(id));
        let (one, other) = (Fingerprint::of(b"1"), Fingerprint::of(b"2"));
        let rows = [
            ValuesRow { member: member("会員-1"), email: None, values: &[one, Fingerprint::UNKNOWN] },
            ValuesRow { member: member("2"), email: Some(EmailHash::of("a@example.com")), values: &[other, one] },
        ];
        let mut writer = ValuesWriter::new(&head);
        assert!(writer.is_empty());
        for row in &rows {
            writer.push(*row);
        }
        let bytes = writer.finish();
        let mut found = Vec::new();
        let read = read_values(&bytes, |found_head, row| {
            assert_eq!(*found_head, head);
            found.extend(row.map(|row| (row.member, row.email, row.values.to_vec())));
        });
        assert_eq!(read, Some(()));
        assert_eq!(found, rows.map(|row| (row.member, row.email, row.values.to_vec())));
        for damaged in [&bytes[..bytes.len() / 2], b"no gzip".as_slice(), b""] {
            assert_eq!(read_values(damaged, |_, _| {}), None);
        }
    }
}

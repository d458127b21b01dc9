//! Lists of values of additional fields that were sent, so that segments that fill the same fields know of each other.
//!
//! ```text
//! state/.fields/<workspace>/<time>-<attribute>-<owner>-<number>-values
//! state/.fields/<workspace>/<time>-<attribute>-<owner>-ended             empty: nothing more of it is sent
//! ```
//!
//! A profile has one value of a field, whichever segment sent it, but a part says what *its* segment has sent. So every delivery
//! also lists the values that it sends, *before* it sends them, and a member whose row is unchanged is sent all the same if
//! another segment has listed another value since, and it has not sent its own after that. People and values are in the list
//! as hashes:
//!
//! ```text
//! bytes                        what they hold; numbers have the lowest byte first
//! 8                            "itbvals1"
//! 4                            the bytes of the head
//! head                         JSON: the fields, and whose deliveries had ended before
//! 24 and 6 for each field,     key of the member (16), hash of the address or zero (8), hash of each value, or zero for a field
//!   for each line              that was not sent (6)
//! 8                            XXH3 hash of all this
//! ```

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::member_key::{EmailHash, Fingerprint, MemberKey};

/// Lists are kept for this long. A segment that has not been delivered for longer sends everyone again.
pub const VALUES_KEPT: SignedDuration = SignedDuration::from_hours(45 * 24);

/// What was listed this long before a delivery began may still have been sent after it: an invocation lasts for at most 15
/// minutes, and clocks differ.
pub const VALUES_OVERLAP: SignedDuration = SignedDuration::from_hours(1);

const MAGIC: &[u8; 8] = b"itbvals1";
const MEMBER: usize = 24;
const VALUE: usize = 6;
const CHECK: usize = 8;

/// The head of a list.
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
    bytes: Vec<u8>,
    /// Where the lines begin.
    head: usize,
}

impl ValuesWriter {
    /// An empty list, with room for this many bytes of lines.
    pub fn new(head: &ValuesHead, room: usize) -> Self {
        let json = serde_json::to_vec(head).unwrap_or_default();
        let mut bytes = Vec::with_capacity(MAGIC.len() + 4 + json.len() + room + CHECK);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&u32::try_from(json.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend_from_slice(&json);
        Self { head: bytes.len(), bytes }
    }

    /// Adds a line.
    pub fn push(&mut self, row: ValuesRow<'_>) {
        self.bytes.extend_from_slice(&row.member.bits().to_le_bytes());
        self.bytes.extend_from_slice(&row.email.map_or(0, EmailHash::bits).to_le_bytes());
        for value in row.values {
            self.bytes.extend_from_slice(&value.bits().to_le_bytes()[..VALUE]);
        }
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.size() == 0
    }

    /// The bytes of the lines so far.
    pub fn size(&self) -> usize {
        self.bytes.len() - self.head
    }

    /// The finished list.
    pub fn finish(mut self) -> Bytes {
        self.bytes.extend_from_slice(&xxh3_64(&self.bytes).to_le_bytes());
        self.bytes.into()
    }
}

/// Reads a list; `None` if it is damaged. `each` gets the head alone, and then with each line.
pub fn read_values(bytes: &[u8], mut each: impl FnMut(&ValuesHead, Option<&ValuesRow<'_>>)) -> Option<()> {
    let (content, check) = bytes.split_last_chunk::<CHECK>()?;
    let (size, rest) = content.strip_prefix(MAGIC)?.split_first_chunk()?;
    let (head, lines) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*size)).ok()?)?;
    let head: ValuesHead = serde_json::from_slice(head).ok()?;
    let line = MEMBER + VALUE * head.fields.len();
    if xxh3_64(content) != u64::from_le_bytes(*check) || !lines.len().is_multiple_of(line) {
        return None;
    }
    each(&head, None);
    let mut values = Vec::with_capacity(head.fields.len());
    for line in lines.chunks_exact(line) {
        let (member, rest) = line.split_first_chunk()?;
        let (email, rest) = rest.split_first_chunk()?;
        values.clear();
        values.extend(
            rest.as_chunks::<VALUE>()
                .0
                .iter()
                .map(|[a, b, c, d, e, f]| Fingerprint::from_bits(u64::from_le_bytes([*a, *b, *c, *d, *e, *f, 0, 0]))),
        );
        let member = MemberKey::from_bits(u128::from_le_bytes(*member));
        let email = Some(EmailHash(u64::from_le_bytes(*email))).filter(|hash| hash.bits() != 0);
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
        let mut writer = ValuesWriter::new(&head, 100);
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
        for damaged in [&bytes[..bytes.len() / 2], &bytes[1..], b"no list".as_slice(), b""] {
            assert_eq!(read_values(damaged, |_, _| {}), None);
        }
    }
}

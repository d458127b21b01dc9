//! The values of additional fields that other segments have sent since this one was compared.

use std::collections::HashSet;

use super::known::Known;
use crate::state::{EmailHash, Fingerprint, MemberKey, ValuesHead, ValuesRow};

/// Values that other segments have sent to members of this one: 16 bytes each.
#[derive(Clone, Debug, Default)]
pub struct SentElsewhere {
    /// Half of a member's key or an address; and the place of a field among those of this segment, above the value.
    values: Vec<(u64, u64)>,
    /// Deliveries that have ended, so that whatever is sent from now on comes after them.
    ended: Vec<String>,
}

/// Collects [`SentElsewhere`] for members who are known and for these fields.
#[derive(Debug)]
pub struct SentElsewhereBuilder<'k> {
    known: &'k Known,
    fields: &'k [String],
    /// As in [`SentElsewhere`], and the delivery that sent it.
    values: Vec<(u64, u64, u64)>,
    /// Members to whom this segment sent all its fields, and the number of the list.
    own: Vec<(u64, usize)>,
    /// After which deliveries each of these lists was sent.
    after: Vec<HashSet<u64>>,
}

/// Many values are sorted from time to time, and repetitions go.
const SORTED_FROM: usize = 1 << 20;

impl<'k> SentElsewhereBuilder<'k> {
    /// A builder for the members in `known` and for `fields`.
    pub fn new(known: &'k Known, fields: &'k [String]) -> Self {
        Self { known, fields, values: Vec::new(), own: Vec::new(), after: Vec::new() }
    }

    /// Adds what another segment has sent in the delivery of `owner`.
    pub fn push(&mut self, owner: &str, head: &ValuesHead, row: &ValuesRow<'_>) {
        let member = EmailHash::of_key(row.member);
        // Members with a customer ID are known by it alone, and may have any address.
        let by_address = row.email == Some(member);
        let itself = (by_address || self.known.contains(row.member)).then_some(member);
        let other = row.email.filter(|email| !by_address && self.known.contains_address(*email));
        for who in itself.into_iter().chain(other) {
            for (name, value) in head.fields.iter().zip(row.values).filter(|(_, value)| value.is_known()) {
                if let Some(place) = self.fields.iter().position(|field| field == name) {
                    self.values.push((who.0, word(place, *value), hash(owner)));
                }
            }
        }
        if self.values.len() >= SORTED_FROM && self.values.len() == self.values.capacity() {
            self.values.sort_unstable();
            self.values.dedup();
        }
    }

    /// Another list of this segment comes.
    pub fn begin_own(&mut self, head: &ValuesHead) {
        self.after.push(head.after.iter().map(|owner| hash(owner)).collect());
    }

    /// Adds what this segment has sent itself.
    pub fn push_own(&mut self, row: &ValuesRow<'_>) {
        let list = self.after.len().saturating_sub(1);
        let member = EmailHash::of_key(row.member);
        self.own.extend([Some(member), row.email].into_iter().flatten().map(|who| (who.0, list)));
    }

    /// What was collected, without what this segment has sent over since.
    pub fn finish(mut self, ended: Vec<String>) -> SentElsewhere {
        self.own.sort_unstable();
        let sent_over = |who: u64, owner: u64| {
            let first = self.own.partition_point(|(other, _)| *other < who);
            let own = self.own.iter().skip(first).take_while(|(other, _)| *other == who);
            own.filter_map(|(_, list)| self.after.get(*list)).any(|after| after.contains(&owner))
        };
        let left = self.values.into_iter().filter(|(who, _, owner)| !sent_over(*who, *owner));
        let mut values: Vec<(u64, u64)> = left.map(|(who, word, _)| (who, word)).collect();
        values.sort_unstable();
        values.dedup();
        SentElsewhere { values, ended }
    }
}

impl SentElsewhere {
    /// Whether nothing was sent.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The deliveries after which everything comes that is sent now.
    pub fn ended(&self) -> &[String] {
        &self.ended
    }

    /// Whether another segment may have sent another value of one of the fields to the member. `values` are those of the
    /// member's row, unknown for fields that are not sent.
    pub fn differs(&self, member: MemberKey, email: Option<EmailHash>, values: &[Fingerprint]) -> bool {
        let of = |who: u64| {
            let first = self.values.partition_point(|(other, _)| *other < who);
            self.values.iter().skip(first).take_while(move |(other, _)| *other == who)
        };
        let by_address = email.into_iter().flat_map(|email| of(email.0));
        of(EmailHash::of_key(member).0).chain(by_address).any(|(_, sent)| {
            let place = usize::try_from(sent >> Fingerprint::BITS).unwrap_or(usize::MAX);
            values.get(place).is_some_and(|value| value.is_known() && word(place, *value) != *sent)
        })
    }
}

fn word(place: usize, value: Fingerprint) -> u64 {
    (place as u64) << Fingerprint::BITS | value.bits()
}

fn hash(owner: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(owner.as_bytes())
}

//! Compares the members that the state lists with the profiles of an export, in memory that does not grow with either.
//!
//! Both are listed in parts, in no order. They are read once for each *pass*, and a pass looks at the people alone whose hashes
//! are in its range: 8 bytes for each hash, and at most [`HASHES`] of them. What is found out about a profile of the export is kept
//! as one bit by the number of its line. A million members take one pass, and ten million take five.
//!
//! # Who is whom
//!
//! A profile is a member if its customer ID is, or if its address alone identifies a member. A profile without a customer ID
//! whose address a member's profile has as well cannot be set by that address: Braze would change the member's profile.

use crate::profile::Identifier;
use crate::state::{EmailHash, LineSet, PartRow, Standing};

/// The most hashes in memory: 32 MB.
pub const HASHES: u64 = 4_000_000;

/// One of several times that the same people are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    number: u64,
    of: u64,
}

impl Pass {
    /// The passes for this many hashes, `most` of them at a time.
    pub fn all(hashes: u64, most: u64) -> impl Iterator<Item = Self> {
        let of = hashes.div_ceil(most.max(1)).max(1);
        (0..of).map(move |number| Self { number, of })
    }

    /// Whether a hash belongs to this pass.
    fn has(self, hash: u64) -> bool {
        (u128::from(hash) * u128::from(self.of)) >> 64 == u128::from(self.number)
    }
}

/// What is known of the profiles of an export, by the numbers of their lines.
#[derive(Debug, Default)]
pub struct Verdicts {
    members: LineSet,
    /// By their address alone, which is the address of a member's profile too.
    shared: LineSet,
    /// Sent since the last complete run.
    unsettled: LineSet,
    /// Listed as someone who left.
    left: LineSet,
}

/// What a profile of an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A member.
    Member,
    /// No member, but sent since the last complete run: the next one decides.
    Unsettled,
    /// No member.
    Extra {
        /// Whether the state lists it as someone who left.
        left: bool,
        /// Whether setting the attribute would change the profile of a member.
        shared: bool,
    },
}

impl Verdicts {
    /// What the profile in this line is.
    pub fn of(&self, line: u32) -> Verdict {
        if self.members.contains(line) {
            Verdict::Member
        } else if self.unsettled.contains(line) && !self.shared.contains(line) {
            Verdict::Unsettled
        } else {
            Verdict::Extra { left: self.left.contains(line), shared: self.shared.contains(line) }
        }
    }
}

/// The people of the state in one pass.
#[derive(Debug)]
pub struct Listed {
    pass: Pass,
    /// Members: hashes of customer IDs, and of addresses that alone identify one.
    members: Vec<u64>,
    met: Vec<u64>,
    /// Addresses in the rows of members with a customer ID.
    addresses: Vec<u64>,
    /// Who was sent since the last complete run.
    unsettled: Vec<u64>,
    left: Vec<u64>,
}

impl Listed {
    /// No one yet.
    pub fn new(pass: Pass) -> Self {
        Self {
            pass,
            members: Vec::new(),
            met: Vec::new(),
            addresses: Vec::new(),
            unsettled: Vec::new(),
            left: Vec::new(),
        }
    }

    /// Adds a line of the last complete run.
    pub fn add(&mut self, row: &PartRow<'_>) {
        let own = hash(row);
        match row.standing {
            Standing::Member if self.pass.has(own) => self.members.push(own),
            Standing::Left if self.pass.has(own) => self.left.push(own),
            Standing::Member | Standing::Left | Standing::Address => {}
        }
        // Of a member whose row has no address, the one that the profile may still have counts as well.
        let may_have_it = row.standing != Standing::Left;
        self.addresses.extend(row.email.map(EmailHash::bits).filter(|email| may_have_it && self.pass.has(*email)));
    }

    /// Adds a line of what was sent since.
    pub fn add_unsettled(&mut self, row: &PartRow<'_>) {
        let hashes = [Some(hash(row)), row.email.map(EmailHash::bits)];
        self.unsettled.extend(hashes.into_iter().flatten().filter(|hash| self.pass.has(*hash)));
    }

    /// Makes it ready, after the last line of the state.
    pub fn seal(&mut self) {
        for hashes in [&mut self.members, &mut self.addresses, &mut self.unsettled, &mut self.left] {
            hashes.sort_unstable();
            hashes.dedup();
        }
        self.met = vec![0; self.members.len() / 64 + 1];
    }

    /// Takes in a line of the export.
    pub fn meet(&mut self, line: u32, row: &PartRow<'_>, verdicts: &mut Verdicts) {
        let email = row.email.map(EmailHash::bits);
        for hash in [Some(hash(row)), email].into_iter().flatten().filter(|hash| self.pass.has(*hash)) {
            if let Ok(place) = self.members.binary_search(&hash) {
                self.met[place / 64] |= 1 << (place % 64);
                verdicts.members.insert(line);
            }
            if self.unsettled.binary_search(&hash).is_ok() {
                verdicts.unsettled.insert(line);
            }
        }
        let own = hash(row);
        if self.left.binary_search(&own).is_ok() {
            verdicts.left.insert(line);
        }
        if matches!(row.identifier, Identifier::Email(_)) && self.addresses.binary_search(&own).is_ok() {
            verdicts.shared.insert(line);
        }
    }

    /// Whether this line of the last complete run is of a member who is not in the export; each member once.
    pub fn take_missing(&mut self, row: &PartRow<'_>) -> bool {
        let Some(place) = self.place_of_member(row) else { return false };
        let (word, bit) = (&mut self.met[place / 64], 1 << (place % 64));
        let is_missing = *word & bit == 0;
        *word |= bit;
        is_missing
    }

    /// How many members are not in the export.
    pub fn missing(&self) -> u64 {
        let met: u64 = self.met.iter().map(|word| u64::from(word.count_ones())).sum();
        self.members.len() as u64 - met
    }

    /// The members of the pass: how many, and a digest that does not depend on their order.
    pub fn members(&self) -> (u64, u64) {
        (self.members.len() as u64, self.members.iter().fold(0, |sum, hash| sum.wrapping_add(*hash)))
    }

    fn place_of_member(&self, row: &PartRow<'_>) -> Option<usize> {
        let is_member = row.standing == Standing::Member;
        let own = Some(hash(row)).filter(|own| is_member && self.pass.has(*own))?;
        self.members.binary_search(&own).ok()
    }
}

/// Addresses of the profiles of members in an export, in one pass.
#[derive(Debug)]
pub struct Addresses {
    pass: Pass,
    hashes: Vec<u64>,
}

impl Addresses {
    /// None yet.
    pub fn new(pass: Pass) -> Self {
        Self { pass, hashes: Vec::new() }
    }

    /// Adds the address of a line of the export, if it is a member's.
    pub fn add(&mut self, line: u32, row: &PartRow<'_>, verdicts: &Verdicts) {
        let is_member = verdicts.members.contains(line);
        self.hashes.extend(row.email.map(EmailHash::bits).filter(|email| is_member && self.pass.has(*email)));
    }

    /// Makes it ready, after the last line.
    pub fn seal(&mut self) {
        self.hashes.sort_unstable();
    }

    /// Takes in a line of the export again: an address alone is shared if a member's profile has it.
    pub fn mark(&self, line: u32, row: &PartRow<'_>, verdicts: &mut Verdicts) {
        let is_alone = matches!(row.identifier, Identifier::Email(_));
        if is_alone && self.hashes.binary_search(&hash(row)).is_ok() {
            verdicts.shared.insert(line);
        }
    }
}

/// Half of the key of whom a line is about; of an address, that is its [`EmailHash`].
fn hash(row: &PartRow<'_>) -> u64 {
    row.key().halves()[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Fingerprint;

    type Person = (Option<&'static str>, Option<&'static str>, Standing);

    fn row(person: &Person) -> PartRow<'static> {
        let (id, email, standing) = *person;
        let identifier = id.map_or_else(|| Identifier::Email(email.unwrap_or_default()), Identifier::ExternalId);
        let email = email.filter(|_| id.is_some()).map(EmailHash::of);
        PartRow::new(identifier, email, Fingerprint::UNKNOWN, standing)
    }

    const fn member(id: Option<&'static str>, email: Option<&'static str>) -> Person {
        (id, email, Standing::Member)
    }

    /// Who is missing, and what each profile is; the same whatever the number of passes.
    fn matched(listed: &[Person], since: &[Person], found: &[Person]) -> (Vec<usize>, Vec<Verdict>) {
        let mut all = Vec::new();
        for most in [1, 3, HASHES] {
            let (mut verdicts, mut missing) = (Verdicts::default(), Vec::new());
            for pass in Pass::all(20, most) {
                let mut people = Listed::new(pass);
                for person in listed {
                    people.add(&row(person));
                }
                for person in since {
                    people.add_unsettled(&row(person));
                }
                people.seal();
                (0..).zip(found).for_each(|(line, person)| people.meet(line, &row(person), &mut verdicts));
                let expected = people.missing();
                let taken = listed.iter().enumerate().filter(|(_, person)| people.take_missing(&row(person)));
                let taken: Vec<usize> = taken.map(|(place, _)| place).collect();
                assert_eq!(taken.len() as u64, expected);
                missing.extend(taken);
            }
            for pass in Pass::all(20, most) {
                let mut addresses = Addresses::new(pass);
                (0..).zip(found).for_each(|(line, person)| addresses.add(line, &row(person), &verdicts));
                addresses.seal();
                (0..).zip(found).for_each(|(line, person)| addresses.mark(line, &row(person), &mut verdicts));
            }
            missing.sort_unstable();
            all.push((missing, (0..).zip(found).map(|(line, _)| verdicts.of(line)).collect::<Vec<_>>()));
        }
        assert!(all.iter().all(|one| *one == all[0]), "{all:?}");
        all.swap_remove(0)
    }

    const EXTRA: Verdict = Verdict::Extra { left: false, shared: false };
    const SHARED: Verdict = Verdict::Extra { left: false, shared: true };

    #[test]
    fn members_are_found_by_their_id_or_by_their_address_alone() {
        let listed = [
            member(Some("1"), Some("one@example.com")),
            member(Some("2"), None),
            member(None, Some("Three@example.com")),
            member(Some("4"), None),
            member(Some("4"), None),
            member(None, Some("five@example.com")),
        ];
        let found = [
            member(Some("1"), None),
            member(Some("2"), Some("two@example.com")),
            member(Some("x"), Some("three@EXAMPLE.com")),
            member(Some("6"), Some("one@example.com")),
            member(None, Some("one@example.com")),
            member(None, Some("two@example.com")),
            member(None, Some("seven@example.com")),
        ];
        let (missing, verdicts) = matched(&listed, &[], &found);
        assert_eq!(missing, [3, 5], "each member once");
        let member = Verdict::Member;
        assert_eq!(verdicts, [member, member, member, EXTRA, SHARED, SHARED, EXTRA]);
    }

    #[test]
    fn who_was_sent_since_is_no_difference_and_who_left_is_told_apart() {
        let listed = [
            member(Some("1"), None),
            (Some("2"), Some("two@example.com"), Standing::Left),
            (Some("1"), Some("former@example.com"), Standing::Address),
        ];
        // A repair lists members whom it has sent.
        let repaired = member(Some("1"), Some("former@example.com"));
        let since = [member(Some("3"), None), member(Some("4"), Some("four@example.com")), repaired];
        let found = [
            member(Some("2"), None),
            member(Some("3"), None),
            member(None, Some("four@example.com")),
            member(None, Some("former@example.com")),
            member(None, Some("two@example.com")),
        ];
        let (missing, verdicts) = matched(&listed, &since, &found);
        let (unsettled, left) = (Verdict::Unsettled, Verdict::Extra { left: true, shared: false });
        assert_eq!((missing, verdicts), (vec![0], vec![left, unsettled, unsettled, SHARED, EXTRA]));
    }
}

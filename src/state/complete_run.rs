//! The members of the last complete run, and the numbers of the lines that list them.
//!
//! A run does not list again who has not changed: its files name lines of the run before by their numbers. When it is complete,
//! the parts of the run before stay, an object says which of their lines are still true, and the run's own lines get the numbers
//! that follow. From time to time a run lists all of its members again, and the numbers begin at zero.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::feeder::Feeder;
use super::part::{BaseId, Part};
use crate::config::DataMatching;
use crate::pattern::RunId;
use crate::run::Order;

/// Runs with fewer members always list all: that costs next to nothing, and leaves nothing of those who left.
pub const MEMBERS_NAMED_FROM: u64 = 10_000;

/// Parts that are older than this are replaced, so that no one who left is listed for much longer.
const LONGEST: SignedDuration = SignedDuration::from_hours(30 * 24);

/// More lines than this for each member, and some, are too many: half of them have no use.
const LINES_PER_MEMBER: u64 = 2;
const LINES_BESIDES: u64 = 64;

/// A part has at most 15,000 lines; parts with few of them cost a request of their own.
const MEMBERS_PER_PART: u64 = 2_500;
const PARTS_BESIDES: u64 = 8;

/// The members of a complete run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompleteRun {
    /// Which run.
    pub run: RunId,
    /// Its place among the runs of its feeder.
    pub order: Order,
    /// Whose run it is.
    pub feeder: Feeder,
    /// The columns that identified its members; `None` where format 1 did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<DataMatching>,
    /// When the first of it was delivered, and so when what is known of its members was compared; `None` where an earlier version
    /// did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// How many different members it has.
    pub members: u64,
    /// Where they are listed.
    pub parts: Vec<Part>,
    /// How the lines of these parts are numbered, so that later runs can name them; `None` where formats 1 and 2 listed them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Base>,
}

/// The numbers of lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// Distinguishes them from those of another beginning.
    pub id: BaseId,
    /// When they began.
    pub since: Timestamp,
    /// The number of the next line.
    pub next: u32,
}

impl CompleteRun {
    /// The numbers that files may name at `now`; `None` if the next run is to list all of its members, as it is with less
    /// than `from` members ([`MEMBERS_NAMED_FROM`]).
    pub fn base_to_name(&self, from: u64, now: Timestamp) -> Option<BaseId> {
        let base = self.base.as_ref()?;
        let lines: u64 = self.parts.iter().map(|part| part.rows).sum();
        let outgrown = self.members < from
            || lines > LINES_PER_MEMBER * self.members + LINES_BESIDES
            || self.parts.len() as u64 > self.members / MEMBERS_PER_PART + PARTS_BESIDES
            || base.next > u32::MAX / 2
            || now.duration_since(base.since) > LONGEST;
        (!outgrown).then_some(base.id)
    }

    /// The parts of a run that became complete at `now` after this one, with numbers: `own` are its own, and `kept` are parts of
    /// this one. With none of the latter, the numbers begin again.
    pub(super) fn numbered(last: Option<&Self>, own: Vec<Part>, kept: Vec<Part>, now: Timestamp) -> (Vec<Part>, Base) {
        let known = last.filter(|_| !kept.is_empty()).and_then(|last| last.base.clone().map(|base| (last, base)));
        let begins = || Base { id: BaseId::of(&own), since: now, next: 0 };
        let (numbers, mut base): (HashMap<&str, u32>, Base) = known.map_or_else(
            || (HashMap::new(), begins()),
            |(last, base)| {
                let numbered = last.parts.iter().filter_map(|part| Some((part.key.as_str(), part.first?)));
                (numbered.collect(), base)
            },
        );
        let mut parts = Vec::with_capacity(own.len() + kept.len());
        for part in own.into_iter().filter(|part| part.rows > 0) {
            let known = numbers.get(part.key.as_str()).copied();
            let first = known.unwrap_or(base.next);
            if known.is_none() {
                base.next = base.next.saturating_add(u32::try_from(part.rows).unwrap_or(u32::MAX));
            }
            parts.push(Part { seen: 0, first: Some(first), live: None, ..part });
        }
        // Last of all: of someone who is named by a line that is still true, and is in a broken row besides, that line wins.
        let own: HashSet<String> = parts.iter().map(|part| part.key.clone()).collect();
        parts.extend(kept.into_iter().filter(|part| !own.contains(&part.key)));
        (parts, base)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const DAY: SignedDuration = SignedDuration::from_hours(24);

    fn at(days: i32) -> Timestamp {
        Timestamp::UNIX_EPOCH + DAY * days
    }

    /// Parts by name and lines, as a run that becomes complete lists them.
    fn parts(named: &[(&str, u64)]) -> Vec<Part> {
        named.iter().map(|(name, rows)| Part::new(format!("state/{name}.part"), *rows)).collect()
    }

    fn complete(last: Option<&CompleteRun>, own: &[(&str, u64)], kept: Vec<Part>, members: u64) -> CompleteRun {
        let run = "2026-11-23T01:02Z".parse().unwrap();
        let (parts, base) = CompleteRun::numbered(last, parts(own), kept, at(0));
        CompleteRun {
            run,
            order: Order::of(run, &jiff::tz::TimeZone::UTC, at(0)),
            feeder: Feeder { export: "loyalty".into(), segment: "顧客".into() },
            matching: None,
            started_at: None,
            members,
            parts,
            base: Some(base),
        }
    }

    fn numbers(run: &CompleteRun) -> Vec<(&str, u32)> {
        run.parts.iter().map(|part| (&part.key[6..part.key.len() - 5], part.first.unwrap())).collect()
    }

    #[test]
    fn numbers_go_on_while_parts_are_kept_and_begin_again_when_none_is() {
        let first = complete(None, &[("a", 10), ("empty", 0), ("b", 5)], Vec::new(), 15);
        assert_eq!(numbers(&first), [("a", 0), ("b", 10)]);

        let kept: Vec<Part> =
            first.parts.iter().map(|part| Part { live: Some("lines".to_owned()), ..part.clone() }).collect();
        let second = complete(Some(&first), &[("c", 3)], kept, 15);
        assert_eq!(numbers(&second), [("c", 15), ("a", 0), ("b", 10)]);
        assert_eq!(second.base.as_ref().unwrap().id, first.base.as_ref().unwrap().id);

        // The same run is complete again after another content of one of its files: its part keeps its numbers, and is whole.
        let again = complete(Some(&second), &[("c", 3), ("d", 2)], second.parts.clone(), 15);
        assert_eq!(numbers(&again), [("c", 15), ("d", 18), ("a", 0), ("b", 10)]);
        assert_eq!(again.parts[0].live, None);

        // The part that held the numbers in between is gone, and they stay what they were.
        let third = complete(Some(&again), &[("e", 1)], again.parts[2..].to_vec(), 15);
        assert_eq!(numbers(&third), [("e", 20), ("a", 0), ("b", 10)]);

        let anew = complete(Some(&third), &[("f", 15)], Vec::new(), 15);
        assert_eq!(numbers(&anew), [("f", 0)]);
        assert_ne!(anew.base.as_ref().unwrap().id, first.base.as_ref().unwrap().id);
    }

    #[test]
    fn lines_are_named_until_there_are_too_many_or_they_are_old() {
        let many: Vec<(String, u64)> = (0..9).map(|number| (number.to_string(), 10)).collect();
        let many: Vec<(&str, u64)> = many.iter().map(|(name, rows)| (name.as_str(), *rows)).collect();
        for (own, members, day, named) in [
            (&[("a", 100)][..], 100, 0, true),
            (&[("a", 264)], 100, 30, true),
            (&[("a", 265)], 100, 0, false),
            (&[("a", 100)], 100, 31, false),
            (&many[..8], 80, 0, true),
            (&many, 90, 0, false),
            (&[("a", 79)], 79, 0, false),
            (&many, 2_500, 0, true),
        ] {
            let run = complete(None, own, Vec::new(), members);
            assert_eq!(run.base_to_name(80, at(day)).is_some(), named, "{own:?}, {members} members, day {day}");
        }
        let former = CompleteRun { base: None, ..complete(None, &[("a", 1)], Vec::new(), 1) };
        assert_eq!(former.base_to_name(0, at(0)), None);
    }
}

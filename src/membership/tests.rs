#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::*;
use crate::profile::Identifier;
use crate::state::{BaseId, EmailHash, Fingerprint, LineSet, MemberKey, PartRow, Standing};

/// Seeded, so that a failure can be repeated; the seed is part of the failure's output.
fn runner() -> TestRunner {
    let seed = [7; 32];
    let config = Config { cases: 400, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
}

/// What is known of one member: the line's part, the fingerprint, and the number of the line if it is of the last run.
type Expected = (u64, u64, Option<u32>);

#[test]
fn the_known_members_answer_as_a_map_would() {
    let line = || (0..40_u8, 1..5_u64, any::<bool>(), any::<bool>());
    let last = prop::collection::vec(line(), 0..200);
    let since = prop::collection::vec(line(), 0..60);
    let asked = prop::collection::vec(0..60_u8, 0..100);
    let key = |name: u8| MemberKey::of(Identifier::ExternalId(&name.to_string()));
    runner()
        .run(&(last, since, asked, any::<bool>()), |(last, since, asked, names)| {
            let mut expected: BTreeMap<u8, Expected> = BTreeMap::new();
            let (mut were_members, mut in_later_file) = (BTreeSet::new(), BTreeSet::new());
            // The last line of the last part wins; within one part, the largest fingerprint does.
            let mut note = |name, part, fingerprint, line: Option<u32>| {
                let known = expected.entry(name).or_insert((part, 0, None));
                if (known.0, known.1) <= (part, fingerprint) {
                    *known = (part, fingerprint, line);
                }
            };
            let (mut builder, mut part) = (LastRunBuilder::with_capacity(0), 0);
            let mut lines = BTreeMap::new();
            for (number, (name, fingerprint, is_member, next)) in (0..).zip(last) {
                if next {
                    part += 1;
                    builder.next_part();
                }
                // A part has one line about a member.
                if lines.insert((part, name), number).is_some() {
                    continue;
                }
                let name_text = name.to_string();
                let standing = if is_member { Standing::Member } else { Standing::Left };
                let fingerprint = Fingerprint::from_bits(fingerprint);
                let row = PartRow::new(Identifier::ExternalId(&name_text), None, fingerprint, standing);
                builder.push(&row, fingerprint, Some(number));
                note(name, part, fingerprint.bits(), Some(number));
                if is_member {
                    were_members.insert(name);
                }
            }
            let base = names.then(|| BaseId::of(&[]));
            let members = expected.len() as u64;
            let last = Arc::new(builder.finish(members));
            let mut builder = SentSince::default();
            let mut later = LineSet::default();
            for (name, fingerprint, in_later, next) in since {
                if next {
                    part += 1;
                    builder.next_part();
                }
                if let (true, Some((.., Some(line)))) = (in_later, expected.get(&name)) {
                    later.insert(*line);
                    in_later_file.insert(name);
                    continue;
                }
                builder.push(key(name), Fingerprint::from_bits(fingerprint), false);
                let known = expected.entry(name).or_insert((0, 0, None));
                let new = known.2.is_some() || (known.0, known.1) <= (part, fingerprint);
                if new {
                    *known = (part, fingerprint, None);
                }
            }
            builder.add_named_later(&later);
            builder.seal();
            let mut known = Known::new(last, base, Arc::new(builder));
            let mut met = BTreeSet::new();
            for name in asked {
                prop_assert_eq!(known.contains(key(name)), expected.contains_key(&name));
                let answer = match expected.get(&name) {
                    None => Sighting::New,
                    Some(_) if !met.insert(name) => Sighting::Again,
                    Some((_, fingerprint, line)) => Sighting::Known {
                        fingerprint: Fingerprint::from_bits(*fingerprint),
                        in_last_run: were_members.contains(&name),
                        in_later_file: in_later_file.contains(&name),
                        line: line.filter(|_| names),
                    },
                };
                prop_assert_eq!(known.mark_seen(key(name)), answer);
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn leavers_are_those_who_match_no_one_in_the_run() {
    let row =
        |identifier, email: Option<&str>| PartRow::member(identifier, email.map(EmailHash::of), Fingerprint::UNKNOWN);
    let mut members = RunMembers::default();
    members.push(&row(Identifier::ExternalId("LID-1"), Some("kaito@example.jp")));
    members.push(&row(Identifier::Email("mia@example.com"), None));
    members.push(&row(Identifier::Email("mia@example.com"), None));
    members.seal();
    assert_eq!(members.len(), 2);

    assert_eq!(members.leaver(&row(Identifier::ExternalId("LID-1"), None)), None);
    assert_eq!(members.leaver(&row(Identifier::Email("MIA@example.com"), None)), None, "ASCII case apart");
    assert_eq!(members.leaver(&row(Identifier::ExternalId("LID-2"), None)), Some(Leaver::Gone));
    assert_eq!(members.leaver(&row(Identifier::ExternalId("lid-1"), None)), Some(Leaver::Gone), "IDs keep their case");
    // Whoever was known by the address has a customer ID now, and the other way round: the profile may be the same.
    assert_eq!(members.leaver(&row(Identifier::Email("kaito@example.jp"), None)), Some(Leaver::Renamed));
    let renamed = row(Identifier::ExternalId("LID-9"), Some("mia@example.com"));
    assert_eq!(members.leaver(&renamed), Some(Leaver::Renamed));
}

#[test]
fn an_address_that_a_member_may_still_have_is_no_one_elses() {
    let row = |identifier, email: Option<&str>, accepted: bool, standing| {
        let fingerprint = if accepted { Fingerprint::of(b"{}") } else { Fingerprint::UNKNOWN };
        PartRow::new(identifier, email.map(EmailHash::of), fingerprint, standing)
    };
    let id = Identifier::ExternalId;
    let mut members = RunMembers::default();
    members.expect_addresses();
    members.push(&row(id("without"), None, true, Standing::Member));
    // Stored before it was sent, and then refused.
    members.push(&row(id("refused"), Some("new@example.com"), true, Standing::Member));
    members.push(&row(id("refused"), Some("new@example.com"), false, Standing::Member));
    members.push(&row(id("moved"), Some("moved.to@example.com"), true, Standing::Member));
    members.push(&row(Identifier::Email("alone@example.com"), None, true, Standing::Member));
    members.seal();
    let before = [
        row(id("without"), Some("a@example.com"), true, Standing::Member),
        row(id("without"), Some("b@example.com"), false, Standing::Address),
        row(id("refused"), Some("c@example.com"), true, Standing::Member),
        row(id("moved"), Some("d@example.com"), true, Standing::Member),
        // Three lines of one who left: two say that the address alone is there now.
        row(id("under-the-address"), None, true, Standing::Member),
        row(id("under-the-address"), Some("ALONE@example.com"), false, Standing::Address),
        row(id("under-the-address"), Some("Alone@example.com"), true, Standing::Left),
        row(id("gone"), Some("gone@example.com"), true, Standing::Member),
    ];
    for line in &before {
        members.mark_seen(line, line.standing == Standing::Member);
    }
    assert!(members.end_meeting());
    assert_eq!((members.len(), members.stayed()), (4, 3));
    let by_email = |email| members.leaver(&row(Identifier::Email(email), None, true, Standing::Left));
    for kept in ["a@example.com", "B@example.com", "c@example.com", "new@example.com", "moved.to@example.com"] {
        assert_eq!(by_email(kept), Some(Leaver::Renamed), "{kept}");
    }
    for free in ["d@example.com", "gone@example.com", "stranger@example.com"] {
        assert_eq!(by_email(free), Some(Leaver::Gone), "{free}");
    }
    assert_eq!(by_email("alone@example.com"), None);
    let kept: Vec<bool> = before.iter().map(|line| members.keeps_address(line)).collect();
    assert_eq!(kept, [true, true, true, false, false, false, false, false]);
    let leavers: Vec<_> = before[4..].iter().map(|line| members.leaver(line)).collect();
    let (renamed, elsewhere) = (Some(Leaver::Renamed), Some(Leaver::RenamedElsewhere));
    assert_eq!(leavers, [elsewhere, renamed, renamed, Some(Leaver::Gone)]);
}

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::*;
use crate::profile::Identifier;
use crate::state::{EmailHash, Fingerprint, MemberKey, PartRow, Standing};

/// Seeded, so that a failure can be repeated; the seed is part of the failure's output.
fn runner() -> TestRunner {
    let seed = [7; 32];
    let config = Config { cases: 400, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
}

#[test]
fn the_known_members_answer_as_a_map_would() {
    let lines = prop::collection::vec((0..40_u8, 1..5_u64, any::<bool>(), any::<bool>()), 0..200);
    let asked = prop::collection::vec(0..60_u8, 0..100);
    runner()
        .run(&(lines, asked), |(lines, asked)| {
            let mut builder = KnownBuilder::with_capacity(0);
            let mut expected: BTreeMap<u8, (u64, bool)> = BTreeMap::new();
            for (name, fingerprint, in_last_run, next) in lines {
                if next {
                    builder.next_part();
                }
                let key = MemberKey::of(Identifier::ExternalId(&name.to_string()));
                // Two lines of one part with the same member: the larger fingerprint wins, which is the last one here.
                let place = expected.entry(name).or_insert((0, false));
                let fingerprint = if next { fingerprint + place.0 } else { place.0.max(fingerprint) };
                *place = (fingerprint, place.1 || in_last_run);
                builder.push(key, Fingerprint::from_bits(fingerprint), in_last_run);
            }
            let mut known = builder.finish();
            prop_assert_eq!(known.len(), expected.len());
            let mut met = BTreeSet::new();
            for name in asked {
                let key = MemberKey::of(Identifier::ExternalId(&name.to_string()));
                let answer = match expected.get(&name) {
                    None => Sighting::New,
                    Some(_) if !met.insert(name) => Sighting::Again,
                    Some((fingerprint, in_last_run)) => Sighting::Known {
                        fingerprint: Fingerprint::from_bits(*fingerprint),
                        in_last_run: *in_last_run,
                        in_later_file: false,
                    },
                };
                prop_assert_eq!(known.mark_seen(key), answer);
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn leavers_are_those_who_match_no_one_in_the_run() {
    let row = |identifier, email: Option<&str>| PartRow {
        identifier,
        email: email.map(EmailHash::of),
        fingerprint: Fingerprint::UNKNOWN,
        standing: Standing::Member,
    };
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
    let row = |identifier, email: Option<&str>, accepted: bool, standing| PartRow {
        identifier,
        email: email.map(EmailHash::of),
        fingerprint: if accepted { Fingerprint::of(b"{}") } else { Fingerprint::UNKNOWN },
        standing,
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

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::*;
use crate::names::AttributeName;
use crate::profile::Identifier;
use crate::report::Counts;

/// Seeded, so that a failure can be repeated; the seed is part of the failure's output.
fn runner() -> TestRunner {
    let seed = [7; 32];
    let config = Config { cases: 400, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
}

fn person(by_email: bool, name: &str) -> Identifier<'_> {
    if by_email { Identifier::Email(name) } else { Identifier::ExternalId(name) }
}

#[test]
fn a_part_gives_back_what_was_written() {
    let row = ("[^\\x00]{1,20}", any::<bool>(), any::<Option<u64>>(), any::<u64>(), 0..3_usize);
    let rows = prop::collection::vec(row, 0..60);
    runner()
        .run(&rows, |rows| {
            let mut writer = PartWriter::new();
            let written: Vec<PartRow<'_>> = rows
                .iter()
                .map(|(name, by_email, hash, fingerprint, standing)| PartRow {
                    identifier: person(*by_email, name),
                    email: hash.map(EmailHash),
                    fingerprint: Fingerprint::from_bits(*fingerprint),
                    standing: [Standing::Member, Standing::Left, Standing::Address][*standing],
                })
                .collect();
            for row in &written {
                writer.push(*row);
            }
            let (bytes, count) = writer.finish();
            prop_assert_eq!(count, written.len() as u64);
            let mut read = 0;
            read_part("part", &bytes, |row| {
                assert_eq!(row, written[read]);
                read += 1;
            })
            .unwrap();
            prop_assert_eq!(read, written.len());
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_damaged_part_is_named_and_never_read_as_something_else() {
    let mut writer = PartWriter::new();
    for number in 0..500 {
        let name = format!("会員-{number}");
        let identifier = Identifier::ExternalId(&name);
        let fingerprint = Fingerprint::of(name.as_bytes());
        writer.push(PartRow { identifier, email: None, fingerprint, standing: Standing::Member });
    }
    let (bytes, _) = writer.finish();
    for cut in [0, 5, bytes.len() / 2, bytes.len() - 4] {
        let error = read_part("state/x.csv.gz", &bytes[..cut], |_| {}).unwrap_err();
        assert!(error.to_string().starts_with("state/x.csv.gz, line"), "{error}");
    }
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
                    None => Meeting::New,
                    Some(_) if !met.insert(name) => Meeting::Again,
                    Some((fingerprint, in_last_run)) => {
                        Meeting::Known { fingerprint: Fingerprint::from_bits(*fingerprint), in_last_run: *in_last_run }
                    }
                };
                prop_assert_eq!(known.meet(key), answer);
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn leavers_are_those_who_answer_to_nobody_in_the_run() {
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
fn an_address_that_a_member_may_still_have_is_nobody_elses() {
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
        members.meet(line, line.standing == Standing::Member);
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

fn adopt(ledger: &mut Ledger, destination: &str, attribute: &str, second: i64) -> Result<(), OlderConfiguration> {
    ledger.adopt(destination, &AttributeName::from(attribute), Timestamp::from_second(second).unwrap())
}

#[test]
fn an_older_configuration_changes_nothing() {
    let mut ledger = Ledger::new("rest.fra-01.braze.eu", AttributeName::from("Old"));
    adopt(&mut ledger, "rest.fra-02.braze.eu", "New", 20).unwrap();
    let before = ledger.clone();
    assert_eq!(adopt(&mut ledger, "rest.fra-01.braze.eu", "New", 19), Err(OlderConfiguration));
    assert_eq!(adopt(&mut ledger, "rest.fra-02.braze.eu", "Old", 19), Err(OlderConfiguration));
    assert_eq!(ledger, before);
    adopt(&mut ledger, "rest.fra-02.braze.eu", "New", 19).unwrap();
    assert_eq!(ledger, before, "what agrees needs no permission");
    adopt(&mut ledger, "rest.fra-01.braze.eu", "New", 21).unwrap();
    assert_eq!(ledger.configured_at, Some(Timestamp::from_second(21).unwrap()));
}

#[test]
fn a_renamed_attribute_leaves_its_former_name_and_another_workspace_leaves_no_fingerprint() {
    let now = Timestamp::UNIX_EPOCH;
    let mut ledger = Ledger::new("rest.fra-01.braze.eu", AttributeName::from("Old"));
    let part = Part { key: "state/p".to_owned(), rows: 1, outdated: false };
    ledger.last_complete =
        Some(CompleteRun { run: "2026-11-23T01:02Z".parse().unwrap(), members: 1, parts: vec![part] });
    adopt(&mut ledger, "rest.fra-01.braze.eu", "New", 0).unwrap();
    assert_eq!(ledger.former_attributes, BTreeSet::from([AttributeName::from("Old")]));
    adopt(&mut ledger, "rest.fra-01.braze.eu", "Old", 0).unwrap();
    assert_eq!(ledger.former_attributes, BTreeSet::from([AttributeName::from("New")]));
    assert!(!ledger.last_complete.as_ref().unwrap().parts[0].outdated);
    adopt(&mut ledger, "rest.fra-02.braze.eu", "Old", 0).unwrap();
    assert!(ledger.former_attributes.is_empty());
    assert!(ledger.last_complete.as_ref().unwrap().parts[0].outdated);

    let mut run = RunRecord::new(now);
    run.phase = Phase::Complete;
    let record = |progress| FileRecord {
        etag: crate::bucket::ETag::new("a"),
        progress,
        folder: "state/folder/".to_owned(),
        parts: vec![Part { key: "state/folder/1".to_owned(), rows: 3, outdated: false }],
        checkpoint: None,
        types: None,
        rejected: Vec::new(),
        rejected_bytes: 0,
        counts: Counts::default(),
        resend: false,
        notes: BTreeSet::new(),
    };
    run.replace_file("incoming/a.csv", record(Progress::Unfinished));
    assert_eq!(run.phase, Phase::Open, "a new file opens a run that was complete");
    run.replace_file("incoming/a.csv", record(Progress::Delivered));
    assert_eq!(run.replaced.len(), 1);
    assert_eq!(run.uncertain, ["state/folder/"], "what an unfinished delivery sent is not certain");
    run.replace_file("incoming/a.csv", record(Progress::Delivered));
    assert_eq!((run.replaced.len(), run.uncertain.len()), (2, 1));

    // Another workspace while a run is open: its files are to be delivered there, whoever is at them at the moment.
    let id = "2026-11-24T01:02Z".parse().unwrap();
    run.phase = Phase::Held { leavers: 9, before: 9, reason: "too many".to_owned() };
    ledger.runs.insert(id, run);
    adopt(&mut ledger, "rest.fra-02.braze.eu", "Old", 0).unwrap();
    assert_eq!(ledger.runs[&id].files.len(), 1, "nothing has changed");
    adopt(&mut ledger, "rest.fra-01.braze.eu", "Old", 0).unwrap();
    let run = &ledger.runs[&id];
    assert_eq!((run.files.len(), &run.phase), (0, &Phase::Open));
    assert_eq!(run.replaced.iter().map(|part| part.outdated).collect::<Vec<_>>(), [true; 3]);
}

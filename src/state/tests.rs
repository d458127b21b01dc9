#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

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
        assert!(error.to_string().starts_with("state/x.csv.gz is damaged in line"), "{error}");
    }
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

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::*;
use crate::profile::Identifier;

mod table;

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
        .run(&(rows, prop::collection::vec(any::<u32>(), 0..9)), |(rows, seen)| {
            let mut writer = PartWriter::new();
            let written: Vec<PartRow<'_>> = rows
                .iter()
                .map(|(name, by_email, hash, fingerprint, standing)| {
                    let standing = [Standing::Member, Standing::Left, Standing::Address][*standing];
                    let fingerprint = Fingerprint::from_bits(*fingerprint);
                    PartRow::new(person(*by_email, name), hash.map(EmailHash), fingerprint, standing)
                })
                .collect();
            let mut places = Vec::new();
            for row in &written {
                // Someone was erased before every third line.
                if places.len() % 3 == 0 {
                    writer.push_erased();
                }
                places.push(u32::try_from(writer.rows()).unwrap());
                writer.push(*row);
            }
            for line in &seen {
                writer.push_seen(*line);
            }
            let rows = writer.rows();
            let (bytes, part) = writer.finish("part");
            let seen: LineSet = seen.into_iter().collect();
            prop_assert_eq!((part.rows, part.seen), (rows, seen.len()));
            let mut read = 0;
            let content = read_part("part", &bytes, |line, row| {
                assert_eq!((line, row), (places[read], written[read]));
                read += 1;
            })
            .unwrap();
            prop_assert_eq!(read, written.len());
            prop_assert_eq!((content.rows, content.seen), (rows, seen));
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
        writer.push(PartRow::member(identifier, None, fingerprint));
    }
    let (bytes, _) = writer.finish("state/x.part");
    for cut in [0, 5, bytes.len() / 2, bytes.len() - 4] {
        let error = read_part("state/x.part", &bytes[..cut], |_, _| {}).unwrap_err();
        assert!(error.to_string().starts_with("state/x.part is damaged in line"), "{error}");
    }
    for place in 0..bytes.len() {
        let mut changed = bytes.to_vec();
        changed[place] ^= 1;
        assert!(read_part("state/x.part", &changed, |_, _| {}).is_err(), "byte {place}");
    }
    let elsewhere = read_part("state/y.part", &bytes, |_, _| {}).unwrap_err();
    assert!(elsewhere.to_string().contains("stored under another key"), "{elsewhere}");
}

mod steps {
    //! Every state of a file and of a run, and what each step makes of it.

    use jiff::Timestamp;

    use super::super::*;
    use crate::bucket::ETag;
    use crate::config::DataMatching;
    use crate::pattern::RunId;
    use crate::report::Members;
    use crate::run::Order;

    pub(super) const KEY: &str = "incoming/BlobExport/顧客/2026/11/23/0102/顧客_1.csv";

    pub(super) fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_763_856_000 + second).unwrap()
    }

    pub(super) fn lease(owner: &str, second: i64) -> Lease {
        Lease { owner: owner.to_owned(), until: at(second) }
    }

    pub(super) fn feeder(segment: &str) -> Feeder {
        Feeder { export: "loyalty".into(), segment: segment.into() }
    }

    pub(super) fn run(day: u32) -> RunId {
        format!("2026-11-{day}T01:02Z").parse().unwrap()
    }

    pub(super) fn order(day: u32) -> Order {
        Order::of(run(day), &jiff::tz::TimeZone::UTC, at(i64::from(day) * 86_400))
    }

    pub(super) fn part(name: &str) -> Part {
        Part::new(format!("state/{name}"), 3)
    }

    /// Leads whoever is asked for, as `segments` does.
    pub(super) struct Listed(pub(super) &'static str);

    impl Mappings for Listed {
        fn explicit(&self) -> Option<Feeder> {
            Some(feeder(self.0))
        }

        fn mapping(&self, asked: &Feeder) -> Option<Mapping> {
            (*asked == feeder(self.0)).then_some(Mapping::Explicit)
        }
    }

    pub(super) fn ledger() -> Ledger {
        Ledger::new("Gold".into(), feeder("Gold"))
    }

    /// A ledger whose run of the 23rd has one file.
    pub(super) fn with_file(progress: Progress) -> Ledger {
        let mut ledger = ledger();
        let mut record = RunRecord::new(order(23), at(0));
        let file = FileRecord {
            progress,
            folder: "state/old/".to_owned(),
            parts: vec![part("1")],
            ..FileRecord::seen(ETag::new("a"))
        };
        record.files.insert(KEY.to_owned(), file);
        ledger.runs.insert(run(23), record);
        ledger
    }

    fn claim(ledger: &mut Ledger, day: u32, etag: &str, owner: &str, now: i64) -> ClaimAnswer {
        claim_of(ledger, "Gold", day, etag, owner, now)
    }

    fn claim_of(
        ledger: &mut Ledger,
        segment: &'static str,
        day: u32,
        etag: &str,
        owner: &str,
        now: i64,
    ) -> ClaimAnswer {
        let (feeder, etag) = (feeder(segment), ETag::new(etag));
        let claim = FileClaim {
            feeder: &feeder,
            run: run(day),
            order: order(day),
            key: KEY,
            etag: &etag,
            folder: "state/new/".to_owned(),
            lease: lease(owner, now + 30),
            reread: false,
            resend: false,
            allow_identifiers: None,
            allow_differences: None,
            seen: &[],
        };
        ledger.claim(&claim, &Listed(segment), at(now))
    }

    fn granted(answer: ClaimAnswer) -> Option<String> {
        match answer {
            ClaimAnswer::Granted(file) => Some(file.folder),
            _ => None,
        }
    }

    #[test]
    fn a_file_is_taken_once_and_resumed_where_it_stopped() {
        let working = || Progress::Working { lease: lease("other", 30) };
        let failed = || Progress::Failed { message: "why".to_owned(), code: String::new() };
        let anew = Some("state/new/".to_owned());
        let resumed = Some("state/old/".to_owned());
        for (progress, etag, now, expected) in [
            (Progress::Waiting, "a", 0, anew.clone()),
            (Progress::Unfinished, "a", 0, resumed.clone()),
            (failed(), "a", 0, resumed.clone()),
            (Progress::Delivered, "a", 0, None),
            (working(), "a", 0, None),
            (working(), "a", 31, resumed),
            // Another content under the key begins anew, once nobody works on the earlier one.
            (Progress::Delivered, "b", 0, anew.clone()),
            (Progress::Unfinished, "b", 0, anew.clone()),
            (working(), "b", 0, None),
            (working(), "b", 31, anew),
        ] {
            let mut ledger = with_file(progress.clone());
            let folder = granted(claim(&mut ledger, 23, etag, "own", now));
            assert_eq!(folder, expected, "{progress:?}, content {etag}, after {now} s");
            let record = &ledger.runs[&run(23)];
            // What was sent of an earlier content stays on record.
            let replaced = usize::from(expected.as_deref() == Some("state/new/"));
            assert_eq!(record.replaced.len(), replaced, "{progress:?}, content {etag}");
        }
    }

    #[test]
    fn an_older_run_gives_way_and_a_newer_one_waits_for_what_is_at_work() {
        let mut ledger = with_file(Progress::Working { lease: lease("other", 30) });
        assert_eq!(claim(&mut ledger, 22, "a", "own", 0), ClaimAnswer::Superseded { by: run(23) });
        assert_eq!(ledger.superseded.len(), 1);
        assert!(matches!(claim(&mut ledger, 24, "a", "own", 0), ClaimAnswer::Await { .. }));
        assert_eq!(ledger.newest_run(), Some(run(24)), "it is known, so that the older one stops");
        assert!(granted(claim(&mut ledger, 24, "a", "own", 31)).is_some());

        let mut ledger = with_file(Progress::Delivered);
        let completing = Completing { lease: Some(lease("other", 30)), ..Completing::default() };
        ledger.runs.get_mut(&run(23)).unwrap().phase = Phase::Completing(completing);
        assert!(matches!(claim(&mut ledger, 24, "a", "own", 0), ClaimAnswer::Await { .. }));
        assert_eq!(claim(&mut ledger, 24, "a", "own", 31), ClaimAnswer::CompleteFirst(run(23)));
    }

    #[test]
    fn another_feeder_takes_over_and_nothing_that_was_sent_is_forgotten() {
        let mut ledger = with_file(Progress::Working { lease: lease("other", 30) });
        let completing = Completing { leavers: vec![part("left")], done: 1, ..Completing::default() };
        ledger.runs.get_mut(&run(23)).unwrap().phase = Phase::Completing(completing);
        let platinum = feeder("Platinum");
        assert_eq!(claim_of(&mut ledger, "Platinum", 20, "a", "own", 0), ClaimAnswer::TakeOverFirst);
        let mut take_over = |now| ledger.take_over(&platinum, &Listed("Platinum"), true, at(now));
        assert_eq!(take_over(0), TakeOverAnswer::Await("a delivery"));
        assert_eq!(take_over(31), TakeOverAnswer::Done);
        assert!(granted(claim_of(&mut ledger, "Platinum", 20, "a", "own", 31)).is_some(), "its runs are ordered anew");
        assert_eq!(ledger.feeder, feeder("Platinum"));
        let not_certain = |name| Part { outdated: true, ..part(name) };
        assert_eq!(ledger.earlier.parts, [not_certain("1"), not_certain("left")]);
        assert_eq!(ledger.earlier.folders, ["state/old/"]);
        let other = Listed("Platinum");
        let (feeder, etag) = (feeder("Gold"), ETag::new("a"));
        let late = FileClaim {
            feeder: &feeder,
            run: run(25),
            order: order(25),
            key: KEY,
            etag: &etag,
            folder: String::new(),
            lease: lease("own", 99),
            reread: false,
            resend: false,
            allow_identifiers: None,
            allow_differences: None,
            seen: &[],
        };
        let owner = Feeder { segment: "Platinum".into(), ..feeder.clone() };
        assert_eq!(ledger.claim(&late, &other, at(60)), ClaimAnswer::OwnedBy(owner));
    }

    fn compared(people: u64, reason: Option<&str>) -> Compared {
        Compared {
            figures: Members { before: 10, entered: 0, stayed: 10 - people, left: people, after: 10 - people },
            people,
            reason: reason.map(str::to_owned),
            leavers: vec![part("left")],
            carried: Vec::new(),
            kept: Vec::new(),
            matching: DataMatching::default(),
            sealed_otherwise: false,
        }
    }

    fn begin(ledger: &mut Ledger, compared: &Compared, owner: &str, now: i64) -> BeginAnswer {
        let seen = ledger.clone();
        ledger.begin_completion(&seen, run(23), compared, &lease(owner, now + 30), at(now))
    }

    #[test]
    fn a_run_is_completed_by_one_function_and_resumed_by_another() {
        let mut ledger = with_file(Progress::Delivered);
        assert_eq!(ledger.resume_completion(run(23), &lease("own", 30), at(0)), BeginAnswer::Compare);
        assert!(matches!(begin(&mut ledger, &compared(3, None), "own", 0), BeginAnswer::Ours(_)));
        assert_eq!(ledger.resume_completion(run(23), &lease("other", 30), at(0)), BeginAnswer::LeasedElsewhere);
        let sent = LeaversSent { done: 2, counts: crate::report::Counts::default(), carried: vec![part("refused")] };
        assert!(ledger.leavers_sent(run(23), "own", &sent, Some(at(40))));
        assert!(ledger.leavers_sent(run(23), "own", &sent, Some(at(40))), "the answer was lost");
        assert!(!ledger.leavers_sent(run(23), "other", &sent, None));
        let BeginAnswer::Ours(completing) = ledger.resume_completion(run(23), &lease("other", 80), at(41)) else {
            panic!("the lease has ended");
        };
        assert_eq!((completing.done, completing.carried.len()), (2, 1));
        let sent = LeaversSent { done: 3, carried: Vec::new(), ..sent };
        assert_eq!(ledger.end_completion(run(23), "own", &sent, at(50)), BeginAnswer::LeasedElsewhere);
        assert_eq!(ledger.end_completion(run(23), "other", &sent, at(50)), BeginAnswer::Complete);
        assert_eq!(
            ledger.end_completion(run(23), "other", &sent, at(51)),
            BeginAnswer::Complete,
            "the answer was lost"
        );
        let last = ledger.last_complete.as_ref().unwrap();
        assert_eq!((last.run, last.members), (run(23), 7));
        let numbered = |name, first| Part { first: Some(first), ..part(name) };
        assert_eq!(last.parts, [numbered("refused", 0), numbered("1", 3)]);
        assert!(ledger.uncollected && ledger.needs("state/1") && !ledger.needs("state/0"));
    }

    #[test]
    fn a_held_run_is_released_by_its_number_and_asks_again_when_it_changes() {
        let mut ledger = with_file(Progress::Delivered);
        assert_eq!(begin(&mut ledger, &compared(9, Some("too many")), "own", 0), BeginAnswer::Held);
        assert_eq!(ledger.release(run(23), 8), RunAnswer::NotHeld { people: Some(9) });
        assert_eq!(ledger.release(run(22), 9), RunAnswer::Unknown);
        assert_eq!(ledger.release(run(23), 9), RunAnswer::Done);
        assert!(ledger.runs[&run(23)].is_released_for(9) && !ledger.runs[&run(23)].is_released_for(10));
        assert!(granted(claim(&mut ledger, 23, "b", "own", 0)).is_some());
        assert_eq!(ledger.runs[&run(23)].phase, Phase::Open);
        assert!(!ledger.runs[&run(23)].is_released_for(9));
    }

    #[test]
    fn what_changed_since_the_comparison_is_compared_again() {
        let mut ledger = with_file(Progress::Delivered);
        let seen = ledger.clone();
        ledger.runs.get_mut(&run(23)).unwrap().replaced.push(part("more"));
        let answer = ledger.begin_completion(&seen, run(23), &compared(0, None), &lease("own", 30), at(0));
        assert_eq!(answer, BeginAnswer::NotNow);
        ledger.runs.insert(run(24), RunRecord::new(order(24), at(0)));
        assert_eq!(
            ledger.resume_completion(run(23), &lease("own", 30), at(0)),
            BeginAnswer::NotNow,
            "a newer run has begun"
        );
    }

    #[test]
    fn what_an_older_run_sent_is_not_certain_once_a_newer_one_is_forgotten() {
        let mut ledger = with_file(Progress::Unfinished);
        let mut newer = ledger.runs[&run(23)].clone();
        newer.order = order(24);
        newer.files.get_mut(KEY).unwrap().parts = vec![part("2")];
        ledger.runs.insert(run(24), newer);
        assert_eq!(ledger.forget(run(24), at(0)), RunAnswer::Done);
        assert_eq!(ledger.earlier.parts, [part("2")]);
        assert_eq!(
            ledger.runs[&run(23)].parts(),
            [Part { outdated: true, ..part("1") }],
            "it may have sent before or after"
        );
    }

    #[test]
    fn a_forgotten_run_orders_nothing_and_stays_on_record() {
        let mut ledger = with_file(Progress::Unfinished);
        assert_eq!(ledger.forget(run(20), at(0)), RunAnswer::Unknown);
        assert_eq!(ledger.forget(run(23), at(0)), RunAnswer::Done);
        assert_eq!((ledger.newest_run(), ledger.earlier.parts.len()), (None, 1));
        assert_eq!(claim(&mut ledger, 23, "a", "own", 0), ClaimAnswer::Forgotten);
        assert!(granted(claim(&mut ledger, 22, "a", "own", 0)).is_some(), "older runs are delivered again");

        let mut ledger = with_file(Progress::Delivered);
        begin(&mut ledger, &compared(0, None), "own", 0);
        let sent = LeaversSent { done: 0, counts: crate::report::Counts::default(), carried: Vec::new() };
        ledger.end_completion(run(23), "own", &sent, at(1));
        assert_eq!(claim(&mut ledger, 22, "a", "own", 2), ClaimAnswer::Superseded { by: run(23) });
        assert_eq!(ledger.forget(run(23), at(2)), RunAnswer::Done);
        assert!(ledger.last_complete.is_some(), "its members are known");
        assert!(granted(claim(&mut ledger, 22, "a", "own", 2)).is_some());
    }

    #[test]
    fn a_file_that_was_seen_keeps_the_run_from_being_complete() {
        let mut ledger = with_file(Progress::Delivered);
        ledger.note_missing(run(23), order(23), "incoming/BlobExport/顧客/2026/11/23/0102/顧客_2.csv", at(0));
        assert!(!ledger.runs[&run(23)].all_files_delivered());
        assert_eq!(ledger.resume_completion(run(23), &lease("own", 30), at(0)), BeginAnswer::NotNow);
        let key = "incoming/BlobExport/顧客/2026/11/23/0102/顧客_2.csv";
        assert_eq!(ledger.forget_file(run(23), key, at(0)), RunAnswer::Done);
        assert_eq!(ledger.resume_completion(run(23), &lease("own", 30), at(0)), BeginAnswer::Compare);
    }

    #[test]
    fn a_retirement_keeps_deliveries_away_and_what_braze_refused_on_record() {
        let mut ledger = with_file(Progress::Delivered);
        assert_eq!(ledger.resume_retirement(&lease("own", 30), at(0)), RetireAnswer::List);
        let seen = ledger.clone();
        let people = (vec![part("people")], 3);
        assert!(matches!(ledger.begin_retirement(&seen, people, &lease("own", 30), at(0)), RetireAnswer::Ours(_)));
        assert!(matches!(claim(&mut ledger, 24, "a", "other", 0), ClaimAnswer::Await { .. }));
        assert_eq!(ledger.resume_retirement(&lease("other", 30), at(0)), RetireAnswer::Busy("the retirement"));
        let sent = LeaversSent { done: 3, counts: crate::report::Counts::default(), carried: vec![part("refused")] };
        assert!(ledger.retired("own", &sent, None));
        let mut delivered_again = ledger.clone();
        assert!(granted(claim(&mut delivered_again, 24, "a", "other", 1)).is_some());
        assert!(delivered_again.retirement.is_none());
        assert!(delivered_again.runs[&run(23)].replaced.iter().all(|part| part.outdated), "everyone is sent again");
        ledger.end_retirement();
        assert!(ledger.lists_anyone() && ledger.earlier.parts == [part("refused")]);
    }

    #[test]
    fn everyone_is_sent_again_once_a_person_asks() {
        let mut ledger = with_file(Progress::Delivered);
        let seen = [(KEY.to_owned(), ETag::new("a")), ("incoming/x".to_owned(), ETag::new("x"))];
        assert_eq!(ledger.resend(run(23), &seen, at(0)), RunAnswer::Done);
        let files = &ledger.runs[&run(23)].files;
        assert!(files.values().all(|file| file.resend && file.progress == Progress::Waiting));
        let ClaimAnswer::Granted(file) = claim(&mut ledger, 23, "a", "own", 0) else { panic!("it waits") };
        assert!(file.resend, "also where another invocation resumes");
        assert_eq!(ledger.resend(run(23), &seen, at(0)), RunAnswer::Busy);
    }
}

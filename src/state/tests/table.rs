//! Every state of an attribute and what each event is answered with: the state diagram of `docs/state.md` as a table.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::steps::{KEY, Listed, at, feeder, lease, ledger, order, part, run, with_file};
use crate::bucket::ETag;
use crate::report::{Counts, Members};
use crate::state::{
    BeforeLast, BeginAnswer, ClaimAnswer, CompleteRun, Completing, FileClaim, LeaversSent, Ledger, Phase, Progress,
    RepairAnswer, RetireAnswer, Retirement, RunAnswer, TakeOverAnswer, Undo, UndoAnswer, UndoLists, UndoRefusal,
};

/// A lease of another function ends at 30 s; the events come before or after.
const NOW: i64 = 10;
const ENDED: i64 = 31;

const TABLE: &str = "
state      | same file   other file  newer run   older run   takeover    complete    resend      release     forget      retire      leave       undo        repair
nothing    | granted     granted     granted     granted     granted     not now     unknown     unknown     unknown     list        left        refused     superseded
waiting    | granted     granted     granted     superseded  granted     not now     done        not held    done        list        left        refused     superseded
working    | others      wait        wait        superseded  wait        not now     busy        not held    busy        busy        wait        refused     superseded
killed     | granted     granted     granted     superseded  granted     not now     done        not held    done        list        left        refused     superseded
unfinished | granted     granted     granted     superseded  granted     not now     done        not held    done        list        left        refused     superseded
failed     | granted     granted     granted     superseded  granted     not now     done        not held    done        list        left        refused     superseded
doubtful   | granted     granted     granted     superseded  granted     not now     done        not held    done        list        left        refused     superseded
delivered  | delivered   granted     granted     superseded  granted     compare     done        not held    done        list        left        refused     superseded
held       | delivered   granted     granted     superseded  granted     compare     done        done        done        list        left        refused     superseded
completing | wait        wait        wait        superseded  wait        others      busy        not held    busy        busy        wait        refused     superseded
stopped    | leavers     leavers     leavers     superseded  granted     ours        busy        not held    done        list        left        refused     superseded
complete   | delivered   granted     granted     superseded  granted     complete    done        not held    done        list        left        compare     ours
retiring   | wait        wait        wait        wait        wait        complete    done        not held    done        busy        wait        busy        busy
given up   | granted     granted     granted     superseded  granted     complete    done        not held    done        ours        left        busy        busy
erasing    | wait        wait        wait        superseded  wait        complete    done        not held    done        busy        wait        busy        busy
vacant     | take over   take over   take over   take over   granted     complete    done        not held    done        list        left        refused     superseded
undoing    | wait        wait        wait        superseded  wait        others      busy        not held    busy        busy        wait        busy        busy
undo stop  | leavers     leavers     leavers     superseded  granted     ours        busy        not held    done        list        left        ours        busy
undone     | delivered   delivered   granted     superseded  granted     complete    done        not held    done        list        left        refused     ours
";

/// Two people are set to `false`, and one gets the attribute again.
fn undo_lists() -> UndoLists {
    let undo = Undo {
        restored: vec![part("restored")],
        members: Members { before: 3, entered: 1, stayed: 2, left: 1, after: 3 },
        removed: 1,
        refused: 0,
        started_at: at(5),
        ended_at: None,
        counts: Counts::default(),
    };
    UndoLists { leavers: vec![part("left")], carried: vec![part("carried")], kept: vec![part("1")], undo }
}

/// A ledger in a state, and when the event comes.
fn state(name: &str) -> (Ledger, i64) {
    let of_file = |progress| (with_file(progress), NOW);
    let of_run = |phase, now| {
        let mut ledger = with_file(Progress::Delivered);
        ledger.runs.get_mut(&run(23)).unwrap().phase = phase;
        (ledger, now)
    };
    let working = || Progress::Working { lease: lease("other", 30) };
    let leavers = vec![part("left")];
    let completing = |lease| Phase::Completing(Completing { lease, leavers: leavers.clone(), ..Completing::default() });
    let complete = || {
        let (mut ledger, now) = of_run(Phase::Complete, NOW);
        let (run, order, feeder) = (run(23), order(23), feeder("Gold"));
        let parts = vec![part("1")];
        ledger.last_complete =
            Some(CompleteRun { run, order, feeder, matching: None, started_at: None, members: 3, parts, base: None });
        ledger.before_last = Some(BeforeLast { parts: vec![part("before")], matching: None });
        (ledger, now)
    };
    let undoing = |until: i64| {
        let (mut ledger, now) = complete();
        let UndoAnswer::Compare(run) = ledger.resume_undo(&feeder("Gold"), None, &lease("other", until), at(5)) else {
            panic!("it can be undone");
        };
        let seen = ledger.clone();
        let begun = ledger.begin_undo(&seen, run, &undo_lists(), &lease("other", until), at(5));
        assert!(matches!(begun, UndoAnswer::Ours(..)), "{begun:?}");
        (ledger, now)
    };
    let retired = |until: i64| {
        let (mut ledger, _) = complete();
        let lease = Some(lease("other", until));
        ledger.retirement = Some(Retirement { lease, started_at: at(0), ..Retirement::default() });
        (ledger, NOW)
    };
    match name {
        "nothing" => (ledger(), NOW),
        "waiting" => of_file(Progress::Waiting),
        "working" => of_file(working()),
        "killed" => (with_file(working()), ENDED),
        "unfinished" => of_file(Progress::Unfinished),
        "failed" => of_file(Progress::Failed { message: "why".to_owned(), code: String::new() }),
        "doubtful" => of_file(Progress::Held { message: "why".to_owned(), code: String::new(), released_by: None }),
        "delivered" => of_file(Progress::Delivered),
        "held" => of_run(Phase::Held { people: 9, before: 10, reason: "too many".to_owned(), released: false }, NOW),
        "completing" => of_run(completing(Some(lease("other", 30))), NOW),
        "stopped" => of_run(completing(None), NOW),
        "complete" => complete(),
        "retiring" => retired(30),
        "given up" => retired(5),
        "undoing" => undoing(30),
        "undo stop" => undoing(6),
        "undone" => {
            let (mut ledger, now) = undoing(30);
            let sent = LeaversSent { done: 2, counts: Counts::default(), carried: vec![part("refused")] };
            assert_eq!(ledger.end_completion(run(23), "other", &sent, at(7)), BeginAnswer::Complete);
            (ledger, now)
        }
        "vacant" => {
            let (mut ledger, now) = complete();
            ledger.vacant = true;
            (ledger, now)
        }
        "erasing" => {
            let (mut ledger, now) = complete();
            ledger.lease = Some(lease("other", 30));
            (ledger, now)
        }
        other => panic!("no state is called {other}"),
    }
}

fn claim(ledger: &mut Ledger, segment: &'static str, day: u32, etag: &str, now: i64) -> &'static str {
    let (feeder, etag) = (feeder(segment), ETag::new(etag));
    let claim = FileClaim {
        feeder: &feeder,
        run: run(day),
        order: order(day),
        key: KEY,
        etag: &etag,
        folder: "state/new/".to_owned(),
        lease: lease("own", now + 30),
        reread: false,
        resend: false,
        allow_identifiers: None,
        allow_differences: None,
        seen: &[],
    };
    match ledger.claim(&claim, &Listed(segment), at(now)) {
        ClaimAnswer::Granted(_) => "granted",
        ClaimAnswer::AlreadyDelivered => "delivered",
        ClaimAnswer::Superseded { .. } => "superseded",
        ClaimAnswer::Forgotten => "forgotten",
        ClaimAnswer::LeasedElsewhere { .. } => "others",
        ClaimAnswer::Await { .. } => "wait",
        ClaimAnswer::CompleteFirst(_) => "leavers",
        ClaimAnswer::OwnedBy(_) => "owned",
        ClaimAnswer::TakeOverFirst => "take over",
    }
}

fn of_run(answer: &RunAnswer) -> &'static str {
    match answer {
        RunAnswer::Done => "done",
        RunAnswer::Unknown => "unknown",
        RunAnswer::Busy => "busy",
        RunAnswer::NotHeld { .. } => "not held",
    }
}

fn event(name: &str, ledger: &mut Ledger, now: i64) -> &'static str {
    let time: Timestamp = at(now);
    match name {
        "same file" => claim(ledger, "Gold", 23, "a", now),
        "other file" => claim(ledger, "Gold", 23, "b", now),
        "newer run" => claim(ledger, "Gold", 24, "a", now),
        "older run" => claim(ledger, "Gold", 22, "a", now),
        "takeover" => match ledger.take_over(&feeder("Platinum"), &Listed("Platinum"), true, time) {
            TakeOverAnswer::Done => claim(ledger, "Platinum", 20, "a", now),
            TakeOverAnswer::OwnedBy(_) => "owned",
            TakeOverAnswer::Await(_) => "wait",
        },
        "complete" => match ledger.resume_completion(run(23), &lease("own", now + 30), time) {
            BeginAnswer::Ours(_) => "ours",
            BeginAnswer::Compare => "compare",
            BeginAnswer::Held => "held",
            BeginAnswer::Complete => "complete",
            BeginAnswer::LeasedElsewhere => "others",
            BeginAnswer::NotNow => "not now",
        },
        "resend" => of_run(&ledger.resend(run(23), &[(KEY.to_owned(), ETag::new("a"))], time)),
        "release" => of_run(&ledger.release(run(23), 9)),
        "forget" => of_run(&ledger.forget(run(23), time)),
        "retire" => match ledger.resume_retirement(&lease("own", now + 30), time) {
            RetireAnswer::Ours(_) => "ours",
            RetireAnswer::List => "list",
            RetireAnswer::Changed => "changed",
            RetireAnswer::Busy(_) => "busy",
        },
        "undo" => match ledger.resume_undo(&feeder("Gold"), Some(run(23)), &lease("own", now + 30), time) {
            UndoAnswer::Ours(..) => "ours",
            UndoAnswer::Compare(_) => "compare",
            UndoAnswer::Changed => "changed",
            UndoAnswer::Busy(_) => "busy",
            UndoAnswer::Refused(_) => "refused",
        },
        "repair" => {
            let noted = [part("noted")];
            // The audit began after everything that the table says.
            let since = Timestamp::MAX;
            match ledger.begin_repair(run(23), &feeder("Gold"), since, &noted, &lease("own", now + 30), time) {
                RepairAnswer::Ours => "ours",
                RepairAnswer::Superseded => "superseded",
                RepairAnswer::Busy => "busy",
            }
        }
        "leave" => ledger.vacate(&feeder("Gold"), time).map_or("left", |_| "wait"),
        other => panic!("no event is called {other}"),
    }
}

/// Every part that is on record.
fn on_record(ledger: &Ledger) -> BTreeSet<String> {
    let mut parts: BTreeSet<String> = ledger.clone().all_parts_mut().map(|part| part.key.clone()).collect();
    for record in ledger.runs.values() {
        if let Phase::Completing(completing) = &record.phase {
            parts.extend(completing.leavers.iter().map(|part| part.key.clone()));
        }
    }
    parts
}

#[test]
fn every_event_in_every_state() {
    let mut lines = TABLE.lines().filter(|line| !line.is_empty());
    let (_, events) = lines.next().unwrap().split_once('|').unwrap();
    let column =
        |text: &str, number: usize| text.chars().skip(1 + number * 12).take(12).collect::<String>().trim().to_owned();
    let count = events.chars().count().div_ceil(12);
    let mut wrong = Vec::new();
    for line in lines {
        let (name, answers) = line.split_once('|').unwrap();
        for number in 0..count {
            let (happens, expected) = (column(events, number), column(answers, number));
            let (mut ledger, now) = state(name.trim());
            let before = on_record(&ledger);
            let answer = event(&happens, &mut ledger, now);
            if answer != expected {
                wrong.push(format!("{}: {happens}: {answer}, not {expected}", name.trim()));
            }
            let lost: Vec<_> = before.difference(&on_record(&ledger)).cloned().collect();
            assert!(
                lost.is_empty(),
                "{}: {happens}: {lost:?} may have been sent and is on record no more",
                name.trim()
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn an_undone_run_lists_the_members_of_before_and_trusts_nothing_else() {
    let (mut ledger, _) = state("complete");
    ledger.earlier.parts.push(part("only"));
    let answer = ledger.resume_undo(&feeder("Gold"), Some(run(22)), &lease("own", 30), at(5));
    assert_eq!(answer, UndoAnswer::Refused(UndoRefusal::OtherRun { last: run(23) }));
    assert_eq!(ledger.lease, None, "nothing is kept from deliveries");
    let answer = ledger.resume_undo(&feeder("Gold"), None, &lease("own", 30), at(5));
    assert_eq!((answer, ledger.is_leased(at(6))), (UndoAnswer::Compare(run(23)), true));
    let seen = ledger.clone();
    // A lease that has ended was not held all the time.
    assert!(!ledger.clone().keep_for_undo("own", Some(at(90)), at(31)));
    assert_eq!(
        ledger.clone().begin_undo(&seen, run(23), &undo_lists(), &lease("own", 60), at(31)),
        UndoAnswer::Changed
    );
    let mut other = ledger.clone();
    other.earlier.parts.push(part("another"));
    assert_eq!(other.begin_undo(&seen, run(23), &undo_lists(), &lease("own", 60), at(6)), UndoAnswer::Changed);
    assert!(ledger.keep_for_undo("own", Some(at(40)), at(6)));
    ledger.begin_undo(&seen, run(23), &undo_lists(), &lease("own", 60), at(7));
    let sent = LeaversSent { done: 2, counts: Counts::default(), carried: vec![part("refused")] };
    ledger.end_completion(run(23), "own", &sent, at(8));
    let last = ledger.last_complete.clone().unwrap();
    let keys: Vec<&str> = last.parts.iter().map(|part| part.key.as_str()).collect();
    let of = |name: &str| part(name).key;
    assert_eq!(keys, [of("carried"), of("refused"), of("restored"), of("1")]);
    assert_eq!((last.run, last.members, ledger.is_undone(run(23))), (run(23), 3, true));
    assert!(ledger.earlier.parts.iter().all(|part| part.outdated), "what was sent besides may have been changed");
    assert!(!ledger.needs(&of("before")), "the list of before is collected");
    assert_eq!(ledger.history.last().map(|past| (past.undo, past.members.after)), Some((true, 3)));
    assert_eq!(
        ledger.resume_undo(&feeder("Gold"), None, &lease("own", 90), at(50)),
        UndoAnswer::Refused(UndoRefusal::Undone { run: run(23) })
    );
    // Delivered after all, it can be undone once more.
    ledger.resend(run(23), &[(KEY.to_owned(), ETag::new("a"))], at(51));
    assert!(!ledger.is_undone(run(23)));
}

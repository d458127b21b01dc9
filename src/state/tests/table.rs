//! Every state of an attribute and what each event is answered with: the state diagram of `docs/state.md` as a table.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::steps::{KEY, Listed, at, feeder, lease, ledger, order, part, run, with_file};
use crate::bucket::ETag;
use crate::state::{
    BeginAnswer, ClaimAnswer, CompleteRun, Completing, FileClaim, Ledger, Phase, Progress, RetireAnswer, Retirement,
    RunAnswer, TakeOverAnswer,
};

/// A lease of another function ends at 30 s; the events come before or after.
const NOW: i64 = 10;
const ENDED: i64 = 31;

const TABLE: &str = "
state      | same file   other file  newer run   older run   takeover    complete    resend      release     forget      retire      leave
nothing    | granted     granted     granted     granted     granted     not now     unknown     unknown     unknown     list        left
waiting    | granted     granted     granted     superseded  granted     not now     done        not held    done        list        left
working    | others      wait        wait        superseded  wait        not now     busy        not held    busy        busy        wait
killed     | granted     granted     granted     superseded  granted     not now     done        not held    done        list        left
unfinished | granted     granted     granted     superseded  granted     not now     done        not held    done        list        left
failed     | granted     granted     granted     superseded  granted     not now     done        not held    done        list        left
doubtful   | granted     granted     granted     superseded  granted     not now     done        not held    done        list        left
delivered  | delivered   granted     granted     superseded  granted     compare     done        not held    done        list        left
held       | delivered   granted     granted     superseded  granted     compare     done        done        done        list        left
completing | wait        wait        wait        superseded  wait        others      busy        not held    busy        busy        wait
stopped    | leavers     leavers     leavers     superseded  granted     ours        busy        not held    done        list        left
complete   | delivered   granted     granted     superseded  granted     complete    done        not held    done        list        left
retiring   | wait        wait        wait        wait        wait        complete    done        not held    done        busy        wait
given up   | granted     granted     granted     superseded  granted     complete    done        not held    done        ours        left
erasing    | wait        wait        wait        superseded  wait        complete    done        not held    done        busy        wait
vacant     | take over   take over   take over   take over   granted     complete    done        not held    done        list        left
";

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

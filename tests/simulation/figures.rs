//! What one case did and found, and the sum of all.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use itb::standin::braze::Braze;

use super::faults::DRAWS;
use super::storm::Storm;
use super::world::World;

/// One case at its end.
pub(crate) struct Case {
    seed: u64,
    problems: Vec<String>,
    figures: Figures,
    /// What happened, in order of time, if anybody asked or something went wrong.
    pub(crate) trace: Vec<String>,
}

/// What is counted.
#[derive(Default)]
struct Figures {
    cases: u64,
    invocations: u64,
    kills: u64,
    failures: u64,
    s3_calls: u64,
    requests: u64,
    objects: u64,
    virtual_time: Duration,
    drawn: BTreeMap<&'static str, u64>,
}

impl Figures {
    fn add(&mut self, other: Self) {
        self.cases += other.cases;
        self.invocations += other.invocations;
        self.kills += other.kills;
        self.failures += other.failures;
        self.s3_calls += other.s3_calls;
        self.requests += other.requests;
        self.objects += other.objects;
        self.virtual_time += other.virtual_time;
        for (what, times) in other.drawn {
            *self.drawn.entry(what).or_default() += times;
        }
    }
}

impl Case {
    pub(crate) fn of(
        world: &World<'_>,
        storm: &Storm<'_>,
        virtual_time: Duration,
        problems: Vec<String>,
        traced: bool,
    ) -> Self {
        let counters: Vec<_> = world.workspaces().map(Braze::counters).collect();
        let kept = std::env::var("SIMULATION_LOG").is_ok() || !problems.is_empty();
        let trace = if kept || traced { trace(world, storm) } else { Vec::new() };
        let figures = Figures {
            cases: 1,
            invocations: storm.tally.invocations.load(Ordering::Relaxed),
            kills: storm.tally.kills.load(Ordering::Relaxed),
            failures: storm.tally.failures.load(Ordering::Relaxed),
            s3_calls: world.s3_calls(),
            requests: counters.iter().map(|counters| counters.requests).sum(),
            objects: counters.iter().map(|counters| counters.objects).sum(),
            virtual_time,
            drawn: world.drawn.taken(),
        };
        let case = Self { seed: world.seed, problems, figures, trace };
        if kept {
            case.keep();
        }
        case
    }

    fn keep(&self) {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("simulation-seed-{}.log", self.seed));
        let lines: Vec<&str> = self.trace.iter().chain(&self.problems).map(String::as_str).collect();
        std::fs::write(&path, lines.join("\n")).unwrap();
        println!("what happened is in {}", path.display());
    }
}

fn trace(world: &World<'_>, storm: &Storm<'_>) -> Vec<String> {
    let mut trace = storm.log.lock().unwrap().clone();
    for (number, braze) in world.workspaces().enumerate() {
        trace.extend(braze.records().into_iter().map(|record| {
            format!("{} Braze {number} {} {}", record.at, record.status, record.body.unwrap_or_default())
        }));
    }
    trace.extend(world.s3_record());
    trace.sort();
    trace
}

/// The sum of the cases so far.
pub(crate) struct Audited {
    began: Instant,
    sum: Mutex<Figures>,
    wrong: Mutex<Vec<(u64, Vec<String>)>>,
}

impl Default for Audited {
    fn default() -> Self {
        Self { began: Instant::now(), sum: Mutex::default(), wrong: Mutex::default() }
    }
}

impl Audited {
    pub(crate) fn add(&self, case: Case) {
        self.sum.lock().unwrap().add(case.figures);
        if let Some(first) = case.problems.first() {
            println!("seed {} went wrong: {first}", case.seed);
            self.wrong.lock().unwrap().push((case.seed, case.problems));
        }
    }

    /// Prints the figures; nothing may have gone wrong.
    pub(crate) fn tell(self, wires: &str, seeds: &Range<u64>) {
        let (sum, wrong) = (self.sum.into_inner().unwrap(), self.wrong.into_inner().unwrap());
        println!(
            "{} cases {wires}, seeds {} to {}, in {:.1} s: {} wrong\n  {} invocations, {} killed, {} failed; {} calls of \
             S3; {} requests with {} objects; {} hours of virtual time",
            sum.cases,
            seeds.start,
            seeds.end - 1,
            self.began.elapsed().as_secs_f64(),
            wrong.len(),
            sum.invocations,
            sum.kills,
            sum.failures,
            sum.s3_calls,
            sum.requests,
            sum.objects,
            sum.virtual_time.as_secs() / 3600,
        );
        for what in DRAWS {
            println!("  {:>9} {what}", sum.drawn.get(what).copied().unwrap_or_default());
        }
        for (seed, problems) in wrong.iter().take(10) {
            println!("seed {seed}:\n  {}", problems.join("\n  "));
        }
        let Some((seed, _)) = wrong.first() else { return };
        panic!("repeat one with SIMULATION_SEED={seed} SIMULATION_CASES=1 SIMULATION_LOG=1");
    }

    /// Everything that may be drawn has been.
    pub(crate) fn assert_all_drawn(&self) {
        let sum = self.sum.lock().unwrap();
        let never: Vec<_> = DRAWS.iter().filter(|what| !sum.drawn.contains_key(**what)).collect();
        assert!(never.is_empty(), "never drawn in {} cases: {never:?}", sum.cases);
    }
}

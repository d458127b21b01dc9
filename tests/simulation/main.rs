//! A seeded audit of everything that the application promises about failures.
//!
//! Each case draws, from its seed, exports that land in a bucket, functions that deliver them, and what goes wrong
//! meanwhile; then it lets everything calm down and compares what Braze holds, what it was sent and what the reports say
//! with a simple model of its own. Time is virtual: hours of waiting cost milliseconds.
//!
//! `SIMULATION_CASES` (how many), `SIMULATION_SEED` (the first) and `SIMULATION_LOG` (print what happened in each case)
//! change what is run. A failure prints its seed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

mod audit;
mod exports;
mod faults;
mod plan;
mod storm;
mod virtual_time;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::SmallRng;

use storm::Storm;
use virtual_time::VirtualTime;
use world::{Lane, World};

/// Cases of the ordinary test run.
const CASES: u64 = 300;

/// How many cases one thread's servers serve before they are started anew.
const CASES_PER_LANE: u64 = 50;

#[derive(Default)]
struct Figures {
    invocations: AtomicU64,
    kills: AtomicU64,
    failures: AtomicU64,
    s3_calls: AtomicU64,
    requests: AtomicU64,
    objects: AtomicU64,
    virtual_seconds: AtomicU64,
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[test]
fn whatever_goes_wrong_braze_ends_as_the_last_complete_run_says() {
    let cases = variable("SIMULATION_CASES").unwrap_or(CASES);
    let first = variable("SIMULATION_SEED").unwrap_or(1);
    let began = Instant::now();
    let next = AtomicU64::new(first);
    let figures = Figures::default();
    let wrong: Mutex<Vec<(u64, Vec<String>)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| while run_lane(&next, first + cases, &figures, &wrong) {});
        }
    });
    let of = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
    let wrong = wrong.into_inner().unwrap();
    println!(
        "{cases} cases from seed {first} in {:.1} s: {} wrong; {} invocations, {} killed, {} failed; {} calls of S3; {} requests with \
         {} objects; {} hours of virtual time",
        began.elapsed().as_secs_f64(),
        wrong.len(),
        of(&figures.invocations),
        of(&figures.kills),
        of(&figures.failures),
        of(&figures.s3_calls),
        of(&figures.requests),
        of(&figures.objects),
        of(&figures.virtual_seconds) / 3600,
    );
    for (seed, problems) in wrong.iter().take(10) {
        println!("seed {seed}:\n  {}", problems.join("\n  "));
    }
    assert!(wrong.is_empty(), "repeat one with SIMULATION_SEED={} SIMULATION_CASES=1 SIMULATION_LOG=1", wrong[0].0);
}

/// Some cases on servers of their own. Tells whether there may be more.
fn run_lane(next: &AtomicU64, end: u64, figures: &Figures, wrong: &Mutex<Vec<(u64, Vec<String>)>>) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let more = runtime.block_on(async {
        let time = VirtualTime::begin();
        let lane = Arc::new(Lane::start().await);
        for _ in 0..CASES_PER_LANE {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return false;
            }
            let problems = run_case(&lane, seed, figures).await;
            if !problems.is_empty() {
                println!("seed {seed} went wrong: {}", problems[0]);
                wrong.lock().unwrap().push((seed, problems));
            }
        }
        drop(time);
        true
    });
    runtime.shutdown_background();
    more
}

async fn run_case(lane: &Lane, seed: u64, figures: &Figures) -> Vec<String> {
    let began = tokio::time::Instant::now();
    let mut random = SmallRng::seed_from_u64(seed);
    let world = World::start(lane, seed).await;
    let storm = Storm::new(&world, &mut random);
    let whole = async {
        storm.rage(&mut random).await;
        storm.audit(&mut random).await
    };
    let problems = match tokio::time::timeout(Duration::from_hours(24), whole).await {
        Ok(problems) => problems,
        Err(_) => vec!["it does not end within a day".to_owned()],
    };
    let add = |figure: &AtomicU64, value: u64| figure.fetch_add(value, Ordering::Relaxed);
    let counters = world.braze.counters();
    add(&figures.invocations, storm.tally.invocations.load(Ordering::Relaxed));
    add(&figures.kills, storm.tally.kills.load(Ordering::Relaxed));
    add(&figures.failures, storm.tally.failures.load(Ordering::Relaxed));
    add(&figures.s3_calls, world.s3_calls());
    add(&figures.requests, counters.requests);
    add(&figures.objects, counters.objects);
    add(&figures.virtual_seconds, began.elapsed().as_secs());
    if std::env::var("SIMULATION_LOG").is_ok() || !problems.is_empty() {
        let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("simulation-seed-{seed}.log"));
        let mut lines = storm.log.lock().unwrap().clone();
        let sent = |record: local::standin::braze::TrackRecord| {
            format!("{} Braze {} {}", record.at, record.status, record.body.unwrap_or_default())
        };
        lines.extend(world.braze.records().into_iter().map(sent));
        lines.sort();
        lines.extend(problems.iter().cloned());
        std::fs::write(&path, lines.join("\n")).unwrap();
        println!("what happened is in {}", path.display());
    }
    world.end();
    problems
}

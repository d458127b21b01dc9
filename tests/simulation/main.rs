//! A seeded audit of everything that the application promises about failures.
//!
//! Each case draws, from its seed, exports that land in a bucket, functions that deliver them, and what goes wrong
//! meanwhile; then it lets everything calm down and compares what Braze holds, what it was sent and what the reports say
//! with a simple model of its own. Time is virtual: hours of waiting cost milliseconds.
//!
//! Most cases run in one process without a socket, so that a case depends on its seed alone. Some run over real sockets.
//!
//! `SIMULATION_CASES` (how many; a twentieth as many run over sockets), `SIMULATION_SEED` (the first) and `SIMULATION_LOG`
//! (keep what happened in each case) change what is run. A failure prints its seed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

mod audit;
mod drift;
mod exports;
mod faults;
mod figures;
mod outage;
mod plan;
mod storm;
mod trouble;
mod undo;
mod virtual_time;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};

use rand::SeedableRng;
use rand::rngs::SmallRng;

use figures::{Audited, Case};
use storm::Storm;
use virtual_time::VirtualTime;
use world::{Lane, Wires, World};

/// Cases of the ordinary test run.
const CASES: u64 = 500;

/// In so many cases, whatever may be drawn is drawn.
const ENOUGH_FOR_ALL: u64 = 2_000;

/// How many cases one thread's servers serve before they are started anew.
const CASES_PER_LANE: u64 = 50;

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// The seeds from the first on.
fn seeds(cases: u64) -> std::ops::Range<u64> {
    let first = variable("SIMULATION_SEED").unwrap_or(1);
    first..first + cases
}

/// Runs `work` on every processor until it says that there is no more.
fn on_every_processor(work: impl Fn() -> bool + Sync) {
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| while work() {});
        }
    });
}

#[test]
fn whatever_goes_wrong_braze_ends_as_the_last_complete_run_says() {
    let seeds = seeds(variable("SIMULATION_CASES").unwrap_or(CASES));
    let (audited, next) = (Audited::default(), AtomicU64::new(seeds.start));
    on_every_processor(|| {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed < seeds.end {
            audited.add(run_alone(seed, false));
        }
        seed < seeds.end
    });
    if seeds.end - seeds.start >= ENOUGH_FOR_ALL {
        audited.assert_all_drawn();
    }
    audited.tell("in the same process", &seeds);
}

#[test]
fn over_real_sockets_too() {
    let seeds = seeds(variable("SIMULATION_CASES").unwrap_or(CASES).div_ceil(20));
    let (audited, next) = (Audited::default(), AtomicU64::new(seeds.start));
    on_every_processor(|| run_lane(&next, seeds.end, &audited));
    audited.tell("over sockets", &seeds);
}

/// A seed that is printed has to show the same case again.
#[test]
fn a_case_depends_on_its_seed_alone() {
    for seed in 1..=20 {
        let (first, second) = (run_alone(seed, true), run_alone(seed, true));
        assert!(first.trace.len() > 50, "seed {seed} did next to nothing");
        for (first, second) in first.trace.iter().zip(&second.trace) {
            assert_eq!(first, second, "seed {seed}");
        }
        assert_eq!(first.trace.len(), second.trace.len(), "seed {seed}");
    }
}

/// Some cases over sockets, on servers of their own. Tells whether there may be more.
fn run_lane(next: &AtomicU64, end: u64, audited: &Audited) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let more = runtime.block_on(async {
        let time = VirtualTime::begin();
        let lane = Lane::start(Wires::Sockets).await;
        for _ in 0..CASES_PER_LANE {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return false;
            }
            audited.add(run_case(&lane, seed, false).await);
        }
        drop(time);
        true
    });
    runtime.shutdown_background();
    more
}

/// One case in the same process. Whatever happens in it depends on its seed alone.
fn run_alone(seed: u64, traced: bool) -> Case {
    // The AWS SDK draws the spread of its waits from here.
    fastrand::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async { run_case(&Lane::start(Wires::InProcess).await, seed, traced).await })
}

async fn run_case(lane: &Lane, seed: u64, traced: bool) -> Case {
    let began = tokio::time::Instant::now();
    let mut random = SmallRng::seed_from_u64(seed);
    let world = World::start(lane, seed).await;
    let storm = Storm::new(&world, &mut random);
    let whole = async {
        storm.rage(&mut random).await;
        storm.audit(&mut random).await
    };
    let problems = match tokio::time::timeout(std::time::Duration::from_hours(24), whole).await {
        Ok(problems) => problems,
        Err(_) => vec!["it does not end within a day".to_owned()],
    };
    let case = Case::of(&world, &storm, began.elapsed(), problems, traced);
    world.end();
    case
}

//! Every parser that meets bytes from outside, on mutations of the files in `fuzz/corpus`: no panic, no unbounded memory, and
//! the promises of each parser hold.
//!
//! The mutations follow from a seed, so that a failure is found again. Each target runs for `FUZZ_SECONDS` (two by default);
//! an input that fails is stored under `target/fuzz-failures`, and belongs into the corpus once it is fixed.
//! `FUZZ_SEED` sets another seed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

#[path = "../fuzz/mutation.rs"]
mod mutation;
#[path = "../fuzz/targets.rs"]
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mutation::Mutator;

/// More than all targets need together, since the whole test process is measured; no parser may need as much for an input.
const MEMORY: u64 = 256 << 20;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// The files of a target's corpus, in the order of their names.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = root().join("fuzz/corpus").join(target);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() >= 3, "{target} has a corpus");
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// Runs `check` on every file of the corpus as it is, and then on mutations until the time is over.
fn fuzz(target: &str, mut check: impl FnMut(&[u8])) {
    let corpus = corpus(target);
    let mut inputs = 0_u64;
    let mut run = |input: &[u8]| {
        inputs += 1;
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(input))) {
            let folder = root().join("target/fuzz-failures").join(target);
            std::fs::create_dir_all(&folder).unwrap();
            let file = folder.join(format!("{inputs}"));
            std::fs::write(&file, input).unwrap();
            println!("{target}: input {inputs} fails; it is kept in {}", file.display());
            std::panic::resume_unwind(panic);
        }
    };
    for input in &corpus {
        run(input);
    }
    let mut mutator = Mutator::new(number("FUZZ_SEED", 20_261_123), &corpus);
    let ends = Instant::now() + Duration::from_secs(number("FUZZ_SECONDS", 2));
    while Instant::now() < ends {
        for _ in 0..16 {
            run(&mutator.next_input());
        }
    }
    assert!(inputs > corpus.len() as u64, "{target} ran");
    let peak = peak_memory();
    println!("{target}: {inputs} inputs, at most {peak:?} bytes of memory");
    assert!(peak.is_none_or(|peak| peak < MEMORY), "{target}: {peak:?} bytes of memory");
}

/// `VmHWM` of this process, in bytes; nothing where there is no such file.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

#[test]
fn rows() {
    fuzz("rows", targets::rows);
}

#[test]
fn models() {
    fuzz("models", targets::model);
}

#[test]
fn paths() {
    fuzz("paths", targets::path);
}

#[test]
fn configs() {
    fuzz("configs", targets::config);
}

#[test]
fn events() {
    fuzz("events", targets::event);
}

#[test]
fn answers_of_braze() {
    let mut braze = targets::Answers::start();
    fuzz("answers", |input| braze.answer(input));
}

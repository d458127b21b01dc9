//! Time that passes as fast as the machine can follow.
//!
//! Tokio's own paused time jumps to the next timer whenever its runtime waits, also when it only waits for a socket. Here
//! time goes on by small steps, one for each round in which every task that can run has run. A round in which nothing ran
//! is followed by a larger step, so that hours of waiting cost milliseconds.

use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

/// A step while something happens: an S3 call takes some twenty rounds, hence some 10 ms.
const SHORT_STEP: Duration = Duration::from_micros(500);

/// The longest step while nothing happens.
const LONG_STEP: Duration = Duration::from_millis(100);

/// A round that takes less real time than this ran nothing.
const NOTHING_RAN: Duration = Duration::from_micros(6);

/// Ends when dropped; time then stands still.
pub(crate) struct VirtualTime {
    _keeps_tokio_from_jumping: Sender<()>,
    passing: tokio::task::JoinHandle<()>,
}

impl VirtualTime {
    /// Begins on the current runtime, which has one thread.
    pub(crate) fn begin() -> Self {
        tokio::time::pause();
        let (keep, ended) = channel::<()>();
        // As long as a blocking task runs, Tokio does not jump to the next timer by itself.
        tokio::task::spawn_blocking(move || ended.recv().is_ok());
        let passing = tokio::spawn(async {
            let mut step = SHORT_STEP;
            loop {
                let began = Instant::now();
                tokio::task::yield_now().await;
                tokio::task::yield_now().await;
                step = if began.elapsed() < NOTHING_RAN { (step * 2).min(LONG_STEP) } else { SHORT_STEP };
                tokio::time::advance(step).await;
            }
        });
        Self { _keeps_tokio_from_jumping: keep, passing }
    }
}

impl Drop for VirtualTime {
    fn drop(&mut self) {
        self.passing.abort();
    }
}

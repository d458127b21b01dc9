//! How far the work is: a bar on a terminal, plain lines otherwise.

use std::cell::Cell;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::texts::{self, Number, Word};

/// Without a terminal, a line of progress is written at most so often.
const PLAIN: Duration = Duration::from_secs(10);

/// The progress of one piece of work, in rows.
pub(crate) struct Progress {
    bar: ProgressBar,
    what: String,
    printed_at: Cell<Instant>,
}

impl Progress {
    /// Work of `total` rows.
    pub(crate) fn of(what: impl Into<String>, total: u64) -> Self {
        Self::start(
            what.into(),
            ProgressBar::new(total),
            "{prefix:10} {bar:32} {human_pos}/{human_len} rows {wide_msg}",
        )
    }

    /// Work with an unknown number of rows.
    pub(crate) fn without_end(what: impl Into<String>) -> Self {
        Self::start(
            what.into(),
            ProgressBar::new_spinner(),
            "{spinner} {prefix}: {human_pos} rows, {elapsed} {wide_msg}",
        )
    }

    fn start(what: String, bar: ProgressBar, template: &str) -> Self {
        // A template that is not understood would cost the looks and nothing else.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        bar.set_prefix(what.clone());
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar, what, printed_at: Cell::new(Instant::now()) }
    }

    /// The number of rows done, and the pace in words.
    pub(crate) fn reached(&self, rows: u64, words: &str) {
        self.bar.set_position(rows);
        self.bar.set_message(words.to_owned());
        if self.bar.is_hidden() && self.printed_at.get().elapsed() >= PLAIN {
            self.printed_at.set(Instant::now());
            let separator = if words.is_empty() { "" } else { ", " };
            let rows = texts::with("progress-rows", &[("what", Word(&self.what)), ("n", Number(rows))]);
            super::aside(format!("{rows}{separator}{words}"));
        }
    }

    /// A step is done.
    pub(crate) fn step(&self, text: &str) {
        if self.bar.is_hidden() {
            super::aside(format!("{}: {text}", self.what));
        } else {
            self.bar.set_message(text.to_owned());
        }
    }

    /// The work is done, and the bar stays as it is.
    pub(crate) fn finish(&self, rows: u64) {
        self.bar.set_position(rows);
        self.bar.finish_with_message("");
    }

    /// The work is over, and the bar goes.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

//! Compares the figures of a dry run with those of the last complete run.

use super::{Report, RunSummary};

/// A figure of this run and of the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared {
    /// What is counted: the end of a key of the texts.
    pub name: &'static str,
    /// How many there were in the last run.
    pub last: u64,
    /// How many there are in this one.
    pub now: u64,
}

impl Compared {
    /// How far apart the two are, in ten thousandths of the larger one: a figure that appeared or vanished is furthest.
    fn distance(&self) -> u128 {
        u128::from(self.last.abs_diff(self.now)) * 10_000 / u128::from(self.last.max(self.now)).max(1)
    }
}

impl Report {
    /// The last run that was delivered whole, as a dry run found it.
    pub fn last_run(&self) -> Option<&RunSummary> {
        self.preview.as_ref()?.last_run.as_ref()
    }

    /// The figures of a dry run beside those of the last run, those that differ most first. None where no run has been
    /// delivered whole, or where this is no dry run.
    pub fn against_last_run(&self) -> Vec<Compared> {
        let Some(last) = self.last_run() else {
            return Vec::new();
        };
        let compared = |name, last, now| Compared { name, last, now };
        let mut figures = vec![
            compared("members", last.members.after, self.members.after),
            compared("entered", last.members.entered, self.members.entered),
            compared("left", last.members.left, self.members.left),
            compared("rows", last.rows.read, self.rows.read),
            compared("sent", last.rows.accepted, self.rows.accepted),
            compared("duplicates", last.rows.duplicate, self.rows.duplicate),
            compared("rejected", last.rows.rejected, self.rows.rejected),
        ];
        figures.sort_by_key(|figure| std::cmp::Reverse(figure.distance()));
        figures
    }
}

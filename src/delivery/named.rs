//! The lines of the last complete run that a run's files name because their members have not changed.

use super::DeliveryError;
use super::load::Line;
use super::sources::Source;
use crate::state::{BaseId, CompleteRun, Ledger, LineSet, MemberKey, Part, PartContent, PartRow, PartStore, Standing};

/// Lines of the last complete run, by number.
#[derive(Debug, Default)]
pub(super) struct NamedLines {
    base: BaseId,
    /// Those that files of the run name.
    named: LineSet,
    /// Those that are true so far.
    so_far: LineSet,
    /// Those that the run's files name, and that stay true.
    still: LineSet,
    /// Those that the run's files name, and of whose members Braze has something else.
    again: LineSet,
    /// Members of whom Braze has accepted something with this run, in order.
    changed: Vec<MemberKey>,
    /// Whether the run is compared line by line, because something has changed.
    is_compared: bool,
}

impl NamedLines {
    /// None yet, of the last complete run in `ledger`.
    pub(super) async fn of(ledger: &Ledger, store: &PartStore) -> Result<Self, DeliveryError> {
        let mut lines = Self::default();
        let Some((last, base)) = ledger.last_complete.as_ref().and_then(|last| Some((last, last.base.as_ref()?)))
        else {
            return Ok(lines);
        };
        lines.base = base.id;
        let live = store.true_lines(last.parts.iter().filter_map(|part| part.live.as_ref())).await?;
        for (part, first) in numbered(last) {
            match part.live.as_ref().and_then(|key| live.get(key)) {
                None => lines.so_far.insert_all(first, part.rows),
                Some(live) => lines.so_far.add_in(live, first, part.rows),
            }
        }
        Ok(lines)
    }

    /// Whether the lines that a part names are those of the last complete run.
    pub(super) fn are_of(&self, content: &PartContent) -> bool {
        content.base == self.base
    }

    /// Adds those that a part names.
    pub(super) fn add(&mut self, content: &PartContent) {
        self.named.add(&content.seen);
    }

    /// Takes note of a line of the run's own.
    pub(super) fn note_own(&mut self, row: &PartRow<'_>) {
        if row.standing == Standing::Member && row.fingerprint.is_known() {
            self.changed.push(row.key());
        }
    }

    /// How many are named.
    pub(super) fn len(&self) -> u64 {
        self.named.len()
    }

    /// Whether every line that is true is named, and no other.
    pub(super) fn are_all(&self) -> bool {
        !self.named.is_empty() && self.named == self.so_far
    }

    /// Ends the lines of the run's own parts, before [`NamedLines::take`].
    pub(super) fn seal(&mut self) {
        self.changed.sort_unstable();
        self.is_compared = true;
    }

    /// The parts of the last complete run of which any line is named, with all of their lines.
    pub(super) fn sources(&self, ledger: &Ledger) -> Vec<Source> {
        sources_with(ledger, &self.named)
    }

    /// The line of a member whom a file names; `None` if it is not named.
    pub(super) fn take<'a>(&mut self, line: &Line<'a>) -> Option<PartRow<'a>> {
        let number = line.number.filter(|number| self.named.contains(*number))?;
        let is_true = self.so_far.contains(number);
        if self.changed.binary_search(&line.row.key()).is_err() {
            if is_true { &mut self.still } else { &mut self.again }.insert(number);
        }
        Some(if is_true { *line.row } else { line.row.uncertain(line.row.standing) })
    }

    /// The lines that stay true.
    pub(super) fn still_true(&self) -> &LineSet {
        &self.still
    }

    /// The parts of the last complete run that continue to list members; and whether the object `key` has to say which of their
    /// lines are true. A part of which any line is named has to stay even if none of them is: its file may be delivered again.
    pub(super) fn kept_parts(&self, ledger: &Ledger, key: &str) -> (Vec<Part>, bool) {
        let Some(last) = ledger.last_complete.as_ref().filter(|_| !self.named.is_empty()) else {
            return (Vec::new(), false);
        };
        if !self.is_compared {
            // Nothing has changed.
            return (last.parts.clone(), false);
        }
        parts_with(last, &self.named, &self.still, key)
    }

    /// The parts of the last complete run with members to be sent again, with all of their lines.
    pub(super) fn sources_again(&self, ledger: &Ledger) -> Vec<Source> {
        sources_with(ledger, &self.again)
    }

    /// Whether the member of the line has to be sent again.
    pub(super) fn is_again(&self, line: &Line<'_>) -> bool {
        line.number.is_some_and(|number| self.again.contains(number))
    }
}

/// The parts of a complete run with any of the lines `named`, and whether the object `key` has to say which of their lines are
/// `still` true.
pub(super) fn parts_with(last: &CompleteRun, named: &LineSet, still: &LineSet, key: &str) -> (Vec<Part>, bool) {
    let kept = numbered(last).filter(|(part, first)| named.count_in(*first, part.rows) > 0);
    let mut needs_object = false;
    let parts = kept.map(|(part, first)| {
        let whole = still.count_in(first, part.rows) == part.rows;
        needs_object |= !whole;
        Part { live: (!whole).then(|| key.to_owned()), ..part.clone() }
    });
    (parts.collect(), needs_object)
}

fn numbered(last: &CompleteRun) -> impl Iterator<Item = (&Part, u32)> {
    last.parts.iter().filter_map(|part| Some((part, part.first?)))
}

fn sources_with(ledger: &Ledger, lines: &LineSet) -> Vec<Source> {
    let last = ledger.last_complete.iter().flat_map(numbered);
    let with_any = last.filter(|(part, first)| lines.count_in(*first, part.rows) > 0);
    with_any.map(|(part, _)| Source::certain(part).with_all_lines()).collect()
}

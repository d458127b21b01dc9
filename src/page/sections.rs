//! What the pages of a run and of a dry run have in common.

use super::bars::{Part, parts};
use super::text::{change, count, counted, file_name, percent, shortened, shown};
use crate::report::examples::RejectedExample;
use crate::report::{Members, Outcome, Report};

/// The most lines of a table; a last line says how many more there are.
const MOST_LINES: usize = 60;
/// Longer names and reasons are cut.
const LONGEST: usize = 400;

/// A line of a table: a name, a figure, and a further word.
pub(super) struct Line {
    pub(super) class: &'static str,
    pub(super) name: String,
    pub(super) figure: String,
    pub(super) further: String,
}

impl Line {
    fn new(class: &'static str, name: &str, figure: u64, further: impl Into<String>) -> Self {
        Self { class, name: name.to_owned(), figure: count(figure), further: further.into() }
    }
}

/// How many members there are and were, with the picture of it.
pub(super) struct MembersSection {
    pub(super) lines: Vec<Line>,
    pub(super) before: Vec<Part>,
    pub(super) after: Vec<Part>,
    pub(super) before_in_words: String,
    pub(super) after_in_words: String,
}

impl MembersSection {
    /// `pending` says what members are that the run before had and this one has not, and who have not left either.
    pub(super) fn new(members: &Members, pending: &'static str) -> Self {
        let Members { before, entered, stayed, left, after } = *members;
        let open = before.saturating_sub(stayed.saturating_add(left));
        let whole = left.saturating_add(stayed).saturating_add(open).saturating_add(entered);
        let mut lines = vec![
            Line::new("", "Before", before, ""),
            Line::new("left", "Left", left, percent(left, before)),
            Line::new("stayed", "Stayed", stayed, percent(stayed, before)),
            Line::new("entered", "Entered", entered, percent(entered, before)),
            Line::new("", "After", after, change(before, after)),
        ];
        if open > 0 {
            lines.insert(3, Line::new("open", pending, open, percent(open, before)));
        }
        Self {
            lines,
            before: parts(whole, 0, &[("left", left), ("stayed", stayed), ("open", open)]),
            after: parts(whole, left, &[("stayed", stayed), ("open", open), ("entered", entered)]),
            before_in_words: format!(
                "{} before: {} stayed, {} left.",
                counted(before, "member", "members"),
                count(stayed),
                count(left)
            ),
            after_in_words: format!(
                "{} after: {} stayed, {} entered.",
                counted(after, "member", "members"),
                count(stayed),
                count(entered)
            ),
        }
    }
}

/// What became of the rows, with the picture of it.
pub(super) struct RowsSection {
    pub(super) read: String,
    pub(super) lines: Vec<Line>,
    pub(super) bar: Vec<Part>,
    pub(super) in_words: String,
}

impl RowsSection {
    /// `accepted` is what becomes of rows that are sent: they are accepted, or would be sent.
    pub(super) fn new(report: &Report, accepted: &'static str) -> Self {
        let rows = report.rows;
        let fates = [
            ("accepted", accepted, rows.accepted),
            ("unchanged", "Unchanged", rows.unchanged),
            ("duplicate", "Duplicates", rows.duplicate),
            ("rejected", "Rejected", rows.rejected),
        ];
        let words: Vec<String> =
            fates.iter().map(|(_, name, rows)| format!("{} {}", count(*rows), name.to_lowercase())).collect();
        Self {
            read: count(rows.read),
            bar: parts(rows.read, 0, &fates.map(|(class, _, rows)| (class, rows))),
            in_words: format!("Of {}: {}.", counted(rows.read, "row", "rows"), words.join(", ")),
            lines: fates
                .into_iter()
                .map(|(class, name, fate)| Line::new(class, name, fate, percent(fate, rows.read)))
                .collect(),
        }
    }
}

/// Rows that were rejected for one reason.
pub(super) struct Reason {
    pub(super) name: String,
    pub(super) rows: String,
    pub(super) examples: Vec<Example>,
}

/// One of them, masked.
pub(super) struct Example {
    pub(super) place: String,
    pub(super) values: Vec<(String, String)>,
}

/// The reasons, the most frequent first, with examples where there are any.
pub(super) fn reasons(report: &Report, examples: &[RejectedExample]) -> Vec<Reason> {
    let mut reasons: Vec<(&String, &u64)> = report.rejected_reasons.iter().collect();
    reasons.sort_by_key(|(_, rows)| std::cmp::Reverse(**rows));
    let of = |reason: &str| {
        let examples = examples.iter().filter(|example| example.reason == reason);
        examples.map(Example::new).collect()
    };
    reasons
        .into_iter()
        .take(MOST_LINES)
        .map(|(name, rows)| Reason { name: cut(name), rows: count(*rows), examples: of(name) })
        .collect()
}

impl Example {
    fn new(example: &RejectedExample) -> Self {
        let values = example.values.iter().map(|(column, value)| {
            let value = if value.is_empty() { "empty".to_owned() } else { shown(value) };
            (cut(column), value)
        });
        Self {
            place: format!("line {} of {}", count(example.line), cut(file_name(&example.file))),
            values: values.collect(),
        }
    }
}

/// The fields that were left out, the most frequent first.
pub(super) fn dropped_fields(report: &Report) -> Vec<Line> {
    let mut fields: Vec<(&String, &u64)> = report.dropped_fields.iter().collect();
    fields.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    fields.into_iter().take(MOST_LINES).map(|(field, count)| Line::new("", &cut(field), *count, "")).collect()
}

/// The files of a run.
pub(super) struct FilesSection {
    pub(super) lines: Vec<Line>,
    pub(super) in_all: String,
    pub(super) rows: String,
    /// How many are not shown.
    pub(super) further: Option<String>,
}

impl FilesSection {
    pub(super) fn new(report: &Report) -> Self {
        let files = &report.files;
        Self {
            lines: files.iter().take(MOST_LINES).map(|file| Line::new("", &cut(&file.key), file.rows, "")).collect(),
            in_all: count(files.len() as u64),
            rows: count(files.iter().map(|file| file.rows).sum()),
            further: files.len().checked_sub(MOST_LINES).filter(|more| *more > 0).map(|more| count(more as u64)),
        }
    }
}

/// Remarks about the files.
pub(super) fn notes(report: &Report) -> Vec<String> {
    let mut notes: Vec<String> = report.notes.iter().take(MOST_LINES).map(|note| cut(note)).collect();
    if report.notes.len() > MOST_LINES {
        notes.push(format!("… and {} more in report.json.", count((report.notes.len() - MOST_LINES) as u64)));
    }
    notes
}

/// A name or reason as pages show it.
pub(super) fn cut(text: &str) -> String {
    shortened(&shown(text), LONGEST)
}

/// An outcome as a marketer calls it.
pub(super) fn outcome(outcome: Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Delivered => ("good", "Delivered"),
        Outcome::DeliveredWithProblems => ("warning", "Delivered with problems"),
        Outcome::Waiting => ("open", "Waiting for the rest"),
        Outcome::Held => ("warning", "Held for a decision"),
        Outcome::Unfinished => ("open", "Not finished yet"),
        Outcome::Superseded => ("neutral", "Superseded"),
        Outcome::Failed => ("bad", "Failed"),
        Outcome::DryRun => ("neutral", "Dry run"),
    }
}

//! What the pages of a run and of a dry run have in common.

use super::bars::{Part, parts};
use super::frame::Frame;
use super::text::{change, count, file_name, percent, shortened, shown};
use crate::report::examples::RejectedExample;
use crate::report::{Members, Report};

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
    /// `pending` is the text for members that the run before had and this one has not, and who have not left either.
    pub(super) fn new(frame: &Frame, members: &Members, pending: &str) -> Self {
        let Members { before, entered, stayed, left, after } = *members;
        let open = before.saturating_sub(stayed.saturating_add(left));
        let whole = left.saturating_add(stayed).saturating_add(open).saturating_add(entered);
        let line = |class, name: &str, figure, further| Line::new(class, &frame.t(name), figure, further);
        let mut lines = vec![
            line("", "before", before, String::new()),
            line("left", "left", left, percent(left, before)),
            line("stayed", "stayed", stayed, percent(stayed, before)),
            line("entered", "entered", entered, percent(entered, before)),
            line("", "after", after, change(before, after)),
        ];
        if open > 0 {
            lines.insert(3, line("open", pending, open, percent(open, before)));
        }
        Self {
            lines,
            before: parts(whole, 0, &[("left", left), ("stayed", stayed), ("open", open)]),
            after: parts(whole, left, &[("stayed", stayed), ("open", open), ("entered", entered)]),
            before_in_words: frame
                .numbers("before-in-words", &[("before", before), ("stayed", stayed), ("left", left)]),
            after_in_words: frame
                .numbers("after-in-words", &[("after", after), ("stayed", stayed), ("entered", entered)]),
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
    /// `accepted` is the text for rows that are sent: they are accepted, or would be sent.
    pub(super) fn new(frame: &Frame, report: &Report, accepted: &str) -> Self {
        let rows = report.rows;
        let results = [
            ("accepted", accepted, rows.accepted),
            ("unchanged", "unchanged", rows.unchanged),
            ("duplicate", "duplicates", rows.duplicate),
            ("rejected", "rejected", rows.rejected),
        ];
        let mut numbers = results.map(|(class, _, rows)| (class, rows)).to_vec();
        numbers.push(("read", rows.read));
        Self {
            read: count(rows.read),
            bar: parts(rows.read, 0, &results.map(|(class, _, rows)| (class, rows))),
            in_words: frame.numbers("rows-in-words", &numbers),
            lines: results
                .into_iter()
                .map(|(class, name, number)| Line::new(class, &frame.t(name), number, percent(number, rows.read)))
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
pub(super) fn reasons(frame: &Frame, report: &Report, examples: &[RejectedExample]) -> Vec<Reason> {
    let mut reasons: Vec<(&String, &u64)> = report.rejected_reasons.iter().collect();
    reasons.sort_by_key(|(_, rows)| std::cmp::Reverse(**rows));
    let of = |reason: &str| {
        let examples = examples.iter().filter(|example| example.reason == reason);
        examples.map(|example| Example::new(frame, example)).collect()
    };
    reasons
        .into_iter()
        .take(MOST_LINES)
        .map(|(name, rows)| Reason { name: cut(&frame.words(name)), rows: count(*rows), examples: of(name) })
        .collect()
}

impl Example {
    fn new(frame: &Frame, example: &RejectedExample) -> Self {
        let values = example.values.iter().map(|(column, value)| {
            let value = if value.is_empty() { frame.t("empty") } else { shown(value) };
            (cut(column), value)
        });
        let (line, file) = (count(example.line), cut(file_name(&example.file)));
        Self { place: frame.with("line-of", &[("line", &line), ("file", &file)]), values: values.collect() }
    }
}

/// The fields that were left out, the most frequent first.
pub(super) fn dropped_fields(frame: &Frame, report: &Report) -> Vec<Line> {
    let mut fields: Vec<(&String, &u64)> = report.dropped_fields.iter().collect();
    fields.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let fields = fields.into_iter().take(MOST_LINES);
    fields.map(|(field, count)| Line::new("", &cut(&frame.reason(field)), *count, "")).collect()
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
    pub(super) fn new(frame: &Frame, report: &Report) -> Self {
        let files = &report.files;
        let further = files.len().checked_sub(MOST_LINES).filter(|more| *more > 0);
        Self {
            lines: files.iter().take(MOST_LINES).map(|file| Line::new("", &cut(&file.key), file.rows, "")).collect(),
            in_all: frame.n("in-total", files.len() as u64),
            rows: count(files.iter().map(|file| file.rows).sum()),
            further: further.map(|more| frame.n("more-files", more as u64)),
        }
    }
}

/// Remarks about the files.
pub(super) fn notes(frame: &Frame, report: &Report) -> Vec<String> {
    let mut notes: Vec<String> = report.notes.iter().take(MOST_LINES).map(|note| cut(&frame.words(note))).collect();
    if report.notes.len() > MOST_LINES {
        notes.push(frame.n("and-more", (report.notes.len() - MOST_LINES) as u64));
    }
    notes
}

/// A name or reason as pages show it.
pub(super) fn cut(text: &str) -> String {
    shortened(&shown(text), LONGEST)
}

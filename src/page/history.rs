//! The page of an export: how its segments went over their last runs.

use askama::Template;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::PageError;
use super::chart::{self, Chart};
use super::frame::{Frame, Reader};
use super::sections::cut;
use super::text::{change, count, duration, run, shortened, shown};
use crate::config::Export;
use crate::names::SegmentName;
use crate::pattern::RunId;
use crate::report::{Members, Outcome, RunSummary, UndoMessage};
use crate::state::{Ledger, Phase, Progress, ReportKeys, RunRecord};
use crate::texts::Argument;

/// The most runs of one segment that are drawn.
const MOST_RUNS: usize = 100;
/// The most lines of all tables of runs together, and the least of one segment.
const MOST_LINES: usize = 2_000;
const LEAST_LINES: usize = 5;
/// The run's report has the whole message.
const LONGEST_MESSAGE: usize = 160;
/// What is encoded in a level of a link (RFC 3986, "Unreserved Characters").
const OF_LINKS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The most segments that are shown one by one.
const MOST_SEGMENTS: usize = 200;
/// The most segments in the table of all.
const MOST_OVERVIEW: usize = 1_000;

/// What is known of the runs of one segment.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentHistory {
    /// The segment.
    pub segment: SegmentName,
    /// Its runs, oldest first.
    pub runs: Vec<PastRun>,
}

/// A run, completed or in progress.
#[derive(Clone, Debug, PartialEq)]
pub struct PastRun {
    /// Its figures.
    pub summary: RunSummary,
    /// Why it failed or is held.
    pub message: String,
}

impl SegmentHistory {
    /// The history in a ledger: finished runs and runs in progress.
    pub fn of(segment: &SegmentName, ledger: &Ledger) -> Self {
        let ended = ledger.history.iter().map(PastRun::ended);
        let mut runs: Vec<PastRun> = ended.collect();
        for (run, record) in &ledger.runs {
            if record.phase != Phase::Complete {
                runs.push(PastRun::at_work(*run, ledger.members_before(*run), record));
            }
        }
        runs.sort_by_key(|past| (past.summary.run, past.summary.finished_at));
        Self { segment: segment.clone(), runs }
    }
}

impl PastRun {
    fn ended(summary: &RunSummary) -> Self {
        let Members { left: removed, entered: restored, .. } = summary.members;
        let undone = UndoMessage::Undone { run: summary.run, removed, restored };
        let message = if summary.undo { undone.to_string() } else { String::new() };
        Self { summary: summary.clone(), message }
    }

    fn at_work(run: RunId, before: u64, record: &RunRecord) -> Self {
        let in_the_way = record.files.values().filter_map(|file| match &file.progress {
            Progress::Failed { message, .. } => Some((Outcome::Failed, message.clone())),
            Progress::Held { message, .. } => Some((Outcome::Held, message.clone())),
            _ => None,
        });
        let in_the_way = in_the_way.max_by_key(|(outcome, _)| *outcome == Outcome::Failed);
        let (outcome, message) = match (&record.phase, in_the_way) {
            (Phase::Held { reason, .. }, _) => (Outcome::Held, reason.clone()),
            (_, Some(in_the_way)) => in_the_way,
            (Phase::Completing { .. }, None) => (Outcome::Unfinished, String::new()),
            (_, None) if record.all_files_delivered() => (Outcome::Waiting, String::new()),
            _ => (Outcome::Unfinished, String::new()),
        };
        Self { summary: record.summary(run, before, outcome, record.started_at), message }
    }
}

#[derive(Template)]
#[template(path = "history.html")]
struct History {
    frame: Frame,
    export: String,
    summary: String,
    overview: Vec<OverviewLine>,
    further_overview: Option<String>,
    segments: Vec<Segment>,
    further: Option<String>,
    made: String,
}

struct OverviewLine {
    number: usize,
    has_section: bool,
    segment: String,
    run: String,
    outcome_class: &'static str,
    outcome: String,
    members: String,
    change: String,
}

struct Segment {
    number: usize,
    name: String,
    chart: Option<Chart>,
    chart_in_words: String,
    changes: Option<Chart>,
    changes_in_words: String,
    runs: Vec<RunLine>,
    shown_of: String,
}

/// Counts of members by the time that names their run.
type Series = Vec<(i64, u64)>;

struct RunLine {
    run: String,
    /// The page of the run, seen from this one.
    link: String,
    outcome_class: &'static str,
    outcome: String,
    message: String,
    members: String,
    entered: String,
    left: String,
    rejected: String,
    finished_at: String,
    took: String,
}

/// The page of an export's history, as HTML in UTF-8, as known at `as_of`, in the language and the time zone of the export.
///
/// At most the last 100 runs of a segment are drawn; the tables of runs have at most 2,000 lines together, or five for
/// each segment; at most 200 segments are shown one by one and 1,000 in the overview.
pub fn history(export: &Export, segments: &[SegmentHistory], as_of: Timestamp) -> Result<String, PageError> {
    let frame = Frame::new(&Reader::of(Some(export)));
    let most_lines = (MOST_LINES / segments.len().max(1)).clamp(LEAST_LINES, MOST_RUNS);
    let numbered = || segments.iter().zip(1..);
    let sections = numbered()
        .take(MOST_SEGMENTS)
        .map(|(history, number)| Segment::new(&frame, export, history, number, most_lines));
    let further = |key: &str, most: usize| {
        segments.len().checked_sub(most).filter(|more| *more > 0).map(|more| frame.n(key, more as u64))
    };
    let page = History {
        export: cut(export.name.as_str()),
        summary: summary(&frame, segments),
        overview: numbered()
            .take(MOST_OVERVIEW)
            .map(|(history, number)| OverviewLine::new(&frame, history, number))
            .collect(),
        further_overview: further("further-overview", MOST_OVERVIEW),
        segments: sections.collect(),
        further: further("further-segments", MOST_SEGMENTS),
        made: frame.with("history-made", &[("time", &frame.time(as_of))]),
        frame,
    };
    Ok(page.render()?)
}

fn summary(frame: &Frame, segments: &[SegmentHistory]) -> String {
    let last = |wanted: Outcome| {
        let last = segments.iter().filter_map(|history| history.runs.last());
        last.filter(|past| past.summary.outcome == wanted).count() as u64
    };
    let (failed, held) = (last(Outcome::Failed), last(Outcome::Held));
    let words = [
        ("segments", Argument::Word(&frame.n("segments", segments.len() as u64))),
        ("trouble", Argument::Word(if failed + held == 0 { "none" } else { "some" })),
        ("failed", Argument::Number(failed)),
        ("held", Argument::Number(held)),
        ("problems", Argument::Number(last(Outcome::DeliveredWithProblems))),
    ];
    frame.filled("history-summary", &words)
}

/// The first line of why a run failed or is held.
fn message(frame: &Frame, text: &str) -> String {
    let words = frame.words(text);
    shortened(&shown(words.lines().next().unwrap_or_default()), LONGEST_MESSAGE)
}

/// The page of a run as a link from the history, which is in the folder of the export.
fn link(export: &Export, segment: &SegmentName, run: RunId) -> String {
    let key = ReportKeys::new(&export.name, segment).report(run, "report.html");
    let below = key.strip_prefix(&ReportKeys::of_export(&export.name)).unwrap_or(&key);
    below.split('/').map(|level| utf8_percent_encode(level, OF_LINKS).to_string()).collect::<Vec<_>>().join("/")
}

impl OverviewLine {
    fn new(frame: &Frame, history: &SegmentHistory, number: usize) -> Self {
        let last = history.runs.last();
        let (outcome_class, outcome) = last.map_or_else(
            || ("neutral", frame.t("no-run-yet")),
            |past| {
                let outcome = past.summary.outcome;
                (outcome.tone().as_class(), frame.outcome(outcome))
            },
        );
        let members = last.map(|past| past.summary.members.clone()).unwrap_or_default();
        Self {
            number,
            has_section: number <= MOST_SEGMENTS,
            segment: cut(history.segment.as_str()),
            run: last.map(|past| run(past.summary.run)).unwrap_or_default(),
            outcome_class,
            outcome,
            members: count(members.after),
            change: change(members.before, members.after),
        }
    }
}

impl Segment {
    fn new(frame: &Frame, export: &Export, history: &SegmentHistory, number: usize, most_lines: usize) -> Self {
        let from = history.runs.len().saturating_sub(MOST_RUNS);
        let runs = history.runs.get(from..).unwrap_or_default();
        // The number of members is final only once the run is complete.
        let complete = || runs.iter().filter(|past| past.summary.outcome.is_delivered());
        let points: Series =
            complete().map(|past| (seconds_of(past.summary.run), past.summary.members.after)).collect();
        // Everyone enters in the first run: on its scale, later runs could not be seen.
        let later = complete().filter(|past| past.summary.members.before > 0);
        let (entered, left): (Series, Series) = later
            .map(|past| {
                let (time, members) = (seconds_of(past.summary.run), &past.summary.members);
                ((time, members.entered), (time, members.left))
            })
            .unzip();
        let sum = |counts: &[(i64, u64)]| counts.iter().map(|(_, members)| members).sum();
        let shown = runs.len().min(most_lines);
        let chart_in_words = match points[..] {
            [first, .., last] => {
                frame.numbers("chart-in-words", &[("first", first.1), ("last", last.1), ("runs", points.len() as u64)])
            }
            _ => String::new(),
        };
        Self {
            number,
            name: cut(history.segment.as_str()),
            chart: chart::members(frame.language(), &points),
            chart_in_words,
            changes: chart::changes(frame.language(), &entered, &left),
            changes_in_words: frame.numbers(
                "changes-in-words",
                &[("runs", entered.len() as u64), ("entered", sum(&entered)), ("left", sum(&left))],
            ),
            runs: runs.iter().rev().take(shown).map(|past| RunLine::new(frame, export, history, past)).collect(),
            shown_of: if shown < history.runs.len() {
                frame.numbers("shown-of", &[("shown", shown as u64), ("runs", history.runs.len() as u64)])
            } else {
                String::new()
            },
        }
    }
}

impl RunLine {
    fn new(frame: &Frame, export: &Export, history: &SegmentHistory, past: &PastRun) -> Self {
        let summary = &past.summary;
        let Members { entered, left, after, .. } = summary.members;
        let ended = summary.outcome.is_delivered() || summary.outcome == Outcome::Superseded;
        Self {
            run: run(summary.run),
            link: link(export, &history.segment, summary.run),
            outcome_class: summary.outcome.tone().as_class(),
            outcome: frame.outcome(summary.outcome),
            message: message(frame, &past.message),
            members: count(after),
            entered: count(entered),
            left: count(left),
            rejected: count(summary.rows.rejected),
            finished_at: if ended { frame.time(summary.finished_at) } else { String::new() },
            took: duration(summary.seconds),
        }
    }
}

/// The time that names a run, as if it were in UTC, for its place in the chart.
fn seconds_of(run: RunId) -> i64 {
    TimeZone::UTC.to_timestamp(run.time()).map_or(0, Timestamp::as_second)
}

//! The page of an export: how its segments went over their last runs.

use askama::Template;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::PageError;
use super::chart::{self, Chart};
use super::frame::Frame;
use super::sections::cut;
use super::text::{change, count, counted, duration, run, shortened, shown, time};
use crate::names::{ExportName, SegmentName};
use crate::pattern::RunId;
use crate::report::{Members, Outcome, RunSummary};
use crate::state::{Ledger, Phase, Progress, RunRecord};

/// The most runs of one segment that are drawn.
const MOST_RUNS: usize = 100;
/// The most lines of all tables of runs together, and the least of one segment.
const MOST_LINES: usize = 2_000;
const LEAST_LINES: usize = 5;
/// The run's report has the whole message.
const LONGEST_MESSAGE: usize = 160;
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
        let ended = ledger.history.iter().map(|summary| PastRun { summary: summary.clone(), message: String::new() });
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
    fn at_work(run: RunId, before: u64, record: &RunRecord) -> Self {
        let in_the_way = record.files.values().filter_map(|file| match &file.progress {
            Progress::Failed { message } => Some((Outcome::Failed, message.clone())),
            Progress::Held { message } => Some((Outcome::Held, message.clone())),
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
    as_of: String,
}

struct OverviewLine {
    number: usize,
    has_section: bool,
    segment: String,
    run: String,
    outcome_class: &'static str,
    outcome: &'static str,
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
    outcome_class: &'static str,
    outcome: &'static str,
    message: String,
    members: String,
    entered: String,
    left: String,
    rejected: String,
    finished_at: String,
    took: String,
}

/// The page of an export's history, as HTML in UTF-8, as known at `as_of`.
///
/// At most the last 100 runs of a segment are drawn; the tables of runs have at most 2,000 lines together, or five for
/// each segment; at most 200 segments are shown one by one and 1,000 in the overview.
pub fn history(export: &ExportName, segments: &[SegmentHistory], as_of: Timestamp) -> Result<String, PageError> {
    let most_lines = (MOST_LINES / segments.len().max(1)).clamp(LEAST_LINES, MOST_RUNS);
    let numbered = || segments.iter().zip(1..);
    let sections = numbered().take(MOST_SEGMENTS).map(|(history, number)| Segment::new(history, number, most_lines));
    let further =
        |most: usize| segments.len().checked_sub(most).filter(|more| *more > 0).map(|more| count(more as u64));
    let page = History {
        frame: Frame::new(),
        export: cut(export.as_str()),
        summary: summary(segments),
        overview: numbered().take(MOST_OVERVIEW).map(|(history, number)| OverviewLine::new(history, number)).collect(),
        further_overview: further(MOST_OVERVIEW),
        segments: sections.collect(),
        further: further(MOST_SEGMENTS),
        as_of: time(as_of),
    };
    Ok(page.render()?)
}

fn summary(segments: &[SegmentHistory]) -> String {
    let last = |wanted: Outcome| {
        let last = segments.iter().filter_map(|history| history.runs.last());
        last.filter(|past| past.summary.outcome == wanted).count() as u64
    };
    let (failed, held) = (last(Outcome::Failed), last(Outcome::Held));
    let all = counted(segments.len() as u64, "segment", "segments");
    let problems = match last(Outcome::DeliveredWithProblems) {
        0 => String::new(),
        some => format!(" {} delivered with problems.", count(some)),
    };
    match (failed, held) {
        (0, 0) => format!("{all}. None failed, none is held.{problems}"),
        (failed, held) => format!("{all}. {} failed, {} held for a decision.{problems}", count(failed), count(held)),
    }
}

impl OverviewLine {
    fn new(history: &SegmentHistory, number: usize) -> Self {
        let last = history.runs.last();
        let (outcome_class, outcome) = last.map_or(("neutral", "No run yet"), |past| {
            let outcome = past.summary.outcome;
            (outcome.tone().as_class(), outcome.title())
        });
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
    fn new(history: &SegmentHistory, number: usize, most_lines: usize) -> Self {
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
        let sum = |counts: &[(i64, u64)]| count(counts.iter().map(|(_, members)| members).sum());
        let shown = runs.len().min(most_lines);
        let chart_in_words = match points[..] {
            [first, .., last] => format!(
                "From {} after the first to {} after the last of {} complete runs.",
                counted(first.1, "member", "members"),
                count(last.1),
                points.len()
            ),
            _ => String::new(),
        };
        Self {
            number,
            name: cut(history.segment.as_str()),
            chart: chart::members(&points),
            chart_in_words,
            changes: chart::changes(&entered, &left),
            changes_in_words: format!(
                "In {}, {} entered and {} left.",
                counted(entered.len() as u64, "run", "runs"),
                sum(&entered),
                sum(&left)
            ),
            runs: runs.iter().rev().take(shown).map(RunLine::new).collect(),
            shown_of: if shown < history.runs.len() {
                format!("The last {shown} of {} runs.", count(history.runs.len() as u64))
            } else {
                String::new()
            },
        }
    }
}

impl RunLine {
    fn new(past: &PastRun) -> Self {
        let summary = &past.summary;
        let Members { entered, left, after, .. } = summary.members;
        let ended = summary.outcome.is_delivered() || summary.outcome == Outcome::Superseded;
        Self {
            run: run(summary.run),
            outcome_class: summary.outcome.tone().as_class(),
            outcome: summary.outcome.title(),
            message: shortened(&shown(past.message.lines().next().unwrap_or_default()), LONGEST_MESSAGE),
            members: count(after),
            entered: count(entered),
            left: count(left),
            rejected: count(summary.rows.rejected),
            finished_at: if ended { time(summary.finished_at) } else { String::new() },
            took: duration(summary.seconds),
        }
    }
}

/// The time that names a run, as if it were in UTC, for its place in the chart.
fn seconds_of(run: RunId) -> i64 {
    TimeZone::UTC.to_timestamp(run.time()).map_or(0, Timestamp::as_second)
}

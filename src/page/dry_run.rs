//! The page of a dry run: what a delivery would do, so that a person can decide.

use askama::Template;
use serde_json::Value;

use super::PageError;
use super::frame::Frame;
use super::sections::{FilesSection, Line, MembersSection, Reason, RowsSection, cut, dropped_fields, notes, reasons};
use super::settings::{Setting, settings_of};
use super::text::{change, count, counted, duration, paragraphs, percent, relative_change, run, shortened, time};
use crate::config::Config;
use crate::report::{Compared, Preview, Report};

/// The most segments that are shown one by one, those with the largest changes first.
const MOST_SEGMENTS: usize = 50;
/// The most of the three objects that is shown.
const LONGEST_OBJECT: usize = 4_000;

#[derive(Template)]
#[template(path = "dry_run.html")]
struct DryRun {
    frame: Frame,
    title: String,
    totals: Vec<(&'static str, String)>,
    summary: String,
    checks: Vec<(String, String)>,
    changes: Vec<SegmentLine>,
    segments: Vec<Segment>,
    further: Option<String>,
    made_at: String,
}

/// A segment in the table of all.
struct SegmentLine {
    number: usize,
    segment: String,
    before: String,
    entered: String,
    left: String,
    after: String,
    change: String,
    held: bool,
}

/// A segment by itself.
struct Segment {
    number: usize,
    name: String,
    attribute: String,
    export: String,
    run: String,
    message: Vec<String>,
    held: Option<String>,
    members: MembersSection,
    rows: RowsSection,
    costs: Vec<(&'static str, String)>,
    comparison: Vec<ComparedLine>,
    last_run: String,
    reasons: Vec<Reason>,
    dropped: Vec<Line>,
    objects: Vec<String>,
    files: FilesSection,
    notes: Vec<String>,
    settings: Vec<Setting>,
}

/// A figure against that of the last run.
struct ComparedLine {
    name: &'static str,
    last: String,
    now: String,
    change: String,
    relative: String,
}

/// The page of a dry run of one or more segments, as HTML in UTF-8.
///
/// `reports` are those of the dry run's answer. `config` gives the settings in force; without it they are left out. At
/// most 50 segments are shown one by one, those with the largest share of members who would enter or leave first.
pub fn dry_run(reports: &[Report], config: Option<&Config>) -> Result<String, PageError> {
    let mut reports: Vec<&Report> = reports.iter().collect();
    reports.sort_by_key(|report| std::cmp::Reverse(share_of_change(report)));
    let changes =
        reports.iter().zip(1..).take(10 * MOST_SEGMENTS).map(|(report, number)| SegmentLine::new(report, number));
    let segments = reports.iter().zip(1..).take(MOST_SEGMENTS);
    let title = match reports[..] {
        [only] => cut(only.segment.as_str()),
        _ => counted(reports.len() as u64, "segment", "segments"),
    };
    let page = DryRun {
        frame: Frame::new(),
        title,
        totals: totals(&reports),
        summary: summary(&reports),
        checks: checks(&reports),
        changes: changes.collect(),
        segments: segments.map(|(report, number)| Segment::new(report, number, config)).collect(),
        further: reports.len().checked_sub(MOST_SEGMENTS).filter(|more| *more > 0).map(|more| count(more as u64)),
        made_at: reports.iter().map(|report| report.finished_at).max().map(time).unwrap_or_default(),
    };
    Ok(page.render()?)
}

/// Members who would enter or leave, of a thousand.
fn share_of_change(report: &Report) -> u64 {
    let members = &report.members;
    let changed = u128::from(members.entered) + u128::from(members.left);
    u64::try_from(changed * 1_000 / u128::from(members.before.max(1))).unwrap_or(u64::MAX)
}

fn previews<'r>(reports: &'r [&Report]) -> impl Iterator<Item = &'r Preview> {
    reports.iter().filter_map(|report| report.preview.as_ref())
}

fn totals(reports: &[&Report]) -> Vec<(&'static str, String)> {
    let sum = |figure: fn(&Report) -> u64| count(reports.iter().map(|report| figure(report)).sum());
    let seconds: f64 = previews(reports).map(|preview| preview.seconds_at_the_limit).sum();
    vec![
        ("would enter", sum(|report| report.members.entered)),
        ("would leave", sum(|report| report.members.left)),
        ("rows rejected", sum(|report| report.rows.rejected)),
        ("requests", count(previews(reports).map(|preview| preview.requests).sum())),
        ("at the rate limit", duration(seconds)),
        ("data points", sum(|report| report.data_points)),
    ]
}

/// What to check first: the segment and the warning.
fn checks(reports: &[&Report]) -> Vec<(String, String)> {
    let of = |report: &Report| {
        let segment = cut(report.segment.as_str());
        let checks = report.preview.iter().flat_map(|preview| &preview.check_first);
        checks.map(|check| (segment.clone(), cut(&check.message))).collect::<Vec<_>>()
    };
    reports.iter().flat_map(|report| of(report)).take(MOST_SEGMENTS).collect()
}

fn summary(reports: &[&Report]) -> String {
    let held = previews(reports).filter(|preview| preview.would_be_held.is_some()).count() as u64;
    let holding = match held {
        0 => String::new(),
        1 => " One segment would be held, because an unusual number of members would leave.".to_owned(),
        held => format!(" {} segments would be held, because an unusual number of members would leave.", count(held)),
    };
    format!("Nothing was sent, and nothing was written.{holding}")
}

impl SegmentLine {
    fn new(report: &Report, number: usize) -> Self {
        let members = &report.members;
        Self {
            number,
            segment: cut(report.segment.as_str()),
            before: count(members.before),
            entered: count(members.entered),
            left: count(members.left),
            after: count(members.after),
            change: relative_change(members.before, members.after),
            held: report.preview.as_ref().is_some_and(|preview| preview.would_be_held.is_some()),
        }
    }
}

impl Segment {
    fn new(report: &Report, number: usize, config: Option<&Config>) -> Self {
        let nothing = Preview::default();
        let preview = report.preview.as_ref().unwrap_or(&nothing);
        let export = config.and_then(|config| config.exports.get(&report.export));
        Self {
            number,
            name: cut(report.segment.as_str()),
            attribute: cut(report.attribute.as_str()),
            export: cut(report.export.as_str()),
            run: report.run.map(run).unwrap_or_default(),
            message: paragraphs(&report.message),
            held: preview.would_be_held.as_deref().map(cut),
            members: MembersSection::new(&report.members, "Not in the files so far"),
            rows: RowsSection::new(report, "Would be sent"),
            costs: vec![
                ("Requests", count(preview.requests)),
                ("Minimum time at the connection’s rate", duration(preview.seconds_at_the_limit)),
                ("Members set to false", count(preview.unset)),
                ("Data points", count(report.data_points)),
            ],
            comparison: comparison(report),
            last_run: report.last_run().map(|last| run(last.run)).unwrap_or_default(),
            reasons: reasons(report, &[]),
            dropped: dropped_fields(report),
            objects: preview.objects.iter().map(object).collect(),
            files: FilesSection::new(report),
            notes: notes(report),
            settings: export.map(|export| settings_of(export)).unwrap_or_default(),
        }
    }
}

/// The figures of this run and of the last one, those that differ most first; last, the share of rejected rows.
fn comparison(report: &Report) -> Vec<ComparedLine> {
    let Some(last) = report.last_run() else {
        return Vec::new();
    };
    let mut lines: Vec<ComparedLine> = report
        .against_last_run()
        .into_iter()
        .map(|Compared { name, last, now }| ComparedLine {
            name,
            last: count(last),
            now: count(now),
            change: change(last, now),
            relative: relative_change(last, now),
        })
        .collect();
    lines.push(ComparedLine {
        name: "Share of rows rejected",
        last: percent(last.rows.rejected, last.rows.read),
        now: percent(report.rows.rejected, report.rows.read),
        change: String::new(),
        relative: String::new(),
    });
    lines
}

/// A masked object as indented JSON.
fn object(object: &Value) -> String {
    let text = serde_json::to_string_pretty(object).unwrap_or_default();
    let lines: Vec<String> = text.lines().map(super::text::shown).collect();
    shortened(&lines.join("\n"), LONGEST_OBJECT)
}

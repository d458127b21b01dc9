//! The page of a dry run: what a delivery would do, so that a person can decide.

use askama::Template;
use serde_json::Value;

use super::PageError;
use super::frame::{Frame, Reader};
use super::sections::{FilesSection, Line, MembersSection, Reason, RowsSection, cut, dropped_fields, notes, reasons};
use super::settings::{Setting, settings_of};
use super::text::{change, count, duration, percent, relative_change, run, shortened};
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
    totals: Vec<(String, String)>,
    summary: String,
    checks: Vec<(String, String)>,
    changes: Vec<SegmentLine>,
    segments: Vec<Segment>,
    further: Option<String>,
    made: String,
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
    costs: Vec<(String, String)>,
    comparison: Vec<ComparedLine>,
    compared_caption: String,
    reasons: Vec<Reason>,
    dropped: Vec<Line>,
    objects: Vec<String>,
    files: FilesSection,
    notes: Vec<String>,
    settings: Vec<Setting>,
}

/// A figure against that of the last run.
struct ComparedLine {
    name: String,
    last: String,
    now: String,
    change: String,
    relative: String,
}

/// The page of a dry run of one or more segments, as HTML in UTF-8, for `reader`.
///
/// `reports` are those of the dry run's answer. `config` gives the settings in force; without it they are left out. At
/// most 50 segments are shown one by one, those with the largest share of members who would enter or leave first.
pub fn dry_run(reports: &[Report], config: Option<&Config>, reader: &Reader) -> Result<String, PageError> {
    let frame = Frame::new(reader);
    let mut reports: Vec<&Report> = reports.iter().collect();
    reports.sort_by_key(|report| std::cmp::Reverse(share_of_change(report)));
    let changes =
        reports.iter().zip(1..).take(10 * MOST_SEGMENTS).map(|(report, number)| SegmentLine::new(report, number));
    let segments = reports.iter().zip(1..).take(MOST_SEGMENTS);
    let title = match reports[..] {
        [only] => cut(only.segment.as_str()),
        _ => frame.n("segments", reports.len() as u64),
    };
    let page = DryRun {
        title,
        totals: totals(&frame, &reports),
        summary: summary(&frame, &reports),
        checks: checks(&frame, &reports),
        changes: changes.collect(),
        segments: segments.map(|(report, number)| Segment::new(&frame, report, number, config)).collect(),
        further: reports
            .len()
            .checked_sub(MOST_SEGMENTS)
            .filter(|more| *more > 0)
            .map(|more| frame.n("further-segments", more as u64)),
        made: reports
            .iter()
            .map(|report| report.finished_at)
            .max()
            .map(|made| frame.with("dry-run-made", &[("time", &frame.time(made))]))
            .unwrap_or_default(),
        frame,
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

fn totals(frame: &Frame, reports: &[&Report]) -> Vec<(String, String)> {
    let sum = |figure: fn(&Report) -> u64| count(reports.iter().map(|report| figure(report)).sum());
    let seconds: f64 = previews(reports).map(|preview| preview.seconds_at_the_limit).sum();
    let totals = [
        ("would-enter", sum(|report| report.members.entered)),
        ("would-leave", sum(|report| report.members.left)),
        ("rows-rejected", sum(|report| report.rows.rejected)),
        ("total-requests", count(previews(reports).map(|preview| preview.requests).sum())),
        ("at-the-limit", duration(seconds)),
        ("total-data-points", sum(|report| report.data_points)),
    ];
    totals.into_iter().map(|(name, figure)| (frame.t(name), figure)).collect()
}

/// What to check first: the segment and the warning.
fn checks(frame: &Frame, reports: &[&Report]) -> Vec<(String, String)> {
    let of = |report: &Report| {
        let segment = cut(report.segment.as_str());
        let checks = report.preview.iter().flat_map(|preview| &preview.check_first);
        checks
            .map(|check| (segment.clone(), cut(&frame.message(&check.message, &check.code).join(" "))))
            .collect::<Vec<_>>()
    };
    reports.iter().flat_map(|report| of(report)).take(MOST_SEGMENTS).collect()
}

fn summary(frame: &Frame, reports: &[&Report]) -> String {
    match previews(reports).filter(|preview| preview.would_be_held.is_some()).count() as u64 {
        0 => frame.t("dry-run-nothing"),
        held => frame.n("dry-run-held", held),
    }
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
    fn new(frame: &Frame, report: &Report, number: usize, config: Option<&Config>) -> Self {
        let nothing = Preview::default();
        let preview = report.preview.as_ref().unwrap_or(&nothing);
        let export = config.and_then(|config| config.exports.get(&report.export));
        Self {
            number,
            name: cut(report.segment.as_str()),
            attribute: cut(report.attribute.as_str()),
            export: cut(report.export.as_str()),
            run: report.run.map(run).unwrap_or_default(),
            message: frame.message(&report.message, &report.code),
            held: preview.would_be_held.as_deref().map(|held| cut(&frame.words(held))),
            members: MembersSection::new(frame, &report.members, "pending"),
            rows: RowsSection::new(frame, report, "would-be-sent"),
            costs: vec![
                (frame.t("requests"), count(preview.requests)),
                (frame.t("minimum-time"), duration(preview.seconds_at_the_limit)),
                (frame.t("set-to-false"), count(preview.unset)),
                (frame.t("data-points"), count(report.data_points)),
            ],
            comparison: comparison(frame, report),
            compared_caption: report
                .last_run()
                .map(|last| frame.with("compared-caption", &[("run", &run(last.run))]))
                .unwrap_or_default(),
            reasons: reasons(frame, report, &[]),
            dropped: dropped_fields(frame, report),
            objects: preview.objects.iter().map(object).collect(),
            files: FilesSection::new(frame, report),
            notes: notes(frame, report),
            settings: export.map(|export| settings_of(frame, export)).unwrap_or_default(),
        }
    }
}

/// The figures of this run and of the last one, those that differ most first; last, the share of rejected rows.
fn comparison(frame: &Frame, report: &Report) -> Vec<ComparedLine> {
    let Some(last) = report.last_run() else {
        return Vec::new();
    };
    let mut lines: Vec<ComparedLine> = report
        .against_last_run()
        .into_iter()
        .map(|Compared { name, last, now }| ComparedLine {
            name: frame.t(&format!("compared-{name}")),
            last: count(last),
            now: count(now),
            change: change(last, now),
            relative: relative_change(last, now),
        })
        .collect();
    lines.push(ComparedLine {
        name: frame.t("compared-share"),
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

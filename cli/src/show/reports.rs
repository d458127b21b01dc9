//! Reports as tables.

use std::collections::BTreeMap;

use insights_to_braze::page::text::{change, duration};
use insights_to_braze::pattern::RunId;
use insights_to_braze::report::{Compared, Outcome, Report, Tone};

use super::{Table, bad, caution, count, good, heading, line, message, reason as reason_in_words, said};
use crate::texts::{self, Number, Word};

/// The code of a run of which nothing was left to be sent. Its report is that of the delivery before.
const ALREADY: &str = "ITB-R02";

/// Shows reports run by run: what became of the rows, who entered and left, and what is to be known besides.
pub(crate) fn reports(reports: &[Report]) {
    let mut runs: BTreeMap<Option<RunId>, Vec<&Report>> = BTreeMap::new();
    let (again, reports): (Vec<_>, Vec<_>) = reports.iter().partition(|report| report.code == ALREADY);
    for report in reports {
        runs.entry(report.run).or_default().push(report);
    }
    for (run, reports) in runs {
        heading(run.map_or_else(|| texts::t("no-run"), |run| texts::w("run", "run", &run.to_string())));
        line(rows(&reports));
        line(format!("\n{}", members(&reports)));
        reasons("values-not-sent", &reports, |report| &report.dropped_fields);
        reasons("rows-rejected", &reports, |report| &report.rejected_reasons);
        for report in reports {
            line(format!("\n{}: {}", report.segment, said(&report.message, &report.code)));
            line(costs(report));
            if report.unconfirmed > 0 {
                line(texts::n("unconfirmed", report.unconfirmed));
            }
            if report.files.len() > 1 {
                line(files(report));
            }
            for note in &report.notes {
                line(format!("{}: {}", report.segment, message(note)));
            }
            for (what, text) in report.proof.in_words() {
                let words = [("what", message(&what)), ("text", message(&text))];
                let words = words.each_ref().map(|(name, word)| (*name, Word(word)));
                line(format!("{}: {}", report.segment, texts::with("in-braze", &words)));
            }
        }
    }
    for report in again {
        let run = report.run.map(|run| run.to_string()).unwrap_or_default();
        let words = [("run", Word(&run)), ("n", Number(report.members.after))];
        line(format!(
            "{}: {} {}",
            report.segment,
            said(&report.message, &report.code),
            texts::with("stands-at", &words)
        ));
    }
}

fn rows(reports: &[&Report]) -> Table {
    let columns = ["segment", "outcome", ">rows read", ">accepted", ">unchanged", ">duplicate", ">rejected"];
    let mut table = Table::new(&columns);
    for report in reports {
        let rows = &report.rows;
        let mut cells = vec![report.segment.to_string(), outcome(report.outcome)];
        cells.extend([rows.read, rows.accepted, rows.unchanged, rows.duplicate, rows.rejected].map(count));
        table.row(cells);
    }
    table
}

fn members(reports: &[&Report]) -> Table {
    let columns = ["segment", ">before", ">entered", ">stayed", ">left", ">after", ">requests", ">seconds"];
    let mut table = Table::new(&columns);
    for report in reports {
        let members = &report.members;
        let mut cells = vec![report.segment.to_string()];
        cells.extend([members.before, members.entered, members.stayed, members.left, members.after].map(count));
        cells.extend([count(report.requests.sent), format!("{:.1}", report.seconds)]);
        table.row(cells);
    }
    table
}

/// One line for each reason, with its count in each segment that has it.
fn reasons(what: &str, reports: &[&Report], of: impl Fn(&Report) -> &BTreeMap<String, u64>) {
    let mut by_reason: BTreeMap<&str, Vec<(&Report, u64)>> = BTreeMap::new();
    for report in reports {
        for (reason, count) in of(report) {
            by_reason.entry(reason).or_default().push((report, *count));
        }
    }
    if by_reason.is_empty() {
        return;
    }
    line(format!("\n{}:", texts::t(what)));
    let mut table = Table::new(&[">rows", "in", "reason"]);
    for (reason, counts) in by_reason {
        let segments = counts.iter().map(|(report, number)| format!("{} {}", report.segment, count(*number)));
        let all = counts.iter().map(|(_, number)| number).sum();
        table.row(vec![count(all), segments.collect::<Vec<_>>().join(", "), reason_in_words(reason)]);
    }
    line(table);
}

fn files(report: &Report) -> Table {
    let mut table = Table::new(&[">rows", "file"]);
    for file in &report.files {
        table.row(vec![count(file.rows), file.key.clone()]);
    }
    table
}

/// What the requests and data points of a delivery were, beyond the table.
fn costs(report: &Report) -> String {
    let (retried, limited) = (report.requests.retried, report.requests.rate_limited);
    let points = texts::n("data-points", report.data_points);
    if retried == 0 && limited == 0 {
        return points;
    }
    format!("{points}, {}", texts::with("more-requests", &[("retried", Number(retried)), ("limited", Number(limited))]))
}

/// One line for each run, as the reports come.
pub(crate) fn history(reports: &[Report]) {
    let columns =
        ["run", "segment", "outcome", ">members", ">entered", ">left", ">rows", ">rejected", ">requests", ">seconds"];
    let mut table = Table::new(&columns);
    for report in reports {
        let (members, rows) = (&report.members, &report.rows);
        let mut cells = vec![report.run.map(|run| run.to_string()).unwrap_or_default()];
        cells.extend([report.segment.to_string(), outcome(report.outcome)]);
        let figures = [members.after, members.entered, members.left, rows.read, rows.rejected, report.requests.sent];
        cells.extend(figures.map(count));
        cells.push(format!("{:.1}", report.seconds));
        table.row(cells);
    }
    line(table);
}

/// What a dry run found beyond the counts.
pub(crate) fn preview(report: &Report) {
    let Some(preview) = &report.preview else { return };
    heading(texts::w("sample", "segment", report.segment.as_str()));
    for object in &preview.objects {
        line(object);
    }
    let time = match preview.seconds_at_the_limit {
        short if short < 0.05 => texts::t("time-short"),
        seconds => texts::w("time-at-least", "time", &duration(seconds)),
    };
    line(texts::with(
        "cost",
        &[("requests", Number(preview.requests)), ("time", Word(&time)), ("points", Number(report.data_points))],
    ));
    line(texts::n("left-set", preview.unset));
    if let Some(reason) = &preview.would_be_held {
        line(format!("{} {}. {}", caution(texts::t("would-be-held")), message(reason), texts::t("until-you-allow")));
    }
    let compared = report.against_last_run();
    if let Some(last) = report.last_run().filter(|_| !compared.is_empty()) {
        line(format!("\n{}", texts::w("compared", "run", &last.run.to_string())));
        let mut table = Table::new(&["", ">last run", ">this run", ">change"]);
        for Compared { name, last, now } in compared {
            table.row(vec![texts::t(&format!("compared-{name}")), count(last), count(now), change(last, now)]);
        }
        line(table);
    }
}

fn outcome(outcome: Outcome) -> String {
    let name = texts::outcome(outcome.name());
    match outcome.tone() {
        Tone::Good => good(name),
        Tone::Open | Tone::Neutral | Tone::Warning => caution(name),
        Tone::Bad => bad(name),
    }
}

//! Reports as tables.

use std::collections::BTreeMap;

use insights_to_braze::message::counted;
use insights_to_braze::page::text::{change, duration};
use insights_to_braze::pattern::RunId;
use insights_to_braze::report::{Compared, Outcome, Report};

use super::{Table, bad, caution, count, good, heading, line, message};

/// Shows reports run by run: what became of the rows, who entered and left, and what is to be known besides.
pub(crate) fn reports(reports: &[Report]) {
    let mut runs: BTreeMap<Option<RunId>, Vec<&Report>> = BTreeMap::new();
    for report in reports {
        runs.entry(report.run).or_default().push(report);
    }
    for (run, reports) in runs {
        heading(run.map_or_else(|| "No run".to_owned(), |run| format!("Run {run}")));
        line(rows(&reports));
        line(format!("\n{}", members(&reports)));
        reasons("Values not sent (Braze would reject or ignore them)", &reports, |report| &report.dropped_fields);
        reasons("Rows rejected", &reports, |report| &report.rejected_reasons);
        for report in reports {
            if report.outcome != Outcome::Delivered {
                line(format!("\n{}: {}", report.segment, message(&report.message)));
            }
            for note in &report.notes {
                line(format!("{}: {note}", report.segment));
            }
        }
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
    line(format!("\n{what}:"));
    let mut table = Table::new(&[">rows", "in", "reason"]);
    for (reason, counts) in by_reason {
        let segments = counts.iter().map(|(report, number)| format!("{} {}", report.segment, count(*number)));
        let all = counts.iter().map(|(_, number)| number).sum();
        table.row(vec![count(all), segments.collect::<Vec<_>>().join(", "), reason.to_owned()]);
    }
    line(table);
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
    heading(format!("{}: sample of what would be sent (values masked)", report.segment));
    for object in &preview.objects {
        line(object);
    }
    let time = match preview.seconds_at_the_limit {
        short if short < 0.05 => "less than a tenth of a second".to_owned(),
        seconds => format!("at least {}", duration(seconds)),
    };
    line(format!(
        "{}, {time} at the connection's rate, {}",
        counted(preview.requests, "request", "requests"),
        counted(report.data_points, "data point", "data points")
    ));
    if let Some(reason) = &preview.would_be_held {
        line(format!("{} {reason}. No one would be set to `false` until you allow it.", caution("would be held:")));
    }
    let compared = report.against_last_run();
    if let Some(last) = report.last_run().filter(|_| !compared.is_empty()) {
        line(format!("\nCompared with the last run ({}), largest changes first:", last.run));
        let mut table = Table::new(&["", ">last run", ">this run", ">change"]);
        for Compared { name, last, now } in compared {
            table.row(vec![name.to_lowercase(), count(last), count(now), change(last, now)]);
        }
        line(table);
    }
}

fn outcome(outcome: Outcome) -> String {
    match outcome {
        Outcome::Delivered => good("delivered"),
        Outcome::DeliveredWithProblems => caution("delivered with problems"),
        Outcome::DryRun => good("dry run"),
        Outcome::Waiting => caution("waiting"),
        Outcome::Superseded => caution("superseded"),
        Outcome::Held => caution("held"),
        Outcome::Unfinished => bad("unfinished"),
        Outcome::Failed => bad("failed"),
    }
}

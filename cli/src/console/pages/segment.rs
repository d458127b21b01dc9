//! A segment: how many people are in it, since when, and the filter for Braze.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::home::Line;
use crate::console::clock::Moment;
use crate::console::messages::Said;
use crate::console::place::Task;
use crate::console::state::Shared;
use crate::console::status::{LastAudit, Status, outcome_key, tone};
use crate::console::trouble::Trouble;
use crate::console::view::{Frame, level, page};
use crate::console::visit::Visit;

/// The most runs that are listed.
const MOST_RUNS: usize = 30;

#[derive(Template)]
#[template(path = "segment.html")]
struct Page {
    f: Frame,
    line: Line,
    /// The key of the text that says whether the segment can be used.
    usable: &'static str,
    said: Said,
    runs: Vec<RunLine>,
    /// Members after each run for the chart, as points, if there are at least two runs.
    points: Option<String>,
    least: u64,
    most: u64,
    export_link: String,
    dry_run_path: String,
    hold_link: Option<String>,
    liquid: String,
    /// The last comparison with Braze, and when it was.
    audit: Option<(Moment, LastAudit)>,
}

struct RunLine {
    run: String,
    link: String,
    tone: &'static str,
    outcome: String,
    members: u64,
    entered: u64,
    left: u64,
}

pub(crate) async fn one(
    State(console): State<Shared>,
    visit: Visit,
    Path((export, segment)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let known = console.known().await?;
    if !known.config().exports.contains_key(export.as_str()) {
        return Err(Trouble::NotFound);
    }
    let application = console.place.open(&known.file, &Task::Look).await?;
    let status = Status::of(&application, known.config(), Some(&export)).await?;
    let found = status.segment(&segment).cloned().ok_or(Trouble::NotFound)?;
    let f = Frame::new(&console, &visit, "exports").with_command(console.place.command("status", None));
    let base = format!("{}/{}", level(&export), level(&segment));
    let runs = found.history.iter().rev().take(MOST_RUNS).map(|run| RunLine {
        run: run.run.to_string(),
        link: f.url(format!("/runs/{base}/{}", run.run)),
        tone: tone(run.outcome.name()),
        outcome: f.t(outcome_key(run.outcome.name())),
        members: run.members.after,
        entered: run.members.entered,
        left: run.members.left,
    });
    let runs = runs.collect();
    let failed = status.failed.iter().find(|failed| failed.segment == segment);
    let said = match failed {
        Some(failed) => f.said(&failed.message, &failed.code),
        None => f.said(&found.message, &found.code),
    };
    let held = status.held.iter().rev().find(|held| held.segment == segment);
    let usable = match (held, failed, found.members) {
        (Some(held), ..) if held.is_of_leavers() => "usable-held",
        (Some(_), _, Some(_)) => "usable-held-unsent",
        (_, _, None) => "usable-not-yet",
        (None, Some(_), _) => "usable-old",
        (None, None, Some(_)) => "usable",
    };
    let sizes: Vec<u64> = found.history.iter().rev().take(MOST_RUNS).rev().map(|run| run.members.after).collect();
    page(&Page {
        points: (sizes.len() > 1).then(|| line_through(&sizes)),
        least: sizes.iter().copied().min().unwrap_or_default(),
        most: sizes.iter().copied().max().unwrap_or_default(),
        export_link: f.url(format!("/exports/{}", level(&export))),
        dry_run_path: format!("/exports/{}/dry-run", level(&export)),
        hold_link: held.map(|held| f.url(format!("/holds/{base}/{}", held.run))),
        audit: found.audit.clone().map(|audit| (Moment::of(audit.compared_at), audit)),
        liquid: format!("{{{{custom_attribute.${{{}}}}}}}", found.attribute),
        line: Line::new(&f, known.config(), found),
        usable,
        said,
        runs,
        f,
    })
}

/// The points of a line in a drawing of 300 by 60, from the first to the last size.
fn line_through(members: &[u64]) -> String {
    let (least, most) =
        (members.iter().min().copied().unwrap_or_default(), members.iter().max().copied().unwrap_or_default());
    let (range, steps) = ((most - least).max(1), (members.len() - 1).max(1) as u64);
    let point =
        |(place, size): (u64, &u64)| format!("{},{}", 2 + place * 296 / steps, 57 - (size - least) * 54 / range);
    (0..).zip(members).map(point).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::line_through;

    #[test]
    fn the_line_goes_from_the_least_to_the_most() {
        assert_eq!(line_through(&[100, 200, 150]), "2,57 150,3 298,30");
        assert_eq!(line_through(&[5, 5]), "2,57 298,57");
    }
}

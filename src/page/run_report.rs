//! The page of one run of one segment.

use askama::Template;

use super::PageError;
use super::frame::Frame;
use super::sections::{FilesSection, Line, MembersSection, Reason, RowsSection, cut, dropped_fields, notes, reasons};
use super::settings::{Setting, settings_of};
use super::text::{count, counted, duration, paragraphs, run, time};
use crate::config::Export;
use crate::report::examples::RejectedExample;
use crate::report::{Outcome, Report, Tone, Trigger};

#[derive(Template)]
#[template(path = "run_report.html")]
struct RunReport {
    frame: Frame,
    segment: String,
    outcome_class: &'static str,
    outcome: &'static str,
    summary: String,
    message: Vec<String>,
    message_class: &'static str,
    facts: Vec<(&'static str, String)>,
    members: MembersSection,
    rows: RowsSection,
    requests: Vec<(&'static str, String)>,
    reasons: Vec<Reason>,
    dropped: Vec<Line>,
    files: FilesSection,
    notes: Vec<String>,
    settings: Vec<Setting>,
    made_at: String,
}

/// The page of a run, as HTML in UTF-8.
///
/// `export` gives the settings in force; without it they are left out. `examples` are rejected rows, masked already
/// ([`RejectedExample`]); those whose reason the report does not have are left out. At most 60 files, 60 reasons and 60
/// notes are shown, and their texts are cut, so that a page has at most some 300 kB.
pub fn run_report(report: &Report, export: Option<&Export>, examples: &[RejectedExample]) -> Result<String, PageError> {
    let pending = if report.outcome == Outcome::Held { "Not in the files" } else { "Not in the files so far" };
    let page = RunReport {
        frame: Frame::new(),
        segment: cut(report.segment.as_str()),
        outcome_class: report.outcome.tone().as_class(),
        outcome: report.outcome.title(),
        summary: summary(report),
        message: paragraphs(&report.message),
        message_class: if matches!(report.outcome.tone(), Tone::Bad | Tone::Warning) { "attention" } else { "message" },
        facts: facts(report, export),
        members: MembersSection::new(&report.members, pending),
        rows: RowsSection::new(report, "Accepted by Braze"),
        requests: vec![
            ("Requests", count(report.requests.sent)),
            ("Retries", count(report.requests.retried)),
            ("Rate limited (429)", count(report.requests.rate_limited)),
            ("Data points", count(report.data_points)),
        ],
        reasons: reasons(report, examples),
        dropped: dropped_fields(report),
        files: FilesSection::new(report),
        notes: notes(report),
        settings: export.map(settings_of).unwrap_or_default(),
        made_at: time(report.finished_at),
    };
    Ok(page.render()?)
}

/// The outcome in a sentence or two, for someone who does not know the application.
fn summary(report: &Report) -> String {
    let members = &report.members;
    let after = counted(members.after, "member", "members");
    match report.outcome {
        Outcome::Delivered if report.rows.read == 0 && members.after == 0 => {
            "The segment is retired: everyone who had the attribute was set to false, or the attribute was removed.".to_owned()
        }
        Outcome::Delivered => format!(
            "The segment has {after} in Braze. Since the previous run, {} entered and {} left.",
            count(members.entered),
            count(members.left)
        ),
        Outcome::DeliveredWithProblems => {
            let rows = report.rows.accepted + report.rows.unchanged;
            format!("{} of {} are in Braze. Something is missing: see below.", count(rows), counted(report.rows.read, "row", "rows"))
        }
        Outcome::Waiting => format!(
            "All files received so far are in Braze: {} entered so far. No one is removed until the export is complete.",
            count(members.entered)
        ),
        Outcome::Held => {
            "Everyone in the files is in Braze. An unusual number of people would leave. No one is changed until you decide."
                .to_owned()
        }
        Outcome::Unfinished => format!(
            "{} so far are in Braze. The delivery continues automatically.",
            counted(report.rows.accepted + report.rows.unchanged, "row", "rows")
        ),
        Outcome::Superseded => "A newer run of the segment has started and replaces this one.".to_owned(),
        Outcome::Failed => {
            "The delivery stopped. Nothing is lost: the next attempt sends the rest.".to_owned()
        }
        Outcome::DryRun => "Nothing was sent. This is what a delivery would do.".to_owned(),
    }
}

fn facts(report: &Report, export: Option<&Export>) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Export", cut(report.export.as_str()))];
    facts.extend(report.run.map(|id| ("Run", run(id))));
    facts.push(("Attribute in Braze", cut(report.attribute.as_str())));
    facts.extend(export.map(|export| ("Workspace", cut(&export.connection.display_name))));
    let trigger = match report.trigger {
        Trigger::ObjectCreated => "File upload",
        Trigger::Scheduled => "Schedule",
        Trigger::OnDemand => "On demand",
    };
    facts.extend([
        ("Started by", trigger.to_owned()),
        ("Started", time(report.started_at)),
        ("Updated", time(report.finished_at)),
        ("Duration", duration(report.seconds)),
    ]);
    facts
}

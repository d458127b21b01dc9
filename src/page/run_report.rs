//! The page of one run of one segment.

use askama::Template;
use serde_json::{Value, json};

use super::PageError;
use super::frame::{Frame, Reader};
use super::sections::{FilesSection, Line, MembersSection, Reason, RowsSection, cut, dropped_fields, notes, reasons};
use super::settings::{Setting, settings_of};
use super::text::{change, count, duration, quoted, run, shown};
use crate::config::Export;
use crate::report::examples::RejectedExample;
use crate::report::{Allowance, Outcome, Proof, Report, Tone, Trigger};

#[derive(Template)]
#[template(path = "run_report.html")]
struct RunReport {
    frame: Frame,
    segment: String,
    outcome_class: &'static str,
    outcome: String,
    figure: Option<Figure>,
    summary: String,
    message: Vec<String>,
    message_class: &'static str,
    decision: Option<Decision>,
    attribute: String,
    liquid: Option<String>,
    facts: Vec<(String, String)>,
    members: Option<MembersSection>,
    rows: Option<RowsSection>,
    requests: Vec<(String, String)>,
    reasons: Vec<Reason>,
    dropped: Vec<Line>,
    in_braze: Vec<(String, String)>,
    files: FilesSection,
    notes: Vec<String>,
    settings: Vec<Setting>,
    made: String,
}

/// How many people have the attribute, and since when.
struct Figure {
    members: String,
    words: String,
    since: String,
    change: String,
}

/// What a person can do about a held run: the two choices, the command and the payload that release it.
struct Decision {
    wrong: [String; 2],
    right: [String; 2],
    command: String,
    payload: String,
}

/// The page of a run, as HTML in UTF-8, in the language and the time zone of the export.
///
/// `export` gives the settings in force; without it they are left out. `examples` are rejected rows, masked already
/// ([`RejectedExample`]); those whose reason the report does not have are left out. At most 60 files, 60 reasons and 60
/// notes are shown, and their texts are cut, so that a page has at most some 300 kB.
pub fn run_report(report: &Report, export: Option<&Export>, examples: &[RejectedExample]) -> Result<String, PageError> {
    let frame = Frame::new(&Reader::of(export));
    let pending = if report.outcome == Outcome::Held { "pending-held" } else { "pending" };
    let is_known = report.members.before > 0 || report.members.after > 0;
    let is_used =
        is_known && (report.outcome.is_delivered() || matches!(report.outcome, Outcome::Waiting | Outcome::Held));
    let page = RunReport {
        segment: cut(report.segment.as_str()),
        outcome_class: report.outcome.tone().as_class(),
        outcome: frame.outcome(report.outcome),
        figure: Some(Figure::new(&frame, report)).filter(|_| report.outcome.is_delivered() && report.members.after > 0),
        summary: summary(&frame, report),
        message: frame.message(&report.message, &report.code),
        message_class: if matches!(report.outcome.tone(), Tone::Bad | Tone::Warning) { "attention" } else { "message" },
        decision: Decision::new(&frame, report),
        attribute: cut(report.attribute.as_str()),
        liquid: is_used.then(|| format!("{{{{custom_attribute.${{{}}}}}}}", shown(report.attribute.as_str()))),
        facts: facts(&frame, report, export),
        members: is_known.then(|| MembersSection::new(&frame, &report.members, pending)),
        rows: (report.rows.read > 0).then(|| RowsSection::new(&frame, report, "accepted")),
        requests: requests(&frame, report),
        reasons: reasons(&frame, report, examples),
        dropped: dropped_fields(&frame, report),
        in_braze: in_braze(&frame, &report.proof),
        files: FilesSection::new(&frame, report),
        notes: notes(&frame, report),
        settings: export.map(|export| settings_of(&frame, export)).unwrap_or_default(),
        made: frame.with("run-report-made", &[("time", &frame.time(report.finished_at))]),
        frame,
    };
    Ok(page.render()?)
}

impl Figure {
    fn new(frame: &Frame, report: &Report) -> Self {
        let members = &report.members;
        Self {
            members: count(members.after),
            words: frame.n("figure-members", members.after),
            since: frame.with("figure-since", &[("time", &frame.time(report.finished_at))]),
            change: frame.with("figure-change", &[("change", &change(members.before, members.after))]),
        }
    }
}

impl Decision {
    fn new(frame: &Frame, report: &Report) -> Option<Self> {
        let (run, released_by) = (report.run?, report.released_by?);
        let (export, segment) = (report.export.as_str(), report.segment.as_str());
        let mut payload = json!({"action": "run", "export": export, "segment": segment});
        if let Allowance::Leavers(_) = released_by {
            payload["run"] = json!(run);
        }
        if let (Some(payload), Value::Object(allowed)) = (payload.as_object_mut(), json!(released_by)) {
            payload.extend(allowed);
        }
        let number = released_by.number();
        let [wrong, right] = if released_by.is_of_unsent() {
            [["decide-wrong", "decide-wrong-text"], ["decide-right", "decide-right-text"]]
        } else {
            [["decide-missing", "decide-missing-text"], ["decide-shrank", "decide-shrank-text"]]
        };
        Some(Self {
            wrong: wrong.map(|key| frame.t(key)),
            right: right.map(|key| frame.n(key, number)),
            command: shown(&format!("itb hold release {} {}", quoted(export), quoted(segment))),
            payload: shown(&payload.to_string()),
        })
    }
}

/// The outcome in a sentence or two, for someone who does not know the application.
fn summary(frame: &Frame, report: &Report) -> String {
    let (members, rows) = (&report.members, &report.rows);
    let entered = members.entered;
    let delivered = rows.accepted + rows.unchanged;
    match report.outcome {
        Outcome::Delivered if rows.read == 0 && members.after == 0 => frame.t("summary-retired"),
        Outcome::Delivered => {
            frame.numbers("summary-delivered", &[("n", members.after), ("entered", entered), ("left", members.left)])
        }
        Outcome::DeliveredWithProblems => frame.numbers("summary-problems", &[("n", delivered), ("of", rows.read)]),
        Outcome::Waiting => frame.numbers("summary-waiting", &[("entered", entered)]),
        Outcome::Held if report.released_by.is_some_and(Allowance::is_of_unsent) => frame.t("summary-held-unsent"),
        Outcome::Held => frame.t("summary-held"),
        Outcome::Unfinished => frame.n("summary-unfinished", delivered),
        Outcome::Superseded => frame.t("summary-superseded"),
        Outcome::Failed => frame.t("summary-failed"),
        Outcome::DryRun => frame.t("summary-dry-run"),
    }
}

fn requests(frame: &Frame, report: &Report) -> Vec<(String, String)> {
    let mut figures = vec![
        ("requests", report.requests.sent),
        ("retries", report.requests.retried),
        ("rate-limited", report.requests.rate_limited),
        ("data-points", report.data_points),
    ];
    figures.extend(report.requests_left_in_hour.map(|left| ("left-in-hour", left)));
    figures.extend((report.unconfirmed > 0).then_some(("unconfirmed", report.unconfirmed)));
    figures.into_iter().map(|(name, figure)| (frame.t(name), count(figure))).collect()
}

/// What was read in Braze, and what was not.
fn in_braze(frame: &Frame, proof: &Proof) -> Vec<(String, String)> {
    let lines = proof.in_words().into_iter();
    let lines = lines.map(|(what, text)| (frame.words(&what), text));
    let unchecked = proof.unchecked.iter().map(|note| (frame.t("not-checked"), note.clone()));
    lines.chain(unchecked).map(|(what, text)| (cut(&what), cut(&frame.words(&text)))).collect()
}

fn facts(frame: &Frame, report: &Report, export: Option<&Export>) -> Vec<(String, String)> {
    let mut facts = vec![("export", cut(report.export.as_str()))];
    facts.extend(report.run.map(|id| ("run", run(id))));
    facts.push(("attribute", cut(report.attribute.as_str())));
    facts.extend(export.map(|export| ("workspace", cut(&export.connection.display_name))));
    let trigger = match report.trigger {
        Trigger::ObjectCreated => "trigger-object-created",
        Trigger::Scheduled => "trigger-scheduled",
        Trigger::OnDemand => "trigger-on-demand",
    };
    facts.extend([
        ("started-by", frame.t(trigger)),
        ("started", frame.time(report.started_at)),
        ("updated", frame.time(report.finished_at)),
        ("duration", duration(report.seconds)),
    ]);
    facts.into_iter().map(|(name, fact)| (frame.t(name), fact)).collect()
}

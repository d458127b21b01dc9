//! A held run, and the decision about it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use insights_to_braze::config::OnLeave;
use insights_to_braze::pattern::RunId;
use insights_to_braze::state::ReportKeys;
use jiff::Timestamp;
use serde_json::json;

use super::field::Wrong;
use super::runs::report_of;
use crate::application::Application;
use crate::arguments::quoted;
use crate::console::clock::{Moment, tomorrow};
use crate::console::decision::Decision;
use crate::console::form::Form;
use crate::console::jobs::{Kind, Plan, Step};
use crate::console::messages::Said;
use crate::console::place::Task;
use crate::console::state::{Known, Shared};
use crate::console::status::Status;
use crate::console::trouble::Trouble;
use crate::console::view::{Frame, level, page, to, to_correct};
use crate::console::visit::Visit;
use crate::held::HeldRun;

#[derive(Template)]
#[template(path = "hold.html")]
struct Page {
    f: Frame,
    held: HeldRun,
    link: String,
    percent: u64,
    after: u64,
    reason: Said,
    /// The files of this run, and how many rows of them were read.
    files: Vec<(String, u64)>,
    /// The same of the last complete run.
    files_before: Vec<(String, u64)>,
    sizes: Vec<(String, u64)>,
    tomorrow: Moment,
    /// Until when it was postponed, and by whom.
    postponed: Option<(Moment, String)>,
    leave: &'static str,
    connection_link: String,
    has_key: bool,
    form: Form,
    wrong: Wrong,
}

type Names = Path<(String, String, String)>;

async fn view(console: &Shared, visit: &Visit, known: &Known, names: &Names, form: Form) -> Result<Page, Trouble> {
    let Path((export, segment, run)) = names;
    let configured = known.config().exports.get(export.as_str()).ok_or(Trouble::NotFound)?;
    let application = console.place.open(&known.file, &Task::Look).await?;
    let status = Status::of(&application, known.config(), Some(export)).await?;
    let is_this = |held: &&HeldRun| held.segment == *segment && held.run.to_string() == *run;
    let held = status.held.iter().find(is_this).cloned().ok_or(Trouble::NotFound)?;
    let of_segment = status.segment(segment).cloned().unwrap_or_default();
    let files = files_of(&application, (export, segment, run)).await?;
    let files_before = files_of(&application, (export, segment, &of_segment.last_run)).await?;
    let decision = Decision::of_held(&application, &held).await?;
    let postponed = decision.and_then(|decision| Some((Moment::of(decision.postponed_until()?), decision.by)));
    let commands = ["release", "reject"].map(|decision| {
        console.place.command(&format!("hold {decision} {} {}", quoted(export), quoted(segment)), None)
    });
    let f = Frame::new(console, visit, "exports").with_command(commands.join("\n"));
    let connection = configured.connection.name.as_str();
    let path = format!("/holds/{}/{}/{}", level(export), level(segment), run);
    let history = of_segment.history.iter().rev().take(10);
    Ok(Page {
        percent: (held.number() * 100).checked_div(held.before).unwrap_or_default(),
        after: held.before.saturating_sub(held.number()),
        reason: if held.is_of_leavers() {
            f.said(&held.reason, reason_code(&held.reason))
        } else {
            f.said(&held.reason, &held.code).without_request()
        },
        files,
        files_before,
        tomorrow: Moment::of(tomorrow()),
        postponed,
        sizes: history.map(|run| (run.run.to_string(), run.members.after)).collect(),
        leave: match configured.on_leave {
            OnLeave::False => "consequence-false",
            OnLeave::Remove => "consequence-remove",
            OnLeave::Keep => "consequence-keep",
        },
        connection_link: f.url(format!("/connections/{}", level(connection))),
        has_key: console.place.has_key(connection),
        link: path,
        wrong: Wrong::default(),
        held,
        form,
        f,
    })
}

/// The files of a run, and how many rows of each were read. Without a report there are none.
async fn files_of(application: &Application, names: (&str, &str, &str)) -> Result<Vec<(String, u64)>, Trouble> {
    if names.2.is_empty() {
        return Ok(Vec::new());
    }
    let report = report_of(application, names).await?;
    let name = |key: &str| key.rsplit('/').next().unwrap_or(key).to_owned();
    let files = report.map(|report| report.files).unwrap_or_default();
    Ok(files.iter().map(|file| (name(&file.key), file.rows)).collect())
}

/// The code of a reason, which the state keeps as a text.
fn reason_code(reason: &str) -> &'static str {
    match reason {
        text if text.starts_with("it has no members") => "ITB-H02",
        text if text.contains("max_leavers") => "ITB-H03",
        text if text.starts_with("data_matching") => "ITB-H05",
        text if text.contains("could not be read far enough") => "ITB-H06",
        _ => "ITB-H04",
    }
}

pub(crate) async fn one(State(console): State<Shared>, visit: Visit, names: Names) -> Result<Response, Trouble> {
    let known = console.known().await?;
    page(&view(&console, &visit, &known, &names, Form::default()).await?)
}

/// Puts the decision off, releases the run, or drops it.
pub(crate) async fn decide(
    State(console): State<Shared>,
    visit: Visit,
    names: Names,
    form: Form,
) -> Result<Response, Trouble> {
    let known = console.known().await?;
    if form.text("press") == "postpone" {
        return postpone(&console, &visit, &known, &names, form).await;
    }
    let is_release = form.text("press") == "release";
    let mut shown = view(&console, &visit, &known, &names, form).await?;
    let form = &shown.form;
    if is_release && form.text("people").replace(',', "").parse() != Ok(shown.held.number()) {
        shown.wrong.add(&shown.f, "people", "wrong-people");
    }
    let reason = if is_release { "reason" } else { "reason_to_reject" };
    if form.text(reason).is_empty() && !console.place.is_read_only() {
        shown.wrong.add(&shown.f, reason, "wrong-reason");
    }
    if is_release && !shown.has_key {
        shown.wrong.add(&shown.f, "key", "wrong-no-key");
    }
    if !shown.wrong.is_empty() {
        return to_correct(&shown);
    }
    let decision = Decision {
        outcome: if is_release { "released" } else { "rejected" }.to_owned(),
        people: shown.held.number(),
        reason: form.text(reason).to_owned(),
        by: form.text("by").to_owned(),
        at: Timestamp::now(),
        until: None,
    };
    let HeldRun { export, segment, run, .. } = shown.held.clone();
    if !console.place.is_read_only() {
        keep(&console, &known, (&export, &segment, run), &decision).await?;
    }
    if is_release {
        let connection = known.config().exports.get(export.as_str()).map(|export| export.connection.name.to_string());
        let task = Task::Send { export: None, connection: connection.unwrap_or_default() };
        let plan = Plan {
            kind: Kind::Release,
            export: Some(export),
            segment: Some(segment),
            steps: vec![Step::new(task, shown.held.release())],
        };
        let number = console.jobs.start(&console.place, known.file, plan);
        return Ok(to(&console, &format!("/jobs/{number}")));
    }
    let application = console.place.open(&known.file, &Task::Look).await?;
    let request = json!({ "action": "forget", "export": export, "segment": segment, "run": run });
    application.on_demand(&request).await?;
    Ok(to(&console, &format!("/segments/{}/{}", level(&export), level(&segment))))
}

/// Home lists the run under what needs a decision again tomorrow.
async fn postpone(
    console: &Shared,
    visit: &Visit,
    known: &Known,
    names: &Names,
    form: Form,
) -> Result<Response, Trouble> {
    let held = view(console, visit, known, names, form.clone()).await?.held;
    let people = held.number();
    let HeldRun { export, segment, run, .. } = held;
    let decision = Decision {
        outcome: "postponed".to_owned(),
        people,
        reason: String::new(),
        by: form.text("by").to_owned(),
        at: Timestamp::now(),
        until: Some(tomorrow()),
    };
    keep(console, known, (&export, &segment, run), &decision).await?;
    Ok(to(console, "/"))
}

/// The decision is kept before it takes effect, so that none is without a reason.
async fn keep(
    console: &Shared,
    known: &Known,
    (export, segment, run): (&str, &str, RunId),
    decision: &Decision,
) -> Result<(), Trouble> {
    let application = console.place.open(&known.file, &Task::Look).await?;
    let keys = ReportKeys::new(&export.into(), &segment.into());
    Ok(decision.keep(&application, &keys, run).await?)
}

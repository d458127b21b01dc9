//! A dry run of one export or of all, and the delivery of what it has read.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use insights_to_braze::config::{Export, Schedule};
use insights_to_braze::message::count;
use serde_json::{Value, json};

use super::connections::Blocked;
use super::export::find;
use super::field::Wrong;
use super::preview::Preview;
use crate::console::form::Form;
use crate::console::jobs::{End, Ended, Job, Kind, Plan, State as JobState, Step};
use crate::console::place::Task;
use crate::console::state::{Known, Shared};
use crate::console::trouble::Trouble;
use crate::console::view::{Frame, level, page, to, to_correct};
use crate::console::visit::Visit;

/// With more people than this, or at the first run, something is typed to confirm.
const TYPED_FROM: u64 = 10_000;

/// Starts a dry run of an export.
pub(crate) async fn dry_run(
    State(console): State<Shared>,
    Path(name): Path<String>,
    form: Form,
) -> Result<Response, Trouble> {
    let known = console.known().await?;
    find(&known, &name)?;
    let mut request = json!({ "action": "run", "export": name, "dry_run": true });
    for field in ["segment", "send"].into_iter().filter(|field| !form.text(field).is_empty()) {
        request[field] = form.text(field).into();
    }
    let segment = request["segment"].as_str().map(str::to_owned);
    let steps = vec![Step::new(Task::Read { export: name.clone() }, request)];
    let plan = Plan { kind: Kind::DryRun, export: Some(name), segment, steps };
    let number = console.jobs.start(&console.place, known.file, plan);
    Ok(to(&console, &format!("/jobs/{number}")))
}

/// Starts a dry run of every export.
pub(crate) async fn dry_run_of_all(State(console): State<Shared>, _form: Form) -> Result<Response, Trouble> {
    let known = console.known().await?;
    let step = |export: &Arc<Export>| {
        let export = export.name.to_string();
        Step::new(Task::Read { export: export.clone() }, json!({ "action": "run", "export": export, "dry_run": true }))
    };
    // As the action run_all: not those that are run by name alone.
    let active = known.config().exports.values().filter(|export| export.schedule == Schedule::Active);
    let steps: Vec<Step> = active.map(step).collect();
    if steps.is_empty() {
        return Ok(to(&console, "/exports"));
    }
    let plan = Plan { kind: Kind::DryRun, export: None, segment: None, steps };
    let number = console.jobs.start(&console.place, known.file, plan);
    Ok(to(&console, &format!("/jobs/{number}")))
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct Confirm {
    f: Frame,
    /// The export, if it is one alone.
    name: Option<String>,
    /// The page that it was started from.
    back: String,
    link: String,
    connections: String,
    preview: Preview,
    /// Why a connection can't be used, with its page.
    blocked: Vec<Blocked>,
    /// What has to be typed: the name of the export, or how many people are changed.
    typed: Option<Typed>,
    wrong: Wrong,
    is_all: bool,
}

/// What has to be typed, and the words that ask for it.
struct Typed {
    text: String,
    label: String,
    hint: &'static str,
}

/// The dry run with this number, and what was found of each export, if it is over and found anything.
fn dry_run_with(console: &Shared, number: &str) -> Option<(Arc<Job>, Arc<Vec<Ended>>)> {
    let job = console.jobs.find(number).filter(|job| job.kind == Kind::DryRun)?;
    match job.state() {
        JobState::Over(ended) if ended.iter().any(|step| step.answer().is_some()) => Some((job, ended)),
        JobState::Working | JobState::Over(_) => None,
    }
}

fn confirmation(
    console: &Shared,
    visit: &Visit,
    known: &Known,
    (job, ended): (&Job, &[Ended]),
) -> Result<Confirm, Trouble> {
    let answered = || ended.iter().filter(|step| step.answer().is_some());
    let exports = answered().map(|step| find(known, step.export())).collect::<Result<Vec<_>, _>>()?;
    let is_all = answered().any(|step| step.request["send"] == "all");
    let send = if is_all { " --send all" } else { "" };
    let commands = exports
        .iter()
        .map(|export| console.place.command(&format!("run {}{send}", export.name), Some(&export.folder)))
        .collect::<Vec<_>>();
    let f = Frame::new(console, visit, "exports").with_command(commands.join("\n"));
    let answers: Vec<Value> = ended.iter().filter_map(Ended::answer).cloned().collect();
    let preview = Preview::new(&f, &answers, known.config(), |name| console.works(name));
    let mut connections: Vec<&str> = exports.iter().map(|export| export.connection.display_name.as_str()).collect();
    connections.dedup();
    let mut blocked: Vec<Blocked> = exports.iter().flat_map(|export| Blocked::of(console, &f, export)).collect();
    blocked.dedup_by(|one, other| (&one.link, one.why) == (&other.link, other.why));
    let name = job.export.clone();
    Ok(Confirm {
        typed: Typed::of(&f, name.as_deref(), &preview),
        back: name.as_ref().map_or_else(|| "/".to_owned(), |name| format!("/exports/{}", level(name))),
        link: format!("{}/deliver", job.path()),
        connections: connections.join(", "),
        blocked,
        wrong: Wrong::default(),
        is_all,
        name,
        preview,
        f,
    })
}

impl Typed {
    /// What is asked for at a first delivery, or one that changes many people.
    fn of(frame: &Frame, name: Option<&str>, preview: &Preview) -> Option<Self> {
        let people = preview.entered + preview.left;
        let (text, label) = match name {
            Some(name) => (name.to_owned(), frame.w("type-name", name)),
            None => (people.to_string(), frame.n("type-number", people)),
        };
        let hint = if preview.is_first { "type-name-first" } else { "type-name-many" };
        (preview.is_first || people > TYPED_FROM).then_some(Self { text, label, hint })
    }
}

/// Asks before a delivery, with the numbers of the dry run.
pub(crate) async fn confirm(
    State(console): State<Shared>,
    visit: Visit,
    Path(number): Path<String>,
) -> Result<Response, Trouble> {
    let known = console.known().await?;
    match dry_run_with(&console, &number) {
        Some((job, ended)) => page(&confirmation(&console, &visit, &known, (&job, &ended))?),
        None => Ok(to(&console, &format!("/jobs/{number}"))),
    }
}

/// Delivers what the dry run has read.
pub(crate) async fn run(
    State(console): State<Shared>,
    visit: Visit,
    Path(number): Path<String>,
    form: Form,
) -> Result<Response, Trouble> {
    let known = console.known().await?;
    let Some((job, ended)) = dry_run_with(&console, &number) else {
        return Ok(to(&console, &format!("/jobs/{number}")));
    };
    let mut confirm = confirmation(&console, &visit, &known, (&job, &ended))?;
    if confirm.typed.as_ref().is_some_and(|typed| !is_typed(form.text("typed"), &typed.text)) {
        confirm.wrong.add(
            &confirm.f,
            "typed",
            if confirm.name.is_some() { "wrong-typed-name" } else { "wrong-people" },
        );
    }
    for why in confirm.blocked.iter().map(|blocked| blocked.why) {
        confirm.wrong.add(&confirm.f, "blocked", why);
    }
    if !confirm.wrong.is_empty() {
        return to_correct(&confirm);
    }
    let mut steps = Vec::new();
    for step in ended.iter() {
        let End::Answered { files, .. } = &step.end else { continue };
        let mut request = step.request.clone();
        request["dry_run"] = false.into();
        let connection = find(&known, step.export())?.connection.name.to_string();
        let task = Task::Send { export: Some(step.export().to_owned()), connection };
        steps.push(Step { expected: files.clone(), ..Step::new(task, request) });
    }
    let plan = Plan { kind: Kind::Run, export: job.export.clone(), segment: job.segment.clone(), steps };
    let number = console.jobs.start(&console.place, known.file, plan);
    Ok(to(&console, &format!("/jobs/{number}")))
}

/// Whether what was typed is what was asked for. A number may have commas.
fn is_typed(typed: &str, text: &str) -> bool {
    typed == text || text.parse().is_ok_and(|number| typed == count(number))
}

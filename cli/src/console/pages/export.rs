//! An export: its segments and settings, dry runs, and deliveries after a dry run.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use insights_to_braze::config::{Export, OnLeave, Schedule};
use serde_json::{Value, json};

use super::field::Wrong;
use super::home::Line;
use super::preview::Preview;
use crate::console::form::Form;
use crate::console::jobs::{self, Job, Kind, Plan};
use crate::console::place::Task;
use crate::console::state::{Known, Shared};
use crate::console::status::Status;
use crate::console::trouble::Trouble;
use crate::console::view::{Frame, level, page, to, to_correct};
use crate::console::visit::Visit;

/// With more people than this, or at the first run, the export's name is typed.
const TYPED_FROM: u64 = 10_000;

#[derive(Template)]
#[template(path = "export.html")]
struct One {
    f: Frame,
    name: String,
    link: String,
    export: ExportView,
    segments: Vec<Line>,
    saved: bool,
    has_history: bool,
}

impl One {
    fn dry_run_path(&self) -> String {
        format!("{}/dry-run", self.link)
    }
}

impl Confirm {
    fn run_path(&self) -> String {
        format!("{}/run", self.link)
    }
}

/// The settings of an export.
#[expect(clippy::struct_excessive_bools, reason = "switches of exports.toml")]
struct ExportView {
    connection: String,
    connection_link: String,
    has_key: bool,
    agreed: bool,
    folder: String,
    customer_id: Option<String>,
    email: Option<String>,
    fields: Vec<(String, String)>,
    leave: &'static str,
    create_profiles: bool,
    max_leavers: String,
    is_scheduled: bool,
    on_upload: bool,
}

impl ExportView {
    fn new(console: &Shared, frame: &Frame, export: &Export) -> Self {
        let connection = export.connection.name.as_str();
        Self {
            connection: export.connection.display_name.clone(),
            connection_link: frame.url(format!("/connections/{}", level(connection))),
            has_key: console.place.has_key(connection),
            agreed: export.connection.agree_to_data_transfer,
            folder: export.folder.clone(),
            customer_id: export.data_matching.customer_id.clone(),
            email: export.data_matching.email.clone(),
            fields: export.attributes.iter().map(|field| (field.name.clone(), field.column.clone())).collect(),
            leave: match export.on_leave {
                OnLeave::False => "leave-false",
                OnLeave::Remove => "leave-remove",
                OnLeave::Keep => "leave-keep",
            },
            create_profiles: export.create_profiles,
            max_leavers: percent(export.max_leavers),
            is_scheduled: export.schedule == Schedule::Active,
            on_upload: export.on_upload,
        }
    }
}

/// A share in per cent, with a fraction only where there is one.
fn percent(share: f64) -> String {
    let text = format!("{:.1}", share * 100.0);
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

fn find<'k>(known: &'k Known, name: &str) -> Result<&'k Export, Trouble> {
    known.config().exports.get(name).map(AsRef::as_ref).ok_or(Trouble::NotFound)
}

pub(crate) async fn one(
    State(console): State<Shared>,
    visit: Visit,
    Path(name): Path<String>,
) -> Result<Response, Trouble> {
    let known = console.known().await?;
    let export = find(&known, &name)?;
    let application = console.place.open(&known.file, &Task::Look).await?;
    let status = Status::of(&application, known.config(), Some(&name)).await?;
    let command = console.place.command(&format!("run {name}"), Some(&export.folder));
    let f = Frame::new(&console, &visit, "exports").with_command(command);
    let segments: Vec<Line> = status.segments.into_iter().map(|segment| Line::new(&f, segment)).collect();
    page(&One {
        link: format!("/exports/{}", level(&name)),
        export: ExportView::new(&console, &f, export),
        has_history: segments.iter().any(|line| !line.status.history.is_empty()),
        segments,
        saved: visit.query("saved").is_some(),
        name,
        f,
    })
}

/// Starts a dry run.
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
    let steps = vec![(Task::Read { export: name.clone() }, request)];
    let plan = Plan { kind: Kind::DryRun, export: Some(name), segment, steps, expected: None };
    let number = console.jobs.start(&console.place, known.file, plan);
    Ok(to(&console, &format!("/jobs/{number}")))
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct Confirm {
    f: Frame,
    name: String,
    link: String,
    job: String,
    preview: Preview,
    export: ExportView,
    /// Whether the name has to be typed.
    is_typed: bool,
    wrong: Wrong,
    is_all: bool,
}

/// The dry run that a delivery follows, with what it found and the files that it read.
struct DryRun {
    job: std::sync::Arc<Job>,
    answers: Vec<Value>,
    files: Option<String>,
}

/// The dry run with this number, if it is one of this export and has ended.
fn dry_run_of(console: &Shared, number: &str, export: &str) -> Option<DryRun> {
    let job = console.jobs.find(number)?;
    let is_own = job.kind == Kind::DryRun && job.export.as_deref() == Some(export);
    match job.state() {
        jobs::State::Done { answers, files } if is_own => Some(DryRun { job, answers, files }),
        _ => None,
    }
}

fn confirmation(
    console: &Shared,
    visit: &Visit,
    known: &Known,
    name: &str,
    dry_run: &DryRun,
) -> Result<Confirm, Trouble> {
    let export = find(known, name)?;
    let send = dry_run.job.request["send"].as_str().map(|send| format!(" --send {send}")).unwrap_or_default();
    let command = console.place.command(&format!("run {name}{send}"), Some(&export.folder));
    let f = Frame::new(console, visit, "exports").with_command(command);
    let preview = Preview::new(&f, &dry_run.answers, known.config(), |name| console.works(name));
    let people = preview.entered + preview.left;
    Ok(Confirm {
        is_typed: preview.is_first || people > TYPED_FROM,
        link: format!("/exports/{}", level(name)),
        export: ExportView::new(console, &f, export),
        job: dry_run.job.number.clone(),
        wrong: Wrong::default(),
        is_all: !send.is_empty(),
        name: name.to_owned(),
        preview,
        f,
    })
}

/// Asks before a delivery, with the numbers of the dry run.
pub(crate) async fn confirm(
    State(console): State<Shared>,
    visit: Visit,
    Path(name): Path<String>,
) -> Result<Response, Trouble> {
    let known = console.known().await?;
    let number = visit.query("job").unwrap_or_default();
    match dry_run_of(&console, &number, &name) {
        Some(dry_run) => page(&confirmation(&console, &visit, &known, &name, &dry_run)?),
        None => Ok(to(&console, &format!("/exports/{}", level(&name)))),
    }
}

/// Delivers what the dry run has read.
pub(crate) async fn run(
    State(console): State<Shared>,
    visit: Visit,
    Path(name): Path<String>,
    form: Form,
) -> Result<Response, Trouble> {
    let known = console.known().await?;
    let Some(dry_run) = dry_run_of(&console, form.text("job"), &name) else {
        return Ok(to(&console, &format!("/exports/{}", level(&name))));
    };
    let mut confirm = confirmation(&console, &visit, &known, &name, &dry_run)?;
    if confirm.is_typed && form.text("typed_name") != name {
        confirm.wrong.add(&confirm.f, "typed_name", "wrong-typed-name");
    }
    if !confirm.export.has_key {
        confirm.wrong.add(&confirm.f, "key", "wrong-no-key");
    }
    if !confirm.export.agreed {
        confirm.wrong.add(&confirm.f, "key", "wrong-no-consent");
    }
    if !confirm.wrong.is_empty() {
        return to_correct(&confirm);
    }
    let mut request = dry_run.job.request.clone();
    request["dry_run"] = false.into();
    let connection = find(&known, &name)?.connection.name.to_string();
    let steps = vec![(Task::Send { export: Some(name.clone()), connection }, request)];
    let segment = dry_run.job.segment.clone();
    let plan = Plan { kind: Kind::Run, export: Some(name), segment, steps, expected: dry_run.files };
    let number = console.jobs.start(&console.place, known.file, plan);
    Ok(to(&console, &format!("/jobs/{number}")))
}

#[derive(Template)]
#[template(path = "rules.html")]
struct RulesPage {
    f: Frame,
    name: String,
    link: String,
    export: ExportView,
    on_leave: &'static str,
    tag: String,
}

/// The rules of an export, to be changed.
pub(crate) async fn rules(
    State(console): State<Shared>,
    visit: Visit,
    Path(name): Path<String>,
) -> Result<Response, Trouble> {
    let known = console.known().await?;
    let export = find(&known, &name)?;
    let f = Frame::new(&console, &visit, "exports");
    page(&RulesPage {
        link: format!("/exports/{}", level(&name)),
        export: ExportView::new(&console, &f, export),
        on_leave: export.on_leave.as_str(),
        tag: known.text.tag.clone(),
        name,
        f,
    })
}

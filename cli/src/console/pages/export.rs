//! An export: its segments, settings and rules.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use insights_to_braze::config::{Export, OnLeave, Schedule};
use insights_to_braze::report::RunSummary;

use super::connections::Blocked;
use super::home::Line;
use crate::console::place::Task;
use crate::console::state::{Known, Shared};
use crate::console::status::{SegmentStatus, Status};
use crate::console::trouble::Trouble;
use crate::console::view::{Frame, level, page};
use crate::console::visit::Visit;

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
    tag: String,
}

impl One {
    fn dry_run_path(&self) -> String {
        format!("{}/dry-run", self.link)
    }
}

/// The settings of an export.
struct ExportView {
    connection: String,
    connection_link: String,
    blocked: Vec<Blocked>,
    folder: String,
    customer_id: Option<String>,
    email: Option<String>,
    fields: Vec<(String, String)>,
    leave: &'static str,
    create_profiles: bool,
    max_leavers: String,
    is_scheduled: bool,
    on_upload: bool,
    /// Of its pages.
    language: &'static str,
    time_zone: String,
}

impl ExportView {
    /// Whether nothing delivers it but a person.
    fn is_paused(&self) -> bool {
        !self.is_scheduled && !self.on_upload
    }

    fn new(console: &Shared, frame: &Frame, export: &Export) -> Self {
        let connection = export.connection.name.as_str();
        Self {
            connection: export.connection.display_name.clone(),
            connection_link: frame.url(format!("/connections/{}", level(connection))),
            blocked: Blocked::of(console, frame, export),
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
            language: export.language.tag(),
            time_zone: export.time_zone.iana_name().unwrap_or("UTC").to_owned(),
        }
    }
}

/// The sizes of a segment after its last runs, beside the limit of leavers.
struct Sizes {
    segment: String,
    /// The run and its members, the newest run first.
    members: Vec<(String, u64)>,
    /// The most who left with one of these runs, in per cent.
    most_left: u64,
}

impl Sizes {
    fn of(status: &SegmentStatus) -> Self {
        const RUNS: usize = 10;
        let runs = || status.history.iter().rev().take(RUNS);
        let share = |run: &RunSummary| (run.members.left * 100).checked_div(run.members.before).unwrap_or_default();
        Self {
            segment: status.segment.clone(),
            members: runs().map(|run| (run.run.to_string(), run.members.after)).collect(),
            most_left: runs().map(share).max().unwrap_or_default(),
        }
    }
}

/// A share in per cent, with a fraction only where there is one.
fn percent(share: f64) -> String {
    let text = format!("{:.1}", share * 100.0);
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

/// An export of the configuration.
pub(crate) fn find<'k>(known: &'k Known, name: &str) -> Result<&'k Export, Trouble> {
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
    let segments: Vec<Line> =
        status.segments.into_iter().map(|segment| Line::new(&f, known.config(), segment)).collect();
    page(&One {
        link: format!("/exports/{}", level(&name)),
        export: ExportView::new(&console, &f, export),
        has_history: segments.iter().any(|line| !line.status.history.is_empty()),
        segments,
        saved: visit.query("saved").is_some(),
        tag: known.text.tag.clone(),
        name,
        f,
    })
}

#[derive(Template)]
#[template(path = "rules.html")]
struct RulesPage {
    f: Frame,
    name: String,
    link: String,
    export: ExportView,
    on_leave: &'static str,
    sizes: Vec<Sizes>,
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
    let application = console.place.open(&known.file, &Task::Look).await?;
    let status = Status::of(&application, known.config(), Some(&name)).await?;
    let f = Frame::new(&console, &visit, "exports");
    let delivered = status.segments.iter().filter(|segment| !segment.history.is_empty());
    page(&RulesPage {
        sizes: delivered.map(Sizes::of).collect(),
        link: format!("/exports/{}", level(&name)),
        export: ExportView::new(&console, &f, export),
        on_leave: export.on_leave.as_str(),
        tag: known.text.tag.clone(),
        name,
        f,
    })
}

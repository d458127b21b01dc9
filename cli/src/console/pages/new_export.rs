//! A new export in five steps: where the files are, which segments, which columns, which rules, and a dry run. What was
//! entered is carried in the form; nothing is kept until the change of the file is saved.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use insights_to_braze::braze_fields::StandardField;
use insights_to_braze::config::{Config, Export};
use insights_to_braze::texts::Language;
use serde_json::{Value, json};

use super::changes;
use super::field::Wrong;
use super::preview::Preview;
use crate::console::edit::Edit;
use crate::console::export_table::NewExport;
use crate::console::folder::landing_name;
use crate::console::form::Form;
use crate::console::jobs::{End, Ended, Kind, Plan, State as JobState, Step};
use crate::console::look::{Column, Look, field_for, is_unified};
use crate::console::messages::{Said, mistakes};
use crate::console::place::{Landed, Task};
use crate::console::state::{Known, Shared};
use crate::console::trouble::Trouble;
use crate::console::view::{Frame, page, to_correct};
use crate::console::visit::Visit;
use crate::workspace::ConfigFile;

/// How long a page waits for a dry run before it says that it is still running.
const WAIT: Duration = Duration::from_secs(8);
/// The last step.
const LAST: usize = 5;
/// The types that a field can be given.
const TYPES: [&str; 6] = ["string", "integer", "float", "boolean", "date", "datetime"];

#[derive(Template)]
#[template(path = "new_export.html")]
struct Page {
    f: Frame,
    form: Form,
    step: usize,
    hidden: Vec<(String, String)>,
    wrong: Wrong,
    /// The folders, what is in each, and the exports that use it already.
    landed: Vec<(Landed, Option<Look>, String)>,
    connections: Vec<(String, String)>,
    look: Look,
    fields: Vec<FieldChoice>,
    types: [&'static str; 6],
    standard: Vec<&'static str>,
    check: Option<ColumnCheck>,
    preview: Option<Preview>,
    problem: Option<Said>,
    /// The dry run, as long as it is running.
    running: Option<String>,
}

impl Page {
    /// Whether a radio button or an option is chosen.
    fn is(&self, name: &str, value: &str) -> bool {
        self.form.text(name) == value
    }

    fn is_chosen(&self, segment: &str) -> bool {
        self.form.text("segments") != "listed" || self.form.all("segment").any(|chosen| chosen == segment)
    }

    /// The text of a field of Braze.
    #[expect(clippy::unused_self, reason = "templates have nothing else to call")]
    fn label(&self, field: &str) -> String {
        format!("field-{}", field.replace('_', "-"))
    }

    fn attribute(&self, segment: &str) -> String {
        let name = format!("attribute:{segment}");
        if self.form.has(&name) { self.form.text(&name).to_owned() } else { segment.to_owned() }
    }
}

/// An optional field: the column, and what is chosen for it.
struct FieldChoice {
    column: Column,
    looks: Option<(String, u64)>,
    field: String,
    custom: String,
    kind: String,
    removes: bool,
    suggested: &'static str,
    /// Values that would not be sent, their share of the rows in per cent, and why.
    dropped: Option<(u64, u64, Vec<String>)>,
}

/// What the chosen columns mean for the rows that were read.
struct ColumnCheck {
    id: Option<Column>,
    email: Option<Column>,
    is_unified: bool,
    merged: bool,
}

pub(crate) async fn begin(State(console): State<Shared>, visit: Visit) -> Result<Response, Trouble> {
    let known = console.known().await?;
    let mut form = Form::default();
    form.set("tag", known.text.tag.clone());
    // Of a single folder, the export has the name.
    if let [only] = &console.place.landed().await?[..] {
        let letters = only.name.chars().filter(|letter| letter.is_ascii_alphanumeric() || "-_".contains(*letter));
        form.set("name", letters.collect::<String>());
    }
    page(&view(&console, &visit, &known, form, 1, Wrong::default()).await?)
}

/// Goes a step forward or back, or shows the change of the file.
pub(crate) async fn step(State(console): State<Shared>, visit: Visit, mut form: Form) -> Result<Response, Trouble> {
    let known = console.known().await?;
    let step = form.text("step").parse::<usize>().unwrap_or(1).clamp(1, LAST);
    form.set("edit", "add-export");
    if !form.has("rules") {
        begin_rules(&mut form, visit.language);
    }
    let frame = Frame::new(&console, &visit, "exports");
    let press = form.text("press").to_owned();
    if press == "back" {
        return page(&view(&console, &visit, &known, form, step.saturating_sub(1).max(1), Wrong::default()).await?);
    }
    let wrong = check(&console, &frame, &known, &form, step).await?;
    if !wrong.is_empty() {
        return to_correct(&view(&console, &visit, &known, form, step, wrong).await?);
    }
    let next = match press.as_str() {
        "save" => return changes::show(&console, &visit, &form).await,
        "check" => step,
        _ => (step + 1).min(LAST),
    };
    propose(&console, &mut form, next).await?;
    page(&view(&console, &visit, &known, form, next, Wrong::default()).await?)
}

/// The rules as they are unless someone chooses others.
fn begin_rules(form: &mut Form, language: Language) {
    let choices = [
        ("rules", "on"),
        ("on_leave", "false"),
        ("max_leavers", "20"),
        ("language", language.tag()),
        ("time_zone", "UTC"),
    ];
    let switches = ["create_profiles", "scheduled", "on_upload"].map(|name| (name, "on"));
    for (name, value) in choices.into_iter().chain(switches) {
        form.set(name, value);
    }
}

/// Fills what a step begins with.
async fn propose(console: &Shared, form: &mut Form, step: usize) -> Result<(), Trouble> {
    if step == 2 && !form.has("segments") {
        form.set("segments", "all");
    }
    if step == 3 && !form.has("customer_id") {
        let look = console.place.look(form.text("folder")).await?;
        form.set("customer_id", look.customer_id().unwrap_or_default());
        form.set("email", look.email().unwrap_or_default());
    }
    Ok(())
}

/// What is wrong with the fields of a step.
async fn check(console: &Shared, frame: &Frame, known: &Known, form: &Form, step: usize) -> Result<Wrong, Trouble> {
    let mut wrong = Wrong::default();
    match step {
        1 => {
            if !console.place.landed().await?.iter().any(|landed| landed.name == form.text("folder")) {
                wrong.add(frame, "folder", "wrong-folder");
            }
            if !known.config().connections.contains_key(form.text("connection")) {
                wrong.add(frame, "connection", "wrong-connection");
            }
            let name = form.text("name");
            let is_name =
                !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter));
            if !is_name {
                wrong.add(frame, "name", "wrong-name");
            } else if known.config().exports.contains_key(name) {
                wrong.add(frame, "name", "wrong-name-taken");
            }
        }
        2 if form.text("segments") == "listed" && form.all("segment").next().is_none() => {
            wrong.add(frame, "segments", "wrong-no-segment");
        }
        3 => {
            let (id, email) = (form.text("customer_id"), form.text("email"));
            if id.is_empty() && email.is_empty() {
                wrong.add(frame, "customer_id", "wrong-no-identifier");
            } else if id == email {
                wrong.add(frame, "email", "wrong-same-column");
            }
            if NewExport::of(form).fields.iter().any(|field| field.name.is_empty()) {
                wrong.add(frame, "fields", "wrong-custom-name");
            }
        }
        4 if !form.text("max_leavers").parse::<f64>().is_ok_and(|percent| (0.0..=100.0).contains(&percent)) => {
            wrong.add(frame, "max_leavers", "wrong-max-leavers");
        }
        _ => {}
    }
    // Later steps can't be right if the file is not. Names of attributes are checked before columns are chosen.
    if wrong.is_empty() && step >= 2 {
        let mut form = form.clone();
        if step == 2 && form.text("customer_id").is_empty() && form.text("email").is_empty() {
            form.set("customer_id", "?");
        }
        let text = Edit::of(&form).map(|edit| edit.apply(&known.text.text));
        if let Some(Ok(text)) = text
            && let Err(error) = Config::parse(&text)
        {
            for mistake in mistakes(frame.texts(), &error) {
                wrong.say("file", mistake);
            }
        }
    }
    Ok(wrong)
}

/// The fields that a step has, so that the others are carried along.
fn belongs_to(name: &str) -> usize {
    let name = name.split(':').next().unwrap_or_default();
    match name {
        "folder" | "connection" | "name" => 1,
        "segments" | "segment" | "attribute" => 2,
        "customer_id" | "email" | "field" | "custom" | "type" | "empty" => 3,
        "on_leave" | "max_leavers" | "create_profiles" | "scheduled" | "on_upload" | "language" | "time_zone"
        | "rules" => 4,
        "tag" => LAST + 1,
        _ => 0,
    }
}

async fn view(
    console: &Shared,
    visit: &Visit,
    known: &Known,
    form: Form,
    step: usize,
    wrong: Wrong,
) -> Result<Page, Trouble> {
    let frame = Frame::new(console, visit, "exports");
    let mut landed = Vec::new();
    if step == 1 {
        for found in console.place.landed().await? {
            let look = console.place.look(&found.name).await.ok();
            let is_here = |export: &&Arc<Export>| landing_name(&export.folder) == found.name;
            let used = known.config().exports.values().filter(is_here).map(|export| export.name.to_string());
            let used = used.collect::<Vec<_>>().join(", ");
            landed.push((found, look, used));
        }
    }
    let look = if (2..LAST).contains(&step) { console.place.look(form.text("folder")).await? } else { Look::default() };
    let hidden = form.hidden(&["step"]).into_iter().filter(|(name, _)| {
        let of = belongs_to(name);
        of != 0 && of != step
    });
    let connections = known.config().connections.values();
    let mut page = Page {
        hidden: hidden.collect(),
        step,
        wrong,
        landed,
        connections: connections.map(|one| (one.name.to_string(), one.display_name.clone())).collect(),
        fields: if step == 3 { choices(&frame, &form, &look) } else { Vec::new() },
        types: TYPES,
        standard: StandardField::ALL.map(StandardField::as_str).to_vec(),
        check: (step == 3).then(|| ColumnCheck::new(&form, &look)),
        look,
        preview: None,
        problem: None,
        running: None,
        form,
        f: frame,
    };
    if step == LAST || page.wrong.is_empty() && page.form.text("press") == "check" {
        preview(console, known, &mut page).await?;
    }
    if let Some(preview) = &page.preview {
        let rows: u64 = preview.segments.iter().map(|segment| segment.read).sum();
        for choice in &mut page.fields {
            let line = preview.fields.iter().find(|line| line.column == choice.column.name && line.dropped > 0);
            choice.dropped = line.map(|line| (line.dropped, line.dropped * 100 / rows.max(1), line.reasons.clone()));
        }
    }
    Ok(page)
}

/// Makes the dry run of the file as it would be saved, or looks whether it has ended.
async fn preview(console: &Shared, known: &Known, page: &mut Page) -> Result<(), Trouble> {
    let Some(Ok(text)) = Edit::of(&page.form).map(|edit| edit.apply(&known.text.text)) else {
        return Err(Trouble::Form);
    };
    let config = ConfigFile::of_text(Path::new(&known.text.name), text)?;
    let export = page.form.text("name").to_owned();
    let running = console.jobs.find(page.form.text("job")).filter(|job| job.export.as_deref() == Some(export.as_str()));
    let job = if let Some(job) = running.as_ref().filter(|_| page.form.text("press") == "look") {
        Arc::clone(job)
    } else {
        // It is about columns that are chosen no longer.
        running.inspect(|job| job.stop());
        let request = json!({ "action": "run", "export": export, "dry_run": true });
        let steps = vec![Step::new(Task::Read { export: export.clone() }, request)];
        let plan = Plan { kind: Kind::DryRun, export: Some(export), segment: None, steps };
        let number = console.jobs.start(&console.place, config.clone(), plan);
        console.jobs.find(&number).ok_or(Trouble::NotFound)?
    };
    match job.ended_within(WAIT).await {
        JobState::Working => page.running = Some(job.number.clone()),
        JobState::Over(ended) => {
            let answers: Vec<Value> = ended.iter().filter_map(Ended::answer).cloned().collect();
            page.problem = ended.iter().find_map(|step| match &step.end {
                End::Failed(failure) => Some(Said::failure(page.f.texts(), failure)),
                End::Answered { .. } | End::Changed => None,
            });
            if !answers.is_empty() {
                page.preview = Some(Preview::new(&page.f, &answers, &config.config, |name| console.works(name)));
            }
        }
    }
    Ok(())
}

/// The columns that may fill optional fields.
fn choices(frame: &Frame, form: &Form, look: &Look) -> Vec<FieldChoice> {
    let identifying = [form.text("customer_id"), form.text("email")];
    let others = look.columns.iter().filter(|column| !identifying.contains(&column.name.as_str()));
    let choice = |column: &Column| {
        let text = |kind: &str| form.text(&format!("{kind}:{}", column.name)).to_owned();
        let custom = text("custom");
        FieldChoice {
            looks: looks(frame, column),
            field: text("field"),
            custom: if custom.is_empty() { column.name.clone() } else { custom },
            kind: text("type"),
            removes: form.has(&format!("empty:{}", column.name)),
            suggested: field_for(&column.name).unwrap_or_default(),
            dropped: None,
            column: column.clone(),
        }
    };
    others.map(choice).collect()
}

/// What a column looks like, in words, and the share of its values in per cent.
fn looks(frame: &Frame, column: &Column) -> Option<(String, u64)> {
    let (kind, share) = column.looks_like()?;
    let name = serde_json::to_value(kind).ok()?;
    Some((frame.t(format!("kind-{}", name.as_str()?.replace(' ', "-"))), share))
}

impl ColumnCheck {
    fn new(form: &Form, look: &Look) -> Self {
        let id = look.column(form.text("customer_id")).cloned();
        Self {
            is_unified: id.as_ref().is_some_and(|column| is_unified(&column.name)),
            merged: id.as_ref().is_some_and(|column| column.distinct_percent() < 50),
            email: look.column(form.text("email")).cloned(),
            id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_belongs_to_its_step() {
        assert_eq!(
            ["folder", "attribute:VIP会員", "type:Points", "rules", "tag", "press"].map(belongs_to),
            [1, 2, 3, 4, 6, 0]
        );
    }
}

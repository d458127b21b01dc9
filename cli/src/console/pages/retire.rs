//! Retiring an attribute that no segment feeds.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::field::Wrong;
use super::preview::reports;
use crate::console::form::Form;
use crate::console::jobs::{Kind, Plan, Step};
use crate::console::place::Task;
use crate::console::state::{Known, Shared};
use crate::console::trouble::Trouble;
use crate::console::view::{Frame, level, page, to, to_correct};
use crate::console::visit::Visit;

#[derive(Template)]
#[template(path = "retire.html")]
struct Page {
    f: Frame,
    connection: String,
    connection_link: String,
    attribute: String,
    people: u64,
    has_key: bool,
    wrong: Wrong,
}

fn request(connection: &str, attribute: &str, dry_run: bool) -> Value {
    json!({ "action": "retire", "connection": connection, "attribute": attribute, "dry_run": dry_run })
}

async fn view(
    console: &Shared,
    visit: &Visit,
    known: &Known,
    connection: &str,
    attribute: &str,
) -> Result<Page, Trouble> {
    let application = console.place.open(&known.file, &Task::Look).await?;
    let answer = application.on_demand(&request(connection, attribute, true)).await?;
    let command = format!("retire --connection {connection} --attribute {}", crate::arguments::quoted(attribute));
    let f = Frame::new(console, visit, "home").with_command(console.place.command(&command, None));
    Ok(Page {
        connection: connection.to_owned(),
        connection_link: f.url(format!("/connections/{}", level(connection))),
        attribute: attribute.to_owned(),
        // Each of them costs one data point.
        people: reports(&[answer]).iter().map(|report| report.data_points).sum(),
        has_key: console.place.has_key(connection),
        wrong: Wrong::default(),
        f,
    })
}

pub(crate) async fn confirm(State(console): State<Shared>, visit: Visit) -> Result<Response, Trouble> {
    let known = console.known().await?;
    let parameter = |name: &str| visit.query(name).unwrap_or_default();
    page(&view(&console, &visit, &known, &parameter("connection"), &parameter("attribute")).await?)
}

pub(crate) async fn retire(State(console): State<Shared>, visit: Visit, form: Form) -> Result<Response, Trouble> {
    let known = console.known().await?;
    let (connection, attribute) = (form.text("connection"), form.text("attribute"));
    let mut shown = view(&console, &visit, &known, connection, attribute).await?;
    if form.text("people").replace(',', "").parse() != Ok(shown.people) {
        shown.wrong.add(&shown.f, "people", "wrong-people");
    }
    if !shown.has_key {
        shown.wrong.add(&shown.f, "key", "wrong-no-key");
    }
    if !shown.wrong.is_empty() {
        return to_correct(&shown);
    }
    let task = Task::Send { export: None, connection: connection.to_owned() };
    let steps = vec![Step::new(task, request(connection, attribute, false))];
    let plan = Plan { kind: Kind::Retire, export: None, segment: None, steps };
    let number = console.jobs.start(&console.place, known.file, plan);
    Ok(to(&console, &format!("/jobs/{number}")))
}

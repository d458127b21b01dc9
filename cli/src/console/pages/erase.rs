//! Erasing one person from what the application keeps.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::field::Wrong;
use crate::console::form::Form;
use crate::console::messages::Said;
use crate::console::place::Task;
use crate::console::state::Shared;
use crate::console::trouble::Trouble;
use crate::console::view::{Frame, page, to_correct};
use crate::console::visit::Visit;
use crate::show::{elements, text};

/// What is typed to confirm.
const WORD: &str = "ERASE";

#[derive(Template)]
#[template(path = "erase.html")]
struct Page {
    f: Frame,
    form: Form,
    wrong: Wrong,
    receipt: Option<Receipt>,
}

/// What was found, or what was done.
struct Receipt {
    is_preview: bool,
    is_unfinished: bool,
    said: Said,
    memberships: u64,
    state_rows: u64,
    report_rows: u64,
    incoming_rows: u64,
    incoming: Vec<String>,
    unsearched: Vec<String>,
    stored: Option<String>,
    /// The receipt itself. It identifies no one.
    json: String,
}

impl Receipt {
    fn new(frame: &Frame, answer: &Value, stored: Option<String>) -> Self {
        let number = |name: &str| answer[name].as_u64().unwrap_or_default();
        let keys = |name: &str| elements(&answer[name]).map(|object| text(&object["key"])).collect();
        Self {
            is_preview: answer["outcome"] == "dry_run",
            is_unfinished: answer["outcome"] == "unfinished",
            said: frame.said(&text(&answer["message"]), &text(&answer["code"])),
            memberships: number("memberships"),
            state_rows: number("state_rows"),
            report_rows: number("report_rows"),
            incoming_rows: number("incoming_rows"),
            incoming: keys("incoming"),
            unsearched: keys("unsearched"),
            stored,
            json: serde_json::to_string_pretty(answer).unwrap_or_default(),
        }
    }
}

pub(crate) async fn form(State(console): State<Shared>, visit: Visit) -> Result<Response, Trouble> {
    let f = Frame::new(&console, &visit, "settings").with_command(console.place.command("erase", None));
    page(&Page { f, form: Form::default(), wrong: Wrong::default(), receipt: None })
}

/// Looks for the person, and erases them once the word is typed.
pub(crate) async fn erase(State(console): State<Shared>, visit: Visit, form: Form) -> Result<Response, Trouble> {
    let known = console.known().await?;
    let f = Frame::new(&console, &visit, "settings").with_command(console.place.command("erase", None));
    let mut shown = Page { f, form, wrong: Wrong::default(), receipt: None };
    let given = |name: &str| Some(shown.form.text(name).to_owned()).filter(|text| !text.is_empty());
    let (customer_id, email, reference) = (given("customer_id"), given("email"), given("reference"));
    if customer_id.is_none() && email.is_none() {
        shown.wrong.add(&shown.f, "customer_id", "wrong-no-person");
        return to_correct(&shown);
    }
    let is_confirmed = shown.form.text("press") == "erase" && shown.form.text("word") == WORD;
    let request = json!({
        "action": "erase", "customer_id": customer_id, "email": email, "reference": reference, "dry_run": !is_confirmed,
    });
    let application = console.place.open(&known.file, &Task::Look).await?;
    let answer = application.on_demand(&request).await?;
    let stored = answer["stored_as"].as_str().map(|key| application.location(key));
    shown.receipt = Some(Receipt::new(&shown.f, &answer, stored));
    if shown.form.text("press") == "erase" && !is_confirmed {
        shown.wrong.add(&shown.f, "word", "wrong-word");
        return to_correct(&shown);
    }
    page(&shown)
}

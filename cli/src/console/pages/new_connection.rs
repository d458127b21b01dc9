//! A new connection, in the order of Customer Insights: name, who may use it, host, key, consent, connect, save.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use insights_to_braze::config::PUBLISHED_HOSTS;

use super::changes;
use super::connections::{TestView, outcome};
use super::field::Wrong;
use crate::api_key;
use crate::console::demo::Demo;
use crate::console::edit::{Edit, key_for};
use crate::console::form::Form;
use crate::console::hosts;
use crate::console::state::{Known, Shared};
use crate::console::trouble::Trouble;
use crate::console::view::{Frame, page, to_correct};
use crate::console::visit::Visit;
use crate::workspace::ConfigFile;

#[derive(Template)]
#[template(path = "new_connection.html")]
struct Page {
    f: Frame,
    form: Form,
    wrong: Wrong,
    tested: Option<TestView>,
    /// The host that was meant, if it is not what was typed.
    meant: Option<String>,
    has_typed: bool,
    hosts: &'static [(&'static str, &'static str)],
    demo: Option<(String, &'static str)>,
}

fn view(console: &Shared, visit: &Visit, form: Form) -> Page {
    let meant = hosts::meant(form.text("hostname")).filter(|host| *host != form.text("hostname"));
    Page {
        f: Frame::new(console, visit, "connections"),
        wrong: Wrong::default(),
        tested: None,
        meant,
        has_typed: console.typed(form.text("typed")).is_some(),
        hosts: &PUBLISHED_HOSTS,
        demo: console.place.demo().map(|demo| (demo.host(), Demo::key())),
        form,
    }
}

pub(crate) async fn form(State(console): State<Shared>, visit: Visit) -> Result<Response, Trouble> {
    let known = console.known().await?;
    let mut form = Form::default();
    form.set("tag", known.text.tag);
    form.set("users", "administrators");
    if let Some(demo) = console.place.demo() {
        form.set("hostname", demo.host());
    }
    page(&view(&console, &visit, form))
}

/// Tests what was entered, or shows the change of the file that would save it.
pub(crate) async fn create(State(console): State<Shared>, visit: Visit, mut form: Form) -> Result<Response, Trouble> {
    let known = console.known().await?;
    let typed = form.text("key").to_owned();
    let frame = Frame::new(&console, &visit, "connections");
    let mut wrong = check(&frame, &form, console.typed(form.text("typed")).is_some());
    if !typed.is_empty() && api_key::checked(&typed).is_ok() {
        form.set("typed", console.keep_typed(&typed));
    }
    if let Some(host) = hosts::meant(form.text("hostname")) {
        form.set("hostname", host);
    }
    if form.text("press") == "save" {
        let has_key = console.typed(form.text("typed")).is_some();
        if has_key && form.text("tested") != form.text("typed") && !form.has("untested") {
            wrong.add(&frame, "connect", "wrong-not-tested");
        }
        if wrong.is_empty() {
            return save(&console, &visit, &known, form).await;
        }
    }
    let mut shown = view(&console, &visit, form);
    if !wrong.is_empty() {
        shown.wrong = wrong;
        return to_correct(&shown);
    }
    let tested = test(&console, &known, &shown.form).await?;
    shown.tested = Some(TestView::new(&shown.f, &tested));
    if tested.works {
        console.remember(&key_for(shown.form.text("display_name"), known.config()), tested);
        let typed = shown.form.text("typed").to_owned();
        shown.form.set("tested", typed);
        return page(&shown);
    }
    // A key that is refused is not the one to save.
    shown.form.set("typed", "");
    shown.has_typed = false;
    shown.wrong.say("key", shown.f.said(&tested.message, &tested.code).first());
    to_correct(&shown)
}

/// What is wrong with the fields.
fn check(frame: &Frame, form: &Form, has_typed: bool) -> Wrong {
    let mut wrong = Wrong::default();
    if form.text("display_name").is_empty() {
        wrong.add(frame, "display_name", "wrong-display-name");
    }
    if hosts::meant(form.text("hostname")).is_none() {
        wrong.add(frame, "hostname", "wrong-hostname");
    }
    match form.text("key") {
        "" if !has_typed => wrong.add(frame, "key", "wrong-key-missing"),
        "" => {}
        key if api_key::checked(key).is_err() => wrong.add(frame, "key", "wrong-key-form"),
        _ => {}
    }
    if form.has("agree") && form.text("agreed_by").is_empty() {
        wrong.add(frame, "agreed_by", "wrong-agreed-by");
    }
    if !form.has("agree") && !form.text("agreed_by").is_empty() {
        wrong.add(frame, "agree", "wrong-agree");
    }
    wrong
}

/// Tests a connection that is not in the file yet.
async fn test(console: &Shared, known: &Known, form: &Form) -> Result<crate::console::state::Tested, Trouble> {
    let mut form = form.clone();
    form.set("edit", "add-connection");
    form.set("name", key_for(form.text("display_name"), known.config()));
    let text = Edit::of(&form).and_then(|edit| edit.apply("").ok()).ok_or(Trouble::NotFound)?;
    let config = ConfigFile::of_text(std::path::Path::new(&known.text.name), text)?;
    let key = console.typed(form.text("typed"));
    outcome(console.place.probe(&config, key.as_ref()).await)
}

async fn save(console: &Shared, visit: &Visit, known: &Known, mut form: Form) -> Result<Response, Trouble> {
    form.set("edit", "add-connection");
    form.set("name", key_for(form.text("display_name"), known.config()));
    changes::show(console, visit, &form).await
}

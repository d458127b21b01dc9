//! Connections: the list, and one of them with its key, its test and its consent.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use insights_to_braze::config::{Connection, Export};
use jiff::Timestamp;
use secrecy::SecretString;

use super::field::Wrong;
use crate::api_key;
use crate::console::clock::Moment;
use crate::console::demo::Demo;
use crate::console::edit::remarks;
use crate::console::form::Form;
use crate::console::hosts;
use crate::console::messages::Said;
use crate::console::state::{Known, Shared, Tested};
use crate::console::trouble::Trouble;
use crate::console::view::{Frame, level, page, to, to_correct};
use crate::console::visit::Visit;
use crate::ending::Failure;
use crate::workspace::ConfigFile;

/// A connection as pages show it.
pub(crate) struct ConnectionView {
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) host: String,
    pub(crate) instance: String,
    pub(crate) link: String,
    /// The text of who may use it.
    users: String,
    agreed: bool,
    agreed_by: Option<String>,
    has_key: bool,
    tested: Option<TestView>,
    exports: Vec<String>,
}

/// A connection that can't be used, and why.
pub(crate) struct Blocked {
    pub(crate) connection: String,
    pub(crate) link: String,
    /// The key of the text.
    pub(crate) why: &'static str,
}

impl Blocked {
    /// Why nothing can be sent through the connection of an export.
    pub(crate) fn of(console: &Shared, frame: &Frame, export: &Export) -> Vec<Self> {
        let connection = &export.connection;
        let name = connection.name.as_str();
        let reasons =
            [("wrong-no-consent", connection.agree_to_data_transfer), ("wrong-no-key", console.place.has_key(name))];
        let blocked = |(why, _): (&'static str, bool)| Self {
            connection: connection.display_name.clone(),
            link: frame.url(format!("/connections/{}", level(name))),
            why,
        };
        reasons.into_iter().filter(|(_, is_given)| !is_given).map(blocked).collect()
    }
}

/// How a test of a connection ended.
pub(crate) struct TestView {
    pub(crate) works: bool,
    pub(crate) said: Said,
    pub(crate) at: Moment,
}

impl TestView {
    pub(crate) fn new(frame: &Frame, tested: &Tested) -> Self {
        let Tested { works, message, code, at } = tested;
        Self { works: *works, said: frame.said(message, code), at: Moment::of(*at) }
    }
}

impl ConnectionView {
    fn new(console: &Shared, frame: &Frame, known: &Known, connection: &Connection) -> Self {
        let name = connection.name.to_string();
        let (users, agreed_by) = remarks(&known.text.text, &name);
        let of_this = |export: &&std::sync::Arc<Export>| export.connection.name == connection.name;
        let users = match users.as_deref() {
            Some("administrators") => frame.t("users-administrators"),
            Some("administrators and contributors") => frame.t("users-contributors"),
            Some(other) => other.to_owned(),
            None => frame.t("users-unknown"),
        };
        Self {
            display_name: connection.display_name.clone(),
            host: connection.hostname.authority().to_owned(),
            instance: hosts::instance(connection.hostname.authority()).unwrap_or_default().to_owned(),
            link: frame.url(format!("/connections/{}", level(&name))),
            users,
            agreed: connection.agree_to_data_transfer,
            agreed_by,
            has_key: console.place.has_key(&name),
            tested: console.tested(&name).map(|tested| TestView::new(frame, &tested)),
            exports: known.config().exports.values().filter(of_this).map(|export| export.name.to_string()).collect(),
            name,
        }
    }
}

#[derive(Template)]
#[template(path = "connections.html")]
struct List {
    f: Frame,
    connections: Vec<ConnectionView>,
}

#[derive(Template)]
#[template(path = "connection.html")]
struct One {
    f: Frame,
    connection: ConnectionView,
    wrong: Wrong,
    saved: bool,
    tag: String,
    demo_key: Option<&'static str>,
}

pub(crate) async fn list(State(console): State<Shared>, visit: Visit) -> Result<Response, Trouble> {
    let known = console.known().await?;
    let frame = Frame::new(&console, &visit, "connections");
    let connections = known.config().connections.values();
    let connections = connections.map(|connection| ConnectionView::new(&console, &frame, &known, connection)).collect();
    page(&List { f: frame, connections })
}

fn view(console: &Shared, visit: &Visit, known: &Known, name: &str, wrong: Wrong) -> Result<One, Trouble> {
    let connection = known.config().connections.get(name).ok_or(Trouble::NotFound)?;
    let frame = Frame::new(console, visit, "connections");
    let connection = ConnectionView::new(console, &frame, known, connection);
    let frame = frame.with_command(console.place.command(&format!("connect --connection {name}"), None));
    let demo_key = console.place.demo().map(|_| Demo::key());
    let saved = visit.query("saved").is_some();
    Ok(One { f: frame, connection, wrong, saved, tag: known.text.tag.clone(), demo_key })
}

pub(crate) async fn one(
    State(console): State<Shared>,
    visit: Visit,
    Path(name): Path<String>,
) -> Result<Response, Trouble> {
    let known = console.known().await?;
    page(&view(&console, &visit, &known, &name, Wrong::default())?)
}

/// Tests a key and keeps it if it works, or tests the one that is kept.
pub(crate) async fn key(
    State(console): State<Shared>,
    visit: Visit,
    Path(name): Path<String>,
    form: Form,
) -> Result<Response, Trouble> {
    let known = console.known().await?;
    let typed = form.text("key");
    let frame = Frame::new(&console, &visit, "connections");
    let mut wrong = Wrong::default();
    if form.text("press") == "replace" && api_key::checked(typed).is_err() {
        wrong.add(&frame, "key", if typed.is_empty() { "wrong-key-missing" } else { "wrong-key-form" });
        return to_correct(&view(&console, &visit, &known, &name, wrong)?);
    }
    let key = (!typed.is_empty()).then(|| SecretString::from(typed.to_owned()));
    let tested = test(&console, &known, &name, key.as_ref()).await?;
    let works = tested.works;
    let said = frame.said(&tested.message, &tested.code);
    console.remember(&name, tested);
    match key {
        Some(key) if works => console.place.keep_key(&name, key).await?,
        Some(_) => {
            wrong.say("key", said.first());
            return to_correct(&view(&console, &visit, &known, &name, wrong)?);
        }
        None => {}
    }
    Ok(to(&console, &format!("/connections/{}", level(&name))))
}

/// Tests a connection of the configuration by itself: a test needs nothing of the others.
async fn test(console: &Shared, known: &Known, name: &str, key: Option<&SecretString>) -> Result<Tested, Trouble> {
    let mut document: toml_edit::DocumentMut = known.text.text.parse().map_err(|_| Trouble::NotFound)?;
    for other in ["exports", "sources"] {
        document.remove(other);
    }
    if let Some(connections) = document.get_mut("connections").and_then(toml_edit::Item::as_table_like_mut) {
        let others: Vec<String> = connections.iter().map(|(key, _)| key.to_owned()).filter(|key| key != name).collect();
        for other in others {
            connections.remove(&other);
        }
    }
    let config = ConfigFile::of_text(std::path::Path::new(&known.text.name), document.to_string())?;
    outcome(console.place.probe(&config, key).await)
}

/// The result of a test. A key that is not there is one, too.
pub(crate) fn outcome(answer: Result<serde_json::Value, Failure>) -> Result<Tested, Trouble> {
    match answer {
        Ok(answer) => Ok(Tested::of(&answer)),
        Err(failure @ (Failure::NoKey(_) | Failure::KeyMalformed)) => {
            let words = crate::show::in_words(&failure);
            Ok(Tested { works: false, message: words.text, code: words.code, at: Timestamp::now() })
        }
        Err(failure) => Err(failure.into()),
    }
}

//! A change of `exports.toml`: what it changes, the conflict with another one, and saving.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::console::difference::{Line, difference};
use crate::console::edit::{Edit, NotEdited};
use crate::console::form::Form;
use crate::console::messages::{Said, mistakes};
use crate::console::place::ConfigText;
use crate::console::state::Shared;
use crate::console::trouble::Trouble;
use crate::console::view::{Frame, level, page, to};
use crate::console::visit::Visit;
use crate::workspace::parse_any;

#[derive(Template)]
#[template(path = "change.html")]
struct Change {
    f: Frame,
    file: String,
    lines: Vec<Line>,
    hidden: Vec<(String, String)>,
    tag: String,
    back: String,
    /// Why it can't be saved.
    mistakes: Vec<String>,
    problem: Option<Said>,
    /// The whole text of the person's own version, if the file was edited as text.
    text: Option<String>,
    conflict: bool,
    theirs: String,
    mine: String,
}

/// Shows what a form would change.
pub(crate) async fn preview(State(console): State<Shared>, visit: Visit, form: Form) -> Result<Response, Trouble> {
    show(&console, &visit, &form).await
}

/// Shows what a form would change, or that the file is another one than the form was made for.
pub(crate) async fn show(console: &Shared, visit: &Visit, form: &Form) -> Result<Response, Trouble> {
    let edit = Edit::of(form).ok_or(Trouble::Form)?;
    let now = console.place.config().await?;
    let change = change(console, visit, form, &edit, now);
    let is_wrong = change.conflict || change.problem.is_some() || !change.mistakes.is_empty();
    let page = page(&change)?;
    let status = if change.conflict { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(if is_wrong { (status, page).into_response() } else { page })
}

fn change(console: &Shared, visit: &Visit, form: &Form, edit: &Edit, now: ConfigText) -> Change {
    let nav = match edit {
        Edit::AddConnection { .. } | Edit::SetConsent { .. } | Edit::RemoveConnection { .. } => "connections",
        Edit::AddExport(_) | Edit::SetRules { .. } | Edit::SetPaused { .. } => "exports",
        Edit::Replace { .. } => "settings",
    };
    let frame = Frame::new(console, visit, nav);
    let applied = edit.apply(&now.text);
    let problem = applied.as_ref().err().map(|problem| {
        Said::own(
            frame.texts(),
            match problem {
                NotEdited::Form => "edit-form",
                NotEdited::Exists => "edit-exists",
                NotEdited::Gone => "edit-gone",
            },
        )
    });
    let mine = applied.unwrap_or_default();
    let mistakes = match parse_any(&mine) {
        Ok(_) => Vec::new(),
        Err(error) => mistakes(frame.texts(), &error),
    };
    Change {
        lines: if problem.is_some() { Vec::new() } else { difference(&now.text, &mine) },
        hidden: form.hidden(&["tag"]),
        back: form.text("back").to_owned(),
        conflict: now.tag != form.text("tag"),
        text: matches!(edit, Edit::Replace { .. }).then(|| mine.clone()),
        mistakes: if problem.is_some() { Vec::new() } else { mistakes },
        problem,
        mine,
        theirs: now.text,
        file: now.name,
        tag: now.tag,
        f: frame,
    }
}

/// Saves a change that was shown. Saving sends nothing.
pub(crate) async fn save(State(console): State<Shared>, visit: Visit, form: Form) -> Result<Response, Trouble> {
    let edit = Edit::of(&form).ok_or(Trouble::Form)?;
    let now = console.place.config().await?;
    let Ok(text) = edit.apply(&now.text) else { return show(&console, &visit, &form).await };
    if now.tag != form.text("tag") || parse_any(&text).is_err() || !console.place.save(&text, &now.tag).await? {
        return show(&console, &visit, &form).await;
    }
    let name = level(form.text("name"));
    let after = match &edit {
        Edit::AddConnection { name: connection, .. } => {
            if let Some(key) = console.typed(form.text("typed")) {
                console.place.keep_key(connection, key).await?;
            }
            format!("/connections/{name}?saved=1")
        }
        Edit::SetConsent { .. } => format!("/connections/{name}?saved=1"),
        Edit::AddExport(_) | Edit::SetRules { .. } | Edit::SetPaused { .. } => format!("/exports/{name}?saved=1"),
        Edit::RemoveConnection { .. } => "/connections".to_owned(),
        Edit::Replace { .. } => "/settings?saved=1".to_owned(),
    };
    Ok(to(&console, &after))
}

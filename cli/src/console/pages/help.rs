//! What the codes of messages mean.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use crate::console::messages::Said;
use crate::console::state::Shared;
use crate::console::trouble::Trouble;
use crate::console::view::{Frame, page};
use crate::console::visit::Visit;
use crate::explain::{Explained, all};
use crate::show;

#[derive(Template)]
#[template(path = "help.html")]
struct List {
    f: Frame,
    codes: Vec<Explained<'static>>,
}

#[derive(Template)]
#[template(path = "code.html")]
struct One {
    f: Frame,
    code: String,
    surface: &'static str,
    said: Said,
    cause: String,
    fix: String,
}

pub(crate) async fn list(State(console): State<Shared>, visit: Visit) -> Result<Response, Trouble> {
    let f = Frame::new(&console, &visit, "help").with_command("itb explain ITB-H01".to_owned());
    page(&List { codes: all(), f })
}

pub(crate) async fn one(
    State(console): State<Shared>,
    visit: Visit,
    Path(code): Path<String>,
) -> Result<Response, Trouble> {
    let found = all().into_iter().find(|explained| explained.code == code).ok_or(Trouble::NotFound)?;
    let f = Frame::new(&console, &visit, "help").with_command(format!("itb explain {code}"));
    page(&One {
        said: f.said(&found.message, &code),
        surface: found.surface,
        cause: show::message(&found.cause),
        fix: show::message(&found.fix),
        code,
        f,
    })
}

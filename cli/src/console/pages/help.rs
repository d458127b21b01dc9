//! What the codes of messages mean.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use insights_to_braze::texts::list::{Listed, OR, all};

use crate::console::messages::Said;
use crate::console::state::Shared;
use crate::console::trouble::Trouble;
use crate::console::view::{Frame, page};
use crate::console::visit::Visit;
use crate::show;

#[derive(Template)]
#[template(path = "help.html")]
struct List {
    f: Frame,
    codes: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "code.html")]
struct One {
    f: Frame,
    code: String,
    said: Said,
    cause: String,
    fix: String,
}

pub(crate) async fn list(State(console): State<Shared>, visit: Visit) -> Result<Response, Trouble> {
    let f = Frame::new(&console, &visit, "help").with_command("itb explain ITB-H01".to_owned());
    let line = |one: &Listed| f.said(one.message.split(OR).next().unwrap_or_default(), one.code).first();
    page(&List { codes: all().iter().map(|one| (one.code, line(one))).collect(), f })
}

pub(crate) async fn one(
    State(console): State<Shared>,
    visit: Visit,
    Path(code): Path<String>,
) -> Result<Response, Trouble> {
    let found = all().into_iter().find(|explained| explained.code == code).ok_or(Trouble::NotFound)?;
    let f = Frame::new(&console, &visit, "help").with_command(format!("itb explain {code}"));
    let language = visit.language;
    page(&One {
        said: f.said(found.message.split(OR).next().unwrap_or_default(), &code),
        cause: show::message(&found.cause_in(language)),
        fix: show::message(&found.fix_in(language)),
        code,
        f,
    })
}

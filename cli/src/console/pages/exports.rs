//! The list of exports.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use insights_to_braze::config::Schedule;

use crate::console::state::Shared;
use crate::console::trouble::Trouble;
use crate::console::view::{Frame, level, page};
use crate::console::visit::Visit;

#[derive(Template)]
#[template(path = "exports.html")]
struct List {
    f: Frame,
    exports: Vec<Line>,
    has_connection: bool,
    landed: usize,
}

struct Line {
    name: String,
    link: String,
    connection: String,
    folder: String,
    segments: Option<u64>,
    is_scheduled: bool,
}

pub(crate) async fn list(State(console): State<Shared>, visit: Visit) -> Result<Response, Trouble> {
    let known = console.known().await?;
    let f = Frame::new(&console, &visit, "exports");
    let exports = known.config().exports.values().map(|export| Line {
        name: export.name.to_string(),
        link: f.url(format!("/exports/{}", level(export.name.as_str()))),
        connection: export.connection.display_name.clone(),
        folder: export.folder.clone(),
        segments: export.segments.as_ref().map(|segments| segments.len() as u64),
        is_scheduled: export.schedule == Schedule::Active,
    });
    let exports = exports.collect();
    let landed = console.place.landed().await.map(|landed| landed.len()).unwrap_or_default();
    page(&List { exports, has_connection: !known.config().connections.is_empty(), landed, f })
}

//! What the mock of Braze in a demonstration holds, and further exports.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::console::demo::{Demo, Happening};
use crate::console::form::Form;
use crate::console::state::Shared;
use crate::console::trouble::Trouble;
use crate::console::view::{Frame, page, to};
use crate::console::visit::Visit;
use crate::ending::Failure;

#[derive(Template)]
#[template(path = "demo.html")]
struct Page {
    f: Frame,
    host: String,
    key: &'static str,
    profiles: u64,
    attributes: Vec<(String, u64, u64)>,
    example: Option<String>,
    exported: Option<String>,
    happened: bool,
}

pub(crate) async fn braze(State(console): State<Shared>, visit: Visit) -> Result<Response, Trouble> {
    let demo = console.place.demo().ok_or(Trouble::NotFound)?;
    page(&Page {
        f: Frame::new(&console, &visit, "demo"),
        host: demo.host(),
        key: Demo::key(),
        profiles: demo.profiles(),
        attributes: demo.attributes(),
        example: demo.example(),
        exported: visit.query("exported"),
        happened: visit.query("happened").is_some(),
    })
}

/// Writes the next export, as Customer Insights would.
pub(crate) async fn export(State(console): State<Shared>, form: Form) -> Result<Response, Trouble> {
    let demo = console.place.demo().ok_or(Trouble::NotFound)?;
    let is_partial = form.text("press") == "partial";
    demo.export(is_partial).map_err(Failure::Server)?;
    Ok(to(&console, if is_partial { "/demo?exported=partial" } else { "/demo?exported=all" }))
}

/// Does what someone who works in Braze might do.
pub(crate) async fn change_braze(State(console): State<Shared>, form: Form) -> Result<Response, Trouble> {
    let demo = console.place.demo().ok_or(Trouble::NotFound)?;
    let attribute = form.text("attribute");
    let happening = match form.text("press") {
        "delete" => Happening::ProfilesDeleted,
        "other-ids" => Happening::OtherIds,
        "text" if !attribute.is_empty() => Happening::KeptAsText(attribute.to_owned()),
        _ => return Ok(to(&console, "/demo")),
    };
    demo.change_braze(&happening);
    Ok(to(&console, "/demo?happened=1"))
}

//! `exports.toml` as text, and its earlier versions.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use crate::console::difference::{Line, difference};
use crate::console::messages::mistakes;
use crate::console::place::ConfigText;
use crate::console::state::Shared;
use crate::console::trouble::Trouble;
use crate::console::view::{Frame, level, page};
use crate::console::visit::Visit;

#[derive(Template)]
#[template(path = "settings.html")]
struct Settings {
    f: Frame,
    file: ConfigText,
    mistakes: Option<String>,
    versions: Vec<(String, String)>,
    saved: bool,
    rows: usize,
}

/// The file, whether it is right or not.
pub(crate) async fn edit(State(console): State<Shared>, visit: Visit) -> Result<Response, Trouble> {
    let file = console.place.config().await?;
    let f = Frame::new(&console, &visit, "settings").with_command(console.place.command("doctor", None));
    let versions = console.place.versions().await?;
    let link = |name: String| (f.url(format!("/settings/{}", level(&name))), name);
    page(&Settings {
        mistakes: file.parsed().err().map(|error| mistakes(f.texts(), &error).join("\n")),
        versions: versions.into_iter().map(link).collect(),
        saved: visit.query("saved").is_some(),
        rows: file.text.lines().count().clamp(12, 40) + 2,
        file,
        f,
    })
}

#[derive(Template)]
#[template(path = "version.html")]
struct Version {
    f: Frame,
    name: String,
    text: String,
    tag: String,
    lines: Vec<Line>,
}

/// An earlier version, and what restoring it would change.
pub(crate) async fn version(
    State(console): State<Shared>,
    visit: Visit,
    Path(name): Path<String>,
) -> Result<Response, Trouble> {
    let text = console.place.version(&name).await?.ok_or(Trouble::NotFound)?;
    let now = console.place.config().await?;
    let f = Frame::new(&console, &visit, "settings");
    page(&Version { lines: difference(&now.text, &text), tag: now.tag, name, text, f })
}

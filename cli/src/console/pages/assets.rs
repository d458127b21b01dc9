//! The style sheet, the icon, and the choice of a language.

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_TYPE, SET_COOKIE};
use axum::response::{IntoResponse, Response};
use insights_to_braze::texts::Language;

use crate::console::form::Form;
use crate::console::state::Shared;
use crate::console::view::to;

/// The style of the reports' pages, and what a console has besides.
const STYLE: &str = concat!(include_str!("../../../../src/page/style.css"), include_str!("../templates/console.css"));

const ICON: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 16 16\"><rect width=\"16\" height=\"16\" rx=\"4\" \
                    fill=\"#1d5fae\"/><path d=\"M3 8h7M7.5 4.5 11 8l-3.5 3.5\" stroke=\"#fff\" stroke-width=\"2\" fill=\"none\"/></svg>";

pub(crate) async fn style() -> Response {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

pub(crate) async fn icon() -> Response {
    ([(CONTENT_TYPE, "image/svg+xml")], ICON).into_response()
}

/// Keeps the language, and leads back to the page.
pub(crate) async fn language(State(console): State<Shared>, form: Form) -> Response {
    let back = form.text("back");
    let is_own = back.starts_with('/') && !back.contains(|letter: char| letter.is_control() || letter == '\\');
    let mut response = to(&console, if is_own { back } else { "/" });
    let tag = Language::of_tag(form.text("language")).unwrap_or(Language::English).tag();
    if let Ok(cookie) = HeaderValue::from_str(&console.session.set_language(tag)) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

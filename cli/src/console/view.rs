//! What surrounds every page, and the small pages of errors.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::response::{IntoResponse, Response};
use insights_to_braze::message::count;
use insights_to_braze::page::CONTENT_TYPE as HTML;
use insights_to_braze::texts::messages::{Surface, reason};
use insights_to_braze::texts::{Argument, Language, Texts};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::clock;
use super::messages::Said;
use super::place::Badge;
use super::state::{Console, Shared};
use super::texts;
use super::trouble::Trouble;
use super::visit::Visit;
use crate::ending::Failure;

/// A number in a template, behind however many references.
pub(crate) trait Number {
    fn value(&self) -> u64;
}

impl Number for u64 {
    fn value(&self) -> u64 {
        *self
    }
}

impl<N: Number + ?Sized> Number for &N {
    fn value(&self) -> u64 {
        (**self).value()
    }
}

/// What every page has: texts, addresses, tokens.
pub(crate) struct Frame {
    texts: &'static Texts,
    console: Shared,
    pub(crate) badge: Badge,
    /// The page, below the path of the session.
    pub(crate) path: String,
    /// The entry of the navigation that the page belongs to.
    pub(crate) nav: &'static str,
    /// The command that does the same.
    pub(crate) command: Option<String>,
    pub(crate) version: &'static str,
    /// The time zone of this machine.
    pub(crate) zone: &'static str,
    /// Whether nothing can be changed but by the function of a stack.
    pub(crate) is_read_only: bool,
}

impl Frame {
    pub(crate) fn new(console: &Shared, visit: &Visit, nav: &'static str) -> Self {
        Self {
            texts: texts::of(visit.language),
            console: Arc::clone(console),
            badge: console.place.badge(),
            path: visit.path.clone(),
            nav,
            command: None,
            version: env!("CARGO_PKG_VERSION"),
            zone: clock::zone(),
            is_read_only: console.place.is_read_only(),
        }
    }

    /// The same with a command that does the same.
    pub(crate) fn with_command(mut self, command: String) -> Self {
        self.command = Some(command);
        self
    }

    pub(crate) fn texts(&self) -> &'static Texts {
        self.texts
    }

    pub(crate) fn lang(&self) -> &'static str {
        self.texts.language().tag()
    }

    pub(crate) fn other_lang(&self) -> &'static str {
        self.texts.language().other().tag()
    }

    /// A text.
    pub(crate) fn t(&self, key: impl AsRef<str>) -> String {
        self.texts.text(key.as_ref())
    }

    /// A text with a number.
    pub(crate) fn n(&self, key: impl AsRef<str>, number: impl Number) -> String {
        self.texts.with(key.as_ref(), &[("n", Argument::Number(number.value()))])
    }

    /// A text with a name.
    pub(crate) fn w(&self, key: impl AsRef<str>, name: impl AsRef<str>) -> String {
        self.texts.with(key.as_ref(), &[("name", Argument::Word(name.as_ref()))])
    }

    /// A number.
    #[expect(clippy::unused_self, reason = "templates have nothing else to call")]
    pub(crate) fn c(&self, number: impl Number) -> String {
        count(number.value())
    }

    /// The shape of a value; of a long one, its length.
    pub(crate) fn shape(&self, shape: impl AsRef<str>) -> String {
        let length = shape.as_ref().strip_suffix(" letters").and_then(|length| length.parse().ok());
        length.map_or_else(|| shape.as_ref().to_owned(), |length: u64| self.n("letters", length))
    }

    /// The address of a page.
    pub(crate) fn url(&self, path: impl AsRef<str>) -> String {
        format!("{}{}", self.console.session.base(), path.as_ref())
    }

    /// The token of the form that is sent to `path`.
    pub(crate) fn csrf(&self, path: impl AsRef<str>) -> String {
        self.console.session.form_token(path.as_ref())
    }

    /// A reason of the application, or a reason by which rows are counted, in the language of the page.
    pub(crate) fn reason(&self, text: impl AsRef<str>) -> String {
        // Backticks are for terminals.
        reason(self.texts.language(), Surface::Console, text.as_ref()).replace('`', "")
    }

    /// A message of the application in the language of the page.
    pub(crate) fn said(&self, text: &str, code: &str) -> Said {
        Said::new(self.texts, text, code)
    }
}

/// A name as one level of an address.
pub(crate) fn level(name: &str) -> String {
    utf8_percent_encode(name, NON_ALPHANUMERIC).to_string()
}

/// A page, rendered.
pub(crate) fn page(template: &impl Template) -> Result<Response, Trouble> {
    let html = template.render().map_err(|error| Trouble::Page(error.to_string()))?;
    Ok(([(CONTENT_TYPE, HTML)], html).into_response())
}

/// The same for a form that has to be corrected.
pub(crate) fn to_correct(template: &impl Template) -> Result<Response, Trouble> {
    page(template).map(|page| (StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// Leads the browser to a page of the session.
pub(crate) fn to(console: &Console, path: &str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, format!("{}{path}", console.session.base()))]).into_response()
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    f: &'a Frame,
    said: Said,
    is_config: bool,
}

/// The page that says what went wrong, what is safe and what to do.
pub(crate) fn error_page(frame: &Frame, trouble: &Trouble) -> Response {
    let (said, is_config) = match trouble {
        Trouble::NotFound => (Said::own(frame.texts(), "error-not-found"), false),
        Trouble::Form => (Said::own(frame.texts(), "error-form"), false),
        Trouble::TooLarge => (Said::own(frame.texts(), "error-too-large"), false),
        Trouble::Page(text) => (frame.said(text, "ITB-P01"), false),
        Trouble::Failure(failure) => {
            let is_config = matches!(**failure, Failure::Config { .. });
            (Said::failure(frame.texts(), failure), is_config)
        }
    };
    let page = page(&ErrorPage { f: frame, said, is_config });
    match page {
        Ok(page) => (trouble.status(), page).into_response(),
        Err(_) => notice(frame.texts().language(), StatusCode::INTERNAL_SERVER_ERROR, "error-not-found"),
    }
}

#[derive(Template)]
#[template(path = "notice.html")]
struct Notice {
    lang: &'static str,
    text: String,
    other_lang: &'static str,
    other: String,
}

/// A page for those outside of the session. It shows nothing of it.
pub(crate) fn notice(language: Language, status: StatusCode, key: &str) -> Response {
    let other = language.other();
    let (text, other_text) = (texts::of(language).text(key), texts::of(other).text(key));
    let notice = Notice { lang: language.tag(), text, other_lang: other.tag(), other: other_text };
    (status, [(CONTENT_TYPE, HTML)], notice.render().unwrap_or_default()).into_response()
}

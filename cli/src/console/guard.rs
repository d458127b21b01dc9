//! What every request has to pass, and what every response carries.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT_LANGUAGE, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN,
    REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use insights_to_braze::texts::Language;

use super::session::cookie;
use super::state::{Console, Shared};
use super::texts::accepted;
use super::trouble::Trouble;
use super::view::{Frame, error_page, notice};
use super::visit::Visit;

/// Pages load the style sheet and the icon of the console, send forms to it, and do nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// What every response carries. The referrer policy keeps the session's path from other sites, and lets the browser name
/// the origin of a form, which it would hide under `no-referrer` (Fetch standard, "append a request Origin header").
const HEADERS: [(HeaderName, &str); 6] = [
    (CACHE_CONTROL, "no-store"),
    (REFERRER_POLICY, "same-origin"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Lets requests of the session through to the pages.
pub(crate) async fn guard(State(console): State<Shared>, request: Request, next: Next) -> Response {
    let language = language_of(request.headers());
    let mut response = match pass(&console, request, language) {
        Ok(request) => {
            console.seen();
            let path = request.extensions().get::<Visit>().map(|visit| visit.path.clone()).unwrap_or_default();
            let response = next.run(request).await;
            match response.extensions().get::<Trouble>().cloned() {
                Some(trouble) => {
                    let visit = Visit::new(language, &path, "");
                    error_page(&Frame::new(&console, &visit, ""), &trouble)
                }
                None => response,
            }
        }
        Err(refusal) => *refusal,
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    response
}

fn language_of(headers: &HeaderMap) -> Language {
    let chosen = header(headers, &COOKIE).and_then(|cookies| Language::of_tag(cookie(cookies, "itb-language")?));
    chosen.unwrap_or_else(|| accepted(header(headers, &ACCEPT_LANGUAGE).unwrap_or_default()))
}

fn header<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// The request with its path within the session, or the response that refuses it.
fn pass(console: &Console, mut request: Request, language: Language) -> Result<Request, Box<Response>> {
    let refuse = |status: StatusCode, key: &str| Err(Box::new(notice(language, status, key)));
    let headers = request.headers();
    let host = header(headers, &HOST).unwrap_or_default().to_owned();
    if !console.session.is_host(&host) {
        return refuse(StatusCode::MISDIRECTED_REQUEST, "refused-host");
    }
    if ![Method::GET, Method::HEAD, Method::POST].contains(request.method()) {
        let mut response = notice(language, StatusCode::METHOD_NOT_ALLOWED, "refused-method");
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
        return Err(Box::new(response));
    }
    let uri = request.uri().clone();
    let query = uri.query().unwrap_or_default();
    let is_signed_in = header(headers, &COOKIE).is_some_and(|cookies| console.session.is_in(cookies));
    if uri.path() == "/start" && request.method() == Method::GET {
        let token = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "token");
        let begins = token.is_some_and(|(_, token)| console.session.begin(&token));
        return Err(Box::new(if begins {
            begin(console)
        } else {
            notice(language, StatusCode::FORBIDDEN, "refused-token")
        }));
    }
    let Some(path) = console.session.below(uri.path()) else { return refuse(StatusCode::NOT_FOUND, "refused-session") };
    if !is_signed_in {
        return refuse(StatusCode::FORBIDDEN, "refused-session");
    }
    let site = headers.get("sec-fetch-site").map(|site| site.to_str().unwrap_or_default());
    let is_form = header(headers, &CONTENT_TYPE)
        .is_some_and(|kind| kind.split(';').next() == Some("application/x-www-form-urlencoded"));
    let is_own = if request.method() == Method::POST {
        let origin = header(headers, &ORIGIN) == Some(&format!("http://{host}"));
        origin && is_form && site.is_none_or(|site| site == "same-origin")
    } else {
        site.is_none_or(|site| site == "same-origin" || site == "none")
    };
    if !is_own {
        return refuse(StatusCode::FORBIDDEN, "refused-origin");
    }
    let visit = Visit::new(language, path, query);
    let below = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    *request.uri_mut() =
        below.parse().map_err(|_| Box::new(notice(language, StatusCode::BAD_REQUEST, "refused-session")))?;
    request.extensions_mut().insert(visit);
    Ok(request)
}

/// The token is exchanged for the cookie.
fn begin(console: &Console) -> Response {
    let headers = [(LOCATION, format!("{}/", console.session.base())), (SET_COOKIE, console.session.set_cookie())];
    (StatusCode::SEE_OTHER, headers, Body::empty()).into_response()
}

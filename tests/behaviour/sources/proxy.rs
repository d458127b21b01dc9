//! A proxy before Azurite that stops in the middle of a blob, breaks connections, and answers as Azure does where Azurite
//! cannot.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use tokio::sync::Notify;

use super::azurite;

/// What the proxy does to the next request whose address holds a text.
#[derive(Clone)]
pub(crate) enum Deed {
    /// Answers with a status and a code of Azure.
    Refuse(u16, &'static str),
    /// Sends half of the content, announces it, and sends the rest on request.
    Halve(Arc<Halfway>),
    /// Sends half of the content, announces it, and closes the connection on request.
    Break(Arc<Halfway>),
    /// Sends another byte in place of the first.
    Spoil,
}

/// The middle of a blob.
#[derive(Default)]
pub(crate) struct Halfway {
    pub(crate) reached: Notify,
    pub(crate) go_on: Notify,
}

struct Rule {
    holding: String,
    deed: Deed,
    /// How often it still applies.
    times: usize,
}

pub(crate) struct Proxy {
    pub(crate) account_url: String,
    rules: Rules,
}

type Rules = Arc<Mutex<Vec<Rule>>>;

impl Proxy {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let rules = Rules::default();
        let router = Router::new().fallback(pass).with_state((Arc::clone(&rules), reqwest::Client::new()));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { account_url: format!("http://127.0.0.1:{port}/{}", azurite::ACCOUNT), rules }
    }

    /// Applies to the next requests whose address holds `holding`.
    pub(crate) fn on(&self, holding: &str, times: usize, deed: Deed) {
        self.rules.lock().unwrap().push(Rule { holding: holding.to_owned(), deed, times });
    }
}

fn deed(rules: &Rules, address: &str) -> Option<Deed> {
    let mut rules = rules.lock().unwrap();
    let rule = rules.iter_mut().find(|rule| rule.times > 0 && address.contains(&rule.holding))?;
    rule.times -= 1;
    Some(rule.deed.clone())
}

async fn pass(State((rules, http)): State<(Rules, reqwest::Client)>, request: Request) -> Response {
    let address = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let deed = deed(&rules, &address);
    if let Some(Deed::Refuse(status, code)) = deed {
        let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>canary</Message></Error>");
        return (StatusCode::from_u16(status).unwrap(), [("x-ms-error-code", code)], body).into_response();
    }
    let url = format!("http://127.0.0.1:{}{address}", azurite::port());
    let mut forwarded = http.request(request.method().clone(), url);
    for (name, value) in request.headers().iter().filter(|(name, _)| *name != "host") {
        forwarded = forwarded.header(name, value);
    }
    let answer = forwarded.send().await.unwrap();
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers().iter().filter(|(name, _)| *name != "transfer-encoding") {
        response = response.header(name, value);
    }
    let content = answer.bytes().await.unwrap();
    let body = match deed {
        Some(Deed::Halve(halfway)) => halves(&content, halfway, false),
        Some(Deed::Break(halfway)) => halves(&content, halfway, true),
        Some(Deed::Spoil) => {
            let mut spoilt = content.to_vec();
            spoilt[0] ^= 1;
            Body::from(spoilt)
        }
        _ => Body::from(content),
    };
    response.body(body).unwrap()
}

fn halves(content: &Bytes, halfway: Arc<Halfway>, breaks: bool) -> Body {
    let (first, second) = (content.slice(..content.len() / 2), content.slice(content.len() / 2..));
    let first = futures::stream::once(async move { Ok::<_, std::io::Error>(first) });
    let second = futures::stream::once(async move {
        halfway.reached.notify_one();
        halfway.go_on.notified().await;
        if breaks { Err(std::io::ErrorKind::ConnectionReset.into()) } else { Ok(second) }
    });
    Body::from_stream(first.chain(second))
}

//! The same client over real HTTP on the loopback.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::braze::{CheckError, StopReason, http_client};

/// A request as the server saw it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) line: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) from: Option<u16>,
}

/// A server on a free port that answers as `reply` says.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub(super) async fn start(reply: impl Fn(usize, &Seen) -> Response + Clone + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let log = Arc::clone(&seen);
        let answer = move |request: Request| {
            let (log, reply) = (Arc::clone(&log), reply.clone());
            async move {
                let (parts, body) = request.into_parts();
                let from = parts.extensions.get::<axum::extract::ConnectInfo<SocketAddr>>().map(|from| from.0.port());
                let line = format!("{} {} {:?}", parts.method, parts.uri, parts.version);
                let body = to_bytes(body, usize::MAX).await.unwrap();
                let request = Seen { line, headers: parts.headers, body, from };
                let number = {
                    let mut log = log.lock().unwrap();
                    log.push(request.clone());
                    log.len() - 1
                };
                reply(number, &request)
            }
        };
        let service = Router::new().fallback(answer).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { address, seen }
    }

    pub(super) fn client(&self) -> BrazeClient {
        client_of(&self.address.to_string())
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

pub(super) fn client_of(authority: &str) -> BrazeClient {
    BrazeClient::new(&connection("http", authority), http_client().unwrap())
}

pub(super) fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Body::from(body.to_owned())).unwrap()
}

pub(super) const SUCCESS: &str = r#"{"message":"success","attributes_processed":2}"#;

#[tokio::test]
async fn the_request_is_as_braze_documents_it() {
    let server = Server::start(|_, _| reply(201, &[("content-type", "application/json")], SUCCESS)).await;
    let request = people(2);
    let outcome = server.client().track(&request, &key(), minutes(1)).await;
    assert!(all(&ObjectResult::Accepted, &outcome.objects), "{outcome:?}");
    let seen = &server.seen()[0];
    assert_eq!(seen.line, "POST /users/track HTTP/1.1");
    assert_eq!(seen.headers["content-type"], "application/json");
    assert_eq!(seen.headers["authorization"], format!("Bearer {KEY}"));
    assert!(seen.headers["user-agent"].to_str().unwrap().starts_with("insights-to-braze/"));
    assert_eq!(seen.body, request.body());
    let body: Value = serde_json::from_slice(&seen.body).unwrap();
    assert_eq!(body["attributes"][1]["first_name"], "さくら \"O'Neil\"\n🌸");
}

#[tokio::test]
async fn connections_are_kept_alive() {
    let server = Server::start(|_, _| reply(201, &[], SUCCESS)).await;
    let client = server.client();
    for _ in 0..20 {
        client.track(&people(2), &key(), minutes(1)).await;
    }
    let mut ports: Vec<_> = server.seen().iter().map(|seen| seen.from.unwrap()).collect();
    ports.dedup();
    assert_eq!(ports.len(), 1);
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_key_stays() {
    let elsewhere = Server::start(|_, _| reply(201, &[], SUCCESS)).await;
    let target = format!("http://{}/users/track", elsewhere.address);
    for status in [301, 302, 303, 307, 308] {
        let target = target.clone();
        let server = Server::start(move |_, _| reply(status, &[("location", &target)], "")).await;
        let outcome = server.client().track(&people(2), &key(), minutes(1)).await;
        assert!(matches!(outcome.stop, Some(StopReason::Redirected { status: seen, .. }) if seen == status));
        assert_eq!(server.seen().len(), 1);
    }
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn waits_are_read_from_real_headers() {
    let server = Server::start(|number, _| match number {
        0 => reply(429, &[("X-RateLimit-Retry-After", "1")], r#"{"message":"Rate limited"}"#),
        _ => reply(201, &[("X-RateLimit-Limit", "3000"), ("X-RateLimit-Remaining", "2999")], SUCCESS),
    })
    .await;
    let began = std::time::Instant::now();
    let outcome = server.client().track(&people(2), &key(), minutes(1)).await;
    assert!(all(&ObjectResult::Accepted, &outcome.objects));
    assert_eq!(outcome.requests.rate_limited, 1);
    assert!((1.0..2.0).contains(&began.elapsed().as_secs_f64()), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_body_that_echoes_the_key_is_shown_nowhere() {
    let echo = format!(r#"{{"message":"Invalid API key: {KEY}","errors":["zoë.0@example.com {KEY}"]}}"#);
    for status in [400, 401, 403, 404, 500] {
        let echo = echo.clone();
        let server = Server::start(move |_, _| reply(status, &[], &echo)).await;
        let client = server.client();
        let deadline = Instant::now() + Duration::from_millis(700);
        let outcome = client.track(&people(1), &key(), deadline).await;
        let check = client.check(&key(), "abc").await;
        let stop = outcome.stop.as_ref().map(ToString::to_string);
        let shown = format!(
            "{outcome:?} {stop:?} {client:?} {check:?} {:?} {:?}",
            check.as_ref().err().map(ToString::to_string),
            key()
        );
        assert!(!shown.contains("canary") && !shown.contains("zoë"), "{status}: {shown}");
    }
}

#[tokio::test]
async fn an_answer_without_end_is_read_no_further_than_needed() {
    let server = Server::start(|_, _| {
        let endless = futures::stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(&[b' '; 8192])));
        Response::builder().status(401).body(Body::from_stream(endless)).unwrap()
    })
    .await;
    let began = std::time::Instant::now();
    let outcome = server.client().track(&people(2), &key(), minutes(1)).await;
    assert!(matches!(outcome.stop, Some(StopReason::Unauthorized { .. })));
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_success_that_breaks_off_is_asked_for_again() {
    let server = Server::start(|number, _| {
        if number > 0 {
            return reply(201, &[], SUCCESS);
        }
        let broken = futures::stream::iter([
            Ok(Bytes::from_static(b"{\"message\":\"succ")),
            Err(std::io::Error::other("broken")),
        ]);
        Response::builder().status(201).body(Body::from_stream(broken)).unwrap()
    })
    .await;
    let outcome = server.client().track(&people(2), &key(), minutes(1)).await;
    assert!(all(&ObjectResult::Accepted, &outcome.objects));
    assert_eq!(outcome.requests.retried, 1);
}

/// Answers each connection with `answers` in turn, byte for byte, then closes it; an empty one closes without a word.
async fn raw_server(answers: &'static [&'static [u8]]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for answer in answers.iter().cycle() {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut read = vec![0; 64 * 1024];
            let _ = stream.read(&mut read).await;
            let _ = stream.write_all(answer).await;
        }
    });
    address
}

#[tokio::test]
async fn a_lost_connection_is_made_again() {
    let address = raw_server(&[
        b"",
        b"HTTP/1.1 ",
        b"what is this?\r\n\r\n",
        b"HTTP/1.1 201 Created\r\nconnection: close\r\ncontent-length: 21\r\n\r\n{\"message\":\"success\"}",
    ])
    .await;
    let outcome = client_of(&address.to_string()).track(&people(2), &key(), minutes(1)).await;
    assert!(all(&ObjectResult::Accepted, &outcome.objects), "{outcome:?}");
    assert_eq!((outcome.requests.sent, outcome.requests.retried), (4, 3));
}

#[tokio::test]
async fn the_deadline_cuts_a_request_short() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client_of(&listener.local_addr().unwrap().to_string());
    let began = std::time::Instant::now();
    let outcome = client.track(&people(2), &key(), Instant::now() + Duration::from_millis(300)).await;
    assert_eq!(outcome.stop, Some(StopReason::OutOfTime));
    assert!(all(&ObjectResult::Unknown, &outcome.objects));
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn where_no_one_listens_nothing_was_sent() {
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let client = client_of(&unused.to_string());
    let outcome = client.track(&people(2), &key(), Instant::now() + Duration::from_millis(500)).await;
    assert_eq!(outcome.stop, Some(StopReason::OutOfTime));
    assert!(all(&ObjectResult::NotSent, &outcome.objects), "{outcome:?}");
    let error = client.check(&key(), "abc").await.unwrap_err();
    assert!(matches!(error, CheckError::ConnectionRefused { .. }), "{error:?}");
}

#[tokio::test]
async fn many_requests_go_over_real_connections_at_the_rate() {
    let server = Server::start(|_, _| reply(201, &[("X-RateLimit-Limit", "3000")], SUCCESS)).await;
    let client = server.client();
    let began = std::time::Instant::now();
    let (request, key) = (people(2), key());
    let sent = (0..800).map(|_| client.track(&request, &key, minutes(1)));
    let outcomes = futures::future::join_all(sent).await;
    assert!(outcomes.iter().all(|outcome| all(&ObjectResult::Accepted, &outcome.objects)));
    let seconds = began.elapsed().as_secs_f64();
    assert!(seconds >= 0.71, "800 requests at 1,000 a second took {seconds} s");
    assert_eq!(server.seen().len(), 800);
}

//! One request to Braze and its answer, bounded in time and size.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use futures::stream;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LINK};
use reqwest::{Client, Method, Request, Response, Url};
use thiserror::Error;
use tokio::io::AsyncRead;
use tokio_util::io::StreamReader;

use super::counted::Counted;
use super::http_clients::{CONNECTIONS, HttpClients, REQUEST_TIMEOUT, STREAMS};
use super::rate_headers::RateHeaders;
use crate::clock::WallClock;
use crate::message::codes;

/// Bytes of an answer that are read. Braze's longest, 75 errors, is some 15 KB.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Bytes of an answer to a request that reads: 50 profiles with objects of up to 100 KB.
const LONGEST_READ: usize = 8 * 1024 * 1024;

/// A `POST` to be made.
#[derive(Clone, Debug)]
pub struct Post {
    /// The value of the `Authorization` header, marked sensitive.
    pub authorization: HeaderValue,
    /// JSON.
    pub body: Bytes,
}

/// Something to be read.
#[derive(Clone, Debug)]
pub struct Read {
    /// The value of the `Authorization` header, marked sensitive.
    pub authorization: HeaderValue,
    /// The path, and what follows it.
    pub path: String,
    /// JSON of a `POST`; `None` is a `GET`.
    pub body: Option<Bytes>,
}

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct ReadAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The header `Link`.
    pub link: Option<String>,
    /// The body; `None` if it is too long or broke off.
    pub body: Option<Bytes>,
}

/// Something to be downloaded, without the key.
#[derive(Clone, Debug)]
pub struct Download {
    /// Where it is.
    pub address: Url,
    /// How long all of it may take.
    pub patience: Duration,
}

/// A body that arrives bit by bit.
pub type Body = Box<dyn AsyncRead + Send + Unpin>;

/// What came back.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The HTTP status.
    pub(super) status: u16,
    /// What it says about the rate limit.
    pub(super) rate: RateHeaders,
    /// Whether it is a web page.
    pub(super) html: bool,
    /// The body as far as it came, at most 64 KiB.
    pub(super) body: Bytes,
}

impl Answer {
    /// The answer with this status, these headers and this body; `now` is the time of day by which the headers are read.
    pub fn new(status: u16, headers: &HeaderMap, body: Bytes, now: SystemTime) -> Self {
        Self { status, ..Self::headed(headers, now) }.with(body)
    }

    /// What the headers say.
    fn headed(headers: &HeaderMap, now: SystemTime) -> Self {
        let html = headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
        Self { rate: RateHeaders::read(headers, now), html, ..Self::default() }
    }

    fn with(self, body: Bytes) -> Self {
        Self { html: self.html || body.trim_ascii_start().starts_with(b"<"), body, ..self }
    }
}

/// Why there is no response. The text is part of other messages, and contains neither URL nor key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Lost {
    /// The host name does not exist.
    ///
    /// Fix: check `hostname` for a typo.
    #[error("host not found")]
    Dns,
    /// The host refuses connections.
    ///
    /// Fix: check `hostname`, and whether outbound traffic is blocked.
    #[error("connection refused")]
    Refused,
    /// TLS failed, or the certificate is not trusted.
    ///
    /// Fix: check `hostname`, and whether a proxy intercepts TLS with its own certificate.
    #[error("no trusted TLS connection ({0})")]
    Tls(String),
    /// The connection failed for another reason. Nothing was sent.
    ///
    /// Fix: check whether outbound traffic is blocked.
    #[error("no connection")]
    Unconnected,
    /// Braze did not respond in time. The request may have arrived; sending it again does no harm.
    ///
    /// Fix: nothing to do; the request is retried.
    #[error("no response within {} s", REQUEST_TIMEOUT.as_secs())]
    TimedOut,
    /// The connection ended before the response. The request may have arrived; sending it again does no harm.
    ///
    /// Fix: nothing to do; the request is retried.
    #[error("connection lost")]
    Broken,
}

codes!(Lost {
    Dns = "ITB-B21",
    Refused = "ITB-B22",
    Tls = "ITB-B23",
    Unconnected = "ITB-B24",
    TimedOut = "ITB-B25",
    Broken = "ITB-B26",
});

impl Lost {
    /// Whether Braze may have got the request all the same.
    pub(super) fn may_have_arrived(&self) -> bool {
        matches!(self, Self::TimedOut | Self::Broken)
    }

    fn of(error: &reqwest::Error) -> Self {
        if error.is_connect() {
            return Self::unconnected(error);
        }
        if error.is_timeout() { Self::TimedOut } else { Self::Broken }
    }

    fn unconnected(error: &reqwest::Error) -> Self {
        let mut cause: Option<&(dyn Error + 'static)> = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if text.contains("dns error") {
                return Self::Dns;
            }
            let Some(io_error) = error.downcast_ref::<io::Error>() else {
                cause = error.source();
                continue;
            };
            match io_error.kind() {
                ErrorKind::ConnectionRefused => return Self::Refused,
                // This is how rustls reports a problem with the handshake or the certificate.
                ErrorKind::InvalidData => return Self::Tls(text),
                // The source of an I/O error is not the error that it wraps.
                _ => cause = io_error.get_ref().map(|inner| inner as &(dyn Error + 'static)),
            }
        }
        Self::Unconnected
    }
}

/// The way to Braze: HTTP, or a mock in the same process.
pub trait Transport: Send + Sync {
    /// Makes the request. Dropping the future abandons it.
    fn post(&self, post: Post) -> BoxFuture<'_, Result<Answer, Lost>>;

    /// Makes a request that changes nothing. Where nothing can be read, that is 404.
    fn read(&self, read: Read) -> BoxFuture<'_, Result<ReadAnswer, Lost>> {
        drop(read);
        Box::pin(async { Ok(ReadAnswer { status: 404, ..ReadAnswer::default() }) })
    }

    /// Downloads something: the HTTP status and the body. Where nothing can be downloaded, that is 404.
    fn download(&self, download: Download) -> BoxFuture<'_, Result<(u16, Body), Lost>> {
        drop(download);
        Box::pin(async { Ok((404, Box::new(tokio::io::empty()) as Body)) })
    }
}

/// HTTP with `reqwest`. Over HTTP/2 a client keeps one connection, so several clients are used when many requests are in
/// flight. Over plain HTTP, which only a mock uses, one client opens as many connections as needed.
pub(super) struct HttpTransport {
    /// `None` if it is not a URL, which can't happen with a checked host name.
    url: Option<Url>,
    clients: HttpClients,
    /// Requests in flight, by client.
    busy: Vec<AtomicUsize>,
    clock: WallClock,
}

impl HttpTransport {
    pub(super) fn new(url: &str, clients: HttpClients, clock: WallClock) -> Self {
        let url = Url::parse(url).ok();
        let encrypted = url.as_ref().is_some_and(|url| url.scheme() == "https");
        let busy = (0..if encrypted { CONNECTIONS } else { 1 }).map(|_| AtomicUsize::new(0)).collect();
        Self { url, clients, busy, clock }
    }

    /// The first client with room, to use as few connections as possible; otherwise the one with most room.
    fn least_busy(&self) -> Option<(usize, &AtomicUsize)> {
        let load = |(_, busy): &(usize, &AtomicUsize)| busy.load(Ordering::Relaxed);
        let mut clients = self.busy.iter().enumerate();
        clients.clone().find(|client| load(client) < STREAMS).or_else(|| clients.by_ref().min_by_key(load))
    }

    async fn exchange(&self, client: &Client, post: Post) -> Result<Answer, Lost> {
        let url = self.url.clone().ok_or(Lost::Unconnected)?;
        let mut request = Request::new(Method::POST, url);
        request.headers_mut().insert(AUTHORIZATION, post.authorization);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *request.body_mut() = Some(post.body.into());
        let response = client.execute(request).await.map_err(|error| Lost::of(&error))?;
        Ok(self.take(response).await)
    }

    async fn read_once(&self, read: Read) -> Result<ReadAnswer, Lost> {
        let url = self.url.as_ref().and_then(|url| url.join(&read.path).ok()).ok_or(Lost::Unconnected)?;
        let client = self.clients.client(0).map_err(|error| Lost::Tls(reason(&error)))?;
        let mut request = Request::new(if read.body.is_some() { Method::POST } else { Method::GET }, url);
        request.headers_mut().insert(AUTHORIZATION, read.authorization);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *request.body_mut() = read.body.map(Into::into);
        let mut response = client.execute(request).await.map_err(|error| Lost::of(&error))?;
        let link = response.headers().get(LINK).and_then(|link| link.to_str().ok()).map(str::to_owned);
        let status = response.status().as_u16();
        let (body, is_whole) = body_of(&mut response, LONGEST_READ).await;
        Ok(ReadAnswer { status, link, body: is_whole.then_some(body) })
    }

    async fn open(&self, download: Download) -> Result<(u16, Body), Lost> {
        let client = self.clients.client(0).map_err(|error| Lost::Tls(reason(&error)))?;
        let mut request = Request::new(Method::GET, download.address);
        *request.timeout_mut() = Some(download.patience);
        let response = client.execute(request).await.map_err(|error| Lost::of(&error))?;
        let status = response.status().as_u16();
        let chunks = stream::try_unfold(response, |mut response| async move {
            let chunk = response.chunk().await.map_err(|error| io::Error::other(Lost::of(&error)))?;
            Ok::<_, io::Error>(chunk.map(|chunk| (chunk, response)))
        });
        Ok((status, Box::new(StreamReader::new(Box::pin(chunks)))))
    }

    async fn take(&self, mut response: Response) -> Answer {
        let status = response.status().as_u16();
        let answer = Answer { status, ..Answer::headed(response.headers(), self.clock.now()) };
        // If the body breaks off, the received part is used: the status decides.
        let (body, _) = body_of(&mut response, LONGEST_ANSWER).await;
        answer.with(body)
    }
}

impl Transport for HttpTransport {
    fn post(&self, post: Post) -> BoxFuture<'_, Result<Answer, Lost>> {
        Box::pin(async move {
            let (number, busy) = self.least_busy().ok_or(Lost::Unconnected)?;
            let _busy = Counted::new(busy);
            let client = self.clients.client(number).map_err(|error| Lost::Tls(reason(&error)))?;
            self.exchange(client, post).await
        })
    }

    fn read(&self, read: Read) -> BoxFuture<'_, Result<ReadAnswer, Lost>> {
        Box::pin(self.read_once(read))
    }

    fn download(&self, download: Download) -> BoxFuture<'_, Result<(u16, Body), Lost>> {
        Box::pin(self.open(download))
    }
}

/// The root cause of an error.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

/// The first `most` bytes of a body, and whether that is all of it.
async fn body_of(response: &mut Response, most: usize) -> (Bytes, bool) {
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                let room = most - body.len();
                body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                if chunk.len() > room {
                    return (body.freeze(), false);
                }
            }
            Ok(None) => return (body.freeze(), true),
            Err(_) => return (body.freeze(), false),
        }
    }
}

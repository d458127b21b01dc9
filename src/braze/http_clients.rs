//! The HTTP clients for Braze, each created at its first use.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::{Client, redirect, retry, tls};

use super::limiter::MOST_IN_FLIGHT;

/// The time limit for connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The time limit for a request and its answer.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Concurrent requests on one HTTP/2 connection before the next one is used. Servers allow 100 streams or more (RFC 9113,
/// section 6.5.2, recommends no fewer); requests beyond their limit would wait unnoticed.
pub(super) const STREAMS: usize = 90;

/// HTTP/2 connections for the most requests in flight.
pub(super) const CONNECTIONS: usize = MOST_IN_FLIGHT.div_ceil(STREAMS);

/// HTTP clients, shared by the connections of a process. Cheap to clone. Trusted certificates are read when the first
/// request is sent.
#[derive(Clone)]
pub struct HttpClients {
    shared: Arc<Shared>,
}

struct Shared {
    make: Box<dyn Fn() -> Result<Client, reqwest::Error> + Send + Sync>,
    made: [OnceLock<Client>; CONNECTIONS],
}

impl HttpClients {
    /// Clients created by `make`.
    pub fn new(make: impl Fn() -> Result<Client, reqwest::Error> + Send + Sync + 'static) -> Self {
        Self { shared: Arc::new(Shared { make: Box::new(make), made: [const { OnceLock::new() }; CONNECTIONS] }) }
    }

    /// Client `number`, from 0. If it can't be created, the next call tries again.
    pub(super) fn client(&self, number: usize) -> Result<&Client, reqwest::Error> {
        let made = &self.shared.made[number % CONNECTIONS];
        if let Some(client) = made.get() {
            return Ok(client);
        }
        let client = (self.shared.make)()?;
        Ok(made.get_or_init(|| client))
    }
}

impl Default for HttpClients {
    /// Clients created by [`http_client`].
    fn default() -> Self {
        Self::new(http_client)
    }
}

impl From<Client> for HttpClients {
    /// One client for everything.
    fn from(client: Client) -> Self {
        Self::new(move || Ok(client.clone()))
    }
}

impl fmt::Debug for HttpClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let made = self.shared.made.iter().filter(|client| client.get().is_some()).count();
        f.debug_struct("HttpClients").field("made", &made).finish_non_exhaustive()
    }
}

/// The HTTP client for Braze: rustls with TLS 1.2 or later, HTTP/2 where the server offers it, kept-alive connections,
/// 5 s to connect and 30 s for a request. It follows no redirects, so that the key reaches no other host, uses no proxy
/// from the environment, and doesn't retry.
pub fn http_client() -> Result<Client, reqwest::Error> {
    Client::builder()
        .user_agent(concat!("insights-to-braze/", env!("CARGO_PKG_VERSION")))
        .tls_version_min(tls::Version::TLS_1_2)
        .redirect(redirect::Policy::none())
        .referer(false)
        .retry(retry::never())
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(REQUEST_TIMEOUT)
        .pool_idle_timeout(Duration::from_mins(1))
        .tcp_nodelay(true)
        .build()
}

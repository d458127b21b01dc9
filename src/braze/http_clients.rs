//! The HTTP clients for Braze, each made when it is needed.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::{Client, redirect, retry, tls};

use super::limiter::MOST_IN_FLIGHT;

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a request may take, answer included.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Requests that one HTTP/2 connection is given at once before the next client takes over. Servers admit 100 or more
/// streams (RFC 9113, section 6.5.2, recommends no fewer), and what is over their limit waits unseen.
pub(super) const STREAMS: usize = 90;

/// Connections over HTTP/2 that carry as many requests as are ever under way.
pub(super) const CONNECTIONS: usize = MOST_IN_FLIGHT.div_ceil(STREAMS);

/// HTTP clients, shared by the connections of a process. Cheap to clone. The certificates that are trusted are read when
/// the first client is made, which is when the first request is sent.
#[derive(Clone)]
pub struct HttpClients {
    shared: Arc<Shared>,
}

struct Shared {
    make: Box<dyn Fn() -> Result<Client, reqwest::Error> + Send + Sync>,
    made: [OnceLock<Client>; CONNECTIONS],
}

impl HttpClients {
    /// Clients as `make` makes them.
    pub fn new(make: impl Fn() -> Result<Client, reqwest::Error> + Send + Sync + 'static) -> Self {
        Self { shared: Arc::new(Shared { make: Box::new(make), made: [const { OnceLock::new() }; CONNECTIONS] }) }
    }

    /// Client `number`, from 0; one that could not be made is tried again the next time.
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
    /// Clients as [`http_client`] makes them.
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
/// 5 s to connect and 30 s for a request. It follows no redirect, so that the key stays with the host that it was meant
/// for, uses no proxy from the environment, and repeats nothing by itself.
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

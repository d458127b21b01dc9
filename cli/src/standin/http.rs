//! The HTTP server below every stand-in: one listener on a free port of 127.0.0.1.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// The service closes the connection instead of answering.
#[derive(Debug, thiserror::Error)]
#[error("the stand-in closes this connection on purpose")]
pub struct ConnectionClosed;

/// An answer whose body is in memory.
pub type WholeResponse = Response<Full<Bytes>>;

/// One of Braze's hosts, for clients that resolve it to this machine.
pub const BRAZE_HOST: &str = "rest.fra-01.braze.eu";

/// Requests that one connection over HTTP/2 carries at once, as many as servers usually admit.
pub const STREAMS: u32 = 100;

/// A self-signed certificate for this machine and for [`BRAZE_HOST`], made anew for every server.
#[derive(Clone)]
pub struct TlsIdentity {
    certificate_pem: String,
    private_key_pem: String,
    acceptor: TlsAcceptor,
}

impl TlsIdentity {
    /// Makes a key and its certificate. HTTP/2 and HTTP/1.1 are offered, in this order.
    pub fn generate() -> io::Result<Self> {
        let names = ["localhost", "127.0.0.1", BRAZE_HOST].map(str::to_owned);
        let generated = rcgen::generate_simple_self_signed(names).map_err(io::Error::other)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(generated.signing_key.serialize_der()));
        let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![generated.cert.der().clone()], key)
            .map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let private_key_pem = generated.signing_key.serialize_pem();
        Ok(Self { certificate_pem: generated.cert.pem(), private_key_pem, acceptor })
    }

    /// The key, as PEM, for another server with the same certificate.
    pub fn private_key_pem(&self) -> &str {
        &self.private_key_pem
    }

    /// The certificate that a client has to trust, as PEM.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }
}

/// A running server. Dropping it closes the port and every connection.
#[derive(Debug)]
pub struct HttpServer {
    address: SocketAddr,
    scheme: &'static str,
    accepting: JoinHandle<()>,
}

impl HttpServer {
    /// Listens on a free port of 127.0.0.1 and answers every request with `service`, over HTTP/1.1 and HTTP/2.
    pub async fn start<S, F, B>(service: S, tls: Option<&TlsIdentity>) -> io::Result<Self>
    where
        S: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Response<B>, ConnectionClosed>> + Send + 'static,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let acceptor = tls.map(|identity| identity.acceptor.clone());
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        let accepting = tokio::spawn(accept(listener, acceptor, service));
        Ok(Self { address, scheme, accepting })
    }

    /// Scheme, host and port, for instance `http://127.0.0.1:49152`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// The port that the server listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// The connections live in the set that this task owns, so they end with it.
async fn accept<S, F, B>(listener: TcpListener, acceptor: Option<TlsAcceptor>, service: S)
where
    S: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Response<B>, ConnectionClosed>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                connections.spawn(secure_and_serve(stream, acceptor.clone(), service.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn secure_and_serve<S, F, B>(stream: TcpStream, acceptor: Option<TlsAcceptor>, service: S)
where
    S: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Response<B>, ConnectionClosed>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if stream.set_nodelay(true).is_err() {
        return;
    }
    match acceptor {
        None => serve(stream, service).await,
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                serve(stream, service).await;
            }
        }
    }
}

async fn serve<I, S, F, B>(stream: I, service: S)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Response<B>, ConnectionClosed>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http2().max_concurrent_streams(STREAMS);
    let connection = builder.serve_connection(TokioIo::new(stream), service_fn(service));
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection to a stand-in ended early");
    }
}

//! The way to a stand-in without a socket, for a simulation: a request is answered in the same process, in an order that
//! depends on nothing but Tokio's scheduler and its clock.
//!
//! What is left out is TCP and the framing of HTTP. The SDK signs, retries and parses as ever, and the stand-in reads and
//! answers the same requests.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::ErrorKind;
use bytes::Bytes;
use futures::future::BoxFuture;
use http_body_util::BodyExt;
use hyper::body::Body;
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Response, Uri};

use super::http::ConnectionClosed;

/// What stands in the place of host and port. Nothing listens there.
pub(crate) const URL: &str = "http://localhost";

type Answering = BoxFuture<'static, Result<Response<Bytes>, ConnectionClosed>>;

/// A stand-in that is called without a socket: an HTTP client for the AWS SDK.
#[derive(Clone)]
pub struct InProcess {
    service: Arc<dyn Fn(Request<Bytes>) -> Answering + Send + Sync>,
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

impl InProcess {
    /// Answers every request with `service`.
    pub(crate) fn new<S, F, B>(service: S) -> Self
    where
        S: Fn(Request<Bytes>) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Response<B>, ConnectionClosed>> + Send + 'static,
        B: Body<Data = Bytes> + Send,
    {
        let service = move |request| -> Answering {
            let answer = service(request);
            Box::pin(async move {
                let (parts, body) = answer.await?.into_parts();
                let body = body.collect().await.map_err(|_| ConnectionClosed)?.to_bytes();
                Ok(Response::from_parts(parts, body))
            })
        };
        Self { service: Arc::new(service) }
    }

    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
        let (mut parts, body) = request.into_parts();
        // What an HTTP client makes of the address.
        let host = parts.uri.authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
        if let Some(host) = host {
            parts.headers.entry(HOST).or_insert(host);
        }
        if let Some(path) = parts.uri.path_and_query() {
            parts.uri = Uri::from(path.clone());
        }
        let body = body.collect().await.map_err(ConnectorError::user)?.to_bytes();
        // What has been sent is carried out, whether or not the caller still lives.
        let answering = tokio::spawn((self.service)(Request::from_parts(parts, body)));
        let answered = answering.await.map_err(|error| ConnectorError::other(error.into(), None))?;
        // What the SDK's own HTTP client says of a connection that ends before the answer.
        let answered = answered
            .map_err(|closed| ConnectorError::other(closed.into(), Some(ErrorKind::TransientError)))?
            .map(SdkBody::from);
        HttpResponse::try_from(answered).map_err(|error| ConnectorError::other(error.into(), None))
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move { Self::call(&this, request).await })
    }
}

impl HttpClient for InProcess {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

//! The way to a workspace without a socket, for a simulation.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use http_body_util::{BodyExt, Full};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, LINK};
use hyper::{Method, Request};
use insights_to_braze::braze::{Answer, Lost, Post, Read, ReadAnswer, Transport};

use super::server;
use super::shared::Shared;
use crate::standin::clock::system_time;

/// Answers in the same process what would come by HTTP. A request that is given up is not carried out any more, as when a
/// connection is closed before the workspace has looked at it.
pub struct InProcessBraze {
    pub(super) shared: Arc<Shared>,
}

impl Transport for InProcessBraze {
    fn post(&self, post: Post) -> BoxFuture<'_, Result<Answer, Lost>> {
        Box::pin(async move {
            let mut request = Request::new(Full::new(post.body));
            *request.method_mut() = Method::POST;
            *request.uri_mut() = hyper::Uri::from_static("/users/track");
            request.headers_mut().insert(AUTHORIZATION, post.authorization);
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let answered = server::answer(Arc::clone(&self.shared), request).await.map_err(|_| Lost::Broken)?;
            let (parts, body) = answered.into_parts();
            let body = body.collect().await.map_or_else(|_| Bytes::new(), http_body_util::Collected::to_bytes);
            let now = system_time(self.shared.settings.clock.now());
            Ok(Answer::new(parts.status.as_u16(), &parts.headers, body, now))
        })
    }

    fn read(&self, read: Read) -> BoxFuture<'_, Result<ReadAnswer, Lost>> {
        Box::pin(async move {
            let method = if read.body.is_some() { Method::POST } else { Method::GET };
            let mut request = Request::new(Full::new(read.body.unwrap_or_default()));
            *request.method_mut() = method;
            *request.uri_mut() = read.path.parse().map_err(|_| Lost::Unconnected)?;
            request.headers_mut().insert(AUTHORIZATION, read.authorization);
            let answered = server::answer(Arc::clone(&self.shared), request).await.map_err(|_| Lost::Broken)?;
            let (parts, body) = answered.into_parts();
            let link = parts.headers.get(LINK).and_then(|link| link.to_str().ok()).map(str::to_owned);
            let body = body.collect().await.map(http_body_util::Collected::to_bytes).ok();
            Ok(ReadAnswer { status: parts.status.as_u16(), link, body })
        })
    }
}

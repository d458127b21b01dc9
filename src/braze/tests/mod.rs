//! The client against a scripted Braze: in the same process on paused time, and over real HTTP on the loopback.

#![allow(clippy::unwrap_used, clippy::panic)]

mod checking;
mod http;
mod policy;
mod pressure;
mod stops;

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::rate_headers::RateHeaders;
use super::transport::{Answer, Lost, Post, Transport};
use super::{BrazeClient, ObjectResult, Requests, TrackRequest};
use crate::clock::WallClock;
use crate::config::{Connection, Hostname};
use crate::secrets::ApiKey;

pub(super) const KEY: &str = "canary-5e7d0b9a-1c2f-4a55-9d1e-3b8f7f6a2c11";

pub(super) fn key() -> ApiKey {
    ApiKey::new(KEY.to_owned())
}

pub(in crate::braze) fn connection(scheme: &'static str, authority: &str) -> Connection {
    Connection {
        name: "braze-eu".into(),
        display_name: "Braze, EU workspace".to_owned(),
        hostname: Hostname { scheme, authority: authority.to_owned() },
        secret: crate::names::SecretName::OfStack,
        workspace: "workspace".into(),
        agree_to_data_transfer: true,
        requests_per_second: NonZeroU32::new(1000).unwrap(),
        requests_per_hour: None,
        company: None,
        objects_per_request: 75,
        state_identifiers: crate::config::StateIdentifiers::Plain,
        audit_bucket: None,
        audit_prefix: String::new(),
    }
}

/// `count` people, whose ids are "id-0", "id-1", …
pub(super) fn people(count: usize) -> TrackRequest {
    let mut request = TrackRequest::default();
    for index in 0..count {
        let person = json!({
            "external_id": format!("id-{index}"), "email": format!("zoë.{index}@example.com"),
            "first_name": "さくら \"O'Neil\"\n🌸", "High Value Customers": true,
        });
        request.push(person.to_string().as_bytes());
    }
    request
}

/// The ids in a body.
pub(super) fn ids(body: &Value) -> Vec<String> {
    let objects = body["attributes"].as_array().unwrap();
    objects.iter().map(|object| object["external_id"].as_str().unwrap().to_owned()).collect()
}

/// The answer of Braze to `body` when every object is fine.
pub(super) fn success(body: &Value) -> Answer {
    let processed = body["attributes"].as_array().unwrap().len();
    answer(201, &[], &json!({ "message": "success", "attributes_processed": processed }).to_string())
}

pub(super) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap()))
        .collect();
    Answer {
        status,
        rate: RateHeaders::read(&headers, std::time::SystemTime::now()),
        html: body.starts_with('<'),
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

type Script = dyn Fn(usize, &Value) -> Result<Answer, Lost> + Send + Sync;

/// A Braze in the same process, that answers each request as the script says, after 100 ms.
#[derive(Clone)]
pub(super) struct ScriptedBraze {
    script: Arc<Script>,
    seen: Arc<Mutex<Vec<(Instant, Value)>>>,
}

impl ScriptedBraze {
    /// `script` is given the number of the request, from 0, and its body.
    pub(super) fn new(script: impl Fn(usize, &Value) -> Result<Answer, Lost> + Send + Sync + 'static) -> Self {
        Self { script: Arc::new(script), seen: Arc::default() }
    }

    pub(super) fn client(&self) -> BrazeClient {
        let connection = connection("http", "127.0.0.1:1");
        BrazeClient::through(&connection, Box::new(self.clone()), WallClock::System, 11)
    }

    /// The bodies so far.
    pub(super) fn bodies(&self) -> Vec<Value> {
        self.seen.lock().unwrap().iter().map(|(_, body)| body.clone()).collect()
    }

    /// When each request came, from the first one on.
    pub(super) fn times(&self) -> Vec<Duration> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|(at, _)| *at - seen[0].0).collect()
    }
}

impl Transport for ScriptedBraze {
    fn post(&self, post: Post) -> BoxFuture<'_, Result<Answer, Lost>> {
        Box::pin(async move {
            let body: Value = serde_json::from_slice(&post.body).unwrap();
            let number = {
                let mut seen = self.seen.lock().unwrap();
                seen.push((Instant::now(), body.clone()));
                seen.len() - 1
            };
            tokio::time::sleep(Duration::from_millis(100)).await;
            (self.script)(number, &body)
        })
    }
}

pub(super) fn counts(sent: u64, retried: u64, rate_limited: u64) -> Requests {
    Requests { sent, retried, rate_limited }
}

pub(super) fn minutes(minutes: u64) -> Instant {
    Instant::now() + Duration::from_secs(60 * minutes)
}

pub(super) fn rejected(result: &ObjectResult) -> &str {
    match result {
        ObjectResult::Rejected(reason) => reason,
        other => panic!("not rejected: {other:?}"),
    }
}

pub(super) fn all(result: &ObjectResult, objects: &[ObjectResult]) -> bool {
    !objects.is_empty() && objects.iter().all(|object| object == result)
}

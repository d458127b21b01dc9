//! What keys with the permission may read: the custom attributes of the workspace, profiles by their identifiers, and everyone in a
//! segment (Braze: "Export custom attributes", "Export user profile by identifier", "Export user profile by segment").

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Body;
use hyper::header::HOST;
use hyper::{Method, Request};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answers::{RATE_LIMITED, json_answer, message};
use super::exported::exported;
use super::permission::refuse_key;
use super::segments;
use super::settings::{ForcedType, Permission};
use super::shared::{Shared, Workspace};
use crate::standin::fault::Answer;
use crate::standin::http::{ConnectionClosed, WholeResponse};

/// Attributes of one answer.
const PAGE: usize = 50;
/// Users of one request.
const MOST_USERS: usize = 50;
/// Bytes of a body.
const LARGEST_BODY: usize = 4 * 1024 * 1024;
/// The length of an array, unless an administrator has set another.
const ARRAY_LENGTH: u64 = 500;

/// An endpoint that reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Attributes,
    Profiles,
    Segment,
}

impl Reading {
    /// The endpoint at this address, if it is one of these.
    pub(super) fn of(method: &Method, path: &str) -> Option<Self> {
        match (method, path) {
            (&Method::GET, "/custom_attributes") => Some(Self::Attributes),
            (&Method::POST, "/users/export/ids") => Some(Self::Profiles),
            (&Method::POST, "/users/export/segment") => Some(Self::Segment),
            _ => None,
        }
    }

    fn permission(self) -> Permission {
        match self {
            Self::Attributes => Permission::CustomAttributesGet,
            Self::Profiles => Permission::UsersExportIds,
            Self::Segment => Permission::UsersExportSegment,
        }
    }
}

/// The body of a request for profiles.
#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    external_ids: Vec<String>,
    #[serde(default)]
    email_address: Option<String>,
    fields_to_export: Option<BTreeSet<String>>,
}

pub(super) async fn answer<B>(
    shared: Arc<Shared>,
    reading: Reading,
    request: Request<B>,
) -> Result<WholeResponse, ConnectionClosed>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (parts, body) = request.into_parts();
    let latency = {
        let mut state = shared.lock();
        match reading {
            Reading::Attributes => state.counters.attribute_reads += 1,
            Reading::Profiles => state.counters.profile_reads += 1,
            Reading::Segment => state.counters.segment_exports += 1,
        }
        let latency = state.latency;
        state.draw(latency)
    };
    let body = Limited::new(body, LARGEST_BODY).collect().await;
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let answer = match (refuse_key(&shared, &parts.headers, reading.permission()), body) {
        (Some(refused), _) => refused,
        (None, Err(_)) => message(413, "Request body is too large."),
        (None, Ok(body)) => {
            let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("rest.example");
            read(&shared, reading, host, parts.uri.query().unwrap_or_default(), &body.to_bytes())
        }
    };
    Ok(answer.into_response())
}

fn read(shared: &Arc<Shared>, reading: Reading, host: &str, query: &str, body: &[u8]) -> Answer {
    let now = shared.settings.clock.since_epoch();
    let limits = shared.settings.read_limits;
    let mut state = shared.settled();
    let admitted = match reading {
        Reading::Attributes => state.attribute_reads.admit_one(limits.attributes_per_hour, now),
        Reading::Profiles => state.profile_reads.admit_one(limits.exports_per_minute, now),
        Reading::Segment => Ok(Vec::new()),
    };
    let headers = match admitted {
        Ok(headers) => headers,
        Err(headers) => {
            let mut answer = message(429, RATE_LIMITED);
            answer.headers.extend(headers);
            return answer;
        }
    };
    let mut answer = match reading {
        Reading::Attributes => attributes(&state, host, query),
        Reading::Profiles => profiles(&state, body),
        Reading::Segment => segments::export(shared, &mut state, host, body),
    };
    answer.headers.extend(headers);
    answer
}

/// The custom attributes, 50 from where the cursor says; the header `Link` names the next page.
fn attributes(state: &Workspace, host: &str, query: &str) -> Answer {
    let cursor = query.split('&').find_map(|field| field.strip_prefix("cursor="));
    let Some(skipped) = cursor.map_or(Some(0), skipped_by) else {
        return message(400, "Invalid cursor.");
    };
    let all = known_attributes(state);
    let page: Vec<Value> = all
        .iter()
        .skip(skipped)
        .take(PAGE)
        .map(|(name, data_type)| {
            json!({
                "name": name,
                "data_type": data_type,
                "array_length": data_type.starts_with("Array").then_some(ARRAY_LENGTH),
                "description": null,
                "status": if state.blocklist.contains(name) { "Blocklisted" } else { "Active" },
                "tag_names": [],
            })
        })
        .collect();
    let mut answer = json_answer(200, &json!({ "message": "success", "attributes": page }));
    if skipped + PAGE < all.len() {
        let cursor = BASE64_STANDARD.encode(format!("skip:{}", skipped + PAGE)).replace('=', "%3D");
        answer.headers.push(("link", format!("<https://{host}/custom_attributes?cursor={cursor}>; rel=\"next\"")));
    }
    answer
}

fn skipped_by(cursor: &str) -> Option<usize> {
    let decoded = BASE64_STANDARD.decode(cursor.replace("%3D", "=")).ok()?;
    std::str::from_utf8(&decoded).ok()?.strip_prefix("skip:")?.parse().ok()
}

/// Every custom attribute that was collected or set up, with its type as the endpoint writes it.
fn known_attributes(state: &Workspace) -> BTreeMap<String, String> {
    let mut known = BTreeMap::new();
    for profile in state.profiles.all() {
        for (name, value) in &profile.custom_attributes {
            known.entry(name.clone()).or_insert_with(|| format!("{} (Automatically Detected)", detected(value)));
        }
    }
    for name in &state.blocklist {
        known.entry(name.clone()).or_insert_with(|| "String".to_owned());
    }
    for (name, forced) in &state.forced_types {
        let data_type = match forced {
            ForcedType::Boolean => "Boolean",
            ForcedType::Number => "Number",
            ForcedType::Text => "String",
        };
        known.insert(name.clone(), data_type.to_owned());
    }
    known
}

fn detected(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "Boolean",
        Value::Number(_) => "Number",
        Value::Array(_) => "Array",
        Value::Object(_) => "Object",
        Value::String(text) if text.get(..10).is_some_and(|day| day.parse::<jiff::civil::Date>().is_ok()) => "Date",
        Value::String(_) | Value::Null => "String",
    }
}

fn profiles(state: &Workspace, body: &[u8]) -> Answer {
    let Ok(wanted) = serde_json::from_slice::<Wanted>(body) else {
        return message(400, "Error while parsing request body. Please check your syntax.");
    };
    if wanted.external_ids.len() > MOST_USERS {
        return message(400, "Max Input Length Exceeded");
    }
    let mut users = Vec::new();
    let mut unknown = Vec::new();
    for id in &wanted.external_ids {
        match state.profiles.by_external_id(id) {
            Some(profile) => users.push(exported(state, profile, wanted.fields_to_export.as_ref()).into()),
            None => unknown.push(id),
        }
    }
    if let Some(email) = &wanted.email_address {
        let found = state.profiles.by_email(email);
        users.extend(found.map(|profile| Value::from(exported(state, profile, wanted.fields_to_export.as_ref()))));
    }
    let mut answer = json!({ "message": "success", "users": users });
    if !unknown.is_empty() {
        answer["invalid_user_ids"] = json!(unknown);
    }
    json_answer(201, &answer)
}

//! Whether a key may do what a request asks for.

use hyper::header::{AUTHORIZATION, HeaderMap};

use super::answers::message;
use super::settings::{Permission, RestApiKey};
use super::shared::Shared;
use crate::standin::fault::Answer;

/// Refuses a request whose key is unknown or lacks the permission.
pub(super) fn refuse_key(shared: &Shared, headers: &HeaderMap, permission: Permission) -> Option<Answer> {
    let text = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Some((scheme, key)) = text.split_once(' ') else {
        return Some(message(401, "Missing API key"));
    };
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Some(message(401, "Error authenticating credentials"));
    }
    let allowed = |known: &RestApiKey| known.permissions.contains(&permission);
    match shared.lock().keys.iter().find(|known| known.key == key).map(allowed) {
        Some(true) => None,
        Some(false) => Some(message(403, "Access Denied")),
        // Braze has been seen to repeat the key here.
        None => Some(message(401, &format!("Invalid API key: {key}"))),
    }
}

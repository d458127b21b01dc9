//! A profile as the endpoints write it that export profiles.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::profiles::Profile;
use super::shared::Workspace;

/// A profile with as little as possible: what is missing is null, false or empty.
pub(super) fn exported(state: &Workspace, profile: &Profile, fields: Option<&BTreeSet<String>>) -> Map<String, Value> {
    let wanted = |name: &str| fields.is_none_or(|fields| fields.contains(name));
    let mut user = Map::new();
    let texts = [("external_id", &profile.external_id), ("email", &profile.email)];
    for (name, value) in texts {
        if let Some(value) = value.as_ref().filter(|_| wanted(name)) {
            user.insert(name.to_owned(), value.as_str().into());
        }
    }
    if wanted("created_at") {
        let created = jiff::SignedDuration::try_from(profile.created).ok();
        let created = created.and_then(|since| jiff::Timestamp::UNIX_EPOCH.checked_add(since).ok());
        user.insert("created_at".to_owned(), json!(created.unwrap_or(jiff::Timestamp::UNIX_EPOCH)));
    }
    for (name, value) in profile.standard.iter().filter(|(name, _)| wanted(name)) {
        user.insert(name.clone(), value.clone());
    }
    if wanted("custom_attributes") {
        add_attributes(&mut user, state, profile, |_| true);
    }
    user
}

/// Adds the custom attributes that are wanted and not blocklisted, if there are any.
pub(super) fn add_attributes(
    user: &mut Map<String, Value>,
    state: &Workspace,
    profile: &Profile,
    wanted: impl Fn(&str) -> bool,
) {
    let shown = profile.custom_attributes.iter().filter(|(name, _)| wanted(name) && !state.blocklist.contains(*name));
    let attributes: Map<String, Value> = shown.map(|(name, value)| (name.clone(), value.clone())).collect();
    if !attributes.is_empty() {
        user.insert("custom_attributes".to_owned(), attributes.into());
    }
}

//! What Braze refuses in an attribute object, and what it ignores without a word.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::counters::Counters;
use super::profiles::{Identity, Profiles};
use super::settings::ForcedType;

/// Bytes that an external id may have ("User track", `EXTERNAL_USER_ID_TOO_LARGE`).
const LONGEST_EXTERNAL_ID: usize = 987;
/// Characters of a custom attribute's name or text.
const LONGEST_TEXT: usize = 255;
/// Elements of an array.
const LONGEST_ARRAY: usize = 500;

/// Standard fields that hold a text.
const TEXT_FIELDS: [&str; 4] = ["first_name", "last_name", "home_city", "phone"];

/// What an administrator has set for custom attributes.
pub(super) struct AttributeRules<'r> {
    pub(super) forced_types: &'r BTreeMap<String, ForcedType>,
    pub(super) blocklist: &'r BTreeSet<String>,
}

/// Who the object is about, or the error's `type`.
pub(super) fn identify(object: &Map<String, Value>) -> Result<Identity<'_>, &'static str> {
    let given = |name: &str| object.get(name).filter(|value| !value.is_null());
    let primaries = ["external_id", "user_alias", "braze_id"].iter().filter(|name| given(name).is_some()).count();
    if primaries > 1 {
        return Err("Only one of 'external_id', 'user_alias' or 'braze_id' is allowed");
    }
    if let Some(value) = given("external_id") {
        return match value.as_str() {
            None | Some("") => Err("'external_id' must be a non-empty string"),
            Some(text) if text.len() > LONGEST_EXTERNAL_ID => Err("EXTERNAL_USER_ID_TOO_LARGE"),
            Some(text) => Ok(Identity::ExternalId(text)),
        };
    }
    if let Some(alias) = given("user_alias") {
        let text = |name: &str| alias.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        return match (text("alias_label"), text("alias_name")) {
            (Some(label), Some(name)) => Ok(Identity::Alias { label, name }),
            _ => Err("'user_alias' must have 'alias_name' and 'alias_label'"),
        };
    }
    if given("braze_id").is_some() {
        return Ok(Identity::BrazeId);
    }
    if let Some(email) = given("email").and_then(Value::as_str) {
        return Ok(Identity::Email(email));
    }
    if let Some(phone) = given("phone").and_then(Value::as_str) {
        return Ok(Identity::Phone(phone));
    }
    Err("'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required")
}

/// What makes Braze refuse the whole object, besides its identifiers.
pub(super) fn check(object: &Map<String, Value>) -> Result<(), &'static str> {
    match object.get("email") {
        None | Some(Value::Null) => {}
        Some(Value::String(email)) if is_email(email) => {}
        Some(_) => return Err("The value provided for the 'email' field is not a valid email."),
    }
    let state_is_wrong = |name: &str| {
        let state = object.get(name).filter(|value| !value.is_null());
        state.is_some_and(|state| !matches!(state.as_str(), Some("opted_in" | "subscribed" | "unsubscribed")))
    };
    if state_is_wrong("email_subscribe") {
        return Err("BAD_EMAIL_SUBSCRIPTION_STATE");
    }
    if state_is_wrong("push_subscribe") {
        return Err("BAD_PUSH_SUBSCRIPTION_STATE");
    }
    if object.contains_key("email_subscription_info") {
        return Err("INVALID_ATTRIBUTE_EMAIL_SUBSCRIPTION_INFO");
    }
    Ok(())
}

/// Whether Braze takes the address ("Email validation").
pub(super) fn is_email(email: &str) -> bool {
    let Some((local, domain)) = email.rsplit_once('@') else { return false };
    let refused = |c: char| c.is_whitespace() || c.is_control() || "*/?!$#%^&(){}[]~,<>:;\"\\@|".contains(c);
    if local.is_empty() || local.contains(refused) || local.contains("..") {
        return false;
    }
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    let begins_and_ends_well = local.starts_with(is_letter) && local.ends_with(is_letter);
    let domain = domain.to_ascii_lowercase();
    if domain == "gmail.com" && local.chars().count() < 2 {
        return false;
    }
    let microsoft =
        domain.split('.').next().is_some_and(|label| matches!(label, "msn" | "hotmail" | "outlook" | "live"));
    if microsoft && !local.chars().all(|c| c.is_ascii_alphanumeric() || "_.-+".contains(c)) {
        return false;
    }
    let labels: Vec<&str> = domain.split('.').collect();
    let label_is_fine = |label: &&str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let top_level_is_fine =
        labels.last().is_some_and(|label| label.len() >= 2 && !label.bytes().all(|byte| byte.is_ascii_digit()));
    begins_and_ends_well && labels.len() >= 2 && labels.iter().all(label_is_fine) && top_level_is_fine
}

/// Applies an object that was not refused.
pub(super) fn apply(
    object: &Map<String, Value>,
    identity: Identity<'_>,
    rules: &AttributeRules<'_>,
    profiles: &mut Profiles,
    counters: &mut Counters,
) {
    // For an alias, leaving the key out means true ("User attributes object").
    let only_existing = object
        .get("_update_existing_only")
        .map_or(matches!(identity, Identity::Alias { .. }), |value| value.as_bool().unwrap_or(false));
    let Some(profile) = profiles.resolve(identity, !only_existing) else {
        counters.drop_silently("user is unknown and only existing ones are updated");
        return;
    };
    for (name, value) in object {
        match name.as_str() {
            "external_id"
            | "braze_id"
            | "user_alias"
            | "_update_existing_only"
            | "_merge_objects"
            | "push_token_import" => {}
            "email" => profiles.set_email(profile, value.as_str()),
            name => match standard_value(name, value) {
                Standard::No => set_custom(profile, name, value, rules, profiles, counters),
                Standard::Set => profiles.set_standard(profile, name, Some(value).filter(|value| !value.is_null())),
                Standard::Remove => profiles.set_standard(profile, name, None),
                Standard::Ignore(reason) => counters.drop_silently(reason),
            },
        }
    }
    profiles.touch(profile);
}

/// What becomes of a standard field.
enum Standard {
    No,
    Set,
    Remove,
    Ignore(&'static str),
}

fn standard_value(name: &str, value: &Value) -> Standard {
    let accepted = |fine: bool, reason: &'static str| if fine { Standard::Set } else { Standard::Ignore(reason) };
    let text = value.as_str();
    let fits = |test: fn(&str) -> bool| value.is_null() || text.is_some_and(test);
    match name {
        name if TEXT_FIELDS.contains(&name) => accepted(
            fits(|text| text.chars().count() <= LONGEST_TEXT),
            "text field: not a text of at most 255 characters",
        ),
        "dob" => {
            accepted(fits(|text| text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()), "dob: not YYYY-MM-DD")
        }
        "gender" => accepted(fits(|text| matches!(text, "M" | "F" | "O" | "N" | "P")), "gender: not M, F, O, N or P"),
        // A name that cannot be mapped sets the country to null.
        "country" if !fits(|text| is_code(text, u8::is_ascii_uppercase)) => Standard::Remove,
        "language" => accepted(
            fits(|text| matches!(text.len(), 2 | 3) && text.bytes().all(|letter| letter.is_ascii_lowercase())),
            "language: not a code of Braze's list",
        ),
        "time_zone" => accepted(fits(|text| text == "UTC" || text.contains('/')), "time_zone: not an IANA name"),
        "email_open_tracking_disabled" | "email_click_tracking_disabled" => {
            accepted(value.is_null() || value.is_boolean(), "tracking switch: not a boolean")
        }
        "country"
        | "email_subscribe"
        | "push_subscribe"
        | "current_location"
        | "subscription_groups"
        | "push_tokens"
        | "facebook"
        | "twitter"
        | "image_url"
        | "date_of_first_session"
        | "date_of_last_session"
        | "marked_email_as_spam_at" => Standard::Set,
        "alias_name" | "alias_label" | "bio" => Standard::Ignore("name is reserved"),
        _ => Standard::No,
    }
}

fn is_code(text: &str, letter: fn(&u8) -> bool) -> bool {
    text.len() == 2 && text.as_bytes().iter().all(letter)
}

fn set_custom(
    profile: usize,
    name: &str,
    value: &Value,
    rules: &AttributeRules<'_>,
    profiles: &mut Profiles,
    counters: &mut Counters,
) {
    let name = name.trim_matches(' ');
    if name.is_empty() || name.chars().count() > LONGEST_TEXT {
        return counters.drop_silently("custom attribute: name has not 1 to 255 characters");
    }
    if rules.blocklist.contains(name) {
        return counters.drop_silently("custom attribute: on the blocklist");
    }
    if value.is_null() {
        return profiles.set_custom(profile, name, None);
    }
    if value.as_str().is_some_and(|text| text.chars().count() > LONGEST_TEXT) {
        return counters.drop_silently("custom attribute: text over 255 characters");
    }
    let value = match rules.forced_types.get(name) {
        None => Some(value.clone()),
        Some(forced) => coerce(value, *forced),
    };
    let Some(mut value) = value else {
        return counters.drop_silently("custom attribute: not of the type that is set for it");
    };
    if let Value::Array(elements) = &mut value
        && elements.len() > LONGEST_ARRAY
    {
        // The oldest elements go.
        elements.drain(..elements.len() - LONGEST_ARRAY);
        counters.drop_silently("custom attribute: array over 500 elements");
    }
    profiles.set_custom(profile, name, Some(&value));
}

/// The value as the forced type, when it can be taken for it.
fn coerce(value: &Value, forced: ForcedType) -> Option<Value> {
    match (forced, value) {
        (ForcedType::Boolean, Value::Bool(_))
        | (ForcedType::Number, Value::Number(_))
        | (ForcedType::Text, Value::String(_)) => Some(value.clone()),
        (ForcedType::Boolean, Value::String(text)) => match text.to_ascii_lowercase().as_str() {
            "1" | "t" | "true" => Some(Value::Bool(true)),
            "0" | "f" | "false" => Some(Value::Bool(false)),
            _ => None,
        },
        (ForcedType::Boolean, Value::Number(number)) => match number.as_i64() {
            Some(1) => Some(Value::Bool(true)),
            Some(0) => Some(Value::Bool(false)),
            _ => None,
        },
        (ForcedType::Number, Value::String(text)) => {
            text.parse::<f64>().ok().and_then(serde_json::Number::from_f64).map(Value::Number)
        }
        _ => None,
    }
}

//! Which names Braze takes for a field of a profile and for a custom attribute.

use super::mistakes::Refusal;
use super::shown::{quoted, shown};

/// The longest name of an attribute, in characters (Braze documentation, "Set custom attributes": keys of up to 255).
const LONGEST_NAME: usize = 255;

/// A standard profile field that a column can fill, with the types that Braze takes for it
/// (Braze documentation, "User attributes object").
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StandardField {
    pub(super) name: &'static str,
    /// Names of `type`; a field without a declared type takes its texts as they stand.
    pub(super) types: &'static [&'static str],
}

const TEXT: &[&str] = &["string"];
const DAY: &[&str] = &["string", "date", "datetime"];
const YES_OR_NO: &[&str] = &["boolean"];

const STANDARD_FIELDS: [StandardField; 16] = [
    StandardField { name: "first_name", types: TEXT },
    StandardField { name: "last_name", types: TEXT },
    StandardField { name: "phone", types: TEXT },
    StandardField { name: "home_city", types: TEXT },
    StandardField { name: "country", types: TEXT },
    StandardField { name: "language", types: TEXT },
    StandardField { name: "dob", types: DAY },
    StandardField { name: "gender", types: TEXT },
    StandardField { name: "time_zone", types: TEXT },
    StandardField { name: "email_subscribe", types: TEXT },
    StandardField { name: "push_subscribe", types: TEXT },
    StandardField { name: "date_of_first_session", types: DAY },
    StandardField { name: "date_of_last_session", types: DAY },
    StandardField { name: "marked_email_as_spam_at", types: DAY },
    StandardField { name: "email_open_tracking_disabled", types: YES_OR_NO },
    StandardField { name: "email_click_tracking_disabled", types: YES_OR_NO },
];

/// Names that identify a profile; data matching sets them.
const IDENTIFIERS: [&str; 6] = ["external_id", "braze_id", "user_alias", "alias_name", "alias_label", "email"];

/// Names with a meaning of their own in a request, or that need more than the text of a column, or that Braze ignores or refuses.
const RESERVED: [&str; 14] = [
    "_update_existing_only",
    "_merge_objects",
    "attributes",
    "events",
    "purchases",
    "current_location",
    "subscription_groups",
    "email_subscription_info",
    "push_tokens",
    "push_token_import",
    "facebook",
    "twitter",
    "bio",
    "app_id",
];

/// What a name under `[exports.NAME.attributes]` stands for: a standard field, or `None` for a custom attribute.
pub(super) fn check_field(name: &str) -> Result<Option<&'static StandardField>, Refusal> {
    check_form(name)?;
    if let Some(field) = STANDARD_FIELDS.iter().find(|field| field.name == name) {
        return Ok(Some(field));
    }
    if let Some(identifier) = IDENTIFIERS.iter().find(|identifier| identifier.eq_ignore_ascii_case(name)) {
        let allowed = "a standard field or a custom attribute";
        let advice = match *identifier {
            "email" => Some("name the column under data_matching as email: it is sent as the profile's address, too"),
            "external_id" => Some("name the column under data_matching as customer_id"),
            _ => None,
        };
        let found = format!("the name {}, which identifies a profile", quoted(name));
        return Err(Refusal::new(found, allowed).advise(advice.map(str::to_owned)));
    }
    if RESERVED.contains(&name) {
        let found = format!("the name {}, which Braze keeps for itself or does not take from a column", quoted(name));
        return Err(Refusal::new(found, "a standard field or a custom attribute"));
    }
    if let Some(field) = STANDARD_FIELDS.iter().find(|field| field.name.eq_ignore_ascii_case(name)) {
        let found = format!("the name {}, which Braze would take for a custom attribute", quoted(name));
        return Err(Refusal::new(found, format!("Braze's own spelling, {}", quoted(field.name))));
    }
    Ok(None)
}

/// Whether `name` can be the custom attribute of a segment.
pub(super) fn check_segment_attribute(name: &str) -> Result<(), Refusal> {
    check_form(name)?;
    let standard = STANDARD_FIELDS.iter().map(|field| field.name);
    if standard.chain(IDENTIFIERS).chain(RESERVED).any(|taken| taken == name) {
        let found = format!("the attribute name {}, which is a field of Braze's own", quoted(name));
        return Err(Refusal::new(found, "the name of a custom attribute"));
    }
    Ok(())
}

/// The API trims names and keeps `$` for commands, so that such a name would arrive as another one or not at all.
fn check_form(name: &str) -> Result<(), Refusal> {
    let allowed = format!(
        "a name of 1 to {LONGEST_NAME} characters, without a space at either end, control characters, or $ in front"
    );
    let found = if name.is_empty() {
        "an empty name".to_owned()
    } else if name.trim() != name {
        format!("{}, with a space at an end", shown(name))
    } else if name.starts_with('$') || name.chars().any(char::is_control) {
        shown(name)
    } else if name.chars().count() > LONGEST_NAME {
        format!("a name of {} characters", name.chars().count())
    } else {
        return Ok(());
    };
    Err(Refusal::new(found, allowed))
}

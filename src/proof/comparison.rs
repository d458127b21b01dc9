//! Whether profiles show what was sent.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::braze::{FieldsRead, ProfileRead};
use crate::braze_fields::StandardField;
use crate::masked::masked;
use crate::report::ReadBack;

/// The fields that are read: Braze's own as far as they can be exported ("Export user profile by identifier").
pub const FIELDS: FieldsRead = &[
    "external_id",
    "created_at",
    "custom_attributes",
    "country",
    "dob",
    "email",
    "email_subscribe",
    "first_name",
    "gender",
    "home_city",
    "language",
    "last_name",
    "phone",
    "push_subscribe",
    "time_zone",
];

/// What people who have no profile lack.
const PROFILE: &str = "profile";

/// Someone who was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The customer ID, or the email address of someone without one.
    pub identifier: String,
    /// Whether it is an email address.
    pub by_email: bool,
    /// The object that was sent.
    pub object: Map<String, Value>,
}

impl Sent {
    /// Reads an object as it was sent; `None` if it names no one.
    pub fn of(object: &[u8]) -> Option<Self> {
        let object: Map<String, Value> = serde_json::from_slice(object).ok()?;
        let text = |name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
        let id = text("external_id");
        let by_email = id.is_none();
        Some(Self { identifier: id.or_else(|| text("email"))?, by_email, object })
    }

    /// Whether Braze creates no profile for it.
    pub fn updates_only(&self) -> bool {
        self.object.get("_update_existing_only") == Some(&Value::Bool(true))
    }
}

/// Adds what the profile of someone shows, the first of several that shows it all. `since` is when sending began: a profile
/// that is younger is new. Returns whether it shows what was sent.
pub fn compare(
    person: &Sent,
    profiles: &[ProfileRead],
    attribute: &str,
    since: Timestamp,
    found: &mut ReadBack,
) -> bool {
    found.people += 1;
    let Some(profile) = profiles.iter().find(|profile| shows(person, profile)).or(profiles.first()) else {
        if person.updates_only() {
            found.without_profile += 1;
        } else {
            note(found, PROFILE, true, "a profile".to_owned(), "none".to_owned());
        }
        return person.updates_only();
    };
    let created = profile.get("created_at").and_then(Value::as_str).and_then(instant);
    if created.is_some_and(|created| created >= since) {
        found.new_profiles += 1;
    }
    note(found, PROFILE, false, String::new(), String::new());
    let mut all = true;
    for (name, sent) in compared(&person.object) {
        let has = value_of(profile, name);
        let same = is_same(name, sent, has);
        all &= same;
        note(found, name, !same, shape(name == attribute, sent), shape(name == attribute, has.unwrap_or(&Value::Null)));
    }
    found.confirmed += u64::from(all);
    all
}

fn shows(person: &Sent, profile: &ProfileRead) -> bool {
    compared(&person.object).all(|(name, sent)| is_same(name, sent, value_of(profile, name)))
}

fn note(found: &mut ReadBack, field: &str, differs: bool, sent: String, has: String) {
    let difference = found.differences.entry(field.to_owned()).or_default();
    difference.of += 1;
    if differs {
        difference.people += 1;
        if difference.people == 1 {
            (difference.sent, difference.found) = (sent, has);
        }
    }
}

/// The fields of an object that can be read back.
fn compared(object: &Map<String, Value>) -> impl Iterator<Item = (&str, &Value)> {
    let is_read = |name: &str| {
        let is_standard = StandardField::of_name(name).is_some() || name == "email";
        if is_standard { FIELDS.contains(&name) } else { !matches!(name, "external_id" | "_update_existing_only") }
    };
    object.iter().map(|(name, value)| (name.as_str(), value)).filter(move |(name, _)| is_read(name))
}

fn value_of<'p>(profile: &'p ProfileRead, name: &str) -> Option<&'p Value> {
    let place = if FIELDS.contains(&name) { Some(profile) } else { profile.get("custom_attributes")?.as_object() };
    place?.get(name.trim())
}

/// A profile holds as little as possible: what is missing is null, false or empty.
fn is_same(name: &str, sent: &Value, has: Option<&Value>) -> bool {
    let has = has.unwrap_or(&Value::Null);
    match (sent, has) {
        (Value::Null | Value::Bool(false), Value::Null) | (Value::Object(_), Value::Object(_)) => true,
        (Value::Null, Value::String(text)) | (Value::String(text), Value::Null) => text.is_empty(),
        (Value::Number(sent), Value::Number(has)) => same_number(sent.as_f64(), has.as_f64()),
        (Value::String(sent), Value::String(has)) => same_text(name, sent, has),
        (Value::Array(sent), Value::Array(has)) => sent.len() == has.len() && sent.iter().all(|one| has.contains(one)),
        (sent, has) => sent == has,
    }
}

fn same_number(sent: Option<f64>, has: Option<f64>) -> bool {
    sent.zip(has).is_some_and(|(sent, has)| (sent - has).abs() <= sent.abs() * 1e-9)
}

/// Braze writes times in UTC, telephone numbers in one form, and codes and addresses in one case.
fn same_text(name: &str, sent: &str, has: &str) -> bool {
    if sent == has {
        return true;
    }
    match name {
        "email" | "country" | "language" | "gender" => return sent.to_lowercase() == has.to_lowercase(),
        "phone" => {
            let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
            return digits(sent) == digits(has);
        }
        _ => {}
    }
    match (instant(sent), instant(has)) {
        (Some(sent), Some(has)) => sent.as_second() == has.as_second(),
        _ => false,
    }
}

/// A time, or the beginning of a day in UTC.
fn instant(text: &str) -> Option<Timestamp> {
    let in_utc = |time: jiff::civil::DateTime| jiff::tz::TimeZone::UTC.to_timestamp(time).ok();
    text.parse().ok().or_else(|| text.parse().ok().and_then(in_utc))
}

/// The shape of a value; of the segment's own attribute the value itself.
fn shape(is_attribute: bool, value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(flag) if is_attribute => flag.to_string(),
        Value::Bool(_) => "true or false".to_owned(),
        Value::Number(_) => "a number".to_owned(),
        Value::String(text) => format!("\"{}\"", masked(text)),
        Value::Array(values) => format!("a list of {}", values.len()),
        Value::Object(_) => "an object".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_the_same_in_the_form_that_braze_gives_them() {
        for (name, sent, has, same) in [
            ("VIP", json!(true), json!(true), true),
            ("VIP", json!(true), json!("true"), false),
            ("VIP", json!(false), json!(null), true),
            ("VIP", json!(true), json!(null), false),
            ("points", json!(5), json!(5.0), true),
            ("points", json!(5), json!("5"), false),
            ("points", json!(null), json!(null), true),
            ("points", json!(null), json!(5), false),
            ("email", json!("Mika@Example.jp"), json!("mika@example.jp"), true),
            ("phone", json!("+81 3-1234-5678"), json!("+81312345678"), true),
            ("since", json!("2026-11-23"), json!("2026-11-23T00:00:00.000Z"), true),
            ("since", json!("2026-11-23T09:00:00+09:00"), json!("2026-11-23T00:00:00Z"), true),
            ("since", json!("2026-11-23"), json!("2026-11-24T00:00:00Z"), false),
            ("tags", json!(["a", "b"]), json!(["b", "a"]), true),
            ("tags", json!(["a", "b"]), json!(["a"]), false),
            ("first_name", json!("海斗"), json!("海斗 "), false),
        ] {
            assert_eq!(is_same(name, &sent, Some(&has)), same, "{name}: {sent} and {has}");
        }
    }

    #[test]
    fn differences_are_counted_by_field_with_shapes() {
        let since: Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
        let sent = |id: &str| {
            let object = json!({"external_id": id, "VIP": true, "points": 12, "first_name": "Mika", "date_of_first_session": "2026-01-01"});
            Sent::of(object.to_string().as_bytes()).unwrap()
        };
        let profile = |created: &str, points: Value| {
            let profile = json!({"created_at": created, "first_name": "Mika", "custom_attributes": {"VIP": true, "points": points}});
            profile.as_object().unwrap().clone()
        };
        let mut found = ReadBack::default();
        assert!(compare(&sent("1"), &[profile("2020-01-01T00:00:00Z", json!(12))], "VIP", since, &mut found));
        assert!(!compare(
            &sent("2"),
            &[profile("2026-11-23T00:00:05.000Z", json!("twelve"))],
            "VIP",
            since,
            &mut found
        ));
        assert!(!compare(&sent("3"), &[], "VIP", since, &mut found));
        found.keep_differing();
        assert_eq!((found.people, found.confirmed, found.new_profiles, found.unconfirmed()), (3, 1, 1, 2));
        let points = &found.differences["points"];
        assert_eq!((points.people, points.of, points.sent.as_str()), (1, 2, "a number"));
        assert!(!points.found.contains("twelve"), "{points:?}");
        assert_eq!(found.differences["profile"].found, "none");
        assert_eq!(found.differences.len(), 2, "{found:?}");
    }

    #[test]
    fn no_profile_is_expected_where_none_is_created() {
        let object = json!({"email": "mika@example.jp", "_update_existing_only": true, "VIP": false});
        let sent = Sent::of(object.to_string().as_bytes()).unwrap();
        assert!(sent.by_email && sent.updates_only());
        let mut found = ReadBack::default();
        assert!(compare(&sent, &[], "VIP", Timestamp::MAX, &mut found));
        assert_eq!((found.without_profile, found.unconfirmed()), (1, 0));
    }
}

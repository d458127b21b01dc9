//! Whole rows against independently written objects.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::config::{
    Connection, Consent, CsvSettings, DataMatching, EmailUse, EmptyRule, Export, FieldMapping, Hostname, OnLeave,
    Schedule, SendRule, ValueType, Written,
};
use crate::names::{AttributeName, ConnectionName, ExportName};
use crate::run::model::DataType;

use super::{
    ColumnTypes, DroppedFields, FirstLook, Identifier, MatchError, Matched, Matcher, Rejection, RejectionReason,
};

pub(super) fn export(attributes: Vec<FieldMapping>) -> Export {
    let connection = Connection {
        name: ConnectionName::new("braze-eu"),
        display_name: "Braze".to_owned(),
        hostname: Hostname { scheme: "https", authority: "rest.fra-01.braze.eu".to_owned() },
        secret: crate::names::SecretName::OfStack,
        workspace: "workspace".into(),
        agree_to_data_transfer: true,
        requests_per_second: 1000.try_into().unwrap(),
        requests_per_hour: None,
        company: None,
        objects_per_request: 75,
        state_identifiers: crate::config::StateIdentifiers::Plain,
        audit_bucket: None,
        audit_prefix: String::new(),
    };
    Export {
        name: ExportName::new("loyalty"),
        connection: Arc::new(connection),
        folder: "incoming/BlobExport".to_owned(),
        path: None,
        segments: None,
        schedule: Schedule::Active,
        on_upload: true,
        send: SendRule::Changes,
        on_leave: OnLeave::False,
        create_profiles: true,
        max_leavers: 0.5,
        settle_minutes: 30,
        refresh_days: None,
        audit_days: None,
        trial: 200,
        data_matching: DataMatching {
            customer_id: Some("LoyaltyId".to_owned()),
            email: Some("EMail".to_owned()),
            email_use: EmailUse::Set,
        },
        attributes,
        attribute_names: BTreeMap::new(),
        audit_segment_ids: BTreeMap::new(),
        null_values: ["NULL", "\\N", "#N/A", "nan"].map(str::to_owned).to_vec(),
        default_country: None,
        culture: None,
        consent: Consent::Stricter,
        csv: CsvSettings::default(),
        time_zone: jiff::tz::TimeZone::UTC,
        language: crate::texts::Language::English,
    }
}

pub(super) fn field(name: &str, column: &str, value_type: Option<ValueType>, empty: EmptyRule) -> FieldMapping {
    FieldMapping { name: name.to_owned(), column: column.to_owned(), value_type, empty, written: Written::default() }
}

pub(super) fn names(columns: &[&str]) -> Vec<String> {
    columns.iter().map(|&column| column.to_owned()).collect()
}

pub(super) fn attribute() -> AttributeName {
    AttributeName::new("High Value Customers")
}

pub(super) fn try_matcher(export: &Export, columns: &[&str]) -> Result<Matcher, MatchError> {
    Matcher::new(export, &attribute(), &names(columns), &ColumnTypes::default())
}

struct Outcome<'r> {
    result: Result<Matched<'r>, Rejection<'r>>,
    text: String,
    dropped: BTreeMap<String, u64>,
}

impl Outcome<'_> {
    fn object(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

fn match_row<'r>(matcher: &Matcher, row: &[&'r str]) -> Outcome<'r> {
    let mut object = Vec::new();
    let mut dropped = DroppedFields::default();
    let result = matcher.match_row(row, &mut object, &mut dropped);
    Outcome { result, text: String::from_utf8(object).unwrap(), dropped: dropped.to_map() }
}

/// One further field `name` filled by one cell: its value in the object, and what was dropped.
fn one_field(mapping: FieldMapping, types: &ColumnTypes, cell: &str) -> (Option<Value>, Vec<String>) {
    let name = mapping.name.clone();
    let columns = names(&["LoyaltyId", "EMail", &mapping.column]);
    let matcher = Matcher::new(&export(vec![mapping]), &attribute(), &columns, types).unwrap();
    let row = ["L-1", "", cell];
    let mut look = FirstLook::new(&matcher, &columns, false);
    look.see(&matcher, row.as_slice());
    let matcher = matcher.after(&look);
    let outcome = match_row(&matcher, &row);
    assert!(outcome.result.is_ok());
    (outcome.object().get(&name).cloned(), outcome.dropped.into_keys().collect())
}

pub(super) const HEADER: [&str; 2] = ["LoyaltyId", "EMail"];

#[test]
fn the_object_has_the_members_in_order() {
    let mut export = export(vec![field("first_name", "Name", None, EmptyRule::Keep)]);
    export.create_profiles = false;
    let matcher = try_matcher(&export, &["EMail", "Name", "LoyaltyId"]).unwrap();
    let outcome = match_row(&matcher, &["anna@example.com", "花子 \"H\"", "00042"]);
    assert_eq!(
        outcome.text,
        r#"{"external_id":"00042","email":"anna@example.com","_update_existing_only":true,"High Value Customers":true,"first_name":"花子 \"H\""}"#
    );
}

#[test]
fn the_customer_id_identifies_before_the_email() {
    use Identifier::{Email, ExternalId};
    let matcher = try_matcher(&export(vec![]), &HEADER).unwrap();
    let longest = "é".repeat(493) + "x";
    let cases: [(&str, &str, Identifier<'_>, Option<&str>, Value); 8] = [
        ("L-1", "", ExternalId("L-1"), None, json!({"external_id": "L-1"})),
        (" 007 ", "", ExternalId("007"), None, json!({"external_id": "007"})),
        ("NULLA-1", "", ExternalId("NULLA-1"), None, json!({"external_id": "NULLA-1"})),
        ("会員 1/ä", "", ExternalId("会員 1/ä"), None, json!({"external_id": "会員 1/ä"})),
        (&longest, "", ExternalId(&longest), None, json!({"external_id": longest})),
        ("", " a@example.com ", Email("a@example.com"), Some("a@example.com"), json!({"email": "a@example.com"})),
        (
            "\u{3000} ",
            "a@example.com",
            Email("a@example.com"),
            Some("a@example.com"),
            json!({"email": "a@example.com"}),
        ),
        (
            "L-1",
            "A@Example.com",
            ExternalId("L-1"),
            Some("A@Example.com"),
            json!({"external_id": "L-1", "email": "A@Example.com"}),
        ),
    ];
    for (id, email, identifier, valid_email, mut expected) in cases {
        let outcome = match_row(&matcher, &[id, email]);
        let answer = outcome.result.unwrap();
        assert_eq!((answer.identifier, answer.email), (identifier, valid_email));
        assert_eq!(matcher.identify(&[id, email][..]), Some(identifier));
        expected["High Value Customers"] = json!(true);
        assert_eq!(outcome.object(), expected);
        assert!(outcome.dropped.is_empty());
    }
}

#[test]
fn a_bad_email_beside_a_customer_id_is_dropped() {
    let matcher = try_matcher(&export(vec![]), &HEADER).unwrap();
    let outcome = match_row(&matcher, &["L-1", "anna schmidt@example.com"]);
    assert_eq!(outcome.result.unwrap().email, None);
    assert_eq!(outcome.object(), json!({"external_id": "L-1", "High Value Customers": true}));
    assert_eq!(outcome.dropped, BTreeMap::from([("email: not an address".to_owned(), 1)]));
}

#[test]
fn a_row_without_a_usable_identifier_is_rejected() {
    let matcher = try_matcher(&export(vec![]), &HEADER).unwrap();
    let too_long = "x".repeat(988);
    for (row, reason, text, identifier) in [
        (&["", ""][..], RejectionReason::NoIdentifier, "no customer ID and no email", None),
        (&["NULL", "#REF!"], RejectionReason::NoIdentifier, "no customer ID and no email", None),
        (
            &["00000000-0000-0000-0000-000000000000", ""],
            RejectionReason::NoIdentifier,
            "no customer ID and no email",
            None,
        ),
        (
            &["1.23457E+11", "a@example.com"],
            RejectionReason::CustomerIdInExponentForm,
            "customer ID in exponent form (1.23E+11): a spreadsheet has cut its digits off",
            Some(Identifier::Email("a@example.com")),
        ),
        (&[" \t", "\u{a0}"], RejectionReason::NoIdentifier, "no customer ID and no email", None),
        (
            &["", "not an address"],
            RejectionReason::EmailNotAnAddress,
            "no customer ID, and the email is not an address",
            None,
        ),
        (
            &[&too_long, "a@example.com"],
            RejectionReason::CustomerIdTooLong,
            "customer ID longer than 987 bytes",
            Some(Identifier::Email("a@example.com")),
        ),
        (&["L\n1", ""], RejectionReason::CustomerIdControlCharacter, "control character in the customer ID", None),
        (&["L\u{0}", ""], RejectionReason::CustomerIdControlCharacter, "control character in the customer ID", None),
        (&[], RejectionReason::CustomerIdUnreadable, "customer ID not readable", None),
    ] {
        let outcome = match_row(&matcher, row);
        assert_eq!(outcome.result, Err(Rejection { reason, identifier }));
        assert_eq!(reason.to_string(), text);
        assert_eq!(outcome.text, "");
    }
}

#[test]
fn one_identifier_is_enough_where_only_one_is_configured() {
    let mut by_email = export(vec![]);
    by_email.data_matching.customer_id = None;
    let matcher = try_matcher(&by_email, &HEADER).unwrap();
    let outcome = match_row(&matcher, &["L-1", "a@example.com"]);
    assert_eq!(outcome.object(), json!({"email": "a@example.com", "High Value Customers": true}));

    let mut by_id = export(vec![]);
    by_id.data_matching.email = None;
    let matcher = try_matcher(&by_id, &["LoyaltyId"]).unwrap();
    let outcome = match_row(&matcher, &["L-1"]);
    assert_eq!(outcome.object(), json!({"external_id": "L-1", "High Value Customers": true}));
}

#[test]
fn custom_attributes_follow_their_declared_type() {
    let array = || ValueType::Array { separator: ";".to_owned() };
    let longest = "語".repeat(255);
    let too_long = "語".repeat(256);
    let elements: Vec<String> = (0..501).map(|n| n.to_string()).collect();
    let full = elements[..500].join(";");
    let repeated = format!("{full};0;499");
    let heavy = (0..500).map(|n| format!("{n}{}", "語".repeat(200))).collect::<Vec<_>>().join(";");
    let cases: Vec<(ValueType, &str, Result<Value, &str>)> = vec![
        (ValueType::String, "00123", Ok(json!("00123"))),
        (ValueType::String, " a\r\nb ", Ok(json!(" a\r\nb "))),
        (ValueType::String, "null", Ok(json!("null"))),
        (ValueType::String, "1e5", Ok(json!("1e5"))),
        (ValueType::String, &longest, Ok(json!(longest))),
        (ValueType::String, &too_long, Err("longer than 255 characters")),
        (ValueType::Integer, "9007199254740993", Ok(json!(9_007_199_254_740_993_i64))),
        (ValueType::Integer, "12.5", Err("not a whole number")),
        (ValueType::Float, "12.10", Ok(json!(12.1))),
        (ValueType::Float, "NaN", Err("not a number")),
        (ValueType::Boolean, "TRUE", Ok(json!(true))),
        (ValueType::Boolean, " f ", Ok(json!(false))),
        (ValueType::Boolean, "1", Ok(json!(true))),
        (ValueType::Boolean, "0", Ok(json!(false))),
        (ValueType::Boolean, "yes", Ok(json!(true))),
        (ValueType::Boolean, "on", Err("not true or false")),
        (ValueType::Date, "11/23/2026", Ok(json!("2026-11-23"))),
        (ValueType::Date, "2026-02-30", Err("not a date")),
        (ValueType::DateTime, "11/23/2026 1:02:03 PM", Ok(json!("2026-11-23T13:02:03Z"))),
        (ValueType::DateTime, "soon", Err("not a date and time")),
        (ValueType::DateTime, "9999-12-31T00:00:00Z", Err("year not within 0 to 3000")),
        (array(), " tea ;;tea; コーヒー ;", Ok(json!(["tea", "コーヒー"]))),
        (array(), "one", Ok(json!(["one"]))),
        (array(), &repeated, Ok(json!(elements[..500]))),
        (array(), &too_long, Err("an element longer than 255 characters")),
        (array(), &heavy, Err("array larger than 100 KB")),
    ];
    for (value_type, cell, expected) in cases {
        let shown = format!("{value_type:?} {cell:?}");
        let mapping = field("x y", "Cell", Some(value_type), EmptyRule::Keep);
        let (value, dropped) = one_field(mapping, &ColumnTypes::default(), cell);
        match expected {
            Ok(expected) => assert_eq!((value, dropped), (Some(expected), vec![]), "{shown}"),
            Err(reason) => assert_eq!((value, dropped), (None, vec![format!("x y: {reason}")]), "{shown}"),
        }
    }
    let mapping = field("many", "Cell", Some(array()), EmptyRule::Keep);
    let (value, dropped) = one_field(mapping, &ColumnTypes::default(), &elements.join(";"));
    assert_eq!((value, dropped), (None, vec!["many: more than 500 elements".to_owned()]));
}

#[test]
fn a_model_gives_the_type_that_is_not_declared() {
    for (data_type, culture, cell, expected) in [
        (DataType::String, None, "007", json!("007")),
        (DataType::Guid, None, "6F9619FF-8B86", json!("6F9619FF-8B86")),
        (DataType::Json, None, "{\"a\":1}", json!("{\"a\":1}")),
        (DataType::Time, None, "01:02:03", json!("01:02:03")),
        (DataType::Unclassified, None, "007", json!("007")),
        (DataType::Int64, None, "007", json!(7)),
        (DataType::Double, None, "1.50", json!(1.5)),
        (DataType::Decimal, Some("de-DE"), "1,50", json!(1.5)),
        (DataType::Decimal, Some("tlh"), "1.50", json!(1.5)),
        (DataType::Boolean, None, "True", json!(true)),
        (DataType::Date, Some("en-GB"), "03/02/2026", json!("2026-02-03")),
        (DataType::Date, Some("en-US"), "03/02/2026", json!("2026-03-02")),
        (DataType::DateTime, Some("de-DE"), "03.02.2026 01:02:03", json!("2026-02-03T01:02:03Z")),
        (DataType::DateTimeOffset, None, "2026-11-23T01:02:03.1234567+09:00", json!("2026-11-22T16:02:03.123Z")),
    ] {
        let types = ColumnTypes::new([("Cell".to_owned(), data_type)], culture.map(str::to_owned));
        let (value, dropped) = one_field(field("custom", "Cell", None, EmptyRule::Keep), &types, cell);
        assert_eq!((value, dropped), (Some(expected), vec![]), "{data_type:?} {culture:?} {cell:?}");
    }
    let types = ColumnTypes::new([("Cell".to_owned(), DataType::Int64)], None);
    let declared = field("custom", "Cell", Some(ValueType::String), EmptyRule::Keep);
    assert_eq!(one_field(declared, &types, "007").0, Some(json!("007")));
}

#[test]
fn standard_fields_follow_brazes_rules() {
    let too_long = "x".repeat(256);
    for (name, cell, expected) in [
        ("first_name", "Zoë 👩‍🚀", Ok(json!("Zoë 👩‍🚀"))),
        ("first_name", too_long.as_str(), Err("longer than 255 characters")),
        ("last_name", "O'Neil", Ok(json!("O'Neil"))),
        ("last_name", &too_long, Err("longer than 255 characters")),
        ("home_city", "東京", Ok(json!("東京"))),
        ("home_city", &too_long, Err("longer than 255 characters")),
        ("country", " jp ", Ok(json!("JP"))),
        ("country", "Japan", Ok(json!("JP"))),
        ("country", "XX", Err("not the code or name of one country")),
        ("language", "JA", Ok(json!("ja"))),
        ("language", "en-US", Ok(json!("en"))),
        ("language", "ht", Err("not a language code of Braze")),
        ("dob", "12/21/1980", Ok(json!("1980-12-21"))),
        ("dob", "1980-12-21T00:00:00", Ok(json!("1980-12-21"))),
        ("dob", "21.12.80", Err("not a date")),
        ("gender", "f", Ok(json!("F"))),
        ("gender", "Male", Ok(json!("M"))),
        ("gender", "Prefer not to say", Ok(json!("P"))),
        ("gender", "X", Err("not M, F, O, N or P")),
        ("phone", "0049 (30) 123-456", Ok(json!("+4930123456"))),
        ("phone", "030 123456", Err("a phone number without its country (set default_country or country_column)")),
        ("phone", "+81 3", Err("not a phone number of its country")),
        ("time_zone", "Asia/Tokyo", Ok(json!("Asia/Tokyo"))),
        ("time_zone", "Tokyo Standard Time", Err("not a time zone name")),
        ("email_subscribe", "Opted_In", Ok(json!("opted_in"))),
        ("email_subscribe", "yes", Err("not opted_in, subscribed or unsubscribed")),
        ("push_subscribe", " unsubscribed", Ok(json!("unsubscribed"))),
        ("push_subscribe", "optedin", Err("not opted_in, subscribed or unsubscribed")),
        ("date_of_first_session", "2026-11-23 01:02:03", Ok(json!("2026-11-23T01:02:03Z"))),
        ("date_of_last_session", "never", Err("not a date and time")),
        ("marked_email_as_spam_at", "11/23/2026 1:02 AM", Ok(json!("2026-11-23T01:02:00Z"))),
        ("email_open_tracking_disabled", "True", Ok(json!(true))),
        ("email_click_tracking_disabled", "no", Ok(json!(false))),
    ] {
        let (value, dropped) = one_field(field(name, "Cell", None, EmptyRule::Keep), &ColumnTypes::default(), cell);
        match expected {
            Ok(expected) => assert_eq!((value, dropped), (Some(expected), vec![]), "{name} {cell:?}"),
            Err(reason) => assert_eq!((value, dropped), (None, vec![format!("{name}: {reason}")]), "{name} {cell:?}"),
        }
    }
}

#[test]
fn an_empty_cell_is_left_out_or_removes() {
    let integer = || Some(ValueType::Integer);
    let array = || Some(ValueType::Array { separator: "|".to_owned() });
    for cell in ["", "  ", "\u{3000}"] {
        for value_type in [None, integer(), array()] {
            let keep = field("custom", "Cell", value_type.clone(), EmptyRule::Keep);
            assert_eq!(one_field(keep, &ColumnTypes::default(), cell), (None, vec![]));
            let remove = field("custom", "Cell", value_type, EmptyRule::Remove);
            assert_eq!(one_field(remove, &ColumnTypes::default(), cell), (Some(Value::Null), vec![]));
        }
    }
    let remove = field("custom", "Cell", array(), EmptyRule::Remove);
    assert_eq!(one_field(remove, &ColumnTypes::default(), " | |"), (Some(Value::Null), vec![]));
    let subscription = field("email_subscribe", "Cell", None, EmptyRule::Remove);
    assert_eq!(one_field(subscription, &ColumnTypes::default(), ""), (None, vec![]));
}

#[test]
fn data_points_are_what_braze_counts() {
    let fields = || {
        vec![
            field("first_name", "Name", None, EmptyRule::Keep),
            field("email_subscribe", "State", None, EmptyRule::Keep),
            field("points", "Points", Some(ValueType::Integer), EmptyRule::Remove),
        ]
    };
    let matcher = try_matcher(&export(fields()), &["LoyaltyId", "EMail", "Name", "State", "Points"]).unwrap();
    for (row, expected) in [
        (["L-1", "", "", "", "x"], 1),
        (["L-1", "a@example.com", "", "", "x"], 2),
        (["", "a@example.com", "", "", "x"], 2),
        (["L-1", "not an address", "Anna", "", "x"], 2),
        (["L-1", "", "", "subscribed", "x"], 1),
        (["L-1", "", "", "", ""], 2),
        (["L-1", "a@example.com", "Anna", "subscribed", "5"], 4),
    ] {
        assert_eq!(match_row(&matcher, &row).result.unwrap().attributes, expected, "{row:?}");
    }
}

#[test]
fn a_short_row_loses_the_fields_that_it_does_not_have() {
    let matcher =
        try_matcher(&export(vec![field("city", "City", None, EmptyRule::Remove)]), &["LoyaltyId", "EMail", "City"])
            .unwrap();
    let outcome = match_row(&matcher, &["L-1"]);
    assert_eq!(outcome.object(), json!({"external_id": "L-1", "High Value Customers": true}));
    assert_eq!(outcome.dropped.into_keys().collect::<Vec<_>>(), ["city: not readable", "email: not readable"]);
}

#[test]
fn personal_data_is_not_in_debug_output() {
    let matcher = try_matcher(&export(vec![]), &HEADER).unwrap();
    let shown = format!("{:?}", match_row(&matcher, &["L-1", "anna@example.com"]).result);
    assert!(shown.contains("Matched") && !shown.contains("anna") && !shown.contains("L-1"), "{shown}");
}

#[test]
fn a_subscription_becomes_stricter_only_and_an_address_is_set_only_where_it_may() {
    let fields =
        || vec![field("email_subscribe", "State", None, EmptyRule::Keep), field("note", "Note", None, EmptyRule::Keep)];
    let columns = names(&["LoyaltyId", "EMail", "State", "Note"]);
    let read = |export: &Export, state: &str| {
        let matcher = Matcher::new(export, &attribute(), &columns, &ColumnTypes::default()).unwrap();
        let mut object = Vec::new();
        let row = ["L-1", "a@example.com", state, "x"];
        let answer = matcher.match_row(row.as_slice(), &mut object, &mut DroppedFields::default()).unwrap();
        let text = String::from_utf8(object).unwrap();
        let for_others = answer.for_new_only.map_or_else(|| text.clone(), |at| format!("{}}}", &text[..at]));
        let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        (parse(&text), parse(&for_others))
    };
    let mut export = export(fields());
    let (entering, known) = read(&export, "subscribed");
    assert_eq!((entering["email_subscribe"].as_str(), known.get("email_subscribe")), (Some("subscribed"), None));
    assert_eq!(known["note"], "x");
    let (entering, known) = read(&export, "unsubscribed");
    assert_eq!((&entering["email_subscribe"], &entering), (&json!("unsubscribed"), &known));
    export.consent = Consent::Overwrite;
    let (entering, known) = read(&export, "opted_in");
    assert_eq!((&entering["email_subscribe"], &entering), (&json!("opted_in"), &known));
    export.data_matching.email_use = EmailUse::Match;
    assert_eq!(read(&export, "").0.get("email"), None);
}

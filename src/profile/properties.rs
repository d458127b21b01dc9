//! What holds for every row, tried with arbitrary ones from fixed seeds.

#![allow(clippy::unwrap_used)]

use jiff::civil::DateTime;
use jiff::tz::Offset;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Map, Value, json};

use crate::config::{EmptyRule, ValueType};
use crate::values::Culture;

use super::tests::{attribute, export, field};
use super::{ColumnTypes, DroppedFields, Matcher, date_time, number};
use crate::braze_fields::StandardField;

fn seeded(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(0x0b2a_2e00),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Any text, and texts made of what JSON, dates, numbers and identifiers are sensitive to.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => any::<String>(),
        2 => "[\\x00-\\x1f\"\\\\\u{7f}\u{2028}田👩‍🚀é ]{0,40}",
        2 => "[-+0-9.,:eETZ/ APM]{0,24}",
        1 => "[a-z0-9.+@' -]{0,24}",
        1 => "[;a-c ]{0,60}",
        1 => "(x|語){250,260}",
        1 => Just(String::new()),
    ]
}

/// One matcher with every type and every field that Braze defines.
fn everything() -> (Matcher, usize) {
    let types = [
        ValueType::String,
        ValueType::Integer,
        ValueType::Float,
        ValueType::Boolean,
        ValueType::Date,
        ValueType::DateTime,
        ValueType::Array { separator: ";".to_owned() },
    ];
    let custom = types.map(|value_type| (format!("custom \"{value_type:?}\""), Some(value_type)));
    let standard = StandardField::ALL.map(|standard| (standard.as_str().to_owned(), None));
    let mut columns = vec!["LoyaltyId".to_owned(), "EMail".to_owned()];
    let mut fields = Vec::new();
    for (at, (name, value_type)) in custom.into_iter().chain(standard).enumerate() {
        let empty = if at % 2 == 0 { EmptyRule::Keep } else { EmptyRule::Remove };
        columns.push(format!("Column{at}"));
        fields.push(field(&name, &format!("Column{at}"), value_type, empty));
    }
    let matcher = Matcher::new(&export(fields), &attribute(), &columns, &ColumnTypes::default()).unwrap();
    (matcher, columns.len())
}

#[test]
fn every_row_becomes_one_json_object_or_leaves_no_trace() {
    let (matcher, columns) = everything();
    proptest!(seeded(1000), |(cells in vec(cell(), 0..columns + 2))| {
        let row: Vec<&str> = cells.iter().map(String::as_str).collect();
        let mut object = b"before".to_vec();
        let mut dropped = DroppedFields::default();
        let result = matcher.match_row(row.as_slice(), &mut object, &mut dropped);
        let appended = object.strip_prefix(b"before").unwrap();
        if let Ok(matched) = result {
            let members: Map<String, Value> = serde_json::from_slice(appended).unwrap();
            prop_assert_eq!(&members["High Value Customers"], &Value::Bool(true));
            prop_assert_eq!(matcher.identify(row.as_slice()), Some(matched.identifier));
            let free = [
                "external_id",
                "email_subscribe",
                "push_subscribe",
                "marked_email_as_spam_at",
                "email_open_tracking_disabled",
                "email_click_tracking_disabled",
            ];
            let charged = members.keys().filter(|name| !free.contains(&name.as_str())).count();
            prop_assert_eq!(usize::try_from(matched.attributes).unwrap(), charged);
        } else {
            prop_assert!(appended.is_empty());
            prop_assert_eq!(dropped.total(), 0);
        }
    });
}

#[test]
fn texts_come_back_as_they_were() {
    let columns = ["LoyaltyId", "EMail", "A", "B"].map(str::to_owned);
    let fields = vec![field("a", "A", None, EmptyRule::Keep), field("\"b\\", "B", None, EmptyRule::Remove)];
    let matcher = Matcher::new(&export(fields), &attribute(), &columns, &ColumnTypes::default()).unwrap();
    proptest!(seeded(3000), |(id in "[ -~田é]{1,40}", a in cell(), b in cell())| {
        prop_assume!(!id.trim().is_empty());
        let mut object = Vec::new();
        let mut dropped = DroppedFields::default();
        matcher.match_row(&[id.as_str(), "", a.as_str(), b.as_str()][..], &mut object, &mut dropped).unwrap();
        let mut expected = json!({"external_id": id.trim(), "High Value Customers": true});
        let too_long = [("a", &a), ("\"b\\", &b)].into_iter().fold(0, |too_long, (name, cell)| {
            if cell.trim().is_empty() {
                if name != "a" {
                    expected[name] = Value::Null;
                }
            } else if cell.chars().count() <= 255 {
                expected[name] = json!(cell);
            } else {
                return too_long + 1;
            }
            too_long
        });
        prop_assert_eq!(serde_json::from_slice::<Value>(&object).unwrap(), expected);
        prop_assert_eq!(dropped.total(), too_long);
    });
}

#[test]
fn numbers_are_those_that_the_standard_library_reads() {
    proptest!(seeded(20_000), |(cell in "[-+]{0,2}[0-9]{0,20}[.,]{0,2}[0-9]{0,20}([eE][-+]?[0-9]{0,4})?")| {
        let mut out = Vec::new();
        let read = number::append_float(&mut out, &cell, Culture::UNDECLARED);
        let expected = cell.parse::<f64>().ok().filter(|number| number.is_finite());
        let number: Option<f64> = read.is_ok().then(|| std::str::from_utf8(&out).unwrap().parse().unwrap());
        prop_assert_eq!(number, expected, "{:?}", cell);
        prop_assert!(read.is_err() || serde_json::from_slice::<f64>(&out).is_ok());

        let mut out = Vec::new();
        let read = number::append_integer(&mut out, &cell, Culture::UNDECLARED);
        if let Ok(whole) = cell.parse::<i64>() {
            prop_assert!(read.is_ok());
            prop_assert_eq!(String::from_utf8(out).unwrap(), whole.to_string());
        }
    });
}

#[test]
fn moments_are_those_that_jiff_computes() {
    let moment = (1_i16..3000, 1_i8..=12, 1_i8..=28, 0_i8..24, 0_i8..60, 0_i8..60, 0..1000, -56_i32..=56);
    proptest!(seeded(5000), |((year, month, day, hour, minute, second, millisecond, quarters) in moment)| {
        let local = DateTime::new(year, month, day, hour, minute, second, millisecond * 1_000_000).unwrap();
        let offset = Offset::from_seconds(quarters * 900).unwrap();
        let utc = Offset::UTC.to_datetime(offset.to_timestamp(local).unwrap());
        prop_assume!((0..=3000).contains(&utc.year()));
        let fraction = if millisecond == 0 { String::new() } else { format!(".{millisecond:03}") };
        let expected = format!("\"{}{fraction}Z\"", utc.strftime("%Y-%m-%dT%H:%M:%S"));
        let zone = format!(
            "{}{:02}:{:02}", if quarters < 0 { '-' } else { '+' }, quarters.abs() / 4, quarters.abs() % 4 * 15
        );
        let half = if hour < 12 { "AM" } else { "PM" };
        let hour_of_half = (hour + 11) % 12 + 1;
        let culture = Culture::of_tag("en-US").unwrap();
        for cell in [
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}9999{zone}"),
            format!("{month}/{day}/{year:04} {hour_of_half}:{minute:02}:{second:02}.{millisecond:03} {half} {zone}"),
        ] {
            let mut out = Vec::new();
            prop_assert_eq!(date_time::append_date_time(&mut out, &cell, culture, false), Ok(()), "{}", cell);
            prop_assert_eq!(String::from_utf8(out).unwrap(), expected.clone(), "{}", cell);
        }
    });
}

#[test]
fn no_value_of_one_row_reaches_another() {
    let (matcher, columns) = everything();
    proptest!(seeded(300), |(rows in vec(vec(cell(), columns..=columns), 2..6))| {
        let object_of = |row: &[String], dropped: &mut DroppedFields, object: &mut Vec<u8>| {
            let cells: Vec<&str> = row.iter().map(String::as_str).collect();
            let start = object.len();
            let _ = matcher.match_row(cells.as_slice(), object, dropped);
            object[start..].to_vec()
        };
        let (mut shared, mut dropped) = (Vec::new(), DroppedFields::default());
        for row in &rows {
            // After others, in the same buffer, a row is what it is alone.
            let after_others = object_of(row, &mut dropped, &mut shared);
            let alone = object_of(row, &mut DroppedFields::default(), &mut Vec::new());
            prop_assert_eq!(after_others, alone);
        }
    });
}

//! What becomes of values as people's systems write them: a table of values, each with what is wanted, against what is sent.

#![allow(clippy::unwrap_used, clippy::panic)]

use serde_json::{Value, json};

use crate::config::{Config, Export};

use super::tests::attribute;
use super::{ColumnTypes, DroppedFields, FirstLook, Matcher};

const TABLE: &str = include_str!("../../tests/fixtures/values/values.csv");
const LANGUAGES: &str = include_str!("../../tests/fixtures/values/braze-language-codes.csv");

/// The standard fields of the table; anything else is a type.
const STANDARD: [&str; 7] =
    ["country", "language", "phone", "gender", "email_subscribe", "push_subscribe", "time_zone"];

/// An export as `exports.toml` sets it, with one field beside the identifiers.
fn export(field: &str, settings: &str) -> Export {
    let (mut of_export, mut of_field) = (String::new(), String::new());
    for setting in settings.split(", ").filter(|setting| !setting.is_empty()) {
        let (key, value) = setting.split_once('=').unwrap();
        match key {
            "culture" | "default_country" => of_export = format!("{of_export}{key} = \"{value}\"\n"),
            "country_column" => of_field += ", country_column = \"Country\"",
            "type" => of_field = format!("{of_field}, type = \"{value}\""),
            "excel_serial" => of_field += ", excel_serial = true",
            other => of_field = format!("{of_field}, {other} = \"{value}\""),
        }
    }
    let standard = STANDARD.contains(&field);
    let (name, kind) = match field {
        "customer_id" => ("other", String::new()),
        _ if standard => (field, String::new()),
        _ if of_field.contains("type =") => ("value", String::new()),
        _ => ("value", format!(", type = \"{field}\"")),
    };
    let text = format!(
        "[connections.b]\nhostname = \"rest.fra-01.braze.eu\"\nsecret = \"s\"\n[exports.x]\nconnection = \"b\"\nfolder = \"incoming/x\"\n{of_export}\
         data_matching = {{ customer_id = \"Id\", email = \"EMail\" }}\n\
         attributes = {{ {name} = {{ column = \"Cell\"{kind}{of_field} }} }}\n"
    );
    let config = Config::parse(&text).unwrap_or_else(|error| panic!("{text}\n{error}"));
    config.exports.values().next().unwrap().as_ref().clone()
}

/// The object that a row becomes, or why it is rejected.
fn sent(export: &Export, row: [&str; 4]) -> Result<Value, String> {
    let columns = ["Id", "EMail", "Cell", "Country"].map(str::to_owned);
    let matcher = Matcher::new(export, &attribute(), &columns, &ColumnTypes::default()).unwrap();
    let mut look = FirstLook::new(&matcher, &columns, false);
    look.see(&matcher, row.as_slice());
    let matcher = matcher.after(&look);
    let mut object = Vec::new();
    matcher
        .match_row(row.as_slice(), &mut object, &mut DroppedFields::default())
        .map(|_| serde_json::from_slice(&object).unwrap())
        .map_err(|rejection| rejection.reason.to_string())
}

#[test]
fn every_value_of_the_table_is_sent_as_it_is_wanted() {
    let mut reader = csv::Reader::from_reader(TABLE.as_bytes());
    let mut wrong = Vec::new();
    let mut count = 0;
    for record in reader.records() {
        let record = record.unwrap();
        let [field, value, settings, wanted] = [0, 1, 2, 3].map(|at| &record[at]);
        count += 1;
        let export = export(field, settings);
        let country = settings.split_once("country_column=").map_or("", |(_, country)| country);
        let row = if field == "customer_id" { [value, "a@example.com", "", ""] } else { ["L-1", "", value, country] };
        let object = sent(&export, row);
        let is_right = if field == "customer_id" {
            match (wanted, &object) {
                ("(no identifier)", Ok(object)) => object.get("external_id").is_none(),
                ("(rejected)", Err(_)) => true,
                (wanted, Ok(object)) => object["external_id"] == wanted.trim_end_matches(" (with a note)"),
                (_, Err(_)) => false,
            }
        } else {
            let name = if STANDARD.contains(&field) { field } else { "value" };
            let found = object.as_ref().ok().and_then(|object| object.get(name)).cloned();
            let expected = match wanted {
                wanted if wanted.starts_with('(') => None,
                "true" => Some(json!(true)),
                "false" => Some(json!(false)),
                wanted if ["float", "integer", "array"].contains(&field) => Some(serde_json::from_str(wanted).unwrap()),
                wanted => Some(json!(wanted)),
            };
            match (&found, &expected) {
                (Some(Value::Number(found)), Some(Value::Number(expected))) => found.as_f64() == expected.as_f64(),
                _ => found == expected,
            }
        };
        if !is_right {
            wrong.push(format!("{field} {value:?} [{settings}]: wanted {wanted:?}, sent {object:?}"));
        }
    }
    assert!(count >= 300, "{count} values");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_languages_are_those_that_braze_lists() {
    let export = export("language", "");
    let listed: Vec<&str> = LANGUAGES.lines().skip(1).collect();
    assert_eq!(listed.len(), 170);
    let is_sent = |code: &str| sent(&export, ["L-1", "", code, ""]).unwrap()["language"] == code;
    for code in &listed {
        assert!(is_sent(code), "{code}");
    }
    let letters = || 'a'..='z';
    for code in letters().flat_map(|one| letters().map(move |two| format!("{one}{two}"))) {
        assert_eq!(is_sent(&code), listed.contains(&code.as_str()), "{code}");
    }
}

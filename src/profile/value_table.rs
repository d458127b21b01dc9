//! What becomes of values as people's systems write them: a table of values, each with what is wanted, against what is sent.

#![allow(clippy::unwrap_used, clippy::panic)]

use serde_json::{Value, json};

use crate::config::{Config, Export};

use super::tests::attribute;
use super::{ColumnTypes, DroppedFields, FirstLook, Matcher};

const TABLE: &str = include_str!("../../tests/fixtures/values/values.csv");
const LANGUAGES: &str = include_str!("../../tests/fixtures/values/braze-language-codes.csv");

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
    let standard = ["country", "language", "phone"].contains(&field);
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
            let name = if ["country", "language", "phone"].contains(&field) { field } else { "value" };
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

/// 5,000 invented people with the columns of Microsoft's `Contact.txt` and the forms that its values have.
#[test]
fn countries_phones_and_booleans_of_a_contact_list_arrive() {
    const PEOPLE: usize = 5_000;
    let text = "[connections.b]\nhostname = \"rest.fra-01.braze.eu\"\nsecret = \"s\"\n[exports.x]\nconnection = \"b\"\nfolder = \"incoming/x\"\n\
        data_matching = { customer_id = \"ContactId\", email = \"EMail\" }\n\
        [exports.x.attributes]\nfirst_name = \"FirstName\"\ncountry = \"Country\"\n\
        phone = { column = \"Telephone\", country_column = \"Country\" }\n\
        newsletter = { column = \"Headquarters\", type = \"boolean\" }\ncreated = { column = \"CreatedOn\", type = \"datetime\" }\n";
    let export = Config::parse(text).unwrap().exports.values().next().unwrap().as_ref().clone();
    let columns = ["ContactId", "FirstName", "LastName", "EMail", "Telephone", "Country", "Headquarters", "CreatedOn"]
        .map(str::to_owned);
    let mut random = fastrand::Rng::with_seed(7);
    let countries =
        [("USA", "US"), ("United States", "US"), ("UK", "GB"), ("Germany", "DE"), ("Japan", "JP"), ("Canada", "CA")];
    let people: Vec<Vec<String>> = (0..PEOPLE)
        .map(|n| {
            let (country, code) = countries[random.usize(..countries.len())];
            let mut digits = |count: usize| (0..count).map(|_| char::from(b'0' + random.u8(..10))).collect::<String>();
            let phone = match code {
                "US" | "CA" => {
                    format!("({}) 5{}-{}", ["425", "206", "416", "514"][n % 4], digits(2), digits(4))
                }
                "GB" => format!("020 7{} {}", digits(3), digits(4)),
                "DE" => format!("030 / 2{}", digits(6)),
                _ => format!("０９０－1{}－{}", digits(3), digits(4)),
            };
            let (month, day) = (n % 12 + 1, n % 28 + 1);
            let yes = ["Yes", "No", "yes", "no"][n % 4];
            [
                format!("C-{n:05}"),
                format!("Name{n}"),
                "Muster".to_owned(),
                format!("person{n}@example.com"),
                phone,
                country.to_owned(),
                yes.to_owned(),
                format!("{month}/{day}/2020 10:04:00 AM"),
            ]
            .to_vec()
        })
        .collect();
    let matcher = Matcher::new(&export, &attribute(), &columns, &ColumnTypes::default()).unwrap();
    let mut look = FirstLook::new(&matcher, &columns, false);
    for person in &people {
        let row: Vec<&str> = person.iter().map(String::as_str).collect();
        look.see(&matcher, row.as_slice());
    }
    assert_eq!(look.identifiers().notes().count(), 0);
    let matcher = matcher.after(&look);
    let mut arrived = [0; 4];
    for (n, person) in people.iter().enumerate() {
        let row: Vec<&str> = person.iter().map(String::as_str).collect();
        let mut object = Vec::new();
        matcher.match_row(row.as_slice(), &mut object, &mut DroppedFields::default()).unwrap();
        let object: Value = serde_json::from_slice(&object).unwrap();
        // No one has a value of someone else.
        assert_eq!(object["external_id"], format!("C-{n:05}"));
        assert_eq!(object["first_name"], format!("Name{n}"));
        assert_eq!(object["email"], format!("person{n}@example.com"));
        for (count, name) in arrived.iter_mut().zip(["country", "phone", "newsletter", "created"]) {
            *count += usize::from(object.get(name).is_some());
        }
    }
    for (count, name) in arrived.into_iter().zip(["country", "phone", "newsletter", "created"]) {
        assert!(count * 100 >= PEOPLE * 99, "{name}: {count} of {PEOPLE}");
    }
}

//! No value of one person reaches another, however a file is written and whatever some of its rows look like.

#![allow(clippy::unwrap_used)]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::Value;

use crate::config::EmptyRule;
use crate::rows::{ReadSettings, RowReader};

use super::tests::{attribute, export, field};
use super::{ColumnTypes, DroppedFields, Matcher};

const COLUMNS: [&str; 5] = ["LoyaltyId", "EMail", "FirstName", "City", "Note"];

/// The fields, and the places of their columns.
const FIELDS: [(&str, usize); 3] = [("one", 2), ("two", 3), ("three", 4)];

/// How a system writes its files.
#[derive(Clone, Copy, Debug)]
struct Style {
    delimiter: char,
    quotes_all: bool,
    backslashes: bool,
    ends_with_delimiter: bool,
}

impl Style {
    fn line(self, cells: &[String]) -> String {
        let cells: Vec<String> = cells.iter().map(|cell| self.cell(cell)).collect();
        let end = if self.ends_with_delimiter { self.delimiter.to_string() } else { String::new() };
        format!("{}{end}\n", cells.join(&self.delimiter.to_string()))
    }

    fn cell(self, cell: &str) -> String {
        if !self.quotes_all && !cell.contains([self.delimiter, '"', '\n', '\r', '\\']) {
            return cell.to_owned();
        }
        let escaped =
            if self.backslashes { cell.replace('\\', "\\\\").replace('"', "\\\"") } else { cell.replace('"', "\"\"") };
        format!("\"{escaped}\"")
    }
}

fn style() -> impl Strategy<Value = Style> {
    let delimiter = prop::sample::select(vec![',', ';', '\t', '|']);
    (delimiter, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(delimiter, quotes_all, backslashes, ends_with_delimiter)| Style {
            delimiter,
            quotes_all,
            backslashes,
            ends_with_delimiter,
        },
    )
}

/// What is wrong with the row of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Damage {
    None,
    FieldMissing,
    FieldTooMany,
    TextBehindMark,
    NoIdentifier,
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        12 => Just(Damage::None),
        1 => Just(Damage::FieldMissing),
        1 => Just(Damage::FieldTooMany),
        1 => Just(Damage::TextBehindMark),
        1 => Just(Damage::NoIdentifier),
    ]
}

/// The text around a person's own mark in a cell.
fn around() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z 0-9田é,;|\t\"\\\\']{0,12}",
        1 => "[\"\\\\\n,]{0,6}",
        1 => Just("NULL".to_owned()),
        1 => Just(String::new()),
    ]
}

/// The cells of person `n`, each with the person's mark, and the line of the file.
fn person(style: Style, n: usize, texts: &[String], damage: Damage) -> (Vec<String>, String) {
    let text = |at: usize| format!("{}<{n}>{}", texts[at], texts[(at + 1) % texts.len()]);
    let id = if damage == Damage::NoIdentifier { String::new() } else { format!("<{n}>") };
    let mut cells = vec![id, format!("p{n}@example.com"), text(0), text(1), text(2)];
    let written = cells.clone();
    match damage {
        Damage::FieldMissing => drop(cells.remove(3)),
        Damage::FieldTooMany => cells.insert(3, format!("<{n}>")),
        _ => {}
    }
    let mut line = style.line(&cells);
    if damage == Damage::TextBehindMark {
        let place = line.rfind(style.delimiter).unwrap_or_default();
        line.insert_str(place, &format!("\"<{n}>\"x"));
    }
    (written, line)
}

/// Whose marks are in a text.
fn marks(text: &str) -> Vec<usize> {
    text.split('<').skip(1).filter_map(|rest| rest.split('>').next()?.parse().ok()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, rng_seed: RngSeed::Fixed(0x0b2a_2e01), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_value_of_one_person_reaches_another(
        style in style(),
        people in vec((vec(around(), 3), damage()), 2..30),
    ) {
        let mut text = style.line(&COLUMNS.map(str::to_owned));
        let mut written = Vec::new();
        for (n, (texts, damage)) in people.iter().enumerate() {
            let (cells, line) = person(style, n, texts, *damage);
            written.push(cells);
            text.push_str(&line);
        }
        let whole = people.iter().all(|(_, damage)| matches!(damage, Damage::None | Damage::NoIdentifier));
        // Every dialect but the backslash is found out; that one is certain only where no row is damaged.
        let settings =
            ReadSettings { backslash_escapes: style.backslashes.then_some(true), ..ReadSettings::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let objects: Vec<Value> = runtime.block_on(async {
            let mut reader = RowReader::open(text.as_bytes(), settings).await.unwrap();
            let fields = FIELDS.map(|(name, at)| field(name, COLUMNS[at], None, EmptyRule::Keep));
            let columns = reader.header().columns.clone();
            let matcher = Matcher::new(&export(fields.to_vec()), &attribute(), &columns, &ColumnTypes::default()).unwrap();
            let mut objects = Vec::new();
            while let Some(row) = reader.next_row().await.unwrap() {
                let mut object = Vec::new();
                if row.problem().is_none() && matcher.match_row(&row, &mut object, &mut DroppedFields::default()).is_ok() {
                    objects.push(serde_json::from_slice(&object).unwrap());
                }
            }
            objects
        });
        for object in &objects {
            let of_id = object["external_id"].as_str().map(|id| id.trim_matches(['<', '>']).to_owned());
            let of_email = object["email"].as_str().and_then(|email| email.strip_prefix('p')?.split('@').next().map(str::to_owned));
            let number: usize = of_id.or(of_email).unwrap().parse().unwrap();
            for (name, at) in FIELDS {
                let Some(sent) = object.get(name).and_then(Value::as_str) else { continue };
                let is_whole = matches!(people[number].1, Damage::None | Damage::NoIdentifier);
                let own = if is_whole { sent == written[number][at] } else { marks(sent).iter().all(|mark| *mark == number) };
                prop_assert!(own, "{name} of {number} is {sent:?} in\n{text}");
            }
        }
        if whole {
            prop_assert_eq!(objects.len(), people.len(), "{}", text);
        }
    }
}

//! Layout, delimiter, quotes, line ending, byte-order mark, compression and header, every file with a column of every type,
//! each against profiles that are written down here.
//!
//! Every eleventh case of the whole product, which has every three of its values together; `DIALECTS=all` takes all of them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::formats::desk::{Desk, gzip};

/// A column, its type in the model, and how the configuration takes it where no model tells the type.
const COLUMNS: [(&str, &str, &str); 14] = [
    ("CustomerId", "string", ""),
    ("E-Mail", "string", ""),
    ("FirstName", "string", "first_name = \"FirstName\""),
    ("Stadt", "string", "home_city = \"Stadt\""),
    ("Geburtstag", "date", "dob = \"Geburtstag\""),
    ("Points", "int64", "points = { column = \"Points\", type = \"integer\" }"),
    ("Konto", "guid", "account = \"Konto\""),
    ("Score", "double", "score = { column = \"Score\", type = \"float\" }"),
    ("Preis", "decimal", "price = { column = \"Preis\", type = \"float\" }"),
    ("Aktiv", "boolean", "active = { column = \"Aktiv\", type = \"boolean\" }"),
    ("Seit", "dateTime", "since = { column = \"Seit\", type = \"datetime\" }"),
    ("Zuletzt", "dateTimeOffset", "seen = { column = \"Zuletzt\", type = \"datetime\" }"),
    ("Marken", "string", "brands = { column = \"Marken\", type = \"array\", separator = \"/\" }"),
    ("備考", "string", "note = \"備考\""),
];

/// How many values each of layout, delimiter, quotes, line ending, mark, compression and header has, in the order of the cases.
const VALUES: [usize; 7] = [4, 4, 3, 2, 2, 3, 3];

/// It has no factor in common with any of [`VALUES`], so that every value is met with every other.
const EVERY: usize = 11;

/// As many files land with one event.
const FILES_PER_EVENT: usize = 48;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    Dated,
    Flat,
    Pattern,
    Overwritten,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quotes {
    Always,
    Needed,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compression {
    None,
    OneMember,
    SeveralMembers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Header {
    File,
    Model,
    Config,
}

#[derive(Clone, Copy, Debug)]
struct Case {
    number: usize,
    layout: Layout,
    delimiter: char,
    quotes: Quotes,
    ending: &'static str,
    mark: bool,
    compression: Compression,
    header: Header,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for layout in [Layout::Dated, Layout::Flat, Layout::Pattern, Layout::Overwritten] {
        for delimiter in [',', ';', '\t', '|'] {
            for quotes in [Quotes::Always, Quotes::Needed, Quotes::Never] {
                for ending in ["\n", "\r\n"] {
                    for mark in [false, true] {
                        for compression in [Compression::None, Compression::OneMember, Compression::SeveralMembers] {
                            for header in [Header::File, Header::Model, Header::Config] {
                                let number = cases.len();
                                cases.push(Case {
                                    number,
                                    layout,
                                    delimiter,
                                    quotes,
                                    ending,
                                    mark,
                                    compression,
                                    header,
                                });
                            }
                        }
                    }
                }
            }
        }
    }
    cases
}

impl Case {
    /// The rows, with texts that need quotes in every dialect, but for files that never quote: there a mark is a character,
    /// where a model says so.
    #[rustfmt::skip]
    fn rows(self) -> [[String; 14]; 3] {
        let n = self.number;
        let (city, notes) = match self.quotes {
            Quotes::Never if self.declares_no_quotes() => ("Köln Altstadt", ["5\" disk", "'tis fine"]),
            Quotes::Never => ("Köln Altstadt", ["disk", "'tis fine"]),
            Quotes::Always | Quotes::Needed => {
                ("Köln, \"Altstadt\"; süd|west\tost", ["eins\r\nzwei\nthree", "\"quoted\""])
            }
        };
        let ids = [
            format!("K{n}-007"),
            format!("kaito.{n}@example.jp"),
            format!("K{n}-LID"),
            format!("mia.{n}@example.com"),
        ];
        [
            [ids[0].as_str(), ids[1].as_str(), "海斗", city, "1980-12-21",
             "9223372036854775807", "CE759201-F786-D590-BF21-34BFF576C369", "0.1", "19.90", "True",
             "2026-11-23T01:02:03Z", "2026-11-23T01:02:03+09:00", "rot/grün/rot", notes[0]],
            [ids[2].as_str(), "", "Siobhán", "", "12/21/1980", "-7", "0012", "1e3", "-.5", "0",
             "11/23/2026 1:02:03 PM", "2026-11-23 01:02:03.1234567 -05:30", " 緑 / ", "=SUM(A1)"],
            ["", ids[3].as_str(), "Mia 🎉", "São Paulo", "21.12.1980", "twelve", "", "viel", "", "manchmal",
             "yesterday", "", "/", notes[1]],
        ]
        .map(|row| row.map(str::to_owned))
    }

    fn expected(self) -> BTreeMap<String, Value> {
        let n = self.number;
        let (city, notes) = match self.quotes {
            Quotes::Never if self.declares_no_quotes() => ("Köln Altstadt", ["5\" disk", "'tis fine"]),
            Quotes::Never => ("Köln Altstadt", ["disk", "'tis fine"]),
            _ => ("Köln, \"Altstadt\"; süd|west\tost", ["eins\r\nzwei\nthree", "\"quoted\""]),
        };
        let gold = format!("Gold {n}");
        BTreeMap::from([
            (
                format!("K{n}-007"),
                json!({
                    &gold: true, "email": format!("kaito.{n}@example.jp"), "first_name": "海斗", "home_city": city,
                    "dob": "1980-12-21", "points": 9_223_372_036_854_775_807_i64,
                    "account": "CE759201-F786-D590-BF21-34BFF576C369", "score": 0.1, "price": 19.9, "active": true,
                    "since": "2026-11-23T01:02:03Z", "seen": "2026-11-22T16:02:03Z", "brands": ["rot", "grün"],
                    "note": notes[0],
                }),
            ),
            (
                format!("K{n}-LID"),
                json!({
                    &gold: true, "first_name": "Siobhán", "dob": "1980-12-21", "points": -7, "account": "0012",
                    "score": 1000.0, "price": -0.5, "active": false, "since": "2026-11-23T13:02:03Z",
                    "seen": "2026-11-23T06:32:03.123Z", "brands": ["緑"], "note": "=SUM(A1)",
                }),
            ),
            (
                format!("mia.{n}@example.com"),
                json!({
                    &gold: true, "email": format!("mia.{n}@example.com"), "first_name": "Mia 🎉",
                    "home_city": "São Paulo", "note": notes[1],
                }),
            ),
        ])
    }

    /// Only a model can say that a quotation mark is a character like any other.
    fn declares_no_quotes(self) -> bool {
        self.quotes == Quotes::Never && self.header == Header::Model
    }

    fn export(self) -> String {
        format!("case{}", self.number)
    }

    fn file(self) -> Vec<u8> {
        let mut text = String::from(if self.mark { "\u{feff}" } else { "" });
        let header = (self.header == Header::File).then(|| COLUMNS.map(|(name, ..)| name.to_owned()));
        for row in header.into_iter().chain(self.rows()) {
            let fields = row.map(|field| self.field(&field));
            text.push_str(&fields.join(&self.delimiter.to_string()));
            text.push_str(self.ending);
        }
        match self.compression {
            Compression::None => text.into_bytes(),
            Compression::OneMember => gzip(text.as_bytes(), 1),
            Compression::SeveralMembers => gzip(text.as_bytes(), 3),
        }
    }

    fn field(self, field: &str) -> String {
        let needed = field.contains([self.delimiter, '"', '\r', '\n']);
        if self.quotes == Quotes::Always || (self.quotes == Quotes::Needed && needed) {
            format!("\"{}\"", field.replace('"', "\"\""))
        } else {
            field.to_owned()
        }
    }

    /// Compression is told by the content: only some of the names tell it too.
    fn gz(self) -> &'static str {
        if self.compression == Compression::OneMember { ".gz" } else { "" }
    }

    fn path(self) -> String {
        let gz = self.gz();
        match self.layout {
            Layout::Dated => format!("Gold/2026/11/23/0102/Gold_1.csv{gz}"),
            Layout::Flat => format!("{}_Gold_1795395723.csv{gz}", self.export()),
            Layout::Pattern => format!("Loyalty Club/Gold-20261123010203-part é.txt{gz}"),
            Layout::Overwritten => format!("Gold.csv{gz}"),
        }
    }

    fn key(self) -> String {
        format!("incoming/{}/{}", self.export(), self.path())
    }

    fn run(self) -> Option<&'static str> {
        match self.layout {
            Layout::Dated => Some("2026-11-23T01:02Z"),
            Layout::Flat | Layout::Pattern => Some("2026-11-23T01:02:03Z"),
            Layout::Overwritten => None,
        }
    }

    /// Dated folders and patterns with parts need a model to be complete at once. One row in three has values that are not sent.
    fn outcome(self) -> &'static str {
        match (self.layout, self.header) {
            (Layout::Flat | Layout::Overwritten, _) | (_, Header::Model) => "delivered_with_problems",
            _ => "waiting",
        }
    }

    fn config(self) -> String {
        let (number, export, gz) = (self.number, self.export(), self.gz());
        let path = if self.layout == Layout::Pattern {
            format!("path = \"{{export}}/{{segment}}-{{run:%Y%m%d%H%M%S}}-{{part}}.txt{gz}\"\n")
        } else {
            String::new()
        };
        let names = COLUMNS.map(|(name, ..)| name);
        let columns = if self.header == Header::Config { format!("csv.columns = {names:?}\n") } else { String::new() };
        let fields: Vec<String> =
            COLUMNS.iter().skip(2).map(|(name, kind, field)| self.taken(name, kind, field)).collect();
        format!(
            "[exports.{export}]\nconnection = \"braze\"\nfolder = \"incoming/{export}\"\n{path}{columns}\
             data_matching = {{ customer_id = \"CustomerId\", email = \"E-Mail\" }}\n\
             attributes = {{ {} }}\nattribute_names = {{ Gold = \"Gold {number}\" }}\n\n",
            fields.join(", ")
        )
    }

    /// How the configuration takes a column: where there is a model, its types are left to it.
    fn taken(self, column: &str, kind: &str, field: &str) -> String {
        match field.split_once(" = ") {
            Some((name, _)) if self.header == Header::Model && kind != "string" => format!("{name} = \"{column}\""),
            _ => field.to_owned(),
        }
    }

    fn model(self) -> String {
        let attributes = COLUMNS.map(|(name, kind, _)| json!({ "name": name, "dataType": kind }));
        let style = if self.declares_no_quotes() { "QuoteStyle.None" } else { "QuoteStyle.Csv" };
        let settings = json!({ "$type": "CsvFormatSettings", "columnHeaders": false,
                               "delimiter": self.delimiter.to_string(), "quoteStyle": style });
        let (export, path) = (self.export(), self.path().replace(' ', "%20"));
        json!({ "name": export, "version": "1.0", "entities": [{ "$type": "LocalEntity", "name": "Gold", "attributes": attributes,
                "partitions": [{ "name": "1", "refreshTime": "2026-11-23T01:02:03Z", "fileFormatSettings": settings,
                                 "location": format!("https://a.blob.core.windows.net/ci/{export}/{path}") }] }] })
        .to_string()
    }

    fn check(self, report: &Value, people: &BTreeMap<String, Value>) {
        assert_eq!(report["outcome"], self.outcome(), "{self:?}: {report}");
        assert_eq!(
            report["rows"],
            json!({ "read": 3, "accepted": 3, "unchanged": 0, "duplicate": 0, "rejected": 0 }),
            "{self:?}: {report}"
        );
        let dropped = json!({ "dob: not a date": 1, "points: not a whole number": 1, "score: not a number": 1,
                              "active: not true or false": 1, "since: not a date and time": 1 });
        assert_eq!(report["dropped_fields"], dropped, "{self:?}: {report}");
        if let Some(run) = self.run() {
            assert_eq!(report["run"], run, "{self:?}");
        }
        for (name, expected) in self.expected() {
            assert_eq!(people.get(&name), Some(&expected), "{self:?}: {name}");
        }
    }
}

/// The values of three of the dimensions that `cases` have together.
fn together(cases: &[Case], dimensions: [usize; 3]) -> BTreeSet<[usize; 3]> {
    let value = |number: usize, dimension: usize| {
        number / VALUES[dimension + 1..].iter().product::<usize>() % VALUES[dimension]
    };
    cases.iter().map(|case| dimensions.map(|dimension| value(case.number, dimension))).collect()
}

#[test]
fn the_cases_have_every_three_values_together() {
    let cases = chosen();
    for first in 0..VALUES.len() {
        for second in first + 1..VALUES.len() {
            for third in second + 1..VALUES.len() {
                let dimensions = [first, second, third];
                let all: usize = dimensions.iter().map(|dimension| VALUES[*dimension]).product();
                assert_eq!(together(&cases, dimensions).len(), all, "{dimensions:?}");
            }
        }
    }
}

fn chosen() -> Vec<Case> {
    let mut cases = cases();
    assert_eq!(cases.len(), VALUES.iter().product::<usize>(), "the product is whole");
    if std::env::var_os("DIALECTS").is_none_or(|dialects| dialects != "all") {
        cases.retain(|case| case.number.is_multiple_of(EVERY));
    }
    cases
}

#[tokio::test(flavor = "multi_thread")]
async fn every_dialect_in_every_layout_gives_the_same_profiles() {
    let desk = Desk::start().await;
    let cases = chosen();
    for cases in cases.chunks(FILES_PER_EVENT) {
        desk.forget_people();
        desk.configure(&cases.iter().map(|case| case.config()).collect::<String>());
        for case in cases {
            if case.header == Header::Model {
                desk.world.put(&format!("incoming/{}/model.json", case.export()), case.model());
            }
            desk.world.put(&case.key(), case.file());
        }
        let keys: Vec<String> = cases.iter().map(|case| case.key()).collect();
        let reports = desk.deliver_all(&keys).await;
        assert_eq!(reports.len(), cases.len());
        let people = desk.people();
        for case in cases {
            case.check(&reports[&case.export()], &people);
        }
        assert_eq!(people.len(), 3 * cases.len(), "no one else is in Braze");
    }
}

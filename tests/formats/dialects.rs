//! The product of delimiter, quotes, line ending, byte-order mark, compression and header, over all layouts in turn.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::desk::{Desk, gzip};

const COLUMNS: [&str; 6] = ["CustomerId", "E-Mail", "FirstName", "Stadt", "Points", "備考"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
    layout: Layout,
    delimiter: char,
    quotes: Quotes,
    ending: &'static str,
    mark: bool,
    compression: Compression,
    header: Header,
}

fn cases() -> Vec<Case> {
    let layouts = [Layout::Dated, Layout::Flat, Layout::Pattern, Layout::Overwritten];
    let mut cases = Vec::new();
    for (d, delimiter) in [',', ';', '\t', '|'].into_iter().enumerate() {
        for (q, quotes) in [Quotes::Always, Quotes::Needed, Quotes::Never].into_iter().enumerate() {
            for (e, ending) in ["\n", "\r\n"].into_iter().enumerate() {
                for (b, mark) in [false, true].into_iter().enumerate() {
                    for (c, compression) in
                        [Compression::None, Compression::OneMember, Compression::SeveralMembers].into_iter().enumerate()
                    {
                        for (h, header) in [Header::File, Header::Model, Header::Config].into_iter().enumerate() {
                            let layout = layouts[(d + q + e + b + c + h) % layouts.len()];
                            cases.push(Case { layout, delimiter, quotes, ending, mark, compression, header });
                        }
                    }
                }
            }
        }
    }
    cases
}

impl Case {
    /// Rows whose values need quotes in every dialect, but for files that never quote: there a mark is a character.
    fn rows(self) -> Vec<[&'static str; 6]> {
        match self.quotes {
            Quotes::Never => vec![
                [
                    "0012",
                    "kaito@example.jp",
                    "海斗",
                    "Köln Altstadt",
                    "100",
                    if self.declares_no_quotes() { "5\" disk" } else { "disk" },
                ],
                ["LID-2", "", "Siobhán", "", "-7", "=SUM(A1)"],
                ["", "mia@example.com", "Mia 🎉", "São Paulo", "", "'tis fine"],
            ],
            Quotes::Always | Quotes::Needed => vec![
                ["0012", "kaito@example.jp", "海斗", "Köln, \"Altstadt\"; süd|west\tost", "100", "eins\r\nzwei\nthree"],
                ["LID-2", "", "Siobhán", "", "-7", "=SUM(A1)"],
                ["", "mia@example.com", "Mia 🎉", "São Paulo", "", "\"quoted\""],
            ],
        }
    }

    fn expected(self) -> BTreeMap<String, Value> {
        let (city, notes) = match self.quotes {
            Quotes::Never if self.declares_no_quotes() => ("Köln Altstadt", ["5\" disk", "'tis fine"]),
            Quotes::Never => ("Köln Altstadt", ["disk", "'tis fine"]),
            _ => ("Köln, \"Altstadt\"; süd|west\tost", ["eins\r\nzwei\nthree", "\"quoted\""]),
        };
        BTreeMap::from([
            (
                "0012".to_owned(),
                json!({ "Gold": true, "email": "kaito@example.jp", "first_name": "海斗", "home_city": city, "points": 100, "note": notes[0] }),
            ),
            ("LID-2".to_owned(), json!({ "Gold": true, "first_name": "Siobhán", "points": -7, "note": "=SUM(A1)" })),
            (
                "mia@example.com".to_owned(),
                json!({ "Gold": true, "email": "mia@example.com", "first_name": "Mia 🎉", "home_city": "São Paulo", "note": notes[1] }),
            ),
        ])
    }

    /// Only a model can say that a quotation mark is a character like any other.
    fn declares_no_quotes(self) -> bool {
        self.quotes == Quotes::Never && self.header == Header::Model
    }

    fn file(self) -> Vec<u8> {
        let mut text = String::from(if self.mark { "\u{feff}" } else { "" });
        let rows = self.rows();
        let header = (self.header == Header::File).then_some(&COLUMNS);
        for row in header.into_iter().chain(&rows) {
            let fields: Vec<String> = row.iter().map(|field| self.field(field)).collect();
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
    fn path(self, export: &str) -> String {
        let gz = if self.compression == Compression::OneMember { ".gz" } else { "" };
        match self.layout {
            Layout::Dated => format!("Gold/2026/11/23/0102/Gold_1.csv{gz}"),
            Layout::Flat => format!("{export}_Gold_1795395723.csv{gz}"),
            Layout::Pattern => format!("Loyalty Club/Gold-20261123010203-part é.txt{gz}"),
            Layout::Overwritten => format!("Gold.csv{gz}"),
        }
    }

    fn run(self) -> Option<&'static str> {
        match self.layout {
            Layout::Dated => Some("2026-11-23T01:02Z"),
            Layout::Flat | Layout::Pattern => Some("2026-11-23T01:02:03Z"),
            Layout::Overwritten => None,
        }
    }

    /// Dated folders and patterns with parts need a model to be complete at once.
    fn outcome(self) -> &'static str {
        match (self.layout, self.header) {
            (Layout::Flat | Layout::Overwritten, _) | (_, Header::Model) => "delivered",
            _ => "waiting",
        }
    }

    fn config(self, export: &str) -> String {
        let gz = if self.compression == Compression::OneMember { ".gz" } else { "" };
        let path = if self.layout == Layout::Pattern {
            format!("path = \"{{export}}/{{segment}}-{{run:%Y%m%d%H%M%S}}-{{part}}.txt{gz}\"\n")
        } else {
            String::new()
        };
        let columns =
            if self.header == Header::Config { format!("csv.columns = {COLUMNS:?}\n") } else { String::new() };
        format!(
            "[exports.{export}]\nconnection = \"braze\"\nfolder = \"incoming/{export}\"\n{path}{columns}\
             data_matching = {{ customer_id = \"CustomerId\", email = \"E-Mail\" }}\n\
             attributes = {{ first_name = \"FirstName\", home_city = \"Stadt\", points = {{ column = \"Points\", type = \"integer\" }}, note = \"備考\" }}\n"
        )
    }

    fn model(self, export: &str) -> String {
        let attributes: Vec<Value> = COLUMNS.iter().map(|name| json!({ "name": name, "dataType": "string" })).collect();
        let style = if self.declares_no_quotes() { "QuoteStyle.None" } else { "QuoteStyle.Csv" };
        let settings = json!({ "$type": "CsvFormatSettings", "columnHeaders": false,
                               "delimiter": self.delimiter.to_string(), "quoteStyle": style });
        let path = self.path(export).replace(' ', "%20");
        json!({ "name": export, "version": "1.0", "entities": [{ "$type": "LocalEntity", "name": "Gold", "attributes": attributes,
                "partitions": [{ "name": "1", "refreshTime": "2026-11-23T01:02:03Z", "fileFormatSettings": settings,
                                 "location": format!("https://a.blob.core.windows.net/ci/{export}/{path}") }] }] })
        .to_string()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_dialect_in_every_layout_gives_the_same_profiles() {
    let desk = Desk::start().await;
    let mut seen = BTreeSet::new();
    for (number, case) in cases().into_iter().enumerate() {
        let export = format!("case{number}");
        desk.forget_people();
        desk.configure(&case.config(&export));
        if case.header == Header::Model {
            desk.world.put(&format!("incoming/{export}/model.json"), case.model(&export));
        }
        let key = format!("incoming/{export}/{}", case.path(&export));
        desk.world.put(&key, case.file());
        let report = desk.deliver(&key).await;
        assert_eq!(report["outcome"], case.outcome(), "{case:?}: {report}");
        assert_eq!(report["rows"]["accepted"], 3, "{case:?}: {report}");
        assert_eq!(report["rows"]["read"], 3, "{case:?}: {report}");
        assert_eq!(report["dropped_fields"], json!({}), "{case:?}: {report}");
        if let Some(run) = case.run() {
            assert_eq!(report["run"], run, "{case:?}");
        }
        assert_eq!(desk.people(), case.expected(), "{case:?}");
        seen.insert((case.layout, format!("{:?} {:?} {:?}", case.compression, case.header, case.quotes)));
    }
    assert_eq!(seen.len(), 4 * 27, "every layout meets every compression, header and kind of quotes");
}

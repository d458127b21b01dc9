//! The awkward cases that the csv-spectrum collection names, in files of our own, each from the file to the profile.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::formats::desk::Desk;

/// A case: its name, the file, and every row as its fields should come out, the header left out.
type Case = (&'static str, &'static str, &'static [&'static [&'static str]]);

const CASES: [Case; 14] = [
    ("simple", "a,b,c\n1,2,3\n", &[&["1", "2", "3"]]),
    ("simple_crlf", "a,b,c\r\n1,2,3\r\n", &[&["1", "2", "3"]]),
    (
        "comma_in_quotes",
        "first,last,address,city,zip\nJohn,Doe,120 any st.,\"Anytown, WW\",08123",
        &[&["John", "Doe", "120 any st.", "Anytown, WW", "08123"]],
    ),
    ("empty", "a,b,c\n1,\"\",\"\"\n2,3,4\n", &[&["1", "", ""], &["2", "3", "4"]]),
    ("empty_crlf", "a,b,c\r\n1,\"\",\"\"\r\n2,3,4\r\n", &[&["1", "", ""], &["2", "3", "4"]]),
    ("escaped_quotes", "a,b\n1,\"ha \"\"ha\"\" ha\"\n3,4\n", &[&["1", "ha \"ha\" ha"], &["3", "4"]]),
    (
        "json",
        "key,val\n1,\"{\"\"type\"\": \"\"Point\"\", \"\"coordinates\"\": [102.0, 0.5]}\"\n",
        &[&["1", "{\"type\": \"Point\", \"coordinates\": [102.0, 0.5]}"]],
    ),
    (
        "location_coordinates",
        "phone,location,cities,counties\n(555) 010-9999,\"37°36'37.8\"\"N 121°2'17.9\"\"W\",\"東京, 港区\",\"Alameda; Contra Costa\"\n",
        &[&["(555) 010-9999", "37°36'37.8\"N 121°2'17.9\"W", "東京, 港区", "Alameda; Contra Costa"]],
    ),
    (
        "location_coordinates that nobody quoted",
        "phone,location,cities\n(555) 010-9999,37°36'37.8\"N 121°2'17.9\"W,港区\n(555) 010-9998,,\n",
        &[&["(555) 010-9999", "37°36'37.8\"N 121°2'17.9\"W", "港区"], &["(555) 010-9998", "", ""]],
    ),
    ("newlines", "a,b,c\n1,2,3\n\"Once upon \na time\",5,6\n7,8,9\n", &[&["1", "2", "3"], &["7", "8", "9"]]),
    (
        "newlines_crlf",
        "a,b,c\r\n1,2,3\r\n4,\"Once upon \r\na time\",6\r\n7,8,9\r\n",
        &[&["1", "2", "3"], &["4", "Once upon \r\na time", "6"], &["7", "8", "9"]],
    ),
    ("quotes_and_newlines", "a,b\n1,\"ha \n\"\"ha\"\" \nha\"\n3,4\n", &[&["1", "ha \n\"ha\" \nha"], &["3", "4"]]),
    ("utf8", "a,b,c\n1,2,3\n4,5,ʤ 🎉 海斗\n", &[&["1", "2", "3"], &["4", "5", "ʤ 🎉 海斗"]]),
    ("quotes_in_the_header", "\"a, \"\"b\"\"\",\"c\nd\"\n1,2\n", &[&["1", "2"]]),
];

#[tokio::test(flavor = "multi_thread")]
async fn awkward_cells_reach_braze_as_they_are() {
    let desk = Desk::start().await;
    let mut config = String::new();
    let mut keys = Vec::new();
    let mut expected: BTreeMap<String, Value> = BTreeMap::new();
    for (number, (name, text, rows)) in CASES.into_iter().enumerate() {
        // The first column becomes the customer ID; a column of the case's own keeps the people of the cases apart.
        let mut csv = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        let header: Vec<String> = csv.records().next().unwrap().unwrap().iter().map(str::to_owned).collect();
        let fields: Vec<String> = header
            .iter()
            .enumerate()
            .map(|(at, column)| format!("\"case {number}, {at}\" = {}", json!(column)))
            .collect();
        write!(
            config,
            "[exports.case{number}]\nconnection = \"braze\"\nfolder = \"incoming/case{number}\"\n\
             data_matching = {{ customer_id = {} }}\nattributes = {{ {} }}\nattribute_names = {{ Gold = \"{name}\" }}\n\n",
            json!(header[0]),
            fields.join(", ")
        )
        .unwrap();
        let key = format!("incoming/case{number}/Gold.csv");
        desk.world.put(&key, text);
        keys.push(key);
        for row in rows {
            let person = expected.entry(row[0].to_owned()).or_insert_with(|| json!({}));
            person[name] = json!(true);
            for (at, field) in row.iter().enumerate().filter(|(_, field)| !field.is_empty()) {
                person[format!("case {number}, {at}")] = json!(field);
            }
        }
    }
    desk.configure(&config);
    let reports = desk.deliver_all(&keys).await;
    for (number, (name, _, rows)) in CASES.into_iter().enumerate() {
        let report = &reports[&format!("case{number}")];
        // A line break is no customer ID that Braze takes; the row is read, and rejected for that alone.
        let rejected = u64::from(name == "newlines");
        let read = rows.len() as u64 + rejected;
        assert_eq!(
            report["rows"],
            json!({ "read": read, "accepted": rows.len(), "unchanged": 0, "duplicate": 0, "rejected": rejected }),
            "{name}: {report}"
        );
        if rejected > 0 {
            assert_eq!(report["rejected_reasons"], json!({ "control character in the customer ID": 1 }));
        }
    }
    assert_eq!(desk.people(), expected);
}

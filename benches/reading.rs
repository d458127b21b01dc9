//! The CPU of reading alone, from compressed bytes to the JSON that Braze takes, as a ratio to a floor that does nothing but
//! split the records of the plain text with the csv crate.
//!
//! `cargo bench --bench reading`; `ROWS` sets the number of rows (a million by default). CPU time is the process's own, from
//! `/proc/thread-self/schedstat`, so that other programs disturb little; each figure is the best of five, taken in turn.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Instant;

use flate2::Compression;
use flate2::write::GzEncoder;
use insights_to_braze::config::Config;
use insights_to_braze::names::AttributeName;
use insights_to_braze::profile::{ColumnTypes, DataType, DroppedFields, Matcher};
use insights_to_braze::rows::{ReadSettings, RowReader};

/// How often each is measured.
const ROUNDS: u32 = 5;

const CONFIG: &str = r#"
[connections.b]
hostname = "rest.fra-01.braze.eu"
secret = "s"
[exports.loyalty]
connection = "b"
folder = "incoming/BlobExport"
FIELDS
[exports.loyalty.data_matching]
customer_id = "LoyaltyId"
email = "EMail"
"#;

/// The fields of the configuration that the documentation begins with, and as many as a file of profiles offers.
const TWO_FIELDS: &str = "attributes = { first_name = \"FirstName\", points = \"Points\" }";
const EIGHT_FIELDS: &str = "attributes = { first_name = \"FirstName\", last_name = \"LastName\", home_city = \"City\", \
    country = \"Country\", points = \"Points\", balance = \"Balance\", joined = \"Joined\", is_active = \"IsActive\" }";

const TYPES: [(&str, DataType); 4] = [
    ("Points", DataType::Int64),
    ("Balance", DataType::Decimal),
    ("Joined", DataType::DateTime),
    ("IsActive", DataType::Boolean),
];

/// Rows as Customer Insights has them: most fields plain, a tenth of the names quoted.
fn text(rows: u64) -> String {
    let mut text =
        String::from("CustomerId,LoyaltyId,EMail,FirstName,LastName,City,Country,Points,Balance,Joined,IsActive\r\n");
    let cities = ["Köln", "東京", "São Paulo", "New York", "Reykjavík"];
    for n in 0..rows {
        let spread = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let last = if n % 10 == 0 { "\"O\"\"Neill, Jr.\"" } else { "Yamada" };
        let city = cities[usize::try_from(spread % 5).unwrap()];
        writeln!(
            text,
            "{spread:032x},LID-{n:08},person.{n}@example.com,Kaito{},{last},{city},JP,{},{}.{:02},2026-{:02}-{:02}T01:02:03Z,True\r",
            spread % 97,
            spread % 100_000,
            spread % 10_000,
            spread % 100,
            spread % 12 + 1,
            spread % 28 + 1,
        )
        .unwrap();
    }
    text
}

/// Time on the CPU of this process's only busy thread, in seconds (Linux, "Scheduler statistics": the first field of
/// `schedstat`, in nanoseconds).
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1e9
}

/// Something measured, and the least CPU and wall time that it took.
struct Measured<'w> {
    name: &'static str,
    work: Box<dyn Fn() -> u64 + 'w>,
    cpu: f64,
    wall: f64,
}

impl<'w> Measured<'w> {
    fn new(name: &'static str, work: impl Fn() -> u64 + 'w) -> Self {
        Self { name, work: Box::new(work), cpu: f64::MAX, wall: f64::MAX }
    }

    fn run(&mut self, rows: u64) {
        let (cpu_before, began) = (cpu(), Instant::now());
        assert_eq!(std::hint::black_box((self.work)()), rows);
        self.cpu = self.cpu.min(cpu() - cpu_before);
        self.wall = self.wall.min(began.elapsed().as_secs_f64());
    }
}

fn split_with_csv(text: &[u8]) -> u64 {
    let mut reader = csv::ReaderBuilder::new().from_reader(text);
    let mut record = csv::ByteRecord::new();
    let mut rows = 0;
    while reader.read_byte_record(&mut record).unwrap() {
        rows += 1;
    }
    rows
}

/// Reads and, with a matcher, makes the JSON of every row.
fn read(file: &[u8], matcher: Option<&Matcher>) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut reader = RowReader::open(file, ReadSettings::default()).await.unwrap();
        let (mut object, mut dropped, mut rows) = (Vec::with_capacity(1_024), DroppedFields::default(), 0);
        while let Some(row) = reader.next_row().await.unwrap() {
            assert!(row.problem().is_none());
            if let Some(matcher) = matcher {
                object.clear();
                matcher.match_row(&row, &mut object, &mut dropped).unwrap();
                std::hint::black_box(&object);
            }
            rows += 1;
        }
        assert_eq!(dropped.total(), 0);
        rows
    })
}

fn matcher(fields: &str, header: &[String]) -> Matcher {
    let config = Config::parse(&CONFIG.replace("FIELDS", fields)).unwrap();
    let types = ColumnTypes::new(TYPES.map(|(name, data_type)| (name.to_owned(), data_type)), None);
    let export = config.exports.values().next().unwrap();
    Matcher::new(export, &AttributeName::new("High Value Customers"), header, &types).unwrap()
}

fn main() {
    let rows = std::env::var("ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(1_000_000);
    let text = text(rows);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    let compressed = encoder.finish().unwrap();
    println!("{rows} rows, {} MB of text, {} MB compressed", text.len() >> 20, compressed.len() >> 20);
    let header: Vec<String> = text.lines().next().unwrap().split(',').map(str::to_owned).collect();
    let [two, eight] = [TWO_FIELDS, EIGHT_FIELDS].map(|fields| matcher(fields, &header));

    let mut measured = [
        Measured::new("floor: csv splits the plain text", || split_with_csv(text.as_bytes())),
        Measured::new("rows of the plain text", || read(text.as_bytes(), None)),
        Measured::new("rows, matching, JSON of two fields", || read(text.as_bytes(), Some(&two))),
        Measured::new("gunzip, rows, matching, JSON of two fields", || read(&compressed, Some(&two))),
        Measured::new("gunzip, rows, matching, JSON of eight fields", || read(&compressed, Some(&eight))),
    ];
    for _ in 0..ROUNDS {
        for measured in &mut measured {
            measured.run(rows);
        }
    }
    let floor = measured[0].cpu;
    for Measured { name, cpu, wall, .. } in measured {
        println!("{name:<44} {cpu:>6.3} s CPU  {wall:>6.3} s  {:>5.2} times the floor", cpu / floor);
    }
}

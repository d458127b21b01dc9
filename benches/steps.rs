//! The steps of a delivery by themselves: reading, from compressed bytes to the JSON that Braze takes, beside a floor that
//! does nothing but split the records of the plain text with the csv crate; what is stored of a member before it is sent,
//! and read when the next run is compared; and putting a request together.
//!
//! `cargo bench --bench steps`; with `-- ratio` only the last table, of CPU time beside the floor. The pace of requests is measured by `end_to_end`, in CPU seconds of the whole.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write as _;

use criterion::{Criterion, Throughput, criterion_group};
use flate2::Compression;
use flate2::write::GzEncoder;
use insights_to_braze::braze::TrackRequest;
use insights_to_braze::config::Config;
use insights_to_braze::names::AttributeName;
use insights_to_braze::profile::{ColumnTypes, DroppedFields, Identifier, Matcher};
use insights_to_braze::rows::{ReadSettings, RowReader};
use insights_to_braze::run::model::DataType;
use insights_to_braze::state::{Fingerprint, PartRow, PartWriter, read_part};

/// Enough that the parts of a step that happen once do not show.
const ROWS: u64 = 100_000;

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

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
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
                black_box(&object);
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

/// For two fields and for eight.
fn matchers(text: &str) -> [Matcher; 2] {
    let header: Vec<String> = text.lines().next().unwrap().split(',').map(str::to_owned).collect();
    [TWO_FIELDS, EIGHT_FIELDS].map(|fields| matcher(fields, &header))
}

/// The part of the state that lists as many members.
fn part(rows: u64) -> Vec<u8> {
    let mut part = PartWriter::new();
    for n in 0..rows {
        let identifier = format!("LID-{n:08}");
        part.push(PartRow::member(Identifier::ExternalId(&identifier), None, Fingerprint::UNKNOWN));
    }
    let (bytes, written) = part.finish("a part");
    assert_eq!(written.rows, rows);
    bytes.into()
}

/// As many objects, 75 in a request.
fn requests(object: &[u8], rows: u64) -> usize {
    let (mut requests, mut request) = (0, TrackRequest::with_capacity(75 * object.len()));
    for _ in 0..rows {
        if !request.would_fit(object) {
            black_box(request.body());
            request = TrackRequest::with_capacity(75 * object.len());
            requests += 1;
        }
        request.push(object);
    }
    requests
}

fn steps(criterion: &mut Criterion) {
    let text = text(ROWS);
    let compressed = gzip(&text);
    let [two, eight] = matchers(&text);

    let mut group = criterion.benchmark_group("reading");
    group.sample_size(10).throughput(Throughput::Elements(ROWS));
    group.bench_function("floor: csv splits the plain text", |b| b.iter(|| split_with_csv(text.as_bytes())));
    group.bench_function("rows of the plain text", |b| b.iter(|| read(text.as_bytes(), None)));
    group.bench_function("rows, matching, JSON of two fields", |b| b.iter(|| read(text.as_bytes(), Some(&two))));
    group.bench_function("the same, compressed", |b| b.iter(|| read(&compressed, Some(&two))));
    group.bench_function("the same of eight fields", |b| b.iter(|| read(&compressed, Some(&eight))));
    group.finish();

    let part_of_all = part(ROWS);
    let object = br#"{"external_id":"LID-00000001","email":"person.1@example.com","VIP":true,"first_name":"Kaito1"}"#;
    let mut group = criterion.benchmark_group("sending");
    group.sample_size(10).throughput(Throughput::Elements(ROWS));
    group.bench_function("members into a part", |b| b.iter(|| part(ROWS)));
    group.bench_function("members out of a part", |b| {
        b.iter(|| {
            let mut rows = 0;
            read_part("a part", &part_of_all, |_, _| rows += 1).unwrap();
            rows
        });
    });
    group.bench_function("objects into requests", |b| b.iter(|| requests(object, ROWS)));
    group.finish();
}

/// CPU seconds of this process, in hundredths (proc(5), `/proc/self/stat`). Other than time by the clock, they are much the
/// same on a machine that is busy with other things.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    [11, 12].map(|at| fields[at].parse::<f64>().unwrap()).iter().sum::<f64>() / 100.0
}

/// Prints what reading costs in CPU time, as multiples of the floor in the same moment.
fn print_ratios() {
    const ROUNDS: u32 = 60;
    let text = text(ROWS);
    let compressed = gzip(&text);
    let [two, eight] = matchers(&text);
    let steps: [(&str, &dyn Fn() -> u64); 4] = [
        ("the csv crate splits the plain text (floor)", &|| split_with_csv(text.as_bytes())),
        ("rows of the plain text", &|| read(text.as_bytes(), None)),
        ("gunzip, rows, matching, JSON of two fields", &|| read(&compressed, Some(&two))),
        ("gunzip, rows, matching, JSON of eight fields", &|| read(&compressed, Some(&eight))),
    ];
    let mut seconds = [0.0; 4];
    for _ in 0..ROUNDS {
        for ((_, step), spent) in steps.iter().zip(&mut seconds) {
            let before = cpu_seconds();
            assert_eq!(step(), ROWS);
            *spent += cpu_seconds() - before;
        }
    }
    println!(
        "\n| reading, {} bytes a row | CPU per million rows | times the floor |\n| --- | --- | --- |",
        text.len() as u64 / ROWS
    );
    for ((what, _), spent) in steps.iter().zip(seconds) {
        let per_million = spent / f64::from(ROUNDS) * 1e6 / 100_000.0;
        println!("| {what} | {per_million:.3} s | {:.2} |", spent / seconds[0]);
    }
}

criterion_group!(all, steps);

fn main() {
    if !std::env::args().any(|argument| argument == "ratio") {
        all();
    }
    print_ratios();
}

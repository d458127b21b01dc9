//! Broken and hostile files through the real function: each says what is wrong, costs no other row and no other file, and
//! none takes more memory than the smallest function has.

use std::fmt::Write as _;
use std::io::Write;
use std::time::Duration;

use crate::support::{Function, RUN, World};
use flate2::Compression;
use flate2::write::GzEncoder;
use itb::standin::braze::Latency;
use itb::standin::lambda::LambdaHost;
use serde_json::{Value, json};

const MEMORY: u64 = 128 * 1024 * 1024;
const MEBIBYTE: usize = 1 << 20;
const HEADER: &str = "LoyaltyId,EMail,FirstName,Points\n";
const RUN_ID: &str = "2026-11-23T01:02Z";

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A compressed text of `head`, then `unit` so often that it is as many mebibytes, then `tail`: a few kilobytes for each.
fn bomb(head: &str, unit: &str, mebibytes: usize, tail: &str) -> Vec<u8> {
    let member = gzip(unit.repeat(MEBIBYTE / unit.len()).as_bytes());
    [gzip(head.as_bytes()), member.repeat(mebibytes), gzip(tail.as_bytes())].concat()
}

struct Hostile {
    world: World,
    host: LambdaHost,
}

impl Hostile {
    async fn start(export: &str) -> Self {
        let world = World::start().await;
        world.configure("", export);
        let host = world.host(Function::ObjectCreated).await;
        Self { world, host }
    }

    /// Delivers the file and gives its report or the error, having looked at the memory.
    async fn land(&self, key: &str, content: impl AsRef<[u8]>) -> Result<Value, String> {
        self.world.put(key, content);
        let answer = self.host.invoke(&self.world.s3_event(key), Duration::from_mins(2)).await;
        let peak = self.host.peak_memory().unwrap();
        assert!(peak < MEMORY, "{peak} bytes of memory");
        assert_eq!(self.host.starts(), 1, "the function lives on");
        answer.map(|answer| answer["reports"][0].clone()).map_err(|error| error.message)
    }

    async fn fails(&self, content: impl AsRef<[u8]>, words: &[&str]) {
        let key = format!("{RUN}/HighValueCustomers_1.csv");
        let error = self.land(&key, content).await.expect_err("the file cannot be delivered");
        for word in [&["HighValueCustomers_1.csv"], words].concat() {
            assert!(error.contains(word), "{word:?} is not in: {error}");
        }
        let report = self.world.report("HighValueCustomers", RUN_ID);
        assert_eq!(report["outcome"], "failed", "{report}");
        assert!(report["message"].as_str().unwrap().contains(words[0]), "{report}");
    }

    async fn lands(&self, content: impl AsRef<[u8]>) -> Value {
        self.land(&format!("{RUN}/HighValueCustomers_1.csv"), content).await.unwrap()
    }

    fn rejected(&self) -> String {
        self.world.get_text(&format!("reports/loyalty/HighValueCustomers/{RUN_ID}/rejected.csv"))
    }
}

fn rows(read: u64, accepted: u64, duplicate: u64, rejected: u64) -> Value {
    json!({ "read": read, "accepted": accepted, "unchanged": 0, "duplicate": duplicate, "rejected": rejected })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_a_gigabyte_costs_itself_alone() {
    let hostile = Hostile::start("").await;
    let head = format!("{HEADER}A,ann@example.com,Ann,1\nB,bo@example.com,");
    let report = hostile.lands(bomb(&head, "x", 1024, "\nC,cy@example.com,Cy,3\n")).await;
    assert_eq!(report["rows"], rows(3, 2, 0, 1), "{report}");
    let reason = report["rejected_reasons"].as_object().unwrap().keys().next().unwrap();
    assert!(reason.contains("1048576 bytes (max_record_bytes)"), "{reason}");
    assert!(hostile.rejected().contains("B,bo@example.com,"), "the identifier is listed");
    assert!(hostile.rejected().len() < 200_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quoted_field_of_a_gigabyte_costs_itself_alone() {
    let hostile = Hostile::start("[exports.loyalty.csv]\nmax_record_bytes = 100_000").await;
    let head = format!("{HEADER}A,ann@example.com,Ann,1\nB,bo@example.com,\"");
    let report = hostile.lands(bomb(&head, "\"\"", 256, "\nC,cy@example.com,Cy,3\n")).await;
    assert_eq!((&report["rows"]["read"], &report["rows"]["accepted"]), (&json!(3), &json!(2)), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_without_an_end_is_named_with_its_limit() {
    let hostile = Hostile::start("").await;
    hostile.fails(bomb("LoyaltyId,", "y", 256, ""), &["262144 bytes (max_header_bytes)", "CSV with line breaks"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_ends_at_the_limit_that_is_set() {
    let hostile = Hostile::start("[exports.loyalty.csv]\nmax_text_bytes = 67_108_864").await;
    let file = bomb(
        &format!("{HEADER}A,ann@example.com,Ann,1\n"),
        "A,ann@example.com,Ann,1\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n",
        2048,
        "",
    );
    hostile.fails(file, &["67108864 bytes (max_text_bytes)", "legitimate"]).await;
    // The next file is not affected.
    let good = "incoming/BlobExport/ChurnRisk/2026/11/23/0102/ChurnRisk_1.csv";
    let report = hostile.land(good, format!("{HEADER}Z,zoe@example.com,Zoë,1\n")).await.unwrap();
    assert_eq!(report["rows"], rows(1, 1, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gigabyte_of_blank_lines_is_no_row() {
    let hostile = Hostile::start("").await;
    let report = hostile
        .lands(bomb(&format!("{HEADER}A,ann@example.com,Ann,1\n"), "\n\r\n\n", 512, "B,bo@example.com,Bo,2"))
        .await;
    assert_eq!(report["rows"], rows(2, 2, 0, 0), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_million_broken_rows_are_counted_and_listed_up_to_the_limit() {
    let hostile = Hostile::start("[exports.loyalty.csv]\nmax_rejected_bytes = 300_000").await;
    let head = format!("{HEADER}A,ann@example.com,Ann,1\n");
    let report = hostile.lands(bomb(&head, "B,broken\n", 8, "C,cy@example.com,Cy,3\n")).await;
    let broken = 8 * (MEBIBYTE as u64 / 9);
    assert_eq!(report["rows"], rows(broken + 2, 2, 0, broken), "{report}");
    assert_eq!(report["rejected_reasons"], json!({ "too few fields: 2 instead of 4": broken }));
    let notes = report["notes"].to_string();
    assert!(notes.contains("lists only the first 300000 bytes of rejected rows (max_rejected_bytes)"), "{notes}");
    let rejected = hostile.rejected();
    assert!(
        rejected.starts_with("LoyaltyId,EMail,FirstName,Points,reason,line,file\nB,broken,,,too few"),
        "{rejected:.200}"
    );
    assert!((1_000..1_000_000).contains(&rejected.len()), "{} bytes", rejected.len());
    assert_eq!(rejected.lines().nth(1).map(|line| line.contains(",3,incoming/")), Some(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn truncated_and_damaged_gzip_fail_with_what_to_do_and_heal() {
    let hostile = Hostile::start("").await;
    let mut text = HEADER.to_owned();
    for n in 0..5_000 {
        writeln!(text, "L{n},p{n}@example.com,Person {n},{}", n * 7919 % 1000).unwrap();
    }
    let whole = gzip(text.as_bytes());
    hostile.fails(&whole[..whole.len() / 2], &["truncated", "Upload the complete file again"]).await;
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 8].fill(0x55);
    hostile.fails(&damaged, &["damaged", "Upload the file again"]).await;
    let report = hostile.lands(&whole).await;
    let rows = &report["rows"];
    assert_eq!(
        (&rows["read"], &rows["rejected"], &report["outcome"]),
        (&json!(5_000), &json!(0), &json!("waiting")),
        "{report}"
    );
    assert_eq!(hostile.world.account.braze.profile_count(), 5_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stray_quotation_mark_loses_one_row_and_names_the_others() {
    let hostile = Hostile::start("").await;
    let report = hostile
        .lands(format!(
            "{HEADER}A,ann@example.com,Ann,1\nB,\"bo@example.com,Bo,2\nC,cy@example.com,Cy,3\nD,di@example.com,Di,4\nE,ed@example.com,\"Ed, the \"\"third\"\"\",5\n"
        ))
        .await;
    assert_eq!(report["rows"], rows(5, 4, 0, 1), "{report}");
    let rejected = hostile.rejected();
    assert!(rejected.contains("a quotation mark in line 3 is misplaced or not closed"), "{rejected}");
    assert_eq!(hostile.world.account.braze.profile("E").unwrap().standard["first_name"], "Ed, the \"third\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn nul_bytes_and_a_header_in_the_middle_cost_their_lines_alone() {
    let hostile = Hostile::start("").await;
    let report = hostile
        .lands(format!(
            "{HEADER}A,ann@example.com,A\0nn,1\nB,bo@example.com,Bo,2\n\u{feff}{HEADER}C,cy@example.com,Cy,3\n\0,,,\n"
        ))
        .await;
    assert_eq!(report["rows"], rows(4, 2, 0, 2), "{report}");
    let reasons = report["rejected_reasons"].as_object().unwrap();
    assert_eq!(reasons["column \"FirstName\" contains a NUL byte"], 1, "{report}");
    let notes = report["notes"].to_string();
    assert!(notes.contains("the header is repeated in the middle of the file"), "{notes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_columns_need_leave_and_then_are_read() {
    let hostile = Hostile::start("").await;
    let further: String = (0..9_996).fold(String::new(), |mut columns, n| {
        write!(columns, ",Column {n}").unwrap();
        columns
    });
    let blanks = ",".repeat(9_996);
    let mut file = format!("LoyaltyId,EMail,FirstName,Points{further}\n");
    for n in 0..500 {
        writeln!(file, "L{n},,,{n}{blanks}").unwrap();
    }
    hostile.fails(&file, &["10000 columns, the limit is 1000 (max_columns)"]).await;
    hostile.world.configure("", "[exports.loyalty.csv]\nmax_columns = 10_000");
    let report = hostile.lands(&file).await;
    assert_eq!(report["rows"], rows(500, 500, 0, 0), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_needed_column_that_is_there_twice_is_an_error_and_another_a_note() {
    let hostile = Hostile::start("").await;
    let words = ["data_matching.email = \"EMail\": 2 columns match (number 2, 5)"];
    hostile.fails("LoyaltyId,EMail,FirstName,Points,EMail\nA,a@example.com,Ann,1,b@example.com\n", &words).await;
    let report = hostile.lands("LoyaltyId,EMail,FirstName,Points,City,city,\nA,a@example.com,Ann,1,x,y,z\n").await;
    assert_eq!(report["rows"], rows(1, 1, 0, 0), "{report}");
    let notes = report["notes"].to_string();
    assert!(notes.contains("occurs 2 times: columns 5, 6") && notes.contains("columns without a name: 7"), "{notes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_encodings_and_kinds_of_files_are_named() {
    let hostile = Hostile::start("").await;
    let text = "LoyaltyId,EMail,FirstName,Points\r\nA,ann@example.com,海斗,1\r\n";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    hostile.fails(&little, &["UTF-16LE", "Export it as UTF-8"]).await;
    hostile.fails(big, &["UTF-16BE"]).await;
    hostile.fails(gzip(&little), &["UTF-16LE"]).await;
    hostile.fails(b"LoyaltyId,EMail,Pr\xe9nom,Points\nA,a@example.com,Ren\xe9,1\n", &["Latin-1"]).await;
    hostile.fails(b"PK\x03\x04 and so on", &["ZIP archive"]).await;
    hostile.fails(gzip(&gzip(text.as_bytes())), &["gzip twice"]).await;
    // With a header in ASCII the rows tell, and nothing is sent of a file that is another encoding throughout.
    let mut latin = HEADER.as_bytes().to_vec();
    for n in 0..5_000 {
        let name: &[u8] = if n % 3 == 0 { b"Ren\xe9" } else { b"Ann" };
        latin.extend([format!("L{n},,").as_bytes(), name, b",1\n"].concat());
    }
    let words = ["100 rows with non-ASCII characters up to line 299", "Latin-1", "Export it as UTF-8"];
    hostile.fails(gzip(&latin), &words).await;
    assert_eq!(hostile.world.account.braze.profile_count(), 0);
    // In a row alone it costs the row.
    let report = hostile
        .lands([HEADER.as_bytes(), b"A,a@example.com,Ren\xe9,1\nB,b@example.com,Ren\xc3\xa9,2\n"].concat())
        .await;
    assert_eq!(report["rows"], rows(2, 1, 0, 1), "{report}");
    assert!(report["rejected_reasons"].to_string().contains("Latin-1"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_and_grows_while_it_is_read_ends_as_its_last_content() {
    let world = World::with(|settings| {
        settings.braze.latency = Latency { fixed: Duration::from_millis(400), ..Latency::default() };
    })
    .await;
    world.configure("objects_per_request = 10", "max_leavers = 1.0");
    let host = world.host(Function::ObjectCreated).await;
    // One file per run: the run is complete as soon as it is delivered.
    let key = "incoming/BlobExport/loyalty_HighValueCustomers_1795395723.csv";
    let file = |from: u32, to: u32| {
        (from..to).fold(HEADER.to_owned(), |mut text, n| {
            writeln!(text, "L{n},p{n}@example.com,Person {n},{n}").unwrap();
            text
        })
    };
    world.put(key, file(0, 50_000));
    let event = world.s3_event(key);
    let delivering = host.invoke(&event, Duration::from_mins(1));
    let changing = async {
        while !world.account.s3.calls().iter().any(|call| call.operation == "GetObject" && call.resource == key) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        world.put(key, file(10, 40));
    };
    let (first, ()) = tokio::join!(delivering, changing);
    world.put(key, file(10, 60));
    // The events of the changes come late, the first one twice.
    for _ in 0..3 {
        host.invoke(&event, Duration::from_mins(1)).await.unwrap();
    }
    drop(first);
    let report = world.report("HighValueCustomers", "2026-11-23T01:02:03Z");
    assert_eq!(report["outcome"], "delivered", "{report}");
    assert_eq!(report["rows"]["read"], 50, "{report}");
    let braze = &world.account.braze;
    assert_eq!(braze.count_with_attribute("High Value Customers", &json!(true)), 50);
    assert_eq!(world.has_attribute("L59", "High Value Customers"), json!(true));
    for gone in
        braze.profiles().iter().filter(|profile| profile.custom_attributes["High Value Customers"] != json!(true))
    {
        assert_eq!(
            gone.custom_attributes["High Value Customers"],
            json!(false),
            "everyone who was sent and is not in the last content has left"
        );
    }
    assert!(host.peak_memory().unwrap() < MEMORY);
}

#[tokio::test(flavor = "multi_thread")]
async fn path_tricks_and_control_characters_in_keys_are_ignored() {
    let world = World::start().await;
    let config = world.config("", "").replace("segments = [\"HighValueCustomers\", \"ChurnRisk\"]", "");
    world.put(
        "config/exports.toml",
        config
            .replace("[exports.loyalty.attribute_names]", "")
            .replace("HighValueCustomers = \"High Value Customers\"", ""),
    );
    let host = world.host(Function::ObjectCreated).await;
    for segment in ["line\nbreak", "bell\u{7}", "back\\slash"] {
        let key = format!("incoming/BlobExport/{segment}/2026/11/23/0102/x_1.csv");
        world.put(&key, format!("{HEADER}A,a@example.com,Ann,1\n"));
        let answer = host.invoke(&world.s3_event(&key), Duration::from_secs(30)).await.unwrap();
        assert_eq!(answer["reports"], json!([]), "{segment:?}");
        assert!(answer["ignored"][0]["reason"].as_str().unwrap().contains("not a valid segment name"), "{answer}");
    }
    assert_eq!(world.account.braze.counters().requests, 0);
    assert!(world.account.list("state/").is_empty() && world.account.list("reports/").is_empty());
    assert!(host.log_lines().iter().all(|line| !line.contains('\u{7}')), "names reach the log escaped");
}

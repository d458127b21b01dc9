//! `itb deliver`, `connect` `dry-run`, `status` and `report` against a stand-in of Braze that listens like the real one.

use std::fs;
use std::process::{Output, Stdio};
use std::time::Duration;

use itb::standin::braze::{Braze, BrazeSettings, Latency};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

pub(crate) const KEY: &str = "7c0f3a52-canary-4d1e-9d3a";

/// A user's machine: files of an export, an `exports.toml`, and a Braze workspace somewhere.
pub(crate) struct Desk {
    pub(crate) folder: TempDir,
    pub(crate) braze: Braze,
}

impl Desk {
    pub(crate) async fn new() -> Self {
        Self::with(BrazeSettings::with_key(KEY)).await
    }

    async fn with(braze: BrazeSettings) -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap(), braze: Braze::start(braze).await.unwrap() };
        desk.write(
            "exports.toml",
            &format!(
                "[connections.eu]\nhostname = \"{}\"\nsecret = \"insights-to-braze/eu\"\nagree_to_data_transfer = true\n\
                 [exports.loyalty]\nconnection = \"eu\"\nfolder = \"incoming/優良 Export\"\n\
                 [exports.loyalty.data_matching]\ncustomer_id = \"Id\"\nemail = \"EMail\"\n\
                 [exports.loyalty.attributes]\nfirst_name = \"FirstName\"\n",
                desk.braze.url()
            ),
        );
        desk
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Writes a run of the segment Loyal in one file, with the `model.json` that lists it.
    pub(crate) fn write_run(&self, day: &str, rows: &str) {
        let path = format!("Loyal/2026/11/{day}/0102/Loyal_1.csv");
        self.write(&format!("files/{path}"), &format!("Id,EMail,FirstName\r\n{rows}"));
        let partition = json!({"name": "Loyal_1", "location": format!("https://lake.example/c/x/{path}")});
        let model = json!({"name": "x", "version": "1.0", "entities": [
            {"$type": "LocalEntity", "name": "Loyal", "attributes": [], "partitions": [partition]},
        ]});
        self.write("files/model.json", &model.to_string());
    }

    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_itb"));
        command.args(line.split(' ')).current_dir(self.folder.path()).env("BRAZE_API_KEY", KEY).env("LC_ALL", "C");
        command
    }

    pub(crate) async fn itb(&self, line: &str) -> Output {
        self.command(line).output().await.unwrap()
    }

    /// Runs `deliver` and gives the exit code and the JSON answer.
    pub(crate) async fn deliver(&self, further: &str) -> (i32, Value) {
        let output =
            self.itb(&format!("deliver --config exports.toml --export loyalty --files files --json{further}")).await;
        let answer = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        (output.status.code().unwrap(), answer)
    }
}

const FIRST: &str =
    "0001,o'connor@example.com,太郎\r\n0002,,\"Line\nbreak, \"\"quoted\"\"\"\r\n,only@example.jp,👩‍👩‍👧\r\n,,nobody\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn the_second_delivery_sends_nothing_and_the_next_run_only_changes() {
    let desk = Desk::new().await;
    desk.write_run("23", FIRST);
    let (code, dry) = desk.deliver(" --dry-run").await;
    assert_eq!((code, &dry["reports"][0]["outcome"]), (0, &json!("dry_run")));
    assert_eq!(desk.braze.counters().requests, 0, "a dry run sends nothing");

    let (code, first) = desk.deliver("").await;
    let with_problems = json!("delivered_with_problems");
    assert_eq!((code, &first["reports"][0]["outcome"]), (4, &with_problems), "a quarter is rejected: {first:#}");
    assert_eq!(
        first["reports"][0]["rows"],
        json!({"read": 4, "accepted": 3, "unchanged": 0, "duplicate": 0, "rejected": 1})
    );
    assert_eq!(desk.braze.profile("0001").unwrap().custom_attributes["Loyal"], true, "zeros stay");
    assert_eq!(desk.braze.profile("0002").unwrap().standard["first_name"], "Line\nbreak, \"quoted\"");
    let sent = desk.braze.counters().requests;
    assert!(sent > 0);

    let (code, again) = desk.deliver("").await;
    assert_eq!((code, &again["reports"][0]["outcome"]), (4, &with_problems), "and still is");
    assert_eq!(desk.braze.counters().requests, sent, "the second time, nothing is sent");

    desk.write_run("24", "0001,o'connor@example.com,太郎\r\n0003,,New\r\n,only@example.jp,👩‍👩‍👧\r\n");
    let (code, next) = desk.deliver("").await;
    assert_eq!(code, 0, "{next:#}");
    assert_eq!(next["reports"][0]["members"], json!({"before": 3, "entered": 1, "stayed": 2, "left": 1, "after": 3}));
    assert_eq!(next["reports"][0]["rows"]["unchanged"], 2);
    assert_eq!(desk.braze.profile("0002").unwrap().custom_attributes["Loyal"], false);

    let (code, all) = desk.deliver(" --send all").await;
    assert_eq!(code, 0, "{all:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_and_status_tell_the_same_to_a_person() {
    let desk = Desk::new().await;
    desk.write_run("23", FIRST);
    let output = desk.itb("deliver --config exports.toml --export loyalty --files files").await;
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(4), "{shown}");
    assert!(shown.contains("Delivered with problems: 1 of 4 rows (25 %) rejected"), "{shown}");
    assert!(shown.contains("Run 2026-11-23T01:02Z") && shown.contains("no customer ID and no email"), "{shown}");
    assert!(!shown.contains("{\"export\""), "no report line of the function's log: {shown}");
    let output = desk.itb("status --config exports.toml").await;
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("Loyal") && shown.contains("delivered with problems"), "{shown}");
    let output = desk.itb("connect --config exports.toml --connection eu").await;
    assert_eq!(output.status.code(), Some(0));
    let requests = desk.braze.profile_count();
    assert_eq!(requests, 3, "connect makes no profile");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_loses_most_members_is_held_until_it_is_released() {
    let desk = Desk::new().await;
    let row = |number: u32| format!("{number:04},,Name\r\n");
    desk.write_run("23", &(0..200).map(row).collect::<String>());
    assert_eq!(desk.deliver("").await.0, 0);
    desk.write_run("24", &(0..20).map(row).collect::<String>());
    let (code, held) = desk.deliver("").await;
    assert_eq!((code, &held["reports"][0]["outcome"]), (3, &json!("held")), "{held:#}");
    assert_eq!(desk.braze.count_with_attribute("Loyal", &json!(true)), 200);
    let (code, released) = desk.deliver(" --run 2026-11-24T01:02Z --allow-leavers 180").await;
    assert_eq!((code, &released["reports"][0]["outcome"]), (0, &json!("delivered")), "{released:#}");
    assert_eq!(desk.braze.count_with_attribute("Loyal", &json!(true)), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_have_their_exit_codes_and_never_show_the_key() {
    let desk = Desk::new().await;
    desk.write_run("23", FIRST);
    desk.braze.set_keys(Vec::new());
    let (code, refused) = desk.deliver("").await;
    assert_eq!((code, &refused["reports"][0]["outcome"]), (1, &json!("failed")));
    let output = desk.itb("connect --config exports.toml --connection eu").await;
    assert_eq!(output.status.code(), Some(1));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(
        printed.contains("failed") && !printed.contains("canary") && !refused.to_string().contains("canary"),
        "{printed}"
    );

    let lines = [
        ("deliver --config none.toml --export loyalty --files files", "can't read none.toml"),
        ("deliver --config exports.toml --export royalty --files files", "existing: loyalty"),
        ("deliver --config exports.toml --export loyalty --files none", "can't read none"),
        ("deliver --config exports.toml --export loyalty --files .", "--workspace"),
        ("deliver --config exports.toml --export loyalty --files files --segment Royal", "\"Royal\" does not exist"),
        ("deliver --config exports.toml --files files", "EXPORT"),
        ("connect --config exports.toml --connection us", "existing: eu"),
        ("status --config exports.toml --workspace nowhere", "there is no workspace nowhere"),
    ];
    for (line, part) in lines {
        let output = desk.itb(line).await;
        let printed = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}: {printed}");
        assert!(printed.contains(part), "{line}: {printed}");
    }
    desk.write("exports.toml", "[connections.eu]\nhostname = \"http://braze.example\"\n");
    let output = desk.itb("deliver --config exports.toml --export loyalty --files files").await;
    let printed = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(printed.contains("exports.toml:\n") && printed.contains("hostname (line 2)"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn inspect_shows_how_each_file_is_read_and_sends_nothing() {
    let desk = Desk::new().await;
    desk.write_run("23", FIRST);
    desk.write("files/Loyal/2026/11/23/0102/half.csv.filepart", "x");
    let output = desk.itb("inspect --config exports.toml --export loyalty --files files").await;
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{printed}");
    for word in ["Loyal", "2026-11-23T01:02Z", "half-uploaded", "delimiter", "FirstName"] {
        assert!(printed.contains(word), "{word} is not in {printed}");
    }
    assert!(!printed.contains("o'connor"), "values are masked: {printed}");
    assert_eq!(desk.braze.counters().requests, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_reports_what_would_happen_and_sends_nothing() {
    let desk = Desk::new().await;
    desk.write_run("23", FIRST);
    let output = desk.itb("dry-run --config exports.toml --export loyalty --files files").await;
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{printed}");
    for part in ["dry run", "values masked", "data points", "no customer ID and no email"] {
        assert!(printed.contains(part), "{part} is not in {printed}");
    }
    assert!(!printed.contains("o'connor") && !printed.contains("太郎"), "values are masked: {printed}");
    assert_eq!(desk.braze.counters().requests, 0);
    let output = desk.itb("status --config exports.toml --json").await;
    let status: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(status["exports"][0]["segments"], json!([]), "no state is written");
}

#[tokio::test(flavor = "multi_thread")]
async fn report_shows_the_newest_run_one_run_or_all_of_them() {
    let desk = Desk::new().await;
    desk.write_run("23", FIRST);
    desk.deliver("").await;
    desk.write_run("24", "0001,o'connor@example.com,太郎\r\n0003,,New\r\n");
    desk.deliver("").await;
    let report = async |further: &str| {
        let output = desk.itb(&format!("report --config exports.toml --export loyalty{further}")).await;
        (output.status.code().unwrap(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    };
    let (code, newest) = report("").await;
    assert_eq!(code, 0, "{newest}");
    assert!(newest.contains("Run 2026-11-24T01:02Z") && !newest.contains("2026-11-23"), "{newest}");
    assert!(newest.contains("reports/loyalty/Loyal/2026-11-24T01:02Z/report.json"), "{newest}");

    let (code, first) = report(" --segment Loyal --run 2026-11-23T01:02Z --json").await;
    let first: Value = serde_json::from_str(&first).unwrap();
    assert_eq!((code, &first[0]["rows"]["rejected"]), (4, &json!(1)), "{first:#}");

    let (code, history) = report(" --history").await;
    let runs = |run: &str| history.lines().position(|line| line.starts_with(run)).unwrap();
    assert!(code == 4 && runs("2026-11-24") < runs("2026-11-23"), "the newest comes first: {history}");

    let (code, missing) = report(" --run 2026-11-22T01:02Z").await;
    assert!(code == 2 && missing.contains("2026-11-23T01:02Z, 2026-11-24T01:02Z"), "{missing}");
    let (code, missing) = report(" --segment Royal").await;
    assert!(code == 2 && missing.contains("Royal") && missing.contains("itb status"), "{missing}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_written_into_files_and_their_places_are_printed() {
    let desk = Desk::new().await;
    let read = |name: &str| fs::read_to_string(desk.folder.path().join(name)).unwrap();
    desk.write_run("23", FIRST);
    let dry = "dry-run --config exports.toml --export loyalty --files files --html dry.html";
    let output = desk.itb(&format!("{dry} --json")).await;
    assert_eq!(output.status.code(), Some(0));
    serde_json::from_slice::<Value>(&output.stdout).expect("nothing but the answer");
    assert!(String::from_utf8(output.stderr).unwrap().contains("The page is in dry.html"));
    let page = read("dry.html");
    for part in ["<!doctype html>", "Dry run", "no customer ID and no email", "max_leavers", "no complete run yet"] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    assert!(!page.contains("o'connor") && !page.contains("太郎") && !page.contains("canary"), "{page}");

    desk.deliver("").await;
    desk.write_run("24", "0001,o'connor@example.com,太郎\r\n");
    let printed = String::from_utf8(desk.itb(dry).await.stdout).unwrap();
    assert!(printed.contains("Compared with the last run (2026-11-23T01:02Z)"), "{printed}");
    assert!(read("dry.html").contains("Members who leave"), "{}", read("dry.html"));

    let output = desk.itb("status --config exports.toml").await;
    assert!(String::from_utf8(output.stdout).unwrap().contains("reports/loyalty/history.html"));
    for (further, file, part) in [("", "run.html", "Run report"), (" --history", "all.html", "History of an export")] {
        let line = format!("report --config exports.toml --export loyalty{further} --html {file}");
        let output = desk.itb(&line).await;
        let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(output.status.code() == Some(4) && printed.contains(".html"), "{printed}");
        assert!(read(file).contains(part), "{}", read(file));
    }
    let output = desk.itb("report --config exports.toml --export loyalty --html none/run.html").await;
    let printed = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && printed.contains("can't write none/run.html"), "{printed}");
}

/// Ctrl-C waits for what is on its way and writes down how far it came; the same command then sends the rest.
#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_stops_at_a_checkpoint_and_the_same_command_continues() {
    const ROWS: u64 = 60_000;
    let row = |number: u64| format!("{number:06},,名前\r\n");
    let mut settings = BrazeSettings::with_key(KEY);
    settings.latency = Latency { fixed: Duration::from_millis(400), jitter: Duration::ZERO };
    let desk = Desk::with(settings).await;
    desk.write(
        "exports.toml",
        &fs::read_to_string(desk.folder.path().join("exports.toml"))
            .unwrap()
            .replace("agree_to", "requests_per_second = 100\nagree_to"),
    );
    desk.write_run("23", &(0..ROWS).map(row).collect::<String>());
    let line = "deliver --config exports.toml --export loyalty --files files --json";
    let mut command = desk.command(line);
    let delivering = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while desk.braze.counters().objects_accepted < ROWS / 10 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let process = delivering.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-INT", &process]).status().await.unwrap().success());
    // The report and the remark beside it speak to the person who stopped it.
    let output = delivering.wait_with_output().await.unwrap();
    let printed = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{printed}");
    assert!(printed.contains("Run the same command to resume"), "{printed}");
    let stopped: Value = serde_json::from_slice(&output.stdout).unwrap();
    let on_record = stopped["reports"][0]["rows"]["accepted"].as_u64().unwrap();
    assert_eq!(stopped["reports"][0]["outcome"], "unfinished", "{stopped:#}");
    let sent = desk.braze.counters().objects_accepted;
    assert!(on_record <= sent && sent - on_record <= 100 * 75, "{on_record} of {sent} are on record");
    assert!(on_record < ROWS, "it stopped before the end");

    let (code, rest) = desk.deliver("").await;
    assert_eq!((code, &rest["reports"][0]["outcome"]), (0, &json!("delivered")), "{rest:#}");
    let sent_again = desk.braze.counters().objects_accepted - sent;
    assert_eq!(sent_again, ROWS - on_record, "what is on record is not sent again");
    assert_eq!(desk.braze.count_with_attribute("Loyal", &json!(true)), usize::try_from(ROWS).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_under_another_attribute_is_shown_once() {
    let desk = Desk::new().await;
    let config = fs::read_to_string(desk.folder.path().join("exports.toml")).unwrap();
    desk.write("exports.toml", &format!("{config}\n[exports.loyalty.attribute_names]\nLoyal = \"優良顧客\"\n"));
    desk.write_run("23", FIRST);
    let (code, answer) = desk.deliver("").await;
    assert_eq!(code, 4, "{answer:#}");
    let output = desk.itb("status --json").await;
    let status: Value = serde_json::from_slice(&output.stdout).unwrap();
    let segments = status["exports"][0]["segments"].as_array().unwrap();
    assert_eq!(segments.len(), 1, "{status:#}");
    assert_eq!((&segments[0]["segment"], &segments[0]["attribute"]), (&json!("Loyal"), &json!("優良顧客")));
}

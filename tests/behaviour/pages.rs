//! The pages that deliveries leave for people: beside each report, of dry runs, and of an export's history.
//!
//! They are also written to `target/tmp/pages/`, where `tests/pages/check` opens them in a browser.

mod figures;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::support::{API_KEY, Function, SECRET, World, assert_silent};
use insights_to_braze::config::Config;
use insights_to_braze::page;
use insights_to_braze::report::Report;
use itb::standin::braze::{Latency, TrackCall};
use itb::standin::fault::{Answer, Call, Fault};
use serde_json::{Value, json};

/// Segments whose names a page could stumble over.
const PLAIN: &str = "HighValueCustomers";
const JAPANESE: &str = "顧客ランク「A」 🎉 & \"離反\"";
const HOSTILE: &str = "<img src=x onerror=alert(1)> '\u{202e}gpj";

fn file_of(segment: &str, day: u32) -> String {
    format!("incoming/BlobExport/{segment}/2026/11/{day:02}/0102/part_1.csv")
}

fn is_page(key: &str) -> bool {
    Path::new(key).extension() == Some("html".as_ref())
}

fn run_of(day: u32) -> String {
    format!("2026-11-{day:02}T01:02Z")
}

/// People about whom every datum holds the word that no page may show, and some rows that nobody can deliver.
fn people(ids: Range<u32>) -> String {
    let mut file = "LoyaltyId,EMail,FirstName,Points\r\n".to_owned();
    for id in ids {
        write!(file, "canary-{id},canary{id}@example.com,\"Canary, 海斗 🎉\",{id}\r\n").unwrap();
    }
    file + ",,Canary who is nobody,1\r\n,canary at nowhere,\"Canary\r\nagain\",2\r\ncanary-too-short\r\n"
}

/// An account whose runs are complete at once, with every segment that is found.
async fn world() -> World {
    let world = World::with(|settings| {
        settings.braze.latency = Latency { fixed: Duration::from_millis(30), jitter: Duration::from_millis(20) };
    })
    .await;
    configure(&world, "settle_minutes = 0");
    world
}

fn configure(world: &World, export: &str) {
    let config = world.config("requests_per_second = 60\nobjects_per_request = 1", export);
    world.put("config/exports.toml", config.replace("segments = [\"HighValueCustomers\", \"ChurnRisk\"]\n", ""));
}

async fn run(world: &World, segment: &str, further: Value) -> Value {
    let mut event = json!({ "action": "run", "export": "loyalty", "segment": segment });
    event.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    world.invoke(Function::OnDemand, &event).await.unwrap()["reports"][0].clone()
}

fn page_of(world: &World, segment: &str, day: u32) -> String {
    world.get_text(&format!("reports/loyalty/{segment}/{}/report.html", run_of(day)))
}

fn dry_run_page(world: &World, answer: &Value) -> String {
    let reports: Vec<Report> = serde_json::from_value(answer["reports"].clone()).unwrap();
    let config = Config::parse(&world.get_text("config/exports.toml")).unwrap();
    page::dry_run(&reports, Some(&config), &page::Reader::of(None)).unwrap()
}

/// What must be true of every page.
#[track_caller]
fn assert_sound(name: &str, page: &str) {
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"), "{name}: {page}");
    assert!(page.contains("default-src 'none'") && page.contains("lang=\"en\""), "{name}");
    assert_silent([page]);
    assert!(!page.contains(API_KEY) && !page.contains(SECRET), "{name}: a key or its place");
    for forbidden in
        ["<script", "<img", "onerror=alert(1)>", "src=\"", "http://", "@import", "url(", " style=\"", "\u{202e}"]
    {
        let host = format!("http://{forbidden}");
        assert!(!page.contains(forbidden), "{name} holds {forbidden:?} ({host}): {page}");
    }
    // Whatever is opened is closed, and nothing has the same id twice.
    for element in ["table", "section", "svg", "div", "dl", "figure", "bdi", "p"] {
        let opened = page.matches(&format!("<{element}>")).count() + page.matches(&format!("<{element} ")).count();
        assert_eq!(opened, page.matches(&format!("</{element}>")).count(), "{name}: <{element}>");
    }
    let mut ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "{name}: ids are unique");
    assert!(page.len() < 400_000, "{name} has {} bytes", page.len());
}

fn keep_for_the_browser(name: &str, page: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{name}.html")), page).unwrap();
}

/// Each report has a page beside it, with the same figures. Gives how many reports there are of each outcome.
#[track_caller]
fn assert_pages_say_what_the_reports_say(world: &World) -> BTreeMap<String, usize> {
    let mut outcomes = BTreeMap::new();
    for object in world.account.list("reports/").iter().filter(|object| object.key.ends_with("/report.json")) {
        let report: Value = serde_json::from_str(&world.get_text(&object.key)).unwrap();
        let page = world.get_text(&object.key.replace(".json", ".html"));
        assert_sound(&object.key, &page);
        figures::assert_same(&report, &page);
        *outcomes.entry(report["outcome"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    outcomes
}

/// Deliveries of every outcome, and their pages.
async fn deliver_everything(world: &World) -> BTreeMap<&'static str, String> {
    let mut pages = BTreeMap::new();
    let busy = Answer::new(429, "application/json", r#"{"message":"Rate limit exceeded"}"#);
    world.account.braze.set_faults(Some(Arc::new(move |call: &TrackCall| {
        if call.number.is_multiple_of(15) { Fault::Answer(busy.clone()) } else { Fault::None }
    })));
    world.put(&file_of(PLAIN, 20), people(0..70));
    assert_eq!(run(world, PLAIN, json!({})).await["outcome"], "delivered");
    world.account.braze.set_faults(None);
    pages.insert("delivered-first", page_of(world, PLAIN, 20));
    for (day, ids) in [(21, 0..70), (22, 6..76)] {
        world.put(&file_of(PLAIN, day), people(ids));
        assert_eq!(run(world, PLAIN, json!({})).await["outcome"], "delivered");
    }
    pages.insert("delivered", page_of(world, PLAIN, 22));
    world.put(&file_of(JAPANESE, 20), people(0..30));
    assert_eq!(run(world, JAPANESE, json!({})).await["outcome"], "delivered_with_problems");
    pages.insert("with-problems", page_of(world, JAPANESE, 20));
    world.put(&file_of(JAPANESE, 21), people(25..40));
    assert_eq!(run(world, JAPANESE, json!({})).await["outcome"], "held");
    pages.insert("held", page_of(world, JAPANESE, 21));
    world.put(&file_of(HOSTILE, 20), people(0..5));
    let landed = world.s3_event(&file_of(HOSTILE, 20));
    let answer = world.invoke(Function::ObjectCreated, &landed).await.unwrap();
    assert_eq!(answer["reports"][0]["outcome"], "waiting");
    pages.insert("waiting", page_of(world, HOSTILE, 20));
    // It will have to make room for the page of a run that was superseded.
    assert_eq!(assert_pages_say_what_the_reports_say(world)["waiting"], 1);
    world.put(&file_of(HOSTILE, 21), "Other,Columns\n1,2\n");
    assert_eq!(run(world, HOSTILE, json!({})).await["outcome"], "failed");
    pages.insert("failed", page_of(world, HOSTILE, 21));
    let answer = world.invoke(Function::ObjectCreated, &landed).await.unwrap();
    assert_eq!(answer["reports"][0]["outcome"], "superseded");
    pages.insert("superseded", page_of(world, HOSTILE, 20));
    // More than the rate admits in the time of the function.
    world.put(&file_of("ChurnRisk", 20), people(0..600));
    let event = world.s3_event(&file_of("ChurnRisk", 20));
    let host = world.host(Function::ObjectCreated).await;
    let answer = host.invoke(&event, Duration::from_secs(4)).await.unwrap();
    assert_eq!(answer["reports"][0]["outcome"], "unfinished", "{answer}");
    pages.insert("unfinished", page_of(world, "ChurnRisk", 20));
    let all = json!({ "action": "run", "export": "loyalty", "dry_run": true });
    pages.insert("history", world.get_text("reports/loyalty/history.html"));
    world.put(&file_of(PLAIN, 23), people(50..100));
    world.put(&file_of(HOSTILE, 22), people(0..9));
    let answer = world.invoke(Function::OnDemand, &all).await.unwrap();
    let dry_run = dry_run_page(world, &answer);
    figures::assert_dry_run(answer["reports"].as_array().unwrap(), &dry_run);
    pages.insert("dry-run", dry_run);
    pages
}

#[tokio::test(flavor = "multi_thread")]
async fn every_outcome_leaves_its_page_and_no_one_is_on_it() {
    let world = world().await;
    let pages = deliver_everything(&world).await;
    for (name, page) in &pages {
        keep_for_the_browser(name, page);
    }
    for (name, page) in &pages {
        assert_sound(name, page);
    }
    let outcomes = assert_pages_say_what_the_reports_say(&world);
    let all_but_waiting = ["delivered", "delivered_with_problems", "failed", "held", "superseded", "unfinished"];
    assert_eq!(outcomes.keys().map(String::as_str).collect::<Vec<_>>(), all_but_waiting);
    let shown = |name: &str, parts: &[&str]| {
        for part in parts {
            assert!(pages[name].contains(part), "{part:?} is missing in {name}: {}", pages[name]);
        }
    };
    let hostile = "&#60;img src=x onerror=alert(1)&#62; &#39;⟨U+202E⟩gpj";
    shown("delivered-first", &["The segment has 70 members in Braze", "Rate limited (429)", "2026-11-20 01:02"]);
    shown(
        "delivered",
        &["6 entered and 6 left", "no customer ID and no email", "line 73 of part_1.csv", "Aaaaaa", "max_leavers"],
    );
    shown(
        "delivered",
        &["<title>HighValueCustomers: Delivered</title>", "High Value Customers", "Braze, EU workspace"],
    );
    shown(
        "held",
        &["顧客ランク「A」 🎉 &#38; &#34;離反&#34;", "Held for a decision", "Not in the files", "allow_leavers"],
    );
    shown("with-problems", &["Delivered with problems", "30 of 33 rows are in Braze", "3 of 33 rows (9 %) rejected"]);
    shown("waiting", &[hostile, "Waiting for the rest"]);
    shown("failed", &[hostile, "Failed", "LoyaltyId"]);
    shown("superseded", &[hostile, "Superseded"]);
    shown("unfinished", &["Not finished yet", "continues automatically"]);
    shown(
        "history",
        &[
            hostile,
            "離反",
            "Held for a decision",
            "1 failed",
            "Members over time",
            "2026-11-22 01:02",
            "<a href=\"HighValueCustomers/2026-11-22T01%3A02Z/report.html\">",
        ],
    );
    assert!(!pages["history"].contains("0 delivered with problems"), "{}", pages["history"]);
    shown(
        "dry-run",
        &["Largest changes", "would be held", "data points", "aaaaaa-", "Compared with the last run", hostile],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_cannot_be_stored_fails_no_delivery() {
    let world = world().await;
    let fails = |call: &Call| call.operation == "PutObject" && is_page(&call.resource);
    world.account.s3.set_faults(Some(Arc::new(move |call: &Call| {
        if fails(call) { Fault::Answer(Answer::s3_error(403, "AccessDenied")) } else { Fault::None }
    })));
    world.put(&file_of(PLAIN, 20), people(0..3));
    assert_eq!(run(&world, PLAIN, json!({})).await["outcome"], "delivered_with_problems");
    assert_eq!(world.report(PLAIN, &run_of(20))["outcome"], "delivered_with_problems");
    assert!(world.account.list("reports/").iter().all(|object| !is_page(&object.key)));
    assert!(world.account.s3.calls().iter().filter(|call| fails(call)).count() >= 2, "both pages were tried");

    // The next run that ends brings the history up to date.
    world.account.s3.set_faults(None);
    world.put(&file_of(PLAIN, 21), people(0..3));
    run(&world, PLAIN, json!({})).await;
    let history = world.get_text("reports/loyalty/history.html");
    assert!(history.contains("2026-11-20 01:02") && history.contains("2026-11-21 01:02"), "{history}");
    assert_sound("history", &history);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_rejected_rows_leave_a_page_of_a_readable_length() {
    let world = world().await;
    let mut file = "LoyaltyId;EMail;FirstName;Points\n".to_owned();
    for row in 0..10_000 {
        writeln!(file, ";;\"Canary \"\"{row}\"\"\";{row}").unwrap();
    }
    world.put(&file_of(PLAIN, 20), file + "canary-1;canary@example.com;Canary;1\n");
    let report = run(&world, PLAIN, json!({})).await;
    assert_eq!(report["rows"]["rejected"], 10_000, "{report}");
    let page = page_of(&world, PLAIN, 20);
    assert_sound("rejected", &page);
    assert!(page.contains("10,000") && page.contains("line 2 of part_1.csv") && page.len() < 60_000, "{page}");
}

#[test]
fn hundreds_of_files_and_reasons_are_shown_in_bounded_length() {
    let long = "<b>長い</b> ".repeat(500);
    let files: Vec<Value> =
        (0..700).map(|file| json!({ "key": format!("incoming/{file}/{long}"), "etag": "0", "rows": file })).collect();
    let counted =
        |kind: &str| -> BTreeMap<String, u64> { (0..300).map(|n| (format!("{kind} {n} {long}"), n)).collect() };
    let notes: Vec<String> = (0..300).map(|note| format!("{note} {long}")).collect();
    let objects: Vec<Value> = (0..3).map(|_| json!({ "external_id": "aaaaaa-00", "attribute": [long] })).collect();
    let report: Report = serde_json::from_value(json!({
        "export": long, "segment": long, "attribute": long, "run": "2026-11-23T01:02Z", "trigger": "scheduled",
        "outcome": "dry_run", "files": files, "rows": { "read": u64::MAX, "accepted": u64::MAX, "unchanged": 0, "duplicate": 0, "rejected": 0 },
        "members": { "before": u64::MAX, "entered": u64::MAX, "stayed": u64::MAX, "left": u64::MAX, "after": u64::MAX },
        "dropped_fields": counted("field"), "rejected_reasons": counted("reason"), "notes": notes,
        "requests": { "sent": 9, "retried": 0, "rate_limited": 0 }, "data_points": 9,
        "started_at": "2026-11-23T01:05:00Z", "finished_at": "2026-11-23T01:06:00Z", "seconds": 1e300,
        "message": format!("{long}\n").repeat(400),
        "preview": { "requests": 9, "seconds_at_the_limit": 1e300, "objects": objects, "unset": 1 }
    }))
    .unwrap();
    let page = page::run_report(&report, None, &[]).unwrap();
    assert_sound("run", &page);
    assert!(page.contains("640 more files are in report.json"), "{page}");
    let page = page::dry_run(std::slice::from_ref(&report), None, &page::Reader::of(None)).unwrap();
    assert_sound("dry run", &page);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_follows_what_is_delivered_and_retired() {
    let world = world().await;
    world.put(&file_of(PLAIN, 20), people(0..3));
    let dry = json!({ "action": "run", "export": "loyalty", "dry_run": true });
    world.invoke(Function::OnDemand, &dry).await.unwrap();
    assert!(world.account.list("reports/").is_empty(), "a dry run writes nothing");
    let landed = world.s3_event(&file_of(PLAIN, 20));
    world.invoke(Function::ObjectCreated, &landed).await.unwrap();
    world.invoke(Function::Scheduled, &json!({})).await.unwrap();
    let history = || world.get_text("reports/loyalty/history.html");
    assert!(history().contains("<td class=\"number\" data-name=\"Members\">3</td>"), "{}", history());

    world.put(&file_of(JAPANESE, 20), people(0..4));
    world.invoke(Function::Scheduled, &json!({})).await.unwrap();
    assert!(history().contains("離反") && history().contains("2 segments"), "{}", history());
    let status = world.invoke(Function::OnDemand, &json!({ "action": "status" })).await.unwrap();
    assert!(status["exports"][0]["segments"][0]["history"][0]["members"]["after"].is_u64(), "{status}");

    let config = world.get_text("config/exports.toml");
    world.put("config/exports.toml", config.replace("folder =", "segments = [\"HighValueCustomers\"]\nfolder ="));
    let retire = json!({ "action": "retire", "export": "loyalty", "segment": JAPANESE });
    let answer = world.invoke(Function::OnDemand, &retire).await.unwrap();
    assert_eq!(answer["reports"][0]["outcome"], "delivered", "{answer}");
    assert!(!history().contains("離反") && history().contains("1 segment."), "{}", history());
}

/// Days of November on which something happens to the segment with the Japanese name.
const LATE: u32 = 9;
const BROKEN: u32 = 17;
const HALVED: u32 = 24;

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_shown_as_in_its_reports() {
    let world = World::start().await;
    let config = world.config("", "settle_minutes = 0");
    world.put("config/exports.toml", config.replace("segments = [\"HighValueCustomers\", \"ChurnRisk\"]\n", ""));
    for day in 1..=28 {
        world.put(&file_of(PLAIN, day), people(day * 4..600 + day * 11 + (day % 7) * 9));
        world.put(&file_of("ChurnRisk", day), people(0..420 - day * 6 + (day % 5) * 8));
        let late = file_of(JAPANESE, day);
        match day {
            ..LATE => {}
            BROKEN => world.put(&late, "Other,Columns\n1,2\n"),
            HALVED => world.put(&late, people(0..20)),
            _ => world.put(&late, people(0..100 + day * 5)),
        }
        let answer = world.invoke(Function::Scheduled, &json!({})).await;
        assert_eq!(answer.is_err(), day == BROKEN, "{day}: {answer:?}");
    }
    let outcomes = assert_pages_say_what_the_reports_say(&world);
    assert_eq!(outcomes["delivered"], 28 + 28 + 28 - 8 - 2, "{outcomes:?}");
    assert_eq!((outcomes["failed"], outcomes["held"]), (1, 1), "{outcomes:?}");

    let history = world.get_text("reports/loyalty/history.html");
    keep_for_the_browser("month", &history);
    assert_sound("month", &history);
    let shown = figures::sections(&history);
    assert_eq!(shown.len(), 3, "{:?}", shown.keys());
    let mut lines = 0;
    for segment in [PLAIN, "ChurnRisk", JAPANESE] {
        let runs = &shown[&figures::as_shown(segment)];
        let reports: Vec<Value> = (1..=28)
            .filter(|day| segment != JAPANESE || *day >= LATE)
            .map(|day| world.report(segment, &run_of(day)))
            .collect();
        assert_eq!(runs.len(), reports.len(), "{segment}");
        for (shown, report) in runs.iter().rev().zip(&reports) {
            figures::assert_line(shown, report);
            lines += 1;
        }
    }
    assert_eq!(lines, 28 + 28 + 20);
    let newest = figures::count(&world.report(PLAIN, &run_of(28))["members"]["after"]);
    assert!(history.contains(&format!("{newest} after the last of 28 complete runs")), "{history}");
}

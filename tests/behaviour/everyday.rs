//! The usual run changes little: it writes little, and what it does not write stays true.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use insights_to_braze::profile::Identifier;
use insights_to_braze::state::{EmailHash, Part, Standing, read_part};
use serde_json::{Value, json};

use crate::faults::story::{Story, export, file, outcomes, people, rows, set};

/// How many bytes the objects of the state take, and how many of them are parts.
fn state(story: &Story) -> (u64, usize) {
    let objects = story.world.account.list(&story.world.state("Gold"));
    let parts = objects.iter().filter(|object| Part::is_one(&object.key));
    (objects.iter().map(|object| object.size).sum(), parts.count())
}

fn parts_of(story: &Story) -> Vec<Value> {
    story.world.ledger("Gold")["last_complete"]["parts"].as_array().unwrap().clone()
}

/// People, of whom every hundredth has another name on each day.
fn renamed(numbers: std::ops::Range<u32>, day: u32) -> String {
    rows(numbers, |number| {
        let name = if number % 100 == day { format!("美咲 {day}") } else { "海斗".to_owned() };
        format!("c{number},p{number}@example.com,\"{name} 🎉, {number}\"")
    })
}

const WITH_NAME: &str = "[exports.x.attributes]\nfirst_name = \"FirstName\"";

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_changes_little_writes_little_and_membership_stays_exact() {
    let story = Story::begin().await;
    story.configure(&export("x", "segments = [\"Gold\"]", WITH_NAME));
    story.put(&file("x", "Gold", 1, 1), renamed(0..12_000, 0));
    story.pass().await;
    let (first, _) = state(&story);
    let base = story.world.ledger("Gold")["last_complete"]["base"]["id"].clone();

    // Nothing changes: no request, and almost nothing is written.
    story.put(&file("x", "Gold", 2, 1), renamed(0..12_000, 0));
    let requests = story.requests();
    let report = story.pass().await.remove(0);
    assert_eq!((&report["rows"]["unchanged"], story.requests()), (&json!(12_000), requests), "{report}");
    assert_eq!(
        report["members"],
        json!({ "before": 12_000, "entered": 0, "stayed": 12_000, "left": 0, "after": 12_000 })
    );
    let (second, _) = state(&story);
    assert!(second < first + first / 20, "{first} bytes before, {second} after a run without changes");

    // One percent changes every day, and ten people leave and come.
    let mut sizes = Vec::new();
    for day in 3..20 {
        let members = 10 * day..12_000 + 10 * day;
        story.put(&file("x", "Gold", day, 1), renamed(members.clone(), day));
        let report = story.pass().await.remove(0);
        assert_eq!(outcomes(std::slice::from_ref(&report)), ["delivered"], "{report}");
        let moved = if day == 3 { 30 } else { 10 };
        assert_eq!([&report["members"]["left"], &report["members"]["entered"]], [&json!(moved), &json!(moved)]);
        assert_eq!(story.marked("Gold"), set(members.clone()), "day {day}");
        let named = |number: &u32| number % 100 == day;
        let changed = story.world.account.braze.profiles();
        let changed: BTreeSet<u32> = changed
            .iter()
            .filter(|profile| profile.standard["first_name"].as_str().unwrap().contains(&format!("美咲 {day} ")))
            .map(|profile| profile.external_id.as_ref().unwrap()[1..].parse().unwrap())
            .collect();
        assert_eq!(changed, members.filter(named).collect(), "day {day}");
        sizes.push(state(&story));
    }
    println!("bytes and parts of the state after each day: first {first}, then {second}, {sizes:?}");
    assert!(sizes.iter().all(|(bytes, parts)| *bytes < 3 * first && *parts <= 15), "{sizes:?}");
    // When all members are listed anew, the list of those before stays until the next run.
    assert!(sizes.iter().filter(|(bytes, _)| *bytes >= 2 * first).count() <= 1, "{sizes:?}");
    assert_ne!(story.world.ledger("Gold")["last_complete"]["base"]["id"], base, "all members were listed anew once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_after_the_run_was_complete_is_compared_with_the_same_lines() {
    let story = Story::begin().await;
    story.configure(&export("x", "segments = [\"Gold\"]", WITH_NAME));
    let named = |numbers, name: &str| rows(numbers, |number| format!("c{number},p{number}@example.com,{name}"));
    for day in 1..=2 {
        for part in 1..=2 {
            story.put(&file("x", "Gold", day, part), named(6_000 * (part - 1)..6_000 * part + 5, "A"));
        }
        story.pass().await;
    }
    assert_eq!(story.marked("Gold"), set(0..12_005));
    // The second file of the complete run has other people, then other values, then those of the beginning.
    for (numbers, name) in [(6_060..11_990, "A"), (5_900..12_005, "B"), (6_000..12_005, "A"), (6_000..12_005, "A")] {
        story.put(&file("x", "Gold", 2, 2), named(numbers.clone(), name));
        let reports = story.pass().await;
        assert!(outcomes(&reports).iter().all(|outcome| *outcome == "delivered"), "{reports:?}");
        assert_eq!(story.marked("Gold"), &set(0..6_005) | &set(numbers.clone()), "{name}");
        let profiles = story.world.account.braze.profiles();
        for profile in profiles.iter().filter(|profile| profile.custom_attributes["Gold"] == json!(true)) {
            let number: u32 = profile.external_id.as_ref().unwrap()[1..].parse().unwrap();
            if numbers.contains(&number) {
                assert_eq!(profile.standard["first_name"], json!(name), "c{number}");
            }
        }
    }
    // The next run sends those again who were in one file alone with a former value, and then nothing more.
    for day in 3..6 {
        story.put(&file("x", "Gold", day, 1), named(0..6_005, "A"));
        story.put(&file("x", "Gold", day, 2), named(6_000..12_005, "A"));
        let requests = story.requests();
        story.pass().await;
        assert_eq!(story.marked("Gold"), set(0..12_005), "day {day}");
        assert!(day == 3 || story.requests() == requests, "day {day}");
        let profiles = story.world.account.braze.profiles();
        let of_b = profiles.iter().filter(|profile| profile.standard["first_name"] != json!("A"));
        let of_b: Vec<_> = of_b.map(|profile| profile.external_id.as_ref().unwrap()).collect();
        assert!(of_b.is_empty(), "day {day}: {of_b:?}");
    }
}

/// A part as formats 1 and 2 kept it.
fn as_csv(key: &str, former: &str, bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let number = |number: u64, digits: u32| -> String {
        (0..digits).rev().map(|digit| char::from(DIGITS[(number >> (6 * digit) & 0x3f) as usize])).collect()
    };
    let mut text = "external_id,email,email_hash,fingerprint,standing\n".to_owned();
    read_part(key, bytes, |_, row| {
        let (id, email) = match row.identifier {
            Identifier::ExternalId(id) => (id, ""),
            Identifier::Email(email) => ("", email),
        };
        let hash = row.email.map(EmailHash::bits).map(|hash| number(hash, 11)).unwrap_or_default();
        assert_eq!(row.standing, Standing::Member);
        writeln!(text, "{id},{email},{hash},{},", number(row.fingerprint.bits(), 8)).unwrap();
    })
    .unwrap();
    writeln!(text, ",,,,end-{}", number(xxhash_rust::xxh3::xxh3_64(former.as_bytes()), 11)).unwrap();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_of_format_2_is_read_and_nothing_is_sent_twice() {
    let story = Story::begin().await;
    story.configure(&export("x", "segments = [\"Gold\"]", ""));
    for part in 1..=2 {
        story.put(&file("x", "Gold", 1, part), people(20 * (part - 1)..20 * part));
    }
    story.pass().await;
    let key = format!("{}/ledger.json", story.world.state("Gold").trim_end_matches('/'));
    let mut text = story.world.get_text(&key);
    for part in parts_of(&story) {
        let part = part["key"].as_str().unwrap();
        let former = part.replace(".part", ".csv.gz");
        let bytes = story.world.account.get_object(part).unwrap().unwrap();
        story.put(&former, as_csv(part, &former, &bytes));
        story.world.account.delete_object(part).unwrap();
        text = text.replace(part, &former);
    }
    let mut ledger: Value = serde_json::from_str(&text).unwrap();
    ledger["format"] = json!(2);
    ledger["last_complete"].as_object_mut().unwrap().remove("base");
    for part in ledger["last_complete"]["parts"].as_array_mut().unwrap() {
        part.as_object_mut().unwrap().remove("first");
    }
    story.put(&key, ledger.to_string());

    for (day, numbers, sent) in [(2, 5..45, 10), (3, 5..45, 0), (4, 6..46, 2)] {
        let objects = story.world.account.braze.counters().objects;
        story.put(&file("x", "Gold", day, 1), people(numbers.clone()));
        let reports = story.pass().await;
        assert_eq!(outcomes(&reports), ["delivered"], "{reports:?}");
        assert_eq!(story.world.account.braze.counters().objects - objects, sent, "day {day}: {reports:?}");
        assert_eq!(story.marked("Gold"), set(numbers), "day {day}");
        assert_eq!(story.world.ledger("Gold")["format"], 3);
    }
    let former = story.world.account.list(&story.world.state("Gold"));
    assert!(former.iter().all(|object| !object.key.contains(".csv.gz")), "{former:?}");
}

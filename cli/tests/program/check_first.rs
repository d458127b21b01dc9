//! What to check first: a dry run, `inspect` and the first delivery begin with it, and `--check` ends with exit code 5.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::deliver::Desk;

/// 200 people of four prefectures, whose names are no dates.
fn people(count: usize) -> String {
    let prefectures = ["東京都", "大阪府", "北海道", "\"沖縄県, 那覇\""];
    let row = |n: usize| format!("{n:06},p{n}@example.jp,太郎 {n},{},p{n}@example.jp\r\n", prefectures[n % 4]);
    (0..count).map(row).collect()
}

impl Desk {
    fn write_people(&self, day: &str, rows: &str) {
        self.write_run(day, "");
        let path = self.folder.path().join(format!("files/Loyal/2026/11/{day}/0102/Loyal_1.csv"));
        fs::write(path, format!("Id,EMail,FirstName,Prefecture,Contact\r\n{rows}")).unwrap();
    }

    fn edit(&self, from: &str, to: &str) {
        let path = self.folder.path().join("exports.toml");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replace(from, to)).unwrap();
    }

    /// The codes of what a dry run says to check first, the exit code with `--check`, and what a person is shown.
    async fn checks(&self) -> (BTreeSet<String>, i32, String) {
        let line = "dry-run --config exports.toml --export loyalty --files files --check";
        let output = self.itb(&format!("{line} --json")).await;
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let checks = answer["reports"][0]["preview"]["check_first"].as_array().cloned().unwrap_or_default();
        let codes = checks.iter().map(|check| check["code"].as_str().unwrap().to_owned()).collect();
        let shown = self.itb(line).await;
        assert_eq!(shown.status.code(), output.status.code());
        (codes, output.status.code().unwrap(), String::from_utf8(shown.stdout).unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_configurations_are_found_before_anything_is_sent() {
    const FIRST: [&str; 2] = ["ITB-W02", "ITB-W08"];
    let attribute = "first_name = \"FirstName\"";
    let cases: [(&str, &str, &str, &str); 11] = [
        (attribute, attribute, "", "no complete run yet: 200 members would be sent"),
        (attribute, "country = \"FirstName\"", "ITB-W04", "country not sent for 200 of 200 rows (100 %)"),
        ("email = \"EMail\"", "email = \"Prefecture\"", "ITB-W04", "email not sent for 200 of 200 rows (100 %)"),
        ("agree_to_data_transfer = true", "", "ITB-W01", "nothing would be sent"),
        (attribute, "first_name = \"EMail\"", "ITB-W03", "fills the email and first_name"),
        (
            "customer_id = \"Id\"\nemail = \"EMail\"",
            "customer_id = \"EMail\"\nemail = \"EMail\"",
            "ITB-W03",
            "the customer ID",
        ),
        (attribute, "dob = \"FirstName\"", "ITB-W04", "dob not sent for 200 of 200 rows (100 %)"),
        (attribute, "points = { column = \"Prefecture\", type = \"integer\" }", "ITB-W04", "points not sent for"),
        (
            "customer_id = \"Id\"\nemail = \"EMail\"",
            "customer_id = \"Prefecture\"",
            "ITB-W05",
            "196 rows of 200 rows repeat",
        ),
        (
            "customer_id = \"Id\"\nemail = \"EMail\"",
            "customer_id = \"Contact\"\nemail = \"FirstName\"",
            "ITB-W06",
            "an email address in",
        ),
        ("customer_id = \"Id\"", "customer_id = \"Prefecture\"", "ITB-W06", "share a customer ID"),
    ];
    for (from, to, code, text) in cases {
        let desk = Desk::new().await;
        desk.write_people("23", &people(200));
        desk.edit(from, to);
        let (codes, exit, shown) = desk.checks().await;
        let expected: Vec<&str> = FIRST.into_iter().chain(Some(code).filter(|code| !code.is_empty())).collect();
        assert!(expected.iter().all(|code| codes.contains(*code)), "{to}: {codes:?} of {expected:?}: {shown}");
        assert_eq!(exit, 5, "{shown}");
        println!("{to:?}\n    {}", shown.lines().filter(|line| line.contains(text)).collect::<String>().trim());
        assert!(shown.starts_with("Check this first:\n") && shown.contains(text), "{to}: {text} is not in {shown}");
        assert!(!shown.contains("example.jp"), "{shown}");
        assert_eq!(desk.braze.counters().requests, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_has_nothing_to_check_unless_it_is_held_or_costly() {
    let desk = Desk::new().await;
    desk.write_people("23", &people(6_000));
    let (codes, _, shown) = desk.checks().await;
    assert!(codes.contains("ITB-W09"), "{shown}");
    let line = "deliver --config exports.toml --export loyalty --files files";
    let output = desk.itb(&format!("{line} --check")).await;
    let printed = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), desk.braze.counters().requests), (Some(5), 0), "{printed}");
    assert!(printed.contains("Check this first:") && printed.contains("6,000 members would be sent"), "{printed}");
    let output = desk.itb(line).await;
    let printed = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{printed}");
    assert!(printed.contains("Check this first:"), "the first delivery begins with it: {printed}");

    desk.write_people("24", &people(5_990));
    let (codes, exit, shown) = desk.checks().await;
    assert_eq!((codes.len(), exit), (0, 0), "{shown}");
    let output = desk.itb(&format!("{line} --check")).await;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!String::from_utf8(output.stderr).unwrap().contains("Check this first"));
    desk.write_people("25", &people(50));
    let (codes, exit, shown) = desk.checks().await;
    assert_eq!((codes.into_iter().collect::<Vec<_>>(), exit), (vec!["ITB-W07".to_owned()], 5), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn inspect_begins_with_what_the_configuration_shows() {
    let desk = Desk::new().await;
    desk.write_people("23", &people(20));
    let line = "inspect --config exports.toml --export loyalty --files files";
    assert_eq!(desk.itb(line).await.status.code(), Some(0));
    desk.edit("agree_to_data_transfer = true", "");
    let output = desk.itb(&format!("{line} --check")).await;
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(5), "{shown}");
    assert!(shown.starts_with("Check this first:\n") && shown.contains("agree_to_data_transfer"), "{shown}");
}

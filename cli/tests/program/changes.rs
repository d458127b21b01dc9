//! `itb hold`, `retry`, `retire`, `forget`, `rebuild` and `erase`, typed at a terminal and in scripts.

use std::process::{Output, Stdio};

use itb::standin::braze::BrazeSettings;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::deliver::{Desk, KEY};

/// A desk whose segment Loyal had 800 members, and whose newest run has 200.
async fn with_a_held_run() -> Desk {
    let desk = Desk::new().await;
    desk.write_run("23", &people(800));
    assert_eq!(desk.deliver("").await.0, 0);
    desk.write_run("24", &people(200));
    desk
}

fn people(number: u32) -> String {
    let row = |number: u32| format!("{number:04},,Name\r\n");
    (0..number).map(row).collect()
}

/// Runs `itb` with what a person types.
pub(crate) async fn typing(desk: &Desk, line: &str, typed: &str) -> (i32, String) {
    let mut command = desk.command(line);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    // A command that asks nothing may have ended already.
    drop(input.write_all(typed.as_bytes()).await);
    drop(input);
    all_of(child.wait_with_output().await.unwrap())
}

fn all_of(output: Output) -> (i32, String) {
    let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(!printed.contains(KEY), "{printed}");
    (output.status.code().unwrap(), printed)
}

fn has(desk: &Desk, value: bool) -> usize {
    desk.braze.count_with_attribute("Loyal", &json!(value))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_run_is_shown_with_its_numbers_and_released_by_the_number_of_people() {
    let desk = with_a_held_run().await;
    let (code, printed) = typing(&desk, "run loyalty --files files", "").await;
    assert_eq!(code, 3, "{printed}");
    for part in
        ["600 of 800 members would leave", "itb hold release loyalty Loyal\n", "itb hold reject loyalty Loyal\n"]
    {
        assert!(printed.contains(part), "{part} is not in {printed}");
    }
    assert!(!printed.contains("allow_leavers") && !printed.contains("\"run\""), "{printed}");
    let (code, listed) = typing(&desk, "hold list --json", "").await;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!((code, &listed[0]["released_by"]["allow_leavers"], &listed[0]["before"]), (3, &json!(600), &json!(800)));

    let (code, printed) = typing(&desk, "hold release loyalty Loyal", "").await;
    assert!(code == 2 && printed.contains("--people 600"), "{printed}");
    let (code, printed) = typing(&desk, "hold release loyalty Loyal", "60\n").await;
    assert!(code == 2 && printed.contains("600, not \"60\""), "{printed}");
    assert_eq!(has(&desk, false), 0, "nothing was changed");
    let (code, printed) = typing(&desk, "hold release loyalty Loyal", "600\n").await;
    assert!(code == 0 && printed.contains("delivered"), "{printed}");
    assert_eq!((has(&desk, true), has(&desk, false)), (200, 600));

    let (code, printed) = typing(&desk, "hold release loyalty Loyal --people 600", "").await;
    assert!(code == 2 && printed.contains("itb hold list"), "{printed}");
    let (code, printed) = typing(&desk, "hold list", "").await;
    assert!(code == 0 && printed.contains("No run is held."), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_run_changes_no_one_and_is_not_delivered_again() {
    let desk = with_a_held_run().await;
    assert_eq!(desk.deliver("").await.0, 3);
    let (code, printed) = typing(&desk, "hold reject loyalty Loyal --people 600", "").await;
    assert_eq!(code, 0, "{printed}");
    assert_eq!((has(&desk, true), has(&desk, false)), (800, 0));
    let (code, printed) = typing(&desk, "hold list", "").await;
    assert_eq!(code, 0, "{printed}");
    desk.deliver("").await;
    assert_eq!((has(&desk, true), has(&desk, false)), (800, 0), "it is not taken up again");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_listed_with_its_reason_and_delivered_again() {
    let desk = Desk::new().await;
    desk.write_run("23", &people(3));
    desk.braze.set_keys(Vec::new());
    assert_eq!(desk.deliver("").await.0, 1);
    let (code, printed) = typing(&desk, "retry --dry-run", "").await;
    assert!(code == 0 && printed.contains("loyalty/Loyal 2026-11-23T01:02Z: ") && printed.contains("401"), "{printed}");
    desk.braze.set_keys(BrazeSettings::with_key(KEY).keys);
    let (code, printed) = typing(&desk, "retry loyalty", "").await;
    assert!(code == 0 && printed.contains("delivered"), "{printed}");
    assert_eq!(has(&desk, true), 3);
    let (code, printed) = typing(&desk, "retry", "").await;
    assert!(code == 0 && printed.contains("No failed deliveries"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attribute_is_retired_by_the_number_of_people_who_have_it() {
    let desk = Desk::new().await;
    desk.write_run("23", &people(5));
    desk.deliver("").await;
    let (code, printed) = typing(&desk, "retire loyalty Loyal --people 5", "").await;
    assert!(code == 2 && printed.contains("is fed by"), "{printed}");
    let config = std::fs::read_to_string(desk.folder.path().join("exports.toml")).unwrap();
    desk.write("exports.toml", &config.replace("connection = \"eu\"", "connection = \"eu\"\nsegments = [\"Other\"]"));
    let (code, printed) = typing(&desk, "retire loyalty Loyal --dry-run", "").await;
    assert!(code == 0 && printed.contains("5 members"), "{printed}");
    let (code, printed) = typing(&desk, "retire loyalty Loyal", "4\n").await;
    assert!(code == 2 && printed.contains("5 people may have the attribute") && has(&desk, true) == 5, "{printed}");
    let (code, printed) = typing(&desk, "retire --connection eu --attribute Loyal", "5\n").await;
    assert!(code == 0 && has(&desk, false) == 5, "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_dropped_and_a_sound_state_is_left_alone() {
    let desk = Desk::new().await;
    desk.write_run("23", &people(5));
    desk.deliver("").await;
    let (code, printed) = typing(&desk, "rebuild loyalty Loyal --yes", "").await;
    assert!(code == 0 && printed.contains("not damaged"), "{printed}");
    let (code, printed) = typing(&desk, "forget loyalty 2026-11-23T01:02Z", "no\n").await;
    assert!(code == 2 && printed.contains("Loyal") && printed.contains("not yes"), "{printed}");
    let (code, printed) = typing(&desk, "forget loyalty 2026-11-23T01:02Z", "yes\n").await;
    assert!(code == 0 && printed.contains("dropped"), "{printed}");
    let (code, printed) = typing(&desk, "forget loyalty 2026-11-22T01:02Z --yes", "").await;
    assert!(code == 2, "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_erased_without_being_shown() {
    let desk = Desk::new().await;
    desk.write_run("23", "K-7731,o'connor@example.com,太郎\r\n0002,,Name\r\n");
    desk.deliver("").await;
    let (code, printed) = typing(&desk, "erase --customer-id K-7731 --dry-run", "").await;
    assert!(code == 0 && printed.contains("would be removed"), "{printed}");
    let (code, printed) = typing(&desk, "erase --reference DSR-1", "K-7731\no'connor@example.com\nyes\n").await;
    assert!(
        code == 0 && printed.contains("Receipt: ") && printed.contains("Removed 2 rows from 2 objects"),
        "{printed}"
    );
    assert!(!printed.contains("o'connor") && !printed.contains("K-7731"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn status_shows_why_a_delivery_failed_and_what_a_held_run_needs() {
    let desk = with_a_held_run().await;
    desk.deliver("").await;
    let (code, printed) = typing(&desk, "status", "").await;
    let row = printed.lines().find(|line| line.starts_with("loyalty")).unwrap();
    assert!(code == 0 && row.ends_with("held"), "{printed}");
    assert!(
        printed.contains("600 of 800 members would leave") && printed.contains("itb hold release loyalty Loyal"),
        "{printed}"
    );

    let desk = Desk::new().await;
    desk.write_run("23", &people(3));
    desk.braze.set_keys(Vec::new());
    desk.deliver("").await;
    let (_, printed) = typing(&desk, "status", "").await;
    let row = printed.lines().find(|line| line.starts_with("loyalty")).unwrap();
    assert!(row.ends_with("failed") && printed.contains("401"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_explained_with_its_cause_and_what_to_do() {
    let desk = Desk::new().await;
    let (code, printed) = typing(&desk, "explain h01", "").await;
    assert!(
        code == 0 && printed.contains("ITB-H01") && printed.contains("unusually many members would leave"),
        "{printed}"
    );
    assert!(!printed.contains("allow_leavers\""), "{printed}");
    let (code, printed) = typing(&desk, "explain ITB-Z99", "").await;
    assert!(code == 2 && printed.contains("ITB-Z99"), "{printed}");
}

//! `itb demo` as a newcomer runs it.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn demo(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_itb")).arg("demo").args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn the_demonstration_delivers_two_runs_and_finds_everything_right() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("new");
    let output = demo(&["--members", "3000", "--folder", folder.to_str().unwrap()]);
    let (shown, progress) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{shown}{progress}");
    assert!(!shown.contains('\u{1b}') && !progress.contains('\u{1b}'), "no colours where there is no terminal");
    for part in [
        "HighValueCustomers  delivered",
        "ChurnRisk           delivered",
        "email: not an address",
        "no customer ID and no email",
        "\"High Value Customers\": false",
        "rejected.csv",
        "checked: second run:",
        "checked: \"High Value Customers\" is true",
        "checked: \"ChurnRisk\" is true",
    ] {
        assert!(shown.contains(part), "{part:?} in:\n{shown}");
    }
    assert!(!shown.contains("WRONG"), "{shown}");
    assert!(progress.contains("HighValueCustomers_3.csv.gz"), "{progress}");
    let again = demo(&["--folder", folder.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(2), "a folder that is not empty is refused");
    assert!(text(&again.stderr).contains("is not empty"), "{}", text(&again.stderr));
}

#[test]
fn as_json_it_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let output = demo(&["--members", "300", "--json", "--folder", folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["checked"]["wrong"], Value::Array(Vec::new()));
    assert_eq!(answer["profiles"].as_array().unwrap().len(), 3);
    let reports = answer["reports"].as_array().unwrap();
    assert_eq!(reports.len(), 4);
    let sum = |run: &[Value], name: &str| run.iter().map(|report| report["rows"][name].as_u64().unwrap()).sum::<u64>();
    let (first, second) = reports.split_at(2);
    assert_eq!(sum(first, "unchanged"), 0);
    assert!(sum(second, "unchanged") > 5 * sum(second, "accepted"), "only changes are sent: {second:?}");
    assert!(second.iter().all(|report| report["members"]["left"].as_u64().unwrap() > 0));
    let place = |name: &str| Path::new(answer["places"][name].as_str().unwrap()).to_owned();
    let stored: Value = serde_json::from_slice(&std::fs::read(place("a_report")).unwrap()).unwrap();
    assert_eq!(&stored, reports.last().unwrap(), "the report is the one that is stored");
    let rejected = std::fs::read(place("rejected_rows")).unwrap();
    assert!(rejected.starts_with("\u{feff}CustomerId,LoyaltyId".as_bytes()), "in the columns of the file");
}

#[test]
fn a_wrong_command_line_is_refused_with_what_is_allowed() {
    let output = demo(&["--members", "7"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("100..=50000000"), "{}", text(&output.stderr));
    let help = Command::new(env!("CARGO_BIN_EXE_itb")).arg("--help").output().unwrap();
    assert_eq!(help.status.code(), Some(0));
    assert!(text(&help.stdout).contains("Exit codes:") && text(&help.stdout).contains("dry-run"));
}

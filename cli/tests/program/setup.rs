//! `itb inspect FOLDER`, `init` and `doctor`: from a folder of files to a first delivery.

use std::fs;

use serde_json::{Value, json};

use crate::changes::typing;
use crate::deliver::Desk;

const ROWS: &str = "CustomerId,LoyaltyId,EMail,FirstName,Points\r\n\
    4f1c,L-001,o'connor@example.com,太郎,12\r\n77ab,L-002,b@example.jp,花子,7\r\n90de,L-003,,Jo,0\r\n";

/// A desk with files and without an exports.toml.
async fn unconfigured() -> Desk {
    let desk = Desk::new().await;
    fs::remove_file(desk.folder.path().join("exports.toml")).unwrap();
    desk.write("BlobExport/Loyal/2026/11/23/0102/Loyal_1.csv", ROWS);
    desk
}

#[tokio::test(flavor = "multi_thread")]
async fn new_files_are_inspected_without_a_configuration_and_nothing_is_left_behind() {
    let desk = unconfigured().await;
    let (code, printed) = typing(&desk, "inspect BlobExport", "").await;
    assert_eq!(code, 0, "{printed}");
    for part in ["Loyal_1.csv", "LoyaltyId", "external_id): LoyaltyId", "email address: EMail", "itb init BlobExport"] {
        assert!(printed.contains(part), "{part} is not in {printed}");
    }
    assert!(!printed.contains("o'connor") && !printed.contains("problem"), "{printed}");
    let left: Vec<_> = fs::read_dir(desk.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["BlobExport"], "no workspace and no copy");
    let (code, printed) = typing(&desk, "inspect nowhere", "").await;
    assert!(code == 2 && printed.contains("nowhere"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn init_writes_a_configuration_that_delivers_and_never_overwrites_one() {
    let desk = unconfigured().await;
    let host = desk.braze.url();
    // The proposed columns and name are taken with Enter.
    let (code, printed) = typing(&desk, "init BlobExport", &format!("{host}\n\n\n\nyes\n")).await;
    assert_eq!(code, 0, "{printed}");
    assert!(printed.contains("Next: itb run BlobExport --files BlobExport --dry-run"), "{printed}");
    let written = fs::read_to_string(desk.folder.path().join("exports.toml")).unwrap();
    for part in
        ["customer_id = \"LoyaltyId\"", "email = \"EMail\"", "agree_to_data_transfer = true", "[connections.braze]"]
    {
        assert!(written.contains(part), "{part} is not in {written}");
    }
    let (code, printed) = typing(&desk, "run BlobExport --files BlobExport", "").await;
    assert_eq!(code, 0, "{printed}");
    assert_eq!(desk.braze.count_with_attribute("Loyal", &json!(true)), 3);

    let (code, printed) = typing(&desk, "init BlobExport --yes --hostname rest.fra-01.braze.eu", "").await;
    assert!(code == 2 && printed.contains("not overwritten"), "{printed}");
    assert_eq!(fs::read_to_string(desk.folder.path().join("exports.toml")).unwrap(), written);
    let line =
        "init BlobExport --config new.toml --yes --hostname rest.fra-01.braze.eu --customer-id none --export loyalty";
    let (code, printed) = typing(&desk, line, "").await;
    assert!(code == 0 && printed.contains("agree_to_data_transfer"), "{printed}");
    let written = fs::read_to_string(desk.folder.path().join("new.toml")).unwrap();
    assert!(!written.contains("customer_id") && written.contains("agree_to_data_transfer = false"), "{written}");
}

#[tokio::test(flavor = "multi_thread")]
async fn init_refuses_what_is_not_right_and_writes_nothing() {
    let desk = unconfigured().await;
    let lines = [
        ("init BlobExport --yes", "--hostname"),
        ("init BlobExport --yes --hostname rest.fra-01.braze.example", "hostname"),
        (
            "init BlobExport --yes --hostname rest.fra-01.braze.eu --customer-id Nothing",
            "existing: CustomerId, LoyaltyId",
        ),
        ("init nowhere --yes --hostname rest.fra-01.braze.eu", "nowhere"),
    ];
    for (line, part) in lines {
        let (code, printed) = typing(&desk, line, "").await;
        assert!(code == 2 && printed.contains(part), "{line}: {printed}");
    }
    assert!(!desk.folder.path().join("exports.toml").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_has_a_line_for_each_check() {
    let desk = Desk::new().await;
    desk.write_run("23", "0001,o'connor@example.com,太郎\r\n");
    let (code, printed) = typing(&desk, "doctor --export loyalty --files files", "").await;
    assert_eq!(code, 0, "{printed}");
    for part in ["✓ configuration", "✓ connection eu", "✓ consent of eu", "✓ columns of loyalty", "clock"] {
        assert!(printed.contains(part), "{part} is not in {printed}");
    }
    desk.braze.set_keys(Vec::new());
    let config = fs::read_to_string(desk.folder.path().join("exports.toml")).unwrap();
    let config = config.replace("agree_to_data_transfer = true", "agree_to_data_transfer = false");
    desk.write("exports.toml", &config.replace("\"EMail\"", "\"Mail\""));
    let (code, printed) = typing(&desk, "doctor --export loyalty --files files --json", "").await;
    let checks: Value = serde_json::from_str(&printed).unwrap();
    let bad =
        |what: &str| checks.as_array().unwrap().iter().any(|check| check["what"] == what && check["result"] == "bad");
    assert!(code == 1 && bad("connection eu") && bad("consent of eu") && bad("columns of loyalty"), "{printed}");
    assert_eq!(desk.braze.profile_count(), 0, "nothing is changed");
}

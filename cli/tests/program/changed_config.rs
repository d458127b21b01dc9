//! After a change of `exports.toml`, a dry run says what the delivery then does, and both say when the change takes effect.

use std::fs;

use serde_json::{Value, json};

use super::deliver::Desk;

/// What a report says of what is sent: accepted rows, unchanged rows, requests.
fn sent(report: &Value) -> [u64; 3] {
    let requests =
        if report["outcome"] == "dry_run" { &report["preview"]["requests"] } else { &report["requests"]["sent"] };
    [&report["rows"]["accepted"], &report["rows"]["unchanged"], requests].map(|number| number.as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_and_a_delivery_agree_after_a_change_of_the_configuration() {
    let attribute = "first_name = \"FirstName\"\n";
    let cases = [
        ("nothing", "", [0, 2, 0], None),
        ("another name of the attribute", "[exports.loyalty.attribute_names]\nLoyal = \"VIP Gold\"\n", [2, 0, 1], None),
        ("a further attribute", "nickname = \"FirstName\"\n", [2, 0, 1], Some("exports.toml")),
    ];
    for (what, further, expected, note) in cases {
        let desk = Desk::new().await;
        desk.write_run("23", "a,a@example.com,Aoi\r\nb,b@example.com,Ben\r\n");
        desk.deliver("").await;
        let path = desk.folder.path().join("exports.toml");
        let config = fs::read_to_string(&path).unwrap().replace(attribute, &format!("{attribute}{further}"));
        fs::write(&path, config).unwrap();
        let (code, dry) = desk.deliver(" --dry-run").await;
        let dry = &dry["reports"][0];
        assert_eq!((code, sent(dry)), (0, expected), "{what}: {dry:#}");
        let before = desk.braze.counters().requests;
        let (code, real) = desk.deliver("").await;
        let real = &real["reports"][0];
        assert_eq!(desk.braze.counters().requests - before, expected[2], "{what}: {real:#}");
        println!("{what}: dry run {:?}, delivery {:?}\n  {}\n  {}", sent(dry), sent(real), dry["notes"], real["notes"]);
        assert_eq!((code, &real["outcome"]), (0, &json!("delivered")), "{what}: {real:#}");
        if let Some(note) = note {
            assert!(dry["notes"].to_string().contains(note) && real["notes"].to_string().contains(note), "{what}");
        }
    }
}

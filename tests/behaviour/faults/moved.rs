//! State that an earlier version wrote, plain and encrypted, is moved at its first use.

use std::path::Path;

use serde_json::json;

use crate::faults::story::{Story, outcomes};
use crate::support::{API_KEY, SECRET};

/// What the earlier version left: a complete run of two files (0 to 39), a later one with a delivered file (5 to 19), and a
/// segment whose attribute was renamed.
fn fixture(story: &Story, name: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-1").join(name);
    let host = story.world.account.braze.url().replace("http://", "");
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let key = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            let content = std::fs::read(&path).unwrap();
            let content = match String::from_utf8(content) {
                Ok(text) => text.replace("HOST", &host).into_bytes(),
                Err(binary) => binary.into_bytes(),
            };
            story.put(&key, content);
        }
    }
}

fn people(numbers: std::ops::Range<u32>) -> String {
    let rows = numbers.map(|number| {
        let id = if number % 5 == 4 { String::new() } else { format!("\"会員, {number}\"") };
        format!("{id},p{number}@example.jp,\"O'Connor 海斗 🎉 {number}\",{number}\r\n")
    });
    format!("LoyaltyId,EMail,FirstName,Points\r\n{}", rows.collect::<String>())
}

#[tokio::test(flavor = "multi_thread")]
async fn state_of_the_earlier_format_is_moved_and_nothing_is_sent_twice() {
    for (name, connection) in [("plain", ""), ("encrypted", "state_identifiers = \"encrypted\"")] {
        let story = Story::begin().await;
        let secret = json!({ "api_key": API_KEY, "state_key": "fixture-0123456789abcdef0123456789abcdef" });
        story.world.account.set_secret(SECRET, secret.to_string());
        let config = story.world.config(connection, "settle_minutes = 0\nmax_leavers = 1.0");
        let renamed = "ChurnRisk = \"Churn 🎉\"\nHighValueCustomers = \"High Value";
        story.put("config/exports.toml", config.replace("HighValueCustomers = \"High Value", renamed));
        fixture(&story, name);
        let second = "incoming/BlobExport/HighValueCustomers/2026/11/21/0102/HighValueCustomers_2.csv";
        story.put(second, people(20..45));
        let reports = story.pass().await;
        let expected = ["delivered_with_problems", "delivered"];
        assert_eq!(outcomes(&reports), expected, "{name}: 1 of 11 rows is rejected: {reports:?}");
        let members = json!({ "before": 40, "entered": 5, "stayed": 35, "left": 5, "after": 40 });
        assert_eq!(reports[1]["members"], members, "{name}: {reports:?}");
        assert_eq!(story.world.account.braze.counters().objects, 10, "{name}: five who entered and five who left");

        // What is left in the old place keeps the earlier version away.
        let left = |segment: &str| story.world.account.list(&format!("state/loyalty/{segment}/"));
        let ledger = story.world.ledger("High Value Customers").to_string();
        for object in left("HighValueCustomers") {
            let needed = object.key.ends_with("/ledger.json") || ledger.contains(&object.key);
            assert!(needed, "{name}: {} is left", object.key);
        }
        // The members before a run are listed until the next one is complete.
        for day in ["/22/", "/23/"] {
            story.put(&second.replace("/21/", day), people(20..45));
            assert_eq!(outcomes(&story.pass().await), ["delivered"], "{name}");
        }
        assert_eq!(left("HighValueCustomers").len(), 1, "{name}: {:?}", left("HighValueCustomers"));
        let marker = story.world.get_text("state/loyalty/HighValueCustomers/ledger.json");
        let marker: serde_json::Value = serde_json::from_str(&marker).unwrap();
        assert_eq!((&marker["format"], marker["moved_to"].is_string()), (&json!(3), true), "{name}");

        // The former name is an attribute that nothing feeds.
        let status = story.ask(json!({ "action": "status" })).await.unwrap();
        assert_eq!(status["unfed"][0]["attribute"], "ChurnRisk", "{name}: {status}");
        let retire = json!({ "action": "retire", "connection": "braze-eu", "attribute": "ChurnRisk" });
        let answer = story.ask(retire).await.unwrap();
        assert_eq!(answer["reports"][0]["outcome"], "delivered", "{name}: {answer}");
        let churn = story.world.ledger("Churn 🎉");
        assert_eq!(churn["last_complete"]["members"], 10, "{name}: {churn}");
    }
}

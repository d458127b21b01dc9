//! Canaries: everything about people and the key reads `canary`, everything is done that the functions do, and then all that
//! they wrote is searched. Where the word may be is an exact list, the one of SECURITY.md, "Where personal data is stored".

use std::collections::BTreeSet;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use insights_to_braze::state::Part;
use itb::standin::braze::Latency;
use itb::standin::fault::{Answer, Fault};
use itb::standin::lambda::LambdaHost;
use itb::standin::{DEAD_LETTER_QUEUE, QUEUE};
use serde_json::{Value, json};

use crate::support::{API_KEY, Function, SECRET, TIMEOUT, World, sqs_event};

const HEADER: &str = "LoyaltyId,EMail,FirstName,Points\n";

fn key(segment: &str, day: u32) -> String {
    format!("incoming/BlobExport/{segment}/2026/11/{day}/0102/{segment}_1.csv")
}

fn people(numbers: std::ops::Range<u32>) -> String {
    let row = |number| format!("canary-{number},canary{number}@example.jp,\"canary 海斗, {number}\",{number}\n");
    format!("{HEADER}{}", numbers.map(row).collect::<Vec<_>>().concat())
}

/// Rows that are rejected, dropped in part, broken, or that only Braze refuses.
const BROKEN: &str = "canary-90\n\
    canary-91,canary91@example.jp,canary,1,canary,canary\n\
    ,canary at example,canary,x\n\
    ,,canary,1\n\
    canary-92,not canary an address,canary,canary points\n\
    \"canary-93,canary93@example.jp,\"canary\" quote,1\n\
    canary-94,canary94@example.jp,=canary(),1\n\
    canary-\u{1},canary95@example.jp,canary,1\n";

/// What one function after the other said.
struct Canaries {
    world: World,
    texts: Vec<String>,
    hosts: Vec<Arc<LambdaHost>>,
}

impl Canaries {
    async fn ask(&mut self, function: Function, event: &Value, within: Duration) -> Option<Value> {
        let host = Arc::new(self.world.host(function).await);
        self.hosts.push(Arc::clone(&host));
        match host.invoke(event, within).await {
            Ok(answer) => {
                self.texts.push(answer.to_string());
                Some(answer)
            }
            Err(error) => {
                self.texts.push(error.to_string());
                None
            }
        }
    }

    async fn land(&mut self, segment: &str, day: u32, content: impl AsRef<[u8]>) {
        let key = key(segment, day);
        self.world.put(&key, content);
        let event = sqs_event(&[self.world.s3_event(&key)]);
        self.ask(Function::ObjectCreated, &event, TIMEOUT).await;
    }
}

/// Deliveries that succeed and fail in every way, and every action.
async fn work(shown: &mut Canaries) {
    shown.world.configure("", "settle_minutes = 0");
    shown.land("HighValueCustomers", 20, format!("{}{BROKEN}", people(0..30))).await;
    shown.ask(Function::Scheduled, &json!({}), TIMEOUT).await;
    shown.land("HighValueCustomers", 21, people(5..35)).await;
    shown.ask(Function::OnDemand, &json!({ "action": "run_all" }), TIMEOUT).await;

    // Braze refuses, repeats what it was sent, breaks down, and does not know the key.
    let echo =
        format!(r#"{{"message":"canary {API_KEY}","errors":[{{"type":"canary41@example.jp is invalid","index":0}}]}}"#);
    for (day, status) in [(22, 400), (23, 401), (24, 500), (25, 404)] {
        let answer = Answer::new(status, "application/json", echo.clone());
        shown.world.account.braze.set_faults(Some(Arc::new(move |_| Fault::Answer(answer.clone()))));
        shown.world.put(&key("HighValueCustomers", day), people(40..44));
        let event = shown.world.s3_event(&key("HighValueCustomers", day));
        shown.ask(Function::ObjectCreated, &event, Duration::from_secs(5)).await;
    }
    shown.world.account.braze.set_faults(None);

    // Files that cannot be read; a description that is none; a configuration with a key in it; a secret that is none.
    shown.land("ChurnRisk", 20, "canary,canary@example.jp\ncanary-1,canary\n").await;
    shown.land("ChurnRisk", 21, [0x1f, 0x8b, 8, 0, b'c', b'a', b'n', b'a', b'r', b'y']).await;
    shown.land("ChurnRisk", 22, format!("{HEADER}canary-1,\"canary@example.jp")).await;
    shown.world.put("incoming/BlobExport/model.json", "{\"canary\": canary");
    let event = shown.world.s3_event("incoming/BlobExport/model.json");
    shown.ask(Function::ObjectCreated, &event, TIMEOUT).await;
    shown.world.account.delete_object("incoming/BlobExport/model.json").unwrap();
    shown.world.configure(&format!("api_key = \"{API_KEY}\""), "");
    shown.ask(Function::Scheduled, &json!({}), TIMEOUT).await;
    shown.world.configure("", "settle_minutes = 0");
    for secret in [json!(API_KEY).to_string(), json!({ "apikey": API_KEY }).to_string(), format!("{{{API_KEY}")] {
        shown.world.account.set_secret(SECRET, secret);
        shown.ask(Function::OnDemand, &json!({ "action": "connect", "connection": "braze-eu" }), TIMEOUT).await;
    }
    shown.world.account.set_secret(SECRET, json!({ "api_key": API_KEY }).to_string());

    // Time runs out, and a function is killed.
    shown.world.configure("objects_per_request = 1\nrequests_per_second = 10", "settle_minutes = 0");
    shown.world.account.braze.set_latency(Latency { fixed: Duration::from_millis(50), jitter: Duration::ZERO });
    shown.world.put(&key("HighValueCustomers", 26), format!("{}{BROKEN}", people(5..70)));
    let event = shown.world.s3_event(&key("HighValueCustomers", 26));
    shown.ask(Function::ObjectCreated, &event, Duration::from_secs(3)).await;
    let host = Arc::new(shown.world.host(Function::Scheduled).await);
    shown.hosts.push(Arc::clone(&host));
    let nothing = json!({});
    let (killed, ()) = tokio::join!(host.invoke(&nothing, TIMEOUT), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        host.kill();
    });
    shown.texts.push(killed.map_or_else(|error| error.to_string(), |answer| answer.to_string()));
    shown.world.configure("", "settle_minutes = 0");
    shown.world.account.braze.set_latency(Latency { fixed: Duration::ZERO, jitter: Duration::ZERO });
}

async fn every_action(shown: &mut Canaries) {
    for event in [
        json!({ "action": "run", "export": "loyalty", "dry_run": true }),
        json!({ "action": "run", "export": "loyalty", "segment": "HighValueCustomers", "send": "all", "run": "2026-11-23T01:02Z", "allow_leavers": 1 }),
        json!({ "action": "connect", "connection": "braze-eu" }),
        json!({ "action": "status" }),
        json!({ "action": "inspect", "export": "loyalty" }),
        json!({ "action": "inspect", "key": key("HighValueCustomers", 26) }),
        json!({ "action": "retry" }),
        json!({ "action": "erase", "customer_id": "canary-9", "email": "canary9@example.jp", "dry_run": true }),
        json!({ "action": "erase", "customer_id": "canary-9", "email": "canary9@example.jp" }),
        json!({ "action": "erase", "email": "canary" }),
        json!({ "action": { "canary": "canary" } }),
    ] {
        shown.ask(Function::OnDemand, &event, TIMEOUT).await;
    }
    shown.ask(Function::ObjectCreated, &sqs_event(&[json!({ "canary": "canary" }), json!("canary")]), TIMEOUT).await;
    let without = shown.world.get_text("config/exports.toml").replace("\"HighValueCustomers\", ", "");
    shown.world.put("config/exports.toml", without);
    let retire = json!({ "action": "retire", "export": "loyalty", "segment": "HighValueCustomers", "dry_run": true });
    shown.ask(Function::OnDemand, &retire, TIMEOUT).await;
}

/// the kinds of objects that hold personal data, as SECURITY.md lists them.
fn kind_of(key: &str) -> Option<&'static str> {
    if key.starts_with("incoming/") {
        Some("exported files")
    } else if key.starts_with("state/") && Part::is_one(key) {
        Some("parts of the state")
    } else if key.starts_with("state/") && key.ends_with("-rejected.csv") {
        Some("rejected rows of the state")
    } else if key.starts_with("reports/") && key.rsplit('/').next().is_some_and(is_rejected_csv) {
        Some("rejected.csv")
    } else {
        None
    }
}

fn is_rejected_csv(name: &str) -> bool {
    name.starts_with("rejected") && name.rsplit('.').next() == Some("csv")
}

#[tokio::test(flavor = "multi_thread")]
async fn canaries_are_found_where_the_document_says_and_nowhere_else() {
    let mut shown = Canaries { world: World::start().await, texts: Vec::new(), hosts: Vec::new() };
    work(&mut shown).await;
    every_action(&mut shown).await;
    let Canaries { world, texts, hosts } = shown;
    assert!(
        world.account.braze.count_with_attribute("High Value Customers", &json!(true)) > 30,
        "something was delivered"
    );

    let mut found: BTreeSet<&str> = BTreeSet::new();
    let mut searched = 0;
    for object in world.account.list("") {
        let bytes = world.account.get_object(&object.key).unwrap().unwrap();
        let mut content = Vec::new();
        if MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut content).is_err() {
            content = bytes;
        }
        let content = String::from_utf8_lossy(&content).to_lowercase();
        assert!(!content.contains(API_KEY), "the key in {}", object.key);
        if !object.key.starts_with("config/") && content.contains("canary") {
            found.insert(kind_of(&object.key).unwrap_or_else(|| panic!("a person in {}: {content}", object.key)));
        }
        searched += 1;
    }
    let everywhere = ["exported files", "parts of the state", "rejected rows of the state", "rejected.csv"];
    assert_eq!(found, BTreeSet::from(everywhere), "of {searched} objects");

    let lines: Vec<String> = hosts.iter().flat_map(|host| host.log_lines()).collect();
    let metrics = lines.iter().filter(|line| line.contains("CloudWatchMetrics")).count();
    let reports = lines.iter().filter(|line| line.contains("rejected_reasons")).count();
    let errors = lines.iter().filter(|line| line.contains("\"ERROR\"")).count();
    assert!(
        metrics > 5 && reports > 5 && errors > 2 && texts.len() > 25,
        "{metrics} {reports} {errors} {}",
        texts.len()
    );
    let queued = [QUEUE, DEAD_LETTER_QUEUE].map(|queue| world.account.queues.bodies(queue)).concat();
    for text in lines.iter().chain(&texts).chain(&queued) {
        assert!(!text.to_lowercase().contains("canary"), "{text}");
    }
    println!(
        "searched: {searched} objects, {} log lines ({metrics} of metrics, {reports} reports, {errors} errors), {} answers, {} messages",
        lines.len(),
        texts.len(),
        queued.len()
    );
}

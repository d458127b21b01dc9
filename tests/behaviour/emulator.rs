//! The stack of template.yaml on an emulator of AWS (moto), a second implementation of S3, SQS and Secrets Manager that
//! knows nothing of the first: a file that lands in its bucket travels through its queue to the real binary.
//!
//! The emulator is installed under `target/`, pinned (see `tests/template/environment`).

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::{API_KEY, Function, TIMEOUT, assert_silent};
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_types::SdkConfig;
use insights_to_braze::state::Part;
use itb::standin::braze::{Braze, BrazeSettings, Latency};
use itb::standin::lambda::{LambdaFunction, LambdaHost};
use serde_json::{Value, json};

const SEGMENT: &str = "顧客 セグメント";

/// The stack, as long as this lives.
struct Stack {
    process: Child,
    endpoint: String,
    bucket: String,
    queue: String,
    secret: String,
    s3: aws_sdk_s3::Client,
    sqs: aws_sdk_sqs::Client,
    secrets: aws_sdk_secretsmanager::Client,
}

impl Stack {
    fn create() -> Self {
        let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/template/emulate");
        let mut process =
            Command::new(script).arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let made: Value = serde_json::from_str(&line).expect("the stack was created");
        let text = |path: &str| made.pointer(path).and_then(Value::as_str).unwrap().to_owned();
        let endpoint = text("/endpoint");
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .endpoint_url(&endpoint)
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test")))
            .build();
        let s3 = aws_sdk_s3::config::Builder::from(&sdk).force_path_style(true).build();
        Self {
            process,
            bucket: text("/outputs/BucketName"),
            queue: text("/outputs/QueueUrl"),
            secret: text("/secrets/0"),
            s3: aws_sdk_s3::Client::from_conf(s3),
            sqs: aws_sdk_sqs::Client::new(&sdk),
            secrets: aws_sdk_secretsmanager::Client::new(&sdk),
            endpoint,
        }
    }

    async fn put(&self, key: &str, content: impl Into<Vec<u8>>) {
        let body = content.into().into();
        self.s3.put_object().bucket(&self.bucket).key(key).body(body).send().await.unwrap();
    }

    async fn get(&self, key: &str) -> Vec<u8> {
        let object = self.s3.get_object().bucket(&self.bucket).key(key).send().await.unwrap();
        object.body.collect().await.unwrap().to_vec()
    }

    async fn report(&self, run: &str) -> Value {
        serde_json::from_slice(&self.get(&format!("reports/loyalty/{SEGMENT}/{run}/report.json")).await).unwrap()
    }

    async fn keys(&self, prefix: &str) -> Vec<String> {
        let listed = self.s3.list_objects_v2().bucket(&self.bucket).prefix(prefix).send().await.unwrap();
        listed.contents().iter().map(|object| object.key().unwrap().to_owned()).collect()
    }

    /// Does what Lambda's event source mapping does: takes the messages and hands them to the function.
    async fn deliver_messages(&self, host: &LambdaHost, timeout: Duration) -> Vec<String> {
        let received =
            self.sqs.receive_message().queue_url(&self.queue).max_number_of_messages(10).send().await.unwrap();
        let mut records = Vec::new();
        for message in received.messages() {
            let (id, handle) = (message.message_id().unwrap(), message.receipt_handle().unwrap());
            records.push(json!({ "messageId": id, "receiptHandle": handle, "body": message.body().unwrap(), "eventSource": "aws:sqs",
                                 "attributes": {}, "messageAttributes": {}, "awsRegion": "eu-central-1" }));
            self.sqs.delete_message().queue_url(&self.queue).receipt_handle(handle).send().await.unwrap();
        }
        assert!(!records.is_empty(), "no message came");
        let bodies = records.iter().map(|record| record["body"].as_str().unwrap().to_owned()).collect();
        let answer = host.invoke(&json!({ "Records": records }), timeout).await.unwrap();
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
        bodies
    }

    async fn host(&self, function: &Function) -> LambdaHost {
        let environment: BTreeMap<String, String> = [
            ("AWS_ENDPOINT_URL", self.endpoint.as_str()),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "eu-central-1"),
            ("BUCKET", &self.bucket),
            ("QUEUE_URL", &self.queue),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        LambdaHost::start(LambdaFunction::new(function.binary(), environment)).await.unwrap()
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // The emulator ends with its standard input.
        drop(self.process.stdin.take());
        drop(self.process.wait());
    }
}

fn config(braze: &Braze, secret: &str, connection: &str) -> String {
    let host = braze.url();
    format!(
        r#"
[connections.braze-eu]
display_name = "Braze, EU workspace"
hostname = "{host}"
secret = "{secret}"
agree_to_data_transfer = true
{connection}

[exports.loyalty]
connection = "braze-eu"
folder = "incoming/BlobExport"
settle_minutes = 0

[exports.loyalty.data_matching]
customer_id = "LoyaltyId"
email = "EMail"
"#
    )
}

fn file_of(day: u32) -> String {
    format!("incoming/BlobExport/{SEGMENT}/2026/11/{day}/0102/{SEGMENT}_1.csv")
}

fn people(ids: std::ops::Range<u32>) -> String {
    let rows: Vec<String> = ids.map(|id| format!("canary-{id},canary{id}@example.jp\r\n")).collect();
    format!("\u{feff}LoyaltyId,EMail\r\n{}", rows.concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_travels_through_the_stack_to_braze() {
    let stack = tokio::task::spawn_blocking(Stack::create).await.unwrap();
    let braze = Braze::start(BrazeSettings::with_key(API_KEY)).await.unwrap();
    let secret = json!({ "api_key": API_KEY }).to_string();
    stack.secrets.put_secret_value().secret_id(&stack.secret).secret_string(secret).send().await.unwrap();
    stack.put("config/exports.toml", config(&braze, &stack.secret, "")).await;
    let (landed, scheduled, on_demand) = (
        stack.host(&Function::ObjectCreated).await,
        stack.host(&Function::Scheduled).await,
        stack.host(&Function::OnDemand).await,
    );
    let members = |value: bool| braze.count_with_attribute(SEGMENT, &json!(value));

    // What S3 sends when notifications are set up.
    let bodies = stack.deliver_messages(&landed, TIMEOUT).await;
    assert!(bodies[0].contains("s3:TestEvent"), "{bodies:?}");

    // A file lands: notification, queue, function, Braze.
    stack.put(&file_of(22), people(0..200) + ",\"nobody, at all\"\r\n").await;
    stack.deliver_messages(&landed, TIMEOUT).await;
    let report = stack.report("2026-11-22T01:02Z").await;
    assert_eq!(report["outcome"], "waiting", "{report}");
    assert_eq!(report["rows"], json!({ "read": 201, "accepted": 200, "unchanged": 0, "duplicate": 0, "rejected": 1 }));
    assert_eq!(members(true), 200);
    let rejected = stack.get(&format!("reports/loyalty/{SEGMENT}/2026-11-22T01:02Z/rejected.csv")).await;
    let rejected = String::from_utf8(rejected).unwrap();
    assert!(rejected.contains("\"nobody, at all\",") && rejected.contains(",202,incoming/"), "{rejected}");

    // The schedule completes the run.
    let answer = scheduled.invoke(&json!({}), TIMEOUT).await.unwrap();
    assert_eq!(answer["reports"][0]["outcome"], "delivered", "{answer}");
    assert_eq!(answer["reports"][0]["members"]["after"], 200);

    // The next run has lost some, and time runs out: it goes on through the stack's own queue.
    stack
        .put("config/exports.toml", config(&braze, &stack.secret, "objects_per_request = 1\nrequests_per_second = 2"))
        .await;
    braze.set_latency(Latency { fixed: Duration::from_millis(20), jitter: Duration::ZERO });
    stack.put(&file_of(23), people(40..260)).await;
    stack.deliver_messages(&landed, Duration::from_secs(12)).await;
    let report = stack.report("2026-11-23T01:02Z").await;
    assert_eq!(report["outcome"], "unfinished", "{report}");
    stack.put("config/exports.toml", config(&braze, &stack.secret, "")).await;
    let bodies = stack.deliver_messages(&landed, TIMEOUT).await;
    assert!(bodies[0].starts_with("{\"continue\":"), "{bodies:?}");
    let report = stack.report("2026-11-23T01:02Z").await;
    assert_eq!(
        report["rows"],
        json!({ "read": 220, "accepted": 60, "unchanged": 160, "duplicate": 0, "rejected": 0 }),
        "{report}"
    );

    // A person runs the export, which completes the run, and asks how things stand.
    let answer = on_demand.invoke(&json!({ "action": "run", "export": "loyalty" }), TIMEOUT).await.unwrap();
    let report = &answer["reports"][0];
    assert_eq!(report["outcome"], "delivered", "{report}");
    assert_eq!(report["members"], json!({ "before": 200, "entered": 60, "stayed": 160, "left": 40, "after": 220 }));
    assert_eq!((members(true), members(false)), (220, 40));
    let status = on_demand.invoke(&json!({ "action": "status" }), TIMEOUT).await.unwrap();
    assert_eq!(
        status["exports"][0]["segments"][0]["last_complete"],
        json!({ "run": "2026-11-23T01:02Z", "members": 220 })
    );

    // State and reports are the emulator's, and of the run before, the state has only the list of its members, for an undo.
    let state = stack.keys("state/").await;
    let before: Vec<_> = state.iter().filter(|key| key.contains("2026-11-22")).collect();
    assert!(matches!(before[..], [list] if Part::is_one(list)), "{state:?}");
    let first = format!("reports/loyalty/{SEGMENT}/2026-11-22T01:02Z");
    let second = format!("reports/loyalty/{SEGMENT}/2026-11-23T01:02Z");
    let mut expected = vec!["reports/loyalty/history.html".to_owned(), format!("{first}/rejected.csv")];
    expected
        .extend([&first, &second].iter().flat_map(|run| ["json", "html"].map(|kind| format!("{run}/report.{kind}"))));
    expected.sort();
    assert_eq!(stack.keys("reports/").await, expected);
    for host in [&landed, &scheduled, &on_demand] {
        assert_silent(host.log_lines());
    }
}

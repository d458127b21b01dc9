//! What the tests have in common: an AWS account and a Braze workspace of their own, and a function hosted in it.
#![allow(dead_code, clippy::unused_self, clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use itb::standin::lambda::{InvocationError, LambdaHost};
use itb::standin::{Account, AccountSettings};
use serde_json::{Value, json};

/// A key that no message may show.
pub(crate) const API_KEY: &str = "canary-0f6c2d1e-9f0a-4a55-8f5e-key";
pub(crate) const SECRET: &str = "insights-to-braze/braze-eu";
pub(crate) const TIMEOUT: Duration = Duration::from_mins(1);
/// The folder of the run that most tests deliver.
pub(crate) const RUN: &str = "incoming/BlobExport/HighValueCustomers/2026/11/23/0102";

pub(crate) enum Function {
    ObjectCreated,
    Scheduled,
    OnDemand,
}

impl Function {
    pub(crate) fn binary(&self) -> PathBuf {
        PathBuf::from(match self {
            Self::ObjectCreated => env!("CARGO_BIN_EXE_object_created"),
            Self::Scheduled => env!("CARGO_BIN_EXE_scheduled"),
            Self::OnDemand => env!("CARGO_BIN_EXE_on_demand"),
        })
    }
}

/// An account with a key in the secret and a configuration in the bucket.
pub(crate) struct World {
    pub(crate) account: Account,
    logs: Logs,
}

/// What the functions of an account have written. At the end of every test, no line of it holds the key.
#[derive(Default)]
struct Logs(Mutex<Vec<Arc<Mutex<Vec<String>>>>>);

impl Drop for Logs {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for lines in self.0.get_mut().unwrap().iter() {
            let lines = lines.lock().unwrap();
            let shown = lines.iter().find(|line| line.contains(API_KEY));
            assert!(shown.is_none(), "the key in a log line: {shown:?}");
        }
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut AccountSettings)) -> Self {
        let mut settings = AccountSettings::with_key(API_KEY);
        settings.notify_of_uploads = false;
        change(&mut settings);
        let account = Account::start(settings).await.unwrap();
        account.set_secret(SECRET, json!({ "api_key": API_KEY }).to_string());
        let world = Self { account, logs: Logs::default() };
        world.configure("", "");
        world
    }

    /// Stores `exports.toml` with further lines in the connection and in the export.
    pub(crate) fn configure(&self, connection: &str, export: &str) {
        self.put("config/exports.toml", self.config(connection, export));
    }

    pub(crate) fn config(&self, connection: &str, export: &str) -> String {
        let host = self.account.braze.url();
        format!(
            r#"
[connections.braze-eu]
display_name = "Braze, EU workspace"
hostname = "{host}"
secret = "{SECRET}"
agree_to_data_transfer = true
{connection}

[exports.loyalty]
connection = "braze-eu"
folder = "incoming/BlobExport"
segments = ["HighValueCustomers", "ChurnRisk"]
{export}

[exports.loyalty.data_matching]
customer_id = "LoyaltyId"
email = "EMail"

[exports.loyalty.attributes]
first_name = "FirstName"
loyalty_points = {{ column = "Points", type = "integer", empty = "remove" }}

[exports.loyalty.attribute_names]
HighValueCustomers = "High Value Customers"
"#
        )
    }

    pub(crate) fn put(&self, key: &str, content: impl AsRef<[u8]>) {
        self.account.put_object(key, content).unwrap();
    }

    pub(crate) fn get_text(&self, key: &str) -> String {
        String::from_utf8(self.account.get_object(key).unwrap().unwrap_or_default()).unwrap()
    }

    /// The folder of the state of an attribute.
    pub(crate) fn state(&self, attribute: &str) -> String {
        let host = self.account.braze.url().trim_start_matches("http://").to_owned();
        format!("state/{host}~{}/{attribute}", SECRET.replace('/', "%2F"))
    }

    /// The ledger of an attribute.
    pub(crate) fn ledger(&self, attribute: &str) -> Value {
        self.account.get_json(&format!("{}/ledger.json", self.state(attribute))).unwrap().unwrap_or_default()
    }

    pub(crate) fn report(&self, segment: &str, run: &str) -> Value {
        serde_json::from_str(&self.get_text(&format!("reports/loyalty/{segment}/{run}/report.json"))).unwrap()
    }

    pub(crate) async fn host(&self, function: Function) -> LambdaHost {
        let host = LambdaHost::start(self.account.function(function.binary())).await.unwrap();
        self.logs.0.lock().unwrap().push(host.lines());
        host
    }

    /// The scheduled function, with a topic for messages to people.
    pub(crate) async fn notifying_host(&self, messages: &str) -> LambdaHost {
        let mut function = self.account.function(Function::Scheduled.binary());
        let further = [("ALARM_TOPIC_ARN", itb::standin::TOPIC_ARN), ("MESSAGES", messages)];
        function.environment.extend(further.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let host = LambdaHost::start(function).await.unwrap();
        self.logs.0.lock().unwrap().push(host.lines());
        host
    }

    pub(crate) async fn invoke(&self, function: Function, event: &Value) -> Result<Value, InvocationError> {
        self.host(function).await.invoke(event, TIMEOUT).await
    }

    /// Invokes `object-created` with one file and gives the only report.
    pub(crate) async fn deliver(&self, key: &str) -> Value {
        let answer = self.invoke(Function::ObjectCreated, &self.s3_event(key)).await.unwrap();
        assert_eq!(answer["reports"].as_array().map(Vec::len), Some(1), "{answer}");
        answer["reports"][0].clone()
    }

    pub(crate) async fn run(&self, further: Value) -> Value {
        let mut event = json!({ "action": "run", "export": "loyalty" });
        event.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        self.invoke(Function::OnDemand, &event).await.unwrap()
    }

    /// The notification of a file as S3 sends it.
    pub(crate) fn s3_event(&self, key: &str) -> Value {
        let encoded: String = percent_encoding::utf8_percent_encode(key, percent_encoding::NON_ALPHANUMERIC)
            .to_string()
            .replace("%2F", "/")
            .replace("%20", "+");
        json!({ "Records": [{
            "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-central-1",
            "eventTime": "2026-11-23T01:05:00.000Z", "eventName": "ObjectCreated:Put",
            "userIdentity": { "principalId": "AWS:AIDA" }, "requestParameters": { "sourceIPAddress": "127.0.0.1" },
            "responseElements": { "x-amz-request-id": "1", "x-amz-id-2": "2" },
            "s3": { "s3SchemaVersion": "1.0", "configurationId": "incoming",
                    "bucket": { "name": itb::standin::BUCKET, "ownerIdentity": { "principalId": "A" },
                                "arn": format!("arn:aws:s3:::{}", itb::standin::BUCKET) },
                    "object": { "key": encoded, "size": 1, "eTag": "d41d8cd98f00b204e9800998ecf8427e", "sequencer": "0A" } } }] })
    }

    pub(crate) fn has_attribute(&self, external_id: &str, name: &str) -> Value {
        self.account
            .braze
            .profile(external_id)
            .and_then(|profile| profile.custom_attributes.get(name).cloned())
            .unwrap_or(Value::Null)
    }
}

pub(crate) fn sqs_event(bodies: &[Value]) -> Value {
    let records: Vec<Value> = bodies
        .iter()
        .enumerate()
        .map(|(number, body)| {
            json!({ "messageId": format!("message-{number}"), "receiptHandle": "h", "body": body.to_string(),
                    "attributes": { "ApproximateReceiveCount": "1" }, "messageAttributes": {}, "md5OfBody": "0",
                    "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:files",
                    "awsRegion": "eu-central-1" })
        })
        .collect();
    json!({ "Records": records })
}

/// People whose names and addresses are awkward and legal.
pub(crate) const AWKWARD: &str = "\u{feff}LoyaltyId,EMail,FirstName,Points\r\n\
    0012,kaito.yamada@example.jp,\"海斗, 山田\",100\r\n\
    LID-2,\"siobhan.o'connor@example.ie\",\"Siobhán \"\"Shiv\"\"\",\r\n\
    LID-3,,\"two\r\nlines 🎉\",42\r\n\
    ,mia@example.com,Mia,7\r\n\
    LID-5,not an address,Zoë,not a number\r\n\
    LID-2,siobhan@example.ie,again,1\r\n\
    ,,nobody,1\r\n";

/// None of these texts may hold the word that the tests write into keys and into everything about people.
#[track_caller]
pub(crate) fn assert_silent(texts: impl IntoIterator<Item = impl AsRef<str>>) {
    for text in texts {
        let text = text.as_ref();
        assert!(!text.to_lowercase().contains("canary"), "a key or a person's data: {text}");
    }
}

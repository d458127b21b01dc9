//! Everything that the application needs around it, started together: an AWS account and a Braze workspace of one's own.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::braze::{Braze, BrazeSettings};
use super::clock::Clock;
use super::lambda::{InvocationError, LambdaFunction, LambdaHost};
use super::s3::{ListedObject, ObjectCreated, S3Server, secret_access_key};
use super::secrets::SecretsServer;
use super::sns::Topics;
use super::sqs::{DeadLetters, Message, QueueSettings, Queues};

/// Name of the bucket.
pub const BUCKET: &str = "insights-to-braze";
/// Name of the queue that carries S3's notifications and the continuations.
pub const QUEUE: &str = "insights-to-braze-files";
/// Name of its dead-letter queue.
pub const DEAD_LETTER_QUEUE: &str = "insights-to-braze-dead-letters";

/// The topic for messages to people.
pub const TOPIC_ARN: &str = "arn:aws:sns:eu-central-1:123456789012:insights-to-braze-alarms";

/// How the account is set up.
#[derive(Clone)]
pub struct AccountSettings {
    /// Where the bucket lies; a temporary folder that goes with the account when left out.
    pub folder: Option<PathBuf>,
    /// The Braze workspace.
    pub braze: BrazeSettings,
    /// How long a message that was received is hidden.
    pub visibility_timeout: Duration,
    /// After so many receives, a message becomes a dead letter.
    pub max_receive_count: u32,
    /// Whether S3 tells the queue of objects created below `incoming/`.
    pub notify_of_uploads: bool,
    /// The time for all of them but Braze, which has its own in its settings.
    pub clock: Clock,
}

impl AccountSettings {
    /// An account in a temporary folder, with a workspace that knows this key; uploads go to the queue.
    pub fn with_key(api_key: &str) -> Self {
        let braze = BrazeSettings::with_key(api_key);
        let clock = braze.clock;
        Self {
            folder: None,
            braze,
            visibility_timeout: Duration::from_secs(30),
            max_receive_count: 5,
            notify_of_uploads: true,
            clock,
        }
    }
}

/// A running account.
pub struct Account {
    /// S3.
    pub s3: S3Server,
    /// Secrets Manager.
    pub secrets: SecretsServer,
    /// SQS.
    pub queues: Queues,
    /// SNS.
    pub topics: Topics,
    /// Braze.
    pub braze: Braze,
    notifying: Option<JoinHandle<()>>,
    /// Removed after the servers have ended.
    _temporary: Option<TempDir>,
}

impl Account {
    /// Starts everything and makes the bucket and the queues.
    pub async fn start(settings: AccountSettings) -> io::Result<Self> {
        let temporary =
            if settings.folder.is_none() { Some(TempDir::with_prefix("insights-to-braze-")?) } else { None };
        let folder = match (&settings.folder, &temporary) {
            (Some(folder), _) => folder.clone(),
            (None, Some(temporary)) => temporary.path().to_owned(),
            (None, None) => std::env::temp_dir(),
        };
        let s3 = S3Server::start(&folder, settings.clock).await?;
        s3.create_bucket(BUCKET)?;
        let secrets = SecretsServer::start(settings.clock).await?;
        let queues = Queues::start(settings.clock).await?;
        let topics = Topics::start(settings.clock).await?;
        queues.create_queue(DEAD_LETTER_QUEUE, QueueSettings::default());
        let dead_letters =
            DeadLetters { queue: DEAD_LETTER_QUEUE.to_owned(), max_receive_count: settings.max_receive_count };
        let visibility_timeout = settings.visibility_timeout;
        queues.create_queue(QUEUE, QueueSettings { visibility_timeout, dead_letters: Some(dead_letters) });
        let notifying = settings.notify_of_uploads.then(|| {
            let mut uploads = s3.watch(BUCKET, "incoming/");
            let sender = queues.sender(QUEUE);
            tokio::spawn(async move {
                while let Some(created) = uploads.recv().await {
                    sender.send(ObjectCreated::to_s3_event(&[created]).to_string());
                }
            })
        });
        let braze = Braze::start(settings.braze).await?;
        Ok(Self { s3, secrets, queues, topics, braze, notifying, _temporary: temporary })
    }

    /// The variables of a function in this account: endpoints, credentials, bucket and queues.
    pub fn environment(&self) -> BTreeMap<String, String> {
        [
            ("AWS_ACCESS_KEY_ID", "AKIDFUNCTION".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", secret_access_key().to_owned()),
            ("AWS_REGION", "eu-central-1".to_owned()),
            ("AWS_ENDPOINT_URL_S3", self.s3.url()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", self.secrets.url()),
            ("AWS_ENDPOINT_URL_SQS", self.queues.url()),
            ("AWS_ENDPOINT_URL_SNS", self.topics.url()),
            ("BUCKET", BUCKET.to_owned()),
            ("QUEUE_URL", self.queue_url()),
            ("DEAD_LETTER_QUEUE_URL", self.queues.queue_url(DEAD_LETTER_QUEUE)),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }

    /// A function of this account. Its access key id is made of its name, so that the records of calls tell functions apart.
    pub fn function(&self, binary: impl Into<PathBuf>) -> LambdaFunction {
        let mut function = LambdaFunction::new(binary, self.environment());
        let access_key_id =
            format!("AKID{}", function.name.to_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), ""));
        function.environment.insert("AWS_ACCESS_KEY_ID".to_owned(), access_key_id);
        function
    }

    /// URL of the queue.
    pub fn queue_url(&self) -> String {
        self.queues.queue_url(QUEUE)
    }

    /// The folder that holds the bucket's objects as files.
    pub fn bucket_folder(&self) -> PathBuf {
        self.s3.folder().join(BUCKET)
    }

    /// Puts an object in the bucket, as somebody else would. Gives its `ETag` without quotes.
    pub fn put_object(&self, key: &str, content: impl AsRef<[u8]>) -> io::Result<String> {
        self.s3.put_object(BUCKET, key, content)
    }

    /// Puts a file's content in the bucket.
    pub fn put_file(&self, key: &str, file: &Path) -> io::Result<String> {
        self.s3.put_file(BUCKET, key, file)
    }

    /// Reads an object of the bucket.
    pub fn get_object(&self, key: &str) -> io::Result<Option<Vec<u8>>> {
        self.s3.get_object(BUCKET, key)
    }

    /// Reads an object of the bucket as JSON.
    pub fn get_json(&self, key: &str) -> io::Result<Option<Value>> {
        let content = self.get_object(key)?;
        content.map(|content| serde_json::from_slice(&content).map_err(io::Error::other)).transpose()
    }

    /// Deletes an object of the bucket.
    pub fn delete_object(&self, key: &str) -> io::Result<()> {
        self.s3.delete_object(BUCKET, key)
    }

    /// The objects of the bucket whose keys begin with `prefix`.
    pub fn list(&self, prefix: &str) -> Vec<ListedObject> {
        self.s3.list(BUCKET, prefix)
    }

    /// Sets or rotates a secret.
    pub fn set_secret(&self, name: &str, text: impl Into<String>) {
        self.secrets.set_secret(name, text);
    }

    /// Does once what Lambda's event source mapping does: takes up to 10 messages from the queue, waiting up to `wait` for the first, invokes the
    /// function with them, deletes what it did not report as failed, and makes the rest visible again. `None` when no message came.
    pub async fn deliver_messages(
        &self,
        host: &LambdaHost,
        wait: Duration,
        timeout: Duration,
    ) -> Option<Result<Value, InvocationError>> {
        let messages = self.queues.receive_within(QUEUE, 10, wait).await;
        if messages.is_empty() {
            return None;
        }
        let answer = host.invoke(&Message::to_sqs_event(&messages, QUEUE), timeout).await;
        let failed: Vec<&str> = match &answer {
            Ok(answer) => {
                let failures = answer["batchItemFailures"].as_array().into_iter().flatten();
                failures.filter_map(|failure| failure["itemIdentifier"].as_str()).collect()
            }
            Err(_) => messages.iter().map(|message| message.message_id.as_str()).collect(),
        };
        for message in &messages {
            if failed.contains(&message.message_id.as_str()) {
                self.queues.change_visibility(QUEUE, &message.receipt_handle, Duration::ZERO);
            } else {
                self.queues.delete(QUEUE, &message.receipt_handle);
            }
        }
        Some(answer)
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        if let Some(notifying) = &self.notifying {
            notifying.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::time::Duration;

    use serde_json::{Value, json};

    use super::{Account, AccountSettings, QUEUE};

    #[tokio::test]
    async fn an_upload_reaches_the_queue_and_the_environment_reaches_the_services() {
        let account = Account::start(AccountSettings::with_key("key")).await.unwrap();
        account.put_object("config/exports.toml", "").unwrap();
        account.put_object("incoming/BlobExport/a b.csv", "LoyaltyId\n1\n").unwrap();
        let messages = account.queues.receive_within(QUEUE, 10, Duration::from_secs(5)).await;
        assert_eq!(messages.len(), 1, "only what lies below incoming/");
        let event: Value = serde_json::from_str(&messages[0].body).unwrap();
        assert_eq!(event["Records"][0]["s3"]["object"]["key"], "incoming/BlobExport/a+b.csv");
        assert!(account.bucket_folder().join("incoming/BlobExport/a b.csv").is_file());
        account.put_object("reports/r.json", json!({"rows": 1}).to_string()).unwrap();
        assert_eq!(account.get_json("reports/r.json").unwrap(), Some(json!({"rows": 1})));
        assert_eq!(account.list("").len(), 3);
        let environment = account.environment();
        assert!(environment["QUEUE_URL"].starts_with(&environment["AWS_ENDPOINT_URL_SQS"]));
        let function = account.function("/tmp/object_created");
        assert_eq!(function.environment["AWS_ACCESS_KEY_ID"], "AKIDOBJECTCREATED");
        let folder = account.bucket_folder();
        drop(account);
        assert!(!folder.exists(), "a temporary bucket goes with its account");
    }
}

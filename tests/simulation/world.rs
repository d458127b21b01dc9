//! The stand-ins that one thread's cases use one after the other, and what one case has of its own in them.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use insights_to_braze::braze::{WallClock, http_client};
use insights_to_braze::bucket::Bucket;
use insights_to_braze::handler::Handler;
use insights_to_braze::queue::Queue;
use insights_to_braze::secrets::ApiKeys;
use local::standin::braze::{Braze, BrazeSettings, Record, RestApiKey};
use local::standin::clock::Clock;
use local::standin::s3::{S3Server, secret_access_key};
use local::standin::secrets::SecretsServer;
use local::standin::sqs::{QueueSettings, Queues};
use serde_json::{Value, json};

use super::faults::{self, Poison, Rates};

/// How many lanes there have been, to tell their folders apart.
static LANES: AtomicU64 = AtomicU64::new(0);

/// Servers and clients of one thread.
pub(crate) struct Lane {
    pub(crate) clock: Clock,
    pub(crate) wall_clock: WallClock,
    s3: S3Server,
    secrets: SecretsServer,
    queues: Queues,
    s3_client: aws_sdk_s3::Client,
    secrets_client: aws_sdk_secretsmanager::Client,
    queue_client: aws_sdk_sqs::Client,
    http: reqwest::Client,
    folder: PathBuf,
}

impl Drop for Lane {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

macro_rules! client {
    ($sdk:ident, $url:expr) => {
        $sdk::config::Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("AKIDSIMULATION", secret_access_key(), None, None, "simulation"))
            .endpoint_url($url)
    };
}

impl Lane {
    pub(crate) async fn start() -> Self {
        let clock = Clock::new();
        let wall_clock = WallClock::Virtual {
            origin: SystemTime::UNIX_EPOCH + clock.since_epoch(),
            started: tokio::time::Instant::now(),
        };
        let number = LANES.fetch_add(1, Ordering::Relaxed);
        let folder = scratch_folder().join(format!("simulation-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let s3 = S3Server::start(&folder, clock).await.expect("S3");
        let secrets = SecretsServer::start(clock).await.expect("Secrets Manager");
        let queues = Queues::start(clock).await.expect("SQS");
        let s3_client = aws_sdk_s3::Client::from_conf(client!(aws_sdk_s3, s3.url()).force_path_style(true).build());
        let secrets_client =
            aws_sdk_secretsmanager::Client::from_conf(client!(aws_sdk_secretsmanager, secrets.url()).build());
        let queue_client = aws_sdk_sqs::Client::from_conf(client!(aws_sdk_sqs, queues.url()).build());
        let http = http_client().expect("an HTTP client");
        Self { clock, wall_clock, s3, secrets, queues, s3_client, secrets_client, queue_client, http, folder }
    }
}

/// A folder in memory where the machine has one: the objects are many and small.
pub(crate) fn scratch_folder() -> PathBuf {
    let in_memory = PathBuf::from("/dev/shm");
    if in_memory.is_dir() { in_memory } else { PathBuf::from(env!("CARGO_TARGET_TMPDIR")) }
}

/// What one case has of its own.
pub(crate) struct World<'a> {
    pub(crate) lane: &'a Lane,
    pub(crate) name: String,
    pub(crate) seed: u64,
    pub(crate) braze: Braze,
    pub(crate) poison: Poison,
    handlers: Mutex<u64>,
    keys: Mutex<u64>,
}

impl<'a> World<'a> {
    pub(crate) async fn start(lane: &'a Lane, seed: u64) -> Self {
        let name = format!("case-{seed}");
        let mut settings = BrazeSettings::with_key("key-0");
        settings.record = Record::Bodies;
        settings.clock = lane.clock;
        settings.seed = seed;
        let braze = Braze::start(settings).await.expect("Braze");
        lane.s3.create_bucket(&name).expect("a bucket");
        // Hidden for as long as AWS recommends: six times a function's time would be longer and change nothing here.
        let settings = QueueSettings { visibility_timeout: std::time::Duration::from_secs(90), dead_letters: None };
        lane.queues.create_queue(&name, settings);
        let world = Self {
            lane,
            name,
            seed,
            braze,
            poison: Arc::default(),
            handlers: Mutex::default(),
            keys: Mutex::default(),
        };
        world.rotate_key();
        world
    }

    /// A new key; the one before is revoked.
    pub(crate) fn rotate_key(&self) {
        let mut keys = self.keys.lock().expect("no panic before");
        *keys += 1;
        let key = format!("key-{keys}");
        self.lane.secrets.set_secret(&self.name, json!({ "api_key": key }).to_string());
        self.braze.set_keys(vec![RestApiKey { key, may_track: true }]);
    }

    /// A function instance that has just started.
    pub(crate) fn handler(&self) -> Handler {
        let mut handlers = self.handlers.lock().expect("no panic before");
        *handlers += 1;
        let queue = Queue::new(self.lane.queue_client.clone(), self.lane.queues.queue_url(&self.name));
        Handler::new(
            Bucket::new(self.lane.s3_client.clone(), self.name.clone()),
            "config/exports.toml".to_owned(),
            ApiKeys::new(self.lane.secrets_client.clone()),
            Some(queue),
            self.lane.http.clone(),
        )
        .without_report_lines()
        .simulated(self.lane.wall_clock, self.seed ^ *handlers)
    }

    pub(crate) fn queues(&self) -> &Queues {
        &self.lane.queues
    }

    pub(crate) fn set_faults(&self, rates: Option<Rates>) {
        let (s3, json, braze) = match rates {
            Some(rates) => {
                (Some(faults::s3(self.seed + 1, rates)), Some(faults::json_service(self.seed + 2, rates)), rates)
            }
            None => (None, None, Rates { aws: 0.0, braze: 0.0, kill: 0.0, stall: 0.0 }),
        };
        self.lane.s3.set_faults(s3);
        self.lane.secrets.set_faults(json.clone());
        self.lane.queues.set_faults(json);
        self.braze.set_faults(Some(faults::braze(self.seed + 3, braze, self.poison.clone(), self.lane.clock)));
    }

    /// Puts an object and gives the notification of it.
    pub(crate) fn put(&self, key: &str, content: &[u8]) -> Value {
        let mut created = self.lane.s3.watch(&self.name, key);
        self.lane.s3.put_object(&self.name, key, content).expect("an object");
        created.try_recv().map_or(Value::Null, |created| local::standin::s3::ObjectCreated::to_s3_event(&[created]))
    }

    pub(crate) fn get_json(&self, key: &str) -> Value {
        let content = self.lane.s3.get_object(&self.name, key).expect("S3").unwrap_or_default();
        serde_json::from_slice(&content).unwrap_or_default()
    }

    pub(crate) fn s3_calls(&self) -> u64 {
        self.lane.s3.calls().len() as u64
    }

    pub(crate) fn keys(&self, prefix: &str) -> Vec<String> {
        self.lane.s3.list(&self.name, prefix).into_iter().map(|object| object.key).collect()
    }

    /// Empties the bucket and the records, for the cases that come after.
    pub(crate) fn end(&self) {
        self.set_faults(None);
        for key in self.keys("") {
            let _ = self.lane.s3.delete_object(&self.name, &key);
        }
        self.lane.s3.forget_calls();
        self.lane.secrets.forget_calls();
        self.lane.queues.forget_calls();
    }
}

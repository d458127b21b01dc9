//! The stand-ins that cases use, over sockets or in the same process, and what one case has of its own in them.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime};

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use insights_to_braze::braze::http_client;
use insights_to_braze::bucket::Bucket;
use insights_to_braze::clock::WallClock;
use insights_to_braze::handler::Handler;
use insights_to_braze::queue::Queue;
use insights_to_braze::secrets::ApiKeys;
use insights_to_braze::state::MEMBERS_NAMED_FROM;
use itb::standin::braze::{Braze, BrazeSettings, Record, RestApiKey, SegmentExports};
use itb::standin::clock::Clock;
use itb::standin::fault::Call;
use itb::standin::s3::{S3Server, secret_access_key};
use itb::standin::secrets::SecretsServer;
use itb::standin::sqs::{QueueSettings, Queues};
use serde_json::{Value, json};

use super::faults::{self, Drawn, Poison, Rates};

/// How many lanes there have been, to tell their folders apart.
static LANES: AtomicU64 = AtomicU64::new(0);

static HTTP: OnceLock<reqwest::Client> = OnceLock::new();

/// When a case in the same process begins.
const START: &str = "2026-12-01T00:00:00Z";

/// How the functions reach the stand-ins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wires {
    /// HTTP over sockets. What happens between two steps of virtual time depends on the machine.
    Sockets,
    /// In the same process: whatever happens depends on the seed alone.
    InProcess,
}

/// Servers and clients: those of one case in the same process, or those of one thread over sockets.
pub(crate) struct Lane {
    wires: Wires,
    pub(crate) clock: Clock,
    pub(crate) wall_clock: WallClock,
    s3: S3Server,
    secrets: SecretsServer,
    queues: Queues,
    s3_client: aws_sdk_s3::Client,
    secrets_client: aws_sdk_secretsmanager::Client,
    queue_client: aws_sdk_sqs::Client,
    http: reqwest::Client,
    /// Where the objects lie that are reached over sockets.
    folder: Option<PathBuf>,
}

impl Drop for Lane {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

macro_rules! client {
    ($sdk:ident, $server:expr, $wires:expr) => {{
        let builder = $sdk::config::Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            // What the SDK remembers of failures is one function's own, as in AWS, and not the process's.
            .retry_partition($sdk::config::retry::RetryPartition::custom("simulation").build())
            .endpoint_url($server.url());
        match $wires {
            Wires::Sockets => builder,
            Wires::InProcess => builder.http_client($server.in_process()),
        }
    }};
}

impl Lane {
    pub(crate) async fn start(wires: Wires) -> Self {
        let clock = match wires {
            Wires::Sockets => Clock::new(),
            // The signatures are as old as the machine's clock says, and nobody minds.
            Wires::InProcess => Clock::starting_at(START.parse().expect("a time")),
        };
        let wall_clock = WallClock::Virtual {
            origin: SystemTime::UNIX_EPOCH + clock.since_epoch(),
            started: tokio::time::Instant::now(),
        };
        let folder = (wires == Wires::Sockets).then(new_folder);
        let (s3, secrets, queues) = match &folder {
            Some(folder) => (
                S3Server::start(folder, clock).await.expect("S3"),
                SecretsServer::start(clock).await.expect("Secrets Manager"),
                Queues::start(clock).await.expect("SQS"),
            ),
            None => {
                (S3Server::without_socket(clock), SecretsServer::without_socket(clock), Queues::without_socket(clock))
            }
        };
        let credentials = Credentials::new("AKIDSIMULATION", secret_access_key(), None, None, "simulation");
        let s3_client = client!(aws_sdk_s3, s3, wires).force_path_style(true);
        let s3_client = match wires {
            Wires::Sockets => s3_client.credentials_provider(credentials.clone()),
            Wires::InProcess => s3_client.allow_no_auth(),
        };
        let secrets_client = client!(aws_sdk_secretsmanager, secrets, wires).credentials_provider(credentials.clone());
        let queue_client = client!(aws_sdk_sqs, queues, wires).credentials_provider(credentials);
        Self {
            wires,
            clock,
            wall_clock,
            s3,
            secrets,
            queues,
            s3_client: aws_sdk_s3::Client::from_conf(s3_client.build()),
            secrets_client: aws_sdk_secretsmanager::Client::from_conf(secrets_client.build()),
            queue_client: aws_sdk_sqs::Client::from_conf(queue_client.build()),
            http: match wires {
                Wires::Sockets => http_client().expect("an HTTP client"),
                // It is not used, and making one costs as much as a case.
                Wires::InProcess => HTTP.get_or_init(|| http_client().expect("an HTTP client")).clone(),
            },
            folder,
        }
    }

    async fn workspace(&self, seed: u64) -> Arc<Braze> {
        let mut settings = BrazeSettings::with_key("key-0");
        settings.record = Record::Bodies;
        settings.clock = self.clock;
        settings.seed = seed;
        Arc::new(match self.wires {
            Wires::Sockets => Braze::start(settings).await.expect("Braze"),
            Wires::InProcess => Braze::without_socket(settings),
        })
    }
}

/// A folder in memory where the machine has one: the objects are many and small.
pub(crate) fn scratch_folder() -> PathBuf {
    let in_memory = PathBuf::from("/dev/shm");
    if in_memory.is_dir() { in_memory } else { PathBuf::from(env!("CARGO_TARGET_TMPDIR")) }
}

fn new_folder() -> PathBuf {
    let number = LANES.fetch_add(1, Ordering::Relaxed);
    let folder = scratch_folder().join(format!("simulation-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// What one case has of its own.
pub(crate) struct World<'a> {
    pub(crate) lane: &'a Lane,
    pub(crate) name: String,
    pub(crate) seed: u64,
    /// The workspaces that the connection may lead to.
    workspaces: [Arc<Braze>; 2],
    /// The one that it leads to.
    destination: AtomicUsize,
    pub(crate) poison: Poison,
    pub(crate) drawn: Arc<Drawn>,
    handlers: Mutex<u64>,
    keys: Mutex<u64>,
}

impl<'a> World<'a> {
    pub(crate) async fn start(lane: &'a Lane, seed: u64) -> Self {
        let name = format!("case-{seed}");
        let workspaces = [lane.workspace(seed).await, lane.workspace(seed).await];
        lane.s3.create_bucket(&name).expect("a bucket");
        // Hidden for as long as AWS recommends: six times a function's time would be longer and change nothing here.
        let settings = QueueSettings { visibility_timeout: Duration::from_secs(90), dead_letters: None };
        lane.queues.create_queue(&name, settings);
        let world = Self {
            lane,
            name,
            seed,
            workspaces,
            destination: AtomicUsize::new(0),
            poison: Arc::default(),
            drawn: Arc::default(),
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
        for braze in &self.workspaces {
            braze.set_keys(vec![RestApiKey::tracking(key.clone())]);
        }
    }

    /// Has the workspace export a segment to a bucket of the company's own, and lets the key ask for it.
    pub(crate) fn export_segments(&self, id: &str, attribute: &str, delay: Duration, profiles_per_file: usize) {
        let bucket = self.exports_bucket();
        self.lane.s3.create_bucket(&bucket).expect("a bucket");
        let segments = [(id.to_owned(), attribute.to_owned())].into();
        let bucket = Some(self.lane.s3.sink(&bucket));
        self.braze().set_exports(SegmentExports { segments, bucket, delay, profiles_per_file });
        let key = format!("key-{}", self.keys.lock().expect("no panic before"));
        self.braze().set_keys(vec![RestApiKey::tracking(key).auditing()]);
    }

    /// The company's own bucket.
    pub(crate) fn exports_bucket(&self) -> String {
        format!("{}-exports", self.name)
    }

    /// The workspace that the connection leads to now.
    pub(crate) fn braze(&self) -> &Braze {
        &self.workspaces[self.destination.load(Ordering::Relaxed)]
    }

    /// The requests that came so far.
    pub(crate) fn requests(&self) -> u64 {
        self.workspaces().map(|braze| braze.counters().requests).sum()
    }

    /// Every workspace.
    pub(crate) fn workspaces(&self) -> impl Iterator<Item = &Braze> {
        self.workspaces.iter().map(Arc::as_ref)
    }

    /// The connection leads to the other workspace from now on.
    pub(crate) fn change_workspace(&self) {
        self.destination.fetch_xor(1, Ordering::Relaxed);
    }

    /// `hostname` of the connection.
    pub(crate) fn hostname(&self) -> String {
        let number = self.destination.load(Ordering::Relaxed);
        match self.lane.wires {
            Wires::Sockets => self.workspaces[number].url(),
            Wires::InProcess => format!("http://localhost:{}", number + 1),
        }
    }

    /// A function instance that has just started.
    pub(crate) fn handler(&self) -> Handler {
        let mut handlers = self.handlers.lock().expect("no panic before");
        *handlers += 1;
        let queue = Queue::new(self.lane.queue_client.clone(), self.lane.queues.queue_url(&self.name));
        let handler = Handler::new(
            Bucket::new(self.lane.s3_client.clone(), self.name.clone()),
            "config/exports.toml".to_owned(),
            ApiKeys::new(self.lane.secrets_client.clone()),
            Some(queue),
            self.lane.http.clone(),
        )
        .without_report_lines()
        .simulated(self.lane.wall_clock, (self.seed << 16) ^ *handlers)
        // Few people, treated as many, but for every fourth seed.
        .naming_lines_from(if self.seed.is_multiple_of(4) { MEMBERS_NAMED_FROM } else { 0 });
        if self.lane.wires == Wires::Sockets {
            return handler;
        }
        let workspaces = self.workspaces.clone();
        handler.reaching_braze_by(move |connection| {
            let second = connection.hostname.authority().ends_with('2');
            Box::new(workspaces[usize::from(second)].in_process())
        })
    }

    pub(crate) fn queues(&self) -> &Queues {
        &self.lane.queues
    }

    pub(crate) fn set_faults(&self, rates: Option<Rates>) {
        // Distinct streams, and none of them that of the next seed.
        let seed = |stream: u64| self.seed.wrapping_mul(16).wrapping_add(stream);
        let drawn = || Arc::clone(&self.drawn);
        self.lane.s3.set_faults(rates.map(|rates| faults::s3(seed(1), rates, drawn())));
        let json = |stream, names| rates.map(|rates| faults::json_service(seed(stream), rates, names, drawn()));
        self.lane.secrets.set_faults(json(2, faults::SECRETS));
        self.lane.queues.set_faults(json(3, faults::QUEUES));
        let rates = rates.unwrap_or(Rates::CALM);
        for (braze, stream) in self.workspaces().zip(4..) {
            let script = faults::braze(seed(stream), rates, self.poison.clone(), self.lane.clock, drawn());
            braze.set_faults(Some(script));
        }
    }

    /// Puts an object and gives the notification of it.
    pub(crate) fn put(&self, key: &str, content: &[u8]) -> Value {
        let mut created = self.lane.s3.watch(&self.name, key);
        self.lane.s3.put_object(&self.name, key, content).expect("an object");
        created.try_recv().map_or(Value::Null, |created| itb::standin::s3::ObjectCreated::to_s3_event(&[created]))
    }

    pub(crate) fn delete(&self, key: &str) {
        self.lane.s3.delete_object(&self.name, key).expect("S3");
    }

    pub(crate) fn get_json(&self, key: &str) -> Value {
        let content = self.lane.s3.get_object(&self.name, key).expect("S3").unwrap_or_default();
        serde_json::from_slice(&content).unwrap_or_default()
    }

    /// The ledger of an attribute of the workspace that the connection leads to.
    pub(crate) fn ledger(&self, attribute: &str) -> Value {
        let host = self.hostname().trim_start_matches("http://").to_owned();
        self.get_json(&format!("state/{host}~{}/{attribute}/ledger.json", self.name))
    }

    /// Each call of S3, for the trace.
    pub(crate) fn s3_record(&self) -> Vec<String> {
        let of_case = |call: &Call| call.bucket == self.name;
        let line = |call: Call| format!("{} S3 {} {}", call.at, call.operation, call.resource);
        self.lane.s3.calls().into_iter().filter(of_case).map(line).collect()
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

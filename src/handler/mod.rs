//! The one handler behind the three functions: does what an event asks for.

mod answer;
mod attributes;
mod audit;
mod connect;
mod cursor;
mod deliveries;
mod erase;
mod error;
mod fetch;
mod forget;
mod history;
mod inspect;
mod landed;
mod look;
mod message;
mod notices;
mod rate_share;
mod rebuild;
mod report;
mod retire;
mod retry;
mod standing;
mod status;
mod undo;

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use serde_json::{Value, json};

pub use self::error::HandlerError;
use self::error::listed;
use crate::braze::{BrazeClient, HttpClients, Transport};
use crate::bucket::{Bucket, ETag};
use crate::budget::TimeBudget;
use crate::clock::WallClock;
use crate::config::{Config, Connection, Export};
use crate::delivery::{LoadedRun, SegmentDelivery};
use crate::names::{ConnectionName, ExportName, SegmentName};
use crate::queue::{DeadLetterQueue, Queue};
use crate::randomness::Randomness;
use crate::report::Trigger;
use crate::run::Models;
use crate::secrets::{ApiKeys, RoleIdentity};
use crate::state::{Feeds, FormerState, MEMBERS_NAMED_FROM};
use crate::trigger::caller::Caller;
use crate::trigger::object_created::ObjectCreated;
use crate::trigger::on_demand::OnDemand;
use crate::trigger::scheduled::Scheduled;

pub use self::notices::{Links, Notices, Wanted};

/// The future of an answer, boxed so that it is compiled once with this library and not again with each program.
pub type Answering<'a> = BoxFuture<'a, Result<Value, HandlerError>>;

/// Delivers segments. One lives as long as its function's instance and keeps connections and keys between invocations.
#[derive(Debug)]
pub struct Handler {
    bucket: Bucket,
    config_key: String,
    api_keys: ApiKeys,
    queue: Option<Queue>,
    fetch_queue: Option<Queue>,
    dead_letters: Option<DeadLetterQueue>,
    way: WayToBraze,
    logs_reports: bool,
    metrics_of: Option<Arc<str>>,
    notices: Option<Notices>,
    role: Option<RoleIdentity>,
    /// For a simulation: the time of day, and the seed of what is drawn.
    simulated: Option<(WallClock, u64)>,
    randomness: Randomness,
    braze: Mutex<HashMap<ConnectionName, (Arc<Connection>, BrazeClient)>>,
    loaded: LoadedRun,
    names_lines_from: u64,
}

/// `exports.toml` as it was at the beginning of an invocation, and what follows from it.
#[derive(Debug)]
struct Configured {
    config: Config,
    feeds: Arc<Feeds>,
    former: FormerState,
}

impl Deref for Configured {
    type Target = Config;

    fn deref(&self) -> &Config {
        &self.config
    }
}

/// Makes the transport of a connection.
type Transports = Box<dyn Fn(&Connection) -> Box<dyn Transport> + Send + Sync>;

/// How Braze is reached.
enum WayToBraze {
    Http(HttpClients),
    Other(Transports),
}

impl fmt::Debug for WayToBraze {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http(_) => "Http",
            Self::Other(_) => "Other",
        })
    }
}

impl Handler {
    /// A handler with clients that are ready.
    pub fn new(
        bucket: Bucket,
        config_key: String,
        api_keys: ApiKeys,
        queue: Option<Queue>,
        http: impl Into<HttpClients>,
    ) -> Self {
        let (logs_reports, metrics_of) = (true, None);
        Self {
            bucket,
            config_key,
            api_keys,
            queue,
            fetch_queue: None,
            dead_letters: None,
            way: WayToBraze::Http(http.into()),
            logs_reports,
            metrics_of,
            notices: None,
            role: None,
            simulated: None,
            randomness: Randomness::new(),
            braze: Mutex::default(),
            loaded: LoadedRun::default(),
            names_lines_from: MEMBERS_NAMED_FROM,
        }
    }

    /// The handler with a queue for fetches that run out of time.
    #[must_use]
    pub fn with_fetch_queue(mut self, queue: Queue) -> Self {
        self.fetch_queue = Some(queue);
        self
    }

    /// The handler with a dead-letter queue.
    #[must_use]
    pub fn with_dead_letters(mut self, dead_letters: DeadLetterQueue) -> Self {
        self.dead_letters = Some(dead_letters);
        self
    }

    /// The same without the line that each report writes to standard output: for a program that shows the reports itself.
    #[must_use]
    pub fn without_report_lines(mut self) -> Self {
        self.logs_reports = false;
        self
    }

    /// The same with a line of metrics on standard output for each report: for a function, whose log `CloudWatch` reads.
    #[must_use]
    pub fn with_metrics(mut self, stack: &str) -> Self {
        self.metrics_of = Some(stack.into());
        self
    }

    /// The same with messages to people after each scheduled invocation.
    #[must_use]
    pub fn with_notices(mut self, notices: Notices) -> Self {
        self.notices = Some(notices);
        self
    }

    /// The same with the identity of the function's role, for sources that trust it.
    #[must_use]
    pub fn with_role(mut self, role: RoleIdentity) -> Self {
        self.role = Some(role);
        self
    }

    /// The same, where runs after one with at least this many members name its lines, for a simulation of few.
    #[must_use]
    pub fn naming_lines_from(mut self, members: u64) -> Self {
        self.names_lines_from = members;
        self
    }

    /// The same with the time of day from `clock` and waits drawn from `seed`, so that a simulation can let time pass and can
    /// be repeated. The budgets of its invocations take the same clock.
    #[must_use]
    pub fn simulated(mut self, clock: WallClock, seed: u64) -> Self {
        self.simulated = Some((clock, seed));
        self.randomness = Randomness::seeded(seed);
        self
    }

    /// The same with another way to Braze than HTTP, made for each connection.
    #[must_use]
    pub fn reaching_braze_by(
        mut self,
        way: impl Fn(&Connection) -> Box<dyn Transport> + Send + Sync + 'static,
    ) -> Self {
        self.way = WayToBraze::Other(Box::new(way));
        self
    }

    /// Answers the `object-created` function.
    pub fn object_created<'a>(&'a self, event: &'a Value, budget: TimeBudget) -> Answering<'a> {
        Box::pin(async move {
            match ObjectCreated::parse(event)? {
                ObjectCreated::Direct(tasks) => self.deliver_tasks(tasks, budget).await,
                ObjectCreated::Messages(messages) => self.deliver_messages(messages, budget).await,
            }
        })
    }

    /// Answers the `scheduled` function.
    pub fn scheduled<'a>(&'a self, event: &'a Value, budget: TimeBudget) -> Answering<'a> {
        Box::pin(async move {
            let scheduled = Scheduled::parse(event)?;
            let config = self.config().await?;
            if !scheduled.continued.is_empty() {
                return Ok(Box::pin(self.continue_fetches(&config, &scheduled.continued, budget)).await);
            }
            self.deliver_scheduled(&config, scheduled, budget).await
        })
    }

    /// Answers the `on-demand` function.
    pub fn on_demand<'a>(&'a self, event: &'a Value, budget: TimeBudget) -> Answering<'a> {
        Box::pin(async move { Box::pin(self.answer_on_demand(OnDemand::parse(event)?, budget)).await })
    }

    /// The same, if it is the caller's to ask.
    pub fn on_demand_by<'a>(&'a self, caller: Caller, event: &'a Value, budget: TimeBudget) -> Answering<'a> {
        Box::pin(async move {
            let request = OnDemand::parse(event)?;
            caller.may_ask(&request)?;
            Box::pin(self.answer_on_demand(request, budget)).await
        })
    }

    async fn answer_on_demand(&self, request: OnDemand, budget: TimeBudget) -> Result<Value, HandlerError> {
        let config = self.config().await?;
        match request {
            OnDemand::Run(run) => self.run(&config, run, budget).await,
            OnDemand::RunAll { dry_run } => self.run_all(&config, dry_run, budget).await,
            OnDemand::Connect { connection } => self.connect(&config, &connection).await,
            OnDemand::ConnectSource { source } => self.connect_source(&config, &source, budget).await,
            OnDemand::Fetch { source, dry_run } => {
                Box::pin(self.fetch(&config, source.as_ref(), dry_run, budget)).await
            }
            OnDemand::Status { export } => self.status(&config, export, budget).await,
            OnDemand::Report(wanted) => self.stored_reports(&config, &wanted).await,
            OnDemand::Retire { subject, dry_run } => self.retire(&config, &subject, dry_run, budget).await,
            OnDemand::Forget(forget) => Box::pin(self.forget(&config, &forget, budget)).await,
            OnDemand::Rebuild { subject, dry_run } => self.rebuild(&config, &subject, dry_run, budget).await,
            OnDemand::Retry(wanted) => self.retry(&config, &wanted, budget).await,
            OnDemand::Inspect(subject) => self.inspect(&config, &subject).await,
            OnDemand::Undo(request) => Box::pin(self.undo(&config, &request, budget)).await,
            OnDemand::Audit(request) => Box::pin(self.audit(&config, &request, budget)).await,
            OnDemand::Erase(request) => Box::pin(self.erase(&config, &request, budget)).await,
            OnDemand::Configuration => self.configuration().await,
        }
    }

    /// `exports.toml` as it is now.
    async fn configuration(&self) -> Result<Value, HandlerError> {
        let (text, etag) = self.config_text().await?;
        Ok(json!({ "action": "configuration", "key": self.config_key, "text": text, "etag": etag.bare() }))
    }

    /// The configuration as it is now: it is read at each invocation, so that a change needs no deployment.
    async fn config(&self) -> Result<Configured, HandlerError> {
        let (bucket, key) = (self.bucket.name().to_owned(), self.config_key.clone());
        let (text, etag) = self.config_text().await?;
        let config =
            Config::parse(&text).map_err(|source| HandlerError::Config { bucket, key: key.clone(), source })?;
        let feeds = Arc::new(Feeds::new(&config, Some((key, etag))));
        let former = FormerState::new(&config);
        Ok(Configured { config, feeds, former })
    }

    async fn config_text(&self) -> Result<(String, ETag), HandlerError> {
        let (bucket, key) = (self.bucket.name().to_owned(), self.config_key.clone());
        let Some((bytes, etag)) = self.bucket.read(&key, Config::SIZE_LIMIT).await? else {
            return Err(HandlerError::NoConfig { bucket, key });
        };
        match std::str::from_utf8(&bytes) {
            Ok(text) => Ok((text.to_owned(), etag)),
            Err(_) => Err(HandlerError::ConfigNotText { bucket, key, advice: Config::how_to_save(&bytes) }),
        }
    }

    /// The client of a connection, kept between invocations with its connections and its knowledge of the rate, as long
    /// as the configuration stays the same.
    fn braze(&self, connection: &Arc<Connection>) -> BrazeClient {
        let mut clients = self.braze.lock().unwrap_or_else(PoisonError::into_inner);
        match clients.get(&connection.name) {
            Some((known, client)) if known == connection => {
                // The permissions of a key that was refused in an earlier invocation may have been fixed since.
                client.forget_refusal();
                client.clone()
            }
            _ => {
                let (clock, seed) = self.simulated.unwrap_or_else(|| (WallClock::System, self.randomness.number()));
                let client = match &self.way {
                    WayToBraze::Http(http) => BrazeClient::seeded(connection, http.clone(), clock, seed),
                    WayToBraze::Other(way) => BrazeClient::through(connection, way(connection), clock, seed),
                };
                clients.insert(connection.name.clone(), (connection.clone(), client.clone()));
                client
            }
        }
    }

    fn delivery(
        &self,
        config: &Configured,
        export: &Arc<Export>,
        segment: &SegmentName,
        models: &Models,
        budget: TimeBudget,
        trigger: Trigger,
    ) -> SegmentDelivery {
        SegmentDelivery::new(
            self.bucket.clone(),
            self.api_keys.clone(),
            self.braze(&export.connection),
            export.clone(),
            segment.clone(),
            config.feeds.clone(),
            config.former.clone(),
            models.clone(),
            budget,
            trigger,
            self.randomness.clone(),
        )
        .sharing(self.loaded.clone())
        .naming_lines_from(self.names_lines_from)
        .logging_reports(self.logs_reports)
        .logging_metrics(self.metrics_of.clone())
    }

    fn export<'c>(config: &'c Config, name: &ExportName) -> Result<&'c Arc<Export>, HandlerError> {
        config.exports.get(name).ok_or_else(|| HandlerError::NoSuch {
            kind: "the export",
            name: name.to_string(),
            existing: listed(config.exports.keys()),
        })
    }
}

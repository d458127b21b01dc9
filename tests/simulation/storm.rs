//! One case: exports land while functions work, fail, are killed and come back; then everything calms down.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use insights_to_braze::budget::TimeBudget;
use insights_to_braze::handler::Handler;
use itb::standin::sqs::Message;
use jiff::Timestamp;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::faults::Rates;
use super::plan::{self, CaseKind, Evidence, Person, Run, SEGMENTS};
use super::world::World;

/// What may be configured, and what has been.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) attribute: String,
    /// The attribute of the second segment.
    pub(crate) second_attribute: String,
    pub(crate) tier: bool,
    /// Whether `segments` lists the segments; otherwise they are found.
    pub(crate) listed: bool,
    pub(crate) on_leave: &'static str,
    pub(crate) send: &'static str,
    pub(crate) max_leavers: f64,
    pub(crate) requests_per_second: u32,
    pub(crate) objects_per_request: usize,
}

/// Who was in a run, from when on.
pub(crate) struct Snapshot {
    pub(crate) segment: &'static str,
    pub(crate) from: Timestamp,
    pub(crate) protected: BTreeSet<String>,
    /// Whether a later run is undone: then those who are not in this one are unset even with `on_leave = "keep"`.
    pub(crate) undo: bool,
}

/// What the case has done so far.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) invocations: AtomicU64,
    pub(crate) kills: AtomicU64,
    pub(crate) failures: AtomicU64,
}

/// One case under way.
pub(crate) struct Storm<'a> {
    pub(crate) world: &'a World<'a>,
    pub(crate) people: Vec<Person>,
    pub(crate) evidence: Evidence,
    pub(crate) kind: CaseKind,
    pub(crate) segments: usize,
    pub(crate) rates: Rates,
    pub(crate) config: Mutex<Config>,
    pub(crate) former: Mutex<BTreeSet<String>>,
    /// Whether the two segments have ever fed each other's attribute.
    pub(crate) swapped: AtomicBool,
    pub(crate) poisoned_for_good: BTreeSet<usize>,
    pub(crate) workers: usize,
    pub(crate) snapshots: Mutex<Vec<Snapshot>>,
    pub(crate) tally: Tally,
    pub(crate) log: Mutex<Vec<String>>,
    /// Runs by segment and number, as they lie in the bucket.
    pub(crate) runs: Mutex<BTreeMap<(&'static str, usize), Run>>,
    pub(crate) missing: Mutex<BTreeSet<String>>,
    pub(crate) listed: Mutex<BTreeSet<usize>>,
    pub(crate) events: Mutex<BTreeMap<String, Value>>,
    pub(crate) busy: AtomicU64,
    calm: AtomicBool,
    pub(crate) paused: AtomicBool,
}

pub(crate) enum Task {
    Messages(Value),
    Scheduled,
    OnDemand(Value),
}

impl<'a> Storm<'a> {
    pub(crate) fn new(world: &'a World<'a>, random: &mut SmallRng) -> Self {
        let kind = CaseKind::draw(random);
        let people = plan::people(random, kind);
        let (evidence, what) = [
            (Evidence::Model, "run: complete by model.json"),
            (Evidence::Quiet, "run: complete by quiet"),
            (Evidence::OneFile, "run: complete by its layout"),
        ][random.random_range(0..3)];
        world.drawn.count(what);
        let (on_leave, what) = [
            ("false", "configuration: on_leave = \"false\""),
            ("false", "configuration: on_leave = \"false\""),
            ("false", "configuration: on_leave = \"false\""),
            ("remove", "configuration: on_leave = \"remove\""),
            ("remove", "configuration: on_leave = \"remove\""),
            ("keep", "configuration: on_leave = \"keep\""),
        ][random.random_range(0..6)];
        world.drawn.count(what);
        let config = Config {
            attribute: "High Value Customers".to_owned(),
            second_attribute: SEGMENTS[1].to_owned(),
            tier: false,
            listed: true,
            on_leave,
            send: if random.random_bool(0.8) { "changes" } else { "all" },
            max_leavers: if random.random_bool(0.7) { 1.0 } else { 0.4 },
            requests_per_second: match kind {
                CaseKind::Slow => 1,
                CaseKind::Large => 50,
                CaseKind::Ordinary => [2, 5, 20, 100, 1000][random.random_range(0..5)],
            },
            objects_per_request: match kind {
                CaseKind::Slow => random.random_range(1..3),
                CaseKind::Large => random.random_range(1..76),
                CaseKind::Ordinary => random.random_range(1..5),
            },
        };
        match kind {
            CaseKind::Slow => world.drawn.count("case: one slow file, overwritten"),
            CaseKind::Large => world.drawn.count("case: hundreds of people"),
            CaseKind::Ordinary => {}
        }
        let workers = if kind == CaseKind::Slow { random.random_range(2..5) } else { random.random_range(1..5) };
        match workers {
            2 => world.drawn.count("function: two at once"),
            3 => world.drawn.count("function: three at once"),
            4 => world.drawn.count("function: four at once"),
            _ => {}
        }
        let mut poisoned_for_good = BTreeSet::new();
        if random.random_bool(0.3) {
            poisoned_for_good.insert(random.random_range(0..people.len()));
        }
        Self {
            world,
            evidence,
            kind,
            segments: if kind == CaseKind::Slow { 1 } else { [1, 1, 1, 2][random.random_range(0..4)] },
            rates: if kind == CaseKind::Slow { Rates::of_stalled_leases() } else { Rates::draw(random) },
            config: Mutex::new(config),
            former: Mutex::default(),
            swapped: AtomicBool::new(false),
            poisoned_for_good,
            workers,
            snapshots: Mutex::default(),
            tally: Tally::default(),
            log: Mutex::default(),
            runs: Mutex::default(),
            missing: Mutex::default(),
            listed: Mutex::default(),
            events: Mutex::default(),
            busy: AtomicU64::new(0),
            calm: AtomicBool::new(false),
            paused: AtomicBool::new(false),
            people,
        }
    }

    /// The whole case, up to the moment when nothing is left to be done.
    pub(crate) async fn rage(&self, random: &mut SmallRng) {
        self.configure();
        self.poison(random);
        self.world.set_faults(Some(self.rates));
        let mut workers: FuturesUnordered<_> = (0..self.workers)
            .map(|number| self.work(self.world.seed.wrapping_mul(16).wrapping_add(8 + number as u64)))
            .collect();
        let mut producing = pin!(self.produce(random));
        loop {
            tokio::select! {
                biased;
                () = &mut producing => break,
                Some(()) = workers.next() => {}
            }
        }
        self.calm.store(true, Ordering::Relaxed);
        self.world.set_faults(None);
        while workers.next().await.is_some() {}
        self.note("calm");
    }

    pub(crate) fn note(&self, text: impl Into<String>) {
        let text = format!("{} {}", self.world.lane.clock.now(), text.into());
        self.log.lock().expect("no panic before").push(text);
    }

    fn poison(&self, random: &mut SmallRng) {
        let mut poison = self.world.poison.lock().expect("no panic before");
        let mut add = |number: usize| {
            let person = &self.people[number];
            poison.insert(person.email());
            poison.extend((0..9).map(|generation| person.id(generation)));
        };
        self.poisoned_for_good.iter().copied().for_each(&mut add);
        if random.random_bool(0.3) {
            add(random.random_range(0..self.people.len()));
        }
    }

    /// What Braze refused for a while it takes from now on.
    pub(crate) fn heal(&self) {
        let mut poison = self.world.poison.lock().expect("no panic before");
        poison.clear();
        for number in &self.poisoned_for_good {
            let person = &self.people[*number];
            poison.insert(person.email());
            poison.extend((0..9).map(|generation| person.id(generation)));
        }
    }

    /// One function instance after another, as long as the storm lasts.
    async fn work(&self, seed: u64) {
        let mut random = SmallRng::seed_from_u64(seed);
        let mut instance: Option<Handler> = None;
        while !self.calm.load(Ordering::Relaxed) {
            sleep(Duration::from_millis(random.random_range(10..3_000))).await;
            if self.paused.load(Ordering::Relaxed) {
                continue;
            }
            self.busy.fetch_add(1, Ordering::Relaxed);
            self.work_once(&mut random, &mut instance).await;
            self.busy.fetch_sub(1, Ordering::Relaxed);
        }
    }

    async fn work_once(&self, random: &mut SmallRng, instance: &mut Option<Handler>) {
        if random.random_bool(0.03) {
            self.world.drawn.count("event: by the schedule");
            self.invoke(random, instance, &Task::Scheduled).await;
        } else if random.random_bool(0.02) {
            self.world.drawn.count("event: send all, on demand");
            let all = json!({ "action": "run", "export": "loyalty", "send": "all" });
            self.invoke(random, instance, &Task::OnDemand(all)).await;
        } else if random.random_bool(0.02) && self.last_run() > 0 {
            if random.random_bool(0.5) {
                self.forget_an_older_run(random, instance).await;
            } else {
                self.undo_an_older_run(random, instance).await;
            }
        } else {
            self.take_messages(random, instance).await;
        }
    }

    async fn forget_an_older_run(&self, random: &mut SmallRng, instance: &mut Option<Handler>) {
        self.world.drawn.count("run: forgotten");
        let run = plan::run_name(self.evidence, random.random_range(0..self.last_run()));
        let segment = SEGMENTS[random.random_range(0..self.segments)];
        let forget = json!({ "action": "forget", "export": "loyalty", "segment": segment, "run": run });
        self.invoke(random, instance, &Task::OnDemand(forget)).await;
    }

    /// The run is undone only if no newer one has begun, although one is there.
    async fn undo_an_older_run(&self, random: &mut SmallRng, instance: &mut Option<Handler>) {
        self.world.drawn.count("run: an older one is to be undone");
        let run = plan::run_name(self.evidence, self.last_run() - 1);
        let segment = SEGMENTS[random.random_range(0..self.segments)];
        // Those who entered may be set to `false` by it.
        let snapshot = Snapshot { segment, from: self.world.lane.clock.now(), protected: BTreeSet::new(), undo: true };
        self.snapshots.lock().expect("no panic before").push(snapshot);
        let undo = json!({ "action": "undo", "export": "loyalty", "segment": segment, "run": run });
        self.invoke(random, instance, &Task::OnDemand(undo)).await;
    }

    /// What Lambda does with a queue: failed messages come back, those of a killed function when they are visible again.
    pub(crate) async fn take_messages(&self, random: &mut SmallRng, instance: &mut Option<Handler>) {
        let (queues, queue) = (self.world.queues(), &self.world.name);
        let messages = queues.receive(queue, random.random_range(1..5));
        if messages.is_empty() {
            return;
        }
        let event = Message::to_sqs_event(&messages, queue);
        let Some(answer) = self.invoke(random, instance, &Task::Messages(event)).await else {
            return;
        };
        for message in &messages {
            let failed = answer["batchItemFailures"]
                .as_array()
                .is_none_or(|failures| failures.iter().any(|failed| failed["itemIdentifier"] == message.message_id));
            if failed {
                queues.change_visibility(queue, &message.receipt_handle, Duration::from_secs(5));
            } else {
                queues.delete(queue, &message.receipt_handle);
            }
        }
    }

    /// One invocation; `None` if it was killed.
    pub(crate) async fn invoke(
        &self,
        random: &mut SmallRng,
        instance: &mut Option<Handler>,
        task: &Task,
    ) -> Option<Value> {
        self.tally.invocations.fetch_add(1, Ordering::Relaxed);
        let handler = instance.get_or_insert_with(|| self.world.handler());
        let calm = self.calm.load(Ordering::Relaxed);
        let time = Duration::from_millis(match random.random_range(0..4) {
            _ if calm => 900_000,
            0 => random.random_range(100..2_000),
            1 => random.random_range(2_000..20_000),
            _ => 900_000,
        });
        if time < Duration::from_secs(20) {
            self.world.drawn.count("function: too little time");
        }
        let killed = !calm && random.random_bool(self.rates.kill);
        let (mut polls, moment) = match random.random_range(0..2) {
            _ if !killed => (u64::MAX, time),
            0 => (random.random_range(1..200), time),
            _ => (u64::MAX, Duration::from_micros(2_u64.pow(random.random_range(10..25))).min(time)),
        };
        let budget = TimeBudget::ending_in_by(time, self.world.lane.wall_clock);
        let answer = {
            let mut answering = pin!(async {
                match task {
                    Task::Messages(event) => handler.object_created(event, budget).await,
                    Task::Scheduled => handler.scheduled(&json!({}), budget).await,
                    Task::OnDemand(event) => handler.on_demand(event, budget).await,
                }
            });
            let end = Instant::now() + moment;
            let counted = poll_fn(|context| {
                if polls == 0 {
                    self.world.drawn.count("function: killed between two awaits");
                    return Poll::Ready(None);
                }
                polls -= 1;
                answering.as_mut().poll(context).map(Some)
            });
            tokio::select! {
                biased;
                answer = counted => answer,
                () = tokio::time::sleep_until(end) => {
                    self.world.drawn.count("function: killed at a moment");
                    None
                }
            }
        };
        match answer {
            None => {
                self.tally.kills.fetch_add(1, Ordering::Relaxed);
                self.note("killed");
                *instance = None;
                None
            }
            Some(Ok(answer)) => Some(answer),
            Some(Err(error)) => {
                self.tally.failures.fetch_add(1, Ordering::Relaxed);
                self.note(format!("failed: {error}"));
                Some(json!({ "error": error.to_string() }))
            }
        }
    }

    /// Without faults: takes every message and runs the schedule until nothing is left to be done.
    pub(crate) async fn calm_down(&self, random: &mut SmallRng, last: usize) -> Result<(), String> {
        let mut instance = None;
        let mut answer = Value::Null;
        for round in 0..60 {
            while !self.world.queues().is_empty(&self.world.name) {
                self.take_messages(random, &mut instance).await;
                sleep(Duration::from_secs(1)).await;
            }
            answer = self.invoke(random, &mut instance, &Task::Scheduled).await.unwrap_or_default();
            let phases = self.phases(last);
            for release in self.releases(last) {
                self.world.drawn.count("run: held, and released");
                self.invoke(random, &mut instance, &Task::OnDemand(release)).await;
            }
            if round > 0 && phases.iter().all(|phase| phase == "complete") && answer["reports"] == json!([]) {
                return Ok(());
            }
            sleep(Duration::from_secs(65)).await;
        }
        Err(format!("it does not come to an end: {:?}, {answer}", self.phases(last)))
    }

    /// Begins or ends failures and kills.
    pub(crate) fn trouble(&self, begins: bool) {
        self.calm.store(!begins, Ordering::Relaxed);
        self.world.set_faults(begins.then_some(self.rates));
    }

    /// Retires an attribute, asking again as long as it is not done: first among failures and kills, then in calm.
    pub(crate) async fn retire(&self, random: &mut SmallRng, attribute: &str) -> Result<(), String> {
        let event = json!({ "action": "retire", "connection": "braze-eu", "attribute": attribute });
        let mut instance = None;
        let mut last = Value::Null;
        for attempt in 0..12 {
            self.trouble(attempt < 3);
            last = self.invoke(random, &mut instance, &Task::OnDemand(event.clone())).await.unwrap_or_default();
            // The function that was killed had done it already.
            let gone = last["error"].as_str().is_some_and(|error| error.contains("does not exist"));
            if last["reports"][0]["outcome"] == "delivered" || gone {
                self.trouble(false);
                return Ok(());
            }
            sleep(Duration::from_secs(40)).await;
        }
        Err(format!("retire does not come to an end: {last}"))
    }

    /// The attribute of a segment, as it is configured now.
    pub(crate) fn attribute_of(&self, segment: &str) -> String {
        let config = self.config.lock().expect("no panic before");
        if segment == SEGMENTS[0] { config.attribute.clone() } else { config.second_attribute.clone() }
    }

    /// The ledger of a segment's attribute.
    pub(crate) fn ledger(&self, segment: &str) -> Value {
        self.world.ledger(&self.attribute_of(segment))
    }

    /// How the run with this number stands, by segment.
    fn phases(&self, number: usize) -> Vec<String> {
        let run = plan::run_name(self.evidence, number);
        let phase = |segment: &&str| {
            let ledger = self.ledger(segment);
            ledger["runs"][&run]["phase"]["name"].as_str().unwrap_or_default().to_owned()
        };
        SEGMENTS.iter().take(self.segments).map(phase).collect()
    }

    /// What releases the run with this number, where it is held.
    fn releases(&self, number: usize) -> Vec<Value> {
        let run = plan::run_name(self.evidence, number);
        let release = |segment: &&str| {
            let phase = self.ledger(segment)["runs"][&run]["phase"].clone();
            (phase["name"] == "held").then(|| {
                json!({ "action": "run", "export": "loyalty", "segment": segment, "run": run, "allow_leavers": phase["people"] })
            })
        };
        SEGMENTS.iter().take(self.segments).filter_map(release).collect()
    }

    pub(crate) fn last_run(&self) -> usize {
        self.runs.lock().expect("no panic before").keys().map(|(_, number)| *number).max().unwrap_or_default()
    }
}

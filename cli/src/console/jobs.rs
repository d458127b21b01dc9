//! Dry runs and deliveries. They continue when the page is closed; a page follows each of them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::place::{Place, Task};
use crate::application::Application;
use crate::ending::Failure;
use crate::progress::{Pace, Standing};
use crate::standin::hexadecimal::hexadecimal;
use crate::workspace::ConfigFile;

/// The most results that are kept.
const MOST_KEPT: usize = 30;
/// How often a page that waits for a job looks whether it is over.
const LOOK: Duration = Duration::from_millis(50);

/// All jobs since the console was started.
#[derive(Default)]
pub(crate) struct Jobs(Mutex<Vec<Arc<Job>>>);

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    DryRun,
    Run,
    Release,
    Retire,
}

impl Kind {
    /// As in the keys of texts.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::DryRun => "dry-run",
            Self::Run => "run",
            Self::Release => "release",
            Self::Retire => "retire",
        }
    }
}

/// What is asked of the handler, one request after the other.
pub(crate) struct Plan {
    pub(crate) kind: Kind,
    /// The export, if it is about one alone.
    pub(crate) export: Option<String>,
    pub(crate) segment: Option<String>,
    pub(crate) steps: Vec<Step>,
}

/// A request.
#[derive(Clone)]
pub(crate) struct Step {
    pub(crate) task: Task,
    pub(crate) request: Value,
    /// What the files of the export must still be: what a dry run has read.
    pub(crate) expected: Option<String>,
}

impl Step {
    pub(crate) const fn new(task: Task, request: Value) -> Self {
        Self { task, request, expected: None }
    }
}

/// A dry run or a delivery.
pub(crate) struct Job {
    pub(crate) number: String,
    pub(crate) kind: Kind,
    pub(crate) export: Option<String>,
    pub(crate) segment: Option<String>,
    pub(crate) began: Timestamp,
    stop: &'static AtomicBool,
    state: Mutex<State>,
    application: Mutex<Weak<Application>>,
    export_of_step: Mutex<Option<String>>,
    looked: Mutex<Option<(Instant, Standing)>>,
}

/// How far a job is.
#[derive(Clone, Debug)]
pub(crate) enum State {
    Working,
    /// How each step ended. One that stops is the last.
    Over(Arc<Vec<Ended>>),
}

/// A step that is over.
#[derive(Debug)]
pub(crate) struct Ended {
    /// What was asked.
    pub(crate) request: Value,
    pub(crate) end: End,
}

/// How a step ended.
#[derive(Debug)]
pub(crate) enum End {
    Answered {
        answer: Value,
        /// What the files were that it read.
        files: Option<String>,
    },
    /// The files are others than those of the dry run. Nothing of them was sent.
    Changed,
    Failed(Failure),
}

impl Ended {
    /// The answer, if there is one.
    pub(crate) fn answer(&self) -> Option<&Value> {
        match &self.end {
            End::Answered { answer, .. } => Some(answer),
            End::Changed | End::Failed(_) => None,
        }
    }

    /// The export that it was about.
    pub(crate) fn export(&self) -> &str {
        self.request["export"].as_str().unwrap_or_default()
    }
}

impl Jobs {
    fn all(&self) -> Vec<Arc<Job>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The job with this number.
    pub(crate) fn find(&self, number: &str) -> Option<Arc<Job>> {
        self.all().into_iter().find(|job| job.number == number)
    }

    /// Those that are not over.
    pub(crate) fn running(&self) -> Vec<Arc<Job>> {
        self.all().into_iter().filter(|job| job.is_running()).collect()
    }

    pub(crate) fn is_running(&self) -> bool {
        !self.running().is_empty()
    }

    /// Stops all of them at a checkpoint.
    pub(crate) fn stop(&self) {
        self.all().iter().for_each(|job| job.stop());
    }

    /// Starts a job and gives its number.
    pub(crate) fn start(&self, place: &Arc<dyn Place>, config: ConfigFile, plan: Plan) -> String {
        let number = format!("{:016x}", rand::random::<u64>());
        let Plan { kind, export, segment, steps } = plan;
        let job = Arc::new(Job {
            number: number.clone(),
            kind,
            export,
            segment,
            began: Timestamp::now(),
            // One byte for each job: the handler takes a flag that outlives it.
            stop: Box::leak(Box::new(AtomicBool::new(false))),
            state: Mutex::new(State::Working),
            application: Mutex::default(),
            export_of_step: Mutex::default(),
            looked: Mutex::default(),
        });
        let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if jobs.len() >= MOST_KEPT
            && let Some(oldest) = jobs.iter().position(|job| !job.is_running())
        {
            jobs.remove(oldest);
        }
        jobs.push(Arc::clone(&job));
        let place = Arc::clone(place);
        tokio::spawn(async move {
            let ended = job.perform(&*place, &config, steps).await;
            *job.state.lock().unwrap_or_else(PoisonError::into_inner) = State::Over(Arc::new(ended));
        });
        number
    }
}

impl Job {
    /// The page that follows it.
    pub(crate) fn path(&self) -> String {
        format!("/jobs/{}", self.number)
    }

    pub(crate) fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn is_running(&self) -> bool {
        matches!(self.state(), State::Working)
    }

    /// Its state once it is over, or after this time.
    pub(crate) async fn ended_within(&self, time: Duration) -> State {
        let since = Instant::now();
        while self.is_running() && since.elapsed() < time {
            tokio::time::sleep(LOOK).await;
        }
        self.state()
    }

    /// Stops it at a checkpoint.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// How far the runs are that it works on, and the pace since the last look.
    pub(crate) async fn standing(&self) -> (Standing, Pace) {
        let application = self.application.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        let Some(application) = application else { return Default::default() };
        let export = self.export_of_step.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let status = application.on_demand(&json!({ "action": "status", "export": export })).await;
        let standing = status.map(|status| Standing::of(&status, self.segment.as_deref())).unwrap_or_default();
        let before = self.looked.lock().unwrap_or_else(PoisonError::into_inner).replace((Instant::now(), standing));
        let pace = before.map(|(then, earlier)| standing.since(&earlier, then.elapsed())).unwrap_or_default();
        (standing, pace)
    }

    async fn perform(&self, place: &dyn Place, config: &ConfigFile, steps: Vec<Step>) -> Vec<Ended> {
        let mut ended = Vec::new();
        for step in steps {
            if self.is_stopping() {
                break;
            }
            let end = self.step(place, config, &step).await.unwrap_or_else(End::Failed);
            ended.push(Ended { request: step.request, end });
        }
        ended
    }

    async fn step(&self, place: &dyn Place, config: &ConfigFile, step: &Step) -> Result<End, Failure> {
        let Step { task, request, expected } = step;
        let application = place.open(config, task).await?;
        *self.application.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&application);
        let export = request["export"].as_str().map(str::to_owned);
        self.export_of_step.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&export);
        let mut files = None;
        let of_export = export.as_deref().and_then(|export| config.config.exports.get(export));
        // A function does not list the files: it delivers those that are there.
        if let Some(export) = of_export.filter(|_| !application.is_function()) {
            let found = fingerprint(&application, &export.folder, config.text()).await?;
            if expected.as_ref().is_some_and(|expected| *expected != found) {
                return Ok(End::Changed);
            }
            files = Some(found);
        }
        let answer = application.on_demand_until(request, self.stop).await;
        place.close(&application).await;
        Ok(End::Answered { answer: answer?, files })
    }
}

/// The content of an export's folder and of the configuration, in a few letters.
async fn fingerprint(application: &Application, folder: &str, config: &str) -> Result<String, Failure> {
    let mut text = config.to_owned();
    let mut pages = application.bucket()?.pages(format!("{folder}/"));
    while let Some(page) = pages.next().await? {
        for object in page {
            text.extend(["\n", &object.key, " ", object.etag.bare()]);
        }
    }
    Ok(hexadecimal(digest(&SHA256, text.as_bytes()).as_ref()))
}

//! A dry run or a delivery: how far it is, and how it ended.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFRESH};
use axum::response::{IntoResponse, Response};
use insights_to_braze::page::{CONTENT_TYPE as HTML, Reader, dry_run};
use insights_to_braze::report::{Outcome, Report};
use insights_to_braze::texts::Argument;
use serde_json::Value;

use super::preview::{Preview, reports};
use super::runs::policy_of;
use crate::console::clock::Moment;
use crate::console::form::Form;
use crate::console::jobs::{self, End, Ended, Job, Kind};
use crate::console::messages::Said;
use crate::console::state::Shared;
use crate::console::status::{outcome_key, tone};
use crate::console::trouble::Trouble;
use crate::console::view::{Frame, level, page, to};
use crate::console::visit::Visit;

/// The seconds after which a page of progress is asked for again.
const REFRESHED: &str = "2";

#[derive(Template)]
#[template(path = "job.html")]
struct Page {
    f: Frame,
    number: String,
    title: String,
    kind: &'static str,
    export: String,
    export_link: String,
    began: Moment,
    /// Whether the page asks for itself again.
    follows: bool,
    is_stopping: bool,
    /// How far it is; empty if it is over.
    progress: Vec<String>,
    percent: Option<u64>,
    preview: Option<Preview>,
    can_deliver: bool,
    results: Vec<ResultLine>,
    said: Option<Said>,
    /// What was not done: the export, and why.
    failed: Vec<(String, Said)>,
}

impl Page {
    fn is_working(&self) -> bool {
        !self.progress.is_empty()
    }

    fn stop_path(&self) -> String {
        format!("/jobs/{}/stop", self.number)
    }
}

/// What became of a segment.
struct ResultLine {
    segment: String,
    link: String,
    run_link: String,
    attribute: String,
    tone: &'static str,
    outcome: String,
    said: Said,
    entered: u64,
    left: u64,
    after: u64,
    accepted: u64,
    unchanged: u64,
    rejected: u64,
    hold_link: Option<String>,
}

impl ResultLine {
    fn new(frame: &Frame, report: &Report) -> Self {
        let (export, segment) = (level(report.export.as_str()), level(report.segment.as_str()));
        let run = report.run.map(|run| run.to_string()).unwrap_or_default();
        let outcome = report.outcome.name();
        let is_held = report.outcome == Outcome::Held;
        Self {
            segment: report.segment.to_string(),
            link: frame.url(format!("/segments/{export}/{segment}")),
            run_link: frame.url(format!("/runs/{export}/{segment}/{run}")),
            attribute: report.attribute.to_string(),
            tone: tone(outcome),
            outcome: frame.t(outcome_key(outcome)),
            said: Said::of_report(frame.texts(), report),
            entered: report.members.entered,
            left: report.members.left,
            after: report.members.after,
            accepted: report.rows.accepted,
            unchanged: report.rows.unchanged,
            rejected: report.rows.rejected,
            hold_link: is_held.then(|| frame.url(format!("/holds/{export}/{segment}/{run}"))),
        }
    }
}

pub(crate) async fn one(
    State(console): State<Shared>,
    visit: Visit,
    Path(number): Path<String>,
) -> Result<Response, Trouble> {
    let job = console.jobs.find(&number).ok_or(Trouble::NotFound)?;
    let known = console.known().await?;
    let export = job.export.clone().unwrap_or_default();
    let follows = visit.query("still").is_none();
    let f = Frame::new(&console, &visit, "exports");
    let mut shown = Page {
        title: f.t(format!("job-{}", job.kind.name())),
        kind: job.kind.name(),
        export_link: f.url(format!("/exports/{}", level(&export))),
        began: Moment::of(job.began),
        follows,
        is_stopping: job.is_stopping(),
        progress: Vec::new(),
        percent: None,
        preview: None,
        can_deliver: false,
        results: Vec::new(),
        said: None,
        failed: Vec::new(),
        number,
        export,
        f,
    };
    let ended = match job.state() {
        jobs::State::Working => {
            progress(&mut shown, &job).await;
            let mut response = page(&shown)?;
            if follows {
                response.headers_mut().insert(REFRESH, HeaderValue::from_static(REFRESHED));
            }
            return Ok(response);
        }
        jobs::State::Over(ended) => ended,
    };
    for step in ended.iter() {
        let said = match &step.end {
            End::Answered { .. } => continue,
            End::Changed => Said::own(shown.f.texts(), "job-changed-text"),
            End::Failed(failure) => Said::failure(shown.f.texts(), failure),
        };
        shown.failed.push((step.export().to_owned(), said));
    }
    let answers: Vec<Value> = ended.iter().filter_map(Ended::answer).cloned().collect();
    if answers.is_empty() {
        return page(&shown);
    }
    if job.kind == Kind::DryRun {
        let is_known = |step: &Ended| known.config().exports.contains_key(step.export());
        shown.can_deliver = ended.iter().all(is_known);
        shown.preview = Some(Preview::new(&shown.f, &answers, known.config(), |name| console.works(name)));
    } else {
        results(&mut shown, &answers);
    }
    page(&shown)
}

/// What became of each segment, or what the answer says in place of it.
fn results(shown: &mut Page, answers: &[Value]) {
    let reports = reports(answers);
    shown.results = reports.iter().map(|report| ResultLine::new(&shown.f, report)).collect();
    if reports.is_empty() {
        let text = |name: &str| answers.first().and_then(|answer| answer[name].as_str()).unwrap_or_default();
        shown.said = Some(shown.f.said(text("message"), text("code")));
    }
}

/// Rows, requests and the share of what is expected.
async fn progress(shown: &mut Page, job: &Job) {
    let (standing, pace) = job.standing().await;
    let f = &shown.f;
    shown.progress.push(f.n("progress-rows", standing.rows));
    if standing.requests > 0 {
        let numbers = [("n", Argument::Number(standing.requests)), ("limit", Argument::Number(standing.limit))];
        shown.progress.push(f.texts().with("progress-requests", &numbers));
    }
    shown.progress.extend(pace.of_limit.filter(|_| standing.requests > 0).map(|share| f.w("progress-of-limit", share)));
    shown.progress.extend(pace.seconds_left.map(|seconds| f.w("progress-left", seconds)));
    if standing.expected > 0 && job.kind != Kind::DryRun {
        shown.percent = Some((standing.rows * 100 / standing.expected).min(99));
    }
}

/// Stops a job at a checkpoint.
pub(crate) async fn stop(
    State(console): State<Shared>,
    Path(number): Path<String>,
    _form: Form,
) -> Result<Response, Trouble> {
    console.jobs.find(&number).ok_or(Trouble::NotFound)?.stop();
    Ok(to(&console, &format!("/jobs/{number}")))
}

/// The page of a dry run that can be sent to others.
pub(crate) async fn page_of_dry_run(
    State(console): State<Shared>,
    visit: Visit,
    Path(number): Path<String>,
) -> Result<Response, Trouble> {
    let job = console.jobs.find(&number).filter(|job| job.kind == Kind::DryRun).ok_or(Trouble::NotFound)?;
    let jobs::State::Over(ended) = job.state() else { return Err(Trouble::NotFound) };
    let answers: Vec<Value> = ended.iter().filter_map(Ended::answer).cloned().collect();
    let known = console.known().await?;
    let (reports, config) = (reports(&answers), known.config());
    let export = reports.first().and_then(|report| config.exports.get(&report.export));
    let reader = Reader { language: visit.language, ..Reader::of(export.map(AsRef::as_ref)) };
    let html = dry_run(&reports, Some(config), &reader)?;
    let policy = policy_of(&html);
    let name = "attachment; filename=\"dry-run.html\"".to_owned();
    Ok(([(CONTENT_TYPE, HTML.to_owned()), (CONTENT_DISPOSITION, name), (CONTENT_SECURITY_POLICY, policy)], html)
        .into_response())
}

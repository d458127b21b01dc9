//! A run of a segment: its report in short, and the pages that the application keeps.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use insights_to_braze::page::CONTENT_TYPE as HTML;
use insights_to_braze::page::text::duration;
use insights_to_braze::pattern::RunId;
use insights_to_braze::report::{Outcome, Report};
use insights_to_braze::state::ReportKeys;
use serde::Deserialize;
use serde_json::json;

use crate::application::Application;
use crate::arguments::quoted;
use crate::console::clock::Moment;
use crate::console::decision::Decision;
use crate::console::messages::Said;
use crate::console::place::Task;
use crate::console::state::Shared;
use crate::console::status::{outcome_key, tone};
use crate::console::trouble::Trouble;
use crate::console::view::{Frame, level, page};
use crate::console::visit::Visit;

/// The largest page that is shown, in bytes.
const LARGEST_PAGE: u64 = 64 * 1024 * 1024;

#[derive(Template)]
#[template(path = "run.html")]
struct Page {
    f: Frame,
    report: Report,
    id: String,
    segment_link: String,
    report_link: String,
    hold_link: Option<String>,
    tone: &'static str,
    outcome: String,
    said: Said,
    began: Moment,
    ended: Moment,
    duration: String,
    has_report: bool,
    rejected_at: Option<String>,
    decision: Option<(Decision, Moment)>,
}

/// The keys of a run's report, of a run that is named in an address.
fn keys(export: &str, segment: &str, run: &str) -> Result<(ReportKeys, RunId), Trouble> {
    let run: RunId = run.parse().map_err(|_| Trouble::NotFound)?;
    Ok((ReportKeys::new(&export.into(), &segment.into()), run))
}

/// The report of a run, if it is kept.
pub(crate) async fn report_of(
    application: &Application,
    (export, segment, run): (&str, &str, &str),
) -> Result<Option<Report>, Trouble> {
    let (keys, run) = keys(export, segment, run)?;
    if application.is_function() {
        let request = json!({ "action": "report", "export": export, "segment": segment, "run": run });
        let answer = application.on_demand(&request).await?;
        return Ok(Report::deserialize(&answer["reports"][0]).ok());
    }
    let read = application.bucket()?.read(&keys.report(run, "report.json"), Report::SIZE_LIMIT).await?;
    Ok(read.and_then(|(bytes, _)| serde_json::from_slice(&bytes).ok()))
}

pub(crate) async fn one(
    State(console): State<Shared>,
    visit: Visit,
    Path((export, segment, run)): Path<(String, String, String)>,
) -> Result<Response, Trouble> {
    let known = console.known().await?;
    if !known.config().exports.contains_key(export.as_str()) {
        return Err(Trouble::NotFound);
    }
    let application = console.place.open(&known.file, &Task::Look).await?;
    let report = report_of(&application, (&export, &segment, &run)).await?.ok_or(Trouble::NotFound)?;
    let (keys, id) = keys(&export, &segment, &run)?;
    let rejected = keys.report(id, "rejected.csv");
    let (mut has_rejected, mut has_page) = (report.rows.rejected > 0, false);
    // A function returns neither; where the rejected rows are is known all the same.
    if let Ok(bucket) = application.bucket() {
        has_rejected = has_rejected && bucket.summary(&rejected).await?.is_some();
        has_page = bucket.summary(&keys.report(id, "report.html")).await?.is_some();
    }
    let decision = Decision::read(&application, &keys, id).await?;
    let command = console
        .place
        .command(&format!("report --export {} --segment {} --run {run}", quoted(&export), quoted(&segment)), None);
    let f = Frame::new(&console, &visit, "exports").with_command(command);
    let path = format!("{}/{}/{}", level(&export), level(&segment), run);
    page(&Page {
        segment_link: f.url(format!("/segments/{}/{}", level(&export), level(&segment))),
        report_link: f.url(format!("/runs/{path}/report")),
        hold_link: (report.outcome == Outcome::Held).then(|| f.url(format!("/holds/{path}"))),
        tone: tone(report.outcome.name()),
        outcome: f.t(outcome_key(report.outcome.name())),
        said: Said::of_report(f.texts(), &report),
        began: Moment::of(report.started_at),
        ended: Moment::of(report.finished_at),
        duration: duration(report.seconds),
        rejected_at: has_rejected.then(|| application.location(&rejected)),
        decision: decision.map(|decision| (decision.clone(), Moment::of(decision.at))),
        has_report: has_page,
        report,
        id: run,
        f,
    })
}

/// The page that the application has written of a run.
pub(crate) async fn report(
    State(console): State<Shared>,
    Path((export, segment, run)): Path<(String, String, String)>,
) -> Result<Response, Trouble> {
    let (keys, run) = keys(&export, &segment, &run)?;
    kept_page(&console, &export, &keys.report(run, "report.html")).await
}

/// The page of all runs of an export.
pub(crate) async fn history(State(console): State<Shared>, Path(export): Path<String>) -> Result<Response, Trouble> {
    kept_page(&console, &export, &ReportKeys::history_page(&export.as_str().into())).await
}

async fn kept_page(console: &Shared, export: &str, key: &str) -> Result<Response, Trouble> {
    let known = console.known().await?;
    if !known.config().exports.contains_key(export) {
        return Err(Trouble::NotFound);
    }
    let application = console.place.open(&known.file, &Task::Look).await?;
    let (bytes, _) = application.bucket()?.read(key, LARGEST_PAGE).await?.ok_or(Trouble::NotFound)?;
    let html = String::from_utf8_lossy(&bytes).into_owned();
    let policy = policy_of(&html);
    Ok(([(CONTENT_TYPE, HTML.to_owned()), (CONTENT_SECURITY_POLICY, policy)], html).into_response())
}

/// The policy of a page of the application: that of its own style sheet, and no frames.
pub(crate) fn policy_of(html: &str) -> String {
    let style =
        html.split_once("style-src '").and_then(|(_, rest)| rest.split_once('\'')).map_or("none", |(hash, _)| hash);
    let is_hash =
        style.starts_with("sha256-") && style.bytes().all(|letter| letter.is_ascii_graphic() && letter != b';');
    let style = if is_hash { style } else { "none" };
    format!("default-src 'none'; style-src '{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
}

#[cfg(test)]
mod tests {
    use super::policy_of;

    #[test]
    fn a_page_brings_the_hash_of_its_style_and_nothing_else() {
        let policy = policy_of("<meta content=\"default-src 'none'; style-src 'sha256-AbC='; x\">");
        assert!(policy.contains("style-src 'sha256-AbC='"), "{policy}");
        assert!(policy_of("style-src 'unsafe-inline'").contains("style-src 'none'"));
        assert!(policy_of("style-src 'sha256-a; script-src *'").contains("style-src 'none'"));
    }
}

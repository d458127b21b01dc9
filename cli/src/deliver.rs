//! `run`, also called `deliver`, and `run-all`: deliver files to a Braze workspace.

use insights_to_braze::report::Outcome;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::application::Application;
use crate::arguments::{Place, Run, RunAll};
use crate::ending::{Ending, Failure};
use crate::held::HeldRun;
use crate::progress::with_progress;
use crate::show::elements;
use crate::{api_key, check_first, dry_run, interrupt, show, texts};

pub(crate) async fn run(arguments: &Run) -> Result<Ending, Failure> {
    let (export, files, selection) = (arguments.export.name(), &arguments.files, &arguments.selection);
    if arguments.preview {
        return dry_run::preview(export, files, selection, arguments.json, None, arguments.check).await;
    }
    let application = files.open(export, || api_key::read().map(Some)).await?;
    if arguments.check || is_first(&application, export).await? {
        let previewed = match application.on_demand(&selection.request(export, true)).await {
            // A file that is too large to be read in one invocation is delivered in several.
            Err(_) if !arguments.check => Value::Null,
            previewed => previewed?,
        };
        let reports = Answer::deserialize(&previewed).map(|answer| answer.reports).unwrap_or_default();
        let warnings = check_first::of_reports(&reports);
        if let Some(list) = check_first::listed(&warnings) {
            show::aside(list);
        }
        if arguments.check && !warnings.is_empty() {
            if arguments.json {
                show::json(&previewed)?;
            }
            return Ok(Ending::CheckFirst);
        }
    }
    deliver(&application, &files.place, &selection.request(export, false), arguments.json).await
}

/// Whether no segment of the export has a complete run.
async fn is_first(application: &Application, export: &str) -> Result<bool, Failure> {
    let status = application.on_demand(&json!({ "action": "status", "export": export })).await?;
    let mut segments = elements(&status["exports"]).flat_map(|export| elements(&export["segments"]));
    Ok(!segments.any(|segment| segment["last_complete"].is_object()))
}

pub(crate) async fn all(arguments: &RunAll) -> Result<Ending, Failure> {
    let place = &arguments.place;
    let application = if arguments.dry_run { place.open(None).await? } else { place.open_to_send(None).await? };
    let request = json!({ "action": "run_all", "dry_run": arguments.dry_run });
    deliver(&application, place, &request, arguments.json).await
}

/// Delivers what `request` asks for, and shows how it ended.
pub(crate) async fn deliver(
    application: &Application,
    place: &Place,
    request: &Value,
    as_json: bool,
) -> Result<Ending, Failure> {
    interrupt::listen();
    let answer = with_progress(application, request, "delivering").await?;
    let parsed = Answer::deserialize(&answer)?;
    let ending = parsed.ending();
    if as_json {
        show::json(&answer)?;
    } else {
        parsed.print();
        for held in parsed.held(application).await? {
            held.tell(place);
        }
        if !parsed.reports.is_empty() {
            show::line(format!("\n{}", texts::w("reports-at", "location", &application.location("reports/"))));
        }
        if application.is_workspace() {
            show::line(texts::t("keep-workspace"));
        }
    }
    Ok(ending)
}

impl Answer {
    /// What the answer says is held, with the numbers that decide.
    async fn held(&self, application: &Application) -> Result<Vec<HeldRun>, Failure> {
        let of = |held: &HeldRun| {
            self.reports.iter().any(|report| {
                report.outcome == Outcome::Held
                    && report.run == Some(held.run)
                    && report.export.as_str() == held.export
                    && report.segment.as_str() == held.segment
            })
        };
        if self.reports.iter().all(|report| report.outcome != Outcome::Held) {
            return Ok(Vec::new());
        }
        Ok(HeldRun::all(application, None).await?.into_iter().filter(of).collect())
    }
}

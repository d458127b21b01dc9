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
use crate::{api_key, dry_run, interrupt, show};

pub(crate) async fn run(arguments: &Run) -> Result<Ending, Failure> {
    let (export, files, selection) = (arguments.export.name(), &arguments.files, &arguments.selection);
    if arguments.preview {
        return dry_run::preview(export, files, selection, arguments.json, None).await;
    }
    let application = files.open(export, || api_key::read().map(Some)).await?;
    deliver(&application, &files.place, &selection.request(export, false), arguments.json).await
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
            show::line(text::reports(&application.location("reports/")));
        }
        if application.is_workspace() {
            show::line(text::KEEP);
        }
    }
    if interrupt::has_come() && ending == Ending::Failed {
        show::aside(text::STOPPED);
        return Ok(Ending::Interrupted);
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

/// The texts of the command.
mod text {
    pub(super) const KEEP: &str = "Keep the workspace: it records what has been delivered. It contains personal data.";
    pub(super) const STOPPED: &str = "Stopped at a checkpoint. Run the same command to resume.";

    pub(super) fn reports(location: &str) -> String {
        format!("\nReports, their pages and rejected rows: {location}")
    }
}

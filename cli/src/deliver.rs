//! `deliver`: delivers the files of a folder to a Braze workspace.

use serde::Deserialize;
use serde_json::json;

use crate::answer::Answer;
use crate::application::Application;
use crate::arguments::Deliver;
use crate::ending::{Ending, Failure};
use crate::progress::with_progress;
use crate::show::elements;
use crate::{api_key, check_first, dry_run, interrupt, show};

pub(crate) async fn run(arguments: &Deliver) -> Result<Ending, Failure> {
    let (files, selection) = (&arguments.files, &arguments.selection);
    if arguments.dry_run {
        return dry_run::preview(files, selection, arguments.json, None, arguments.check).await;
    }
    let application = files.open(|| api_key::read().map(Some)).await?;
    if arguments.check || is_first(&application, arguments).await? {
        let previewed = application.on_demand(&selection.request(&files.export, true)).await?;
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
    interrupt::listen();
    let answer = with_progress(&application, &selection.request(&files.export, false), "delivering").await?;
    let parsed = Answer::deserialize(&answer)?;
    let ending = parsed.ending();
    if arguments.json {
        show::json(&answer)?;
    } else {
        parsed.tell();
        if !parsed.reports.is_empty() {
            show::line(format!("\nReports, their pages and rejected rows: {}", application.location("reports/")));
        }
        if application.is_workspace() {
            show::line("Keep the workspace: it records what has been delivered. It contains personal data.");
        }
    }
    if interrupt::has_come() && ending == Ending::Failed {
        show::aside("Stopped at a checkpoint. Run the same command to resume.");
        return Ok(Ending::Interrupted);
    }
    Ok(ending)
}

/// Whether no segment of the export has a complete run.
async fn is_first(application: &Application, arguments: &Deliver) -> Result<bool, Failure> {
    let status = application.on_demand(&json!({ "action": "status", "export": arguments.files.export })).await?;
    let mut segments = elements(&status["exports"]).flat_map(|export| elements(&export["segments"]));
    Ok(!segments.any(|segment| segment["last_complete"].is_object()))
}

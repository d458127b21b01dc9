//! `deliver`: delivers the files of a folder to a Braze workspace.

use serde::Deserialize;

use crate::answer::Answer;
use crate::arguments::Deliver;
use crate::ending::{Ending, Failure};
use crate::progress::with_progress;
use crate::{api_key, dry_run, interrupt, show};

pub(crate) async fn run(arguments: &Deliver) -> Result<Ending, Failure> {
    let (files, selection) = (&arguments.files, &arguments.selection);
    if arguments.dry_run {
        return dry_run::preview(files, selection, arguments.json, None).await;
    }
    let application = files.open(|| api_key::read().map(Some)).await?;
    interrupt::listen();
    let answer = with_progress(&application, &selection.request(&files.export, false), "delivering").await?;
    let parsed = Answer::deserialize(&answer)?;
    let ending = parsed.ending();
    if arguments.json {
        show::json(&answer)?;
    } else {
        parsed.print();
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

//! `dry-run`: what a delivery would send and change. Nothing is sent, and no state is written.

use serde::Deserialize;

use crate::arguments::{DryRun, ExportFiles, Selection};
use crate::deliver::{Answer, with_progress};
use crate::ending::{Ending, Failure};
use crate::show;

pub(crate) async fn run(arguments: &DryRun) -> Result<Ending, Failure> {
    preview(&arguments.files, &arguments.selection, arguments.json).await
}

/// Shows what a delivery would do.
pub(crate) async fn preview(files: &ExportFiles, selection: &Selection, json: bool) -> Result<Ending, Failure> {
    let application = files.open(|| Ok(None)).await?;
    let answer = with_progress(&application, &selection.request(&files.export, true), "looking through").await?;
    let parsed = Answer::deserialize(&answer)?;
    if json {
        show::json(&answer)?;
    } else {
        parsed.tell();
    }
    Ok(parsed.ending())
}

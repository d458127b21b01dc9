//! `dry-run`: what a delivery would send and change. Nothing is sent, and no state is written.

use std::path::Path;

use insights_to_braze::names::ExportName;
use insights_to_braze::page::{self, Reader};
use serde::Deserialize;

use crate::answer::Answer;
use crate::arguments::{DryRun, ExportFiles, Selection};
use crate::ending::{Ending, Failure};
use crate::progress::with_progress;
use crate::{check_first, html, show};

pub(crate) async fn run(arguments: &DryRun) -> Result<Ending, Failure> {
    let DryRun { export, files, selection, html, json, check } = arguments;
    preview(export.name(), files, selection, *json, html.as_deref(), *check).await
}

/// Shows what a delivery would do, and writes it as a page if there is a place for one.
pub(crate) async fn preview(
    export: &str,
    files: &ExportFiles,
    selection: &Selection,
    json: bool,
    page_file: Option<&Path>,
    check: bool,
) -> Result<Ending, Failure> {
    let application = files.open(export, || Ok(None)).await?;
    let answer = with_progress(&application, &selection.request(export, true), "reading").await?;
    let parsed = Answer::deserialize(&answer)?;
    let warnings = check_first::of_reports(&parsed.reports);
    if json {
        show::json(&answer)?;
    } else {
        if let Some(list) = check_first::listed(&warnings) {
            show::line(list);
        }
        parsed.print();
    }
    if let Some(file) = page_file.filter(|_| !parsed.reports.is_empty()) {
        let config = application.config().await?;
        let exports = config.as_ref().map(|config| &config.exports);
        let reader = Reader::of(exports.and_then(|exports| exports.get(&ExportName::from(export))).map(AsRef::as_ref));
        html::write(file, page::dry_run(&parsed.reports, config.as_ref(), &reader)?.as_bytes())?;
    }
    match parsed.ending() {
        Ending::Done if check && !warnings.is_empty() => Ok(Ending::CheckFirst),
        ending => Ok(ending),
    }
}

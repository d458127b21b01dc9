//! `deliver`: files of a folder go to a real Braze workspace.

use std::time::Duration;

use insights_to_braze::report::{Outcome, Report};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api_key;
use crate::arguments::Deliver;
use crate::ending::{Ending, Failure};
use crate::show::{self, Progress};
use crate::workspace::{ConfigFile, Workspace, WorkspaceFolder};

/// How often the rows delivered so far are looked up. They are on record every few seconds.
const LOOK: Duration = Duration::from_secs(1);

/// The part of the handler's answer that is looked into.
#[derive(Deserialize)]
struct Answer {
    reports: Vec<Report>,
    #[serde(default)]
    errors: Vec<String>,
    #[serde(default)]
    ignored: Vec<Ignored>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct Ignored {
    reason: String,
    objects: u64,
}

pub(crate) async fn run(arguments: &Deliver) -> Result<Ending, Failure> {
    let config = ConfigFile::read(&arguments.config)?;
    let Some(export) = config.config.exports.get(arguments.export.as_str()) else {
        return Err(config.no_such("export", &arguments.export, config.config.exports.keys()));
    };
    let folder = WorkspaceFolder::take(&arguments.workspace)?;
    let mirrored = folder.mirror(&arguments.files, export)?;
    show::aside(format!(
        "{} files in {}: {} new or changed, {} gone since the last time",
        mirrored.files,
        arguments.files.display(),
        mirrored.copied,
        mirrored.removed,
    ));
    let key = if arguments.dry_run { None } else { Some(api_key::read()?) };
    let workspace = folder.serve(&config, key).await?;
    let answer = with_progress(&workspace, arguments).await?;
    let parsed = Answer::deserialize(&answer)?;
    if arguments.json {
        show::json(&answer)?;
    } else {
        tell(&parsed, &workspace);
    }
    Ok(ending(&parsed))
}

fn ending(answer: &Answer) -> Ending {
    if !answer.errors.is_empty() {
        Ending::Failed
    } else if answer.reports.is_empty() {
        Ending::Usage
    } else {
        Ending::of_reports(&answer.reports)
    }
}

/// Runs the delivery and meanwhile shows how many rows of it are on record.
async fn with_progress(workspace: &Workspace, arguments: &Deliver) -> Result<Value, Failure> {
    let progress = Progress::without_end(if arguments.dry_run { "looking through" } else { "delivering" });
    let request = arguments.request();
    let mut delivering = std::pin::pin!(workspace.on_demand(&request));
    loop {
        tokio::select! {
            answer = &mut delivering => {
                progress.end();
                return answer;
            }
            () = tokio::time::sleep(LOOK) => {}
        }
        let status = json!({"action": "status", "export": arguments.export});
        // What cannot be looked up is not worth a delivery's end.
        tokio::select! {
            answer = &mut delivering => {
                progress.end();
                return answer;
            }
            status = workspace.on_demand(&status) => {
                if let Ok(status) = status {
                    progress.reached(rows_on_record(&status));
                }
            }
        }
    }
}

/// The rows of all runs that are not complete.
fn rows_on_record(status: &Value) -> u64 {
    let every = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
    let segments = every(status, "exports").into_iter().flat_map(|export| every(&export, "segments"));
    let runs = segments.flat_map(|segment| every(&segment, "runs")).filter(|run| run["phase"] != "complete");
    runs.flat_map(|run| every(&run, "files")).filter_map(|file| file["rows"]["read"].as_u64()).sum()
}

fn tell(answer: &Answer, workspace: &Workspace) {
    show::reports(&answer.reports);
    for report in &answer.reports {
        show::preview(report);
    }
    for error in &answer.errors {
        show::line(format!("{} {error}", show::bad("error:")));
    }
    let told = |message: &String| answer.reports.iter().any(|report| report.message == *message);
    if let Some(message) = answer.message.as_ref().filter(|message| !told(message)) {
        show::line(message);
    }
    for ignored in &answer.ignored {
        show::line(format!("{} objects ignored: {}", show::count(ignored.objects), ignored.reason));
    }
    if answer.reports.iter().any(|report| report.outcome != Outcome::DryRun) {
        show::line(format!("\nReports and rejected rows: {}", workspace.bucket_folder().join("reports").display()));
        show::line("The workspace remembers what has been delivered; keep it. It holds personal data.");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn rows_of_runs_under_way_are_added_up() {
        let status = json!({"exports": [{"segments": [
            {"runs": [
                {"phase": "complete", "files": [{"rows": {"read": 100}}]},
                {"phase": "open", "files": [{"rows": {"read": 7}}, {"rows": {"read": 5}}]},
            ]},
            {"runs": []},
        ]}]});
        assert_eq!(rows_on_record(&status), 12);
        assert_eq!(rows_on_record(&json!({})), 0);
    }

    #[test]
    fn an_answer_without_a_report_is_no_success() {
        let answer = |value: Value| ending(&serde_json::from_value(value).unwrap());
        assert_eq!(answer(json!({"reports": [], "message": "No file", "ignored": []})), Ending::Usage);
        assert_eq!(answer(json!({"reports": [], "errors": ["S3 failed"]})), Ending::Failed);
    }
}

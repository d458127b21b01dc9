//! `report`: what became of runs, from the reports that are stored beside the state.

use insights_to_braze::names::ExportName;
use insights_to_braze::report::Report;
use insights_to_braze::state::ReportKeys;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::application::Application;
use crate::ending::{Ending, Failure};
use crate::show::{self, elements};
use crate::texts::{self, Number};
use crate::{arguments, html};

pub(crate) async fn run(arguments: &arguments::Report) -> Result<Ending, Failure> {
    let application = arguments.place.open_to_read(Some(&arguments.export)).await?;
    let request = json!({
        "action": "report", "export": arguments.export, "segment": arguments.segment, "run": arguments.run,
        "history": arguments.history,
    });
    let answer = application.on_demand(&request).await?;
    let stored = read(&application, &answer)?;
    if stored.is_empty() {
        return Err(missing(arguments, &answer));
    }
    let (keys, reports): (Vec<_>, Vec<_>) = stored.into_iter().unzip();
    let history_page = ReportKeys::history_page(&ExportName::from(arguments.export.as_str()));
    if arguments.json {
        show::json(&reports)?;
    } else if arguments.history {
        show::history(&reports);
        html::tell(&application, &format!("\n{}", texts::t("page")), &history_page).await?;
    } else {
        show::reports(&reports);
        for key in &keys {
            show::line(format!("\n{}", texts::w("report", "location", &application.location(key))));
            html::tell(&application, &texts::t("page"), &page_beside(key)).await?;
        }
    }
    if let Some(left_out @ 1..) = answer["left_out"].as_u64() {
        show::aside(texts::with("reports-left-out", &[("n", Number(left_out))]));
    }
    if let Some(file) = &arguments.html {
        let page = match &keys[..] {
            _ if arguments.history => history_page,
            [key] => page_beside(key),
            several => return Err(Failure::SeveralPages { runs: several.len() }),
        };
        html::copy(&application, &page, file).await?;
    }
    Ok(Ending::of_reports(&reports))
}

/// The newest report of each segment of an export.
pub(crate) async fn newest(application: &Application, export: &str) -> Result<Vec<Report>, Failure> {
    let answer = application.on_demand(&json!({ "action": "report", "export": export })).await?;
    Ok(read(application, &answer)?.into_iter().map(|(_, report)| report).collect())
}

/// The reports of an answer to the action `report`, each with its key.
fn read(application: &Application, answer: &Value) -> Result<Vec<(String, Report)>, Failure> {
    let keys = elements(&answer["keys"]).map(show::text);
    let both = keys.zip(elements(&answer["reports"])).map(|(key, report)| match Report::deserialize(report) {
        Ok(report) => Ok((key, report)),
        Err(source) => Err(Failure::Unreadable { location: application.location(&key), source }),
    });
    both.collect()
}

/// The key of the page that belongs to the report with this key.
fn page_beside(report: &str) -> String {
    format!("{}.html", report.strip_suffix(".json").unwrap_or(report))
}

fn missing(arguments: &arguments::Report, answer: &Value) -> Failure {
    let segment = arguments.segment.as_ref().map(|segment| format!(" and the segment {segment:?}"));
    let run = arguments.run.map(|run| format!(" and the run {run}"));
    let of = format!("of the export {:?}{}{}", arguments.export, segment.unwrap_or_default(), run.unwrap_or_default());
    let runs: Vec<String> = elements(&answer["runs"]).map(show::text).collect();
    let advice = if runs.is_empty() {
        "`itb status` lists the delivered segments".to_owned()
    } else {
        format!("Runs with a report: {}", runs.join(", "))
    };
    Failure::NoReport { of, advice }
}

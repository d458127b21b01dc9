//! `status`: the status of each segment.

use insights_to_braze::names::ExportName;
use insights_to_braze::state::ReportKeys;
use serde_json::{Value, json};

use crate::arguments::Status;
use crate::ending::{Ending, Failure};
use crate::html;
use crate::show::{self, Table, elements, text};

pub(crate) async fn run(arguments: &Status) -> Result<Ending, Failure> {
    let application = arguments.place.open(arguments.export.as_deref()).await?;
    let answer = application.on_demand(&json!({"action": "status", "export": arguments.export})).await?;
    if arguments.json {
        show::json(&answer)?;
        return Ok(Ending::Done);
    }
    let mut table =
        Table::new(&["export", "segment", "attribute", "last complete run", ">members", "newest run", "status"]);
    for export in elements(&answer["exports"]) {
        for segment in elements(&export["segments"]) {
            table.row(row(export, segment));
        }
    }
    show::line(table);
    for segment in elements(&answer["exports"]).flat_map(|export| elements(&export["segments"])) {
        if let Some(message) = segment["message"].as_str().filter(|message| !message.is_empty()) {
            show::line(format!("{}: {message}", text(&segment["segment"])));
        }
    }
    for unfed in elements(&answer["unfed"]) {
        show::line(text(&unfed["message"]));
    }
    for export in elements(&answer["exports"]) {
        let name = ExportName::from(text(&export["export"]).as_str());
        html::tell(&application, &format!("\nHistory of {name}"), &ReportKeys::history_page(&name)).await?;
    }
    Ok(Ending::Done)
}

/// The phase of a run, in the words of outcomes.
fn status(run: &Value) -> String {
    match run["phase"].as_str() {
        Some("open") => "waiting".to_owned(),
        Some("completing") => "unfinished".to_owned(),
        Some("complete") if elements(&run["problems"]).next().is_some() => "delivered with problems".to_owned(),
        Some("complete") => "delivered".to_owned(),
        _ => text(&run["phase"]),
    }
}

fn row(export: &Value, segment: &Value) -> Vec<String> {
    let newest = elements(&segment["runs"]).last();
    let members = segment["last_complete"]["members"].as_u64();
    vec![
        text(&export["export"]),
        text(&segment["segment"]),
        text(&segment["attribute"]),
        text(&segment["last_complete"]["run"]),
        members.map(show::count).unwrap_or_default(),
        newest.map(|run| text(&run["run"])).unwrap_or_default(),
        newest.map(status).unwrap_or_default(),
    ]
}

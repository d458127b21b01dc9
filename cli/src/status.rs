//! `status`: the status of each segment, once or until Ctrl-C.

use std::time::Duration;

use insights_to_braze::names::ExportName;
use insights_to_braze::state::ReportKeys;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::arguments::Status;
use crate::ending::{Ending, Failure};
use crate::failed::{self, FailedRun};
use crate::held::HeldRun;
use crate::html;
use crate::show::{self, Table, elements, text};
use crate::standing::outcome_of;
use crate::texts::{self, Number, Word};

pub(crate) async fn run(arguments: &Status) -> Result<Ending, Failure> {
    let Some(seconds) = arguments.watch else {
        tell(arguments).await?;
        return Ok(Ending::Done);
    };
    loop {
        if !arguments.json {
            let now = Timestamp::now().to_zoned_datetime(TimeZone::system()).strftime("%H:%M:%S %Z").to_string();
            show::anew(texts::with("watch", &[("time", Word(&now)), ("n", Number(seconds))]));
        }
        match tell(arguments).await {
            // A delivery from the same workspace shows its progress itself.
            Err(busy @ Failure::Busy(_)) => show::error(&busy, false),
            shown => shown?,
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(seconds)) => {}
            _ = tokio::signal::ctrl_c() => return Ok(Ending::Done),
        }
    }
}

async fn tell(arguments: &Status) -> Result<(), Failure> {
    let application = arguments.place.open_to_read(arguments.export.as_deref()).await?;
    let answer = application.on_demand(&json!({"action": "status", "export": arguments.export})).await?;
    if arguments.json {
        // A program that watches reads an answer from each line.
        return if arguments.watch.is_some() { show::json_line(&answer) } else { show::json(&answer) };
    }
    let failed = failed::all(&application, &answer).await?;
    let mut table =
        Table::new(&["export", "segment", "attribute", "last complete run", ">members", "newest run", "status"]);
    for export in elements(&answer["exports"]) {
        for segment in elements(&export["segments"]) {
            table.row(row(export, segment, &failed));
        }
    }
    if elements(&answer["exports"]).all(|export| elements(&export["segments"]).next().is_none()) && failed.is_empty() {
        show::line(texts::t("no-segments"));
    } else {
        show::line(table);
    }
    for segment in elements(&answer["exports"]).flat_map(|export| elements(&export["segments"])) {
        if let Some(message) = segment["message"].as_str().filter(|message| !message.is_empty()) {
            show::line(format!("{}: {}", text(&segment["segment"]), show::said(message, &text(&segment["code"]))));
        }
    }
    for segment in elements(&answer["exports"]).flat_map(|export| elements(&export["segments"])) {
        let audit = &segment["audit"];
        if let (Some(missing), Some(extra), Some(time)) =
            (audit["missing"].as_u64(), audit["extra"].as_u64(), audit["compared_at"].as_str())
        {
            let figures = [("missing", Number(missing)), ("extra", Number(extra)), ("time", Word(time))];
            show::line(format!("{}: {}", text(&segment["segment"]), texts::with("last-audit", &figures)));
        }
    }
    for source in elements(&answer["sources"]) {
        let days = source["days_left"].as_u64().map(|days| format!(" {}", texts::n("sas-days", days)));
        let days = days.unwrap_or_default();
        show::line(format!("{}{days}: {}", text(&source["source"]), show::message(&text(&source["message"]))));
    }
    for failed in &failed {
        show::line(format!(
            "{}/{}: {} {}",
            failed.export,
            failed.segment,
            failed_in_words(),
            show::said(&failed.message, &failed.code)
        ));
    }
    for held in HeldRun::of_status(&answer) {
        held.tell(&arguments.place);
    }
    for unfed in elements(&answer["unfed"]) {
        show::line(show::message(&text(&unfed["message"])));
    }
    for export in elements(&answer["exports"]) {
        let name = ExportName::from(text(&export["export"]).as_str());
        let what = format!("\n{}", texts::w("history-of", "export", name.as_str()));
        html::tell(&application, &what, &ReportKeys::history_page(&name)).await?;
    }
    Ok(())
}

/// The newest run of a segment in the words of outcomes.
fn status(run: &Value) -> String {
    match outcome_of(run) {
        "" => text(&run["phase"]),
        "delivered" => show::good(texts::outcome("delivered")),
        outcome => show::caution(texts::outcome(outcome)),
    }
}

fn row(export: &Value, segment: &Value, failed: &[FailedRun]) -> Vec<String> {
    let (export, name) = (text(&export["export"]), text(&segment["segment"]));
    let newest = elements(&segment["runs"]).last();
    let failed = failed.iter().find(|failed| failed.export == export && failed.segment == name);
    let members = segment["last_complete"]["members"].as_u64();
    vec![
        export,
        name,
        text(&segment["attribute"]),
        text(&segment["last_complete"]["run"]),
        members.map(show::count).unwrap_or_default(),
        failed.map(|failed| failed.run.to_string()).or_else(|| newest.map(|run| text(&run["run"]))).unwrap_or_default(),
        failed.map(|_| failed_in_words()).or_else(|| newest.map(status)).unwrap_or_default(),
    ]
}

fn failed_in_words() -> String {
    show::bad(texts::outcome("failed"))
}

//! `undo`: a segment's last complete run is undone.

use insights_to_braze::report::Report;
use serde::Deserialize;
use serde_json::json;

use crate::answer::Answer;
use crate::arguments::Undo;
use crate::ending::{Ending, Failure};
use crate::texts::{self, Number, Word};
use crate::{confirm, interrupt, show};

pub(crate) async fn run(arguments: &Undo) -> Result<Ending, Failure> {
    let Undo { export, segment, place, run, dry_run, people, json } = arguments;
    let mut request = json!({ "action": "undo", "export": export, "segment": segment, "run": run, "dry_run": true });
    let preview = place.open(Some(export)).await?.on_demand(&request).await?;
    let parsed = Answer::deserialize(&preview)?;
    if *dry_run {
        if *json {
            show::json(&preview)?;
        } else {
            tell(&parsed);
        }
        return Ok(parsed.ending());
    }
    if let Some(report) = parsed.reports.first() {
        // Each person costs one data point, but for an undo that has begun.
        let restored = report.members.entered;
        let removed = report.data_points.saturating_sub(restored);
        if !*json {
            tell(&parsed);
        }
        let number = removed + restored;
        let run = report.run.map(|run| run.to_string()).unwrap_or_default();
        let question = texts::with("undo-question", &[("n", Number(number)), ("run", Word(&run))]);
        confirm::people(*people, number, &format!("\n{question}"))?;
        request["run"] = json!(report.run);
        request["allow_leavers"] = json!(removed);
    }
    request["dry_run"] = json!(false);
    interrupt::listen();
    let application = place.open_to_send(Some(export)).await?;
    let answer = application.on_demand(&request).await?;
    Answer::end(&answer, *json)
}

/// The message, and what can't be restored.
fn tell(answer: &Answer) {
    answer.messages();
    for note in answer.reports.iter().flat_map(|report: &Report| &report.notes) {
        show::line(format!("  - {}", show::message(note)));
    }
}

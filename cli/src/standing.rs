//! The outcome so far of a run, from the answer to the action `status`.

use serde_json::Value;

use crate::show::elements;

/// The outcome so far of a run in the state.
pub(crate) fn outcome_of(run: &Value) -> &'static str {
    let any = |progress: &str| elements(&run["files"]).any(|file| file["progress"] == progress);
    match run["phase"].as_str() {
        Some("open") if any("working") || any("unfinished") => "unfinished",
        Some("open") if any("held") => "held",
        Some("open") => "waiting",
        Some("completing") => "unfinished",
        Some("complete") if elements(&run["problems"]).next().is_some() => "delivered-with-problems",
        Some("complete") => "delivered",
        Some("held") => "held",
        _ => "",
    }
}

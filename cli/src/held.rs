//! Held runs, as `status` reports them.

use insights_to_braze::message::{count, counted};
use insights_to_braze::pattern::RunId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::application::Application;
use crate::arguments::{Place, quoted};
use crate::ending::Failure;
use crate::show::{self, elements};

/// A run that waits for a person's decision.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct HeldRun {
    pub(crate) export: String,
    pub(crate) segment: String,
    pub(crate) run: RunId,
    /// How many people would leave.
    pub(crate) people: u64,
    /// How many members the last complete run had.
    pub(crate) before: u64,
    /// Why it is held.
    pub(crate) reason: String,
}

impl HeldRun {
    /// The held runs of one export, or of all.
    pub(crate) async fn all(application: &Application, export: Option<&str>) -> Result<Vec<Self>, Failure> {
        let status = application.on_demand(&json!({ "action": "status", "export": export })).await?;
        Ok(Self::of_status(&status))
    }

    /// The held runs in the answer to the action `status`.
    pub(crate) fn of_status(status: &Value) -> Vec<Self> {
        let mut held = Vec::new();
        for export in elements(&status["exports"]) {
            for segment in elements(&export["segments"]) {
                held.extend(elements(&segment["runs"]).filter_map(|run| {
                    let figures = run["held"].as_object()?;
                    let number = |name: &str| figures.get(name).and_then(Value::as_u64).unwrap_or_default();
                    Some(Self {
                        export: export["export"].as_str()?.to_owned(),
                        segment: segment["segment"].as_str()?.to_owned(),
                        run: RunId::deserialize(&run["run"]).ok()?,
                        people: number("leavers"),
                        before: number("before"),
                        reason: figures.get("reason").and_then(Value::as_str).unwrap_or_default().to_owned(),
                    })
                }));
            }
        }
        held
    }

    /// Shows what is held, and what can be done about it from `place`.
    pub(crate) fn tell(&self, place: &Place) {
        show::line(format!("\n{}", text::heading(self)));
        for line in text::facts(self) {
            show::line(format!("  {line}"));
        }
        let subject = format!("{} {}{}", quoted(&self.export), quoted(&self.segment), place.flags());
        for line in text::choices(&subject) {
            show::line(format!("  {line}"));
        }
    }
}

/// The texts about a held run.
mod text {
    use super::{HeldRun, count, counted, show};

    pub(super) fn heading(held: &HeldRun) -> String {
        let HeldRun { export, segment, run, .. } = held;
        format!("{export}/{segment}: the run {run} is {}", show::caution("held"))
    }

    pub(super) fn facts(held: &HeldRun) -> Vec<String> {
        let before = counted(held.before, "member", "members");
        let mut facts = vec![format!("{} of {before} would leave", count(held.people))];
        facts.extend(held.reason.lines().map(|line| format!("Why: {line}")));
        facts.push("Everyone in the files is up to date in Braze. No one was set to `false`.".to_owned());
        facts
    }

    pub(super) fn choices(subject: &str) -> [String; 3] {
        [
            format!("If the segment really shrank:  itb hold release {subject}"),
            "If files are missing:          run the export again in Customer Insights; the next normal run replaces this one"
                .to_owned(),
            format!("If the run is wrong:           itb hold reject {subject}"),
        ]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_numbers_of_a_held_run_are_those_of_the_status() {
        let held = json!({"leavers": 600, "before": 800, "reason": "too many", "released": null});
        let status = json!({"exports": [{"export": "loyalty", "segments": [{"segment": "優良顧客", "runs": [
            {"run": "2026-11-23T01:02Z", "phase": "complete", "held": null},
            {"run": "2026-11-24T01:02Z", "phase": "held", "held": held},
        ]}]}]});
        let runs = HeldRun::of_status(&status);
        let run = &runs[0];
        assert_eq!(runs.len(), 1);
        assert_eq!((run.people, run.before, run.run.to_string().as_str()), (600, 800, "2026-11-24T01:02Z"));
        assert_eq!(text::facts(run)[..2], ["600 of 800 members would leave", "Why: too many"]);
    }
}

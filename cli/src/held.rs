//! Held runs, as `status` reports them.

use insights_to_braze::pattern::RunId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::application::Application;
use crate::arguments::{Place, quoted};
use crate::ending::Failure;
use crate::show::{self, elements};
use crate::texts::{self, Number, Word};

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
        show::line(format!("\n{}", self.heading()));
        for line in self.facts() {
            show::line(format!("  {line}"));
        }
        let subject = format!("{} {}{}", quoted(&self.export), quoted(&self.segment), place.flags());
        show::line(format!("  {}", texts::w("held-shrank", "command", &format!("itb hold release {subject}"))));
        show::line(format!("  {}", texts::t("held-missing")));
        show::line(format!("  {}", texts::w("held-wrong", "command", &format!("itb hold reject {subject}"))));
    }

    fn heading(&self) -> String {
        let (run, outcome) = (self.run.to_string(), show::caution(texts::outcome("held")));
        let words = [("export", &self.export), ("segment", &self.segment), ("run", &run), ("outcome", &outcome)];
        texts::with("held", &words.map(|(name, word)| (name, Word(word))))
    }

    fn facts(&self) -> Vec<String> {
        let mut facts =
            vec![texts::with("held-people", &[("people", Number(self.people)), ("before", Number(self.before))])];
        let reason = show::message(&self.reason);
        facts.extend(reason.lines().map(|line| texts::w("held-why", "reason", line)));
        facts.push(texts::t("held-safe"));
        facts
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
        assert_eq!(run.facts()[..2], ["600 of 800 members would leave", "Why: too many"]);
    }
}

//! Held runs, as `status` reports them.

use insights_to_braze::pattern::RunId;
use insights_to_braze::report::Allowance;
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
    /// How many members the last complete run had, if people would leave.
    pub(crate) before: u64,
    /// Why it is held.
    pub(crate) reason: String,
    /// The code of the reason, where it has one.
    pub(crate) code: String,
    /// What releases it: how many people would leave, or the number that the reason names.
    pub(crate) released_by: Allowance,
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
                    let (released_by, before, reason, code) = of_leavers(run).or_else(|| of_files(run))?;
                    Some(Self {
                        export: export["export"].as_str()?.to_owned(),
                        segment: segment["segment"].as_str()?.to_owned(),
                        run: RunId::deserialize(&run["run"]).ok()?,
                        before,
                        reason,
                        code,
                        released_by,
                    })
                }));
            }
        }
        held
    }

    /// Whether it is held because people would leave.
    pub(crate) fn is_of_leavers(&self) -> bool {
        !self.released_by.is_of_unsent()
    }

    /// The number that releases it.
    pub(crate) fn number(&self) -> u64 {
        self.released_by.number()
    }

    /// The request that releases it.
    pub(crate) fn release(&self) -> Value {
        let mut request = json!({ "action": "run", "export": self.export, "segment": self.segment });
        if self.is_of_leavers() {
            request["run"] = json!(self.run);
        }
        if let (Some(request), Value::Object(allowed)) = (request.as_object_mut(), json!(self.released_by)) {
            request.extend(allowed);
        }
        request
    }

    /// Shows what is held, and what can be done about it from `place`.
    pub(crate) fn tell(&self, place: &Place) {
        show::line(format!("\n{}", self.heading()));
        for line in self.facts() {
            show::line(format!("  {line}"));
        }
        let subject = format!("{} {}{}", quoted(&self.export), quoted(&self.segment), place.flags());
        let right = if self.is_of_leavers() { "held-shrank" } else { "held-right" };
        show::line(format!("  {}", texts::w(right, "command", &format!("itb hold release {subject}"))));
        if self.is_of_leavers() {
            show::line(format!("  {}", texts::t("held-missing")));
        }
        show::line(format!("  {}", texts::w("held-wrong", "command", &format!("itb hold reject {subject}"))));
    }

    fn heading(&self) -> String {
        let (run, outcome) = (self.run.to_string(), show::caution(texts::outcome("held")));
        let words = [("export", &self.export), ("segment", &self.segment), ("run", &run), ("outcome", &outcome)];
        texts::with("held", &words.map(|(name, word)| (name, Word(word))))
    }

    fn facts(&self) -> Vec<String> {
        if !self.is_of_leavers() {
            return show::said(&self.reason, &self.code).lines().map(str::to_owned).collect();
        }
        let mut facts =
            vec![texts::with("held-people", &[("people", Number(self.number())), ("before", Number(self.before))])];
        let reason = show::message(&self.reason);
        facts.extend(reason.lines().map(|line| texts::w("held-why", "reason", line)));
        facts.push(texts::t("held-safe"));
        facts
    }
}

/// What releases a complete run that people would leave, how many members there were before, and why it is held.
fn of_leavers(run: &Value) -> Option<(Allowance, u64, String, String)> {
    let figures = run["held"].as_object()?;
    let number = |name: &str| figures.get(name).and_then(Value::as_u64).unwrap_or_default();
    let reason = figures.get("reason").and_then(Value::as_str).unwrap_or_default();
    Some((Allowance::Leavers(number("leavers")), number("before"), reason.to_owned(), String::new()))
}

/// The same of a run that is held by one of its files.
fn of_files(run: &Value) -> Option<(Allowance, u64, String, String)> {
    elements(&run["files"]).filter(|file| file["progress"] == "held").find_map(|file| {
        let released_by = Allowance::deserialize(&file["released_by"]).ok()?;
        Some((released_by, 0, show::text(&file["message"]), show::text(&file["code"])))
    })
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
        assert_eq!((run.number(), run.before, run.run.to_string().as_str()), (600, 800, "2026-11-24T01:02Z"));
        assert_eq!(run.facts()[..2], ["600 of 800 members would leave", "Why: too many"]);
        assert_eq!(run.release()["allow_leavers"], 600);
    }

    #[test]
    fn a_file_that_is_held_says_what_releases_it() {
        let held = |code: &str, released_by: Value| {
            let file = json!({"progress": "held", "message": "a.csv is held: it differs", "code": code, "released_by": released_by});
            let run = json!({"run": "2026-11-24T01:02Z", "phase": "open", "held": null, "files": [file]});
            let segment = json!({"segment": "A", "runs": [run]});
            HeldRun::of_status(&json!({"exports": [{"export": "loyalty", "segments": [segment]}]})).pop()
        };
        let run = held("ITB-H07", json!({"allow_differences": 50})).unwrap();
        assert_eq!((run.released_by, run.code.as_str()), (Allowance::Differences(50), "ITB-H07"));
        assert_eq!((&run.release()["allow_differences"], &run.release()["run"]), (&json!(50), &Value::Null));
        assert_eq!(run.facts(), ["a.csv is held: it differs"]);
        let doubtful = held("ITB-D05", json!({"allow_identifiers": 7}));
        assert_eq!(doubtful.map(|run| run.released_by), Some(Allowance::Identifiers(7)));
        assert_eq!(held("", Value::Null), None, "of an earlier version");
    }
}

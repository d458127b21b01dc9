//! A complete run is undone, among failures and kills: then Braze has what the run before says, and the next run is delivered as
//! usual.

use std::time::Duration;

use rand::RngExt;
use rand::rngs::SmallRng;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::audit::Problems;
use super::plan::{self, Form, Row, SEGMENTS};
use super::storm::{Snapshot, Storm, Task};

/// Attempts among failures and kills, before all is calm.
const TROUBLED: u32 = 4;

impl Storm<'_> {
    /// Delivers another run after the last one, undoes it, and delivers the last one's members once more.
    pub(crate) async fn audit_undo(&self, random: &mut SmallRng, problems: &mut Problems) {
        self.world.drawn.count("run: undone");
        let before = self.last_run();
        let undone = self.next_run(random);
        if let Err(problem) = self.calm_down(random, undone).await {
            return problems.push(format!("a run to be undone: {problem}"));
        }
        self.audit_profiles(undone, true, problems);
        for segment in SEGMENTS.iter().take(self.segments) {
            // Someone whose only row so far was broken has never had the attribute.
            let certain = |row: &Row| row.form != Form::Broken;
            let run = self.runs.lock().expect("no panic before")[&(*segment, before)].clone();
            let protected = run.protected_by(&self.people, certain);
            let snapshot = Snapshot { segment, from: self.world.lane.clock.now(), protected, undo: true };
            self.snapshots.lock().expect("no panic before").push(snapshot);
            if let Err(problem) = self.undo(random, segment, undone).await {
                return problems.push(problem);
            }
            let members = self.runs.lock().expect("no panic before")[&(*segment, before)].members();
            let last = self.ledger(segment)["last_complete"].clone();
            let is_known = members.values().all(|row| row.form != Form::Broken);
            if is_known && last["members"] != json!(members.len()) {
                problems.push(format!("{segment}: {} members after an undo: {last}", members.len()));
            }
        }
        let wrong = problems.len();
        self.audit_profiles(before, false, problems);
        problems.iter_mut().skip(wrong).for_each(|problem| problem.insert_str(0, "after an undo: "));
        let requests = self.world.requests();
        self.repeat_events();
        if let Err(problem) = self.calm_down(random, undone).await {
            problems.push(format!("after an undo and repeated events: {problem}"));
        }
        let sent = self.world.requests() - requests;
        if sent > 0 {
            problems.push(format!("after an undo, the same events again sent {sent} requests"));
        }
        let next = self.run_like(random, before);
        if let Err(problem) = self.calm_down(random, next).await {
            problems.push(format!("a run after an undo: {problem}"));
        }
        let wrong = problems.len();
        self.audit_profiles(next, true, problems);
        problems.iter_mut().skip(wrong).for_each(|problem| problem.insert_str(0, "with the run after an undo: "));
        self.audit_leavers(problems);
    }

    /// Asks again as long as it is not done; other functions may continue it.
    async fn undo(&self, random: &mut SmallRng, segment: &str, number: usize) -> Result<(), String> {
        let run = plan::run_name(self.evidence, number);
        let mut event = json!({ "action": "undo", "export": "loyalty", "segment": segment, "run": run });
        let mut dry = event.clone();
        dry["dry_run"] = true.into();
        let mut instance = None;
        let preview = self.invoke(random, &mut instance, &Task::OnDemand(dry)).await.unwrap_or_default();
        let number = |value: &Value| value.as_u64().unwrap_or_default();
        let report = &preview["reports"][0];
        let people = number(&report["data_points"]).saturating_sub(number(&report["members"]["entered"]));
        event["allow_leavers"] = people.into();
        let mut last = Value::Null;
        for attempt in 0..16 {
            let calm = attempt >= TROUBLED;
            self.trouble(!calm);
            last = match random.random_range(0..4) {
                0 if !calm => {
                    self.invoke(random, &mut instance, &Task::Scheduled).await;
                    continue;
                }
                1 if !calm => {
                    self.take_messages(random, &mut instance).await;
                    continue;
                }
                _ => self.invoke(random, &mut instance, &Task::OnDemand(event.clone())).await.unwrap_or_default(),
            };
            let done = last["reports"][0]["outcome"].as_str().is_some_and(|outcome| outcome.starts_with("delivered"));
            // The function that was killed had done it already.
            if done || last["error"].as_str().is_some_and(|error| error.contains("undone already")) {
                self.trouble(false);
                return Ok(());
            }
            sleep(Duration::from_secs(40)).await;
        }
        self.trouble(false);
        Err(format!("undo does not come to an end: {preview} {last}"))
    }
}

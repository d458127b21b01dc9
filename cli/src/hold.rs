//! `hold`: what is held, and the decision about it.

use serde_json::json;

use crate::arguments::{HeldSegment, Hold, HoldAction};
use crate::deliver::deliver;
use crate::ending::{Ending, Failure};
use crate::held::HeldRun;
use crate::texts::{self, Number, Word};
use crate::{confirm, show};

pub(crate) async fn run(arguments: &Hold) -> Result<Ending, Failure> {
    match &arguments.action {
        HoldAction::List(list) => {
            let application = list.place.open_to_read(list.export.as_deref()).await?;
            let held = HeldRun::all(&application, list.export.as_deref()).await?;
            if list.json {
                show::json(&held)?;
            } else if held.is_empty() {
                show::line(texts::t("none-held"));
            }
            held.iter().filter(|_| !list.json).for_each(|held| held.tell(&list.place));
            Ok(if held.is_empty() { Ending::Done } else { Ending::Held })
        }
        HoldAction::Release(segment) => release(segment).await,
        HoldAction::Reject(segment) => reject(segment).await,
    }
}

/// Delivers the run, once the number that releases it is confirmed.
async fn release(arguments: &HeldSegment) -> Result<Ending, Failure> {
    let held = find(arguments).await?;
    let question = if held.is_of_leavers() { "hold-release" } else { "hold-allow" };
    confirm::people(arguments.people, held.number(), &format!("\n{}", texts::n(question, held.number())))?;
    let application = arguments.place.open_to_send(Some(&arguments.export)).await?;
    deliver(&application, &arguments.place, &held.release(), arguments.json).await
}

/// Drops the held run.
async fn reject(arguments: &HeldSegment) -> Result<Ending, Failure> {
    let held = find(arguments).await?;
    let run = held.run.to_string();
    let question = if held.is_of_leavers() {
        texts::w("hold-reject", "run", &run)
    } else {
        texts::with("hold-reject-number", &[("run", Word(&run)), ("n", Number(held.number()))])
    };
    confirm::people(arguments.people, held.number(), &format!("\n{question}"))?;
    let application = arguments.place.open(Some(&arguments.export)).await?;
    let request = json!({ "action": "forget", "export": held.export, "segment": held.segment, "run": held.run });
    let answer = application.on_demand(&request).await?;
    if arguments.json {
        show::json(&answer)?;
    } else {
        show::line(show::message(&show::text(&answer["message"])));
    }
    Ok(Ending::Done)
}

/// The held run that the command is about, shown to the person who decides.
async fn find(arguments: &HeldSegment) -> Result<HeldRun, Failure> {
    let application = arguments.place.open(Some(&arguments.export)).await?;
    let held = HeldRun::all(&application, Some(&arguments.export)).await?;
    let mut held = held.into_iter().filter(|held| held.segment == arguments.segment);
    // The newest one is last.
    let held = match arguments.run {
        Some(run) => held.find(|held| held.run == run),
        None => held.next_back(),
    };
    let held = held
        .ok_or_else(|| Failure::NothingHeld { export: arguments.export.clone(), segment: arguments.segment.clone() })?;
    if !arguments.json {
        held.tell(&arguments.place);
    }
    Ok(held)
}
